"""docs/coming-from-openai-evals.md: a check for each row of its tables."""

from __future__ import annotations

import importlib
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command_place import PLUGIN, CommandPlace, kept_in, working_in
from commands import lines_of

from evals.cli import main, oaieval, oaievalset
from evals.cli.oaieval_flags import get_parser
from evals.specs import ModelGradedSpec
from evals.suite.graded.rubric import make_rubric
from evals.testing.openai_process import ServerProcess
from evals.testing.openai_server import Answer, LoopbackServer

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "coming-from-openai-evals.md").read_text(encoding="utf-8")

THERE: dict[str, Any] = {
    "--extra_eval_params": "", "--completion_args": "", "--max_samples": None, "--cache": True, "--visible": None,
    "--seed": 20220722, "--user": "", "--record_path": None, "--log_to_file": None, "--registry_path": None,
    "--debug": False, "--local-run": True, "--http-run": False, "--http-run-url": None, "--http-batch-size": 100,
    "--http-fail-percent-threshold": 5, "--dry-run": False, "--dry-run-logging": True,
}  # fmt: skip
"The flags of openai/evals' oaieval with their defaults, as its parser has them at commit 4bfc1f5."
OTHERWISE = {"--cache", "--dry-run-logging"}
"Flags whose default is another one here."


def rows(title: str) -> dict[str, list[str]]:
    part = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    table = [line for line in part.splitlines() if line.startswith("| ")][1:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {row[0]: row[1:] for row in cells}


class Place(CommandPlace):
    """An eval of openai/evals' form over rows that a scripted model answers rightly."""

    default_class = "evals.elsuite.basic.match:Match"

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, capsys, monkeypatch)
        self.add("theirs", [{"input": f"q{i}", "ideal": "a"} for i in range(20)])
        self.add_fn("right", "evals.completion_fns:ScriptedCompletionFn", completions=["a"] * 40)

    def record(self, *words: str) -> list[dict[str, Any]]:
        """The lines of the record of a run."""
        self.oaieval(*words, "--record_path", "run.jsonl")
        return lines_of(self.folder / "run.jsonl")


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with working_in(Place, tmp_path, capsys, monkeypatch) as there:
        yield there


def sample_ids(lines: list[dict[str, Any]]) -> list[str]:
    return sorted({line["sample_id"] for line in lines if line.get("type") == "match"})


def test_every_flag_of_openai_evals_is_listed_and_parsed_with_its_default():
    assert [name.strip("`") for name in rows("Flags of oaieval")] == list(THERE)
    args = vars(get_parser().parse_args(["m", "e"]))
    for flag, default in THERE.items():
        here = args[flag[2:].replace("-", "_")]
        same = here == default or (default in ("", None) and here in ([], None, ""))
        assert same == (flag not in OTHERWISE), flag


def test_pairs_may_be_given_at_once_or_one_by_one():
    """--extra_eval_params, --completion_args (whose values stay texts), --registry_path"""
    words = ["--extra_eval_params", "a=1", "--extra_eval_params", "b=2,c=x", "--completion_args", "d=1,e=2"]
    request = oaieval.request_of(get_parser().parse_args(["m", "e", *words, "--registry_path", "r"]))
    assert request.extra_eval_params == {"a": 1, "b": 2, "c": "x"}
    assert request.completion_args == {"d": "1", "e": "2"}
    assert request.registry_paths == ["r"]


def test_max_samples_and_seed_give_the_samples_of_openai_evals(place: Place):
    """--max_samples, --seed: `Random(123)` shuffles the indices, as `_index_samples` does there."""
    order = list(range(20))
    random.Random(123).shuffle(order)
    chosen = sorted(f"theirs.dev.{index}" for index in order[:5])
    assert sample_ids(place.record("right", "theirs", "--max_samples", "5")) == chosen
    assert get_parser().parse_args(["m", "e", "--limit", "5"]).max_samples == 5


def test_notes_and_places_of_records(place: Place):
    """--user, --visible, --record_path, --log_to_file, --debug, --cache"""
    spec = place.record("right", "theirs", "--user", "me", "--no-visible", "--log_to_file", "log.txt", "--debug")[0][
        "spec"
    ]
    assert (spec["created_by"], spec["run_config"]["initial_settings"]["visible"]) == ("me", False)
    assert (place.folder / "log.txt").is_file()
    assert place.oaieval("right", "theirs") == 0
    assert len(list((place.folder / "evallogs").glob("*_right_theirs.jsonl"))) == 1
    place.monkeypatch.setenv("EVALS_LOG_DIR", "other")
    place.monkeypatch.setenv("EVALS_CACHE_DIR", "kept")
    assert place.oaieval("pocket/32k", "theirs", "--max_samples", "1", "--cache") == 0
    assert len(list((place.folder / "other").glob("*.jsonl"))) == 1
    assert (place.folder / "kept" / "completions.sqlite").is_file()


