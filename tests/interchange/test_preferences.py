"""Files of pairwise judgements: AlpacaEval's annotations and an arena's battles, and the command over them."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evals.cli.main import main
from evals.errors import BadSample, EvalsError
from evals.interchange.preferences import read_judgements
from evals.interchange.votes import Vote, append_vote
from evals.texts.answer_style import AnswerStyle


def annotations(path: Path, preferences: list[Any], model: str = "m") -> Path:
    rows = [
        {"instruction": f"q{i}", "output_1": "base", "generator_1": "base", "output_2": "a" * (i + 5), "generator_2": model,
         "preference": preference}
        for i, preference in enumerate(preferences)
    ]  # fmt: skip
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def test_annotations_are_judgements_of_the_second_model(tmp_path: Path) -> None:
    found = read_judgements([annotations(tmp_path / "a.json", [1, 2, 1.5, 0, 1.97, None, "2.0"])])
    assert [row.outcome for row in found.rows] == pytest.approx([0, 1, 0.5, 0.5, 0.97, 1])
    assert {(row.model, row.other) for row in found.rows} == {("m", "base")}
    assert found.rows[0].lengths == (5, 4)
    assert sum(found.n_without.values()) == 1


def test_win_rate_and_error_are_those_that_alpaca_eval_publishes(tmp_path: Path, capsys: Any) -> None:
    """Its rules: a draw is 1.5, the rate is the mean of preference - 1, the error its standard error (ddof 1)."""
    rng = np.random.default_rng(0)
    preferences = np.round(1 + rng.beta(0.4, 0.6, 200), 6).tolist()
    assert main(["preferences", str(annotations(tmp_path / "a.json", preferences)), "--json"]) == 0
    [pair] = json.loads(capsys.readouterr().out)["pairs"]
    wanted = np.array(preferences) - 1
    assert pair["win_rate"]["value"] == pytest.approx(wanted.mean(), abs=1e-12)
    assert pair["win_rate"]["stderr"] == pytest.approx(wanted.std(ddof=1) / math.sqrt(200), rel=1e-9)
    assert (pair["wins"], pair["losses"]) == (int((wanted > 0.5).sum()), int((wanted < 0.5).sum()))


def test_a_model_against_itself_has_a_win_rate_and_no_place_in_a_ranking(tmp_path: Path, capsys: Any) -> None:
    preferences = [1, 2, 1.5, 1.9, 1.2, 2, 1]
    paths = [str(annotations(tmp_path / f"{name}.json", preferences, model=name)) for name in ("base", "m", "n")]
    assert main(["preferences", *paths, "--json", "--draws", "50"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [pair["win_rate"]["value"] for pair in found["pairs"]] == pytest.approx([np.mean(preferences) - 1] * 3)
    assert (found["ranking"]["n"], len(found["ranking"]["models"])) == (14, 3)


def battles(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    lines = [
        json.dumps({"question_id": i, "model_a": a, "model_b": b, "winner": w}) for i, (a, b, w) in enumerate(rows)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_battles_of_an_arena_are_ranked(tmp_path: Path, capsys: Any) -> None:
    rng = np.random.default_rng(1)
    strength = {"weak": 0.0, "middle": 1.0, "strong": 2.0}
    rows = []
    for _ in range(900):
        a, b = rng.permutation(list(strength))[:2]
        draw = rng.random()
        chance = 1 / (1 + math.exp(strength[b] - strength[a]))
        rows.append((a, b, "tie" if draw < 0.05 else "model_a" if rng.random() < chance else "model_b"))
    path = battles(tmp_path / "b.jsonl", rows)
    assert main(["preferences", str(path), "--draws", "200"]) == 0
    lines = capsys.readouterr().out.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("rank"))
    assert [line.split()[1] for line in lines[at + 1 : at + 4]] == ["strong", "middle", "weak"]
    assert max(map(len, lines)) <= 80
    assert main(["preferences", str(path), "--draws", "200", "--json"]) == 0
    models = json.loads(capsys.readouterr().out)["ranking"]["models"]
    gap = models[0]["strength"] - models[2]["strength"]
    assert gap == pytest.approx(2.0, abs=0.4)
    assert models[0]["elo"] == pytest.approx(1000 + 400 / math.log(10) * models[0]["strength"])


def test_two_models_are_one_pair_whichever_stands_first(tmp_path: Path, capsys: Any) -> None:
    rows = [("x", "y", "model_a"), ("y", "x", "model_a"), ("y", "x", "model_b"), ("x", "y", "tie")]
    assert main(["preferences", str(battles(tmp_path / "b.jsonl", rows)), "--json"]) == 0
    [pair] = json.loads(capsys.readouterr().out)["pairs"]
    assert (pair["model"], pair["wins"], pair["losses"], pair["ties"]) == ("x", 2, 1, 1)


def test_a_file_of_votes_is_judged_by_the_last_vote_of_each_rater(tmp_path: Path) -> None:
    path = tmp_path / "v.jsonl"
    first = Vote("q1", "x", "y", "model_a", "ann", "model_b", 1, "a" * 64, "b" * 64, "now", category="law")
    long, short = AnswerStyle(9, 0, 0, 0), AnswerStyle(4, 1, 0, 0)
    for changes in (
        {}, {"winner": "both_bad"}, {"rater": "bob", "winner": "model_b", "style_a": long, "style_b": short},
        {"question_id": "q2", "winner": "skip"}, {"question_id": "q3"}, {"question_id": "q3", "winner": "undo"},
    ):  # fmt: skip
        append_vote(path, dataclasses.replace(first, **changes))
    found = read_judgements([path], by="category")
    assert [(row.prompt, row.rater, row.outcome, row.group) for row in found.rows] == [
        ("q1", "ann", 0.5, "law"),
        ("q1", "bob", 0.0, "law"),
    ]
    assert found.rows[1].lengths == (9, 4)
    assert found.rows[1].turned().lengths == (4, 9)
    assert sum(found.n_without.values()) == 1


def test_answers_of_a_battle_may_be_texts_or_conversations(tmp_path: Path) -> None:
    said = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "# A\n- b"}]
    row = {"model_a": "x", "model_b": "y", "winner": "tie", "judge": "j7"}
    rows = [row | {"response_a": "**c**", "response_b": ""}, row | {"conversation_a": said, "conversation_b": said}]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    found = read_judgements([tmp_path / "b.jsonl"]).rows
    assert [one.styles for one in found] == [
        (AnswerStyle(5, 0, 0, 1), AnswerStyle(0, 0, 0, 0)),
        (AnswerStyle(7, 1, 1, 0), AnswerStyle(7, 1, 1, 0)),
    ]
    assert {one.rater for one in found} == {"j7"}


def test_one_of_three_columns_may_mark_the_winner(tmp_path: Path) -> None:
    """As in LMSYS's table of 55,000 battles, whose prompts and answers are JSON lists of turns."""
    names = ("winner_model_a", "winner_model_b", "winner_tie")
    marks = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0)]
    turns = {"prompt": '["hi","and?"]', "response_a": '["one","**two**"]', "response_b": '["x",null]'}
    rows = [
        {"id": i, "model_a": "x", "model_b": "y", **turns, **dict(zip(names, mark, strict=True))}
        for i, mark in enumerate(marks)
    ]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    found = read_judgements([tmp_path / "b.jsonl"])
    assert [one.outcome for one in found.rows] == [1, 0, 0.5]
    assert found.rows[0].styles == (AnswerStyle(12, 0, 0, 1), AnswerStyle(3, 0, 0, 0))
    assert sum(found.n_without.values()) == 1
    (tmp_path / "b.jsonl").write_text(json.dumps(rows[0] | {"winner_tie": 1}) + "\n")
    with pytest.raises(EvalsError, match=r"b\.jsonl:1: several of winner_model_a, winner_model_b, winner_tie are set"):
        read_judgements([tmp_path / "b.jsonl"])


