"""Counts in printed texts fit their nouns: one sample, two samples."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import evals
from evals.texts.number_text import counted, counted_with

ROOT = Path(evals.__file__).parent
NOUNS = "samples|labels|rows|questions|calls|clusters|evals|runs|errors|completions|battles|judgements|raters|ids"
LOOSE = re.compile(rf"(?P<before>.{{0,12}})\0 (?P<noun>{NOUNS})\b")
"A value in an f-string, and a noun in the plural behind it."

ALWAYS_MANY = {
    "evals/datasets/samples.py": "the repr of an object",
    "evals/comparison/gate_conditions.py": "of more samples than are in both",
    "evals/contamination/find.py": "the seed of a generator",
    "evals/engine/samples.py": "many in a row",
    "evals/exams/read_sections.py": "a paper of one question says so in its n_items",
    "evals/report/terminal/wrong_samples.py": "a command",
    "evals/runner/estimate.py": "the calls of a trial run",
    "evals/scaling/alternatives.py": "more runs than parameters",
    "evals/suite/code/completions_file.py": "k of pass@k, behind pass@1",
    "evals/suite/code/pass_at_k.py": "fewer than k",
    "evals/suite/graded/modelgraded.py": "several completions",
    "evals/suite/graded/preference.py": "several completions",
    "evals/suite/graded/rubric.py": "several models",
    "evals/distributed/processes.py": "calls of two processes or more",
    "evals/report/markdown/comparison.py": "three runs or more",
    "evals/report/terminal/many_runs.py": "three runs or more",
    "evals/report/plots/calibration.py": "two runs or more",
    "evals/report/plots/inverse.py": "samples of several models",
    "evals/report/plots/groups.py": "samples of several bars",
    "evals/runner/doubts.py": "one has words of its own",
    "evals/runner/few_shot_overlap.py": "one has words of its own",
    "evals/suite/samples/doubts.py": "one has words of its own",
    "evals/comparison/preference_rates.py": "fewer raters than it needs, which are two",
    "evals/scaling/runs.py": "one has words of its own",
}
"Files whose counts are never 1, and why. Errors of programmers (ValueError) are not looked at."


def loose_counts(path: Path) -> Iterator[str]:
    """The texts of a file in which a number stands before a plural, and 1 would stand there too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    internal = {id(part) for node in ast.walk(tree) if _is_internal(node) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in internal:
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values)
            for match in LOOSE.finditer(text):
                if not re.search(
                    r"\0 of (?:all |the )?$|\bof (?:the |all )?$|\0 to $|\ball $|fewer than $|at most $",
                    match["before"],
                ):
                    yield text.replace("\0", "{}")


def _is_internal(node: ast.AST) -> bool:
    made = node.exc if isinstance(node, ast.Raise) else node
    return isinstance(made, ast.Call) and getattr(made.func, "id", "") in ("ValueError", "RuntimeError", "BadTable")


def test_no_printed_text_has_one_samples() -> None:
    found: dict[str, list[str]] = {}
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT.parent).as_posix()
        texts = list(loose_counts(path))
        if texts and name not in ALWAYS_MANY:
            found[name] = texts
    assert found == {}, "write counted(n, 'sample'), or counted_with(n, 'sample', 'has', 'have')"


@pytest.mark.parametrize(("n", "said"), [(0, "0 samples have"), (1, "1 sample has"), (1000, "1,000 samples have")])
def test_a_count_takes_its_noun_and_its_verb_along(n: int, said: str) -> None:
    assert counted_with(n, "sample", "has", "have") == said
    assert counted(n, "sample") == said.rpartition(" ")[0]
