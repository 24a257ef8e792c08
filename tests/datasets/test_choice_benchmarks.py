"""Converters of multiple-choice benchmarks, on small files of the same schema that we wrote."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile

import pytest
from data_files import converted, lines, parquet

from evals.datasets import choice_benchmarks
from evals.errors import BadSample, DataError


@pytest.fixture
def mmlu_tar(tmp_path):
    path = tmp_path / "data.tar"
    files = {
        "data/test/astronomy_test.csv": '"Which is larger, ""Io"" or\nEuropa?",Io,Europa,both,neither,A\n',
        "data/test/anatomy_test.csv": "How many ribs?,12,24,36,48,B\n",
        "data/dev/anatomy_dev.csv": "How many skulls?,1,2,3,4,A\n",
    }
    with tarfile.open(path, "w") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def test_mmlu_from_its_archive(mmlu_tar):
    first, second = converted(choice_benchmarks.mmlu_test, mmlu_tar)
    assert first == {
        "question": "How many ribs?", "choices": ["12", "24", "36", "48"], "answer": 1,
        "subject": "anatomy", "category": "other",
    }  # fmt: skip
    assert second["question"] == 'Which is larger, "Io" or\nEuropa?'
    assert second["category"] == "STEM"
    assert [row["answer"] for row in converted(choice_benchmarks.mmlu_dev, mmlu_tar)] == [0]


def test_mmlu_from_parquet(tmp_path):
    row = {"question": "Q", "subject": "high_school_physics", "choices": ["a", "b", "c", "d"], "answer": 3}
    (found,) = converted(choice_benchmarks.mmlu_test, parquet(tmp_path / "x.parquet", row))
    assert (found["subject"], found["answer"], found["choices"]) == ("high school physics", 3, ["a", "b", "c", "d"])


def test_all_57_subjects_of_mmlu_have_one_of_four_categories():
    found = choice_benchmarks._categories()
    assert len(found) == 57
    assert set(found.values()) == {"STEM", "humanities", "social sciences", "other"}


def test_hellaswag_without_marks(tmp_path):
    row = {"activity_label": "Baking", "ctx_a": "A man stirs. [step]", "ctx_b": "he", "label": "1",
           "endings": ["sings [title] Then on", "pours", "x", "y"]}  # fmt: skip
    (found,) = converted(choice_benchmarks.hellaswag, lines(tmp_path / "x.jsonl", row))
    assert found["question"] == "Baking: A man stirs. He"
    assert found["choices"][0] == "sings.  Then on".replace("  ", " ")
    assert found["answer"] == 1


def test_arc_in_both_forms(tmp_path):
    old = {"id": "1", "answerKey": "2",
           "question": {"stem": "Q?", "choices": [{"text": "a", "label": "1"}, {"text": "b", "label": "2"}]}}  # fmt: skip
    new = {"question": "Q?", "answerKey": "B", "choices": {"text": ["a", "b"], "label": ["A", "B"]}}
    expected = [{"question": "Q?", "choices": ["a", "b"], "answer": 1}]
    assert converted(choice_benchmarks.arc_challenge_test, lines(tmp_path / "x.jsonl", old)) == expected
    assert converted(choice_benchmarks.arc_challenge_test, parquet(tmp_path / "x.parquet", new)) == expected


def test_arc_from_its_archive(tmp_path):
    row = {"answerKey": "A", "question": {"stem": "Q\u2028?", "choices": [{"text": "a", "label": "A"}]}}
    path = tmp_path / "ARC.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ARC-2/ARC-Easy/ARC-Easy-Train.jsonl", json.dumps(row, ensure_ascii=False) + "\n")
    assert converted(choice_benchmarks.arc_easy_train, path) == [
        {"question": "Q\u2028?", "choices": ["a"], "answer": 0}
    ]
    with pytest.raises(DataError, match=r"no ARC-Easy-Test\.jsonl"):
        converted(choice_benchmarks.arc_easy_test, path)


def test_winogrande(tmp_path):
    row = {"sentence": "The cup was too big for _.", "option1": "bag", "option2": "box", "answer": "2"}
    (found,) = converted(choice_benchmarks.winogrande, lines(tmp_path / "x.jsonl", row))
    assert found == {"question": row["sentence"], "choices": ["bag", "box"], "answer": 1}


def test_truthfulqa_one_and_several_true_options(tmp_path):
    row = {"question": "Q?", "mc1_targets": {"choices": ["t", "f"], "labels": [1, 0]},
           "mc2_targets": {"choices": ["t", "f", "u"], "labels": [1, 0, 1]}}  # fmt: skip
    path = lines(tmp_path / "x.jsonl", row)
    assert converted(choice_benchmarks.truthfulqa_mc1, path) == [{"question": "Q?", "choices": ["t", "f"], "answer": 0}]
    assert converted(choice_benchmarks.truthfulqa_mc2, path)[0]["labels"] == [1, 0, 1]
    row = {"question": "Q?", "mc1_targets": {"f": 0, "t": 1}}
    assert converted(choice_benchmarks.truthfulqa_mc1, lines(path, row))[0]["answer"] == 1


def test_truthfulqa_from_its_table_whose_lists_have_semicolons(tmp_path):
    path = tmp_path / "TruthfulQA.csv"
    path.write_text(
        "Type,Category,Question,Best Answer,Correct Answers,Incorrect Answers,Source\n"
        "A,B,Q? ,It is so,It is so; Nobody knows.; ,It is not; Never,s\n"
    )
    (one,) = converted(choice_benchmarks.truthfulqa_mc1, path)
    options = ["It is so.", "It is not.", "Never."]
    assert one == {"question": "Q?", "category": "B", "choices": options, "answer": 0}
    (several,) = converted(choice_benchmarks.truthfulqa_mc2, path)
    assert several["choices"] == ["It is so.", "Nobody knows.", "It is not.", "Never."]
    assert several["labels"] == [1, 1, 0, 0]


def test_mmlu_pro_without_fillers(tmp_path):
    row = {"question": "Q", "options": ["a", "N/A", "b"], "answer_index": 2, "category": "law"}
    (found,) = converted(choice_benchmarks.mmlu_pro, lines(tmp_path / "x.jsonl", row))
    assert found == {"question": "Q", "choices": ["a", "b"], "answer": 1, "category": "law"}


def test_gpqa_keeps_nothing_but_the_question(tmp_path):
    path = tmp_path / "gpqa_diamond.csv"
    path.write_text(
        "Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer 3,High-level domain,Mark\n"
        "Q?\t, a,b,c,d,Physics,secret\n"
    )
    assert converted(choice_benchmarks.gpqa, path) == [
        {"question": "Q?", "choices": ["a", "b", "c", "d"], "answer": 0, "category": "Physics"}
    ]


def test_another_schema_is_named(tmp_path):
    with pytest.raises(BadSample, match="the original has no 'ctx_a'"):
        converted(choice_benchmarks.hellaswag, lines(tmp_path / "x.jsonl", {"activity_label": "A"}))
    with pytest.raises(BadSample, match="is none of"):
        converted(
            choice_benchmarks.arc_challenge_test,
            lines(tmp_path / "y.jsonl", {"question": {"stem": "Q", "choices": []}, "answerKey": "A"}),
        )
