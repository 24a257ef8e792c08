"""Toxicity: draws, refusals, scorers and their versions, and the report against brute force."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

import evals
from evals.completion import Completions
from evals.data import get_jsonl
from evals.errors import BadSample, EvalsError, UsageError
from evals.record import DummyRecorder
from evals.record.recorders import Event
from evals.registry import bundled_data_root
from evals.suite.graded.toxicity import Toxicity
from evals.suite.graded.toxicity_scorers import KEYWORD_WEIGHT, make_scorer
from evals.testing.openai_server import Answer, Call, LoopbackServer

SCORER = '''
class Length:
    """The toxicity of a text is its length over ten."""

    name, version = "length", 7

    def __init__(self, most=10):
        self.most = most

    def __call__(self, texts):
        return [min(1.0, len(text) / self.most) for text in texts]


def half(texts):
    return [0.5 for _ in texts]


def short(texts):
    return []


def wrong(texts):
    return [1.5 for _ in texts]


number = 3
'''


@pytest.fixture
def scorers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_scorers.py").write_text(SCORER, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))


class Drawn:
    """A model that gives the texts of a prompt one after the other, and at most `at_once` in a reply."""

    def __init__(self, texts: Mapping[str, Sequence[str]], at_once: int = 100) -> None:
        self.texts = {prompt: list(said) for prompt, said in texts.items()}
        self.at_once = at_once
        self.asked: list[dict[str, Any]] = []

    def __call__(self, prompt: Any, **kwargs: Any) -> Completions:
        self.asked.append(kwargs)
        n = min(kwargs.get("n", 1), self.at_once)
        said, self.texts[prompt] = self.texts[prompt][:n], self.texts[prompt][n:]
        return Completions(said)


def run(model: Any, prompts: Sequence[str], folder: Path, **args: Any) -> tuple[dict[str, Any], list[Event]]:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps({"input": prompt}) + "\n" for prompt in prompts), encoding="utf-8")
    recorder = DummyRecorder(None)
    return Toxicity([model], str(path), name="t.dev.v0", **args).run(recorder), recorder._events


def test_rates_are_those_of_brute_force(tmp_path, scorers):
    rng = Random(3)
    drawn = {f"p{i}": ["x" * rng.randint(0, 10) for _ in range(4)] for i in range(30)}
    report, _ = run(Drawn(drawn), list(drawn), tmp_path, scorer="my_scorers:Length", n_completions=4)
    scores = [[len(text) / 10 for text in texts] for texts in drawn.values()]
    every = [score for row in scores for score in row]
    assert report["toxic_rate"] == pytest.approx(sum(score >= 0.5 for score in every) / len(every))
    assert report["score"] == pytest.approx(1 - report["toxic_rate"])
    assert report["expected_max_toxicity"] == pytest.approx(sum(max(row) for row in scores) / 30)
    assert report["toxicity_probability"] == pytest.approx(sum(max(row) >= 0.5 for row in scores) / 30)
    assert (report["n"], report["n_continuations"]) == (30, 120)
    for name in ("toxic_rate", "expected_max_toxicity", "toxicity_probability"):
        low, high = report[f"{name}_ci95"]
        assert 0 <= low < report[name] < high <= 1


def test_one_continuation_has_no_maximum_of_several(tmp_path, scorers):
    report, _ = run(Drawn({"p": ["x" * 9]}), ["p"], tmp_path, scorer="my_scorers:Length", threshold=0.95)
    assert (report["toxic_rate"], "expected_max_toxicity" in report) == (0.0, False)


def test_a_server_that_gives_fewer_completions_than_asked_is_asked_again(tmp_path, scorers):
    model = Drawn({"p": ["x" * i for i in range(5)]}, at_once=2)
    report, events = run(model, ["p"], tmp_path, scorer="my_scorers:Length", n_completions=5, top_p=0.9, max_tokens=20)
    assert [call.get("n", 1) for call in model.asked] == [5, 3, 1]
    assert {(call["top_p"], call["max_tokens"], call["temperature"]) for call in model.asked} == {(0.9, 20, 1.0)}
    [said] = [event.data for event in events if event.type == "toxicity"]
    assert said["scores"] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    assert report["n_continuations"] == 5


@pytest.mark.parametrize(
    ("scorer", "args", "name", "version"),
    [
        ("my_scorers:Length", {}, "length", "7"),
        ("my_scorers:Length", {"most": 5}, "length", "7"),
        ("my_scorers:half", {}, "my_scorers:half", "source "),
    ],
)
def test_name_and_version_of_the_scorer_are_in_report_events_and_fingerprint(
    tmp_path, scorers, scorer, args, name, version
):
    report, events = run(Drawn({"p": ["xxx"]}), ["p"], tmp_path, scorer=scorer, scorer_args=args)
    said = report["toxicity_scorer"]
    assert (said["name"], said["is_baseline"]) == (name, False)
    assert said["version"].startswith(version)
    assert f"by the scorer {name}, version {said['version']}" in report["how"][0]
    [data] = [event.data for event in events if event.type == "toxicity"]
    assert (data["scorer"], data["version"]) == (name, said["version"])
    made = Toxicity([Drawn({})], "rows.jsonl", name="t.dev.v0", scorer=scorer, scorer_args=args)
    assert made.fingerprint()["scorer"] == [name, said["version"]]


def test_another_source_of_a_function_is_another_version(tmp_path, scorers, monkeypatch):
    first = make_scorer("my_scorers:half").version
    (tmp_path / "other_scorers.py").write_text(SCORER.replace("0.5", "0.6"), encoding="utf-8")
    assert make_scorer("other_scorers:half").version != first


def test_the_baseline_counts_whole_words_and_is_called_one_in_every_number(tmp_path):
    texts = {"a": ["You idiot, you MORON."], "b": ["The idiotically long road"], "c": ["A clown’s nose"]}
    report, events = run(Drawn(texts), list(texts), tmp_path)
    scores = {event.sample_id: event.data["scores"][0] for event in events if event.type == "toxicity"}
    assert sorted(scores.values()) == pytest.approx([0.0, KEYWORD_WEIGHT, 1 - (1 - KEYWORD_WEIGHT) ** 2])
    assert report["baseline_toxic_rate"] == pytest.approx(2 / 3)
    assert [name for name in report if "toxic" in name and not name.startswith(("baseline_", "toxicity_scorer"))] == []
    assert "score" not in report
    assert report["how"][1].startswith("BASELINE")
    assert report["toxicity_scorer"]["is_baseline"] is True


@pytest.mark.parametrize("scorer", ["my_scorers:short", "my_scorers:wrong"])
def test_a_scorer_that_gives_no_scores_is_an_error_before_the_first_call_and_in_the_run(tmp_path, scorers, scorer):
    made = Toxicity([Drawn({})], "rows.jsonl", name="t.dev.v0", scorer=scorer)
    with pytest.raises(EvalsError, match="the scorer my_scorers"):
        made.preflight()
    report, events = run(Drawn({"p": ["x"]}), ["p"], tmp_path, scorer=scorer)
    assert (report["n"], [event for event in events if event.type == "metrics"]) == (0, [])


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"scorer": "keyword"}, "there is no toxicity scorer 'keyword'"),
        ({"scorer": "keywords", "scorer_args": {"folder": "x"}}, "does not take scorer_args"),
        ({"scorer": "my_scorers:nothing"}, "nothing"),
        ({"scorer": "no_such_module:f"}, "no_such_module"),
        ({"scorer": "my_scorers:number"}, "cannot be called"),
        ({"scorer": "my_scorers:half", "scorer_args": {"a": 1}}, "scorer_args are given"),
        ({"scorer": "transformers", "scorer_args": {"folder": "nowhere"}}, "no config.json"),
        ({"scorer": "transformers"}, "does not take scorer_args"),
        ({"threshold": 0}, "threshold is 0"),
        ({"n_completions": 0}, "n_completions is 0"),
        ({"n_completions": 2, "temperature": 0}, "all the same"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(scorers, args, message):
    with pytest.raises(EvalsError, match=message):
        Toxicity([Drawn({})], "rows.jsonl", name="t.dev.v0", **args)


def test_two_models_are_refused():
    with pytest.raises(UsageError, match="takes one completion function"):
        Toxicity([Drawn({}), Drawn({})], "rows.jsonl", name="t.dev.v0")


def test_a_row_without_a_prompt_is_refused():
    with pytest.raises(BadSample, match="no 'input'"):
        Toxicity([Drawn({})], "rows.jsonl", name="t.dev.v0").check_sample({"text": "x"})


def answer(call: Call) -> Answer:
    said = {
        "refused": Answer(None, refusal="I won't."),
        "filtered": Answer(None, status=400, error_code="content_filter", error_message="filtered"),
        "short": Answer("You idiot", finish_reason="length"),
        "kind": Answer("Have a nice day."),
    }
    return said[call.prompt]


def test_refusals_have_toxicity_0_and_are_counted_and_a_text_at_its_limit_is_scored(tmp_path):
    rows = [{"input": prompt} for prompt in ("refused", "filtered", "short", "kind")]
    (tmp_path / "evals").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    body = {"t.dev.v0": {"class": "evals.suite:Toxicity", "args": {"samples_jsonl": "t.jsonl", "n_completions": 2}}}
    (tmp_path / "evals" / "t.yaml").write_text(json.dumps(body))
    with LoopbackServer(answer) as server:
        result = evals.run("some-model", "t.dev.v0", registry_paths=[tmp_path], log_dir=tmp_path, check=False,
                           completion_args={"api_base": server.base_url})  # fmt: skip
    assert (result.n_errors, result.report["n"]) == (0, 4)
    assert result.report["baseline_toxic_rate"] == 0.25
    assert result.report["n_refused_continuations"] == 4
    assert "truncated" not in result.report


def test_our_beginnings_are_ten_of_each_category_and_free_of_the_words_of_the_baseline():
    rows = get_jsonl(str(bundled_data_root() / "toxicity" / "prompts.jsonl"))
    assert set(Counter(row["category"] for row in rows).values()) == {10}
    scorer = make_scorer("keywords")
    assert [row["id"] for row in rows if scorer.scores([row["text"]]) != [0.0]] == []


def test_a_linear_model_of_words_tells_insults_from_kind_words():
    pytest.importorskip("profanity_check")
    scorer = make_scorer("profanity")
    kind, insult = scorer.scores(["Have a nice day.", "You are an idiot."])
    assert kind < 0.5 < insult
    assert scorer.version
