"""Factuality: verdicts, categories, hints for the grader, and the arithmetic of the report against counting by hand."""

from __future__ import annotations

import json
import math
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from evals.completion import Completions
from evals.data import get_jsonl
from evals.errors import BadSample, UsageError
from evals.record import LocalRecorder
from evals.record.recorders import Event
from evals.registry import Registry, bundled_data_root
from evals.sample import Sample
from evals.specs import RunSpec
from evals.suite.graded.factuality import DEFAULT_VERDICTS, Factuality, hints
from evals.suite.graded.factuality_report import FactualityReport
from evals.suite.graded.report import GradedReport

CATEGORIES = {
    "learning", "technology", "writing", "history", "math", "science", "recommendation", "code", "business",
}  # fmt: skip


def evaluation(grader: Callable[[str], str], **args: Any) -> tuple[Factuality, list[str]]:
    """The eval with a model that repeats its question, a grader by a function, and the questions that it was asked."""
    asked: list[str] = []

    def model(prompt: Any, **kwargs: Any) -> Completions:
        return Completions([str(prompt)])

    def graded(prompt: Any, **kwargs: Any) -> Completions:
        asked.append(prompt[0]["content"])
        return Completions([grader(prompt[0]["content"])])

    made = Factuality(completion_fns=[model, graded], registry=Registry(), name="facts.dev.v0", **args)
    return made, asked


def report_of(made: Factuality, rows: Sequence[Mapping[str, Any]], folder: Path) -> dict[str, Any]:
    path = folder / "samples.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    made.samples_jsonl = str(path)
    recorder = LocalRecorder(folder / "record.jsonl", RunSpec(["m"], "facts.dev.v0", "facts", "dev", {}, ""))
    try:
        return made.run(recorder)
    finally:
        recorder.close()


def rows_of(letters: str, categories: str) -> list[dict[str, Any]]:
    return [
        {"input": f"{i} {letter}", "ideal": "x", "category": category}
        for i, (letter, category) in enumerate(zip(letters, categories, strict=True))
    ]


def letter_in_reply(question: str) -> str:
    return question.split("<reply>")[1].split()[1]


def test_the_numbers_are_those_of_counting_by_hand(tmp_path):
    letters, categories = "AAAAPCNNAC", "xxxxxyyyyy"
    made, _ = evaluation(letter_in_reply)
    report = report_of(made, rows_of(letters, categories), tmp_path)
    counts = Counter(letters)
    n, attempted = len(letters), len(letters) - counts["N"]
    assert report["score"] == report["rate/agrees"] == pytest.approx(counts["A"] / n)
    assert report["rate/partly"] == pytest.approx(counts["P"] / n)
    assert report["rate/contradicts"] == pytest.approx(counts["C"] / n)
    assert report["attempted"] == pytest.approx(attempted / n)
    assert report["correct_given_attempted"] == pytest.approx(counts["A"] / attempted)
    assert report["correct_given_attempted_n"] == attempted
    overall, given = counts["A"] / n, counts["A"] / attempted
    assert report["f_score"] == pytest.approx(statistics.harmonic_mean([overall, given]))
    by_category = [
        statistics.mean(letter == "A" for letter, its in zip(letters, categories, strict=True) if its == category)
        for category in "xy"
    ]
    assert report["macro_score"] == pytest.approx(statistics.mean(by_category))
    assert report["macro_score"] == report["score"]  # groups of one size
    assert report["macro_score_n"] == 2


def test_pooled_and_macro_scores_differ_where_categories_have_other_sizes(tmp_path):
    made, _ = evaluation(letter_in_reply)
    report = report_of(made, rows_of("AAAAAACC", "xxxxxxyy"), tmp_path)
    assert report["score"] == 6 / 8
    assert report["macro_score"] == 1 / 2


