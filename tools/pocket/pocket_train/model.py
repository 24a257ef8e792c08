"""The transformer in PyTorch, as it is trained; `evals.local_models.pocket` runs the same in NumPy."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from pocket_train.ladder import Rung

EPSILON = 1e-6
ROTARY_BASE = 10000.0


def rms(x: Tensor) -> Tensor:
    """x over its root mean square, without a gain."""
    return functional.rms_norm(x, (x.shape[-1],), eps=EPSILON)


def rotate(x: Tensor) -> Tensor:
    """Rotary positions, from 0, of x: (batch, heads, tokens, d_head); the two halves of a head turn together."""
    n_tokens, d_head = x.shape[-2:]
    frequencies = ROTARY_BASE ** (-torch.arange(0, d_head, 2, dtype=torch.float32) / d_head)
    angles = torch.outer(torch.arange(n_tokens, dtype=torch.float32), frequencies)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1)


class Layer(nn.Module):
    """Attention, then a network of squared rectifiers, each on a normalised stream and added to it."""

    def __init__(self, d_model: int, d_ff: int, n_head: int) -> None:
        super().__init__()
        self.n_head = n_head
        for name, shape in {
            "q": (d_model, d_model),
            "k": (d_model, d_model),
            "v": (d_model, d_model),
            "o": (d_model, d_model),
            "up": (d_model, d_ff),
            "down": (d_ff, d_model),
        }.items():
            weight = torch.zeros(shape)
            if name not in ("o", "down"):
                nn.init.normal_(weight, std=d_model**-0.5)
            self.register_parameter(name, nn.Parameter(weight))

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.n_head, -1)).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        h = rms(x)
        q, k, v = rotate(self._heads(h @ self.q)), rotate(self._heads(h @ self.k)), self._heads(h @ self.v)
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + mixed.transpose(1, 2).flatten(2) @ self.o
        return x + functional.relu(rms(x) @ self.up).square() @ self.down


class Transformer(nn.Module):
    """Logits of every next token: (batch, tokens) -> (batch, tokens, n_vocab)."""

    def __init__(self, rung: Rung, n_vocab: int) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(n_vocab, rung.d_model) * 0.02)
        self.previous = nn.Parameter(torch.zeros(rung.d_model))
        self.layer = nn.ModuleList(Layer(rung.d_model, rung.d_ff, rung.n_head) for _ in range(rung.n_layer))

    def forward(self, ids: Tensor) -> Tensor:
        here = functional.embedding(ids, self.embedding)
        before = functional.pad(here, (0, 0, 1, -1))
        x = rms(here + self.previous * before)
        for layer in self.layer:
            x = layer(x)
        return rms(x) @ self.embedding.T
