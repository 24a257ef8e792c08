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
    """One completion; white space at both ends is cut off."""

    def __init__(self, response: str) -> None:
        self.response = response

    def get_completions(self) -> list[str]:
        return [self.response.strip()]


@typed_arguments
class LangChainLLMCompletionFn:
    """A text model of LangChain.

    llm: the name of a class in `langchain_community.llms`, or in `langchain.llms` of older versions. llm_kwargs: its
    arguments.

    Raises:
        EvalsError: LangChain is not installed. RegistryError: it has no such class.
    """

    gives_results = True

    def __init__(self, llm: str, llm_kwargs: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        self.llm = langchain_class("llms", llm)(**(llm_kwargs or {}))

    def __call__(self, prompt: Any, **kwargs: Any) -> LangChainLLMCompletionResult:
        text = CompletionPrompt(prompt).to_formatted_prompt()
        return recorded(text, str(self.llm.invoke(text)))


@typed_arguments
class LangChainChatModelCompletionFn:
    """A chat model of LangChain.

    llm: the name of a class in `langchain_community.chat_models`, or in `langchain.chat_models` of older versions.
    chat_model_kwargs: its arguments.

    Raises:
        EvalsError: LangChain is not installed. RegistryError: it has no such class.
    """

    gives_results = True

    def __init__(self, llm: str, chat_model_kwargs: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        self.llm = langchain_class("chat_models", llm)(**(chat_model_kwargs or {}))

    def __call__(self, prompt: Any, **kwargs: Any) -> LangChainLLMCompletionResult:
        messages = prompt if is_chat_prompt(prompt) else [{"role": "user", "content": prompt}]
        said = self.llm.invoke([langchain_message(message) for message in messages])
        return recorded(prompt, str(said.content))


def langchain_message(message: Mapping[str, Any]) -> tuple[str, Any]:
    """A message as `(role, content)` with LangChain's role names; its chat models take such pairs."""
    return _ROLES.get(message["role"], message["role"]), message["content"]


def recorded(prompt: Any, completion: str) -> LangChainLLMCompletionResult:
    """Records a completion, and gives it as a result."""
    record_sampling(prompt=prompt, sampled=completion)
    return LangChainLLMCompletionResult(completion)


def langchain_class(kind: str, name: str) -> Any:
    """The class `name` of LangChain's module `kind` (`llms` or `chat_models`), of the version that is installed.

    Raises:
        EvalsError: LangChain is not installed. RegistryError: the module has no such class.
    """
    module = langchain_module(kind)
    found = getattr(module, name, None)
    if found is None:
        names = getattr(module, "__all__", dir(module))
        raise RegistryError(f"{module.__name__} has no class {name!r}", notes=[did_you_mean(name, names)])
    return found


def langchain_module(kind: str) -> Any:
    """The module `langchain_community.<kind>`, or `langchain.<kind>` without it. Raises EvalsError without either."""
    for package in ("langchain_community", "langchain"):
        try:
            return importlib.import_module(f"{package}.{kind}")
        except ModuleNotFoundError:
            continue
    raise EvalsError(
        "LangChain models need packages that are not installed", fix="pip install langchain langchain-community"
    )