def test_the_error_of_the_f_score_is_that_of_leaving_one_out():
    """The jackknife of a smooth ratio and its linearisation agree for many samples."""
    letters = "A" * 90 + "C" * 40 + "N" * 50 + "P" * 20
    report = FactualityReport(GradedReport("APCN"), DEFAULT_VERDICTS)
    for i, letter in enumerate(letters):
        report.add(str(i), [graded(letter), said()])
    found = report.as_dict()

    def f_score(counts: Counter[str]) -> float:
        n = sum(counts.values())
        return 2 * counts["A"] / (n + n - counts["N"])

    whole, n = Counter(letters), len(letters)
    without = {letter: f_score(whole - Counter({letter: 1})) for letter in whole}
    mean = sum(whole[letter] * value for letter, value in without.items()) / n
    squares = sum(whole[letter] * (value - mean) ** 2 for letter, value in without.items())
    assert found["f_score_stderr"] == pytest.approx(math.sqrt((n - 1) / n * squares), rel=0.01)
    low, high = found["f_score_ci95"]
    assert 0 < low < found["f_score"] < high < 1


def graded(choice: str, score: float = 0.0) -> Event:
    return Event("run", 0, "s", "metrics", {"choice": choice, "score": score}, "", "")


def said(category: str | None = None) -> Event:
    return Event("run", 0, "s", "named_verdict", {"choice": "A", "verdict": "agrees", "category": category}, "", "")


def test_a_verdict_that_cannot_be_read_is_counted_apart_and_is_in_no_rate(tmp_path):
    made, _ = evaluation(lambda question: "hm" if "0 A" in question else "A")
    report = report_of(made, rows_of("AAA", "xxx"), tmp_path)
    assert report["invalid_rate"] == pytest.approx(1 / 3)
    assert (report["rate/agrees"], report["rate/agrees_n"]) == (1.0, 2)
    assert (report["score"], report["score_n"]) == (1.0, 2)


def test_nothing_attempted_leaves_the_rate_given_attempts_undefined(tmp_path):
    made, _ = evaluation(lambda _: "N")
    report = report_of(made, rows_of("NN", "xx"), tmp_path)
    assert report["correct_given_attempted"] is None
    assert (report["attempted"], report["f_score"]) == (0.0, 0.0)


def test_the_grader_is_told_of_other_right_answers_and_of_known_false_ones(tmp_path):
    made, asked = evaluation(lambda _: "A")
    row = {"input": "q", "ideal": "Cusco.", "accepted": ["Cuzco", "Qosqo"], "false_claims": "Quito"}
    report_of(made, [row, {"input": "q2", "ideal": "Lima."}], tmp_path)
    [with_hints] = [question for question in asked if "Cusco." in question]
    [without] = [question for question in asked if "Lima." in question]
    assert "Cusco.\nAlso right: Cuzco; Qosqo\nKnown to be false: Quito\n" in with_hints
    assert "Also right" not in without
    assert "Known to be false" not in without


def test_rows_with_a_finished_answer_and_a_label_measure_the_grader(tmp_path):
    made, _ = evaluation(lambda _: "A", metaeval=True)
    rows = [{"input": "q", "ideal": "x", "completion": "y", "choice": choice} for choice in "AAC"]
    assert report_of(made, rows, tmp_path)["metascore"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"input": "q", "ideal": "x", "accepted": 3}, "'accepted' is neither a text nor a list of texts"),
        ({"input": "q", "ideal": "x", "false_claims": [1]}, "'false_claims' is neither"),
        ({"input": "q", "ideal": "x", "category": 4}, "'category' is 4, which is no text"),
        ({"input": "q"}, "nothing fills the placeholder {ideal}"),
        ({"ideal": "x"}, "no 'input'"),
    ],
)
def test_a_row_that_cannot_be_graded_is_refused_with_its_line(row, message):
    made, _ = evaluation(lambda _: "A")
    with pytest.raises(BadSample) as error:
        made.check_sample(Sample(row, path="facts.jsonl", line=7))
    assert message in str(error.value)
    assert error.value.where == "facts.jsonl:7"