def test_where_events_go(place: Place):
    """--local-run, --http-run, --http-run-url, --http-batch-size, --http-fail-percent-threshold, --dry-run,
    --dry-run-logging"""
    assert place.oaieval("right", "theirs", "--no-local-run") == 2
    assert "add --http-run or --dry-run" in place.said
    assert place.oaieval("right", "theirs", "--http-run") == 2
    assert "add --http-run-url URL" in place.said
    assert place.oaieval("right", "theirs", "--dry-run") == 0
    assert "dry run: the model is called, and no record is written" in place.said
    assert not (place.folder / "evallogs").exists()
    args = get_parser().parse_args(["m", "e", "--http-run", "--http-run-url", "http://x", "--http-batch-size", "7"])
    request = oaieval.request_of(args)
    assert (request.http_url, request.http_batch_size, request.http_fail_percent_threshold) == ("http://x", 7, 5)


Check = Callable[[Place], None]
DIFFERENCES: dict[str, Check] = {}
differs = kept_in(DIFFERENCES)


@differs("installation")
def few_packages(place: Place) -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert listed is not None
    assert 8 <= len(listed[1].strip().splitlines()) <= 12


@differs("a sample that raises")
def raises(place: Place) -> None:
    place.add_plugin(
        "class Own(Match):\n    def eval_sample(self, sample, rng):\n        assert sample['input'] != 'q3'\n"
        "        return super().eval_sample(sample, rng)\n"
    )
    place.add("own", [{"input": f"q{i}", "ideal": "a"} for i in range(6)], f"{PLUGIN}:Own")
    lines = place.record("right", "own")
    assert len(sample_ids(lines)) == 5
    assert [line["sample_id"] for line in lines if line.get("type") == "error"] == ["own.dev.3"]
    assert place.oaieval("right", "own") == 3


@differs("a run that was stopped")
def stopped(place: Place) -> None:
    place.record("right", "theirs")
    whole = (place.folder / "run.jsonl").read_text().splitlines(keepends=True)
    kept = [i for i, line in enumerate(whole) if '"sample_done"' in line][11]
    (place.folder / "run.jsonl").write_text("".join(whole[: kept + 1]))
    assert place.oaieval("right", "theirs", "--resume-from", "run.jsonl") == 0
    lines = lines_of(place.folder / "run.jsonl")
    matches = [line["sample_id"] for line in lines if line.get("type") == "match"]
    assert (len(matches), len(set(matches))) == (20, 20)


@differs("calls at a time")
def concurrency(place: Place) -> None:
    from evals.engine.settings import settings_from_environment

    assert settings_from_environment().start_concurrency == 32
    place.monkeypatch.setenv("EVALS_THREADS", "10")
    assert settings_from_environment().ceiling == 10


@differs("an unknown eval")
def unknown(place: Place) -> None:
    assert place.oaieval("right", "theires") == 2
    assert "did you mean: theirs" in place.said


@differs("an unknown argument of a class")
def unknown_argument(place: Place) -> None:
    place.add("wrong", [{"input": "q", "ideal": "a"}], num_few_shots=1)
    assert place.oaieval("right", "wrong") == 2
    assert "takes no argument 'num_few_shots'" in place.said
    assert "wrong.yaml:" in place.said


@differs("exit codes")
def exit_codes(place: Place) -> None:
    assert place.oaieval("right", "theirs", "--fail-under", "accuracy>=0.5") == 0
    assert place.oaieval("dummy", "theirs", "--fail-under", "accuracy>=0.5") == 1


@differs("the report")
def report(place: Place) -> None:
    (line,) = [line for line in place.record("right", "theirs") if "final_report" in line]
    found = line["final_report"]
    assert {"accuracy", "boostrap_std", "accuracy_stderr", "accuracy_ci95", "n"} <= set(found)
    assert found["accuracy"] == 1.0


@differs("a chat model behind an SDK of 2025 or later")
def token_details(place: Place) -> None:
    with LoopbackServer(lambda call: Answer("a", reasoning_tokens=3, cached_tokens=2)) as server:
        place.monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        place.monkeypatch.setenv("OPENAI_API_KEY", "k")
        lines = place.record("gpt-3.5-turbo", "theirs")
    (usage, *_) = [line["data"]["usage"] for line in lines if line.get("type") == "sampling"]
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 3
    assert sum("final_report" in line for line in lines) == 1
    without = [{"spec": lines[0]["spec"]}, *(line for line in lines[1:] if "final_report" not in line)]
    for name in ("a.jsonl", "b.jsonl"):
        (place.folder / name).write_text("".join(f"{json.dumps(line)}\n" for line in without))
    assert main.main(["compare", str(place.folder / "a.jsonl"), str(place.folder / "b.jsonl")]) == 0
    assert main.main(["view", str(place.folder / "a.jsonl")]) == 0


