"""What fails in a plug-in is a message with the plug-in's file and line, never a traceback or exit code 70."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Workplace, lines_of

from evals.cli import main as evals_command
from evals.cli import oaieval

HEAD = "import evals\nfrom evals.api import CompletionFn\nfrom evals.elsuite.basic.match import Match\n\n\n"


class Place(Workplace):
    """A registry whose eval `own` and completion function `fn` are classes of one plug-in, `mine_for_a_test.py`."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        super().__init__(folder)
        self.plugin = folder / "mine_for_a_test.py"
        self.capsys = capsys
        self.add_eval("own", [{"input": "q1", "ideal": "a"}, {"input": "q2", "ideal": "b"}], "mine_for_a_test:Own")
        self.add_eval("ours", [{"input": "q1", "ideal": "a"}])
        (self.registry / "completion_fns").mkdir()
        text = json.dumps({"fn": {"class": "mine_for_a_test:Fn"}})
        (self.registry / "completion_fns" / "fn.yaml").write_text(text)

    def write(self, body: str) -> None:
        self.plugin.write_text(HEAD + body)

    def line_of(self, text: str) -> str:
        lines = self.plugin.read_text().splitlines()
        return f"mine_for_a_test.py:{next(n for n, line in enumerate(lines, 1) if text in line)}"

    def run(self, fn: str = "dummy", name: str = "own") -> tuple[int, str]:
        """The exit code, and everything that was printed."""
        code = oaieval.main([fn, name, "--registry_path", str(self.registry)])
        printed = self.capsys.readouterr()
        return code, printed.out + printed.err


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield Place(tmp_path, capsys)
    sys.modules.pop("mine_for_a_test", None)


def method(text: str, base: str = "Match") -> str:
    return f"class Own({base}):\n    {text}\n        return self.nope\n"


def constructor(body: str, base: str = "Match") -> str:
    return f"class Own({base}):\n    def __init__(self, completion_fns, *args, **kwargs):\n        {body}\n"


def clean(code: int, printed: str) -> None:
    assert code in (2, 3), printed
    assert "Traceback" not in printed
    assert "bug of ours" not in printed


OWN_EVAL = "    def eval_sample(self, sample, rng):\n        pass\n\n    def run(self, recorder):\n        self.eval_all_samples(recorder, self.get_samples())\n        return {}\n"


def test_a_constructor_without_super_is_named_with_its_line(place: Place):
    place.write(constructor("self.samples_jsonl = kwargs['samples_jsonl']", "Match"))
    code, printed = place.run()
    clean(code, printed)
    assert code == 2
    at = place.line_of("def __init__")
    assert f"{at} does not call super().__init__" in printed
    assert "fix: call super().__init__(...)" in printed
    assert "own.yaml" in printed


def test_a_plain_eval_whose_constructor_calls_no_super_runs_as_in_openai_evals(place: Place):
    place.write(constructor("self.samples_jsonl = kwargs['samples_jsonl']", "evals.Eval") + "\n" + OWN_EVAL)
    code, printed = place.run()
    assert code == 0, printed


@pytest.mark.parametrize(
    "body",
    ["{}['nokey']", "int('x')", "len(3)", "raise AssertionError('odd')", "open('/nofile')", "import sys; sys.exit(0)"],
)
def test_an_error_in_a_constructor_is_named_with_its_line(place: Place, body: str):
    place.write(constructor(f"super().__init__(completion_fns, *args, **kwargs)\n        {body}"))
    code, printed = place.run()
    clean(code, printed)
    assert code == 2
    assert place.line_of(body) in printed


@pytest.mark.parametrize(
    "signature",
    [
        "def check_sample(self, sample):",
        "def first_prompt(self, sample):",
        "def fingerprint(self):",
        "def preflight(self):",
        "scores_without_calls = True\n\n    def ideal_completions(self, sample):",
    ],
)
def test_a_hook_that_fails_before_the_first_call_is_named_with_its_line(place: Place, signature: str):
    place.write(method(signature))
    code, printed = place.run()
    clean(code, printed)
    assert code == 2
    assert f"raised at {place.folder / place.line_of('self.nope')}" in printed


