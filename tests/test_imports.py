"""Importing is free: what a start-up loads, and what it must not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import evals

HEAVY = {"openai", "numpy", "scipy", "yaml", "asyncio", "aiohttp", "httpx", "pydantic", "tqdm", "jsonlines"} | {
    "matplotlib"
}


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after `code`."""
    report = "import sys, atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    done = subprocess.run(
        [sys.executable, "-c", report + code], capture_output=True, text=True, timeout=300, check=True
    )
    return {name.split(".")[0] for name in done.stderr.splitlines()[-1].split()}


@pytest.mark.parametrize(
    "code",
    [
        "import evals",
        "from evals.cli.oaieval import main; main(['--help'])",
        "from evals.cli.oaievalset import main; main(['--help'])",
        "from evals.cli.main import main; main(['--help'])",
        "from evals.cli.main import main; main(['view', '--help'])",
        "from evals.cli.main import main; main(['plot', 'calibration', '--help'])",
    ],
)
def test_starting_up_loads_nothing_heavy(code: str) -> None:
    assert loaded_by(code) & HEAVY == set()


def test_import_evals_loads_none_of_our_modules() -> None:
    code = "import evals, sys; print([n for n in sys.modules if n.startswith('evals.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.strip() == "[]"


def test_a_run_never_loads_scipy_or_numpy(tmp_path: object) -> None:
    code = f"import os; os.chdir({str(tmp_path)!r})\nfrom evals.cli.oaieval import main; main(['dummy', 'fact-meta'])"
    assert loaded_by(code) & {"scipy", "numpy"} == set()


@pytest.mark.parametrize("module", ["record", "metrics", "eval", "data", "registry", "api", "base"])
def test_submodules_are_attributes_after_import_evals(module: str) -> None:
    code = f"import evals; print(evals.{module}.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.strip() == f"evals.{module}"


def test_every_promised_name_can_be_taken_from_the_package() -> None:
    assert all(getattr(evals, name) is not None for name in evals.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'metricks'"):
        _ = evals.metricks


def test_no_key_and_no_home_folder_are_needed_to_import() -> None:
    code = "import evals; evals.registry; evals.api; evals.completion_fns"
    environment = {"PYTHONPATH": str(Path(evals.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
