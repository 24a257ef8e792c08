"""How choices are found out: by one method a run, recorded, and the same when a run is resumed or rescored."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from toy_models import ChatModel, ScoringModel, hashed, run_choice, write_rows

from evals.completion_fns.openai.models import OpenAIChatCompletionFn, OpenAICompletionFn
from evals.engine.settings import EngineSettings
from evals.errors import BudgetReached, UsageError
from evals.record.reader import read_record
from evals.report.terminal.sample import sample_text
from evals.runner.request import RunRequest
from evals.runner.run import run_eval
from evals.suite.choice.eval import Choice
from evals.testing.openai_replies import Answer
from evals.testing.openai_server import LoopbackServer

ROWS = [
    {
        "question": f"Question {i}?",
        "choices": ["red", "green", "blue", "grey"],
        "answer": i % 4,
        "subject": "s" * (1 + i % 2),
    }
    for i in range(24)
]


def methods(events: list[dict[str, Any]]) -> set[str]:
    return {event["way"] for event in events}


def test_a_backend_that_scores_texts_is_asked_to(tmp_path: Path) -> None:
    report, events = run_choice(ScoringModel(), ROWS, tmp_path)
    assert methods(events) == {"score"}
    assert report["how"] == ["style letter; score: log probabilities by the backend"]


def test_a_chat_model_that_gives_alternatives_is_asked_for_them(tmp_path: Path) -> None:
    model = ChatModel()
    _, events = run_choice(model, ROWS, tmp_path)
    assert methods(events) == {"top_logprobs"}
    assert {event["n_alternatives"] for event in events} == {20}
    prompt, options = model.calls[0]
    assert prompt[0]["role"] == "user"
    assert options == {"temperature": 0.0, "max_tokens": 1, "logprobs": True, "top_logprobs": 20}


def test_a_server_that_allows_few_alternatives_is_asked_for_few(tmp_path: Path) -> None:
    model = ChatModel(most=5)
    report, events = run_choice(model, ROWS, tmp_path)
    assert {event["n_alternatives"] for event in events} == {5}
    assert len(model.calls) == len(ROWS) + 2
    assert "of the letters were not among the alternatives" in " ".join(report["warnings"])


def test_a_chat_model_without_log_probabilities_is_read_by_its_reply(tmp_path: Path) -> None:
    model = ChatModel(most=0, reply="The answer is (C).")
    report, events = run_choice(model, ROWS, tmp_path)
    assert methods(events) == {"parsed"}
    assert report["accuracy"] == 0.25
    assert "letter_mass" not in report


def test_replies_without_a_letter_are_wrong_and_counted(tmp_path: Path) -> None:
    report, events = run_choice(ChatModel(reply="I would rather not say."), ROWS, tmp_path, way="parsed")
    assert (report["accuracy"], report["unparsed"], report["n"]) == (0.0, 1.0, 24)
    assert {event["picked"] for event in events} == {None}


def test_no_letter_among_the_alternatives_is_no_choice_of_the_first(tmp_path: Path) -> None:
    words = ChatModel(lambda prompt: {"the": 0.6, "a": 0.4})
    report, events = run_choice(words, [{**row, "answer": 0} for row in ROWS], tmp_path, way="top_logprobs")
    assert (report["accuracy"], report["unparsed"]) == (0.0, 1.0)
    assert events[0]["floored"] == [True] * 4


def test_a_model_that_begins_with_something_else_than_a_letter_is_read_by_its_reply(tmp_path: Path) -> None:
    thinking = ChatModel(
        lambda prompt: {"<think>": 0.9, "Okay": 0.099, "A": 0.001}, reply="<think>Blue?</think>The answer is (C)."
    )
    report, events = run_choice(thinking, ROWS, tmp_path)
    assert methods(events) == {"parsed"}
    assert (report["accuracy"], report["unparsed"]) == (0.25, 0.0)


@pytest.mark.parametrize("forms", ["spaced", "bare", "both"])
def test_methods_agree_on_the_log_probabilities_of_the_same_forms(tmp_path: Path, forms: str) -> None:
    _, scored = run_choice(ScoringModel(), ROWS, tmp_path, letter_forms=forms)
    _, topped = run_choice(ChatModel(), ROWS, tmp_path, letter_forms=forms)
    for left, right in zip(scored, topped, strict=True):
        assert left["logprobs"] == pytest.approx(right["logprobs"], abs=1e-8)
        assert left["mass"] == pytest.approx(right["mass"], abs=1e-8)
        assert left["picked"] == right["picked"]


def test_letters_of_chats_are_summed_over_both_forms_and_of_texts_follow_the_delimiter(tmp_path: Path) -> None:
    _, topped = run_choice(ChatModel(), ROWS[:1], tmp_path)
    _, scored = run_choice(ScoringModel(), ROWS[:1], tmp_path)
    table = hashed("Question 0?\nA. red\nB. green\nC. blue\nD. grey\nAnswer:")
    both = [math.log(table[letter] + table[" " + letter]) for letter in "ABCD"]
    assert topped[0]["logprobs"] == pytest.approx(both, abs=1e-8)
    assert scored[0]["logprobs"] == pytest.approx([math.log(table[" " + letter]) for letter in "ABCD"], abs=1e-8)


def test_low_mass_is_warned_of(tmp_path: Path) -> None:
    report, _ = run_choice(ScoringModel(lambda prompt: {" A": 0.3, " B": 0.2, " C": 0.1, " D": 0.1}), ROWS, tmp_path)
    assert report["letter_mass"] == pytest.approx(0.7)
    assert report["warnings"][0].startswith("the letters hold 0.70 of the next token's probability, below 0.9")


@pytest.mark.parametrize(
    ("model", "args", "message"),
    [
        (ChatModel(), {"style": "completion"}, "which ChatModel does not give"),
        (ChatModel(), {"way": "score"}, "ChatModel does not support way: score"),
        (ScoringModel(), {"way": "echo"}, "ScoringModel does not support way: echo"),
    ],
)
def test_a_method_that_the_backend_lacks_is_refused_before_the_first_sample(
    tmp_path: Path, model: Any, args: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        run_choice(model, ROWS, tmp_path, **args)
    assert message in str(caught.value)


def chat(call: Any) -> Answer:
    return Answer("A", top={"A": -0.5, " B": -1.5, "C": -2.5, "the": -3.0})


def test_over_http_a_chat_server_is_asked_for_alternatives(tmp_path: Path) -> None:
    with LoopbackServer(chat) as server:
        fn = OpenAIChatCompletionFn("m", api_base=server.base_url, api_key="k")
        _, events = run_choice(fn, ROWS, tmp_path)
    assert methods(events) == {"top_logprobs"}
    assert events[0]["logprobs"] == [-0.5, -1.5, -2.5, -100.0]
    assert events[0]["floored"] == [False, False, False, True]


def test_over_http_a_completions_server_that_echoes_is_asked_to(tmp_path: Path) -> None:
    with LoopbackServer("A") as server:
        fn = OpenAICompletionFn("m", api_base=server.base_url, api_key="k")
        _, events = run_choice(fn, ROWS, tmp_path)
    assert methods(events) == {"echo"}
    assert len(events) == 24
    assert len(events[0]["logprobs"]) == 4


def no_echo(call: Any) -> Answer:
    if call.body.get("echo"):
        return Answer(None, status=400, error_message="echo with logprobs is not supported")
    return Answer(" B", top={" A": -2.0, " B": -0.5, " D": -1.0})


def test_a_completions_server_that_refuses_to_echo_is_asked_for_alternatives(tmp_path: Path) -> None:
    with LoopbackServer(no_echo) as server:
        fn = OpenAICompletionFn("m", api_base=server.base_url, api_key="k")
        _, events = run_choice(fn, ROWS, tmp_path)
    assert methods(events) == {"top_logprobs"}
    assert events[0]["logprobs"] == [-2.0, -0.5, -100.0, -1.0]


def no_logprobs(call: Any) -> Answer:
    if call.body.get("logprobs"):
        return Answer(None, status=400, error_message="logprobs are not available for this model")
    return Answer("B")


def test_a_server_that_refuses_log_probabilities_ends_no_run(tmp_path: Path) -> None:
    with LoopbackServer(no_logprobs) as server:
        fn = OpenAIChatCompletionFn("m", api_base=server.base_url, api_key="k")
        report, events = run_choice(fn, ROWS, tmp_path)
    assert methods(events) == {"parsed"}
    assert report["accuracy"] == 0.25


def registry_with(folder: Path, **args: Any) -> Path:
    """A registry with the eval `colours` over ROWS."""
    (folder / "evals").mkdir()
    (folder / "data").mkdir()
    write_rows(folder / "data" / "rows.jsonl", ROWS)
    body = {"class": "evals.suite:Choice", "args": {"samples_jsonl": "rows.jsonl", **args}}
    (folder / "evals" / "colours.yaml").write_text(
        json.dumps({"colours": {"id": "colours.dev.v0", "metrics": ["accuracy"]}, "colours.dev.v0": body})
    )
    return folder


def request(folder: Path, fn: Any, record: str, **args: Any) -> RunRequest:
    return RunRequest([fn], "colours", [folder], record_path=str(folder / record), **args)


def recorded_methods(path: Path) -> list[str]:
    return [event.data["way"] for event in read_record(path).events("choice")]


@pytest.mark.parametrize(
    "fn", [ChatModel(), ScoringModel(), ChatModel(most=0, reply="B")], ids=["top", "score", "parsed"]
)
def test_a_record_is_rescored_without_a_call_to_the_same_numbers(tmp_path: Path, fn: Any) -> None:
    folder = registry_with(tmp_path)
    first = run_eval(request(folder, fn, "first.jsonl"))
    again = run_eval(
        request(folder, "replay", "again.jsonl", completion_args={"record": str(tmp_path / "first.jsonl")})
    )
    assert again.exit_code == 0
    assert {**again.report, "cost_usd": None} == {**first.report, "cost_usd": None}
    assert recorded_methods(tmp_path / "again.jsonl") == recorded_methods(tmp_path / "first.jsonl")


def test_a_resumed_run_keeps_the_method_that_it_began_with(tmp_path: Path) -> None:
    folder = registry_with(tmp_path)
    whole = run_eval(request(folder, ChatModel(most=5), "whole.jsonl")).report
    record = tmp_path / "cut.jsonl"
    lines = (tmp_path / "whole.jsonl").read_text().splitlines(keepends=True)
    record.write_text("".join(lines[: len(lines) // 2]))
    model = ChatModel(most=5)
    resumed = run_eval(request(folder, model, "cut.jsonl", resume=True)).report
    assert resumed == whole
    assert {options["top_logprobs"] for _, options in model.calls} == {5}


def test_what_was_scored_is_recorded_with_its_prompt(tmp_path: Path) -> None:
    folder = registry_with(tmp_path)
    run_eval(request(folder, ScoringModel(), "r.jsonl"))
    event = next(iter(read_record(tmp_path / "r.jsonl").events("cond_logp"))).data
    assert event["prompt"].endswith("D. grey\nAnswer:")
    assert event["completion"] == [" A", " B", " C", " D"]
    assert event["way"] == "score"
    assert len(event["logp"]) == len(event["n_tokens"]) == 4


def test_the_examples_are_part_of_what_makes_two_runs_the_same(tmp_path: Path) -> None:
    digests = set()
    for n in (4, 6):
        shots = write_rows(tmp_path / "dev.jsonl", ROWS[:n])
        rows = write_rows(tmp_path / "rows.jsonl", ROWS)
        evaluation = Choice(
            [ScoringModel()], rows, name="x.dev.v0", few_shot_jsonl=shots, num_few_shot=1, few_shot_pick="seeded"
        )
        digests.add(evaluation.fingerprint()["few_shot"])
    assert len(digests) == 2


def test_view_shows_the_prompt_and_what_was_scored(tmp_path: Path) -> None:
    folder = registry_with(tmp_path)
    run_eval(request(folder, ScoringModel(), "r.jsonl"))
    shown = sample_text(next(iter(read_record(tmp_path / "r.jsonl").samples())))
    assert "D. grey" in shown
    assert re.search(r'log p +-\d\.\d+ " A"', shown)


def test_a_replay_says_when_other_texts_were_scored(tmp_path: Path) -> None:
    folder = registry_with(tmp_path)
    run_eval(request(folder, ScoringModel(), "r.jsonl"))
    args = {"record": str(tmp_path / "r.jsonl")}
    result = run_eval(
        request(folder, "replay", "s.jsonl", completion_args=args, extra_eval_params={"letter_forms": "both"})
    )
    assert result.n_errors == len(ROWS)
    assert "log probabilities of other continuations" in result.counters.first_error


def spaced(prompt: str) -> dict[str, float]:
    return hashed(prompt, (" A", " B", " C", " D", " x"))


def of_one_model(call: Any) -> Answer:
    """What one language model says over both endpoints."""
    table = spaced(call.prompt)
    return Answer(
        max(table, key=lambda token: table[token]),
        top={token: math.log(p) for token, p in table.items()},
        logprob_of=lambda before, token: math.log(spaced(before).get(token, 0.5)),
    )


def test_one_model_makes_the_same_choices_by_all_four_methods_over_http_and_in_the_process(tmp_path: Path) -> None:
    wording = {"template": "{question}\n{options}\nAnswer:", "letter_forms": "spaced"}
    with LoopbackServer(of_one_model) as server:
        chat_fn = OpenAIChatCompletionFn("m", api_base=server.base_url, api_key="k")
        text_fn = OpenAICompletionFn("m", api_base=server.base_url, api_key="k")
        found = {
            "top_logprobs": run_choice(chat_fn, ROWS, tmp_path, way="top_logprobs", **wording)[1],
            "echo": run_choice(text_fn, ROWS, tmp_path, way="echo", **wording)[1],
            "score": run_choice(ScoringModel(spaced), ROWS, tmp_path, way="score", **wording)[1],
            "parsed": run_choice(chat_fn, ROWS, tmp_path, way="parsed", **wording)[1],
        }
    for name, events in found.items():
        assert methods(events) == {name}
    for events in zip(found["top_logprobs"], found["echo"], found["score"], strict=True):
        assert events[0]["logprobs"] == pytest.approx(events[1]["logprobs"], abs=1e-6)
        assert events[0]["logprobs"] == pytest.approx(events[2]["logprobs"], abs=1e-6)
        assert len({event["picked"] for event in events}) == 1
    for by_score, by_text in zip(found["score"], found["parsed"], strict=True):
        assert by_text["picked"] in (by_score["picked"], None), "a reply that is no letter is no choice"


def test_what_scoring_costs_is_counted_and_ends_the_run_at_the_budget(tmp_path: Path) -> None:
    folder = registry_with(tmp_path)
    with LoopbackServer("A") as server:
        fn = OpenAICompletionFn("m", api_base=server.base_url, api_key="k")
        whole = run_eval(request(folder, fn, "whole.jsonl"))
        settings = EngineSettings(max_tokens_total=whole.counts.total_tokens // 2, concurrency=1)
        half = run_eval(request(folder, fn, "half.jsonl", settings=settings))
    assert whole.report["usage_prompt_tokens"] == whole.counts.prompt_tokens > 0
    assert isinstance(half.stopped_by, BudgetReached)
    assert 0 < half.report["n"] < len(ROWS)


def test_a_refused_key_ends_the_run_in_the_usual_words(tmp_path: Path) -> None:
    with LoopbackServer("A", api_key="right") as server:
        fn = OpenAIChatCompletionFn("m", api_base=server.base_url, api_key="wrong")
        result = run_eval(request(registry_with(tmp_path), fn, "r.jsonl"))
    assert "the server refused the key" in str(result.stopped_by)
    assert result.exit_code == 3
