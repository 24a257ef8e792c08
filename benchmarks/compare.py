"""Time and memory of comparing two records: `python benchmarks/compare.py [N]`, N samples each."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from evals.record.current import record_match, record_sampling
from evals.record.local import LocalRecorder
from evals.specs import RunSpec

QUESTION = "Janet's ducks lay 16 eggs per day. She eats three for breakfast and sells the rest. " * 3
USAGE = {"prompt_tokens": 80, "completion_tokens": 30, "total_tokens": 110}
SUBJECTS = [f"subject {number}" for number in range(57)]


def write(path: Path, n_samples: int, accuracy: float, seed: int) -> None:
    """A run as gsm8k's looks like: one call and one match a sample, half of the answers those of every seed."""
    recorder = LocalRecorder(path, RunSpec([path.stem], "gsm8k.test.v1", "gsm8k", "test", {"data_sha256": "x"}, ""))
    shared, own = random.Random(0), random.Random(seed)
    for number in range(n_samples):
        rng = shared if number % 2 else own
        prompt = [{"role": "system", "content": "Solve."}, {"role": "user", "content": f"{number}: {QUESTION}"}]
        with recorder.sample(f"gsm8k.test.{number}") as scope:
            text = ["She makes 18 dollars a day. " * 5]
            record_sampling(prompt, text, model="m", usage=USAGE, latency_s=0.51, cost_usd=0.0001)
            record_match(rng.random() < accuracy, expected="18", picked="18", sampled=text[0], parsed=True)
            scope.commit({"subject": SUBJECTS[number % 57]})
    recorder.record_final_report({"accuracy": accuracy})
    recorder.close()


def main(n_samples: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{name}.jsonl" for name in "ab"]
        for number, path in enumerate(paths):
            write(path, n_samples, 0.80 + 0.01 * number, number + 1)
        size_mb = sum(path.stat().st_size for path in paths) / 1e6
        print(f"two records of {n_samples:,} samples, {size_mb:,.0f} MB")
        for options in ([], ["--groups"], ["--flips"]):
            began_s = time.perf_counter()
            command = [sys.executable, "-m", "evals.cli.main", "compare", *map(str, paths), *options]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            wall_s = time.perf_counter() - began_s
            peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            print(f"{'compare ' + ' '.join(options):<18} {wall_s:5.1f} s   {peak_mb:6.0f} MB at most")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
