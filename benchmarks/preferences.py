"""Rankings of a million battles, here and by evalica: `python benchmarks/preferences.py [--battles N] [--models N]`.

One core, best of five. evalica is measured where it is installed (`pip install evalica`), over a few draws, whose time
is multiplied: 200 of them take minutes.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from evals.stats.ranking import Ranking, rank_models  # noqa: E402

N_TIMES = 5
FEW_DRAWS = 3
Numbers = NDArray[np.int64]


def battles(n: int, n_models: int) -> tuple[Numbers, Numbers, NDArray[np.float64]]:
    """Random pairs of models with normal strengths, one battle in eight a tie."""
    rng = np.random.default_rng(13)
    strength = rng.normal(0, 1, n_models)
    first = rng.integers(0, n_models, n)
    second = (first + rng.integers(1, n_models, n)) % n_models
    won = rng.random(n) < 1 / (1 + np.exp(strength[second] - strength[first]))
    return first, second, np.where(rng.random(n) < 1 / 8, 0.5, won)


def best_of(work: Callable[[], object], times: int = N_TIMES) -> float:
    """Seconds of the fastest of some runs."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return min(taken)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--battles", type=int, default=1_000_000)
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--draws", type=int, default=200)
    args = parser.parse_args()
    first, second, outcomes = battles(args.battles, args.models)

    def ours() -> Ranking:
        return rank_models(first, second, outcomes, rng=np.random.default_rng(0), n_draws=args.draws)

    print(f"{args.battles:,} battles, {args.models} models, {args.draws} draws, one core, best of {N_TIMES}")
    seconds = best_of(ours)
    print(f"  here, strengths and all draws     {seconds:8.2f} s")
    try:
        import evalica
    except ImportError:
        print("  evalica is not installed: pip install evalica")
        return
    winners = [evalica.Winner.Draw if o == 0.5 else evalica.Winner.X if o else evalica.Winner.Y for o in outcomes]
    names = (first.tolist(), second.tolist())
    index = evalica.indexing(*names)[2]
    alone = best_of(lambda: evalica.bradley_terry(*names, winners, index=index, limit=10_000), FEW_DRAWS)

    def few() -> object:
        return evalica.bootstrap(
            evalica.bradley_terry, *names, winners, index=index, limit=10_000, n_resamples=FEW_DRAWS,
            bootstrap_method="percentile", random_state=0,
        )  # fmt: skip

    a_draw = (best_of(few, 1) - alone) / FEW_DRAWS
    theirs = alone + args.draws * a_draw
    print(f"  evalica {evalica.__version__}, strengths alone     {alone:8.2f} s")
    print(f"  evalica, a draw                   {a_draw:8.2f} s, so {args.draws} of them {theirs:.0f} s")
    print(f"  times as fast, with draws         {theirs / seconds:8.0f}")
    scores = np.log(evalica.bradley_terry(*names, winners, index=index, limit=10_000).scores)
    apart = {one.name: one.value - scores[one.name] for one in ours().strengths}
    spread = max(apart.values()) - min(apart.values())
    print(f"  largest difference of strengths   {spread:8.1e}")


if __name__ == "__main__":
    main()
