"""An eval looked for in a corpus: planted questions are found and no others, whatever the files and the workers."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from commands import Workplace

from evals.contamination.contamination import FREQUENT, Contamination
from evals.contamination.corpus import Reading
from evals.contamination.find import Search, chosen_rows, find_contamination
from evals.contamination.items import Rule
from evals.contamination.scan_workers import Scanned
from evals.errors import BadSample, DataError, UsageError

WORDS = [f"{a}{b}{c}" for a in ("ka", "lo", "mi", "tu") for b in ("ran", "vel", "dos", "pin") for c in ("", "e", "is")]


def sentence(rng: random.Random, n_words: int) -> str:
    return " ".join(rng.choices(WORDS, k=n_words)) + "."


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    """An eval `quiz` with 40 questions of 30 words."""
    workplace, rng = Workplace(tmp_path), random.Random(1)
    workplace.add_eval("quiz", [{"input": sentence(rng, 30), "ideal": "yes"} for _ in range(40)])
    return workplace


def questions(place: Workplace) -> list[str]:
    rows = (place.registry / "data" / "quiz.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(row)["input"] for row in rows]


def write_corpus(place: Workplace, planted: list[str]) -> Path:
    """Four files of 60 documents each; each planted text stands in one document of one file."""
    rng, folder = random.Random(2), place.folder / "corpus"
    folder.mkdir()
    documents = [sentence(rng, rng.randint(5, 60)) for _ in range(240)]
    for number, text in enumerate(planted):
        documents[(67 * number + 3) % 240] += "\n\n" + text.replace(" ", "  ").replace(".", " !") + sentence(rng, 5)
    lines = [json.dumps({"text": text}) + "\n" for text in documents]
    (folder / "a.jsonl").write_text("".join(lines[:60]), encoding="utf-8")
    (folder / "b.jsonl.gz").write_bytes(gzip.compress("".join(lines[60:120]).encode()))
    (folder / "c.txt").write_text("\n".join(documents[120:180]), encoding="utf-8")
    (folder / "d.json").write_text(json.dumps([{"text": text} for text in documents[180:]]), encoding="utf-8")
    return folder


def search(place: Workplace, folder: Path, **changes: object) -> Search:
    wanted = Search("quiz", [str(folder)], index=place.folder / "index", registry_paths=[str(place.registry)])
    return replace(wanted, **changes)  # type: ignore[arg-type]


def ids(found: Contamination) -> list[str]:
    return [item.sample_id for item in found.contaminated()]


@pytest.mark.slow
@pytest.mark.parametrize("n_workers", [1, 2])
def test_planted_questions_are_found_and_no_others(place: Workplace, n_workers: int) -> None:
    rows = [3, 4, 9, 17, 18, 20, 25, 31, 39]
    folder = write_corpus(place, [questions(place)[row] for row in rows])
    found = find_contamination(search(place, folder, n_workers=n_workers))
    assert ids(found) == [f"quiz.dev.{row}" for row in rows]
    assert [item.findings.n_documents for item in found.contaminated()] == [1] * len(rows)
    assert [item.coverage for item in found.contaminated("ngram")] == [1.0] * len(rows)
    assert (found.n_files, found.n_documents, found.n_samples) == (4, 181, 40)
    places = {Path(item.findings.examples[0].path).name for item in found.contaminated()}
    assert places == {"a.jsonl", "b.jsonl.gz", "c.txt", "d.json"}


@pytest.mark.slow
def test_units_and_workers_leave_no_trace_in_the_findings(place: Workplace) -> None:
    folder = write_corpus(place, questions(place)[::3])
    whole = find_contamination(search(place, folder))
    again = find_contamination(search(place, folder, index=place.folder / "other", n_workers=2, unit_bytes=2000))
    assert again == whole


def test_a_second_scan_takes_what_the_first_has_found(place: Workplace) -> None:
    folder = write_corpus(place, questions(place)[:5])
    seen: list[Scanned] = []
    first = find_contamination(search(place, folder), lambda scanned, units: seen.append(scanned))
    (folder / "a.jsonl").rename(folder / "renamed.jsonl")
    (folder / "c.txt").write_text((folder / "c.txt").read_text(encoding="utf-8") + " And more.", encoding="utf-8")
    second = find_contamination(search(place, folder), lambda scanned, units: seen.append(scanned))
    assert [one.was_known for one in seen[:4]] == [False] * 4
    assert sorted(one.was_known for one in seen[4:]) == [False, True, True, True]
    assert ids(second) == ids(first)


@pytest.mark.parametrize(
    "change",
    [{"rule": Rule(seed=1)}, {"reading_as": Reading(("text",))}, {"fields": ["ideal"], "rule": Rule(min_length=12)}],
)
def test_another_question_is_not_answered_by_an_earlier_scan(place: Workplace, change: dict[str, object]) -> None:
    folder = write_corpus(place, questions(place)[:5])
    find_contamination(search(place, folder))
    known: list[bool] = []
    chosen = search(place, folder / "a.jsonl", **change)
    find_contamination(chosen, lambda scanned, units: known.append(scanned.was_known))
    assert known == [False]


def test_a_damaged_file_of_the_index_is_made_anew(place: Workplace) -> None:
    folder = write_corpus(place, questions(place)[:5])
    first = find_contamination(search(place, folder))
    for file in (place.folder / "index").rglob("*.json"):
        file.write_text('{"n_documents": 1, "items": {"0":', encoding="utf-8")
    assert find_contamination(search(place, folder)) == first


@pytest.mark.slow
@pytest.mark.parametrize("n_workers", [1, 2])
def test_a_broken_file_is_an_error_and_what_was_found_before_is_kept(place: Workplace, n_workers: int) -> None:
    folder = write_corpus(place, questions(place)[:5])
    (folder / "z.jsonl").write_text('{"text": "a"}\n{"text": \n', encoding="utf-8")
    with pytest.raises(DataError) as caught:
        find_contamination(search(place, folder, n_workers=n_workers))
    assert "z.jsonl:2" in str(caught.value)
    (folder / "z.jsonl").write_text('{"text": "a"}\n', encoding="utf-8")
    known: list[bool] = []
    found = find_contamination(search(place, folder), lambda scanned, units: known.append(scanned.was_known))
    assert len(ids(found)) == 5
    assert known == [True, True, True, True, False] or n_workers > 1


def test_a_stem_that_many_samples_share_is_called_frequent(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    stem = "Which of the following statements about the text above is the one that its author would support"
    rng = random.Random(3)
    rows = [{"input": f"{stem}: {sentence(rng, 2)}", "ideal": "x"} for _ in range(FREQUENT)]
    rows += [{"input": sentence(rng, 30), "ideal": "x"}]
    place.add_eval("quiz", rows)
    folder = place.folder / "corpus"
    folder.mkdir()
    (folder / "a.txt").write_text(f"{stem}?\n{rows[-1]['input']}", encoding="utf-8")
    found = find_contamination(search(place, folder))
    by_id = {item.sample_id: item for item in found.contaminated()}
    assert not by_id["quiz.dev.10"].only_frequent
    assert all(item.only_frequent for name, item in by_id.items() if name != "quiz.dev.10")
    assert found.frequent
    assert all(text.n_items == FREQUENT and text.n_documents == 1 for text in found.frequent)


def test_context_and_question_are_looked_for_and_answers_only_by_name(tmp_path: Path) -> None:
    place, rng = Workplace(tmp_path), random.Random(4)
    texts = {name: sentence(rng, 20) for name in ("passage", "question", "explanation")}
    place.add_eval("quiz", [{**texts, "input": "x", "ideal": "yes"}])
    for name, text in texts.items():
        (place.folder / f"{name}.txt").write_text(text, encoding="utf-8")
    assert find_contamination(search(place, place.folder / "question.txt")).fields == ("passage", "question")
    counts = [len(ids(find_contamination(search(place, place.folder / f"{name}.txt")))) for name in texts]
    assert counts[2] == 0
    assert counts[0] + counts[1] >= 1
    named = search(place, place.folder / "explanation.txt", fields=["explanation"])
    assert ids(find_contamination(named)) == ["quiz.dev.0"]


def test_of_a_chat_only_what_the_user_says_is_looked_for(tmp_path: Path) -> None:
    place, rng = Workplace(tmp_path), random.Random(5)
    system, asked = sentence(rng, 20), sentence(rng, 20)
    place.add_eval(
        "quiz", [{"input": [{"role": "system", "content": system}, {"role": "user", "content": asked}], "ideal": "x"}]
    )
    for name, text in (("system", system), ("asked", asked)):
        (place.folder / f"{name}.txt").write_text(text, encoding="utf-8")
    assert ids(find_contamination(search(place, place.folder / "system.txt"))) == []
    assert ids(find_contamination(search(place, place.folder / "asked.txt"))) == ["quiz.dev.0"]


def test_a_field_that_no_row_has_is_an_error_with_the_row(place: Workplace) -> None:
    folder = write_corpus(place, [])
    with pytest.raises(BadSample, match="no 'inputs'") as caught:
        find_contamination(search(place, folder, fields=["inputs"]))
    assert "did you mean: input" in str(caught.value)
    assert "quiz.jsonl:1" in str(caught.value)


def test_an_eval_that_makes_its_samples_cannot_be_looked_for(place: Workplace) -> None:
    text = "made:\n  id: made.dev.v0\n  metrics: [accuracy]\nmade.dev.v0:\n  class: sums:MakesSamples\n"
    (place.registry / "evals" / "made.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="makes its samples"):
        find_contamination(search(place, write_corpus(place, []), eval_name="made"))


def test_random_samples_are_drawn_by_the_seed() -> None:
    assert chosen_rows(5, None, 0) == chosen_rows(5, 9, 0) == [0, 1, 2, 3, 4]
    drawn = chosen_rows(1000, 100, 0)
    assert drawn == sorted(set(drawn)) == chosen_rows(1000, 100, 0) != chosen_rows(1000, 100, 1)
    assert len(drawn) == 100


def test_only_the_drawn_samples_are_looked_for(place: Workplace) -> None:
    folder = write_corpus(place, questions(place)[:20])
    found = find_contamination(search(place, folder, max_items=10))
    assert (len(found.items), found.n_samples) == (10, 40)
    assert ids(found) == [item.sample_id for item in found.items if int(item.sample_id.rpartition(".")[2]) < 20]