@pytest.mark.parametrize(
    "signature",
    [
        "def run(self, recorder):",
        "def new_report(self):",
        "def get_samples(self):",
        "async def prepare(self):",
    ],
)
def test_a_hook_that_fails_in_the_run_is_named_with_its_line(place: Place, signature: str):
    place.write(method(signature))
    code, printed = place.run()
    clean(code, printed)
    assert code == 3
    assert place.line_of("self.nope") in printed


def test_an_exit_in_a_plug_in_is_no_exit_code_of_the_command(place: Place):
    place.write("class Own(Match):\n    def run(self, recorder):\n        raise SystemExit(0)\n")
    code, printed = place.run()
    assert code == 3
    assert place.line_of("SystemExit") in printed
    assert "Own.run failed: SystemExit" in printed


def test_an_exit_at_import_is_an_error_of_the_registry(place: Place):
    place.write("raise SystemExit(0)\n")
    code, printed = place.run()
    clean(code, printed)
    assert f"{place.line_of('SystemExit(0)')}: SystemExit: 0" in printed


def test_a_run_that_returns_no_report_is_named_by_its_class(place: Place):
    place.write("class Own(Match):\n    def run(self, recorder):\n        return None\n")
    code, printed = place.run()
    clean(code, printed)
    assert place.line_of("class Own") in printed


def test_a_failed_sample_is_recorded_and_reported_with_the_plug_in_s_line(place: Place):
    """A library that the plug-in calls raises, and the line of the plug-in is named all the same."""
    place.write(
        "import json\n\n\nclass Own(Match):\n    def eval_sample(self, sample, rng):\n        json.loads('{')\n"
    )
    code, printed = place.run()
    assert code == 3
    assert f"at {place.line_of('json.loads')}" in printed
    (record,) = (place.folder / "evallogs").glob("*.jsonl")
    errors = [line["data"] for line in lines_of(record) if line.get("type") == "error"]
    assert [error["where"] for error in errors] == [str(place.folder / place.line_of("json.loads"))] * 2


def test_an_eval_sample_of_the_wrong_signature_is_named_by_its_class(place: Place):
    place.write("class Own(Match):\n    def eval_sample(self, sample):\n        pass\n")
    code, printed = place.run()
    assert code == 3
    assert f"at {place.line_of('class Own')}" in printed


@pytest.mark.parametrize("base", ["", "(CompletionFn)"])
def test_a_completion_fn_without_call_is_refused_before_the_run(place: Place, base: str):
    place.write(f"class Fn{base}:\n    def __init__(self, **kwargs):\n        pass\n")
    code, printed = place.run("fn", "ours")
    clean(code, printed)
    assert code == 2
    assert f"class Fn at {place.folder / place.line_of('class Fn')} has no __call__" in printed


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return self.nope", "return self.nope"),
        ("return None", "class Fn"),
        ("return 3", "class Fn"),
    ],
)
def test_a_completion_fn_that_fails_is_named_with_its_line(place: Place, body: str, said: str):
    place.write(f"class Fn:\n    def __call__(self, prompt, **kwargs):\n        {body}\n")
    code, printed = place.run("fn", "ours")
    clean(code, printed)
    assert code == 3
    assert f"at {place.line_of(said)}" in printed


def test_a_completion_that_is_no_text_fails_its_sample(place: Place):
    place.write(
        "class Three:\n    def get_completions(self):\n        return [3]\n\n\n"
        "class Fn:\n    def __call__(self, prompt, **kwargs):\n        return Three()\n"
    )
    code, printed = place.run("fn", "ours")
    assert code == 3
    assert "a completion is of the type int, not a text" in printed
    assert f"at {place.line_of('class Fn')}" in printed


def test_check_and_show_name_the_line_too(place: Place):
    place.write(method("def first_prompt(self, sample):"))
    registry = ["--registry_path", str(place.registry)]
    assert evals_command.main(["check", "own", *registry]) == 1
    assert place.line_of("self.nope") in place.capsys.readouterr().out
    assert evals_command.main(["show", "own", *registry]) == 0
    assert place.line_of("self.nope") in place.capsys.readouterr().out
