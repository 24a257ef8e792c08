"""Pairs of answers from two records or a file of pairs, and a grader that judges them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import evals
from evals.cli.main import main
from evals.comparison.answer_pairs import AnswerPairs, pairs_of_file, pairs_of_records
from evals.comparison.voting import Ballot
from evals.errors import EvalsError
from evals.interchange.votes import append_vote
from evals.record.reader import read_record

ROWS = [{"input": f"question {i}", "ideal": "x", "category": "ab"[i % 2]} for i in range(6)]


def record(path: Path, name: str, rows: Sequence[Mapping[str, Any]] = ROWS, repeats: int = 1, **answers: Any) -> Path:
    """The record of a run over `rows` by a model that answers `NAME on PROMPT`, or what `answers` says."""

    def model(prompt: Any) -> Any:
        said = answers.get(str(prompt).replace(" ", "_"))
        if isinstance(said, Exception):
            raise said
        return f"{name} on {prompt}" if said is None else said

    model.__qualname__ = name
    folder = path.parent / f"logs-{path.stem}"
    evals.run(model, rows, log_dir=folder, record_path=path, max_errors=100, check=False, repeats=repeats)
    return path


def both(pairs: AnswerPairs) -> list[tuple[str, str]]:
    return sorted((pair.answer_a, pair.answer_b) for pair in pairs.pairs)


def test_two_records_are_paired_by_sample(tmp_path: Path) -> None:
    pairs = pairs_of_records(record(tmp_path / "a.jsonl", "m1"), record(tmp_path / "b.jsonl", "m2"))
    assert both(pairs) == [(f"m1 on question {i}", f"m2 on question {i}") for i in range(6)]
    assert (pairs.model_a, pairs.model_b, pairs.eval_name) == ("m1", "m2", "rows.dev.v0")
    assert {(pair.prompt_text[-1], pair.category) for pair in pairs.pairs} == {(str(i), "ab"[i % 2]) for i in range(6)}
    assert not pairs.left_out


def test_a_question_that_moved_is_found_and_what_has_no_partner_is_counted(tmp_path: Path) -> None:
    a = record(tmp_path / "a.jsonl", "m1", question_4=RuntimeError("no"))
    b = record(tmp_path / "b.jsonl", "m2", [{"input": "new", "ideal": "x"}, *ROWS[:5]])
    pairs = pairs_of_records(a, b)
    assert both(pairs) == [(f"m1 on question {i}", f"m2 on question {i}") for i in range(4)]
    assert dict(pairs.left_out) == {"failed in A": 1, "another question in B": 1}


def test_repeats_are_paired_one_by_one(tmp_path: Path) -> None:
    a, b = record(tmp_path / "a.jsonl", "m1", repeats=2), record(tmp_path / "b.jsonl", "m2", repeats=3)
    pairs = pairs_of_records(a, b)
    assert sorted(pair.repeat for pair in pairs.pairs) == [0] * 6 + [1] * 6
    assert dict(pairs.left_out) == {"only in B": 6}


def test_two_runs_of_one_model_are_told_apart_by_their_files(tmp_path: Path) -> None:
    a, b = record(tmp_path / "a.jsonl", "m", question_0="other"), record(tmp_path / "b.jsonl", "m")
    assert pairs_of_records(a, b).model_a == "m (a.jsonl)"


def test_records_that_share_nothing_are_refused(tmp_path: Path) -> None:
    a = record(tmp_path / "a.jsonl", "m1")
    other = record(tmp_path / "b.jsonl", "m2", [{"input": "new", "ideal": "x"}])
    with pytest.raises(EvalsError, match="no question in common") as refused:
        pairs_of_records(a, other)
    assert "rows.dev.v0" in str(refused.value)
    with pytest.raises(EvalsError, match="are the same record"):
        pairs_of_records(a, a)
    (tmp_path / "c.jsonl").write_text("{}\n")
    with pytest.raises(EvalsError, match="not a record"):
        pairs_of_records(a, tmp_path / "c.jsonl")


def write_pairs(path: Path, *rows: Mapping[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_file_of_pairs_is_read(tmp_path: Path) -> None:
    row = {"id": "p", "input": [{"role": "user", "content": "hi"}], "output_a": "x", "output_b": "y", "category": "c"}
    pairs = pairs_of_file(write_pairs(tmp_path / "p.jsonl", row, {"instruction": "q", "answer_a": "1", "answer_b": ""}))
    assert [(pair.id, pair.answer_a, pair.answer_b, pair.category) for pair in pairs.pairs] == [
        ("p", "x", "y", "c"),
        ("1", "1", "", None),
    ]
    assert (pairs.model_a, pairs.model_b) == ("A", "B")
    assert pairs.sha256_a == pairs.sha256_b


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"input": "q", "output_a": "x"}], r"p\.jsonl:1: no pair of answers"),
        ([{"output_a": "x", "output_b": "y"}], r"p\.jsonl:1: no pair of answers"),
        ([{"id": 1, "input": "q", "output_a": "x", "output_b": "y"}] * 2, "the id '1' appears twice"),
        ([{"input": "q", "output_a": "x", "output_b": "y", "model_a": "m", "model_b": "m"}], "both models are called"),
    ],
)
def test_a_file_that_holds_no_pairs_says_why(tmp_path: Path, rows: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(EvalsError, match=message):
        pairs_of_file(write_pairs(tmp_path / "p.jsonl", *rows))


GRADER = '''
from evals.completion import Completions

class Grader:
    """Prefers what m1 wrote, wherever it stands."""

    def __call__(self, prompt, **kwargs):
        text = prompt[0]["content"]
        return Completions(["A" if text.index("m1 on") < text.index("m2 on") else "B"])
'''


@pytest.fixture
def grader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A registry with the completion function `taste`."""
    (tmp_path / "reg" / "completion_fns").mkdir(parents=True)
    (tmp_path / "reg" / "completion_fns" / "t.yaml").write_text("taste: {class: 'grader_with_taste:Grader'}\n")
    (tmp_path / "grader_with_taste.py").write_text(GRADER)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("EVALS_LOG_DIR", str(tmp_path / "logs"))
    return str(tmp_path / "reg")


