"""Scans of units: documents are counted once, and matches are shown as the corpus has them."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from evals.contamination.corpus import Reading, corpus_files, units_of
from evals.contamination.items import Item, Rule, make_item
from evals.contamination.pieces import PIECE_CHARS
from evals.contamination.scan import Scanner
from evals.contamination.unit_findings import MAX_EXAMPLES, NGRAM, SUBSTRING, UnitFindings

QUESTION = (
    "Mara's café sells 12 cakes on Monday, and twice as many on each day that follows; on which day "
    "has it sold its 500th cake, if it is closed on Sundays?"
)
FILLER = "Nothing of interest stands on this page, and the next one is no better. "


def scan(path: Path, items: list[Item], rule: Rule | None = None, reading_as: Reading | None = None) -> UnitFindings:
    chosen = reading_as or Reading()
    (unit,) = units_of(corpus_files([str(path)], chosen))
    return Scanner(items, rule or Rule(), chosen).scan(unit)


def write_rows(path: Path, texts: list[str]) -> Path:
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    return path


def test_a_document_counts_once_however_often_it_holds_the_item(tmp_path: Path) -> None:
    texts = [
        QUESTION,
        FILLER,
        (QUESTION + FILLER) * 3,
        FILLER + QUESTION.replace(" ", "\n"),
        QUESTION[: QUESTION.index(" each")],
    ]
    found = scan(write_rows(tmp_path / "a.jsonl", texts), [make_item("x.test.0", [QUESTION], Rule())])
    (item,) = found.items.values()
    assert (found.n_documents, item.n_documents, item.n_gram_documents) == (5, 3, 4)
    assert set(item.substring_documents.values()) == {3}


def test_a_match_is_shown_with_its_place_and_its_surroundings(tmp_path: Path) -> None:
    written = "See: MARA -- " + QUESTION.replace("é", "e\u0301").replace(", ", " ,\u00a0") + " That is all."
    path = write_rows(tmp_path / "a.jsonl", [FILLER, "ünrelated", written])
    found = scan(path, [make_item("x.test.0", [QUESTION], Rule())])
    (example,) = found.items[0].examples
    assert (example.kind, example.document, example.line) == (SUBSTRING, 2, 3)
    assert written[example.offset :].startswith(example.text)
    assert example.text.startswith("Mara's cafe\u0301 sells 12 cakes on Monday ,")
    assert example.before == "See: MARA -- "
    assert example.after == "? That is all."


def test_few_examples_are_kept_and_substrings_come_first(tmp_path: Path) -> None:
    item = make_item("x.test.0", [QUESTION], Rule(n_substrings=1, length=100))
    part, start, _ = item.substrings[0]
    beginning = item.parts[part].text[start : start + 70].decode()
    texts = [f"{beginning} {number}" for number in range(5)] + [QUESTION] * 5
    found = scan(write_rows(tmp_path / "a.jsonl", texts), [item], Rule(n_substrings=1, length=100)).items[0]
    assert (found.n_documents, found.n_gram_documents) == (5, 10)
    assert [example.kind for example in found.examples] == [SUBSTRING] * MAX_EXAMPLES
    assert [example.line for example in found.examples] == [6, 7, 8]


def test_an_ngram_alone_is_shown_as_one(tmp_path: Path) -> None:
    words = QUESTION.split()
    item = make_item("x.test.0", [QUESTION], Rule(length=120))
    found = scan(write_rows(tmp_path / "a.jsonl", [" ".join(words[3:17])]), [item], Rule(length=120)).items[0]
    assert not found.substring_documents
    assert [example.kind for example in found.examples] == [NGRAM]


@pytest.mark.parametrize("before", [PIECE_CHARS - 60, PIECE_CHARS - 20, PIECE_CHARS, 3 * PIECE_CHARS - 31])
@pytest.mark.parametrize("letter", ["x", "é", "क"])
def test_a_match_across_the_border_of_two_pieces_is_found(tmp_path: Path, before: int, letter: str) -> None:
    path = tmp_path / "a.txt"
    text = letter * before + QUESTION + letter * 100
    path.write_text(text, encoding="utf-8")
    found = scan(path, [make_item("x.test.0", [QUESTION], Rule())])
    assert found.n_documents == 1
    (item,) = found.items.values()
    assert (item.n_documents, item.n_gram_documents) == (1, 1)
    assert text[item.examples[0].offset :].startswith(item.examples[0].text)


def test_a_long_json_text_is_one_document(tmp_path: Path) -> None:
    texts = ["z" * PIECE_CHARS + QUESTION + "z" * PIECE_CHARS + QUESTION, QUESTION]
    found = scan(write_rows(tmp_path / "a.jsonl", texts), [make_item("x.test.0", [QUESTION], Rule())])
    assert (found.n_documents, found.items[0].n_documents) == (2, 2)


def test_findings_come_back_from_json_as_they_were(tmp_path: Path) -> None:
    rng = random.Random(1)
    texts = [FILLER * rng.randint(0, 3) + QUESTION[rng.randint(0, 90) :] for _ in range(20)]
    found = scan(write_rows(tmp_path / "a.jsonl", texts), [make_item("x.test.0", [QUESTION], Rule())])
    assert found.items
    assert UnitFindings.from_json(json.loads(json.dumps(found.as_json()))) == found


def test_a_scan_stops_when_it_is_told_to(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", [FILLER] * 10)
    (unit,) = units_of(corpus_files([str(path)], Reading()))

    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        Scanner([make_item("x.test.0", [QUESTION], Rule())], Rule(), Reading()).scan(unit, stop)
