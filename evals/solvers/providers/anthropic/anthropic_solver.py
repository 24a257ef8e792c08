"""Anthropic's models as a solver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evals.completion_fns.anthropic.backend import AnthropicCompletionFn
from evals.completion_fns.anthropic.messages import CHAT_FORMAT
from evals.registry.typed_arguments import typed_arguments
from evals.solvers.completion_fn_solver import CompletionFnSolver
from evals.task_state import Message


@typed_arguments
class AnthropicSolver(CompletionFnSolver):
    """Asks a Claude model. The task description becomes the system text, and later system messages the user's.

    max_tokens: of an answer. extra_options: sent as they are.
    """

    def __init__(
        self,
        model_name: str,
        max_tokens: int = 512,
        postprocessors: Sequence[str] = (),
        extra_options: Mapping[str, Any] | None = None,
        registry: Any = None,
    ) -> None:
        options = dict(extra_options or {})
        fn = AnthropicCompletionFn(model_name, max_tokens=max_tokens, extra_options=options, registry=registry)
        super().__init__(fn, postprocessors=postprocessors, registry=registry)
        self.model_name = model_name
        self.max_tokens = max_tokens
        self.extra_options = options

    @staticmethod
    def _convert_msgs_to_anthropic_format(msgs: Sequence[Message]) -> list[dict[str, Any]]:
        return CHAT_FORMAT.merged([message.to_dict() for message in msgs])


def anth_to_openai_usage(anth_usage: Any) -> dict[str, int]:
    """OpenAI's three token counts, from the `Usage` of Anthropic's SDK."""
    n_prompt, n_completion = anth_usage.input_tokens, anth_usage.output_tokens
    return {"completion_tokens": n_completion, "prompt_tokens": n_prompt, "total_tokens": n_prompt + n_completion}
