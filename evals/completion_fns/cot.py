"""Chain of thought over any completion function: one call reasons, a second one gives the answer."""

from __future__ import annotations

from typing import Any

from evals.chat import ChatCompletionPrompt
from evals.completion import Completions
from evals.completion_fns.backend import Backend
from evals.completion_fns.inner_fns import make_inner_fn, registry_or_new
from evals.engine import calls
from evals.engine.traits import preflight
from evals.registry.typed_arguments import typed_arguments

DEFAULT_COT_TEMPLATE = (
    "\nI will first reason step by step towards the right answer, and state the answer at the end of my reasoning."
)
DEFAULT_EXTRACT_ANSWER_TEMPLATE = "\nFrom the reasoning above, the answer in the format that the question asks for is:"


@typed_arguments
class ChainOfThoughtCompletionFn(Backend):
    """Makes two calls for each prompt: `cot_completion_fn` reasons, then `extract_completion_fn` answers.

    Both are names, or completion functions; the second is the first by default. Both templates are sent as messages of
    the assistant. The record has both calls, and a third event with the eval's own prompt and the answer that it got.
    """

    is_local = True
    delegates = True
    prompt_form = "chat"

    def __init__(
        self,
        cot_template: str = DEFAULT_COT_TEMPLATE,
        extract_answer_template: str = DEFAULT_EXTRACT_ANSWER_TEMPLATE,
        cot_completion_fn: Any = None,
        extract_completion_fn: Any = None,
        registry: Any = None,
        registry_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        registry = registry_or_new(registry, registry_path)
        self.cot_template = cot_template
        self.extract_answer_template = extract_answer_template
        self.cot_completion_fn_instance = make_inner_fn(cot_completion_fn, registry)
        self.extract_completion_fn_instance = make_inner_fn(extract_completion_fn or cot_completion_fn, registry)

    def preflight(self) -> None:
        """The preflight of both completion functions."""
        preflight(self.cot_completion_fn_instance, self.extract_completion_fn_instance)

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        question = ChatCompletionPrompt(prompt).to_formatted_prompt()
        cot_prompt = [*question, {"role": "assistant", "content": self.cot_template}]
        reasoning = await self._ask(self.cot_completion_fn_instance, cot_prompt, kwargs)
        extraction_prompt = [
            *cot_prompt,
            {"role": "assistant", "content": reasoning},
            {"role": "assistant", "content": self.extract_answer_template},
        ]
        answer = await self._ask(self.extract_completion_fn_instance, extraction_prompt, kwargs)
        return Completions([answer.strip()], cost_usd=0.0)

    async def _ask(self, fn: Any, prompt: Any, kwargs: dict[str, Any]) -> str:
        return (await calls.complete(fn, prompt, **kwargs)).get_completions()[0]
