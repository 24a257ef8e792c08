"""Broken papers: each one is refused when it is loaded, with the file and the line of what is wrong."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from evals.errors import DataError
from evals.exams.read_paper import load_paper

PAPERS = Path(__file__).parent / "papers"


@dataclass(frozen=True)
class Broken:
    """One change of a good paper, and what must be said about it."""

    paper: str
    file: str
    old: str
    "A text of the file that is replaced; empty: `new` is added as a line at the end."
    new: str
    where: str
    "`file:line` of the error."
    says: str


HARBOUR = [
    Broken("harbour", "items.jsonl", '"answer":"C"}\n{"id":"A3"', '"answer":"E"}\n{"id":"A3"', "items.jsonl:2", "'E' is not among the options A, B, C, D"),
    Broken("harbour", "items.jsonl", '"id":"A2"', '"id":"A1"', "items.jsonl:2", r"the id 'A1' is also in .*items\.jsonl:1"),
    Broken("harbour", "items.jsonl", "images/b3.png", "images/b4.png", "items.jsonl:7", "there is no file 'images/b4.png'"),
    Broken("harbour", "items.jsonl", "images/b3.png", "../../secret.png", "items.jsonl:7", "outside the paper's folder"),
    Broken("harbour", "items.jsonl", '"where":"stem"', '"where":"option:E"', "items.jsonl:7", "'where' is 'option:E'"),
    Broken("harbour", "items.jsonl", '"points":5', '"points":6', "items.jsonl:9", "points is 6, but the rubric adds up to 5"),
    Broken("harbour", "items.jsonl", '"needs":["r1"]', '"needs":["r9"]', "items.jsonl:9", "needs 'r9', which is no line"),
    Broken("harbour", "items.jsonl", '"needs":["r1"]', '"needs":["r4"]', "items.jsonl:9", "need each other: r4 -> r4"),
    Broken("harbour", "items.jsonl", '"id":"r2"', '"id":"r1"', "items.jsonl:9", "two rubric lines are called 'r1'"),
    Broken("harbour", "items.jsonl", '"answer":["A","B"]', '"answer":["A","A"]', "items.jsonl:6", "names an option twice"),
    Broken("harbour", "items.jsonl", '"answer":["A","B"]', '"answer":[]', "items.jsonl:6", "'answer' is empty"),
    Broken("harbour", "items.jsonl", '{"abs":0.05}', '0.05', "items.jsonl:5", "'tolerance' is a number"),
    Broken("harbour", "items.jsonl", '"stem":"To moor a boat is to"', '"stem":" "', "items.jsonl:4", "'stem' is empty"),
    Broken("harbour", "items.jsonl", '"rule":"all_or_nothing"', '"rule":"all_or_none"', "items.jsonl:6", "'rule' is 'all_or_none'"),
    Broken("harbour", "items.jsonl", '"answer":9.0', '"answer":"nine"', "items.jsonl:5", "the answer 'nine' is no number"),
    Broken("harbour", "items.jsonl", '{"abs":0.05}', '{"abs":-1}', "items.jsonl:5", "a tolerance is at least 0"),
    Broken("harbour", "items.jsonl", '{"abs":0.05}', '{"absolute":0.05}', "items.jsonl:5", "unknown key 'absolute'"),
    Broken("harbour", "items.jsonl", '"kind":"numeric"', '"kind":"number"', "items.jsonl:5", "'kind' is 'number'"),
    Broken("harbour", "items.jsonl", '"tags":["critical"]', '"tag":["critical"]', "items.jsonl:1", "unknown key 'tag'"),
    Broken("harbour", "items.jsonl", '"section":"A","kind":"mcq","stem":"To moor', '"section":"D","kind":"mcq","stem":"To moor', "items.jsonl:4", "no section takes it: its section is 'D'"),
    Broken("harbour", "items.jsonl", '"D":"signal to it"', '"D":"steer it"', "items.jsonl:4", "options A and D are the same"),
    Broken("harbour", "items.jsonl", '"D":"signal to it"', '"d":"signal to it"', "items.jsonl:4", "the option 'd' is no capital letter"),
    Broken("harbour", "items.jsonl", '"stem":"To moor a boat is to",', "", "items.jsonl:4", "'stem' is missing"),
    Broken("harbour", "items.jsonl", '"id":"A4",', "", "items.jsonl:4", "'id' is missing"),
    Broken("harbour", "items.jsonl", '"id":"A4","section"', '"id":"A4" "section"', "items.jsonl:4:12", "not JSON"),
    Broken("harbour", "items.jsonl", '"id":"A4"', '"id":"A4","id":"A5"', "items.jsonl:4", "the key 'id' appears twice"),
    Broken("harbour", "items.jsonl", '"points":6', '"points":0', "items.jsonl:8", "points is 0; a question earns more than 0"),
    Broken("harbour", "items.jsonl", '"n":2,', '"n":2,"by":["human"],', "items.jsonl:8", "n is 2, but 'by' names 1 graders"),
    Broken("harbour", "items.jsonl", '"n":2,', '"n":2,"by":["human","grader"],', "items.jsonl:8", "the grader 'grader' is unknown"),
    Broken("harbour", "exam.yaml", "op: lookup", "op: look_up", "exam.yaml:15", "'op' is 'look_up'"),
    Broken("harbour", "exam.yaml", "value: a_raw", "value: a_row", "exam.yaml:15", "no earlier step sets the value 'a_row'"),
    Broken("harbour", "exam.yaml", "a: 0.4, b: 0.3", "a: 0.5, b: 0.3", "exam.yaml:21", r"the weights add up to 1\.1, not to 1"),
    Broken("harbour", "exam.yaml", "op: raw, section: A}", "op: raw, section: D}", "exam.yaml:14", "there is no section 'D'"),
    Broken("harbour", "exam.yaml", "item: C2", "item: C3", "exam.yaml:19", "has no scored question 'C3'"),
    Broken("harbour", "exam.yaml", "{set: final,", "{set: grade,", "exam.yaml:13", "the last score step sets 'grade'"),
    Broken("harbour", "exam.yaml", "{set: b_raw,", "{set: a_raw,", "exam.yaml:16", "the value 'a_raw' is set twice"),
    Broken("harbour", "exam.yaml", "{0: 1, 40: 2,", "{10: 1, 40: 2,", "exam.yaml:23", "comp_r can be 8, and the lowest level begins at 10"),
    Broken("harbour", "exam.yaml", "40: 2, 55: 3", "40: 3, 55: 2", "exam.yaml:23", "the levels do not rise"),
    Broken("harbour", "exam.yaml", "mode: half_up", "mode: up", "exam.yaml:22", "'mode' is 'up'"),
    Broken("harbour", "exam.yaml", "between: interpolate", "between: nearest", "exam.yaml:15", "'between' is 'nearest'"),
    Broken("harbour", "exam.yaml", "tables/a.csv", "tables/b.csv", "exam.yaml:15", "there is no file 'tables/b.csv'"),
    Broken("harbour", "exam.yaml", "on: final", "on: grade", "exam.yaml:24", "no earlier step sets the value 'grade'"),
    Broken("harbour", "exam.yaml", "population:", "populace:", "exam.yaml:24", "'population' is missing"),
    Broken("harbour", "exam.yaml", "tag: critical", "tag: crucial", "exam.yaml:28", "no question has the tag 'crucial'"),
    Broken("harbour", "exam.yaml", "{value: comp_r, at_least: 60}", "{value: comp_r}", "exam.yaml:26", "it has no limit"),
    Broken("harbour", "exam.yaml", "{value: a, at_least: 60}", "{value: a, at_least: 101}", "exam.yaml:27", "no run can pass: a is at most 100"),
    Broken("harbour", "exam.yaml", "model_modes: [vision, no_vision]", "model_modes: [vision, text]", "exam.yaml:8", "the mode 'text' is unknown"),
    Broken("harbour", "exam.yaml", "model_modes: [vision, no_vision]", "model_modes: [transcribed]\ntitle_: x", "exam.yaml:9", "unknown key 'title_'"),
    Broken("harbour", "exam.yaml", "right: 6, wrong: 0", "right: 0, wrong: 6", "exam.yaml:11", "a right answer must earn more"),
    Broken("harbour", "exam.yaml", "version: 1\n", "", "exam.yaml:2", "'version' is missing"),
    Broken("harbour", "exam.yaml", "where: {section: B}", "where: {section: Z}", "exam.yaml:11", "it has no questions"),
    Broken("harbour", "exam.yaml", "  - {id: B,", "  - {id: A,", "items.jsonl:5", "section is 'B', but the paper puts it in section 'A'"),
    Broken("harbour", "exam.yaml", "score:\n", "score: [\n", "exam.yaml:14", "not YAML"),
    Broken("harbour", "exam.yaml", "language: en", "id: again", "exam.yaml:2", "'id' appears twice, in lines 2 and 5"),
    Broken("harbour", "tables/a.csv", "2,60\n", "", "exam.yaml:15", "a_raw can be 2, for which the table has no row"),
    Broken("harbour", "tables/a.csv", "4,100\n", "", "exam.yaml:15", "a_raw can be 4, and the table runs from 0 to 3"),
    Broken("harbour", "tables/a.csv", "3,80", "3,50", "tables/a.csv:7", "the values fall from 60 to 50"),
    Broken("harbour", "tables/a.csv", "3,80", "2,80", "tables/a.csv:7", "the score 2 appears twice"),
    Broken("harbour", "tables/a.csv", "3,80", "3,eighty", "tables/a.csv:7", "'eighty', not a number"),
    Broken("harbour", "tables/a.csv", "3,80", "3,80,90", "tables/a.csv:7", "3 cells, but the table has 2 columns"),
    Broken("kinds", "tables/scale.csv", "# status: invented\n", "", "tables/scale.csv:1", "the table does not say its status"),
    Broken("harbour", "tables/a.csv", "# status: invented", "# status: made up", "tables/a.csv:1", "the status is 'made up'"),
    Broken("harbour", "tables/grades.csv", "3,30", "3,20", "tables/grades.csv:1", "the shares add up to 90, not 100"),
    Broken("harbour", "tables/grades.csv", "3,30", "3,-30", "tables/grades.csv:1", "counts and shares are at least 0"),
    Broken("harbour", "exam.yaml", "tables/grades.csv,", "tables/grades.csv, columns: {score: level},", "tables/grades.csv:1", "the table has no column 'level'"),
    Broken("harbour", "exam.yaml", "  - {set: essay,  op: raw, section: C, item: C1}\n", "  - {set: essay,  op: raw, section: A}\n", "items.jsonl:8", "question C1 of section 'C' counts in no score step"),
    Broken("harbour", "tables/grades.csv", "3,30", "3,", "tables/grades.csv:5", "'share' is empty"),
    Broken("harbour", "tables/grades.csv", "score,share\n1,12\n2,23\n3,30\n4,22\n5,13", "score,low\n1,0\n2,.12\n3,.35\n4,.65\n5,.87", "tables/grades.csv:7", "look like shares of 1"),
    Broken("harbour", "tables/grades.csv", "score,share\n1,12\n2,23\n3,30\n4,22\n5,13", "score,low,high\n1,0,30\n2,12,40\n5,50,100", "tables/grades.csv:4", "the ranges overlap: 30 % have one score or less, 12 %"),
    Broken("harbour", "tables/grades.csv", "score,share", "score,weight", "tables/grades.csv:1", "no column says how takers are spread"),
]  # fmt: skip
KINDS = [
    Broken("kinds", "fewshot.jsonl", '"id": "f1"', '"id": "m1"', "fewshot.jsonl:1", r"'m1' is a question of the paper"),
    Broken("kinds", "exam.yaml", "k: 2", "k: 5", "exam.yaml:13", r"5 few-shot examples are wanted, and fewshot\.jsonl has 2"),
    Broken("kinds", "exam.yaml", "drop: [m8]", "drop: [m7, m88]", "exam.yaml:19", "'drop' names 'm88'"),
    Broken("kinds", "exam.yaml", "n_items: 8", "n_items: 9", "exam.yaml:20", "n_items is 9, but 8 questions are scored"),
    Broken("kinds", "exam.yaml", "max_points: 10", "max_points: 12", "exam.yaml:21", "max_points is 12, but its questions earn 10"),
    Broken("kinds", "exam.yaml", "{stem}", "{question}", "exam.yaml:14", r"'item' has no \{stem\}"),
    Broken("kinds", "exam.yaml", "temperature: 0.3", "temperature: warm", "exam.yaml:16", "'temperature' is 'warm', not a number"),
    Broken("kinds", "exam.yaml", "mode: resample", "mode: guess", "exam.yaml:17", "'mode' is 'guess'"),
    Broken("kinds", "exam.yaml", "to: scaled,", "to: scale,", "tables/scale.csv:1", "the table has no column 'scale'"),
    Broken("kinds", "exam.yaml", "to: 1, mode: floor", "to: 0.25, mode: floor", "exam.yaml:30", r"p_whole can be 0\.5, for which the table has no row"),
    Broken("kinds", "exam.yaml", "sd: 1}", "sd: 0}", "exam.yaml:32", "'sd' must be above 0"),
    Broken("kinds", "exam.yaml", "lo: 0, hi: 3", "lo: 4, hi: 3", "exam.yaml:28", "lo is 4, above hi, 3"),
    Broken("kinds", "exam.yaml", "combine: widest", "combine: mean", "exam.yaml:37", "'combine' is 'mean'"),
    Broken("kinds", "exam.yaml", "values: [m, p_scaled]", "values: []", "exam.yaml:31", "it needs the names of values"),
    Broken("kinds", "items.jsonl", '"points": 3}\n{"id": "w1"', '"points": 4}\n{"id": "w1"', "items.jsonl:10", "points is 4, but its questions add up to 3"),
    Broken("kinds", "items.jsonl", '"id": "s2"', '"id": "s1"', "items.jsonl:10", "the id 's1' is also in"),
    Broken("kinds", "items.jsonl", '{"1": "B", "2": "A"}', '{"1": "B"}', "items.jsonl:6", "the answer pairs 1; left has 1, 2"),
    Broken("kinds", "items.jsonl", '{"1": "B", "2": "A"}', '{"1": "B", "2": "C"}', "items.jsonl:6", "'C' is not among the options A, B"),
    Broken("kinds", "items.jsonl", '"answer": ["B", "C", "A"]', '"answer": ["B"]', "items.jsonl:5", "an order needs at least two letters"),
    Broken("kinds", "items.jsonl", '"answer": ["Paris"]', '"answer": [""]', "items.jsonl:4", "a short answer needs 'answer' or 'pattern'"),
    Broken("kinds", "items.jsonl", '"answer": ["Paris"]', '"pattern": "Par(is"', "items.jsonl:4", "no regular expression"),
    Broken("kinds", "items.jsonl", '"3": "two reasons"', '"4": "two reasons"', "items.jsonl:12", "points is 3, but the highest level is 4"),
    Broken("kinds", "items.jsonl", '"step": 0.5', '"step": 2', "items.jsonl:12", "no multiple of the step 2"),
    Broken("kinds", "items.jsonl", '"problem": {', '"problem_": {', "items.jsonl:7", "'problem' is missing"),
    Broken("kinds", "items.jsonl", '"kind": "code"', '"kind": "code", "options": ["a", "b"]', "items.jsonl:7", "a question of kind code has no options"),
    Broken("kinds", "items.jsonl", '"answer": "B"}\n{"id": "m2"', '"answer": ["A", "B"]}\n{"id": "m2"', "items.jsonl:1", "an mcq has one answer, got A, B"),
    Broken("kinds", "tables/counts.csv", "20,40,tests", "20,forty,tests", "tables/counts.csv:4", "'forty', not a number"),
    Broken("kinds", "tables/below.csv", "20,40", "20,4", "tables/below.csv:6", "the percentages fall"),
    Broken("kinds", "tables/below.csv", "30,80", "30,180", "tables/below.csv:7", "it lies within 0 and 100"),
]  # fmt: skip


def named(broken: Broken) -> str:
    return f"{broken.paper}-{broken.file}-{broken.says[:40]}"


@pytest.mark.parametrize("broken", [*HARBOUR, *KINDS], ids=named)
def test_a_broken_paper_is_refused_with_file_and_line(broken: Broken, tmp_path: Path) -> None:
    folder = tmp_path / broken.paper
    shutil.copytree(PAPERS / broken.paper, folder)
    file = folder / broken.file
    before = file.read_text()
    assert broken.old in before
    file.write_text(before.replace(broken.old, broken.new, 1))
    with pytest.raises(DataError, match=broken.says) as raised:
        load_paper(folder)
    assert str(raised.value.where).endswith(f"/{broken.where}")
    assert len(str(raised.value).splitlines()) <= 8


def test_an_image_needs_a_transcript_where_the_paper_offers_transcripts(tmp_path: Path) -> None:
    folder = tmp_path / "harbour"
    shutil.copytree(PAPERS / "harbour", folder)
    paper, items = folder / "exam.yaml", folder / "items.jsonl"
    paper.write_text(paper.read_text().replace("[vision, no_vision]", "[vision, transcribed]"))
    assert load_paper(folder).modes == ("vision", "transcribed")
    items.write_text(items.read_text().replace('"transcript":"Four buoys from left to right: P, Q, S, R.",', ""))
    with pytest.raises(DataError, match="an image and no transcript") as raised:
        load_paper(folder)
    assert str(raised.value.where).endswith("/items.jsonl:7")


def test_a_form_that_the_paper_does_not_have_is_an_error() -> None:
    with pytest.raises(DataError, match="it has no form 'holdouts'") as raised:
        load_paper(PAPERS / "kinds", form="holdouts")
    assert str(raised.value.where).endswith("/exam.yaml:41")


@pytest.mark.parametrize("form", ["dev", "holdout"])
def test_the_papers_that_are_broken_here_are_good_before(form: str) -> None:
    assert load_paper(PAPERS / "harbour").form.name == "main"
    assert load_paper(PAPERS / "kinds", form).form.name == form


ODD = [None, [], {}, -1, 1e308, True, "", "x", [[]], [{}], {"a": {}}, ["x", 1], [None], {"x": ["y"]}]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("sections:\n", "sections"),
        ("score:\n", "score"),
        ("pass:\n", "pass"),
        ("forms:\n", "forms"),
        ("percentile:\n", "percentile"),
        ("credit: {right: 1, wrong: -0.25, blank: 0}\n", "credit"),
        ("    drop: [m8]\n", "    drop"),
        ("    sampling:\n", "    sampling"),
    ],
)
def test_a_value_of_any_type_is_an_error_for_people_or_taken(line: str, key: str, odd: object, tmp_path: Path) -> None:
    """A list, mapping, number or text where another stands: never a traceback."""
    folder = tmp_path / "kinds"
    shutil.copytree(PAPERS / "kinds", folder)
    file = folder / "exam.yaml"
    before, _, after = file.read_text().partition(line)
    indent = len(key) - len(key.strip())
    kept = after.splitlines(keepends=True)
    while line.endswith(":\n") and kept and kept[0].startswith(" " * (indent + 1)):
        kept.pop(0)
    file.write_text(f"{before}{key}: {json.dumps(odd)}\n{''.join(kept)}")
    with suppress(DataError):  # any other exception fails the test
        load_paper(folder)
