"""Whose code failed: by the place of the file that the code is in."""

from __future__ import annotations

import importlib.util
import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from evals.errors import DataError, UsageError
from evals.eval import Eval
from evals.record.event import event_of
from evals.registry.classes import build
from evals.registry.whose_code import blamed_line, foreign_line, is_ours
from evals.suite.match.match import Match


def module_at(path: Path, name: str, text: str) -> Any:
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_code_in_the_folder_of_this_package_is_ours():
    assert is_ours(Match)
    assert is_ours(Match.eval_sample)
    assert is_ours(Eval.run)


def test_code_elsewhere_is_not_ours_whatever_its_module_is_called(tmp_path):
    module = module_at(tmp_path / "mine.py", "evals.suite.mine", "def answer():\n    pass\n")
    assert module.answer.__module__ == "evals.suite.mine"
    assert not is_ours(module.answer)


@pytest.mark.parametrize("builtin", [len, dict])
def test_code_without_a_file_is_not_ours(builtin):
    assert not is_ours(builtin)


def test_a_surprise_of_a_plug_in_becomes_a_message_and_one_of_ours_stays(tmp_path, caplog):
    caplog.set_level(logging.CRITICAL)
    theirs = module_at(tmp_path / "theirs.py", "theirs", "def make():\n    raise KeyError('lost')\n")
    with pytest.raises(UsageError, match="thing cannot be made: KeyError") as caught:
        build(theirs.make, {}, named_by="thing", where="x:1")
    assert f"raised at {tmp_path / 'theirs.py'}:2" in str(caught.value)
    with pytest.raises(KeyError):
        build(event_of, {"line": {}}, named_by="thing")


@pytest.mark.parametrize("module", ["alone.py", "package/inner.py"])
def test_the_line_of_an_installed_plug_in_is_named_and_not_that_of_a_library_beside_it(tmp_path, module):
    place = tmp_path / "site-packages"
    (place / module).parent.mkdir(parents=True)
    library = module_at(place / "library_of_others.py", "library_of_others", "def fail():\n    raise KeyError('x')\n")
    text = "class Own:\n    def score(self, fail):\n        fail()\n"
    own = module_at(place / module, module.replace("/", ".").removesuffix(".py"), text)
    with pytest.raises(KeyError) as caught:
        own.Own().score(library.fail)
    caught.value.__traceback__ = caught.value.__traceback__.tb_next
    assert blamed_line(caught.value) is None
    own.Own.__module__ = own.__name__
    sys.modules[own.__name__] = own
    assert blamed_line(caught.value, own.Own()) == f"{place / module}:3"
    del sys.modules[own.__name__]


def test_what_a_constructor_refuses_is_the_user_s_to_mend(tmp_path):
    text = "from evals.errors import DataError\n\ndef make(n):\n    if n:\n        raise DataError('no file')\n"
    theirs = module_at(tmp_path / "theirs.py", "theirs", text + "    raise ValueError('n is 0')\n")
    with pytest.raises(UsageError, match="thing cannot be made with these arguments: n is 0"):
        build(theirs.make, {"n": 0}, named_by="thing")
    with pytest.raises(DataError):
        build(theirs.make, {"n": 1}, named_by="thing")


def test_the_line_that_is_named_is_the_innermost_one_outside_this_package(tmp_path):
    text = "from evals.suite.match.match import Match\n\ndef make():\n    return Match()\n"
    module = module_at(tmp_path / "maker.py", "maker", text)
    with pytest.raises(TypeError) as caught:
        module.make()
    assert foreign_line(caught.value) == f"{tmp_path / 'maker.py'}:4"