@pytest.mark.parametrize("as_text", [False, True])
def test_conversations_in_parts_and_sessions_are_read(tmp_path: Path, as_text: bool) -> None:
    """As in LMArena's tables of 2025: contents are lists of parts, and votes of one session depend on one another."""
    said: Any = [
        {"role": role, "content": [{"type": "text", "text": text, "image": None}]}
        for role, text in (("user", "hi"), ("assistant", "# A"))
    ]
    said = json.dumps(said) if as_text else said
    row = {"model_a": "x", "model_b": "y", "winner": "both_bad", "conversation_a": said, "conversation_b": said}
    rows = [row | {"id": f"v{i}", "evaluation_session_id": f"s{i // 2}"} for i in range(4)]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    found = read_judgements([tmp_path / "b.jsonl"]).rows
    assert {one.styles for one in found} == {(AnswerStyle(3, 0, 1, 0), AnswerStyle(3, 0, 1, 0))}
    assert [(one.prompt, one.item) for one in found] == [("s0", "v0"), ("s0", "v1"), ("s1", "v2"), ("s1", "v3")]


def test_turns_of_one_question_are_one_prompt_and_two_items(tmp_path: Path) -> None:
    row = {"question_id": 81, "model_a": "x", "model_b": "y", "judge": "expert_1"}
    rows = [row | {"turn": 1, "winner": "model_a"}, row | {"turn": 2, "winner": "tie (inconsistent)"}]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    found = read_judgements([tmp_path / "b.jsonl"]).rows
    assert [(one.prompt, one.item, one.outcome) for one in found] == [("81", None, 1), ("81", "81 turn 2", 0.5)]


