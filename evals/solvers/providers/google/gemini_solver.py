"""Google's models as a solver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evals.completion_fns.google.backend import GoogleCompletionFn
from evals.registry.typed_arguments import typed_arguments
from evals.solvers.completion_fn_solver import CompletionFnSolver

SAFETY_SETTINGS = [
    {"category": f"HARM_CATEGORY_{category}", "threshold": "BLOCK_NONE"}
    for category in ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")
]
"No answer is blocked, since an eval scores what the model says."


@typed_arguments
class GeminiSolver(CompletionFnSolver):
    """Asks a Gemini model. generation_config: sampling arguments in Google's words, such as `max_output_tokens`."""

    def __init__(
        self,
        model_name: str,
        generation_config: Mapping[str, Any] | None = None,
        postprocessors: Sequence[str] = (),
        registry: Any = None,
    ) -> None:
        options = {"safety_settings": SAFETY_SETTINGS, **(generation_config or {})}
        fn = GoogleCompletionFn(model_name, extra_options=options, registry=registry)
        super().__init__(fn, postprocessors=postprocessors, registry=registry)
        self.model_name = model_name
        self.gen_config = dict(generation_config or {})

    @property
    def model(self) -> str:
        return self.model_name
