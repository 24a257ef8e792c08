"""The catalogue of exams: its facts hold together, and its tables give what the report states, or say why not."""

from __future__ import annotations

import csv
import json
from itertools import accumulate
from pathlib import Path

import pytest

from evals.cli.main import main
from evals.errors import DataError
from evals.exams.catalogue import CatalogueExam, catalogue, catalogue_exam
from evals.exams.published import checked, confirmed, reasons
from evals.exams.read_paper import load_paper
from evals.exams.skeleton import paper_files
from evals.registry.roots import bundled_data_root

FOLDER = bundled_data_root() / "exam-catalogue"
FILLED_IN_BY_THE_OWNER = {"UBE", "CODEFORCES", *(exam.id for exam in catalogue() if exam.group == "AP")}


def rows(name: str) -> list[dict[str, str]]:
    lines = [line for line in (FOLDER / name).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def test_the_34_exams_have_scores_of_three_models_within_their_scales() -> None:
    assert len(catalogue()) == 34
    for exam in catalogue():
        scores = [one for one in exam.published if one.questions == "all"]
        assert [one.model for one in scores] == ["gpt-4", "gpt-4 without vision", "gpt-3.5"]
        if exam.scale_min is not None and exam.scale_max is not None:
            assert all(exam.scale_min <= one.score <= exam.scale_max for one in exam.published)


def test_weights_of_sections_add_up_to_the_whole() -> None:
    for exam in catalogue():
        weights = [part.weight_pct for part in exam.parts if part.weight_pct is not None]
        assert not weights or sum(weights) == pytest.approx(100, abs=0.01), exam.id


def test_every_stated_percentile_is_confirmed_by_a_table_or_has_a_reason() -> None:
    stated = {exam.id for exam in catalogue() if exam.published[0].kind != "none"}
    found = {exam.id for exam in catalogue() if confirmed(exam)}
    assert found | set(reasons()) == stated
    assert not found & set(reasons())
    assert len(found) == 17


def test_a_grade_of_an_ap_exam_has_the_range_that_shares_add_up_to() -> None:
    """From the file alone: the share of the takers below a grade, and at it or below."""
    for exam in (exam for exam in catalogue() if exam.group == "AP"):
        parts = {
            int(row["score"]): float(row["pct_of_takers"])
            for row in rows("tables/ap_scores.csv")
            if (row["exam_id"], row["year"]) == (exam.id, "2022")
        }
        total = sum(parts.values())
        upto = dict(zip(range(1, 6), accumulate(parts[grade] for grade in range(1, 6)), strict=True))
        for one in (one for one in checked(exam) if one.population.year == "2022"):
            grade = int(one.score.score)
            assert one.low == pytest.approx(100 * upto.get(grade - 1, 0) / total)
            assert one.high == pytest.approx(100 * upto[grade] / total)
            assert one.difference <= 2


@pytest.mark.parametrize(("score", "percentile"), [(163, 87.1), (161, 82.4), (149, 40.1), (180, 99.9), (120, 0.0)])
def test_a_scaled_score_of_the_lsat_has_the_takers_below_it(score: float, percentile: float) -> None:
    population, found = catalogue_exam("LSAT").ranges_of(score)[0]
    assert population.population == "LSAT takers 2016-2019"
    assert found.low[0] == pytest.approx(percentile)


def test_the_three_scores_of_sat_math_lie_2_6_to_3_9_points_higher_in_2015() -> None:
    found = [one for one in checked(catalogue_exam("SAT_MATH")) if "2015" in one.population.population]
    assert [round(one.low - (one.score.low or 0), 1) for one in found] == [3.9, 2.6, 3.2]


def test_conversions_give_every_raw_score_a_scaled_one() -> None:
    lsat = {int(row["raw"]): int(row["scaled"]) for row in rows("tables/lsat_raw_to_scaled.csv")}
    assert list(lsat) == list(range(100))
    assert [lsat[raw] for raw in (0, 13, 14, 57, 64, 85, 99)] == [120, 120, 121, 148, 152, 166, 180]
    sat = rows("tables/sat_raw_to_scaled.csv")
    assert [sum(bool(row[name]) for row in sat) for name in ("reading", "writing", "math")] == [53, 45, 59]


@pytest.mark.parametrize("exam", catalogue(), ids=lambda exam: exam.id)
def test_a_paper_of_an_exam_loads_or_says_what_its_owner_must_fill_in(exam: CatalogueExam, tmp_path: Path) -> None:
    if not exam.section_lines:
        with pytest.raises(DataError, match="is no paper with questions"):
            paper_files(exam, "mine")
        return
    for name, text in paper_files(exam, "mine").items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    if exam.id in FILLED_IN_BY_THE_OWNER:
        wanted = "mbe_raw_to_scaled.csv" if exam.id == "UBE" else "'levels' maps a minimum to its level"
        with pytest.raises(DataError, match=wanted) as raised:
            load_paper(tmp_path)
        assert "exam.yaml:" in str(raised.value.where)
        return
    paper = load_paper(tmp_path)
    assert paper.id == "mine"
    assert len(paper.percentiles) == len(exam.percentiles)


def test_a_paper_of_an_ap_exam_loads_when_its_cut_points_are_filled_in(tmp_path: Path) -> None:
    for name, text in paper_files(catalogue_exam("ap-us-history"), "mine").items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text.replace("levels: {}", "levels: {0: 1, 30: 2, 45: 3, 58: 4, 72: 5}"))
    paper = load_paper(tmp_path)
    assert [section.id for section in paper.sections] == ["MCQ", "SAQ", "DBQ", "LEQ"]
    assert [one.population for one in paper.percentiles] == ["exam takers 2022", "exam takers 2023"]


