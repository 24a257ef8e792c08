"""Each benchmark of the catalogue on rows shaped like its published file: checked, and scored right and wrong."""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from data_files import lines

from evals.completion import Completions, ContinuationScore
from evals.completion_fns.backend import Backend
from evals.datasets import choice_benchmarks, gsm8k, humaneval, mgsm, text_benchmarks
from evals.datasets.benchmarks import benchmarks_in
from evals.record.recorders import DummyRecorder
from evals.record.scores import score_of
from evals.registry.lookup import Registry
from evals.registry.roots import bundled_data_root
from evals.runner.checks import check_eval
from evals.runner.given_answer import GivenAnswer


def text_file(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def bbh_file(folder: Path, name: str, *examples: tuple[str, str]) -> Path:
    rows = [{"input": question, "target": target} for question, target in examples]
    return text_file(folder / name, json.dumps({"canary": "c", "examples": rows}))


def arc_zip(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "ARC.zip", "w") as archive:
        for split in ("Challenge-Test", "Challenge-Train", "Easy-Test"):
            kind = split.partition("-")[0]
            rows = [
                {"id": str(i), "answerKey": "2" if i % 2 else "B",
                 "question": {"stem": f"{split} {i}?", "choices": [
                     {"text": f"{word} {i}", "label": label} for word, label in zip(("no", "yes", "never"), "123" if i % 2 else "ABC", strict=True)]}}
                for i in range(30)
            ]  # fmt: skip
            text = "".join(json.dumps(row) + "\n" for row in rows)
            archive.writestr(f"ARC-V1/ARC-{kind}/ARC-{split}.jsonl", text)
    return folder / "ARC.zip"


def mmlu_tar(folder: Path) -> Path:
    with tarfile.open(folder / "data.tar", "w") as archive:
        for split, n in (("test", 1), ("dev", 5)):
            text = "".join(f'"{split} {i}: which ""one""?",none,"yes, this",0.5,never,B\n' for i in range(n)).encode()
            info = tarfile.TarInfo(f"data/{split}/anatomy_{split}.csv")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))
    return folder / "data.tar"


def drop_zip(folder: Path) -> Path:
    empty = {"number": "", "date": {"day": "", "month": "", "year": ""}, "spans": []}
    pairs = [{"question": "How many points?", "query_id": "1", "answer": {**empty, "number": "12"}}]
    with zipfile.ZipFile(folder / "drop.zip", "w") as archive:
        whole = {"p": {"passage": "They scored 12 points.", "qa_pairs": pairs}}
        archive.writestr("drop_dataset_dev.json", json.dumps(whole))
    return folder / "drop.zip"


def humaneval_file(folder: Path) -> Path:
    row = {"task_id": "HumanEval/900", "prompt": 'def add(a, b):\n    """Sum."""\n', "entry_point": "add",
           "canonical_solution": "    return a + b\n", "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n"}  # fmt: skip
    path = folder / "HumanEval.jsonl.gz"
    path.write_bytes(gzip.compress((json.dumps(row) + "\n").encode()))
    return path


def rows_of(convert: Callable[[Path], Any], original: Path, target: Path) -> Path:
    return lines(target, *(row for _, row in convert(original)))


OPTIONS = "What comes next?\nOptions:\n(A) a stone\n(B) a tree\n(C) a cloud"
CUT = "Find a similar one:\nOptions:\n(A) Salt\n(B) Pepper\n(C) Sugar"
LETTER_B = ["B", "(B)", "Answer: B", "Answer: (B)", "**Answer: (B)**", "First (A) is out.\n\nAnswer: (B) a tree"]
NOT_B = ["A", "Answer: (A)", "It may be (B).\nAnswer: (C)", "Answer: (A) or (B)", "Answer: none of them", ""]

