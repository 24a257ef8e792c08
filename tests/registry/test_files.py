"""Files of several registries: which entry wins, and what is said of a name in none."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from registry_parts import MATCH, Write, message

from evals.errors import RegistryError
from evals.registry import Registry


def test_an_unknown_eval_is_none_with_a_warning_or_an_error_with_near_misses(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    root = write(f"gsm8k: gsm8k.test.v1\ngsm8k.test.v1:\n  {MATCH}\n")
    registry = Registry([root])
    assert registry.get_eval("gms8k") is None
    assert "gsm8k" in caplog.text
    with pytest.raises(RegistryError) as error:
        registry.find_eval("gms8k")
    assert message(error).splitlines()[:2] == ["no eval is called 'gms8k'", "  did you mean: gsm8k"]


def test_a_file_in_the_place_of_an_eval_is_told_how_it_becomes_one(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry([write(f"gsm8k: gsm8k.test.v1\ngsm8k.test.v1:\n  {MATCH}\n")])
    monkeypatch.chdir(tmp_path)
    Path("my rows.csv").write_text("question,answer\n")
    with pytest.raises(RegistryError) as error:
        registry.find_eval("my rows.csv")
    assert "evals new NAME --from 'my rows.csv'" in message(error)
    with pytest.raises(RegistryError, match="no eval is called"):
        registry.find_eval("x" * 5000)


def test_a_base_name_without_an_alias_is_told_its_specs(write: Write) -> None:
    root = write(f"some-long-name.dev.v0:\n  {MATCH}\n")
    with pytest.raises(RegistryError) as error:
        Registry([root]).find_eval("some-long-name")
    assert "did you mean: some-long-name.dev.v0" in message(error)


def test_a_broken_file_that_hides_its_names_is_named_when_one_is_not_found(write: Write) -> None:
    root = write("{a.dev.v0: {class: [}\n", name="bad.yaml")
    with pytest.raises(RegistryError) as error:
        Registry([root]).find_eval("a.dev.v0")
    assert "not read: " in message(error)
    assert "bad.yaml:1" in message(error)


def test_a_missing_registry_is_passed_over_and_named_when_a_name_is_not_found(tmp_path: Path) -> None:
    registry = Registry([tmp_path / "nowhere"])
    assert registry.get_eval("a") is None
    with pytest.raises(RegistryError) as error:
        registry.find_eval("a")
    assert "there is no such folder" in message(error)


def test_a_file_whose_ending_is_not_read_is_named(tmp_path):
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "mine.yml").write_text("mine: mine.dev.v0\n")
    with pytest.raises(RegistryError, match=r"call it mine\.yaml"):
        Registry([tmp_path]).find_eval("mine")


def test_a_later_path_wins_and_only_another_body_is_warned_about(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    one = write("a.dev.v0:\n  class: m:Old\nsame.dev.v0:\n  class: m:C\n", root="one")
    two = write("a.dev.v0:\n  class: m:New\nsame.dev.v0:\n  class: m:C\n", root="two")
    registry = Registry([one])
    assert registry.find_eval("a.dev.v0").cls == "m:Old"
    registry.add_registry_paths([str(two)])
    spec = registry.find_eval("a.dev.v0")
    assert (spec.cls, spec.registry_path) == ("m:New", two)
    registry.find_eval("same.dev.v0")
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert f"{one}/evals/x.yaml:1" in warnings[0]


@pytest.mark.parametrize("wrong", [None, "registry/evals", "registry/evals/sums.yaml", "registri"])
def test_a_registry_of_the_working_folder_that_has_the_name_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "registry" / "evals").mkdir(parents=True)
    (tmp_path / "registry" / "evals" / "sums.yaml").write_text(f"sums: sums.dev.v0\nsums.dev.v0:\n  {MATCH}\n")
    registry = Registry([])
    registry.add_registry_paths([wrong] if wrong else [])
    with pytest.raises(RegistryError) as error:
        registry.find_eval("sums")
    assert "registry has it: add --registry_path registry" in message(error)
    assert "move it to" not in message(error)
    assert "not read" not in message(error)
    with pytest.raises(RegistryError) as other:
        registry.find_eval("sams")
    assert "has it" not in message(other)


def test_a_registry_that_is_the_working_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "sums.yaml").write_text(f"sums: sums.dev.v0\nsums.dev.v0:\n  {MATCH}\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RegistryError, match=r"this folder has it: add --registry_path \."):
        Registry([]).find_eval("sums")
