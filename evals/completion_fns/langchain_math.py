"""LangChain's chain for arithmetic as a completion function."""

from __future__ import annotations

import importlib
from typing import Any

from evals.chat import CompletionPrompt
from evals.completion_fns.langchain_llm import LangChainLLMCompletionResult as LangChainCompletionResult
from evals.completion_fns.langchain_llm import langchain_class, recorded
from evals.errors import EvalsError
from evals.registry.typed_arguments import typed_arguments


@typed_arguments
class LangChainMathChainCompletionFn:
    """Lets an OpenAI model write an expression, evaluates it by LangChain, and answers with the number.

    Raises:
        EvalsError: LangChain, or its version with this chain, is not installed.
    """

    gives_results = True

    def __init__(self, **kwargs: Any) -> None:
        self.llm_math = _math_chain()(llm=langchain_class("llms", "OpenAI")(temperature=0))

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
