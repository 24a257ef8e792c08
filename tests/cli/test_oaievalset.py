"""`oaievalset` as a user runs it, in processes of their own."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evals.cli.oaievalset import tasks_of
from evals.errors import RegistryError
from evals.registry import Registry

SCRIPTED = {"class": "evals.completion_fns:ScriptedCompletionFn"}
CAPITALS = [{"input": "France?", "ideal": "Paris"}, {"input": "Spain?", "ideal": "Madrid"}]


class Folder:
    """A registry with a set of two evals, and a completion function that knows the capitals."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.registry = path / "my registry"
        for kind in ("evals", "eval_sets", "completion_fns", "data"):
            (self.registry / kind).mkdir(parents=True, exist_ok=True)
        self.add_eval("first", CAPITALS)
        self.add_eval("second", CAPITALS[:1])
        self.add_set("both", "first", "second.dev.v0")
        script = [{"prompt": row["input"], "completion": row["ideal"]} for row in CAPITALS]
        (self.registry / "data" / "script.jsonl").write_text("\n".join(map(json.dumps, script)), encoding="utf-8")
        self.add_completion_fn("guide/one", {**SCRIPTED, "args": {"path": "script.jsonl"}})

    def add_eval(self, name: str, rows: list[dict[str, Any]], cls: str = "evals.suite:Match") -> None:
        (self.registry / "data" / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        spec = {"class": cls, "args": {"samples_jsonl": f"{name}.jsonl"}}
        alias = {"id": f"{name}.dev.v0", "metrics": ["accuracy"]}
        self._write(f"evals/{name}.yaml", {name: alias, f"{name}.dev.v0": spec})

    def add_set(self, name: str, *names: str) -> None:
        self._write(f"eval_sets/{name}.yaml", {name: {"evals": list(names)}})

    def add_completion_fn(self, name: str, body: dict[str, Any]) -> None:
        self._write(f"completion_fns/{name.replace('/', '-')}.yaml", {name: body})

    def _write(self, path: str, body: dict[str, Any]) -> None:
        (self.registry / path).write_text(json.dumps(body), encoding="utf-8")

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("EVALS_", "OPENAI_"))}
        command = [sys.executable, "-m", "evals.cli.oaievalset", *arguments, "--registry_path", self.registry.name]
        return subprocess.Popen(
            command,
            cwd=self.path,
            env=clean | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, **environment)
        output, messages = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, output, messages)

    def run_json(self, *arguments: str) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.run(*arguments, "--json").stdout)
        return parsed

    def records(self) -> list[Path]:
        return sorted((self.path / "evallogs").glob("*.jsonl"))


