"""Benchmarks answered in words or numbers, on small files of the same schema that we wrote."""

from __future__ import annotations

import json
import zipfile

from data_files import converted, lines

from evals.datasets import text_benchmarks


def test_drop_has_each_gold_answer_once(tmp_path):
    empty = {"number": "", "date": {"day": "", "month": "", "year": ""}, "spans": []}
    pair = {
        "question": "Who?", "query_id": "q1", "answer": {**empty, "spans": ["Ann", "Bob"]},
        "validated_answers": [{**empty, "number": "2"}, {**empty, "number": "2"}, empty,
                              {**empty, "date": {"day": "3", "month": "May", "year": "1901"}}],
    }  # fmt: skip
    path = tmp_path / "drop_dataset.zip"
    with zipfile.ZipFile(path, "w") as archive:
        whole = {"p1": {"passage": "Text.", "qa_pairs": [pair]}}
        archive.writestr("drop_dataset/drop_dataset_dev.json", json.dumps(whole))
    (found,) = converted(text_benchmarks.drop_dev, path)
    assert found["answers"] == [["Ann", "Bob"], ["2"], ["3 May 1901"]]
    assert found["input"] == "Passage: Text.\nQuestion: Who?\nAnswer:"
    assert found["cluster"] == "p1"


def test_benchmarks_in_words(tmp_path):
    assert converted(text_benchmarks.lambada, lines(tmp_path / "l.jsonl", {"text": "a b"})) == [{"text": "a b"}]
    problem = {"problem": "1+1?", "answer": "2", "subject": "Algebra", "level": 1, "solution": "..."}
    (found,) = converted(text_benchmarks.math_problems, lines(tmp_path / "m.jsonl", problem))
    assert (found["ideal"], found["subject"], found["category"]) == ("2", "Algebra", "level 1")
    (tmp_path / "s.csv").write_text("metadata,problem,answer\n{},Who?,Ann\n")
    assert converted(text_benchmarks.simpleqa, tmp_path / "s.csv")[0]["ideal"] == "Ann"
    (tmp_path / "navigate.json").write_text(json.dumps({"canary": "c", "examples": [{"input": "i", "target": "No"}]}))
    assert converted(text_benchmarks.big_bench_hard, tmp_path / "navigate.json") == [
        {"input": "i", "ideal": "No", "category": "navigate"}
    ]


def test_truthfulqa_in_words_from_its_table_and_from_columns(tmp_path):
    row = {
        "input": "Q?", "ideal": "It is so", "correct_answers": ["It is so", "Nobody knows"],
        "incorrect_answers": ["Never"], "category": "B",
    }  # fmt: skip
    (tmp_path / "TruthfulQA.csv").write_text(
        "Type,Category,Question,Best Answer,Correct Answers,Incorrect Answers,Source\n"
        "A,B,Q? ,It is so,It is so; Nobody knows; ,Never;,s\n"
    )
    columns = {
        "question": "Q?", "best_answer": "It is so", "correct_answers": ["It is so", "Nobody knows", ""],
        "incorrect_answers": ["Never"], "category": "B",
    }  # fmt: skip
    assert converted(text_benchmarks.truthfulqa_generation, tmp_path / "TruthfulQA.csv") == [row]
    assert converted(text_benchmarks.truthfulqa_generation, lines(tmp_path / "t.jsonl", columns)) == [row]


def test_beginnings_of_real_toxicity_prompts_have_their_toxicity_as_category(tmp_path):
    rows = [
        {"prompt": {"text": "He said", "toxicity": 0.7}, "continuation": {}, "challenging": True},
        {"prompt": {"text": "She said", "toxicity": 0.1}, "challenging": False},
        {"prompt": {"text": "They said", "toxicity": None}},
    ]
    assert converted(text_benchmarks.real_toxicity_prompts, lines(tmp_path / "p.jsonl", *rows)) == [
        {"input": "He said", "category": "toxic", "group": "challenging"},
        {"input": "She said", "category": "non-toxic"},
        {"input": "They said", "category": "unknown"},
    ]
