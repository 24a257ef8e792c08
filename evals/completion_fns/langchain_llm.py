"""LangChain's text and chat models as completion functions."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from evals.chat import CompletionPrompt, is_chat_prompt
from evals.completion import CompletionResult
from evals.errors import EvalsError, RegistryError, did_you_mean
from evals.record.current import record_sampling
from evals.registry.typed_arguments import typed_arguments

_ROLES = {"user": "human", "assistant": "ai", "system": "system"}


class LangChainLLMCompletionResult(CompletionResult):
    """One completion, without white space around it."""

    def __init__(self, response: str) -> None:
        self.response = response

    def get_completions(self) -> list[str]:
        return [self.response.strip()]


@typed_arguments
class LangChainLLMCompletionFn:
    """A text model: `llm` is the name of a class in `langchain_community.llms` (older: `langchain.llms`)."""

    gives_results = True

    def __init__(self, llm: str, llm_kwargs: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        self.llm = langchain_class("llms", llm)(**(llm_kwargs or {}))

    def __call__(self, prompt: Any, **kwargs: Any) -> LangChainLLMCompletionResult:
        text = CompletionPrompt(prompt).to_formatted_prompt()
        return recorded(text, str(self.llm.invoke(text)))


@typed_arguments
class LangChainChatModelCompletionFn:
    """A chat model: `llm` is the name of a class in `langchain_community.chat_models`."""

    gives_results = True

    def __init__(self, llm: str, chat_model_kwargs: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        self.llm = langchain_class("chat_models", llm)(**(chat_model_kwargs or {}))

    def __call__(self, prompt: Any, **kwargs: Any) -> LangChainLLMCompletionResult:
        messages = prompt if is_chat_prompt(prompt) else [{"role": "user", "content": prompt}]
        said = self.llm.invoke([langchain_message(message) for message in messages])
        return recorded(prompt, str(said.content))


def langchain_message(message: Mapping[str, Any]) -> tuple[str, Any]:
    """`(role, content)` in LangChain's words, which its chat models take as a message."""
    return _ROLES.get(message["role"], message["role"]), message["content"]


def recorded(prompt: Any, completion: str) -> LangChainLLMCompletionResult:
    """The completion as a result, after recording it."""
    record_sampling(prompt=prompt, sampled=completion)
    return LangChainLLMCompletionResult(completion)


def langchain_class(kind: str, name: str) -> Any:
    """The class `name` from LangChain's module `kind`, wherever the installed version keeps it."""
    module = langchain_module(kind)
    found = getattr(module, name, None)
    if found is None:
        names = getattr(module, "__all__", dir(module))
        raise RegistryError(f"{module.__name__} has no class {name!r}", notes=[did_you_mean(name, names)])
    return found


def langchain_module(kind: str) -> Any:
    """`langchain_community.<kind>`, else `langchain.<kind>`."""
    for package in ("langchain_community", "langchain"):
        try:
            return importlib.import_module(f"{package}.{kind}")
        except ModuleNotFoundError:
            continue
    raise EvalsError(
        "LangChain models need packages that are not installed", fix="pip install langchain langchain-community"
    )