def until(is_so: Callable[[], bool], seconds: float = 300) -> None:
    """Wait until something is so, but not for ever."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folder, str]:
    """A folder in which the set was run once, and what that printed."""
    folder = Folder(tmp_path_factory.mktemp("once"))
    done = folder.run("guide/one", "both")
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


@pytest.fixture
def finished(once: tuple[Folder, str], tmp_path: Path) -> Folder:
    """A copy of that folder."""
    shutil.copytree(once[0].path, tmp_path / "copy")
    return Folder(tmp_path / "copy")


def test_each_eval_of_a_set_runs_once_and_the_table_shows_its_metric(once: tuple[Folder, str]) -> None:
    folder, printed = once
    rows = [line.split()[:4] for line in printed.splitlines() if ".dev.v0" in line and "accuracy" in line]
    assert rows == [["first.dev.v0", "0", "accuracy", "1.000"], ["second.dev.v0", "0", "accuracy", "1.000"]]
    assert "  mean accuracy over 2 evals: 1.000   no interval: one has a single sample\n" in printed
    assert "  intervals of all 2 that hold at once, 95 % (Bonferroni):\n  first.dev.v0 " in printed
    assert len(folder.records()) == 2


def test_json_is_the_only_thing_on_standard_output(folder: Folder) -> None:
    told = folder.run_json("dummy", "both")
    assert [(row["eval"], row["exit_code"], row["final_report"]["accuracy"]) for row in told["evals"]] == [
        ("first.dev.v0", 0, 0.0),
        ("second.dev.v0", 0, 0.0),
    ]


def test_finished_evals_are_not_run_again_and_keep_their_numbers(finished: Folder) -> None:
    again = finished.run_json("guide/one", "both")
    assert [(row["was_done"], row["final_report"]["accuracy"]) for row in again["evals"]] == [(True, 1.0), (True, 1.0)]
    assert len(finished.records()) == 2


@pytest.mark.slow
def test_no_resume_runs_all_again(finished: Folder) -> None:
    again = finished.run_json("guide/one", "both", "--no-resume")
    assert [row["was_done"] for row in again["evals"]] == [False, False]
    assert len(finished.records()) == 4


@pytest.mark.slow
def test_arguments_are_passed_on_and_make_other_evals_to_the_progress_file(finished: Folder) -> None:
    told = finished.run_json("guide/one", "both", "--max_samples", "1")
    assert [(row["was_done"], row["final_report"]["n"]) for row in told["evals"]] == [(False, 1), (False, 1)]


@pytest.mark.slow
def test_a_failed_eval_ends_the_set_and_is_not_done(folder: Folder) -> None:
    folder.add_eval("first", [{"input": "France?"}])
    told = folder.run_json("guide/one", "both")
    assert [row["exit_code"] for row in told["evals"]] == [2, None]
    folder.add_eval("first", CAPITALS)
    assert [row["was_done"] for row in folder.run_json("guide/one", "both")["evals"]] == [False, False]


@pytest.mark.slow
def test_without_exit_on_error_the_others_run_and_the_worst_exit_code_counts(folder: Folder) -> None:
    folder.add_eval("first", [{"input": "France?"}])
    done = folder.run("guide/one", "both", "--no-exit-on-error")
    assert done.returncode == 2
    assert [line.split()[:2] for line in done.stdout.splitlines() if ".dev.v0" in line] == [
        ["first.dev.v0", "2"],
        ["second.dev.v0", "0"],
    ]
    progress = folder.path / "evallogs" / "oaievalset" / "guide-one.both.progress.txt"
    assert [json.loads(line)[2] for line in progress.read_text().splitlines()] == ["second.dev.v0"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["guide/one", "bothh"], ["bothh", "did you mean: both"]),
        (["guide/one", "both", "--max_sample", "3", "--nope"], ["no option --nope"]),
        (["guide/one", "both", "--max_samplez", "3"], ["no option --max_samplez", "--max_samples"]),
        (["guide/one", "both", "--max_samples", "no"], ["--max_samples", "whole number", "'no'"]),
        (["guide/one", "both", "--record_path", "x.jsonl"], ["--record_path names one record", "EVALS_LOG_DIR"]),
        (["guide/one", "nothing"], ["no eval fits", "nope-*"]),
    ],
)
def test_mistakes_are_one_message_and_nothing_is_run(folder: Folder, arguments: list[str], said: list[str]) -> None:
    folder.add_set("nothing", "nope-*")
    done = folder.run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert all(text in done.stderr for text in said), done.stderr
    assert len(done.stderr.splitlines()) <= 8
    assert not folder.records()


def test_several_registries_work_and_a_name_that_no_eval_has_is_a_warning(folder: Folder, tmp_path: Path) -> None:
    folder.add_set("both", "first", "secnod")
    (tmp_path / "further").mkdir()
    done = folder.run("guide/one", "both", "--registry_path", str(tmp_path / "further"))
    assert done.returncode == 0, done.stderr
    assert "'secnod', which no eval is called" in done.stderr


def test_a_torn_line_of_the_progress_file_is_passed_over(finished: Folder) -> None:
    progress = finished.path / "evallogs" / "oaievalset" / "guide-one.both.progress.txt"
    progress.write_text(progress.read_text()[:-5], encoding="utf-8")
    assert [row["was_done"] for row in finished.run_json("guide/one", "both")["evals"]] == [True, False]


SLOW = """
import time
class Slow:
    def __init__(self, **kwargs): pass
    def __call__(self, prompt, **kwargs):
        time.sleep(0.2)
        print("asked", file=open("asked.txt", "a"), flush=True)
        return self
    def get_completions(self):
        return ["Paris"]
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that can be handled")
def test_a_terminated_set_ends_its_eval_in_order_and_goes_on_later(folder: Folder) -> None:
    (folder.path / "slow.py").write_text(SLOW, encoding="utf-8")
    folder.add_completion_fn("slow", {"class": "slow:Slow"})
    folder.add_eval("first", CAPITALS * 30)
    process = folder.start("slow", "both", EVALS_THREADS="1")
    until((folder.path / "asked.txt").exists)
    process.terminate()
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 143
    assert [line.split()[1] for line in output.splitlines() if ".dev.v0" in line] == ["143", "-"]
    told = json.loads(folder.run("slow", "both", "--json").stdout)
    assert [(row["exit_code"], row["final_report"]["n"]) for row in told["evals"]] == [(0, 60), (0, 1)]
    n_asked_anew = len((folder.path / "asked.txt").read_text().splitlines()) - 61
    assert n_asked_anew <= 1, "at most the one that was in flight"


