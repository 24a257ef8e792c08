"""`python -m pocket_train NAME...`: train rungs of the ladder, or go on where they were stopped."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from evals.local_models.pocket.tokenizer import Tokenizer
from pocket_train.ladder import LADDER
from pocket_train.tokens import make_tokenizer, training_tokens
from pocket_train.train import Training


def main() -> None:
    """Each named rung, one after the other, on one thread."""
    parser = argparse.ArgumentParser(prog="python -m pocket_train", description=__doc__)
    parser.add_argument("names", nargs="*", default=[rung.name for rung in LADDER], help="rungs (default: all)")
    parser.add_argument("--folder", type=Path, default=Path("runs"), help="where tokens, logs and checkpoints lie")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    path = arguments.folder / "tokenizer.json"
    if not path.exists():
        make_tokenizer().save(path)
    tokenizer = Tokenizer.load(path)
    longest = max(rung.n_tokens for rung in LADDER) + 1
    tokens = training_tokens(tokenizer, longest, arguments.folder)
    for rung in LADDER:
        if rung.name in arguments.names:
            training = Training(rung, len(tokenizer), tokens, arguments.folder / rung.name)
            training.run()
            print(f"{rung.name}: {training.step} steps, {training.wall_s:.0f} s", flush=True)


if __name__ == "__main__":
    main()