ANSWERED: dict[str, tuple[str, Callable[[Path], Any], Callable[[Path], Path], list[str], list[str]]] = {
    "bbh, a letter": ("bbh-date-understanding", text_benchmarks.big_bench_hard,
                      lambda folder: bbh_file(folder, "d.json", (OPTIONS, "(B)")), LETTER_B, NOT_B),
    "bbh, an option that was cut": ("bbh-movie-recommendation", text_benchmarks.big_bench_hard,
                                    lambda folder: bbh_file(folder, "m.json", (CUT, "Salt, Pepper")),
                                    ["Answer: Salt, Pepper", "salt, pepper"], ["Answer: Salt", "Answer: A", ""]),
    "bbh, a word": ("bbh-navigate", text_benchmarks.big_bench_hard,
                    lambda folder: bbh_file(folder, "n.json", ("Do you return?\nOptions:\n- Yes\n- No", "No")),
                    ["No", "Answer: No", "Yes?\nAnswer: no."], ["Answer: Yes", "Not", ""]),
    "bbh, brackets": ("bbh-dyck-languages", text_benchmarks.big_bench_hard,
                      lambda folder: bbh_file(folder, "k.json", ("Close: [ < <", "> > ]")),
                      ["> > ]", "Answer: > > ]", "Two are open.\nAnswer: > > ]"], ["> >", "Answer: > ]", ""]),
    "bbh, one bracket": ("bbh-dyck-languages", text_benchmarks.big_bench_hard,
                         lambda folder: bbh_file(folder, "k.json", ("Close: <", ">")), [">", "Answer: >"], ["]", "Answer: >>", ""]),
    "drop": ("drop", text_benchmarks.drop_dev, drop_zip, ["Answer: 12", "They did.\nAnswer: 12.0", "Answer: the 12"], ["Answer: 13", ""]),
    "gsm8k": ("gsm8k", gsm8k.rows, lambda folder: lines(folder / "g.jsonl", {"question": "?", "answer": "x\n#### 1,250"}),
              ["1250", "So 3 and 4.\n#### 1,250", r"It is \boxed{1250}.", "$1,250.00"], ["1251", "", "1250 + 1 = 1251"]),
    "mgsm": ("mgsm-de", mgsm.rows, lambda folder: text_file(folder / "mgsm_de.tsv", "Wie viele?\t1,250\n"),
             ["1250", "Antwort: 1.250", "#### 1250"], ["Antwort: 1,25", ""]),
    "mmlu-pro": ("mmlu-pro", choice_benchmarks.mmlu_pro,
                 lambda folder: lines(folder / "p.jsonl", {"question": "?", "options": ["a", "N/A", "b"], "answer_index": 2, "category": "law"}),
                 ["B", "The answer is (B)."], ["A", "The answer is (A).", ""]),
    "truthfulqa, likeness": ("truthfulqa-likeness", text_benchmarks.truthfulqa_generation, lambda folder: lines(folder / "t.jsonl", {
        "question": "Q?", "best_answer": "Nothing happens", "correct_answers": ["Nothing happens"], "incorrect_answers": ["You turn to stone"], "category": "Myths"}),
        ["Nothing at all happens.", "I have no comment."], ["You turn to stone at once.", "Banana", ""]),
    "mmlu-cot": ("mmlu-cot", choice_benchmarks.mmlu_test, mmlu_tar, ["B", "Answer: B"], ["A", "Answer: C", ""]),
    "humaneval": ("humaneval", humaneval.rows, humaneval_file,
                  ["```python\ndef add(a, b):\n    return b + a\n```"], ["```python\ndef add(a, b):\n    return a\n```", ""]),
}  # fmt: skip
"An eval, its converter, an original of one row, and replies that are right or wrong."