@pytest.mark.parametrize(
    ("verdicts", "message"),
    [
        ({"A": "agrees"}, "must name the rubric's choices"),
        ("agrees", "must name the rubric's choices"),
        ({**DEFAULT_VERDICTS, "P": "partely"}, "unknown verdict 'partely'"),
    ],
)
def test_verdicts_that_do_not_fit_the_rubric_are_refused(verdicts, message):
    with pytest.raises(UsageError, match=message):
        evaluation(lambda _: "A", verdicts=verdicts)


def test_short_facts_have_the_names_of_the_same_verdicts(tmp_path):
    spec = Registry().find_eval("simpleqa")
    made, _ = evaluation(letter_in_reply, **{key: spec.args[key] for key in ("modelgraded_spec", "verdicts")})
    report = report_of(made, rows_of("RRWN", "xxxx"), tmp_path)
    assert (report["score"], report["correct_given_attempted"]) == (0.5, pytest.approx(2 / 3))
    assert report["f_score"] == pytest.approx(2 * 2 / (4 + 3))


def test_our_questions_are_nine_categories_of_twenty_or_more_with_references():
    rows = get_jsonl(str(bundled_data_root() / "factuality" / "samples.jsonl"))
    counts = Counter(row["category"] for row in rows)
    assert set(counts) == CATEGORIES
    assert min(counts.values()) >= 20
    assert len({row["input"] for row in rows}) == len({row["id"] for row in rows}) == len(rows)
    assert all(row["ideal"].strip() and hints(row) is not None for row in rows)
    false = [(row, claim) for row in rows for claim in row.get("false_claims", [])]
    assert [row["id"] for row, claim in false if claim in (row["ideal"], *row.get("accepted", []))] == []


@pytest.mark.parametrize(
    ("question", "result"),
    [
        ("round(2.5)", round(2.5)), ("-7 // 2", -7 // 2), ('bool("False")', bool("False")),
        ('"abc"[::-1]', "abc"[::-1]), ('sorted(["10", "9", "2"])', sorted(["10", "9", "2"])),
        ("naïve", len("naïve".encode())), ("7! (seven factorial)", f"{math.factorial(7):,}"), ("84 and 126", math.gcd(84, 126)),
        ("1 to 100?", f"{sum(range(101)):,}"), ("rows (3, 8) and (4, 6)", 3 * 6 - 8 * 4), ("3 people out of 10", math.comb(10, 3)),
        ("7 to the power of 100", pow(7, 100, 5)), ("2 to the power of 10", f"{2**10:,}"), ("break-even", f"{40000 // (50 - 30):,}"),
        ("10 % compound interest", "1,210"),
    ],
)  # fmt: skip
def test_references_that_can_be_computed_are_right(question, result):
    rows = get_jsonl(str(bundled_data_root() / "factuality" / "samples.jsonl"))
    [ideal] = [row["ideal"] for row in rows if question in row["input"]]
    assert ideal.strip('".').removesuffix(" units").removesuffix(" euros") == str(result)


def test_our_labelled_answers_have_each_verdict_equally_often():
    rows = get_jsonl(str(bundled_data_root() / "factuality" / "meta.jsonl"))
    assert Counter(row["choice"] for row in rows) == dict.fromkeys("APCN", 9)


def test_a_panel_gives_one_verdict_and_keeps_the_categories(tmp_path):
    def model(prompt: Any, **kwargs: Any) -> Completions:
        return Completions([str(prompt)])

    panel = [
        {"name": name, "model": "scripted", "args": {"completions": [letter] * 4}}
        for name, letter in (("one", "A"), ("two", "A"), ("three", "C"))
    ]
    made = Factuality(completion_fns=[model], registry=Registry(), name="facts.dev.v0", grader=panel)
    report = report_of(made, rows_of("AAAA", "xxyy"), tmp_path)
    assert (report["score"], report["macro_score"], report["rate/agrees"]) == (1.0, 1.0, 1.0)
    assert "majority of a panel of 3 graders" in report["how"]
