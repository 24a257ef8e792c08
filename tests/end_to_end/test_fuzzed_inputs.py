"""Any YAML, row, record and argument: a command ends soon with a message and an exit code of its own."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from graded_runs import write_graded
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ladder_records import write_record as write_ladder_record
from made_runs import write_run
from small_records import write_record

from evals.cli.main import main as evals_command
from evals.cli.oaieval import main as oaieval_command

pytestmark = pytest.mark.slow

N_EXAMPLES = int(os.environ.get("EVALS_FUZZ_EXAMPLES", "40"))
bounded = settings(
    max_examples=N_EXAMPLES,
    deadline=10_000,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)

NUMBERS = st.sampled_from([0, 1, -1, 3, 10**30, 10**400, -(2**63), 0.5, 1e308, float("nan"), float("inf"), -0.0])
TEXTS = st.sampled_from(
    ["", " ", "x", "\x00", "\ud800", "\u2028", "{", "{input}", "true", "1e999", "a.jsonl", "../x", "~"]
)
PLAIN = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS, st.text(max_size=8))
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.sampled_from(["role", "content"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip

MESSAGES = [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]
ROWS: dict[str, dict[str, Any]] = {
    "Match": {"input": MESSAGES, "ideal": "a"},
    "Includes": {"input": "q", "ideal": ["a", "b"]},
    "FuzzyMatch": {"input": "q", "ideal": "a"},
    "JsonMatch": {"input": "q", "ideal": '{"a": 1}'},
    "JsonValidator": {"input": "q"},
    "ExtractAnswer": {"input": MESSAGES, "ideal": "18"},
    "Choice": {"question": "q", "choices": ["a", "b"], "answer": 0, "labels": [1, 0], "subject": "s"},
    "TextLoss": {"text": "some text"},
    "ModelBasedClassify": {"input": "q", "completion": "a", "ideal": "a"},
    "Preference": {"input": MESSAGES, "reference": "a"},
}
ARGUMENTS = {
    "max_tokens": 5, "num_few_shot": 1, "few_shot_jsonl": "t.jsonl", "ignore_case": True, "extract": "number",
    "template": "{input}", "instruction": "i", "tolerance": 0.1, "answer_phrases": ["A"], "stop": ["x"], "few_shot": [],
    "temperature": 0.0, "style": "letter", "way": "parsed", "order": "file", "letters": "AB", "option": "{choice}",
    "modelgraded_spec": "r", "sample_kwargs": {}, "multicomp_n": 1, "samples_jsonl": "t.jsonl", "seed": 1, "name": "a.b",
}  # fmt: skip


def changed(value: Any, draw: Callable[..., Any]) -> Any:
    """A JSON value with one place, at any depth, replaced, left out or added."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        key = draw(st.sampled_from(sorted(value, key=str)))
        return {**value, key: changed(value[key], draw)}
    if isinstance(value, list) and value and draw(st.booleans()):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], changed(value[place], draw), *value[place + 1 :]]
    if isinstance(value, dict) and value:
        key = draw(st.sampled_from([*sorted(value, key=str), "new", ""]))
        rest = {name: item for name, item in value.items() if name != key}
        return rest if draw(st.booleans()) else {**rest, key: draw(VALUES)}
    return draw(VALUES)


@st.composite
def variants(draw: Callable[..., Any], values: Any) -> Any:
    value = draw(st.sampled_from(values) if isinstance(values, list) else values)
    for _ in range(draw(st.integers(1, 3))):
        value = changed(value, draw)
    return value


def ends_well(command: Callable[[list[str]], int], *argv: object) -> None:
    """Run a command in this process; its exit code is one of a user's mistake, and it says no word of a bug."""
    out, err = StringIO(), StringIO()
    out.fileno = err.fileno = lambda: 2  # type: ignore[method-assign]
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = command([str(part) for part in argv])
        except SystemExit as end:
            code = int(end.code or 0)
    said = out.getvalue() + err.getvalue()
    assert code in (0, 1, 2, 3, 4, 5), said
    assert "Traceback" not in said


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        folder = Path(name)
        for part in ("evals", "data", "modelgraded", "home"):
            (folder / "reg" / part).mkdir(parents=True)
        rubric = 'r:\n  prompt: "{input} {completion}"\n  choice_strings: [Yes1, No1]\n  input_outputs: {input: completion}\n'
        (folder / "reg" / "modelgraded" / "r.yaml").write_text(rubric + "  eval_type: classify\n")
        yield folder
        os.chdir(before)


