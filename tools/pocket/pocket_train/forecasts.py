"""`python -m pocket_train.forecasts`: forecasts of the largest rung from those with a hundredth of its compute, drawn.

Losses come from the cards. Passes of `pocket-programs` come from `curves/pass-counts.csv`; `--passes RECORD...` writes
that file from records of the rungs before it is drawn.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from evals.cli.main import main as evals_main

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
LOSSES = ROOT / "tools" / "pocket" / "curves" / "losses.csv"
PASSES = ROOT / "tools" / "pocket" / "curves" / "pass-counts.csv"
TARGET, WITHIN = "pocket/2m", "0.01"


def write_losses() -> None:
    """The table of all cards, smallest compute first."""
    cards = [json.loads(path.read_text()) for path in (ROOT / "data" / "pocket-models").glob("*/card.json")]
    cards.sort(key=lambda card: card["training_flops"])
    with LOSSES.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("model", "compute_flops", "nats_per_token", "unit", "n"))
        for card in cards:
            loss, n = card["validation"]["nats_per_token"], card["validation"]["n_documents"]
            writer.writerow((f"pocket/{card['name']}", int(card["training_flops"]), loss, "nats/token", n))


def write_passes(records: Sequence[str]) -> None:
    """The table of passes and draws of each problem, from records."""
    from evals.comparison.ladder_files import read_ladder

    with PASSES.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("model", "compute_flops", "problem", "n_passed", "n_draws"))
        for rung in read_ladder(records, passes=True).rungs:
            for problem, n_passed, n_draws in sorted(rung.passes, key=lambda cell: int(cell[0])):
                writer.writerow((rung.model, int(rung.compute_flops), problem, n_passed, n_draws))


def draw(name: str, table: Path, *options: str) -> int:
    """One picture with its table in docs/, its numbers printed."""
    out = str(DOCS / f"pocket-forecast-{name}.png")
    return evals_main(["plot", "scaling", str(table), "--target", TARGET, *options, "--out", out])


def main() -> int:
    """Writes the tables and the pictures; 0 where all went well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", nargs="+", default=[], metavar="RECORD", help="records of pocket-programs draws")
    given = parser.parse_args()
    write_losses()
    if given.passes:
        write_passes(given.passes)
    pass_rates = ("--law", "pass-rate", "--zeros", "censored")
    codes = [
        draw("loss", LOSSES, "--within", WITHIN),
        draw("power", LOSSES, "--within", WITHIN, "--law", "power"),
        draw("passes", PASSES, "--within", WITHIN, *pass_rates),
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