CHOSEN: dict[str, tuple[str, Callable[[Path], Any], Callable[[Path], Path], dict[str, Any]]] = {
    "arc-challenge": ("arc-challenge", choice_benchmarks.arc_challenge_test, arc_zip, {"num_few_shot": 0}),
    "arc-easy": ("arc-easy", choice_benchmarks.arc_easy_test, arc_zip, {}),
    "hellaswag": ("hellaswag", choice_benchmarks.hellaswag, lambda folder: lines(folder / "h.jsonl", *(
        {"activity_label": "Baking", "ctx_a": f"A man stirs {i}. [step]", "ctx_b": "", "label": 1, "endings": ["no", "yes [title]", "x", "y"]} for i in range(2))),
        {"num_few_shot": 0}),
    "winogrande": ("winogrande", choice_benchmarks.winogrande, lambda folder: lines(folder / "w.jsonl",
        {"sentence": "The cup is in the box as _ is small.", "option1": "no", "option2": "yes", "answer": "2"}), {"num_few_shot": 0}),
    "truthfulqa": ("truthfulqa-mc1", choice_benchmarks.truthfulqa_mc1, lambda folder: lines(folder / "t.jsonl",
        {"question": "Q?", "mc1_targets": {"choices": ["no", "yes"], "labels": [0, 1]}}), {}),
    "truthfulqa, dictionaries": ("truthfulqa-mc1", choice_benchmarks.truthfulqa_mc1, lambda folder: lines(folder / "t.jsonl",
        {"question": "Q?", "mc1_targets": {"no": 0, "yes": 1}}), {}),
    "truthfulqa, letters": ("truthfulqa-mc1.letters.v1", choice_benchmarks.truthfulqa_mc1, lambda folder: lines(folder / "t.jsonl",
        {"question": "Q?", "mc1_targets": {"choices": ["yes", "no", "never"], "labels": [1, 0, 0]}}), {}),
    "mmlu": ("mmlu", choice_benchmarks.mmlu_test, mmlu_tar, {"num_few_shot": 0}),
}  # fmt: skip
"An eval that compares likelihoods or asks for a letter; the right option is the one with `yes`."


def make(name: str, rows: Path, fn: Backend, **args: Any) -> Any:
    registry = Registry()
    return registry.make_eval(registry.find_eval(name), [fn], samples_jsonl=str(rows), **args)


def score(evaluation: Any, row: Any) -> float:
    with DummyRecorder(None).sample("shaped.test.0") as scope:
        evaluation.eval_sample(row, Random(0))
        return score_of(scope.events) or 0.0


@pytest.mark.parametrize("case", ANSWERED)
def test_a_reply_is_scored_as_the_benchmark_means_it(tmp_path, case):
    name, convert, original, right, wrong = ANSWERED[case]
    rows = rows_of(convert, original(tmp_path), tmp_path / "rows.jsonl")
    answer = GivenAnswer()
    evaluation = make(name, rows, answer)
    row = evaluation.get_samples()[0]
    evaluation.check_sample(row)
    for text, expected in [*((text, True) for text in right), *((text, False) for text in wrong)]:
        answer.text = text
        assert (score(evaluation, row) == 1) is expected, text


