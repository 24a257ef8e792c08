"""Loading a paper: what it holds, and where the errors of a broken one point."""

from __future__ import annotations

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
