"""`python -m pocket_train.export`: trained rungs become the files that ship, each with its card.

Writes data/pocket-models/NAME/weights.npz (float16) and card.json, and curves/NAME.csv beside this package.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pocket_corpus.mixture import VERSION

from evals.local_models.pocket.tokenizer import Tokenizer
from pocket_train.ladder import LADDER, N_CTX, Rung
from pocket_train.model import Transformer
from pocket_train.tokens import read_held_out, training_tokens
from pocket_train.train import held_out_loss

TOOLS = Path(__file__).resolve().parents[1]
DATA = TOOLS.parents[1] / "data"


def shipped_weights(model: Transformer) -> dict[str, np.ndarray]:
    """The arrays of weights.npz: every parameter rounded to float16."""
    return {name: value.numpy().astype(np.float16) for name, value in model.state_dict().items()}


def load_shipped(rung: Rung, n_vocab: int, path: Path) -> Transformer:
    """The model of a weights.npz, in float32."""
    model = Transformer(rung, n_vocab)
    with np.load(path) as arrays:
        model.load_state_dict({name: torch.from_numpy(arrays[name].astype(np.float32)) for name in arrays.files})
    return model


def card(rung: Rung, model: Transformer, tokenizer: Tokenizer, texts: Sequence[str], facts: dict[str, Any]) -> Any:
    """What is to be known of a rung; the loss is that of the weights that ship."""
    n_vocab = len(tokenizer)
    loss = held_out_loss(model, tokenizer, texts)
    return {
        "name": rung.name,
        "config": {
            "n_vocab": n_vocab,
            "n_ctx": N_CTX,
            "n_layer": rung.n_layer,
            "n_head": rung.n_head,
            "d_model": rung.d_model,
            "d_ff": rung.d_ff,
        },
        "parameters": rung.n_parameters(n_vocab),
        "training_tokens": rung.n_tokens,
        "training_flops": rung.training_flops(n_vocab),
        "validation": {
            "nats_per_token": round(loss.nats_per_token, 6),
            "bits_per_byte": round(loss.bits_per_byte, 6),
            "n_documents": len(texts),
            "n_tokens": loss.n_tokens,
            "n_bytes": loss.n_bytes,
        },
        "tokenizer_sha256": tokenizer.hash,
        "corpus_version": VERSION,
        **facts,
    }


def export(rung: Rung, runs: Path, tokenizer: Tokenizer, texts: Sequence[str], corpus_hash: str) -> Any:
    """Ships one rung from its last checkpoint, and returns its card."""
    state = torch.load(runs / rung.name / "checkpoint.pt")
    if state["step"] != rung.steps:
        raise SystemExit(f"{rung.name} has done {state['step']} of {rung.steps} steps; train it to its end first")
    model = Transformer(rung, len(tokenizer))
    model.load_state_dict(state["model"])
    folder = DATA / "pocket-models" / rung.name
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "weights.npz", **shipped_weights(model))
    day = datetime.datetime.fromtimestamp((runs / rung.name / "checkpoint.pt").stat().st_mtime, datetime.timezone.utc)
    facts = {"corpus_sha256": corpus_hash, "trained": day.date().isoformat(), "torch": torch.__version__}
    shipped = load_shipped(rung, len(tokenizer), folder / "weights.npz")
    content = card(rung, shipped, tokenizer, texts, facts)
    (folder / "card.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return content


def write_curve(rung: Rung, runs: Path) -> None:
    """The training loss as a table: the mean of the steps since the row before."""
    lines = (runs / rung.name / "log.jsonl").read_text().splitlines()
    path = TOOLS / "curves" / f"{rung.name}.csv"
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["step", "tokens", "nats_per_token"])
        for row in map(json.loads, lines):
            writer.writerow([row["step"], row["tokens"], row["loss"]])


def main() -> None:
    """All rungs whose training is done, or the named ones."""
    parser = argparse.ArgumentParser(prog="python -m pocket_train.export", description=__doc__)
    parser.add_argument("names", nargs="*", default=[rung.name for rung in LADDER])
    parser.add_argument("--folder", type=Path, default=Path("runs"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = Tokenizer.load(arguments.folder / "tokenizer.json")
    (DATA / "pocket-models").mkdir(exist_ok=True)
    tokenizer.save(DATA / "pocket-models" / "tokenizer.json")
    texts = read_held_out(DATA / "pocket-text" / "test.jsonl")
    longest = max(rung.n_tokens for rung in LADDER) + 1
    tokens = training_tokens(tokenizer, longest, arguments.folder)
    for rung in LADDER:
        if rung.name in arguments.names:
            read = np.ascontiguousarray(tokens[: rung.n_tokens + 1]).astype("<u2").tobytes()
            content = export(rung, arguments.folder, tokenizer, texts, hashlib.sha256(read).hexdigest())
            write_curve(rung, arguments.folder)
            print(rung.name, content["training_flops"], content["validation"], flush=True)


if __name__ == "__main__":
    main()
