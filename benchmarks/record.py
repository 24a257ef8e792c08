"""CPU and bytes a sample of recording and of reading back: `python benchmarks/record.py [N]`."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from evals.record.current import record_match, record_raw, record_sampling
from evals.record.local import LocalRecorder
from evals.record.reader import read_record
from evals.specs import RunSpec

QUESTION = "Janet's ducks lay 16 eggs per day. She eats three for breakfast and sells the rest. " * 3
ROW = {"question": QUESTION, "answer": "She sells 9 eggs at $2 each. " * 10, "ideal": "18"}
PROMPT = [{"role": "system", "content": "Solve."}, {"role": "user", "content": QUESTION}]
USAGE = {"prompt_tokens": 80, "completion_tokens": 30, "total_tokens": 110}


def write(recorder: LocalRecorder, n_samples: int) -> None:
    for number in range(n_samples):
        with recorder.sample(f"gsm8k.test.{number}") as scope:
            record_raw(ROW)
            record_sampling(PROMPT, ["She makes 18 dollars a day. " * 5], model="m", usage=USAGE, latency_s=0.51)
            record_match(True, expected="18", picked="18", sampled="18", options=["18"])
            scope.commit()


def main(n_samples: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.jsonl"
        recorder = LocalRecorder(path, RunSpec(["m"], "gsm8k.test.v1", "gsm8k", "test", {}, ""))
        began_s = time.process_time()
        write(recorder, n_samples)
        written_s = time.process_time()
        n_read = sum(1 for _ in read_record(path).samples())
        read_s = time.process_time()
        recorder.close()
        assert n_read == n_samples
        print(f"record  {(written_s - began_s) / n_samples * 1e6:6.1f} us of CPU a sample (3 events)")
        print(f"read    {(read_s - written_s) / n_samples * 1e6:6.1f} us")
        print(f"size    {path.stat().st_size / n_samples:6.0f} bytes")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
