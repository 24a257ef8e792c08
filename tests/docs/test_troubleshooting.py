"""docs/troubleshooting.md: each message that the page lists comes out of the mistake that it describes."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_place import PLUGIN, CommandPlace, kept_in, working_in
from made_runs import write_run

from evals.cli.console import run_command
from evals.testing.openai_process import ServerProcess

PAGE = (Path(__file__).parents[2] / "docs" / "troubleshooting.md").read_text(encoding="utf-8")


def rows_of_the_page() -> dict[str, list[int]]:
    """Each message that the page lists, with the exit codes of its section; 0 for numbers that look wrong."""
    found: dict[str, list[int]] = {}
    codes: list[int] = []
    for line in PAGE.splitlines():
        if line.startswith("## "):
            codes = [int(number) for number in re.findall(r"\b\d+\b", line.partition(":")[0])]
        elif match := re.match(r"\| `([^`]+)` \|", line):
            found[match[1]] = codes
    return found


class Place(CommandPlace):
    """An eval of four rows beside what the mistake needs."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, capsys, monkeypatch)
        self.add("ok", [{"input": f"q{i}", "ideal": "a"} for i in range(4)])


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with working_in(Place, tmp_path, capsys, monkeypatch) as there:
        yield there


SLOW = {"... cannot be reached: ..."}
"The engine tries for some seconds before it says so."

Mistake = Callable[[Place], int]
MISTAKES: dict[str, Mistake] = {}
makes = kept_in(MISTAKES)


def simple(message: str, *words: str) -> None:
    MISTAKES[message] = lambda place: place.run(*words)


simple("no eval is called '...'", "oaieval", "dummy", "okk")
simple("... is an eval, and ... is none", "oaieval", "ok", "dummy")
simple("no option --...", "oaieval", "dummy", "ok", "--max_smaples", "3")
simple("the following arguments are required: eval", "oaieval", "dummy")
simple("needs a whole number, not '...'", "oaieval", "dummy", "ok", "--seed", "x")
simple("no completion function is called '...', and '...' is reserved", "oaieval", "poket/1m", "ok")
simple("no key for ...", "oaieval", "gpt-4", "ok")
simple("--fail-under names '...', which is not in the report", "oaieval", "dummy", "ok", "--fail-under", "acuracy>=0.5")
simple("failed: accuracy is ..., not >= ...", "oaieval", "dummy", "ok", "--fail-under", "accuracy>=0.5")
simple("the record cannot be read: ...", "evals", "view", "nothing.jsonl")
simple("the record cannot be written: ...", "oaieval", "dummy", "ok", "--record_path", "/dev/null/x.jsonl")
simple("no eval set is called '...'", "oaievalset", "dummy", "no-such-set")
simple("... without an answer (scored wrong)", "oaieval", "dummy", "pocket-arithmetic", "--max_samples", "2")


@makes("No difference can be detected: too few samples")
def few_samples(place: Place) -> int:
    place.add_fn("half", "evals.completion_fns:ScriptedCompletionFn", completions=["a", "b", "b", "b"])
    return place.oaieval("half", "ok")


@makes("... have a completion that was cut off at the limit on tokens")
def cut_off(place: Place) -> int:
    return place.oaieval("pocket/32k", "ok")


@makes("failure: exit 1")
def check_fails(place: Place) -> int:
    place.add("wrong", [{"input": "q", "ideal": ""}])
    return place.evals("check", "wrong")


@makes("needs packages that are not installed")
def extra_is_missing(place: Place) -> int:
    place.add_fn("lacks", f"{PLUGIN}:lacks")
    place.add_plugin("from evals.errors import MissingExtra\n\n\ndef lacks():\n    raise MissingExtra('lacks', 'hf')")
    return place.oaieval("lacks", "ok")


@makes(": no 'ideal'")
def no_ideal(place: Place) -> int:
    place.add("wrong", [{"input": "q", "answer": "a"}])
    return place.oaieval("dummy", "wrong")


@makes("not JSON: ...")
def broken_row(place: Place) -> int:
    place.add("wrong", '{"input": "q",\n')
    return place.oaieval("dummy", "wrong")


