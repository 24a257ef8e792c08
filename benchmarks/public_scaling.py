"""Public families of models: the largest of each forecast from the smaller ones, on each benchmark.

python benchmarks/public_scaling.py base_llm_benchmark_eval.csv [--write]

The table is `eval_results/base_llm_benchmark_eval.csv` of ryoungj/ObsScaling (Ruan et al. 2024, arXiv:2405.10938).
Prints what docs/public-scaling.md shows; with --write puts it there.
"""

from __future__ import annotations

import argparse
import csv
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evals.scaling.loss_law import fit_loss_law
from evals.scaling.score_law import fit_score_law
from evals.stats.estimate import Interval
from evals.stats.proportions import wilson_interval

PAGE = Path(__file__).parents[1] / "docs" / "public-scaling.md"
BLOCK = re.compile(r"(<!-- forecasts: [^>]*-->\n).*?(<!-- end -->)", re.DOTALL)
MIN_SIZES = 4
CONFIDENCE = 0.9
CHANCE = {
    "MMLU": 0.25,
    "ARC-C": 0.25,
    "HellaSwag": 0.25,
    "Winograd": 0.5,
    "TruthfulQA": 0.0,
    "GSM8K": 0.0,
    "XWinograd": 0.5,
    "HumanEval": 0.0,
}
"Score of guessing; that of TruthfulQA (mc2) depends on its options, and counts as 0."


N_ITEMS = {"MMLU": 14042, "ARC-C": 1172, "HellaSwag": 10042, "Winograd": 1267, "TruthfulQA": 817, "GSM8K": 1319}
N_ITEMS["HumanEval"] = 164
"Questions of the usual test sets; their sampling error is the least noise of a score."


@dataclass(frozen=True)
class Model:
    """A row of the table."""

    name: str
    size: float
    "Billions of parameters."
    compute: float
    "FLOPs; NaN where they are not published."
    scores: dict[str, float]


@dataclass(frozen=True)
class Outcome:
    """One forecast beside what came."""

    family: str
    benchmark: str
    by: str
    "`compute`, or `parameters` where the family's compute is not published."
    n_fitted: int
    decades: float
    forecast: float
    interval: Interval
    actual: float
    last_value: float
    last_slope: float
    power: float
    "By a power law of -log score, which is the log of a mean; NaN where the score does not rise."

    @property
    def error(self) -> float:
        return self.forecast - self.actual

    @property
    def held(self) -> bool:
        return self.actual in self.interval


