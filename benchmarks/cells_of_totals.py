"""Cells of the grid of printed intervals for what is put together: exam scores, means over evals, groups of compare."""

from __future__ import annotations

import functools
import itertools
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from cells_of_differences import GAPS, joint
from drawn_scores import ICC, TOO_FEW, Cell, Rng, event, rates
from scipy import stats as scipy_stats

from evals.cli.oaievalset import joint_lines
from evals.comparison.compare import GroupDifference, corrected_differences
from evals.comparison.eval_set import SuiteMean, Together
from evals.exams.paper import Paper
from evals.exams.read_paper import load_paper
from evals.report.terminal.comparison import group_line
from evals.report.terminal.exam import exam_part
from evals.stats.means import estimate
from evals.stats.suite_mean import mean_of_evals
from evals.suite.exam.report import ExamReport, Sitting

PAPERS = ((5,), (20,), (50,), (200,), (20, 20), (60, 6), (12,) * 5)
"Questions in each section; every section has the same part of the score."
EXAM_PS = (0.0, 0.02, 0.3, 0.5, 0.95, 1.0)


@functools.cache
def paper_of(shape: tuple[int, ...], n_bundles: int = 0) -> Paper:
    """A paper with a section for each number of questions. n_bundles: in each section; 0 for none."""
    with tempfile.TemporaryDirectory() as name:
        folder, rows = Path(name), []
        for section, n in enumerate(shape):
            for number in range(n):
                row = {
                    "id": f"S{section}-{number}",
                    "section": f"S{section}",
                    "kind": "mcq",
                    "stem": "s",
                    "answer": "A",
                }
                bundle = {"cluster": f"S{section}-{number % n_bundles}"} if n_bundles else {}
                rows.append(json.dumps({**row, "options": {"A": "a", "B": "b"}, **bundle}))
        (folder / "items.jsonl").write_text("\n".join(rows))
        sections = "".join(
            f"  - {{id: S{i}, items: {{file: items.jsonl, where: {{section: S{i}}}}}}}\n" for i in range(len(shape))
        )
        steps = "".join(f"  - {{set: s{i}, op: raw, section: S{i}, of: fraction}}\n" for i in range(len(shape)))
        weights = ", ".join(f"s{i}: {100 / len(shape)}" for i in range(len(shape)))
        (folder / "exam.yaml").write_text(
            f"id: grid\nversion: 1\nsource: tests\nsections:\n{sections}score:\n{steps}"
            f"  - {{set: final, op: weighted, of: {{{weights}}}}}\n"
        )
        return load_paper(folder)


@functools.lru_cache(maxsize=100_000)
def exam_line(shape: tuple[int, ...], hits: tuple[int, ...]) -> str:
    """The line of the score of a run with so many right answers in each section."""
    right = {f"S{section}-{number}" for section, n in enumerate(hits) for number in range(n)}
    return line_of_exam(paper_of(shape), right)


def line_of_exam(paper: Paper, right: set[str]) -> str:
    report = ExamReport(Sitting(paper, {"answer_mode": "sampling"}, None, "", 2000, 1))
    for item in paper.items:
        share = float(item.id in right)
        data = {"item": item.id, "run": 0, "status": "right" if share else "wrong", "share": share, "answer": None}
        report.add(item.id, [event("exam", data), event("metrics", {"score": share})])
    line = next(line for line in exam_part(report.as_dict()) if line.startswith("exam score"))
    return TOO_FEW if "no interval" in line else line


