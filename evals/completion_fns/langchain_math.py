"""LangChain's chain for arithmetic as a completion function."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from evals.chat import CompletionPrompt
from evals.completion_fns.langchain_llm import LangChainLLMCompletionResult as LangChainCompletionResult
from evals.completion_fns.langchain_llm import langchain_class, recorded
from evals.errors import EvalsError
from evals.registry.typed_arguments import typed_arguments


@typed_arguments
class LangChainMathChainCompletionFn:
    """Lets a model write an expression, evaluates it by LangChain, and answers with the number.

    chat_model: the name of a class in `langchain_community.chat_models`; its models must take `stop`, which the chain
    sends. chat_model_kwargs: its arguments. Without a class it is LangChain's `OpenAI` at temperature 0.

    Raises:
        EvalsError: LangChain, or its version with this chain, is not installed. RegistryError: it has no such class.
    """

    gives_results = True

    def __init__(
        self, chat_model: str | None = None, chat_model_kwargs: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        if chat_model is None:
            llm = langchain_class("llms", "OpenAI")(temperature=0)
        else:
            llm = langchain_class("chat_models", chat_model)(**(chat_model_kwargs or {}))
        self.llm_math = _math_chain()(llm=llm)

    def __call__(self, prompt: Any, **kwargs: Any) -> LangChainCompletionResult:
        text = CompletionPrompt(prompt).to_formatted_prompt()
        answer = str(self.llm_math.run(text)).strip().removeprefix("Answer:").strip()
        return recorded(text, answer)


def _math_chain() -> Any:
    for package in ("langchain_classic", "langchain"):
        try:
            chains = importlib.import_module(f"{package}.chains")
        except ModuleNotFoundError:
            continue
        if hasattr(chains, "LLMMathChain"):
            return chains.LLMMathChain.from_llm
    raise EvalsError(
        "LangChain's maths chain needs packages that are not installed",
        fix="pip install langchain langchain-community numexpr",
    )