@makes("'ideal' holds an empty text, which every completion matches")
def empty_ideal(place: Place) -> int:
    place.add("wrong", [{"input": "q", "ideal": ""}])
    return place.oaieval("dummy", "wrong")


@makes("no data is called '...'")
def no_data(place: Place) -> int:
    place.add("wrong", "")
    return place.oaieval("dummy", "wrong")


@makes("names class '...', which has no such class")
def no_class(place: Place) -> int:
    place.add("wrong", [{}], "evals.suite:Mach")
    return place.oaieval("dummy", "wrong")


@makes("and there is no module '...'")
def no_module(place: Place) -> int:
    place.add("wrong", [{}], "no_such_module_anywhere:Mach")
    return place.oaieval("dummy", "wrong")


@makes("takes no argument '...'")
def no_argument(place: Place) -> int:
    place.add("wrong", [{}], num_few_shots=3)
    return place.oaieval("dummy", "wrong")


@makes("not valid YAML: ...")
def broken_yaml(place: Place) -> int:
    (place.folder / "registry" / "evals" / "wrong.yaml").write_text("wrong:\n  id: [\n")
    return place.oaieval("dummy", "wrong")


@makes("cannot be made: ...")
def plugin_raises(place: Place) -> int:
    place.add_plugin("class Own(Match):\n    def __init__(self, *args, **kwargs):\n        {}['key']")
    place.add("wrong", [{}], f"{PLUGIN}:Own")
    return place.oaieval("dummy", "wrong")


@makes("does not call super().__init__")
def plugin_without_super(place: Place) -> int:
    place.add_plugin("class Own(Match):\n    def __init__(self, *args, **kwargs):\n        self.mine = 1")
    place.add("wrong", [{}], f"{PLUGIN}:Own")
    return place.oaieval("dummy", "wrong")


@makes("is not a completion function")
def no_call(place: Place) -> int:
    place.add_plugin("class Fn:\n    pass")
    place.add_fn("wrong", f"{PLUGIN}:Fn")
    return place.oaieval("wrong", "ok")


@makes("needs the price of ...")
def no_price(place: Place) -> int:
    place.monkeypatch.setenv("OPENAI_API_KEY", "k")
    return place.oaieval("some-model", "ok", "--max_cost", "1")


@makes("this record is of another run and cannot be resumed")
def another_run(place: Place) -> int:
    place.oaieval("dummy", "ok", "--record_path", "one.jsonl")
    return place.oaieval("dummy", "ok", "--seed", "3", "--resume-from", "one.jsonl")


@makes("no sample is in both runs")
def nothing_shared(place: Place) -> int:
    write_run(place.folder / "a.jsonl", [1.0, 0.0], questions=["one", "two"])
    write_run(place.folder / "b.jsonl", [1.0, 0.0], questions=["three", "four"], eval_name="other.test.v1")
    return place.evals("compare", "a.jsonl", "b.jsonl")


@makes("there is no baseline of ...")
def no_baseline(place: Place) -> int:
    write_run(place.folder / "a.jsonl", [1.0, 0.0])
    return place.evals("gate", "a.jsonl", "--baseline", "baselines")


@makes("no setting is called '...'")
def unknown_setting(place: Place) -> int:
    (place.folder / "evals.toml").write_text("max_eror = 3\n")
    return place.oaieval("dummy", "ok")


@makes("which is not a positive number")
def bad_variable(place: Place) -> int:
    place.monkeypatch.setenv("EVALS_THREADS", "many")
    return place.oaieval("dummy", "ok")


def gated(place: Place, before: list[float], after: list[float | None], *, finished: bool = True) -> int:
    write_run(place.folder / "before.jsonl", before)
    write_run(place.folder / "after.jsonl", after, finished=finished)
    assert place.evals("gate", "before.jsonl", "--baseline", "baselines", "--update") == 0
    return place.evals("gate", "after.jsonl", "--baseline", "baselines")


@makes("REGRESSION")
def regression(place: Place) -> int:
    return gated(place, [1.0] * 60, [0.0] * 60)


@makes("CANNOT TELL")
def undecided(place: Place) -> int:
    return gated(place, [1.0, 0.0] * 20, [1.0, 0.0, 0.0, 1.0] * 10)


