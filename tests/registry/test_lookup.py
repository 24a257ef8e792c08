"""Look-ups: specs, sets and completion functions by name, over the registries of a test and the built-in one."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from registry_parts import MATCH, TakesRegistry, Write, message

import evals
from evals.errors import RegistryError
from evals.registry import Registry, is_chat_model, n_ctx_from_model_name
from evals.registry.classes import load_object


def test_a_spec_whose_name_has_no_dot_is_a_clear_error(write: Write) -> None:
    root = write(f"nodot:\n  {MATCH}\n")
    with pytest.raises(RegistryError, match="no split in its name") as error:
        Registry([root]).find_eval("nodot")
    assert "nodot.dev.v0" in message(error)


def test_only_the_star_is_special_in_a_pattern_and_both_ends_are_anchored(write: Write) -> None:
    names = ["m.a.v1", "mxa.v1", "m.a.v10", "n.m.a.v1", "m+a.x"]
    root = write("".join(f"{name}:\n  {MATCH}\n" for name in names))
    registry = Registry([root])

    def keys(*patterns: str) -> list[str | None]:
        return [spec.key for spec in registry.get_evals(patterns) if spec is not None]

    assert keys("m.*.v1") == ["m.a.v1"]
    assert keys("m*v1") == ["m.a.v1", "mxa.v1"]
    assert keys("m+a.x", "m.a.v10") == ["m.a.v10", "m+a.x"]


def test_get_class_binds_the_args_and_nothing_else(write: Write) -> None:
    root = write("a.dev.v0:\n  class: builtins:dict\n  args: {samples_jsonl: x}\n")
    registry = Registry([root])
    made = registry.get_class(registry.find_eval("a.dev.v0"))
    assert made(seed=3) == {"samples_jsonl": "x", "seed": 3}


def test_arguments_come_from_the_entry_then_from_the_caller_and_the_registry_where_it_is_wanted(
    write: Write,
) -> None:
    root = write("f:\n  class: registry_parts:Stub\n  args: {model: m, temperature: 0.5}\n", kind="completion_fns")
    write("g:\n  class: registry_parts:TakesRegistry\n", kind="solvers")
    registry = Registry([root])
    made = registry.make_completion_fn("f", temperature=0.1)
    assert (made.model, made.temperature) == ("m", 0.1)
    assert registry.make_completion_fn("g").registry is registry


def test_a_solver_wins_over_a_completion_function_of_the_same_name(with_fns: Registry) -> None:
    assert isinstance(with_fns.make_completion_fn("plain"), TakesRegistry)


def test_what_is_made_must_be_callable(with_fns: Registry) -> None:
    with pytest.raises(RegistryError, match="a NotCallable is not a completion function"):
        with_fns.make_completion_fn("not-callable")


def test_unknown_completion_functions_are_none_by_exact_name(with_fns: Registry) -> None:
    assert with_fns.get_completion_fn("nonsense") is None
    assert with_fns.get_solver("mine") is None
    assert with_fns.get_completion_fn("mine") is not None


def test_models_work_with_any_list_of_paths(tmp_path: Path) -> None:
    assert Registry([tmp_path]).resolve_completion_fn("any-model").key == "default"
    assert Registry([tmp_path]).make_completion_fn("dummy")("hi").get_completions() == ["This is a dummy response."]


def test_every_class_of_the_built_in_completion_functions_can_be_imported() -> None:
    registry = Registry()
    for kind in ("completion_fns", "solvers"):
        for entry in registry.entries(kind):
            if "class" in entry.body:
                assert callable(load_object(entry.body["class"], named_by=entry.name, where=entry.where))


@pytest.mark.parametrize(
    ("name", "n_ctx"),
    [
        ("gpt-3.5-turbo", 4096),
        ("gpt-3.5-turbo-0613", 4096),
        ("gpt-3.5-turbo-16k", 16384),
        ("gpt-3.5-turbo-16k-0613", 16384),
        ("gpt-4", 8192),
        ("gpt-4-0613", 8192),
        ("gpt-4-32k", 32768),
        ("gpt-4-32k-0613", 32768),
        ("gpt-4-1106-preview", 128_000),
        ("gpt-4-turbo-preview", 128_000),
        ("gpt-4-0125-preview", 128_000),
        ("gpt-4-base", 8192),
        ("davinci", 2048),
        ("text-curie-001", 2048),
        ("code-davinci-002", 8000),
        ("text-davinci-003", 4096),
        ("nobody-knows", None),
    ],
)
def test_context_lengths_are_those_that_openai_evals_gives(name: str, n_ctx: int | None) -> None:
    assert n_ctx_from_model_name(name) == n_ctx


def test_chat_models_are_told_from_text_models() -> None:
    chat = ["gpt-3.5-turbo", "gpt-3.5-turbo-16k-0613", "gpt-4", "gpt-4-32k-0613", "gpt-4o", "gpt-5-mini", "o3"]
    text = ["gpt-3.5-turbo-instruct-0914", "gpt-4-base", "gpt4-base", "text-davinci-003", "code-davinci-002"]
    assert [name for name in chat if not is_chat_model(name)] == []
    assert [name for name in [*text, "dummy"] if is_chat_model(name)] == []


PEER = os.environ.get("EVALS_PEER_REGISTRY")


@pytest.mark.skipif(not PEER, reason="EVALS_PEER_REGISTRY names no copy of the openai/evals registry")
def test_every_entry_of_the_released_registry_resolves() -> None:
    registry = Registry()
    registry.add_registry_paths([str(PEER)])
    entries = [entry for entry in registry.entries("evals") if str(entry.registry_path) == PEER]
    aliases = [entry for entry in entries if "id" in entry.body]
    assert (len(entries), len(aliases)) == (1550, 701)
    assert all("." in str(registry.find_eval(entry.name).key) for entry in entries)
    for kind, n_entries in (("solvers", 169), ("completion_fns", 9), ("modelgraded", 21), ("eval_sets", 19)):
        assert len([e for e in registry.entries(kind) if str(e.registry_path) == PEER]) == n_entries
    for entry in registry.entries("modelgraded"):
        assert registry.get_modelgraded_spec(entry.name).prompt
    for entry in registry.entries("eval_sets"):
        assert any(registry.get_evals(registry.find_eval_set(entry.name).evals)), entry.where


def test_the_places_that_were_read_are_named_with_the_home_folder_last(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for folder in (".evals", "mine"):
        (tmp_path / folder / "evals").mkdir(parents=True)
    registry = Registry()
    registry.add_registry_paths([tmp_path / "mine"])
    with pytest.raises(RegistryError) as caught:
        registry.find_eval("nowhere")
    assert f"looked in: {tmp_path / 'mine'}, {tmp_path / '.evals'}, and in the built-in registry" in str(caught.value)


def test_a_package_in_a_zip_file_says_that_its_registry_is_missing(tmp_path):
    package = Path(evals.__file__).parent
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        for path in package.rglob("*.py"):
            archive.write(path, path.relative_to(package.parent))
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'app.zip')!r})\n"
        "from evals.cli.oaieval import main\nsys.exit(main(['dummy', 'arithmetic']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "the built-in registry is missing" in done.stderr
    assert "install the wheel" in done.stderr
