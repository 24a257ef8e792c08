"""Completion in real shells, and the candidates behind it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evals.cli import main
from evals.cli.completion import SCRIPTS, candidates


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with commands on its PATH, and a project file that names a registry with one eval and one model."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, module in (("oaieval", "oaieval"), ("oaievalset", "oaievalset"), ("evals", "main")):
        (commands / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -m evals.cli.{module} "$@"\n')
        (commands / name).chmod(0o755)
    for kind, name in (("evals", "zebra-facts"), ("completion_fns", "zoo/keeper")):
        (tmp_path / "registry" / kind).mkdir(parents=True)
        body = {"class": "evals.completion_fns:DummyCompletionFn"} if kind != "evals" else {"id": "zebra-facts.dev.v0"}
        (tmp_path / "registry" / kind / "own.yaml").write_text(json.dumps({name: body}, indent=1))
    (tmp_path / "evals.toml").write_text('registry_paths = ["registry"]\n')
    return tmp_path


def in_shell(shell: str, folder: Path, script: str) -> list[str]:
    """The lines that a script prints in a shell that has read the completion script."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    environment = {name: text for name, text in os.environ.items() if not name.startswith("EVALS_")}
    environment |= {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder), "TERM": "dumb"}
    flags = {"bash": ["--noprofile", "--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    done = subprocess.run(
        [shell, *flags, "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def bash_completes(folder: Path, *words: str) -> list[str]:
    """What the function that bash calls for the command answers, in a real bash."""
    quoted = " ".join(f"'{word}'" for word in words)
    script = (
        f'eval "$(evals completion bash)"; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}\n'
        f"called=$(complete -p {words[0]} | sed 's/.*-F \\([^ ]*\\).*/\\1/')\n"
        '"$called"; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    return in_shell("bash", folder, script)


@pytest.mark.slow
def test_bash_completes_commands_options_evals_and_models(folder):
    assert bash_completes(folder, "evals", "comp") == ["compare", "completion"]
    assert bash_completes(folder, "oaieval", "--max_sam") == ["--max_samples"]
    assert bash_completes(folder, "oaieval", "zoo/") == ["zoo/keeper"]
    assert bash_completes(folder, "oaieval", "zoo/keeper", "zeb") == ["zebra-facts"]


@pytest.mark.slow
def test_an_interactive_bash_completes_at_the_tab_key(folder):
    """The keys go through a terminal, and readline asks the function."""
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    pty = pytest.importorskip("pty")
    import time

    process_id, terminal = pty.fork()
    if process_id == 0:
        os.chdir(folder)
        os.environ["PATH"] = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        os.execvp("bash", ["bash", "--noprofile", "--norc", "-i"])
    os.write(terminal, b"PS1=; bind 'set bell-style none'; eval \"$(evals completion bash)\"; echo rea''dy\n")
    seen = b""
    end = time.monotonic() + 120

    def read_until(text: bytes) -> None:
        nonlocal seen
        while text not in seen:
            assert time.monotonic() < end, seen
            seen += os.read(terminal, 4096)

    try:
        read_until(b"ready\r\n")
        os.write(terminal, b"echo oaieval; oaieval zoo/kee\t")
        read_until(b"zoo/keeper")
    finally:
        os.close(terminal)
        os.waitpid(process_id, 0)


@pytest.mark.slow
def test_zsh_reads_the_script_and_completes(folder):
    script = (
        "autoload -Uz compinit && compinit -D -u\n"
        'eval "$(evals completion zsh)"\n'
        "compadd() { print -l -- ${(P)${@[-1]}} }\n"
        "words=(oaieval zoo/keeper zeb); CURRENT=3; _oaieval_complete\n"
        'print -- "$_comps[evals]"'
    )
    assert in_shell("zsh", folder, script) == ["zebra-facts", "_oaieval_complete"]


def test_fish_completes_at_a_command_line(folder):
    script = "evals completion fish | source\ncomplete -C 'oaieval zoo/keeper zeb'\ncomplete -C 'evals comp'"
    assert in_shell("fish", folder, script) == ["zebra-facts", "compare", "completion"]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (["oaieval", "pocket/1m", "gsm8"], ["gsm8k"]),
        (["oaieval", "--seed", "3", "pocket/1m", "gsm8"], ["gsm8k"]),
        (["oaieval", "pocket/1m", "x", "--undecided", ""], ["exit5", "neutral", "pass", "fail"]),
        (["oaieval", "pocket/1m", "x", "--undecided", "=", "n"], ["neutral"]),
        (["oaieval", "--max-sam"], ["--max-samples"]),
        (["oaieval", "--max_err"], ["--max_errors"]),
        (["oaievalset", "pocket/ladder", "gpt4"], ["gpt4-academic"]),
        (["/usr/bin/evals", "data", "fe"], ["fetch"]),
        (["evals", "check", "gsm8k", "mgsm-d"], ["mgsm-de"]),
        (["evals", "score", "run.jsonl", "--eval", "gsm8"], ["gsm8k"]),
        (["evals", "view", ""], []),
        (["oaieval", "x", "y", "--record_path", "ev"], []),
        (["somebody-else", "x"], []),
        (["oaieval"], []),
    ],
)
def test_the_candidates_for_the_last_word(words: list[str], first: list[str]):
    found = candidates(words, main.get_parser())
    assert found[: len(first)] == first
    assert bool(found) == bool(first)


def test_a_registry_of_the_command_line_counts(folder):
    words = ["oaieval", "--registry_path", str(folder / "registry"), "dummy", "zeb"]
    assert candidates(words, main.get_parser()) == ["zebra-facts"]


def test_each_shell_has_a_script(capsys):
    for shell, script in SCRIPTS.items():
        assert main.main(["completion", shell]) == 0
        assert capsys.readouterr().out == script
