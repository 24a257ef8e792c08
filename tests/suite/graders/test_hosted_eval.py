"""HostedEval over real runs: prompts, stored answers, verdicts, reports, the sandbox, grader models, embeddings."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from recorded_calls import Model, run_over

from evals.engine.samples import NullObserver
from evals.errors import BadSample, UsageError
from evals.record import LocalRecorder
from evals.record.event import Event
from evals.record.reader import read_record
from evals.registry import Registry
from evals.runner.counters import RunCounters
from evals.specs import RunSpec
from evals.suite.graders.eval import HostedEval
from evals.suite.graders.single import LabelModel, MultiGraded, PythonGraded, ScoreModel, StringCheck, TextSimilarity
from evals.testing.openai_server import Answer, Call, LoopbackServer

CHECK = {
    "type": "string_check",
    "name": "exact",
    "input": "{{ sample.output_text }}",
    "reference": "{{ item.capital }}",
    "operation": "eq",
}
NEAR = {
    "type": "text_similarity",
    "name": "near",
    "input": "{{ sample.output_text }}",
    "reference": "{{ item.capital }}",
    "evaluation_metric": "fuzzy_match",
    "pass_threshold": 0.9,
}
ASK = [{"role": "developer", "content": "Be short."}, {"role": "user", "content": "Capital of {{ item.country }}?"}]
ROWS = [
    {"item": {"country": "France", "capital": "Paris"}},
    {"item": {"country": "Italy", "capital": "Rome"}},
    {"country": "Spain", "capital": "Madrid"},
]


def last(prompt: Any) -> str:
    return str(prompt[-1]["content"])


def answers(prompt: Any) -> str:
    return {"Capital of France?": "Paris", "Capital of Italy?": "rome"}.get(last(prompt), "Madrid")


def test_an_answer_is_right_if_all_graders_pass_it(tmp_path: Path) -> None:
    report = run_over(HostedEval, ROWS, answers, tmp_path, input_messages=ASK, testing_criteria=[CHECK, NEAR])
    assert report["accuracy"] == pytest.approx(2 / 3)
    assert report["score/exact"] == pytest.approx(2 / 3)
    assert (report["passed/exact"], report["passed/near"], report["score/near"]) == (pytest.approx(2 / 3), 1.0, 1.0)
    assert (report["n"], report["invalid_rate"]) == (3, 0.0)


def test_the_record_has_each_grade_with_what_was_compared(tmp_path: Path) -> None:
    run_over(HostedEval, ROWS[:2], answers, tmp_path, input_messages=ASK, testing_criteria=[CHECK])
    log = read_record(tmp_path / "record.jsonl")
    grades = {event.sample_id: event.data for event in log.events("grade")}
    assert grades["rows.dev.1"] == {
        "name": "exact", "type": "string_check", "score": 0.0, "passed": False, "invalid": False,
        "input": "rome", "reference": "Rome",
    }  # fmt: skip
    matches = [event.data for event in log.events("match")]
    assert sorted((match["expected"], match["picked"], match["correct"]) for match in matches) == [
        ("Paris", "Paris", True), ("Rome", "rome", False),
    ]  # fmt: skip


def test_the_prompt_has_the_values_of_the_row_and_the_options_of_the_run() -> None:
    model = Model("Paris")
    params = {"max_completion_tokens": 50, "temperature": 0, "seed": None, "text": {"format": {"type": "text"}}}
    evaluation = HostedEval(
        [model],
        "",
        testing_criteria=[CHECK],
        input_messages={"type": "template", "template": ASK},
        sampling_params=params,
    )
    evaluation.eval_sample(ROWS[0], None)
    sent = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Capital of France?"}]
    assert model.calls == [(sent, {"max_tokens": 50, "temperature": 0})]


def test_formats_and_tools_of_the_responses_endpoint_are_sent_in_the_words_of_the_chat() -> None:
    schema = {"type": "object", "properties": {}}
    params = {
        "text": {"format": {"type": "json_schema", "name": "x", "schema": schema, "strict": False}},
        "tools": [{"type": "function", "name": "f", "parameters": schema}],
    }
    request = HostedEval([Model("")], "", testing_criteria=[CHECK], sampling_params=params).request
    assert request == {
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": False}},
        "tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}],
    }


def test_a_row_may_hold_its_messages() -> None:
    model = Model("x")
    messages = [{"role": "user", "content": "Hi"}]
    given = {"type": "item_reference", "item_reference": "item.trajectory"}
    HostedEval([model], "", testing_criteria=[CHECK], input_messages=given).eval_sample(
        {"trajectory": messages, "capital": "x"}, None
    )
    HostedEval([model], "", testing_criteria=[CHECK]).eval_sample({"input": "Hi", "capital": "x"}, None)
    assert [prompt for prompt, _ in model.calls] == [messages, "Hi"]


def test_an_answer_in_the_row_is_graded_without_a_call(tmp_path: Path) -> None:
    rows = [{"item": {"capital": "Paris"}, "sample": {"output_text": text}} for text in ("Paris", "Lyon")]
    report = run_over(HostedEval, rows, lambda prompt: pytest.fail("called"), tmp_path, testing_criteria=[CHECK])
    assert report["accuracy"] == 0.5


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"country": "France"}, "no value for {{ item.capital }}"),
        ({"capital": "Paris"}, "no value for {{ item.country }}"),
        ({"item": {"countri": "x", "capital": "x"}}, "there is no 'country'"),
        ({"country": "France", "capital": "x", "sample": {"text": "x"}}, "'sample' has no 'output_text'"),
        ([], "must be an object"),
    ],
)
def test_a_row_without_a_value_is_found_before_the_first_call(row: Any, said: str) -> None:
    with pytest.raises(BadSample, match=said):
        HostedEval([Model("")], "", testing_criteria=[CHECK], input_messages=ASK).check_sample(row)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"testing_criteria": []}, "there is no grader"),
        (
            {"input_messages": [{"role": "user", "content": "{{ sample.output_text }}"}]},
            "not known before the model has answered",
        ),
        ({"input_messages": {"item_reference": "rows.x"}}, "must begin with 'item.'"),
        ({"sampling_params": {"max_tokns": 5}}, "'max_tokns' is not supported"),
        ({"sampling_params": {"tools": [{"type": "function", "function": {}}]}}, "the tool has no name"),
        ({"sampling_params": {"tools": 5}}, "tools is no list"),
        ({"sampling_params": {"tools": [{"type": "web_search"}]}}, "tools of type 'web_search' are not supported"),
        (
            {"sampling_params": {"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "x"}}}}},
            "no JSON schema",
        ),
    ],
)
def test_a_definition_that_cannot_be_run_is_refused(args: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        HostedEval([Model("")], "", **{"testing_criteria": [CHECK], **args})


def test_a_grader_without_a_threshold_gives_a_score_and_no_accuracy(tmp_path: Path) -> None:
    report = run_over(TextSimilarity, ROWS[:2], answers, tmp_path, input_messages=ASK, reference="{{ item.capital }}")
    assert "accuracy" not in report
    assert (report["score"], report["n"]) == (1.0, 2)


def test_the_classes_of_single_graders_take_the_keys_of_a_definition(tmp_path: Path) -> None:
    report = run_over(
        StringCheck, ROWS, answers, tmp_path, input_messages=ASK, operation="ilike", reference="{{ item.capital }}"
    )
    assert (report["accuracy"], report["score"]) == (1.0, 1.0)
    multi = {"graders": {"a": CHECK, "b": NEAR}, "calculate_output": "a * b", "pass_threshold": 1}
    assert run_over(MultiGraded, ROWS, answers, tmp_path, input_messages=ASK, **multi)["accuracy"] == pytest.approx(
        2 / 3
    )


def test_ideal_answers_are_known_where_equality_is_checked() -> None:
    assert StringCheck([Model("")], "", reference="{{ item.capital }}").ideal_completions(ROWS[0]) == ["Paris"]
    assert StringCheck([Model("")], "", reference="x", operation="ne").ideal_completions(ROWS[0]) == []
    assert StringCheck([Model("")], "", reference="x").scores_without_calls is True


PYTHON = """
import json, os

