"""How long 10,000 bootstrap draws of a loss law of 20 runs take, beside plain loops over scipy, on one core.

python benchmarks/scaling.py [--draws 10000] [--loop 300]

All sides fit L(C) = a C^b + c to log loss of the same draws. The loops are timed on their first `--loop` draws and
scaled up: a fit takes as long whichever draw it is of. Seconds are of CPU, and all sides take turns in one process.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import curve_fit, least_squares
from threadpoolctl import threadpool_limits

from evals.scaling.batched_laws import fit_many

Array = NDArray[np.float64]

TRUTH = (0.5, -0.15, 1.2)
NOISE = 0.005
N_RUNS = 20
ROUNDS = 3


def draws(n_draws: int) -> tuple[Array, Array]:
    """log(C / C_max) of four decades, and losses of each draw."""
    x = np.log(np.geomspace(1e-4, 1, N_RUNS))
    a, b, c = TRUTH
    noise = np.random.default_rng(0).normal(0, NOISE, (n_draws, N_RUNS))
    return x, (a * np.exp(b * x) + c) * np.exp(noise)


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


def scipy_loop(x: Array, losses: Array, method: str) -> Array:
    """c of each draw, from the start (log a, log -b, c) of the truth."""
    found = np.empty(len(losses))
    start = (np.log(TRUTH[0]), np.log(-TRUTH[1]), TRUTH[2])
    for row, loss in enumerate(losses):
        logs = np.log(loss)
        fit = least_squares(
            lambda p, y=logs: y - np.log(np.exp(p[0] - np.exp(p[1]) * x) + abs(p[2])), start, method=method
        )
        found[row] = abs(fit.x[2])
    return found


def curve_fit_loop(x: Array, losses: Array) -> Array:
    """The same by curve_fit, whose loop is MINPACK's and has the least Python around it."""

    def law(x: Array, u: float, z: float, c: float) -> Array:
        return np.log(np.exp(u - np.exp(z) * x) + abs(c))

    start = (np.log(TRUTH[0]), np.log(-TRUTH[1]), TRUTH[2])
    return np.array([abs(curve_fit(law, x, np.log(loss), p0=start)[0][2]) for loss in losses])


def measure(n_draws: int, n_loop: int) -> dict[str, float]:
    """Seconds for all draws by each side, the best of three rounds."""
    x, losses = draws(n_draws)
    some = losses[:n_loop]
    sides: dict[str, tuple[Callable[[], object], float]] = {
        "evals.scaling": (lambda: fit_many(x, losses), 1.0),
        "least_squares (default)": (lambda: scipy_loop(x, some, "trf"), n_draws / n_loop),
        "least_squares (lm)": (lambda: scipy_loop(x, some, "lm"), n_draws / n_loop),
        "curve_fit": (lambda: curve_fit_loop(x, some), n_draws / n_loop),
    }
    taken: dict[str, list[float]] = {name: [] for name in sides}
    with threadpool_limits(1):
        for _ in range(ROUNDS):
            for name, (work, scale) in sides.items():
                taken[name].append(seconds(work) * scale)
    return {name: min(values) for name, values in taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--loop", type=int, default=300)
    args = parser.parse_args()
    x, losses = draws(args.loop)
    apart = np.abs(fit_many(x, losses).c - curve_fit_loop(x, losses)).max()
    taken = measure(args.draws, args.loop)
    print(f"{args.draws} draws of {N_RUNS} runs, one core; largest difference in c: {apart:.1e}")
    for name, value in taken.items():
        print(f"{name:<26}{value:8.2f} s {value / taken['evals.scaling']:7.0f} x")


if __name__ == "__main__":
    main()
