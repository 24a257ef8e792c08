"""LangChain's models: with a package on disk that has classes like LangChain's, and without one."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from evals.completion_fns.langchain_llm import (
    LangChainChatModelCompletionFn,
    LangChainLLMCompletionFn,
    langchain_message,
)
from evals.completion_fns.langchain_math import LangChainMathChainCompletionFn
from evals.errors import EvalsError, RegistryError
from evals.record import RecorderBase
from evals.registry.lookup import Registry
from evals.registry.retirement import is_retired

LLMS = """
class Echo:
    def __init__(self, mark="."):
        self.mark = mark

    def invoke(self, text):
        return f" {text}{self.mark} "


class OpenAI(Echo):
    def __init__(self, temperature):
        assert temperature == 0
        self.mark = ""
"""
CHAT_MODELS = """
class Said:
    def __init__(self, content):
        self.content = content


class Echo:
    def __init__(self, mark="."):
        self.mark = mark

    def invoke(self, messages):
        return Said(f"{messages!r}{self.mark}")
"""
CHAINS = """
class LLMMathChain:
    @classmethod
    def from_llm(cls, llm):
        chain = cls()
        chain.llm = llm
        return chain

    def run(self, text):
        return "Answer: 42"
"""


@pytest.fixture
def langchain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages of LangChain's names and shapes, in place of those that may be installed."""
    for package, modules in {
        "langchain_community": {"llms": LLMS, "chat_models": CHAT_MODELS},
        "langchain_classic": {"chains": CHAINS},
    }.items():
        folder = tmp_path / package
        folder.mkdir()
        (folder / "__init__.py").touch()
        for name, text in modules.items():
            (folder / f"{name}.py").write_text(text, encoding="utf-8")
    for name in [name for name in sys.modules if name.startswith("langchain")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    for name in [name for name in sys.modules if name.startswith("langchain")]:
        del sys.modules[name]


def test_a_text_model_is_asked_with_text_and_its_completion_is_recorded(langchain):
    fn = LangChainLLMCompletionFn("Echo", {"mark": "!"})
    recorder = RecorderBase(None)
    with recorder.as_default_recorder("x"):
        assert fn([{"role": "user", "content": "hi"}]).get_completions() == ["hi!"]
    assert [event.data["sampled"] for event in recorder.get_events("sampling")] == [" hi! "]


def test_a_chat_model_is_asked_with_messages_in_langchain_s_roles(langchain):
    fn = LangChainChatModelCompletionFn("Echo", {"mark": ""})
    chat = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]
    assert fn(chat).get_completions() == ["[('system', 's'), ('human', 'u'), ('ai', 'a')]"]
    assert fn("hi").get_completions() == ["[('human', 'hi')]"]
    assert langchain_message({"role": "function", "content": "f"}) == ("function", "f")


def test_the_chain_for_arithmetic_answers_with_the_number(langchain):
    assert LangChainMathChainCompletionFn()("6 * 7?").get_completions() == ["42"]


def test_the_chain_for_arithmetic_takes_a_chat_model(langchain):
    fn = LangChainMathChainCompletionFn("Echo", {"mark": "?"})
    assert fn.llm_math.llm.mark == "?"
    assert fn("6 * 7?").get_completions() == ["42"]


@pytest.mark.parametrize("model", ["gpt-6-luna", "gpt-6.1-sol"])
def test_the_registry_s_langchain_models_are_alive_and_get_the_only_temperature_that_they_take(model: str):
    registry = Registry()
    arguments = registry.resolve_completion_fn(f"langchain/chat_model/{model}").args["chat_model_kwargs"]
    assert arguments == {"model_name": model, "temperature": 1}
    assert not is_retired(registry.model_info(model), date(2026, 11, 30))


@pytest.mark.parametrize("name", ["llm/text-davinci-003", "llm/gpt-3.5-turbo", "chat_model/gpt-3.5-turbo"])
def test_langchain_entries_of_models_that_were_shut_down_are_gone(name: str):
    with pytest.raises(RegistryError):
        Registry().resolve_completion_fn(f"langchain/{name}")


def test_a_class_that_langchain_does_not_have_is_named_with_near_misses(langchain):
    with pytest.raises(RegistryError, match="has no class 'Ecko'") as caught:
        LangChainLLMCompletionFn("Ecko")
    assert "did you mean: Echo" in str(caught.value)


@pytest.mark.skipif(importlib.util.find_spec("langchain") is not None, reason="langchain is installed")
def test_without_langchain_the_error_says_what_to_install():
    for make in (
        lambda: LangChainLLMCompletionFn("OpenAI"),
        lambda: LangChainChatModelCompletionFn("ChatOpenAI"),
        LangChainMathChainCompletionFn,
    ):
        with pytest.raises(EvalsError) as caught:
            make()
        assert "pip install langchain" in str(caught.value)
