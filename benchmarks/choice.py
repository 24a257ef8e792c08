"""What a multiple-choice run of the size of MMLU costs beside a plain Match run over the same server, CPU a sample.

python benchmarks/choice.py [--questions 14042] [--rounds 3]

57 subjects, 5 examples before each question, letters from the alternatives of a chat server in a process of its own, or
read off its reply. All sides are whole processes over as many samples, start-up and reports included, in turns;
figures are medians.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from pathlib import Path

from engine import Bench, medians, show

from evals.testing.openai_process import ServerProcess

N_SUBJECTS = 57
CATEGORIES = ("STEM", "humanities", "social sciences", "other")

EVAL = """
choice:
  id: choice.dev.v0
  metrics: [accuracy]
choice.dev.v0:
  class: evals.suite:Choice
  args:
    samples_jsonl: choice.jsonl
    few_shot_jsonl: choice-dev.jsonl
    num_few_shot: 5
    header: "The following are multiple choice questions (with answers) about  {subject}.\\n\\n"
"""


def question(number: int, rng: random.Random) -> dict[str, object]:
    """A row of about the length of MMLU's: 40 words of question, options of 8 words."""
    words = [f"word{rng.randrange(1000)}" for _ in range(72)]
    subject = number % N_SUBJECTS
    return {
        "question": f"Question {number}: {' '.join(words[:40])}?",
        "choices": [" ".join(words[start : start + 8]) for start in range(40, 72, 8)],
        "answer": number % 4,
        "subject": f"some_subject_{subject}",
        "category": CATEGORIES[subject % 4],
    }


def write(path: Path, n_rows: int) -> None:
    rng = random.Random(n_rows)
    with path.open("w") as file:
        for number in range(n_rows):
            file.write(json.dumps(question(number, rng)) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=14042)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    n = args.questions
    with tempfile.TemporaryDirectory() as folder, ServerProcess("--answer", "A") as server:
        bench = Bench(Path(folder), server.base_url)
        bench.rows(n)
        (bench.folder / "evals" / "choice.yaml").write_text(EVAL)
        write(bench.folder / "data" / "choice.jsonl", n)
        write(bench.folder / "data" / "choice-dev.jsonl", 5 * N_SUBJECTS)

        def cpu_us(name: str, *flags: str) -> float:
            return bench.run("--concurrency", "64", *flags, name=name).cpu_s / n * 1e6

        match, alternatives, parsed = medians(
            args.rounds,
            lambda: cpu_us("bench"),
            lambda: cpu_us("choice"),
            lambda: cpu_us("choice", "--extra_eval_params", "way=parsed"),
        )
    for way, used in (("top_logprobs", alternatives), ("parsed", parsed)):
        figure = f"{used:,.0f} us, Match {match:,.0f} us"
        show(f"CPU a sample, {n:,} questions, {way}", figure, f"ratio {used / match:.2f} (bar 1.5)")


if __name__ == "__main__":
    main()
