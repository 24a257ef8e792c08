"""Where registries lie, and which folders are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.cli.main import main
from evals.errors import RegistryError
from evals.registry import Registry, bundled_data_root, bundled_root
from evals.registry.roots import KINDS, no_registry


def test_the_default_paths_are_the_built_in_registry_and_the_home_folder() -> None:
    registry = Registry()
    assert registry._registry_paths == [bundled_root(), Path.home() / ".evals"]
    assert (bundled_root() / "completion_fns").is_dir()
    assert bundled_data_root().name == "data"


@pytest.mark.parametrize(
    ("files", "given", "said"),
    [
        ({}, "nowhere", "there is no such folder"),
        ({"r/evals/a.yaml": "a: b\n"}, "r/evals", "name the one above it"),
        ({"r/evals/a.yaml": "a: b\n"}, "r/evals/a.yaml", "this is a file"),
        ({"r/x": ""}, "r", "none of the folders evals, "),
    ],
)
def test_a_path_that_holds_no_registry_is_warned_about(tmp_path, caplog, files, given, said):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    Registry().add_registry_paths([tmp_path / given])
    assert said in caplog.text


def test_a_folder_with_any_kind_of_entry_or_data_is_a_registry(tmp_path: Path) -> None:
    assert no_registry(tmp_path) != ""
    for kind in (*KINDS, "data"):
        root = tmp_path / f"with-{kind}"
        (root / kind).mkdir(parents=True)
        assert no_registry(root) == ""
    assert no_registry(bundled_root()) == ""


def test_the_built_in_data_lie_beside_the_built_in_registry() -> None:
    assert bundled_data_root().parent == bundled_root().parent
    assert (bundled_data_root() / "arithmetic").is_dir()


def test_a_folder_that_is_not_there_is_told_with_its_near_misses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "my-registry" / "evals").mkdir(parents=True)
    wrong = tmp_path / "my-registy"
    assert no_registry(wrong) == "there is no such folder (did you mean: my-registry)"
    registry = Registry()
    registry.add_registry_paths([wrong])
    with pytest.raises(RegistryError) as caught:
        registry.find_eval("not-there-at-all")
    assert f"registry {wrong}: there is no such folder (did you mean: my-registry)" in str(caught.value)
    assert main(["check", "demo-sums", "--registry_path", str(wrong)]) == 2
    assert "did you mean: my-registry" in capsys.readouterr().err
