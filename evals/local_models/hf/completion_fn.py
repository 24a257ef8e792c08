"""`hf/MODEL`: causal models of Hugging Face's transformers, computed in this process; the extra `[hf]`."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from evals.errors import MissingExtra, UsageError
from evals.local_models.backend import LocalBackend
from evals.local_models.hf.loading import check_dtype
from evals.local_models.hf.location import locate
from evals.local_models.language_model import LanguageModel
from evals.registry.typed_arguments import typed_arguments


@typed_arguments
class HfCompletionFn(LocalBackend):
    """A model in a folder, or of the hub.

    model: a path (`hf//models/mine`, `hf/./mine`) or the hub's name (`hf/openai-community/gpt2`). dtype: `float32`,
    `bfloat16`, `float16`, `float64`, or `auto`, as the weights were saved. device: `cpu`, `cuda`, `mps`; `auto` takes a
    GPU where there is one. revision: of the hub. trust_remote_code: whether code that comes with the model may run.
    n_ctx: instead of the model's own. batch_size: rows computed together. Other arguments as of `LocalBackend`.
    """

    def __init__(
        self,
        model: str | None = None,
        dtype: str = "float32",
        device: str = "auto",
        revision: str | None = None,
        trust_remote_code: bool = False,
        n_ctx: int | None = None,
        batch_size: int = 16,
        registry: Any = None,
        **options: Any,
    ) -> None:
        if model is None:
            raise UsageError("no model is named", fix="hf/FOLDER, or hf/OWNER/MODEL of the hub")
        check_dtype(dtype)
        self.location = locate(model)
        if any(importlib.util.find_spec(package) is None for package in ("torch", "transformers")):
            raise MissingExtra(f"hf/{model}", "hf")
        self._how = {"dtype": dtype, "device": device, "revision": revision, "trust_code": trust_remote_code}
        self._n_ctx = n_ctx
        super().__init__(f"hf/{model}", self._load_model, batch_size=batch_size, **options)

    def _load_model(self) -> LanguageModel:
        from evals.local_models.hf.model import load_model

        return load_model(self.location, name=self.model, n_ctx=self._n_ctx, max_rows=self.batch_size, **self._how)

    def cache_identity(self) -> dict[str, Any]:
        """Files of a folder count by name, size and time of change: weights are too large to be read for this."""
        files: list[Any] = []
        if self.location.is_local:
            found = sorted(path for path in Path(self.location.name).iterdir() if path.is_file())
            files = [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in found]
        return {**super().cache_identity(), **self._how, "n_ctx": self._n_ctx, "files": files}