@pytest.mark.parametrize(
    "style", [{"characters": "many"}, {"characters": -1, "lists": 0, "headings": 0, "bold": 0}, [1], None]
)
def test_counts_that_cannot_be_are_left_out(tmp_path: Path, style: Any) -> None:
    row = {"model_a": "x", "model_b": "y", "winner": "tie", "style_a": style, "style_b": style}
    (tmp_path / "b.jsonl").write_text(json.dumps(row) + "\n")
    assert read_judgements([tmp_path / "b.jsonl"]).rows[0].styles is None


def test_a_name_may_stand_for_the_winner_and_kinds_of_ties_are_ties(tmp_path: Path) -> None:
    rows = [("x", "y", "x"), ("x", "y", "y"), ("x", "y", "tie (bothbad)"), ("x", "y", "both_bad"), ("x", "y", "A")]
    assert [row.outcome for row in read_judgements([battles(tmp_path / "b.jsonl", rows)]).rows] == [1, 0, 0.5, 0.5, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"model_a": "x", "model_b": "y", "winner": "z"}\n', r"j\.jsonl:1: winner is 'z'"),
        ('{"model_a": "x", "winner": "tie"}\n', r"j\.jsonl:1: no 'model_b'"),
        ('{"model_a": "x", "model_b": "x", "winner": "tie"}\n', r"j\.jsonl:1: 'x' is compared with itself"),
        ('{"preference": 3}\n', r"j\.jsonl:1: preference is 3"),
        ('{"preference": "good"}\n', r"j\.jsonl:1: preference is 'good', not a number"),
        ('{"question": "a"}\n', r"j\.jsonl:1: a row without a judgement"),
        ('{"preference": null}\n', "no judgement in this file"),
    ],
)
def test_files_of_another_form_say_where_and_what_is_needed(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "j.jsonl").write_text(text)
    with pytest.raises(EvalsError, match=message):
        read_judgements([tmp_path / "j.jsonl"])


def test_a_model_that_always_won_needs_a_ridge(tmp_path: Path, capsys: Any) -> None:
    rows = [("x", "y", "model_a"), ("x", "z", "model_a"), ("y", "z", "model_a"), ("y", "z", "model_b")] * 5
    path = str(battles(tmp_path / "b.jsonl", rows))
    assert main(["preferences", path]) == 2
    assert "--ridge 0.01" in capsys.readouterr().err
    assert main(["preferences", path, "--ridge", "0.01", "--draws", "50"]) == 0


@pytest.mark.parametrize("option", ["--draws=0", "--draws=-3", "--draws=x", "--ridge=-1", "--ridge=nan", "--ridge=x"])
def test_numbers_that_cannot_be_are_refused(tmp_path: Path, capsys: Any, option: str) -> None:
    path = str(battles(tmp_path / "b.jsonl", [("x", "y", "model_a"), ("y", "x", "model_a")]))
    with pytest.raises(SystemExit) as refused:
        main(["preferences", path, option])
    assert refused.value.code == 2
    assert option.partition("=")[0] in capsys.readouterr().err


def test_judgements_of_mt_bench_are_wins_where_both_orders_agree(tmp_path: Path) -> None:
    """Counted by hand as FastChat does: both orders for one model, else a tie, `error` left out; the first place was
    preferred in the second verdict of q2 and both of q3."""
    said = [
        ("model_2", "model_2"),
        ("tie", "model_2"),
        ("model_1", "model_2"),
        ("error", "tie"),
        ("model_1", "model_1"),
    ]
    rows = [
        {"question_id": f"q{i}", "model_1": "a", "model_2": "b", "g1_winner": one, "g2_winner": two, "turn": 1,
         "judge": ["gpt-4", "pair-v2"]}
        for i, (one, two) in enumerate(said, 1)
    ]  # fmt: skip
    path = tmp_path / "gpt-4_pair.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = read_judgements([path])
    assert [row.outcome for row in found.rows] == [0.0, 0.5, 0.5, 1.0]
    assert [row.first_preferred for row in found.rows] == [0.5, 0.75, 1.0, 0.5]
    assert {row.rater for row in found.rows} == {"gpt-4"}
    assert found.n_without[str(path)] == 1


def test_a_winner_of_mt_bench_that_is_no_winner_is_refused(tmp_path: Path) -> None:
    row = {"question_id": 1, "model_1": "a", "model_2": "b", "g1_winner": "A", "g2_winner": "tie"}
    (tmp_path / "x_pair.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(BadSample, match="a winner is 'A'"):
        read_judgements([tmp_path / "x_pair.jsonl"])
