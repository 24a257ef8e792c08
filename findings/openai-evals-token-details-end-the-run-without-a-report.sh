#!/usr/bin/env bash
# evals 3.0.1.post1 (openai/evals) with an openai SDK of today: a run with a chat model ends in a TypeError before its report.
#
# After the samples `oaieval` adds up the usage of all replies, key by key. Servers now send `completion_tokens_details`
# and `prompt_tokens_details` beside the counts, and the SDK hands them over as objects, so the sum of 0 and an object
# fails. The calls are made and paid for; the record has the samples and no final report. So records without a report
# are not only those of runs that were stopped.
set -euo pipefail
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
pip="$scratch/venv/bin/pip"
"$pip" install --quiet --disable-pip-version-check --no-deps 'evals==3.0.1.post1'
# What running a basic eval needs; the package asks for many more.
"$pip" install --quiet --disable-pip-version-check 'openai==1.109.1' 'blobfile==3.3.0' 'zstandard==0.25.0' 'lz4==4.4.5' \
    'pyzstd==0.20.0' 'pydantic==2.14.4' 'numpy==2.4.6' 'pyyaml==6.0.4' 'tqdm==4.70.1' 'pandas==3.1.1' 'requests==2.34.2' \
    'sacrebleu==2.6.0' 'mock==5.2.0' 'filelock==4.3.1' 'jiwer==4.0.0' 'backoff==2.2.1' 'langchain==1.5.2' 'setuptools<80' \
    'tiktoken==0.14.0' 'anthropic==2.14.0' 'google-generativeai==0.8.6'
cd "$scratch"
mkdir -p registry/evals registry/data/sums
cat > registry/evals/sums.yaml <<'YAML'
sums:
  id: sums.dev.v0
sums.dev.v0:
  class: evals.elsuite.basic.match:Match
  args: {samples_jsonl: sums/samples.jsonl}
YAML
cat > registry/data/sums/samples.jsonl <<'JSONL'
{"input": [{"role": "user", "content": "1 + 1 = "}], "ideal": "2"}
{"input": [{"role": "user", "content": "1 + 2 = "}], "ideal": "3"}
JSONL
cat > run.py <<'PY'
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DETAILS = {
    "completion_tokens_details": {"reasoning_tokens": 0, "accepted_prediction_tokens": 0},
    "prompt_tokens_details": {"cached_tokens": 0},
}


class Server(BaseHTTPRequestHandler):
    details = {}

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = {
            "id": "c",
            "object": "chat.completion",
            "created": 0,
            "model": "gpt-3.5-turbo",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "2"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6, **Server.details},
        }
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()


def run(details):
    Server.details = details
    record = f"record-{len(details)}.jsonl"
    environment = {
        **os.environ, "OPENAI_API_KEY": "none", "OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1",
        "EVALS_SEQUENTIAL": "1",
    }
    command = [
        os.path.join(os.path.dirname(sys.executable), "oaieval"), "gpt-3.5-turbo", "sums",
        "--registry_path", "registry", "--record_path", record,
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    lines = [json.loads(line) for line in open(record)]
    n_samples = sum(line.get("type") == "match" for line in lines)
    errors = [line for line in done.stderr.splitlines() if line.startswith("TypeError")]
    return done.returncode, errors, n_samples, any("final_report" in line for line in lines)


for details in ({}, DETAILS):
    code, errors, n_samples, has_report = run(details)
    print(f"details: {bool(details)}; exit code {code}; samples {n_samples}; report {has_report}; {errors}")
    assert n_samples == 2
    assert has_report == (code == 0) == (not details)
assert errors == ["TypeError: unsupported operand type(s) for +: 'int' and 'CompletionTokensDetails'"]
PY
"$scratch/venv/bin/python" run.py
