"""`evals import exam`: AGIEval's JSON lines and a teacher's table become papers that load; each error has its line."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from evals.cli.main import main
from evals.errors import DataError, UsageError
from evals.exams.paper import Paper
from evals.exams.read_paper import load_paper
from evals.interchange.exam_rows import key_letters, options_of
from evals.interchange.import_exam import import_exam
from evals.interchange.written_numbers import number_row

AGIEVAL = os.environ.get("EVALS_AGIEVAL")


def row(question: str = "Which is red?", **changed: Any) -> dict[str, Any]:
    """A row in the shape of AGIEval."""
    options = ["(A)sky", "(B)grass", "(C)blood", "(D)snow"]
    return {"passage": None, "question": question, "options": options, "label": "C", "answer": None, "other": None,
            **changed}  # fmt: skip


def agieval(folder: Path, *rows: Any, name: str = "colours.jsonl") -> Path:
    path = folder / name
    lines = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in rows]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def table(folder: Path, text: str, name: str = "quiz.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def imported(path: Path, **options: Any) -> Paper:
    out = path.parent / "mine"
    return load_paper(import_exam([path], out, **options).folder)


def test_a_row_becomes_a_question_with_the_number_of_its_line(tmp_path: Path) -> None:
    paper = imported(agieval(tmp_path, row(), row("Which is white?", label="D")))
    assert [item.id for item in paper.items] == ["colours-1", "colours-2"]
    assert dict(paper.items[0].options) == {"A": "sky", "B": "grass", "C": "blood", "D": "snow"}
    assert [item.key for item in paper.items] == [("C",), ("D",)]


def test_several_right_options_make_a_question_that_wants_all_of_them(tmp_path: Path) -> None:
    paper = imported(agieval(tmp_path, row(label=["C", "A"]), row("q", label="BD"), row("r", label=["B"])))
    assert [(item.kind, item.key) for item in paper.items] == [
        ("mselect", ("A", "C")),
        ("mselect", ("B", "D")),
        ("mcq", ("B",)),
    ]


def test_neighbours_with_one_passage_become_a_bundle_and_one_cluster(tmp_path: Path) -> None:
    rows = [
        row("1", passage="Long ago."),
        row("2", passage="Long ago."),
        row("3", passage="Alone."),
        row("4", passage=""),
        row("5", passage="Long ago."),
    ]
    paper = imported(agieval(tmp_path, *rows))
    bundles = [item.bundle.stem if item.bundle else None for item in paper.items]
    assert bundles == ["Long ago.", "Long ago.", None, None, None]
    assert paper.items[2].stem == "Alone.\n\n3"
    first = paper.items[0].cluster
    assert [item.cluster == first for item in paper.items] == [True, True, False, False, True]


def test_every_file_is_a_section_and_the_score_adds_them_up(tmp_path: Path) -> None:
    paths = [agieval(tmp_path, row(), name="games.jsonl"), agieval(tmp_path, row(), row(), name="reading.jsonl")]
    paper = load_paper(import_exam(paths, tmp_path / "mine", name="lsat").folder)
    assert [(section.id, len(section.items)) for section in paper.sections] == [("games", 1), ("reading", 2)]
    assert paper.score[-1].set == "final"


def test_without_options_the_answer_is_typed(tmp_path: Path) -> None:
    plain = row("2 + 3?", options=None, label=None, answer="5")
    paper = imported(agieval(tmp_path, plain, {**plain, "question": "Who?", "answer": "Ada"}))
    assert [item.kind for item in paper.items] == ["numeric", "short"]


@pytest.mark.parametrize(
    ("given", "bare"),
    [
        (["(A)red", "(B)blue"], ["red", "blue"]),
        (["A. red", "B. blue"], ["red", "blue"]),
        (["A) red", "B) blue"], ["red", "blue"]),
        (["A red", "B blue"], ["red", "blue"]),
        (["A．10 年", "B．20 年"], ["10 年", "20 年"]),
        (["A red", "A blue"], ["A red", "A blue"]),
        (["A dog", "Cats"], ["A dog", "Cats"]),
        (["A.5", "B.5"], ["A.5", "B.5"]),
    ],
)
def test_letters_of_options_are_taken_off_and_words_are_not(given: list[str], bare: list[str]) -> None:
    assert list(options_of(given, "here").values()) == bare


@pytest.mark.parametrize(
    ("given", "letters"),
    [("B", ["B"]), ("(b)", ["B"]), ("A,C", ["A", "C"]), ("CA", ["A", "C"]), ("a c", ["A", "C"]), (["D"], ["D"])],
)
def test_keys_are_read_in_every_common_form(given: object, letters: list[str]) -> None:
    assert key_letters(given, dict(zip("ABCD", "wxyz", strict=True)), "here") == letters


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("{", "not JSON|JSON"),
        ("[]", "must be a JSON object"),
        (row(question=" "), "'question' is missing or empty"),
        (row(options=["(A)one"]), "1 options; a question has 2 to 26"),
        (row(options=["(A)one", "(B)one"], label="A"), "options A and B are the same"),
        (row(options=["(A)one", "(B)"], label="A"), "option B is empty"),
        (row(options=["(A)one", 2], label="A"), "the option 2 is no text"),
        (row(options="(A)one"), "'options' is str, not a list"),
        (row(label="E"), "the key 'E' is not among the options A, B, C, D"),
        (row(label=["A", "A"]), "names an option twice"),
        (row(label=None), "'label' is missing"),
        (row(label="3"), "names no option"),
        (row(options=None, label=None), "neither options nor an answer"),
        (row(passage=["a"]), "'passage' is list, not a text"),
        ('{"question": "q", "question": "r"}', "the key 'question' appears twice"),
    ],
)
def test_a_broken_row_is_an_error_with_its_line(tmp_path: Path, broken: Any, message: str) -> None:
    path = agieval(tmp_path, row(), broken)
    with pytest.raises(DataError, match=message) as caught:
        import_exam([path], tmp_path / "mine")
    assert str(caught.value.where).startswith(f"{path}:2")
    assert not (tmp_path / "mine").exists()


def test_broken_rows_are_left_out_and_listed_where_that_is_wanted(tmp_path: Path) -> None:
    path = agieval(tmp_path, row(), row(label="E"), row(), row(label=""))
    with pytest.raises(DataError, match=r"1 further row cannot be used:\n.*:4: 'label' is missing"):
        import_exam([path], tmp_path / "mine")
    found = import_exam([path], tmp_path / "mine", skip=True)
    assert [item.id for item in found.paper.items] == ["colours-1", "colours-3"]
    assert [error.where for error in found.left_out] == [f"{path}:2", f"{path}:4"]


TABLE = """question,options,key,section,marks
Which is red?,sky|grass|blood,C,colours,1
Which are cold?,ice|fire|snow,"A,C",colours,2
What is 7 x 8?,,56,sums,3
Who wrote Faust?,,Goethe|J. W. Goethe,,1
"""


def test_a_table_becomes_a_paper(tmp_path: Path) -> None:
    paper = imported(table(tmp_path, TABLE))
    assert [(section.id, section.max_points) for section in paper.sections] == [
        ("colours", 3),
        ("sums", 3),
        ("quiz", 1),
    ]
    assert [(item.id, item.kind) for item in paper.items] == [
        ("q1", "mcq"),
        ("q2", "mselect"),
        ("q3", "numeric"),
        ("q4", "short"),
    ]
    assert paper.items[1].key == ("A", "C")
    short = paper.items[3].short
    assert short is not None
    assert short.accepted == ("Goethe", "J. W. Goethe")


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_table_of_another_separator_with_a_column_for_each_option(tmp_path: Path, separator: str) -> None:
    text = "\ufeffNo;Question;A;B;C;Correct;Points\n7;Which is red?;sky;blood;;blood;2,5\n\n8;Which is blue?;sky;blood;ash;a;1\n"
    paper = imported(table(tmp_path, text.replace(";", separator)))
    assert [(item.id, item.key, item.points, len(item.options)) for item in paper.items] == [
        ("7", ("B",), 2.5, 2),
        ("8", ("A",), 1.0, 3),
    ]


def test_line_ends_of_other_systems_count_as_lines_and_stay_out_of_questions(tmp_path: Path) -> None:
    for number, end in enumerate(("\r\n", "\r")):
        path = table(tmp_path, "", f"ends{number}.csv")
        path.write_bytes(f'question,key{end}"two{end}lines?",1{end}r,{end}'.encode())
        with pytest.raises(DataError, match="the key is empty") as caught:
            import_exam([path], tmp_path / "mine")
        assert caught.value.where == f"{path}:4"
        found = import_exam([path], tmp_path / "mine", skip=True)
        assert [item.stem for item in found.paper.items] == ["two\nlines?"]


def test_written_answers_come_from_a_table_with_their_rubric(tmp_path: Path) -> None:
    text = "question,key,kind,marks\nWhy?,2: names rain|names wind,free,3\nDiscuss.,,essay,6\nPi?,3.14,numeric,\n"
    first, second, third = imported(table(tmp_path, text)).items
    assert [(line.points, line.say) for line in first.rubric] == [(2, "names rain"), (1, "names wind")]
    assert (second.kind, second.points) == ("essay", 6)
    assert (third.kind, third.points) == ("numeric", 1)


def test_a_key_may_be_the_words_of_the_right_option_and_a_word_is_no_list_of_letters(tmp_path: Path) -> None:
    text = "question,options,key\nWhich is red?,sky|blood|bad,blood\nWhich is a word?,sky|blood|bad,bad\n"
    assert [item.key for item in imported(table(tmp_path, text)).items] == [("B",), ("C",)]
    path = table(tmp_path, "question,options,key\nWhich planet?,Venus | Mercury,mercury\n", "capitals.csv")
    assert [item.key for item in load_paper(import_exam([path], tmp_path / "capitals").folder).items] == [("B",)]
    path = table(tmp_path, "question,options,key\nq,w|x|y|z,bad\n", "other.csv")
    with pytest.raises(DataError, match="the key 'bad' names no option"):
        import_exam([path], tmp_path / "mine")


def test_a_table_of_mistakes_alone_says_what_each_of_them_is(tmp_path: Path) -> None:
    path = table(tmp_path, "question,options,key,marks\nq,a|b,D,1\nq,a|b,A,x\n,a|b,A,1\n")
    for skip in (False, True):
        with pytest.raises(DataError) as caught:
            import_exam([path], tmp_path / "mine", skip=skip)
        for reason in ("the key 'D' is not among the options A, B", "marks is 'x'", "the question is empty"):
            assert reason in str(caught.value)


def test_questions_of_two_tables_have_ids_of_their_own(tmp_path: Path) -> None:
    paths = [table(tmp_path, "question,key\nq,1\n", name) for name in ("one.csv", "two.csv")]
    paper = load_paper(import_exam(paths, tmp_path / "mine", name="both").folder)
    assert [item.id for item in paper.items] == ["one-q1", "two-q1"]


def test_the_name_of_a_built_in_eval_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path, TABLE, "gsm8k.csv")
    with pytest.raises(UsageError, match="an eval is called 'gsm8k' already"):
        import_exam([path], tmp_path / "mine")


def test_a_tolerance_belongs_to_a_number(tmp_path: Path) -> None:
    text = "question,key,tolerance\nPi?,3.14,0.01\n"
    numeric = imported(table(tmp_path, text)).items[0].numeric
    assert numeric is not None
    assert numeric.tolerance.abs == 0.01


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("question,options\nq,a|b\n", 1, "no column 'key'"),
        ("question,kee,key\nq,,1\n", 1, "unknown column 'kee'"),
        ("question,key,answer\nq,1,1\n", 1, "two columns hold the key"),
        ("question,key\n", 1, "no questions"),
        ("question,key\nq,1\n,2\n", 3, "the question is empty"),
        ("question,key\nq,\n", 2, "the key is empty"),
        ("question,options,key\nq,a|b,C\n", 2, "the key 'C' is not among the options A, B"),
        ("question,options,key\nq,a,A\n", 2, "1 options"),
        ("question,options,key\nq,a|a,A\n", 2, "options A and B are the same"),
        ("question,key,marks\nq,1,x\n", 2, "marks is 'x', not a number above 0"),
        ("question,key,marks\nq,1,0\n", 2, "marks is '0', not a number above 0"),
        ("question,key\nq,1,2\n", 2, "3 cells, but 2 columns"),
        ("id,question,key\n1,q,1\n1,r,2\n", 3, "the id '1' is also in"),
        ("question,key,kind\nq,1,gap\n", 2, "the kind 'gap' cannot be read from a table"),
        ("question,key,kind\nq,x,numeric\n", 2, "the kind is 'numeric'"),
        ("question,key,kind\nq,x,mcq\n", 2, "the kind is 'mcq'"),
        ('question,options,key,kind\nq,a|b,"A,B",mcq\n', 2, "the kind is 'mcq'"),
        ("question,key,kind,marks\nq,3: a,free,2\n", 2, "the lines of the key add up to 3"),
        ("question,key,kind\nq,,essay\n", 2, "an essay needs its marks"),
        ("question,key,tolerance\nq,x,0.1\n", 2, "a tolerance belongs to a number"),
        ('question,key\n"q\nr",1\n"s,2\n', 4, "not CSV"),
        ("question,options,key\nx?,a||c,B\n", 2, "option B is empty"),
        ("question,options,key\nx?,B|C|A,B\n", 2, "the key 'B' is the letter of 'C', and the text of option A"),
        ("question,key,kind\nx?,1: a|-1: b,free\n", 2, "'-1: b' of the rubric takes points off"),
        ("question,A,B,D,key\nx?,a,b,c,D\n", 1, "the columns of options are A, B, D"),
    ],
)
def test_a_broken_table_is_an_error_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = table(tmp_path, text)
    with pytest.raises(DataError, match=message) as caught:
        import_exam([path], tmp_path / "mine")
    assert caught.value.where == f"{path}:{line}"


@pytest.mark.parametrize(
    ("key", "row"),
    [
        ("60 km/h", {"kind": "numeric", "answer": "60", "unit": "km/h"}),
        ("20 °C", {"kind": "numeric", "answer": "20", "unit": "°C"}),
        ("9.81 m/s^2", {"kind": "numeric", "answer": "9.81", "unit": "m/s^2"}),
        ("50%", {"kind": "numeric", "answer": "50"}),
        ("2,5", {"kind": "numeric", "answer": "2.5"}),
        ("1,234,567", {"kind": "numeric", "answer": "1234567"}),
        *((key, None) for key in ("60", "3/4", "1e3", "7 Up", "2 April", "12:30", "1st", "3 wise men", "5-7")),
    ],
)
def test_a_number_with_a_unit_or_a_comma_is_a_number_and_a_text_stays_one(key: str, row: Any) -> None:
    found = number_row("x?", key, "t.csv:2")
    assert found == (None if row is None else {"stem": "x?", **row})


def test_a_number_that_may_be_read_in_two_ways_is_refused() -> None:
    with pytest.raises(DataError, match=r"(?s)'1,500' may be read in two ways.*write 1500, or 1.500"):
        number_row("x?", "1,500", "t.csv:2")


def test_a_key_may_be_a_letter_in_brackets_where_options_are_letters_too(tmp_path: Path) -> None:
    paper = imported(table(tmp_path, "question,options,key\nWhich?,B|C|A,(B)\n"))
    assert (paper.items[0].options["B"], paper.items[0].key) == ("C", ("B",))


def test_a_table_that_is_no_utf_8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "quiz.csv"
    path.write_bytes("question,key\nq,1\nCafé?,2\n".encode("cp1252"))
    with pytest.raises(DataError, match="not UTF-8") as caught:
        import_exam([path], tmp_path / "mine")
    assert caught.value.where == f"{path}:3"


def test_other_files_and_missing_ones_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"files that end in \.docx are not read"):
        import_exam([tmp_path / "quiz.docx"], tmp_path / "mine")
    with pytest.raises(DataError, match="cannot be read"):
        import_exam([tmp_path / "quiz.csv"], tmp_path / "mine")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = table(tmp_path, TABLE)
    import_exam([path], tmp_path / "mine")
    with pytest.raises(UsageError, match="this file is there already"):
        import_exam([path], tmp_path / "mine")
    assert import_exam([path], tmp_path / "mine", name="second").name == "second"


def test_the_command_says_what_it_wrote_and_what_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    table(tmp_path, TABLE)
    assert main(["import", "exam", "quiz.csv", "--out", "mine"]) == 0
    printed = capsys.readouterr().out
    assert "4 questions: 1 mcq, 1 mselect, 1 numeric, 1 short" in printed
    assert "oaieval MODEL quiz --registry_path mine" in printed
    assert main(["import", "exam", "quiz.csv", "--out", "mine", "--name", "other", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["name"], found["n"], found["left_out"]) == ("other", 4, [])
    assert [section["id"] for section in found["sections"]] == ["colours", "sums", "quiz"]


def agieval_files() -> list[Path]:
    return sorted(Path(AGIEVAL).glob("*.jsonl")) if AGIEVAL else []


@pytest.mark.skipif(not AGIEVAL, reason="EVALS_AGIEVAL names no folder of AGIEval's JSON lines")
def test_the_real_files_keep_every_key(tmp_path: Path) -> None:
    assert agieval_files()
    for path in agieval_files():
        found = import_exam([path], tmp_path / path.stem, skip=True)
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert len(found.paper.items) + len(found.left_out) == len(rows)
        keys = {item.id: item.key for item in found.paper.items}
        for name, key in keys.items():
            label = rows[int(name.rpartition("-")[2]) - 1]["label"]
            assert sorted(label) == list(key)
        counts = Counter(error.what.split(":")[0].rstrip(" ABCDE") for error in found.left_out)
        assert sum(counts.values()) <= 7
