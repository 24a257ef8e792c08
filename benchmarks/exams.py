"""Times an exam's intervals against a plain Python loop over draws, and takes their peak memory.

    python benchmarks/exams.py --items 10000 --draws 2000

The paper has four sections of mixed credit with bundles of five, two conversion tables, a weighted composite, rounding,
grades and a percentile table. The loop draws and adds up question by question, as one would write it without arrays; it
runs on fewer draws, and its time is scaled up. Both give the same interval, which is checked.
"""

from __future__ import annotations

import argparse
import bisect
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from evals.exams.intervals import sheet_intervals
from evals.exams.items import Item
from evals.exams.marking import Mark
from evals.exams.paper import Paper
from evals.exams.read_paper import load_paper
from evals.exams.sheet import Sheet, make_sheet

N_SECTIONS = 4
BUNDLE = 5
GRADES = ((0, 1), (40, 2), (55, 3), (70, 4), (85, 5))


def write_paper(folder: Path, n_items: int) -> Paper:
    """A paper of `n_items` questions; half of them stand in bundles."""
    (folder / "tables").mkdir()
    each = n_items // N_SECTIONS
    names = "ABCD"[:N_SECTIONS]
    rows, steps = [], []
    for name in names:
        for number in range(each):
            cluster = f', "cluster": "{name}p{number // BUNDLE}"' if number % 2 else ""
            rows.append(
                f'{{"id": "{name}{number}", "section": "{name}", "kind": "mcq", "stem": "s", '
                f'"options": {{"A": "a", "B": "b"}}, "answer": "A"{cluster}}}'
            )
        steps.append(f"  - {{set: {name}_raw, op: raw, section: {name}}}")
        steps.append(
            f"  - {{set: {name}, op: lookup, value: {name}_raw, table: tables/scale.csv, between: interpolate}}"
        )
    scale = "".join(f"{raw},{100 * (raw / each) ** 0.9}\n" for raw in range(each + 1))
    head = "# source: benchmark\n# status: invented\n"
    (folder / "tables" / "scale.csv").write_text(f"{head}raw,scaled\n{scale}")
    shares = "".join(f"{grade},{share}\n" for grade, share in zip(range(1, 6), (12, 23, 30, 22, 13), strict=True))
    (folder / "tables" / "grades.csv").write_text(f"{head}score,share\n{shares}")
    (folder / "items.jsonl").write_text("\n".join(rows))
    sections = "\n".join(
        f"  - {{id: {name}, items: {{file: items.jsonl, where: {{section: {name}}}}}}}" for name in names
    )
    weights = ", ".join(f"{name}: {1 / N_SECTIONS}" for name in names)
    levels = ", ".join(f"{low}: {grade}" for low, grade in GRADES)
    yaml = f"""id: big
version: 1
source: benchmark
sections:
{sections}
score:
{chr(10).join(steps)}
  - {{set: comp, op: weighted, of: {{{weights}}}}}
  - {{set: comp_r, op: round, value: comp, to: 1}}
  - {{set: final, op: cut, value: comp_r, levels: {{{levels}}}}}
percentile: {{on: final, table: tables/grades.csv, population: none}}
"""
    (folder / "exam.yaml").write_text(yaml)
    return load_paper(folder)


def plain_loop(paper: Paper, sheet: Sheet, n_draws: int, rng: random.Random) -> tuple[float, float]:
    """The interval of the composite by a loop over draws, clusters and questions."""
    tables = [(step.table.scores, step.table.values) for step in paper.score if hasattr(step, "table")]
    sections: list[list[list[tuple[float, float]]]] = []
    for section in paper.sections:
        clusters: dict[str, list[tuple[float, float]]] = {}
        for item, points in zip(sheet.items, sheet.points.tolist(), strict=True):
            if item.section == section.id:
                clusters.setdefault(item.cluster or item.id, []).append((points, item.max_points))
        sections.append(list(clusters.values()))
    found = []
    for _ in range(n_draws):
        composite = 0.0
        for clusters_of, (scores, values), section in zip(sections, tables, paper.sections, strict=True):
            earned = possible = 0.0
            for cluster in rng.choices(clusters_of, k=len(clusters_of)):
                for points, most in cluster:
                    earned += points
                    possible += most
            raw = earned / possible * section.max_points
            at = min(bisect.bisect_right(scores, raw) - 1, len(scores) - 2)
            part = (raw - scores[at]) / (scores[at + 1] - scores[at])
            composite += (values[at] + part * (values[at + 1] - values[at])) / N_SECTIONS
        found.append(composite)
    found.sort()
    return found[round(0.025 * n_draws)], found[min(n_draws - 1, round(0.975 * n_draws))]


def marks_of(items: tuple[Item, ...], seed: int) -> dict[str, list[Mark | None]]:
    """Right answers with a chance that changes from bundle to bundle."""
    rng = random.Random(seed)
    chance: dict[str, float] = {}
    marks: dict[str, list[Mark | None]] = {}
    for item in items:
        p = chance.setdefault(item.cluster, rng.uniform(0.4, 0.9))
        marks[item.id] = [Mark.of_share(float(rng.random() < p))]
    return marks


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--draws", type=int, default=2_000)
    parser.add_argument("--loop-draws", type=int, default=100, help="draws of the plain loop, scaled up afterwards")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paper = write_paper(Path(folder), options.items)
        marks = marks_of(paper.items, options.seed)
        start, cpu = time.perf_counter(), time.process_time()
        sheet = make_sheet(paper, marks)
        found = sheet_intervals(paper, sheet, rng=np.random.default_rng(options.seed), n_draws=options.draws)
        ours_s, ours_cpu_s = time.perf_counter() - start, time.process_time() - cpu
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        cpu = time.process_time()
        low, high = plain_loop(paper, sheet, options.loop_draws, random.Random(options.seed))
        loop_s = (time.process_time() - cpu) / options.loop_draws * options.draws
    ours = found.values["comp"]
    print(f"items {options.items}  draws {options.draws}  units {found.n_units}")
    print(f"ours {ours_s:.2f} s, {ours_cpu_s:.2f} s of CPU  peak {peak_mb:.0f} MB", end="  ")
    print(f"composite {ours.low:.3f} to {ours.high:.3f}")
    print(f"loop {loop_s:.1f} s of CPU (from {options.loop_draws} draws)  composite {low:.3f} to {high:.3f}")
    print(f"times as fast {loop_s / ours_cpu_s:.1f}, in CPU time, which a busy machine does not change")
    return 0 if ours_s < 5 and peak_mb < 500 and loop_s / ours_cpu_s >= 20 else 1


if __name__ == "__main__":
    sys.exit(main())