def add_list(folder: Folder, *members: object) -> None:
    folder.add_completion_fn("guide/two", {**SCRIPTED, "args": {"path": "script.jsonl", "default": "?"}})
    folder.add_completion_fn("guide/all", {"members": list(members)})


@pytest.mark.slow
def test_a_list_of_completion_functions_runs_each_of_them_on_each_eval(folder: Folder) -> None:
    add_list(folder, "guide/two", "guide/one")
    told = folder.run_json("guide/all", "both")
    assert [(row["eval"], row["completion_fn"], row["exit_code"]) for row in told["evals"]] == [
        ("first.dev.v0", "guide/two", 0),
        ("first.dev.v0", "guide/one", 0),
        ("second.dev.v0", "guide/two", 0),
        ("second.dev.v0", "guide/one", 0),
    ]
    lines = folder.run("guide/all", "both").stdout.splitlines()
    rows = [line.split()[:5] for line in lines if ".dev.v0" in line]
    assert rows[0] == ["first.dev.v0", "guide/two", "0", "accuracy", "1.000"]
    assert len(folder.records()) == 4


def test_one_eval_is_a_set_of_one(folder: Folder) -> None:
    told = folder.run_json("guide/one", "first")
    assert [row["eval"] for row in told["evals"]] == ["first.dev.v0"]


def test_a_list_is_no_completion_function_and_a_broken_one_is_an_error(folder: Folder) -> None:
    add_list(folder, "guide/two", "guide/one")
    registry = Registry([folder.registry])
    with pytest.raises(RegistryError, match=r"list of 2 completion functions[^$]*oaievalset guide/all EVAL"):
        registry.resolve_completion_fn("guide/all")
    assert registry.completion_fn_members("guide/all") == ["guide/two", "guide/one"]
    assert registry.completion_fn_members("guide/one") == ["guide/one"]
    assert registry.completion_fn_members("some-model") == ["some-model"]
    for members in ([], "guide/one", [1]):
        folder.add_completion_fn("guide/all", {"members": members})
        with pytest.raises(RegistryError, match="not a list of names"):
            Registry([folder.registry]).completion_fn_members("guide/all")


@pytest.mark.slow
@pytest.mark.parametrize("what", ["data", "class", "script"])
def test_a_finished_eval_whose_content_has_changed_is_run_again_and_said(tmp_path, what):
    """Its old score would be shown as that of the new data, class or model."""
    folder = Folder(tmp_path)
    folder.run("guide/one", "both")
    if what == "data":
        folder.add_eval("first", [{**row, "ideal": "London"} for row in CAPITALS])
    elif what == "class":
        folder.add_eval("first", CAPITALS, "evals.suite:Includes")
    else:
        script = [{"prompt": row["input"], "completion": "London"} for row in CAPITALS]
        (folder.registry / "data" / "script.jsonl").write_text("\n".join(map(json.dumps, script)), encoding="utf-8")
    done = folder.run("guide/one", "both")
    word = {"data": "other data", "class": "other class", "script": "other file guide/one path"}[what]
    assert f"first.dev.v0 on guide/one has changed and is run again: {word}" in done.stderr
    n_again = 2 if what == "script" else 1
    assert len(folder.records()) == 2 + n_again