@differs("what a script can read")
def log_lines(place: Place) -> None:
    assert place.oaieval("right", "theirs") == 0
    assert "accuracy: 1.0" not in place.said
    assert place.oaieval("right", "theirs", "--log_to_file", "run.log") == 0
    log = (place.folder / "run.log").read_text()
    assert "Run started: " in log
    assert "Final report:\n" in log
    assert "accuracy: 1.0\n" in log
    before = place.said
    assert place.oaieval("right", "theirs", "--debug") == 0
    assert "accuracy: 1.0" in place.said.removeprefix(before)


@differs("progress of `oaievalset`")
def progress(place: Place) -> None:
    from evals.cli.oaievalset import progress_file

    assert progress_file("m", "set") == Path("evallogs/oaievalset/m.set.progress.txt")
    assert callable(oaievalset.run)


@differs("`few_shot_jsonl` and `samples_jsonl`")
def formats(place: Place) -> None:
    place.add("table", "input,ideal\nq,a\nr,a\n", file="table.csv")
    (line,) = [line for line in place.record("right", "table") if "final_report" in line]
    assert line["final_report"]["accuracy"] == 1.0


@differs("an ideal answer that is empty")
def empty_ideal(place: Place) -> None:
    place.add("theirs2", [{"input": "q", "ideal": ""}])
    place.add("ours", [{"input": "q", "ideal": ""}], "evals.suite:Match")
    assert place.oaieval("dummy", "theirs2") == 0
    assert "warning" in place.said
    assert place.oaieval("dummy", "ours") == 2
    assert "holds an empty text" in place.said


@differs("a text prompt to a chat model")
def system_message(place: Place) -> None:
    with ServerProcess("--answer", "a") as server:
        place.monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        place.monkeypatch.setenv("OPENAI_API_KEY", "k")
        lines = place.record("gpt-3.5-turbo", "theirs", "--max_samples", "1")
    (prompt,) = [line["data"]["prompt"] for line in lines if line.get("type") == "sampling"]
    assert prompt == [{"role": "system", "content": prompt[0]["content"]}]


@differs("the words that `eval_type` adds to a rubric")
def words_of_eval_type(place: Place) -> None:
    rubric = {
        "prompt": "Judge {completion}.\n\nOld words.",
        "choice_strings": "YN",
        "input_outputs": {"input": "completion"},
    }
    kept = make_rubric(ModelGradedSpec(**rubric, eval_type="cot_classify"))
    assert kept.prompt == [{"role": "user", "content": "Judge {completion}.\n\nOld words."}]
    assert kept.read_as == "cot_classify"
    appended = make_rubric(ModelGradedSpec(**rubric), eval_type="cot_classify").prompt[-1]["content"]
    assert appended.startswith("Judge {completion}.\n\nOld words.\n\nWork through the question")


@differs("Snowflake")
def snowflake(place: Place) -> None:
    from evals.errors import UsageError
    from evals.record import Recorder

    with pytest.raises(UsageError, match="Snowflake"):
        Recorder("x", None)


@differs("thoughts of reasoning models")
def thoughts(place: Place) -> None:
    place.add_fn("thinks", "evals.completion_fns:ScriptedCompletionFn", completions=["<think>b?</think>a"] * 40)
    lines = place.record("thinks", "theirs", "--max_samples", "1")
    (sampled,) = [line["data"]["sampled"] for line in lines if line.get("type") == "sampling"]
    (match,) = [line["data"]["correct"] for line in lines if line.get("type") == "match"]
    assert (sampled, match) == (["<think>b?</think>a"], True)


def test_every_difference_of_the_page_has_a_check():
    assert list(rows("What differs")) == list(DIFFERENCES)


@pytest.mark.parametrize("row", sorted(DIFFERENCES))
def test_a_difference_is_as_the_page_says(place: Place, row: str):
    DIFFERENCES[row](place)


@pytest.mark.parametrize("row", sorted(rows("For plug-ins")))
def test_the_names_for_plug_ins_are_there(row: str):
    for dotted in re.findall(r"`([\w.]+)`", row):
        module, _, name = dotted.rpartition(".")
        assert getattr(importlib.import_module(module), name) is not None


def test_a_class_under_a_path_of_openai_evals_is_the_class_of_the_suite():
    from evals import suite
    from evals.elsuite.basic.fuzzy_match import FuzzyMatch
    from evals.elsuite.basic.includes import Includes
    from evals.elsuite.basic.match import Match

    assert (Match, Includes, FuzzyMatch) == (suite.Match, suite.Includes, suite.FuzzyMatch)
