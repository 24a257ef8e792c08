"""Loading a paper: what it holds, and where the errors of a broken one point."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evals.errors import DataError
from evals.exams.items import Credit
from evals.exams.read_paper import load_paper

PAPERS = Path(__file__).parent / "papers"


def test_a_paper_holds_its_sections_with_their_questions_and_credit() -> None:
    paper = load_paper(PAPERS / "harbour")
    assert [(section.id, [item.id for item in section.items]) for section in paper.sections] == [
        ("A", ["A1", "A2", "A3", "A4"]),
        ("B", ["B1", "B2", "B3"]),
        ("C", ["C1", "C2"]),
    ]
    assert paper.section("B").items[0].credit == Credit(right=6, wrong=0, blank=1.5)
    assert [section.max_points for section in paper.sections] == [4, 18, 11]


def test_folder_and_file_name_the_same_paper() -> None:
    paper = load_paper(PAPERS / "harbour")
    assert paper.digest == load_paper(PAPERS / "harbour" / "exam.yaml").digest
    assert len(paper.digest) == 64


def test_a_folder_without_a_paper_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no exam\.yaml"):
        load_paper(tmp_path)


def copy_of(paper: str, folder: Path, *changes: tuple[str, str, str]) -> Path:
    """A copy of a paper with texts replaced: file, old, new."""
    shutil.copytree(PAPERS / paper, folder, dirs_exist_ok=True)
    for file, old, new in changes:
        text = (folder / file).read_text()
        assert old in text
        (folder / file).write_text(text.replace(old, new))
    return folder


def test_a_table_that_says_nothing_has_the_source_and_the_worst_status_of_the_paper(tmp_path: Path) -> None:
    header = "# source: written for these tests\n# status: invented\n"
    paper = load_paper(copy_of("harbour", tmp_path, ("tables/a.csv", header, "")))
    origin = paper.score[1].table.origin  # type: ignore[union-attr]
    assert (origin.source, origin.status) == ("written for these tests", "invented")


def test_the_first_column_of_a_percentile_table_is_the_score(tmp_path: Path) -> None:
    changed = load_paper(copy_of("harbour", tmp_path, ("tables/grades.csv", "score,share", "grade,share")))
    assert changed.percentiles[0].tables[0].scores == (1, 2, 3, 4, 5)


def test_few_shot_examples_of_the_paper_go_to_the_sections_that_they_name(tmp_path: Path) -> None:
    of_section = "    fewshot: {file: fewshot.jsonl, filter: {section: M}, k: 2, order: file}\n"
    of_paper = ("exam.yaml", "sections:\n", "fewshot: fewshot.jsonl\nsections:\n")
    paper = load_paper(copy_of("kinds", tmp_path, ("exam.yaml", of_section, ""), of_paper))
    found = {section.id: section.few_shot for section in paper.sections}
    assert [example.id for example in found["M"].items] == ["f1", "f2"]  # type: ignore[union-attr]
    assert [example.id for example in found["P"].items] == ["f3"]  # type: ignore[union-attr]
    assert found["W"] is None


def test_a_row_filter_takes_the_rows_of_one_exam_from_a_table_of_many(tmp_path: Path) -> None:
    many = "score,share", "exam,score,share"
    folder = copy_of(
        "harbour",
        tmp_path,
        ("tables/grades.csv", *many),
        ("tables/grades.csv", "\n1,12", "\nother,1,100\nthis,1,12"),
        *(("tables/grades.csv", f"\n{grade},", f"\nthis,{grade},") for grade in range(2, 6)),
        ("exam.yaml", "tables/grades.csv,", "tables/grades.csv, where: {exam: this},"),
    )
    assert load_paper(folder).percentiles[0].tables[0].high == (12, 35, 65, 87, 100)


def test_holdout_and_dev_have_their_own_questions_and_tables() -> None:
    dev, holdout = (load_paper(PAPERS / "kinds", form) for form in ("dev", "holdout"))
    assert (dev.items[0].options["B"], holdout.items[0].options["B"]) == ("11", "13")
    assert (holdout.form.is_holdout, dev.form.is_holdout, dev.forms) == (True, False, ("dev", "holdout"))
    assert dev.digest != holdout.digest


PLAIN = """id: plain
version: 1
source: written for these tests
sections: SECTIONS
forms: {dev: {items: dev.jsonl}, holdout: {items: holdout.jsonl}}
score: [{set: final, op: raw, section: A}]
"""


@pytest.mark.parametrize(
    "sections", ["[{id: A, items: dev.jsonl}]", "{id: A, items: dev.jsonl}", "{id: A}", "[{id: A}]"]
)
def test_a_form_may_name_one_file_for_one_section_however_that_is_written(tmp_path: Path, sections: str) -> None:
    (tmp_path / "exam.yaml").write_text(PLAIN.replace("SECTIONS", sections))
    for form, answer in (("dev", 4), ("holdout", 5)):
        row = f'{{"id": "{form}1", "kind": "numeric", "stem": "How many?", "answer": {answer}}}\n'
        (tmp_path / f"{form}.jsonl").write_text(row)
    assert [[item.id for item in load_paper(tmp_path, form).items] for form in ("dev", "holdout")] == [
        ["dev1"],
        ["holdout1"],
    ]


def test_a_form_that_names_no_section_says_how_files_are_named(tmp_path: Path) -> None:
    text = PLAIN.replace("SECTIONS", "[{id: A, items: dev.jsonl}]").replace(
        "{items: dev.jsonl},", "{items: {file: d.jsonl}},"
    )
    (tmp_path / "exam.yaml").write_text(text)
    with pytest.raises(DataError, match=r"exam\.yaml:5: .*there is no section 'file'[\s\S]*items: FILE"):
        load_paper(tmp_path)