@pytest.mark.parametrize("options", [[], ["--swap"]])
def test_a_grader_compares_two_records(tmp_path: Path, capsys: Any, grader: str, options: list[str]) -> None:
    a, b = record(tmp_path / "a.jsonl", "m1", repeats=2), record(tmp_path / "b.jsonl", "m2", repeats=2)
    run = str(tmp_path / "judged.jsonl")
    argv = ["preferences", "--judge", "taste", str(a), str(b), "--registry_path", grader, "--record_path", run]
    assert main([*argv, *options]) == 0
    assert ("position_inconsistency" in capsys.readouterr().out) is bool(options)
    n_orders = {len(sample.data("battle")[0]["verdicts"]) for sample in read_record(run).samples()}
    assert n_orders == {2 if options else 1}
    assert main(["preferences", run, "--json"]) == 0
    [pair] = json.loads(capsys.readouterr().out)["pairs"]
    assert (pair["model"], pair["other"], pair["wins"], pair["losses"]) == ("m1", "m2", 12, 0)
    assert pair["win_rate"]["n"] == 12


def test_votes_are_compared_with_the_verdicts_of_a_grader(tmp_path: Path, capsys: Any, grader: str) -> None:
    a, b = record(tmp_path / "a.jsonl", "m1", repeats=2), record(tmp_path / "b.jsonl", "m2", repeats=2)
    run, votes = str(tmp_path / "judged.jsonl"), tmp_path / "votes.jsonl"
    assert (
        main(["preferences", "--judge", "taste", str(a), str(b), "--registry_path", grader, "--record_path", run]) == 0
    )
    ballot = Ballot(pairs_of_records(a, b), "ann")
    for number in range(8):
        question = ballot.next()
        assert question is not None
        append_vote(votes, ballot.vote(question, "tie" if number < 2 else "model_a", 1.0))
    capsys.readouterr()
    assert main(["preferences", str(votes), run, "--json"]) == 0
    [pair] = json.loads(capsys.readouterr().out)["agreement"]["pairs"]
    assert (pair["raters"], pair["same"], pair["kappa"]["n"]) == (["taste", "ann"], 0.75, 8)


def test_a_number_of_files_that_is_no_pair_is_refused(tmp_path: Path, capsys: Any) -> None:
    assert main(["preferences", "--judge", "dummy", "a", "b", "c"]) == 2
    assert "3 files were given" in capsys.readouterr().err
