#!/usr/bin/env bash
# evals 3.0.1.post1 (openai/evals): a finished record has its final report on its second line, before the events.
#
# LocalRecorder appends the final report at once. Events are kept until 100 have gathered and ten seconds have gone by
# since the last flush, or until the interpreter ends. So a reader that takes the last line for the report finds an event,
# and one that reads on until the report comes finds a run without samples. The position of the report says nothing about
# whether a run is finished.
set -euo pipefail
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
pip="$scratch/venv/bin/pip"
"$pip" install --quiet --disable-pip-version-check --no-deps 'evals==3.0.1.post1'
# What importing its recorder needs; the package asks for many more.
"$pip" install --quiet --disable-pip-version-check 'openai==1.109.1' 'blobfile==3.3.0' 'zstandard==0.25.0' 'lz4==4.4.5' \
    'pyzstd==0.20.0' 'pydantic==2.14.4' 'numpy==2.4.6' 'pyyaml==6.0.4' 'tqdm==4.70.1' 'pandas==3.1.1' 'requests==2.34.2' \
    'sacrebleu==2.6.0' 'mock==5.2.0' 'filelock==4.3.1' 'jiwer==4.0.0' 'backoff==2.2.1' 'langchain==1.5.2' 'setuptools<80' \
    'tiktoken==0.14.0' 'anthropic==2.14.0' 'google-generativeai==0.8.6'
cd "$scratch"
cat > run.py <<'PY'
from evals.base import RunSpec
from evals.record import LocalRecorder, record_match

spec = RunSpec(completion_fns=["m"], eval_name="sums.dev.v0", base_eval="sums", split="dev", run_config={}, created_by="")
recorder = LocalRecorder("record.jsonl", spec)
for i in range(3):
    with recorder.as_default_recorder(f"sums.dev.{i}"):
        record_match(True, expected="1", picked="1", sampled="1")
recorder.record_final_report({"accuracy": 1.0})
PY
OPENAI_API_KEY=none "$scratch/venv/bin/python" -W ignore run.py
"$scratch/venv/bin/python" - <<'PY'
import json
from importlib.metadata import version

lines = [json.loads(line) for line in open("record.jsonl")]
kinds = ["report" if "final_report" in line else "spec" if "spec" in line else line["type"] for line in lines]
print("evals", version("evals"), kinds)
assert kinds == ["spec", "report", "match", "match", "match"]
PY
