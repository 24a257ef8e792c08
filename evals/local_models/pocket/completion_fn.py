"""`pocket/NAME`: the small models that come with the package, computed here by numpy."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from evals.errors import UsageError
from evals.local_models.backend import LocalBackend
from evals.local_models.pocket.card import find_card, read_card
from evals.local_models.pocket.model import model_of
from evals.registry.typed_arguments import typed_arguments


@typed_arguments
class PocketCompletionFn(LocalBackend):
    """A pocket model: no key, no network.

    model: its name without `pocket/`. path: a folder of one model instead (card.json, weights.npz, and tokenizer.json
    in it or beside it). Other arguments as of `LocalBackend`: batch_size, seed, temperature, top_p, max_tokens, stop.
    """

    def __init__(self, model: str | None = None, path: str | None = None, registry: Any = None, **options: Any) -> None:
        if path is None and model is None:
            raise UsageError("no pocket model is named", fix="pocket/NAME, or --completion_args path=FOLDER")
        self.card = find_card(model or "") if path is None else read_card(Path(path).expanduser())
        super().__init__(f"pocket/{self.card.name}", lambda: model_of(self.card), **options)

    @property
    def n_ctx(self) -> int:
        return self.card.config.n_ctx

    def cache_identity(self) -> dict[str, Any]:
        weights = hashlib.sha256(self.card.weights_path.read_bytes()).hexdigest()
        return {**super().cache_identity(), "weights": weights}
