"""`python -m pocket_train.law`: the loss law of the shipped ladder, what it forecasts, and a plot for docs/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from evals.scaling.forecast import Forecast, forecast_loss
from evals.scaling.loss_law import fit_loss_law

ROOT = Path(__file__).resolve().parents[3]
PLOT = ROOT / "docs" / "pocket-loss.png"


def cards() -> list[dict[str, Any]]:
    """The cards of all rungs, smallest compute first."""
    paths = (ROOT / "data" / "pocket-models").glob("*/card.json")
    return sorted((json.loads(path.read_text()) for path in paths), key=lambda card: card["training_flops"])


def forecast_largest(compute: np.ndarray, loss: np.ndarray) -> Forecast:
    """The largest rung's loss by a law of the others."""
    return forecast_loss(compute[:-1], loss[:-1], compute[-1], rng=np.random.default_rng(0))


def describe(compute: np.ndarray, loss: np.ndarray) -> str:
    found, actual = forecast_largest(compute, loss), loss[-1]
    law, interval = found.law, found.interval
    return (
        f"b = {law.b:.3f}, c = {law.c:.3f}; forecast {found.loss:.3f} nats a token, "
        f"95 % interval {interval.low:.3f} to {interval.high:.3f}; trained {actual:.3f}, off by "
        f"{found.loss / actual - 1:+.1%}"
    )


def plot(compute: np.ndarray, loss: np.ndarray, path: Path) -> None:
    """Loss against compute, both on logarithmic axes, with the law fitted to all but the largest."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    line = np.geomspace(compute[0], compute[-1] * 1.5, 200)
    law = fit_loss_law(compute[:-1], loss[:-1])
    axes.plot(line, law.loss(line), color="tab:blue", label="law of all rungs but the largest")
    axes.plot(compute[:-1], loss[:-1], "o", color="black", label="trained, fitted")
    axes.plot(compute[-1:], loss[-1:], "o", color="white", markeredgecolor="black", label="trained, held out")
    found = forecast_largest(compute, loss)
    low, high = found.interval.low, found.interval.high
    axes.errorbar(compute[-1], found.loss, [[found.loss - low], [high - found.loss]], color="tab:orange", capsize=4,
                  marker="_", label="forecast, 95 % interval")  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="training compute, FLOPs", ylabel="held-out loss, nats a token")
    axes.set_yticks([0.5, 0.6, 0.7, 0.8, 0.9, 1.0], labels=["0.5", "0.6", "0.7", "0.8", "0.9", "1.0"])
    axes.minorticks_off()
    axes.set_title("Pocket models: the smaller rungs foretell the largest")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Prints the forecast and writes the plot."""
    found = cards()
    compute = np.array([card["training_flops"] for card in found])
    loss = np.array([card["validation"]["nats_per_token"] for card in found])
    print(describe(compute, loss))
    plot(compute, loss, PLOT)


if __name__ == "__main__":
    main()
