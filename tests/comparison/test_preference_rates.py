"""`evals preferences` over several models, groups and raters, on judgements made with known strengths."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evals.cli.main import main
from evals.comparison.preference_rates import RankingOptions, pair_rates, ranked, rates_by_group
from evals.errors import UsageError
from evals.interchange.preferences import Judgement
from evals.stats.two_way import two_way_mean

STRENGTHS = {"weak": -1.0, "middle": 0.0, "strong": 1.0}


def judgements(n: int = 600, seed: int = 0, n_raters: int = 6) -> list[Judgement]:
    rng, rows = np.random.default_rng(seed), []
    for i in range(n):
        a, b = rng.permutation(list(STRENGTHS))[:2]
        chance = 1 / (1 + math.exp(STRENGTHS[b] - STRENGTHS[a]))
        outcome = 0.5 if rng.random() < 0.1 else float(rng.random() < chance)
        rows.append(Judgement(a, b, outcome, f"q{i % 200}", rater=f"r{i % n_raters}", group="xyz"[i % 3]))
    return rows


def battle_file(path: Path, rows: list[Judgement]) -> str:
    said = {1.0: "model_a", 0.0: "model_b", 0.5: "tie"}
    lines = [
        {"question_id": one.prompt, "model_a": one.model, "model_b": one.other, "winner": said[one.outcome]}
        | {"rater": one.rater, "category": one.group}
        for one in rows
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


def run(capsys: Any, *argv: str) -> dict[str, Any]:
    assert main(["preferences", *argv, "--json", "--draws", "200"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_chances_are_those_of_the_strengths_and_hold_the_truth(tmp_path: Path, capsys: Any) -> None:
    found = run(capsys, battle_file(tmp_path / "b.jsonl", judgements()))["ranking"]
    strength = {one["model"]: one["strength"] for one in found["models"]}
    assert len(found["chances"]) == 3
    for one in found["chances"]:
        gap = strength[one["model"]] - strength[one["other"]]
        assert one["chance"] == pytest.approx(1 / (1 + math.exp(-gap)))
        assert one["ci95"][0] < one["chance"] < one["ci95"][1]
    assert found["groups_that_met"] == [sorted(STRENGTHS, key=found["groups_that_met"][0].index)]


def test_each_group_has_the_ranking_of_its_own_judgements(tmp_path: Path, capsys: Any) -> None:
    rows = judgements()
    found = run(capsys, battle_file(tmp_path / "b.jsonl", rows), "--by", "category")["groups"]
    assert [group["group"] for group in found] == ["x", "y", "z"]
    alone = run(capsys, battle_file(tmp_path / "x.jsonl", [row for row in rows if row.group == "x"]))
    assert found[0]["ranking"] == alone["ranking"]
    assert found[0]["pairs"] == alone["pairs"]


def test_a_group_may_be_a_rater(tmp_path: Path, capsys: Any) -> None:
    found = run(capsys, battle_file(tmp_path / "b.jsonl", judgements()), "--by", "rater")["groups"]
    assert [group["group"] for group in found] == [f"r{i}" for i in range(6)]


def test_a_group_without_finite_strengths_says_so_and_the_others_are_ranked() -> None:
    rows = judgements()
    rows += [Judgement(a, b, 1.0, "p", group="w") for a, b in (("strong", "weak"), ("strong", "middle"))]
    found = {group.name: group for group in rates_by_group(rows, RankingOptions(n_draws=50))}
    assert found["w"].ranking is None
    assert "strong never lost to the rest" in str(found["w"].problem)
    assert found["x"].ranking is not None


def test_two_models_by_group_are_a_table_of_80_columns(tmp_path: Path, capsys: Any) -> None:
    rows = [row for row in judgements() if {row.model, row.other} == {"weak", "strong"}]
    path = battle_file(tmp_path / "b.jsonl", rows)
    assert main(["preferences", path, "--by", "category", "--predict", "--draws", "50"]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert [line.split()[0] for line in shown.partition("by category\n")[2].splitlines()[:3]] == ["x", "y", "z"]
    assert "chance to be preferred" in shown


def test_names_of_any_length_and_kind_stay_within_80_columns(tmp_path: Path, capsys: Any) -> None:
    names = {name: f"\x1b[31m{name}-" + "very-long-name-" * 9 for name in STRENGTHS}
    rows = [
        Judgement(names[row.model], names[row.other], row.outcome, row.prompt, group=row.group, rater=row.rater)
        for row in judgements()
    ]
    path = battle_file(tmp_path / "b.jsonl", rows)
    assert main(["preferences", path, "--by", "category", "--predict", "--draws", "50", "--ties", "davidson"]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_the_rate_for_other_raters_is_clustered_both_ways() -> None:
    rows = [row for row in judgements() if {row.model, row.other} == {"weak", "strong"}]
    [pair] = pair_rates(rows)
    turned = [row if row.model == pair.model else row.turned() for row in rows]
    wanted = two_way_mean([r.outcome for r in turned], [r.prompt for r in turned], [r.rater for r in turned])
    assert pair.for_other_raters == wanted
    assert pair_rates([row for row in rows if row.rater in ("r0", "r1")])[0].for_other_raters is None


def test_other_raters_need_five_raters_that_are_named() -> None:
    assert ranked(judgements(), RankingOptions(n_draws=50, new_raters=True)).n == 600
    for rows in (judgements(n_raters=4), [Judgement("a", "b", 1.0, "p"), *judgements()]):
        with pytest.raises(UsageError, match=r"raters are named, and 5 say something of others"):
            ranked(rows, RankingOptions(n_draws=50, new_raters=True))


def test_models_that_never_met_are_told_with_a_ridge_and_refused_without(tmp_path: Path, capsys: Any) -> None:
    rows = [*judgements(), Judgement("left", "right", 1.0, "p"), Judgement("right", "left", 1.0, "p")]
    path = battle_file(tmp_path / "b.jsonl", rows)
    assert main(["preferences", path]) == 2
    assert "left, right never met" in capsys.readouterr().err
    assert main(["preferences", path, "--ridge", "0.01", "--draws", "50"]) == 0
    assert "2 groups of models never met" in capsys.readouterr().out