def test_the_bar_exam_gets_a_pass_rule_for_every_jurisdiction(tmp_path: Path) -> None:
    files = paper_files(catalogue_exam("UBE"), "mine")
    marks = {row["jurisdiction"]: row["passing_score"] for row in rows("tables/ube_pass_marks.csv")}
    assert len(marks) == 41
    for place, mark in marks.items():
        assert f'  "{place}": [{{value: final, at_least: {mark}}}]' in files["exam.yaml"]


@pytest.mark.parametrize("name", ["GRE_Q", "gre-q", "gre q", "Graduate Record Examination (GRE) Quantitative"])
def test_an_exam_is_found_by_its_id_or_its_name(name: str) -> None:
    assert catalogue_exam(name).id == "GRE_Q"


def test_an_unknown_exam_names_those_that_are_near() -> None:
    with pytest.raises(DataError, match="has no exam 'lsatt'") as raised:
        catalogue_exam("lsatt")
    assert "did you mean: LSAT" in str(raised.value)


def test_the_command_lists_all_exams_in_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exams"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line.split()[0] in {exam.id for exam in catalogue()}]) == 34
    assert max(map(len, lines)) <= 80
    assert next(line for line in lines if line.startswith("AP_BIOLOGY")).split()[1:] == [
        *("1-5", "66", "2", "5", "85-100", "4", "62-85")
    ]


def test_the_command_shows_what_tables_say_of_published_scores(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exams", "lsat"]) == 0
    out = capsys.readouterr().out
    assert "  gpt-4: 163, percentile ~88\n    by LSAT takers 2016-2019: 87.1 to 89.4" in out
    assert "evals new NAME --like lsat" in out
    assert main(["exams", "lsat", "--json"]) == 0
    (exam,) = json.loads(capsys.readouterr().out)["exams"]
    assert exam["published"][0]["by_population"]["LSAT takers 2016-2019"] == [87.1, 89.4]


def test_a_new_paper_may_have_the_form_of_an_exam(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "my-lsat", "--like", "lsat", "--dir", str(tmp_path / "mine")]) == 0
    paper = load_paper(tmp_path / "mine" / "data" / "my-lsat")
    assert [section.id for section in paper.sections] == ["LR", "AR", "RC"]
    assert "class: evals.suite:Exam" in (tmp_path / "mine" / "evals" / "my-lsat.yaml").read_text()
    assert "replace the questions" in capsys.readouterr().out