def exam_scores() -> Iterator[Cell]:
    for shape in PAPERS:
        name = f"{' and '.join(map(str, shape))} questions" if len(set(shape)) > 1 or len(shape) < 3 else ""
        name = name or f"{len(shape)} sections of {shape[0]} questions"
        for p in EXAM_PS:

            def outcomes(shape: tuple[int, ...] = shape, p: float = p) -> Iterator[tuple[float, str]]:
                chances = [scipy_stats.binom.pmf(np.arange(n + 1), n, p) for n in shape]
                for hits in itertools.product(*(range(n + 1) for n in shape)):
                    chance = float(np.prod([chances[section][k] for section, k in enumerate(hits)]))
                    if chance > 1e-6:
                        yield chance, exam_line(shape, hits)

            def draw(rng: Rng, shape: tuple[int, ...] = shape, p: float = p) -> str:
                return exam_line(shape, tuple(rng.binomial(shape, p).tolist()))

            yield Cell("exam score", f"p = {p:g}, {name}", draw, 100 * p, outcomes if len(shape) < 3 else None)
    for n_bundles in (5, 10, 25):
        for p in EXAM_PS:
            draw_bundles = functools.partial(exam_of_bundles, n_bundles, p)
            yield Cell("exam score", f"p = {p:g}, 50 questions in {n_bundles} bundles", draw_bundles, 100 * p)


def exam_of_bundles(n_bundles: int, p: float, rng: Rng) -> str:
    chances = rates(p, ICC, n_bundles, rng)
    right = {f"S0-{number}" for number in range(50) if rng.random() < chances[number % n_bundles]}
    return line_of_exam(paper_of((50,), n_bundles), right)


SUITES: tuple[tuple[tuple[int, float, int], ...], ...] = (
    ((20, 0.5, 0), (200, 0.9, 0)),
    ((5, 0.5, 0), (5, 0.5, 0)),
    ((5, 0.95, 0), (200, 0.95, 0)),
    ((50, 0.95, 0),) * 5,
    ((20, 1.0, 0),) * 3,
    ((20, 0.02, 0),) * 3,
    ((20, 0.95, 0), (1000, 0.5, 0), (1000, 0.02, 0)),
    ((200, 0.5, 10), (50, 0.9, 0)),
    ((50, 0.95, 5), (50, 0.95, 5)),
    ((100, 0.8, 0),) * 20,
)
"The evals of a suite: (samples, true accuracy, clusters); 0 clusters for none."


def suite_means() -> Iterator[Cell]:
    for evals in SUITES:
        parts = [
            f"{len(list(same))} of {n} samples at {p:g}" + (f" in {c} clusters" if c else "")
            for (n, p, c), same in itertools.groupby(evals)
        ]
        truth = sum(p for _, p, _ in evals) / len(evals)
        yield Cell("mean over evals", ", ".join(parts), functools.partial(suite_line, evals), truth)


def suite_line(evals: Sequence[tuple[int, float, int]], rng: Rng) -> str:
    found = []
    for n, p, n_clusters in evals:
        codes = np.arange(n) % n_clusters if n_clusters else None
        chances = np.full(n, p) if codes is None else rates(p, ICC, n_clusters, rng)[codes]
        found.append(estimate((rng.random(n) < chances).astype(float), None if codes is None else codes.tolist()))
    mean = SuiteMean("m", "accuracy", mean_of_evals(found), len(found))
    lines = joint_lines([{"completion_fn": "m", "eval": "e"}], Together((mean,), {}, ()))
    line = next(line for line in lines if "mean accuracy" in line)
    return TOO_FEW if "no interval" in line else line


def groups_of_compare() -> Iterator[Cell]:
    """A row in the table of groups of `evals compare`; its level depends on how the other groups came out."""
    for n, n_groups in ((5, 4), (20, 4), (50, 10), (20, 57), (200, 10)):
        for p, gap in GAPS:
            draw = functools.partial(groups_line, n, n_groups, p, gap)
            yield Cell("difference, row of a group", f"{p:g} and {p - gap:g}, {n_groups} groups of {n}", draw, gap)


def groups_line(n: int, n_groups: int, p: float, gap: float, rng: Rng) -> str:
    pairs = []
    for _ in range(n_groups):
        kinds = rng.multinomial(n, joint(p, gap))
        pairs.append((np.repeat([1.0, 1.0, 0.0, 0.0], kinds), np.repeat([1.0, 0.0, 1.0, 0.0], kinds), None, False))
    return group_line(GroupDifference("g", "x", *corrected_differences(pairs, 0.05)[0]), 8, "x")
