"""The page about the OpenAI backends names every argument, class and server option, and no others."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from evals.completion_fns import openai
from evals.completion_fns.openai.backend import OpenAIBackend
from evals.testing.openai_process import parser

PAGE = (Path(__file__).parents[3] / "docs" / "backends-openai.md").read_text(encoding="utf-8")


def _section(title: str) -> str:
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]


def test_every_argument_is_described_and_exists():
    rows = re.findall(r"^\| (`.+?) \|", _section("Arguments"), re.MULTILINE)
    described = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert described == set(inspect.signature(OpenAIBackend).parameters) - {"options"}


def test_arguments_of_azure_are_described():
    own = set(inspect.signature(openai.AzureOpenAIChatCompletionFn).parameters)
    assert {name for name in own if name.startswith("a")} - {"args"} <= set(re.findall(r"`(\w+)`", PAGE))


def test_every_class_is_in_the_table():
    named = set(re.findall(r"`(\w+CompletionFn)`", _section("Classes")))
    assert named == {name for name in openai.__all__ if name.endswith("Fn")}


def test_every_server_option_is_named():
    options = {option for action in parser()._actions for option in action.option_strings if option.startswith("--")}
    assert options - {"--help"} == set(re.findall(r"`?(--[a-z-]+)", _section("Trying it without a provider")))
