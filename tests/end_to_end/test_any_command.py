"""Any options, words and files: each command ends soon, with a message and an exit code of its own, and loses no file."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from any_command import FITTING, STOPPED_AFTER_S, Folder, any_arguments, leaves, run_words

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the limit on time is a signal")

LEAVES = leaves()
N_FEW = 2
N_MANY = int(os.environ.get("EVALS_FUZZ_EXAMPLES", "40"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    """A working folder without keys and settings of the user, and with a cache of its own."""
    before = Path.cwd()
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("OPENAI_", "EVALS_", "GITHUB_", "ANTHROPIC_", "GEMINI_", "GOOGLE_")):
                patch.delenv(name)
        patch.setenv("EVALS_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        place = tmp_path_factory.mktemp("place")
        os.chdir(place)
        yield Folder(place)
        os.chdir(before)


def ends_well(folder: Folder, name: str, argv: list[str]) -> None:
    folder.put_back()
    code, said = run_words(name, argv)
    assert code in (0, 1, 2, 3, 4, 5, *([130] if name in STOPPED_AFTER_S else [])), f"{name} {argv}\n{said}"
    assert "Traceback" not in said, f"{name} {argv}\n{said}"
    assert folder.lost(argv) == [], f"{name} {argv}"


def try_command(folder: Folder, name: str, n: int) -> None:
    for number in range(n):
        rng = random.Random(f"{name} {number}")
        ends_well(folder, name, any_arguments(name, LEAVES[name], rng, folder.names))


@pytest.mark.parametrize("name", sorted(LEAVES))
def test_any_arguments_of_a_command(folder: Folder, name: str) -> None:
    try_command(folder, name, N_FEW)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(LEAVES))
def test_many_arguments_of_a_command(folder: Folder, name: str) -> None:
    try_command(folder, name, N_MANY)


@pytest.mark.parametrize(
    "name", sorted(set(FITTING) - {"plot exams", "import openai-evals", "import exam", *STOPPED_AFTER_S})
)
def test_the_command_lines_that_are_varied_do_their_work(folder: Folder, name: str) -> None:
    """Else the options would be tried on commands that end before they read them."""
    folder.put_back()
    code, said = run_words(name, FITTING[name].split())
    assert code in (0, 3, 5), said