def grade(sample, item):
    found = json.loads(sample["output_text"])
    return 1.0 if found["capital"] == item["capital"] else 0.25
"""


def test_a_python_grader_runs_in_the_sandbox_and_an_exception_in_it_counts_as_an_invalid_0(tmp_path: Path) -> None:
    said = {"Capital of France?": '{"capital": "Paris"}', "Capital of Italy?": '{"capital": "x"}'}
    args = {"input_messages": ASK, "source": PYTHON, "pass_threshold": 0.5}
    report = run_over(PythonGraded, ROWS, lambda prompt: said.get(last(prompt), "no JSON"), tmp_path, **args)
    assert report["score"] == pytest.approx((1.0 + 0.25 + 0.0) / 3)
    assert report["accuracy"] == pytest.approx(1 / 3)
    assert report["invalid_rate"] == pytest.approx(1 / 3)


def test_a_python_grader_cannot_touch_the_users_files(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("kept")
    source = f"""
import os, socket

def grade(sample, item):
    done = 0
    for attempt in (
        lambda: open({str(mine)!r}).read(),
        lambda: open({str(mine)!r}, "w").write("lost"),
        lambda: os.remove({str(mine)!r}),
        lambda: os.listdir({str(tmp_path)!r}),
        lambda: socket.create_connection(("127.0.0.1", 9)),
        lambda: os.environ["PYTEST_CURRENT_TEST"],
    ):
        try:
            attempt()
            done += 1
        except Exception:
            pass
    return done
