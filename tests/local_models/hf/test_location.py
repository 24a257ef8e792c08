"""Which names are folders and which are the hub's: decided by the text and the disk alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from evals.errors import MissingExtra, UsageError
from evals.local_models.hf.completion_fn import HfCompletionFn
from evals.local_models.hf.location import Location, locate
from evals.registry import Registry


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    (tmp_path / "models" / "tiny").mkdir(parents=True)
    (tmp_path / "models" / "tiny" / "config.json").write_text("{}")
    (tmp_path / "models" / "empty").mkdir()
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", ["models/tiny", "./models/tiny", "models/../models/tiny"])
def test_a_folder_with_a_model_is_taken_as_it_is(name):
    assert locate(name).is_local


def test_an_absolute_path_is_a_folder(tmp_path):
    assert locate(str(tmp_path / "models" / "tiny")) == Location(str(tmp_path / "models" / "tiny"), True)


@pytest.mark.parametrize("name", ["gpt2", "openai-community/gpt2", "Qwen/Qwen2.5-0.5B"])
def test_a_name_of_the_hub_is_one(name):
    assert locate(name) == Location(name, False)


@pytest.mark.parametrize(
    "name", ["/no/such/folder", "./tiny", "../tiny", "~/no-such-model", "models/tinny", "models\\tiny"]
)
def test_a_path_that_is_not_there_is_never_a_name_of_the_hub(name):
    with pytest.raises(UsageError, match=r"there is no folder|neither a folder") as caught:
        locate(name)
    assert ("did you mean: models/tiny" in str(caught.value)) is (name == "models/tinny")


def test_a_folder_without_a_model_and_a_text_that_is_neither_are_refused():
    with pytest.raises(UsageError, match=r"has no config\.json"):
        locate("models/empty")
    with pytest.raises(UsageError, match="neither a folder here nor a name of the hub"):
        locate("what is this")


def test_the_registry_leads_to_the_backend_and_refuses_what_is_not_there():
    assert Registry().resolve_completion_fn("hf/models/tiny").args == {"model": "models/tiny"}
    with pytest.raises(UsageError, match="there is no folder"):
        Registry().make_completion_fn("hf/./nothing")


def test_arguments_that_cannot_be_are_refused():
    with pytest.raises(UsageError, match="no model is named"):
        HfCompletionFn()
    with pytest.raises(UsageError, match="dtype is 'int3'"):
        HfCompletionFn("models/tiny", dtype="int3")


@pytest.mark.parametrize("package", ["torch", "transformers"])
def test_a_missing_extra_is_one_line_to_install(package):
    code = (
        "import importlib.util as u; real = u.find_spec\n"
        f"u.find_spec = lambda name, *more: None if name == {package!r} else real(name, *more)\n"
        "from evals.cli.oaieval import main; raise SystemExit(main(['hf/models/tiny', 'arithmetic']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == MissingExtra.exit_code
    assert "fix: pip install 'oaieval[hf]'" in done.stderr
    assert "Traceback" not in done.stderr