@pytest.mark.parametrize("ideal", [r"\$32,\!348", r"\$36", r"10\%", r"70 \sqrt{2}", r"\text{(C)}", r"1\frac{4}{5}", r"\text{June 20}",
                                   r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", r"4343_6", r"90^\circ"])  # fmt: skip
def test_answers_of_math_are_usable_and_right_in_a_box(tmp_path, ideal):
    pytest.importorskip("math_verify")
    problem = {"problem": "x?", "answer": ideal, "subject": "Algebra", "level": 1}
    rows = rows_of(text_benchmarks.math_problems, lines(tmp_path / "m.jsonl", problem), tmp_path / "rows.jsonl")
    answer = GivenAnswer()
    evaluation = make("math", rows, answer)
    row = evaluation.get_samples()[0]
    evaluation.check_sample(row)
    for text, expected in ((rf"So \boxed{{{ideal}}}.", 1), (r"So \boxed{77}.", 0), ("", 0)):
        answer.text = text
        assert score(evaluation, row) == expected


class Knows(Backend):
    """Finds texts with the right word likely: the option itself, its letter in the prompt, or a sentence with it."""

    is_local = True

    def __init__(self, word: str) -> None:
        self.word = word

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        raise AssertionError("the options are scored")

    async def score(self, prompt: str, continuations: list[str]) -> list[ContinuationScore]:
        return [ContinuationScore(self._logprob(prompt, text), 1) for text in continuations]

    def _logprob(self, prompt: str, text: str) -> float:
        letter = re.fullmatch(r"\W*([A-J])\W*", text)
        if letter is None:
            return -1.0 if self.word in prompt.rpartition("\n")[2] + text else -2.0
        line = re.search(rf"^\W*{letter[1]}\W+(.*)$", prompt, re.MULTILINE)
        return -1.0 if line and self.word in line[1] else -2.0


@pytest.mark.parametrize("case", CHOSEN)
def test_the_option_that_is_meant_is_the_right_one(tmp_path, case):
    name, convert, original, args = CHOSEN[case]
    rows = rows_of(convert, original(tmp_path), tmp_path / "rows.jsonl")
    for word, expected in (("yes", 1), ("no", 0)):
        evaluation = make(name, rows, Knows(word), **args)
        assert [score(evaluation, row) for row in evaluation.get_samples()] == [expected] * len(
            evaluation.get_samples()
        )


def test_five_examples_of_ours_come_before_a_question_of_truthfulqa(tmp_path):
    original = lines(
        tmp_path / "t.jsonl", {"question": "Q?", "mc1_targets": {"choices": ["yes", "no"], "labels": [1, 0]}}
    )
    rows = rows_of(choice_benchmarks.truthfulqa_mc1, original, tmp_path / "rows.jsonl")
    evaluation = make("truthfulqa-mc1.five-shot.v1", rows, Knows("yes"))
    prompt = evaluation.first_prompt(evaluation.get_samples()[0])
    examples = prompt.split("\n\n")
    assert len(examples) == 6
    for example in examples[:5]:
        assert re.search(r"^C\. .*\nAnswer: [ABC]$", example, re.MULTILINE)
    assert examples[5].startswith("Q?\n")


def test_either_of_two_equal_options_of_gpqa_is_right(tmp_path):
    table = (
        'Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer 3\nQ?," 5 m/s\n",4,5 m/s,3\n'
    )
    rows = rows_of(choice_benchmarks.gpqa, text_file(tmp_path / "gpqa.csv", table), tmp_path / "rows.jsonl")
    answer = GivenAnswer()
    evaluation = make("gpqa-diamond", rows, answer, order="file")
    found = []
    for answer.text in ("Answer: A", "Answer: B", "Answer: C", "Answer: D"):
        found.append(score(evaluation, evaluation.get_samples()[0]))
    assert found == [1, 0, 1, 0]


@pytest.mark.parametrize("case", [*ANSWERED, *CHOSEN])
def test_evals_check_finds_nothing_wrong(tmp_path, case):
    name, convert, original = (ANSWERED.get(case) or CHOSEN[case])[:3]
    rows = rows_of(convert, original(tmp_path), tmp_path / "rows.jsonl")
    spec = Registry().find_eval(name)
    args = {**spec.args, "samples_jsonl": str(rows), **(CHOSEN[case][3] if case in CHOSEN else {})}
    (tmp_path / "evals").mkdir()
    body = {"shaped": {"id": "shaped.test.v0"}, "shaped.test.v0": {"class": spec.cls, "args": args}}
    (tmp_path / "evals" / "shaped.yaml").write_text(json.dumps(body))
    registry = Registry()
    registry.add_registry_paths([tmp_path])
    check = check_eval("shaped", registry)
    assert [finding.text for finding in check.findings if finding.level == "failed"] == []
    assert check.n_samples == len(Path(rows).read_text().splitlines())


@pytest.mark.network
@pytest.mark.parametrize("file", [file for benchmark in benchmarks_in([bundled_data_root()]) for file in benchmark.files
                                  if file.gated is None], ids=lambda file: file.value)  # fmt: skip
def test_the_published_file_is_read_by_the_evals_that_name_it(tmp_path, monkeypatch, file):
    monkeypatch.setenv("EVALS_CACHE_DIR", str(tmp_path / "cache"))
    registry = Registry()
    named = [entry.name for entry in registry.entries("evals") if file.value in json.dumps(entry.body, default=str)]
    for name in named:
        check = check_eval(name, registry)
        assert [finding.text for finding in check.findings if finding.level == "failed"] == []
