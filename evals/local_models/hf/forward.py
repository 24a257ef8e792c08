"""Forward passes of a transformers model over rows of tokens: whole texts at once, or one more token a step."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch

from evals.local_models.sampling import Array


class Forward:
    """A model and what its `forward` takes.

    pads: whether rows of unlike length may share a pass. Without `position_ids` the places of a padded row would shift,
    so that such models get rows of one length at a time.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.n_vocab = int(model.get_output_embeddings().weight.shape[0])
        taken = inspect.signature(model.forward).parameters
        self.pads = "position_ids" in taken
        self._keeps = "logits_to_keep" in taken

    def rows_after(self, ids: Sequence[Sequence[int]], wanted: Sequence[Sequence[int]]) -> list[Array]:
        """For each row of tokens, the log probabilities of what follows its `wanted` places.

        Rows are padded on the right, where causal attention never looks.
        """
        width = max(map(len, ids))
        batch = torch.zeros((len(ids), width), dtype=torch.long)
        for row, tokens in enumerate(ids):
            batch[row, : len(tokens)] = torch.tensor(tokens, dtype=torch.long)
        kept = sorted({place for places in wanted for place in places})
        column = {place: k for k, place in enumerate(kept)}
        given: dict[str, Any] = {"input_ids": batch.to(self._device), "use_cache": False}
        if self._keeps:
            given["logits_to_keep"] = torch.tensor(kept, device=self._device)
        with torch.inference_mode():
            logits = self.model(**given).logits
            if not self._keeps:
                logits = logits[:, kept]
            return [
                _as_array(torch.log_softmax(_wide(logits[row, [column[place] for place in places]]), -1))
                for row, places in enumerate(wanted)
            ]

    @property
    def _device(self) -> Any:
        return self.model.device


class Writing:
    """Rows that are written one token a step, with the keys and values of what came before.

    prompts: not empty; of one length where the model does not pad. They are padded on the left, and the padding is
    masked.
    """

    def __init__(self, forward: Forward, prompts: Sequence[Sequence[int]]) -> None:
        self._forward = forward
        width = max(map(len, prompts))
        batch = torch.zeros((len(prompts), width), dtype=torch.long)
        mask = torch.zeros((len(prompts), width), dtype=torch.long)
        for row, tokens in enumerate(prompts):
            batch[row, width - len(tokens) :] = torch.tensor(tokens, dtype=torch.long)
            mask[row, width - len(tokens) :] = 1
        self._is_padded = any(len(tokens) < width for tokens in prompts)
        self._mask = mask.to(forward.model.device)
        self._cache: Any = None
        self.logprobs = self._pass(batch.to(forward.model.device))
        "Of the next token of each row."

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows; one that is named several times becomes several."""
        index = torch.tensor(list(rows), device=self._mask.device)
        self._cache.batch_select_indices(index)
        self._mask = self._mask[index]
        self.logprobs = self.logprobs[list(rows)]

    def write(self, ids: Sequence[int]) -> None:
        """Put one token behind each row."""
        column = torch.tensor(list(ids), dtype=torch.long, device=self._mask.device)[:, None]
        self._mask = torch.cat([self._mask, torch.ones_like(column)], dim=1)
        self.logprobs = self._pass(column)

    def _pass(self, ids: Any) -> Array:
        given: dict[str, Any] = {"input_ids": ids, "past_key_values": self._cache, "use_cache": True}
        if self._is_padded:
            places = (self._mask.cumsum(-1) - 1).clamp(min=0)
            given |= {"attention_mask": self._mask, "position_ids": places[:, -ids.shape[1] :]}
        if self._forward._keeps:
            given["logits_to_keep"] = 1
        with torch.inference_mode():
            done = self._forward.model(**given)
            self._cache = done.past_key_values
            return _as_array(torch.log_softmax(_wide(done.logits[:, -1]), -1))


def _wide(logits: Any) -> Any:
    """At least float32: a softmax in half precision loses digits that are compared."""
    return logits if logits.dtype in (torch.float32, torch.float64) else logits.float()


def _as_array(values: Any) -> Array:
    found: Array = values.cpu().double().numpy()
    return found
