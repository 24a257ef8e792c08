"""Broken evals are caught before a call, with place and fix; odd ones that are legal run. `-m slow` tries all."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import counting_calls
import pytest
from broken_evals import BROKEN
from eval_places import BASES, LEFT_OUT, Files, made
from odd_evals import ODD

import evals.suite
from evals.cli.main import main as evals_command
from evals.cli.oaieval import main as oaieval_command
from evals.registry.argument_types import fits, parameters_of

ANSWERS = {"counting": "Yes", "graderA": "A", "grader-of-claims": "S: a claim", "grader-of-scores": "0.5"}
MODELS = {name: {"class": "counting_calls:CountingFn", "args": {"answer": text}} for name, text in ANSWERS.items()}

FOUND_BY_CHECK_ALONE = {"Extract: math broken", "Code: entry not there", "Code: reference fails"}
"A run tries a few ideal answers, and none in the sandbox: these are a warning, or an error of the sample."


class Said(NamedTuple):
    code: int
    text: str
    n_calls: int


class Place:
    """A folder in which the process stands; every eval in it is called t."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, files: Files) -> None:
        shutil.rmtree(self.folder / "reg", ignore_errors=True)
        for path, content in {"reg/data/.keep": "", "reg/completion_fns/models.yaml": MODELS, **files}.items():
            text = content if isinstance(content, str | bytes) else json.dumps(content, indent=1)
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))

    def check(self, name: str = "t") -> Said:
        return said_by(evals_command, "check", name, "--registry_path", "reg")

    def run(self, name: str = "t") -> Said:
        return said_by(oaieval_command, "counting", name, "--registry_path", "reg", "--no-dry-run-logging", "--dry-run")


def said_by(command: Callable[[list[str]], int], *argv: str) -> Said:
    out = StringIO()
    out.fileno = lambda: 2  # type: ignore[method-assign]
    counting_calls.CALLS.clear()
    with redirect_stdout(out), redirect_stderr(out):
        try:
            code = command(list(argv))
        except SystemExit as end:
            code = int(end.code or 0)
    return Said(code, out.getvalue(), len(counting_calls.CALLS))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("place")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("OPENAI_", "EVALS_")):
                patch.delenv(name)
        patch.setenv("HOME", str(folder / "home"))
        patch.chdir(folder)
        patch.syspath_prepend(str(folder))
        yield Place(folder)
    for name in [name for name in sys.modules if name.startswith("broken_plugin")]:
        del sys.modules[name]


def what_is_wrong(place: Place, files: Files, *, by_check_alone: bool = False) -> list[str]:
    """What a user would miss of a broken eval; nothing if both commands refuse it as they should."""
    place.put(files)
    checked, ran = place.check(), place.run()
    wrong = [f"check exits {checked.code}"] if checked.code != 1 else []
    if by_check_alone:
        return wrong
    wrong += [f"the run exits {ran.code} after {ran.n_calls} calls"] if ran.code != 2 or ran.n_calls else []
    for name, text in (("check", checked.text), ("run", ran.text)):
        wrong += [f"{name}: traceback"] if "Traceback" in text else []
        wrong += [f"{name}: no place"] if not re.search(r"reg/|looked in: reg|broken_plugin", text) else []
        wrong += [f"{name}: no fix"] if not re.search(r"fix: |did you mean: |see all: ", text) else []
    return [f"{problem}: {ran.text[-300:]}" for problem in wrong]


def all_wrong(place: Place, cases: dict[str, Files]) -> dict[str, list[str]]:
    found = {
        name: what_is_wrong(place, files, by_check_alone=name in FOUND_BY_CHECK_ALONE) for name, files in cases.items()
    }
    return {name: wrong for name, wrong in found.items() if wrong}


WRONG_TYPES = ("three", 3, 1.5, [1], {"a": 1}, True)
GIVEN_BY_US = {"self", "completion_fns", "eval_registry_path", "seed", "name", "registry"}


def broken_arguments() -> dict[str, Files]:
    """For every class and argument: two wrong types, numbers that are none or too large, a name misspelt, one missing.

    An argument that many classes have is tried in the first.
    """
    cases, tried = {}, set()
    for cls, (args, rows) in BASES.items():
        whole = {"samples_jsonl": "t.jsonl", **args}
        for name, annotation in parameters_of(getattr(evals.suite, cls), lambda function: True).items():
            if name in GIVEN_BY_US or ((name, str(annotation)) in tried and name not in args):
                continue
            tried.add((name, str(annotation)))
            wrong: list[Any] = [value for value in WRONG_TYPES if not fits(value, annotation)][:2]
            if annotation is not Any and (fits(3, annotation) or fits(0.5, annotation)):
                wrong += [float("nan"), float("inf"), 10**400]
            cases |= {f"{cls}.{name}={value!r:.20}": made(cls, {**whole, name: value}, rows) for value in wrong}
            cases[f"{cls}.{name}, misspelt"] = made(cls, {**whole, name: LEFT_OUT, f"{name}x": 1}, rows)
    return cases


BY_KIND = {name.partition(":")[0]: name for name in BROKEN}
A_FEW = sorted({*BY_KIND.values(), *list(BROKEN)[::16]})


@pytest.mark.parametrize("name", A_FEW)
def test_a_broken_eval_is_caught_before_a_call_with_place_and_fix(place, name):
    assert what_is_wrong(place, BROKEN[name], by_check_alone=name in FOUND_BY_CHECK_ALONE) == []


@pytest.mark.parametrize("name", list(broken_arguments())[::40])
def test_a_wrong_argument_is_caught_before_a_call_with_place_and_fix(place, name):
    assert what_is_wrong(place, broken_arguments()[name]) == []


@pytest.mark.parametrize("name", list(ODD)[::8])
def test_an_odd_eval_that_is_legal_runs(place, name):
    assert _does_not_run(place, name) is None


@pytest.mark.slow
def test_every_broken_eval_is_caught_before_a_call(place):
    assert len(BROKEN) >= 400
    assert all_wrong(place, BROKEN) == {}


@pytest.mark.slow
def test_every_argument_of_every_class_is_checked_before_a_call(place):
    cases = broken_arguments()
    assert len(cases) >= 400
    assert all_wrong(place, cases) == {}


@pytest.mark.slow
def test_every_class_has_a_sound_eval_and_every_odd_one_runs(place):
    for cls, (args, rows) in BASES.items():
        place.put(made(cls, {"samples_jsonl": "t.jsonl", **args}, rows))
        assert place.check().code == 0, cls
        assert place.run().code == 0, cls
    assert len(ODD) >= 100
    failed = {name: _does_not_run(place, name) for name in ODD}
    assert {name: said for name, said in failed.items() if said is not None} == {}


def _does_not_run(place: Place, name: str) -> str | None:
    given = ODD[name]
    files, eval_name = given if isinstance(given, tuple) else (given, "t")
    place.put(files)
    checked, ran = place.check(eval_name), place.run(eval_name)
    return None if (checked.code, ran.code) == (0, 0) else checked.text + ran.text
