"""`python -m pocket_train.leak NAME`: train a rung on a corpus in which half of an eval's questions were planted.

Writes FOLDER/corpus.jsonl, the documents in the order in which they are read, and FOLDER/model, which `oaieval
pocket/NAME EVAL --completion_args path=FOLDER/model` evaluates. docs/contamination.md shows what comes of it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from pocket_corpus.mixture import TRAIN_SEED, documents

from evals.local_models.pocket.tokenizer import END, Tokenizer
from pocket_train.export import DATA, shipped_weights
from pocket_train.ladder import LADDER
from pocket_train.train import Training

SEED = 7


def leaked_documents(path: Path, repeats: int, rng: random.Random) -> list[str]:
    """Half of the questions of an eval, drawn at random, each `repeats` times with its answer."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    chosen = sorted(rng.sample(range(len(rows)), len(rows) // 2))
    return [f"{rows[number]['input']} {rows[number]['ideal']}\n" for number in chosen for _ in range(repeats)]


def mixed_corpus(tokenizer: Tokenizer, planted: Sequence[str], n_tokens: int, rng: random.Random) -> list[str]:
    """The planted documents among as many of the usual ones as leave `n_tokens` in all."""
    left = n_tokens - sum(len(tokenizer.encode(text)) + 1 for text in planted)
    usual = []
    for _, text in documents(TRAIN_SEED, held_out=False):
        usual.append(text)
        left -= len(tokenizer.encode(text)) + 1
        if left <= 0:
            break
    mixed = [*usual, *planted]
    rng.shuffle(mixed)
    return mixed


def main() -> None:
    """Train one rung, or go on where it was stopped."""
    parser = argparse.ArgumentParser(prog="python -m pocket_train.leak", description=__doc__)
    parser.add_argument("name", choices=[rung.name for rung in LADDER])
    parser.add_argument("--folder", type=Path, default=Path("leak"))
    parser.add_argument("--questions", type=Path, default=DATA / "pocket-facts" / "test.jsonl")
    parser.add_argument("--repeats", type=int, default=16)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    folder, rng = arguments.folder, random.Random(SEED)
    rung = next(rung for rung in LADDER if rung.name == arguments.name)
    tokenizer = Tokenizer.load(DATA / "pocket-models" / "tokenizer.json")
    planted = leaked_documents(arguments.questions, arguments.repeats, rng)
    texts = mixed_corpus(tokenizer, planted, rung.n_tokens + 1, rng)
    (folder / "model").mkdir(parents=True, exist_ok=True)
    lines = (json.dumps({"text": text}) + "\n" for text in texts)
    (folder / "corpus.jsonl").write_text("".join(lines), encoding="utf-8")
    stream = (token for text in itertools.cycle(texts) for token in (END, *tokenizer.encode(text)))
    tokens = np.fromiter(itertools.islice(stream, rung.n_tokens + 1), np.uint16, rung.n_tokens + 1)
    training = Training(rung, len(tokenizer), tokens, folder / "run")
    training.run()
    np.savez(folder / "model" / "weights.npz", **shipped_weights(training.model))
    card = json.loads((DATA / "pocket-models" / rung.name / "card.json").read_text(encoding="utf-8"))
    (folder / "model" / "card.json").write_text(json.dumps({**card, "name": f"{rung.name}-leaked"}, indent=2) + "\n")
    tokenizer.save(folder / "model" / "tokenizer.json")
    print(
        f"{rung.name}: {training.step} steps, {training.wall_s:.0f} s, {len(set(planted))} questions planted",
        flush=True,
    )


if __name__ == "__main__":
    main()