def write_rows(place: Path, rows: list[Any]) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (place / "reg" / "data" / "t.jsonl").write_bytes(text.encode("utf-8", "surrogatepass"))


def write_entry(place: Path, cls: str, args: dict[str, Any], **more: Any) -> None:
    body = {"class": cls, "args": {"samples_jsonl": "t.jsonl", **args}, **more}
    text = json.dumps({"t": {"id": "t.dev.v0"}, "t.dev.v0": body})
    (place / "reg" / "evals" / "t.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))


def try_eval(place: Path) -> None:
    ends_well(evals_command, "check", "t", "--registry_path", place / "reg")
    ends_well(oaieval_command, "dummy", "t", "--registry_path", place / "reg", "--dry-run", "--no-dry-run-logging")


@bounded
@given(cls=st.sampled_from(sorted(ROWS)), data=st.data())
def test_any_row(place, cls, data):
    args = {"modelgraded_spec": "r"} if cls == "ModelBasedClassify" else {}
    write_entry(place, f"evals.suite:{cls}", args)
    write_rows(place, [ROWS[cls], data.draw(variants([ROWS[cls]]))])
    try_eval(place)


@bounded
@given(
    cls=st.sampled_from(sorted(ROWS)), names=st.lists(st.sampled_from(sorted(ARGUMENTS)), max_size=2), data=st.data()
)
def test_any_argument_in_yaml(place, cls, names, data):
    args = {name: data.draw(st.just(ARGUMENTS[name]) | VALUES) for name in names}
    write_rows(place, [ROWS[cls]])
    write_entry(place, f"evals.suite:{cls}", args)
    try_eval(place)
    ends_well(evals_command, "show", "t", "--registry_path", place / "reg")


@bounded
@given(
    body=variants([{"class": "evals.suite:Match", "args": {"samples_jsonl": "t.jsonl"}, "id": "x", "metrics": ["a"]}])
)
def test_any_entry(place, body):
    write_rows(place, [ROWS["Match"]])
    text = json.dumps({"t": {"id": "t.dev.v0"}, "t.dev.v0": body})
    (place / "reg" / "evals" / "t.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    try_eval(place)
    ends_well(evals_command, "list", "--registry_path", place / "reg")


@bounded
@given(pieces=st.lists(st.sampled_from(["t:", "\n", "  ", "- ", "&a ", "*a", "[", "]", "{", "}", "<<: ", "id: t", "'", '"', "? ", "!!python/none ", "\t", "%", "\x00", "é", "|", "---"]), max_size=40))  # fmt: skip
def test_any_yaml_text(place, pieces):
    write_rows(place, [ROWS["Match"]])
    (place / "reg" / "evals" / "t.yaml").write_text("".join(pieces), encoding="utf-8")
    ends_well(evals_command, "list", "--registry_path", place / "reg")
    try_eval(place)


@bounded
@given(data=st.data())
def test_any_record(place, data):
    path = place / "r.jsonl"
    if not path.exists():
        write_record(path)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    number = data.draw(st.integers(0, len(lines) - 1))
    lines[number] = data.draw(variants(st.just(lines[number])))
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (place / "f.jsonl").write_bytes(text.encode("utf-8", "surrogatepass"))
    ends_well(evals_command, "view", "f.jsonl")
    ends_well(evals_command, "compare", "r.jsonl", "f.jsonl", "--flips", "--groups")
    ends_well(evals_command, "gate", "f.jsonl", "--baseline", "bl", "--update")
    ends_well(evals_command, "gate", "r.jsonl", "--baseline", "bl")
    ends_well(evals_command, "score", "f.jsonl", "--record_path", "s.jsonl")
    ends_well(evals_command, "explain", "r.jsonl", "f.jsonl")


FLAGS = (
    "--max_samples", "--seed", "--temperature", "--repeats", "--concurrency", "--timeout", "--max_cost", "--max_time",
    "--max-errors", "--fail-under", "--completion_args", "--extra_eval_params", "--alpha", "--delta", "--max-drop",
    "--requests_per_minute", "--tokens_per_minute", "--max_tokens_total", "--baseline", "--resume-from", "--user",
)  # fmt: skip
WORDS = st.sampled_from(
    [
        "",
        "0",
        "-1",
        "inf",
        "nan",
        "1e400",
        "9" * 400,
        "x",
        "a=b",
        "=",
        "max_tokens=x",
        "accuracy>=x",
        ".",
        "\ud800",
        "r.jsonl",
    ]
)


@bounded
@given(flags=st.lists(st.tuples(st.sampled_from(FLAGS), WORDS | st.text(max_size=6)), max_size=3))
def test_any_option(place, flags):
    write_rows(place, [ROWS["Match"]])
    write_entry(place, "evals.suite:Match", {})
    options = [f"{flag}={word}" for flag, word in flags]
    ends_well(oaieval_command, "dummy", "t", "--registry_path", place / "reg", "--record_path", "o.jsonl", *options)


def write_varied(place: Path, source: Path, data: st.DataObject) -> None:
    """`f.jsonl`: the record `source` with one line changed anywhere."""
    lines = [json.loads(line) for line in source.read_text(encoding="utf-8").split("\n") if line]
    number = data.draw(st.integers(0, len(lines) - 1))
    lines[number] = data.draw(variants(st.just(lines[number])))
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (place / "f.jsonl").write_bytes(text.encode("utf-8", "surrogatepass"))


@settings(bounded, deadline=60_000)
@given(data=st.data())
def test_any_record_in_tables_pages_and_plots(place, data):
    sources = [place / "graded.jsonl", place / "choice.jsonl", place / "repeats.jsonl"]
    if not sources[0].exists():
        write_graded(sources[0], ["Yes", "No", "__invalid__", "Yes"], groups=["g", "h", "g", "h"])
        write_ladder_record(sources[1], 4, 8, model="m", compute=1e18)
        write_run(sources[2], {0: [1.0, None], 1: [0.5, 0.0]}, labels=[{"category": "x"}, {"category": "y"}], repeats=2)
        (place / "labels.csv").write_text("id,label\npolite.dev.0,Yes\npolite.dev.1,Yes\n")
    write_varied(place, data.draw(st.sampled_from(sources)), data)
    ends_well(evals_command, "runs", "f.jsonl", "--json")
    for shape in (["--json"], ["--format", "latex"], ["--html", "p.html"], ["--parquet", "p.parquet"]):
        ends_well(evals_command, "report", "f.jsonl", "repeats.jsonl", *shape)
    ends_well(evals_command, "plot", "groups", "f.jsonl", "--csv", "p.csv")
    ends_well(evals_command, "plot", "calibration", "f.jsonl", "--json")
    ends_well(evals_command, "plot", "inverse", "f.jsonl", "choice.jsonl", "--json")
    ends_well(
        evals_command, "grader", "f.jsonl", "--labels", "labels.csv", "--choices", "Yes,No", "--scores", "Yes=1,No=0"
    )
    ends_well(evals_command, "preferences", "f.jsonl")
    ends_well(evals_command, "view", "f.jsonl", "--json", "-n", "0")


@bounded
@given(data=st.data())
def test_any_share(place, data):
    shares = place / "shares"
    if not shares.exists():
        write_rows(place, [{"input": f"question {i}", "ideal": "a"} for i in range(4)])
        write_entry(place, "evals.suite:Match", {})
        for index in ("0", "1"):
            of = ("--of", "2", "--index", index, "--out", shares, "--registry_path", place / "reg")
            ends_well(evals_command, "shard", "dummy", "t", *of)
        shares.rename(place / "whole shares")
        shares.mkdir()
    write_rows(place, [{"input": f"question {i}", "ideal": "a"} for i in range(4)])
    write_entry(place, "evals.suite:Match", {})
    for path in (place / "whole shares").iterdir():
        (shares / path.name).write_bytes(path.read_bytes())
    chosen = data.draw(st.sampled_from(sorted(path for path in shares.iterdir() if path.suffix == ".jsonl")))
    write_varied(place, chosen, data)
    chosen.write_bytes((place / "f.jsonl").read_bytes())
    ends_well(
        evals_command, "merge", shares, "--registry_path", place / "reg", "--record_path", "merged.jsonl", "--json"
    )