def read(path: Path) -> dict[str, list[Model]]:
    """The models of each family, in the order of the table."""
    families: dict[str, list[Model]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            scores = {name: float(row[name]) for name in CHANCE if row[name]}
            flops = float(row["FLOPs (1E21)"]) * 1e21 if row["FLOPs (1E21)"] else math.nan
            model = Model(row["Model"], float(row["Model Size (B)"]), flops, scores)
            families.setdefault(row["Model Family"], []).append(model)
    return families


def n_sizes(models: list[Model]) -> int:
    return len({model.size for model in models})


def places(models: list[Model]) -> tuple[list[Model], str]:
    """The models that have a place on the axis, and which axis: compute if four sizes have it, else parameters."""
    known = [model for model in models if not math.isnan(model.compute)]
    return (known, "compute") if n_sizes(known) >= MIN_SIZES else (models, "parameters")


def place(model: Model, by: str) -> float:
    return model.compute if by == "compute" else model.size * 1e9


def outcomes(family: str, models: list[Model]) -> list[Outcome]:
    """The largest model's score on each benchmark that it and three smaller amounts have."""
    placed, by = places(models)
    found = []
    for benchmark in CHANCE:
        scored = sorted((m for m in placed if benchmark in m.scores), key=lambda m: (place(m, by), m.name))
        if not scored or n_sizes(scored) < MIN_SIZES:
            continue
        largest = max(place(model, by) for model in scored)
        target = next(model for model in scored if place(model, by) == largest)
        seen = [model for model in scored if place(model, by) < largest]
        x, y = np.array([place(m, by) for m in seen]), np.array([m.scores[benchmark] for m in seen])
        if len(np.unique(x)) < 3:
            continue
        found.append(outcome(family, benchmark, by, x, y, largest, target.scores[benchmark]))
    return found


def outcome(family: str, benchmark: str, by: str, x: np.ndarray, y: np.ndarray, at: float, actual: float) -> Outcome:
    law = fit_score_law(x, y, chance=CHANCE[benchmark], n_items=N_ITEMS.get(benchmark))
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    slope = (y[-1] - y[-2]) / math.log(x[-1] / x[-2]) if x[-1] > x[-2] else math.nan
    return Outcome(
        family, benchmark, by, len(x), math.log10(at / x[-1]), float(law.predict(at)), law.interval(at, CONFIDENCE),
        actual, float(y[-1]), float(y[-1] + slope * math.log(at / x[-1])), power_forecast(x, y, at),
    )  # fmt: skip


def power_forecast(x: np.ndarray, y: np.ndarray, at: float) -> float:
    """exp(-alpha C^-k) fitted to -log score; NaN where a score is 0."""
    if (y <= 0).any() or (y >= 1).any():
        return math.nan
    return math.exp(-float(fit_loss_law(x, -np.log(y), c=0.0).loss(at)))


def line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def points(values: list[float]) -> str:
    """Median of the absolute values, in points of 100, over those that are defined."""
    return f"{100 * float(np.nanmedian(np.abs(values))):.1f}"


def summary(found: list[Outcome]) -> list[str]:
    """A row a benchmark, and one for all."""
    rows = [
        line(["benchmark", "n", "median error, points", "mean, signed", "inside the 90 % interval", "median width",
              "no change", "last slope", "power law"]),
        line(["---", *["---:"] * 8]),
    ]  # fmt: skip
    for name in [*CHANCE, "all"]:
        some = [one for one in found if name in (one.benchmark, "all")]
        if some:
            rows.append(line(summary_cells(name, some)))
    return rows


def summary_cells(name: str, some: list[Outcome]) -> list[str]:
    n, held = len(some), sum(one.held for one in some)
    share = wilson_interval(held, n, 0.95)
    return [
        f"**{name}**" if name == "all" else name,
        str(n),
        points([one.error for one in some]),
        f"{100 * float(np.mean([one.error for one in some])):+.1f}",
        f"{held} of {n}: {held / n:.0%} ({share.low:.0%} to {share.high:.0%})",
        points([one.interval.width for one in some]),
        points([one.last_value - one.actual for one in some]),
        points([one.last_slope - one.actual for one in some]),
        points([one.power - one.actual for one in some]),
    ]


def details(found: list[Outcome]) -> list[str]:
    """A row a forecast: those outside their interval first, then by the size of the error."""
    rows = [
        line(
            ["family", "benchmark", "fitted", "decades ahead", "forecast", "90 % interval", "came", "error, points", ""]
        ),
        line(["---", "---", "---:", "---:", "---:", "---", "---:", "---:", "---"]),
    ]
    for one in sorted(found, key=lambda one: (one.held, -abs(one.error))):
        cells = [one.family, one.benchmark, str(one.n_fitted)]
        cells.append(f"{one.decades:.2f}{' (N)' if one.by == 'parameters' else ''}")
        cells += [f"{one.forecast:.3f}", f"{one.interval.low:.3f} to {one.interval.high:.3f}", f"{one.actual:.3f}"]
        rows.append(line([*cells, f"{100 * one.error:+.1f}", "inside" if one.held else "**missed**"]))
    return rows


def left_out(families: dict[str, list[Model]]) -> str:
    """Which models of the families that count have no place, in one sentence."""
    said = []
    for models in families.values():
        if n_sizes(models) >= MIN_SIZES:
            gone = sorted({model.name for model in models} - {model.name for model in places(models)[0]})
            said.extend(gone)
    return f"Left out, since their compute is not published: {', '.join(said)}." if said else ""


def page(path: Path) -> str:
    """All of the generated part."""
    families = read(path)
    found = [
        one for family, models in families.items() if n_sizes(models) >= MIN_SIZES for one in outcomes(family, models)
    ]
    n_families = len({one.family for one in found})
    head = f"{len(found)} forecasts of {n_families} families. {left_out(families)}".strip()
    return "\n".join([head, "", *summary(found), "", *details(found)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/public-scaling.md")
    args = parser.parse_args()
    text = page(args.table)
    if not args.write:
        print(text)
        return
    old = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(BLOCK.sub(lambda match: f"{match[1]}\n{text}\n\n{match[2]}", old), encoding="utf-8")


if __name__ == "__main__":
    main()
