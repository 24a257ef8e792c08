"""One training run: optimisers, schedule, checkpoints, and the loss on held-out documents."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from evals.local_models.pocket.tokenizer import END, Tokenizer
from pocket_train.ladder import N_CTX, Rung
from pocket_train.model import Transformer

WEIGHT_SEED, ORDER_SEED = 3003, 4004
MATRIX_RATE, VECTOR_RATE, RATE_WIDTH = 0.04, 0.06, 32
"Learning rates at a width of `RATE_WIDTH`; they fall with the square root of the width."
MOMENTUM, BETAS = 0.95, (0.9, 0.95)
WARM_UP = 0.02
"Share of the steps in which the rate rises; after `DECAY_FROM` of them it falls, straight down to zero."
DECAY_FROM = 0.3
CHECKPOINT_EVERY_S = 120.0


@dataclass(frozen=True)
class HeldOutLoss:
    """Loss over held-out documents, each read from its beginning. Totals over all tokens and bytes."""

    nats: float
    n_tokens: int
    n_bytes: int

    @property
    def nats_per_token(self) -> float:
        return self.nats / self.n_tokens

    @property
    def bits_per_byte(self) -> float:
        return self.nats / math.log(2) / self.n_bytes


def rate_at(step: int, steps: int) -> float:
    """Factor of the learning rates: a short rise, a level stretch, a straight fall."""
    rise = min(1.0, (step + 1) / max(1.0, WARM_UP * steps))
    fall = min(1.0, (steps - step) / ((1 - DECAY_FROM) * steps))
    return rise * fall


def optimisers(model: Transformer) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the layers, AdamW for embedding and gains.

    Muon: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon; its rate is scaled by sqrt(max(1, rows /
    columns)), so that one rate serves every width.
    """
    narrow = (RATE_WIDTH / model.embedding.shape[1]) ** 0.5
    matrices, vectors = list(model.layer.parameters()), [model.embedding, model.previous]
    return [
        torch.optim.Muon(matrices, lr=MATRIX_RATE * narrow, weight_decay=0.0, momentum=MOMENTUM),
        torch.optim.AdamW(vectors, lr=VECTOR_RATE * narrow, betas=BETAS, weight_decay=0.0),
    ]


def window_order(n_windows: int) -> NDArray[np.int64]:
    """The windows of the stream in the order in which they are read: blocks of 4,096 windows, each shuffled."""
    rng = np.random.default_rng(ORDER_SEED)
    blocks = np.split(np.arange(n_windows), range(4096, n_windows, 4096))
    return np.concatenate([rng.permutation(block) for block in blocks])


class Training:
    """A run that can be stopped at any moment and goes on from its last checkpoint.

    tokens: the training stream, rung.n_tokens + 1 ids or more. folder: holds log.jsonl and checkpoint.pt.
    """

    def __init__(self, rung: Rung, n_vocab: int, tokens: NDArray[np.uint16], folder: Path) -> None:
        torch.manual_seed(WEIGHT_SEED)
        self.rung, self.tokens, self.folder = rung, tokens, folder
        self.model = Transformer(rung, n_vocab)
        self.optimisers = optimisers(self.model)
        self.rates = [group["lr"] for optimiser in self.optimisers for group in optimiser.param_groups]
        self.order = window_order(rung.steps * rung.batch)
        self.step, self.wall_s = 0, 0.0
        folder.mkdir(parents=True, exist_ok=True)
        self._resume()

    def _resume(self) -> None:
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            (self.folder / "log.jsonl").write_text("")
            return
        state: dict[str, Any] = torch.load(path)
        self.model.load_state_dict(state["model"])
        for optimiser, kept in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(kept)
        self.step, self.wall_s = state["step"], state["wall_s"]

    def save(self) -> None:
        """Writes a checkpoint, whole or not at all."""
        state = {
            "model": self.model.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "step": self.step,
            "wall_s": self.wall_s,
        }
        part = self.folder / "checkpoint.part"
        torch.save(state, part)
        part.replace(self.folder / "checkpoint.pt")

    def batch(self) -> tuple[Tensor, Tensor]:
        """Inputs and targets of this step, each (batch, N_CTX)."""
        starts = self.order[self.step * self.rung.batch : (self.step + 1) * self.rung.batch] * N_CTX
        windows = np.stack([self.tokens[start : start + N_CTX + 1] for start in starts]).astype(np.int64)
        return torch.from_numpy(windows[:, :-1]), torch.from_numpy(windows[:, 1:])

    def run(self, until: int | None = None, log_every: int = 20) -> None:
        """All steps that are left, or those up to step `until`; ends with a checkpoint."""
        last = self.rung.steps if until is None else until
        began = saved = time.monotonic()
        already_s, losses = self.wall_s, []
        while self.step < last:
            losses.append(self._one_step())
            self.step += 1
            now = time.monotonic()
            self.wall_s = already_s + now - began
            if self.step % log_every == 0 or self.step == last:
                self._log(float(np.mean(losses)))
                losses = []
            if now - saved > CHECKPOINT_EVERY_S:
                self.save()
                saved = now
        self.save()

    def _one_step(self) -> float:
        inputs, targets = self.batch()
        factor = rate_at(self.step, self.rung.steps)
        groups = [group for optimiser in self.optimisers for group in optimiser.param_groups]
        for group, rate in zip(groups, self.rates, strict=True):
            group["lr"] = rate * factor
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.model(inputs)
        loss = functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
        loss.backward()  # type: ignore[no-untyped-call]
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad()
        return loss.item()

    def _log(self, loss: float) -> None:
        line = {"step": self.step, "tokens": self.step * self.rung.batch * N_CTX, "loss": round(loss, 5)}
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps({**line, "wall_s": round(self.wall_s, 1)}) + "\n")


def held_out_loss(model: torch.nn.Module, tokenizer: Tokenizer, texts: Sequence[str], batch: int = 32) -> HeldOutLoss:
    """Loss of each text from its beginning, in float32."""
    encoded = sorted(([END, *tokenizer.encode(text)] for text in texts), key=len)
    nats = 0.0
    with torch.no_grad():
        for start in range(0, len(encoded), batch):
            rows = encoded[start : start + batch]
            ids = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
            targets = torch.full_like(ids, -100)
            for row, each in enumerate(rows):
                ids[row, : len(each)] = torch.tensor(each)
                targets[row, : len(each) - 1] = torch.tensor(each[1:])
            logits = model(ids).flatten(0, 1)
            nats += functional.cross_entropy(logits, targets.flatten(), reduction="sum", ignore_index=-100).item()
    n_tokens = sum(len(each) - 1 for each in encoded)
    return HeldOutLoss(nats, n_tokens, sum(len(text.encode()) for text in texts))