PLUGIN = "from evals.suite import Match\n\n\nclass Mine(Match):\n    pass\n"


@pytest.mark.slow
@pytest.mark.parametrize("what", ["scorer", "model"])
def test_a_finished_eval_whose_plug_in_has_changed_is_run_again_and_said(tmp_path, what):
    """The file that YAML names stays; only what it imports from beside it is edited."""
    folder = Folder(tmp_path)
    helper = tmp_path / "mine_helper.py"
    if what == "scorer":
        helper.write_text(PLUGIN)
        folder.add_eval("first", CAPITALS, "mine:Mine")
    else:
        helper.write_text("from evals.completion_fns import ScriptedCompletionFn as Mine\n")
        folder.add_completion_fn("guide/one", {"class": "mine:Mine", "args": {"completions": ["Paris", "Madrid"]}})
    (tmp_path / "mine.py").write_text("from mine_helper import Mine as Mine\n")
    assert folder.run("guide/one", "both", PYTHONPATH=str(tmp_path)).returncode == 0
    assert "has changed" not in folder.run("guide/one", "both", PYTHONPATH=str(tmp_path)).stderr
    helper.write_text(helper.read_text() + "\n# another rule\n")
    done = folder.run("guide/one", "both", PYTHONPATH=str(tmp_path))
    word = {"scorer": "other scorer code mine", "model": "other code mine"}[what]
    assert f"first.dev.v0 on guide/one has changed and is run again: {word}" in done.stderr
    assert len(folder.records()) == 2 + (1 if what == "scorer" else 2)


def test_a_key_among_the_arguments_is_neither_printed_nor_stored(tmp_path):
    folder = Folder(tmp_path)
    folder.add_completion_fn("keyed", {"class": "keyed:Model"})
    (tmp_path / "keyed.py").write_text(
        "from evals.completion_fns import ScriptedCompletionFn\n\n\nclass Model(ScriptedCompletionFn):\n"
        "    def __init__(self, api_key=None, registry=None):\n        super().__init__(completions=['Paris', 'Madrid'])\n"
    )
    arguments = ["keyed", "both", "--completion_args", "api_key=k-secret-value"]
    done = folder.run(*arguments, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "k-secret-value" not in done.stdout + done.stderr
    for path in (tmp_path / "evallogs").rglob("*"):
        if path.is_file():
            assert b"k-secret-value" not in path.read_bytes(), path
            assert path.stat().st_mode & 0o077 == 0, path
    again = folder.run(*arguments[:3], "api_key=another-secret", PYTHONPATH=str(tmp_path))
    assert "2 of 2 evals are done already" in again.stderr


def test_a_grader_goes_to_the_evals_of_a_set_that_ask_one(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.add_eval("judged", CAPITALS, "evals.suite:ModelBasedClassify")
    folder.add_set("mixed", "first", "judged")
    registry = Registry(registry_paths=[folder.registry])
    args = argparse.Namespace(model="guide/one", eval_set="mixed", registry_path=[])
    tasks = tasks_of(args, ["--grader", "strict", "--seed", "1", "--grader=lenient"], registry)
    assert {task[2].partition(".")[0]: task[3:] for task in tasks} == {
        "first": ["--seed", "1"], "judged": ["--grader", "strict", "--seed", "1", "--grader=lenient"],
    }  # fmt: skip


def test_the_set_alone_is_run_by_the_model_of_the_project_file(folder: Folder) -> None:
    (folder.path / "evals.toml").write_text('model = "guide/one"\n')
    done = folder.run("both", "--max_samples", "1", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "guide/one" in done.stdout + done.stderr


def test_a_model_or_a_set_that_is_missing_is_said_and_no_number_of_an_option_is_taken_for_it(folder: Folder) -> None:
    done = folder.run("both", "--max_samples", "1")
    assert done.returncode == 2
    assert "only one of model and eval set is named" in done.stderr
    assert "evals.toml" in done.stderr
