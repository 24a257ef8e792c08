"""The ladder: which models there are, how much each is trained, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass

N_CTX = 384


@dataclass(frozen=True)
class Rung:
    """One model and its training run. Every rung reads the same corpus from its beginning, the larger ones further."""

    name: str
    d_model: int
    n_layer: int
    n_head: int
    batch: int
    "Windows of `N_CTX` tokens a step."
    steps: int

    @property
    def d_ff(self) -> int:
        return 4 * self.d_model

    @property
    def n_tokens(self) -> int:
        return self.steps * self.batch * N_CTX

    def n_parameters(self, n_vocab: int) -> int:
        """All parameters: layers, the embedding (which is also the output), the gains of the token before."""
        return self.n_layer * 12 * self.d_model**2 + n_vocab * self.d_model + self.d_model

    def training_flops(self, n_vocab: int) -> float:
        """Multiplications and additions of all matrix products of the training run, in FLOPs.

        A token costs 2 FLOPs a parameter forward and twice that backward (Kaplan et al. 2020, arXiv:2001.08361,
        section 2.1); the output product counts, looking up the embedding does not. Attention: 4 d_model FLOPs a layer
        for each token looked at, of which there are (n_ctx + 1) / 2 on average.
        """
        products = 2 * (self.n_layer * 12 * self.d_model**2 + n_vocab * self.d_model)
        attention = self.n_layer * 4 * self.d_model * (N_CTX + 1) / 2
        return 3 * (products + attention) * self.n_tokens


LADDER = (
    Rung("32k", d_model=24, n_layer=1, n_head=1, batch=2, steps=316),
    Rung("57k", d_model=32, n_layer=2, n_head=1, batch=4, steps=220),
    Rung("79k", d_model=40, n_layer=2, n_head=1, batch=4, steps=458),
    Rung("132k", d_model=48, n_layer=3, n_head=2, batch=8, steps=377),
    Rung("213k", d_model=64, n_layer=3, n_head=2, batch=8, steps=689),
    Rung("389k", d_model=80, n_layer=4, n_head=2, batch=10, steps=864),
    Rung("651k", d_model=96, n_layer=5, n_head=3, batch=12, steps=1243),
    Rung("1m", d_model=128, n_layer=5, n_head=4, batch=12, steps=2127),
    Rung("2m", d_model=160, n_layer=6, n_head=5, batch=14, steps=2922),
)
"""Smallest first: each costs 2.8 times as much as the one before, 3.6 orders of magnitude in all, and reads 6 to 10
tokens a parameter."""