@makes("NOT COMPLETE")
def incomplete(place: Place) -> int:
    return gated(place, [1.0, 0.0] * 20, [1.0, 0.0] * 20, finished=False)


def asks_server(place: Place, *options: str, key: str = "right-key-0123456789", model: str = "good") -> int:
    with ServerProcess(*options, "--answer", "a", "--api-key", "right-key-0123456789", "--models", "good*") as server:
        place.monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        place.monkeypatch.setenv("OPENAI_API_KEY", key)
        return place.oaieval(model, "ok")


@makes("the server refused the key (401 ...)")
def wrong_key(place: Place) -> int:
    return asks_server(place, key="wrong-key-0123456789")


@makes("the server does not know this model (404 ...)")
def unknown_model(place: Place) -> int:
    return asks_server(place, model="bad-model")


@makes("... cannot be reached: ...")
def nobody_there(place: Place) -> int:
    place.monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    place.monkeypatch.setenv("OPENAI_API_KEY", "k")
    return place.oaieval("some-model", "ok")


@makes("(not scored; not in n)")
def samples_fail(place: Place) -> int:
    place.add_plugin("class Own(Match):\n    def eval_sample(self, sample, rng):\n        return sample['nothing']")
    place.add("wrong", [{"input": "q", "ideal": "a"}], f"{PLUGIN}:Own")
    return place.oaieval("dummy", "wrong")


@makes(".run failed: ...")
def run_fails(place: Place) -> int:
    place.add_plugin("class Own(Match):\n    def run(self, recorder):\n        return self.nothing")
    place.add("wrong", [{"input": "q", "ideal": "a"}], f"{PLUGIN}:Own")
    return place.oaieval("dummy", "wrong")


@makes("the time budget of ... is used up")
def no_time(place: Place) -> int:
    place.add_plugin("import time\n\n\nclass Fn:\n    def __call__(self, prompt, **kwargs):\n        time.sleep(1)")
    place.add_fn("slow", f"{PLUGIN}:Fn")
    return place.oaieval("slow", "ok", "--max_time", "0.1")


@makes("the budget of ... is spent")
def no_tokens(place: Place) -> int:
    place.add("many", [{"input": f"q{i}", "ideal": "a"} for i in range(60)])
    return place.oaieval("pocket/32k", "many", "--max_tokens_total", "1", "--concurrency", "1")


@makes("cannot tell: ...")
def threshold_open(place: Place) -> int:
    place.add_plugin(
        "class Own(Match):\n    def eval_sample(self, sample, rng):\n"
        "        assert sample['input'] != 'q0'\n        return super().eval_sample(sample, rng)"
    )
    place.add("some", [{"input": f"q{i}", "ideal": "a"} for i in range(4)], f"{PLUGIN}:Own")
    place.add_fn("right", "evals.completion_fns:ScriptedCompletionFn", completions=["a"] * 4)
    return place.oaieval("right", "some", "--fail-under", "accuracy>=0.9", "--max-errors", "2")


@makes("this is a bug of ours")
def our_bug(place: Place) -> int:
    def command() -> int:
        raise RuntimeError("nobody thought of this")

    code = run_command(command)
    place.said += place.capsys.readouterr().err
    return code


@makes("stopped")
def interrupted(place: Place) -> int:
    code = run_command(lambda: signal.raise_signal(signal.SIGINT) or 0)
    place.said += place.capsys.readouterr().err
    return code


def test_the_page_and_this_file_name_the_same_messages():
    assert sorted(rows_of_the_page()) == sorted(MISTAKES)


@pytest.mark.skipif(sys.platform == "win32", reason="uses POSIX paths and signals")
@pytest.mark.parametrize(
    "message",
    [pytest.param(text, marks=[pytest.mark.slow] if text in SLOW else []) for text in sorted(rows_of_the_page())],
)
def test_a_mistake_ends_with_the_message_and_the_exit_code_of_the_page(place: Place, message: str):
    code = MISTAKES[message](place)
    said = " ".join(place.said.split())
    assert re.search(".+?".join(re.escape(part) for part in message.split("...")), said), place.said
    assert code in rows_of_the_page()[message], place.said
    assert "Traceback" not in said or message == "this is a bug of ours"