"""
    report = run_over(PythonGraded, ROWS[:1], "x", tmp_path, input_messages=ASK, source=source)
    assert (report["score"], report["invalid_rate"]) == (0.0, 0.0)
    assert mine.read_text() == "kept"


def test_a_python_grader_may_use_the_package_that_the_documentation_shows(tmp_path: Path) -> None:
    source = """
from rapidfuzz import fuzz, utils

def grade(sample, item) -> float:
    return fuzz.WRatio(sample["output_text"], item["capital"], processor=utils.default_process) / 100.0
"""
    report = run_over(PythonGraded, ROWS[:2], answers, tmp_path, input_messages=ASK, source=source)
    assert (report["score"], report["invalid_rate"]) == (1.0, 0.0)


def test_a_module_that_is_missing_fails_the_samples_and_scores_nothing(tmp_path: Path) -> None:
    source = "import a_module_that_is_not_there\n\ndef grade(sample, item):\n    return 1.0\n"
    report = run_over(PythonGraded, ROWS[:2], answers, tmp_path, input_messages=ASK, source=source)
    assert report.get("n", 0) == 0
    errors = [event.data["message"] for event in read_record(tmp_path / "record.jsonl").events("error")]
    assert all("ModuleNotFoundError" in message for message in errors)


JUDGE = [{"role": "user", "content": "Is {{ sample.output_text }} the capital of {{ item.country }}?"}]


def test_the_second_completion_function_grades() -> None:
    model, judge = Model("Paris"), Model('{"steps": [], "result": 0.75}')
    evaluation = ScoreModel([model, judge], "", input=JUDGE, input_messages=ASK, pass_threshold=0.5)
    evaluation.eval_sample(ROWS[0], None)
    assert [prompt for prompt, _ in judge.calls] == [[{"role": "user", "content": "Is Paris the capital of France?"}]]
    assert len(model.calls) == 1


def test_a_single_model_grades_itself_where_no_grader_is_named(tmp_path: Path) -> None:
    def both(prompt: Any) -> str:
        return '{"result": "yes"}' if last(prompt).startswith("Is ") else "Paris"

    args = {"input": JUDGE, "input_messages": ASK, "labels": ["yes", "no"], "passing_labels": ["yes"]}
    assert run_over(LabelModel, ROWS[:1], both, tmp_path, **args)["accuracy"] == 1.0


def test_the_model_of_a_definition_is_looked_up_in_the_registry(tmp_path: Path) -> None:
    folder = tmp_path / "completion_fns"
    folder.mkdir()
    stored = tmp_path / "graded.jsonl"
    stored.write_text(
        json.dumps({"prompt": "Is Paris the capital of France?", "completion": '{"result": "yes"}'}) + "\n"
    )
    entry = f"old-judge:\n  class: evals.completion_fns:ScriptedCompletionFn\n  args: {{path: {stored}}}\n"
    (folder / "judge.yaml").write_text(entry)
    registry = Registry()
    registry.add_registry_paths([tmp_path])
    label = {
        "type": "label_model",
        "name": "judge",
        "model": "old-judge",
        "input": JUDGE,
        "labels": ["yes", "no"],
        "passing_labels": ["yes"],
    }
    report = run_over(
        HostedEval, ROWS[:1], "Paris", tmp_path, testing_criteria=[label], input_messages=ASK, registry=registry
    )
    assert report["accuracy"] == 1.0


class Embeddings(BaseHTTPRequestHandler):
    """An embeddings endpoint: a text is the counts of its letters."""

    bodies: list[Any] = []  # noqa: RUF012

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.bodies.append((self.path, body))
        rows = [
            {"index": number, "embedding": [text.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"]}
            for number, text in enumerate(body["input"])
        ]
        reply = json.dumps(
            {"data": rows[::-1], "model": body["model"], "usage": {"prompt_tokens": 2, "total_tokens": 2}}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def embeddings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    Embeddings.bodies.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Embeddings) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
        yield
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("embeddings")
def test_cosine_asks_the_configured_endpoint_for_embeddings(tmp_path: Path) -> None:
    rows = [{"input": "x", "capital": "abc"}, {"input": "y", "capital": "aab"}]
    args = {"reference": "{{ item.capital }}", "evaluation_metric": "cosine", "pass_threshold": 0.99}
    report = run_over(TextSimilarity, rows, "cba", tmp_path, **args)
    assert report["score"] == pytest.approx((1 + 3 / (3**0.5 * 5**0.5)) / 2)
    assert report["accuracy"] == 0.5
    assert sorted(body["input"] for _, body in Embeddings.bodies) == [["cba", "aab"], ["cba", "abc"]]
    assert {(path, body["model"]) for path, body in Embeddings.bodies} == {("/v1/embeddings", "text-embedding-3-large")}
    events = list(read_record(tmp_path / "record.jsonl").events("embedding"))
    assert [event.data["usage"]["prompt_tokens"] for event in events] == [2, 2]
    # Two tokens at $0.13 per million, OpenAI's price of the model.
    assert [event.data["cost_usd"] for event in events] == pytest.approx([2.6e-7, 2.6e-7])


def test_the_cost_of_embeddings_is_part_of_a_run_s_and_an_unknown_price_leaves_it_unknown() -> None:
    def counted(*datas: dict[str, Any]) -> RunCounters:
        counters = RunCounters(NullObserver())
        counters.add_finished([Event("r", n, "s", "embedding", data, "", "") for n, data in enumerate(datas)])
        return counters

    priced = {"prompt": ["a"], "embedding_type": "m", "usage": {"prompt_tokens": 2}, "cost_usd": 2.6e-7}
    assert counted(priced, priced).cost_usd == pytest.approx(5.2e-7)
    assert counted(priced, priced).usage["prompt_tokens"] == 4
    assert counted(priced, {**priced, "cost_usd": None}).cost_usd is None
    assert counted({"prompt": ["a"], "embedding_type": "of an older record"}).usage == {}


def test_a_panel_of_graders_gives_one_grade_and_keeps_each_verdict(tmp_path: Path) -> None:
    (tmp_path / "completion_fns").mkdir()
    says = {name: {"class": "evals.completion_fns:ScriptedCompletionFn", "args": {"completions": [], "default": text}}
            for name, text in (("one", "1"), ("high", "0.8"), ("low", "0"))}  # fmt: skip
    (tmp_path / "completion_fns" / "fns.yaml").write_text(json.dumps(says))
    rows = [{"item": {"capital": "Paris"}, "sample": {"output_text": "Paris"}}]
    args = {"input": [{"role": "user", "content": "{{ sample.output_text }}?"}], "pass_threshold": 0.7}
    found = {}
    for aggregate in ("majority", "mean", "unanimous"):
        folder = tmp_path / aggregate
        folder.mkdir()
        given = {"registry": Registry(registry_paths=[tmp_path]), "grader": "one,high,low", "aggregate": aggregate}
        report = run_over(ScoreModel, rows, "unused", folder, **given, **args)
        found[aggregate] = (report["score"], report["accuracy"])
    assert found == {"majority": (0.8, 1.0), "mean": (pytest.approx(0.6), 0.0), "unanimous": (0.0, 0.0)}
    assert report["how"] == "unanimous of a panel of 3 graders: one, high, low"
    verdicts = [event.data for event in read_record(folder / "record.jsonl").events("verdict")]
    assert [(one["grader"], one["choice"]) for one in verdicts] == [
        ("one", "passed"), ("high", "passed"), ("low", "failed"),
    ]  # fmt: skip


@pytest.mark.parametrize(("retries", "score", "invalid", "calls"), [(0, 0.0, 1.0, 1), (1, 0.5, 0.0, 2)])
def test_a_grade_that_is_no_number_is_asked_for_again_where_retries_allow_it(
    tmp_path: Path, retries: int, score: float, invalid: float, calls: int
) -> None:
    said = iter(['{"result": "no idea"}', "0.5"])
    grader = Model(lambda prompt: next(said))
    data = tmp_path / "rows.jsonl"
    data.write_text(json.dumps({"item": {"x": "1"}, "sample": {"output_text": "Paris"}}) + "\n")
    evaluation = ScoreModel(
        [Model("unused"), grader], str(data), eval_registry_path=tmp_path, name="rows.dev.v0", retries=retries,
        input=[{"role": "user", "content": "{{ sample.output_text }}?"}],
    )  # fmt: skip
    report = evaluation.run(
        LocalRecorder(str(tmp_path / "r.jsonl"), RunSpec([""], "rows.dev.v0", "rows", "dev", {}, ""))
    )
    assert (report["score"], report["invalid_rate"], len(grader.calls)) == (score, invalid, calls)
    assert report.get("n_retries") == (1 if retries else None)


def panel_over(tmp_path: Path, said: dict[str, str], aggregate: str) -> tuple[dict[str, Any], Path]:
    """The report and the record of one answer that scripted graders score, each with the same text always."""
    (tmp_path / "completion_fns").mkdir(parents=True)
    fns = {name: {"class": "evals.completion_fns:ScriptedCompletionFn", "args": {"completions": [], "default": text}}
           for name, text in said.items()}  # fmt: skip
    (tmp_path / "completion_fns" / "fns.yaml").write_text(json.dumps(fns))
    rows = [{"item": {"x": "1"}, "sample": {"output_text": "Paris"}}]
    given = {"registry": Registry(registry_paths=[tmp_path]), "grader": ",".join(said), "aggregate": aggregate}
    ask = [{"role": "user", "content": "{{ sample.output_text }}?"}]
    report = run_over(ScoreModel, rows, "unused", tmp_path, **given, input=ask, pass_threshold=0.5)
    return report, tmp_path / "record.jsonl"


@pytest.mark.parametrize(
    ("said", "aggregate", "score"),
    [({"one": "0.8", "mute": "Hm."}, "majority", 0.8), ({"one": "0.8", "mute": "Hm."}, "unanimous", None),
     ({"mute": "Hm.", "null": '{"result": null}'}, "majority", None)],
)  # fmt: skip
def test_a_grade_of_a_panel_that_cannot_be_read_never_counts_as_wrong(
    tmp_path: Path, said: dict[str, str], aggregate: str, score: float | None
) -> None:
    report, record = panel_over(tmp_path, said, aggregate)
    assert report.get("score") == score
    assert report.get("accuracy") == (1.0 if score else None)
    failed = [sample for sample in read_record(record).samples() if sample.error is not None]
    assert len(failed) == (0 if score else 1)


def test_scores_outside_of_the_range_are_counted_with_a_warning(tmp_path: Path) -> None:
    rows = [{"item": {"x": "1"}, "sample": {"output_text": text}} for text in ("a", "b", "c")]
    grader = Model(lambda prompt: '{"result": 7}' if "a" in last(prompt) else '{"result": 1}')
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    evaluation = ScoreModel(
        [Model("unused"), grader], str(data), eval_registry_path=tmp_path, name="rows.dev.v0",
        input=[{"role": "user", "content": "{{ sample.output_text }}"}],
    )  # fmt: skip
    report = evaluation.run(
        LocalRecorder(str(tmp_path / "r.jsonl"), RunSpec([""], "rows.dev.v0", "rows", "dev", {}, ""))
    )
    assert (report["score"], report["n_clipped"]) == (1.0, 1)
    assert "outside of a grader's range" in report["warnings"][0]


def test_a_server_that_refuses_a_response_format_is_asked_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "no-key")

    def answer(call: Call) -> Answer:
        if "response_format" in call.body:
            return Answer(None, status=400, error_message="response_format is not supported")
        return Answer('It is short.\n{"steps": ["short"], "result": "kind"}')

    rows = [{"item": {"x": "1"}, "sample": {"output_text": "Thank you."}}]
    args = {"input": [{"role": "user", "content": "{{ sample.output_text }}?"}], "labels": ["kind", "rude"]}
    with LoopbackServer(answer) as server:
        grader = {"model": "gpt-6-sol", "args": {"base_url": server.base_url}}
        report = run_over(
            LabelModel, rows, "unused", tmp_path, registry=Registry(registry_paths=[tmp_path]), grader=grader,
            passing_labels=["kind"], structured_outputs=False, **args,
        )  # fmt: skip
        asked = server.bodies[0]["messages"]
    assert (report["accuracy"], report["n"]) == (1.0, 1)
    assert asked[0]["content"] == "Thank you.?"
    assert 'one of "kind", "rude"' in asked[1]["content"]
