"""A grader against labels: agreement and kappa by hand, groups, corrected scores, and what cannot be said."""

from __future__ import annotations

from pathlib import Path

import pytest
from graded_runs import write_graded

from evals.errors import DataError
from evals.labelling.bias import (
    Length,
    Position,
    SelfPreference,
    family_of,
    length_bias,
    position_bias,
    self_preference,
)
from evals.labelling.graded_record import GradedRecord, read_graded
from evals.labelling.grader_check import GraderCheck, check_grader
from evals.labelling.label_file import STRATIFIED, Label, LabelFile
from evals.record import LocalRecorder, record_event, record_metrics, record_sampling
from evals.registry.lookup import Registry
from evals.report.terminal.grader_check import grader_text
from evals.specs import RunSpec

# 20 both Yes, 5 Yes/No, 10 No/Yes, 15 both No (label, verdict): Cohen 1960 by hand gives agreement 0.7, kappa 0.4.
TABLE = [("Yes", "Yes")] * 20 + [("Yes", "No")] * 5 + [("No", "Yes")] * 10 + [("No", "No")] * 15


def read(path: Path) -> GradedRecord:
    return read_graded(str(path), Registry()).with_scores({"Yes": 1.0, "No": 0.0})


def labels(*given: str, rater: str = "ann") -> list[Label]:
    return [Label(f"polite.dev.{number}", label, rater) for number, label in enumerate(given)]


def checked(tmp_path: Path, further: list[str], **facts: object) -> tuple[GradedRecord, GraderCheck]:
    """The table, and further samples without labels."""
    record = read(write_graded(tmp_path / "r.jsonl", [*(choice for _, choice in TABLE), *further], **facts))
    return record, check_grader(record, LabelFile(labels(*(label for label, _ in TABLE))))


def test_agreement_kappa_and_confusion_are_those_of_the_table(tmp_path):
    _, check = checked(tmp_path, [])
    assert check.overall.rate.value == pytest.approx(0.7)
    assert check.overall.kappa.value == pytest.approx(0.4)
    assert check.confusion == {("Yes", "Yes"): 20, ("Yes", "No"): 5, ("No", "Yes"): 10, ("No", "No"): 15}
    assert check.overall.rate.n == check.overall.kappa.n == 50


def test_the_corrected_score_is_the_sum_of_its_parts(tmp_path):
    """PPI++ by hand: mean(label - w grade) + w mean(other grades); 25 of 50 labels and 30 of 50 grades are Yes."""
    _, check = checked(tmp_path, ["Yes"] * 140 + ["No"] * 60)
    found = check.scores.corrected
    assert found is not None
    assert found.corrected.value == pytest.approx(0.5 - found.weight * 0.6 + found.weight * 0.7)
    assert 0 < found.weight < 1
    assert check.scores.labels_only is not None
    assert found.corrected.interval.width < check.scores.labels_only.interval.width
    assert check.scores.naive is not None
    assert check.scores.naive.value == pytest.approx(170 / 250)


def test_the_error_rates_give_rogan_and_gladens_rate_of_the_other_samples(tmp_path):
    _, check = checked(tmp_path, ["Yes"] * 140 + ["No"] * 60)
    rates = check.scores.by_error_rates
    assert rates is not None
    assert (rates.sensitivity, rates.specificity) == (pytest.approx(20 / 25), pytest.approx(15 / 25))
    assert rates.corrected.value == pytest.approx((0.7 + 0.6 - 1) / (0.8 + 0.6 - 1))


def test_labels_that_were_drawn_by_verdict_are_weighted_back(tmp_path):
    record = read(write_graded(tmp_path / "r.jsonl", ["Yes", "Yes", "No", "No", *["Yes"] * 36]))
    check = check_grader(record, LabelFile(labels("Yes", "No", "Yes", "No"), STRATIFIED))
    assert check.scores.corrected is None
    assert check.scores.stratified is not None
    assert check.scores.stratified.value == pytest.approx(38 / 40 * 0.5 + 2 / 40 * 0.5)


def test_groups_have_their_own_agreement_and_n(tmp_path):
    groups = ["a"] * 25 + ["b"] * 25
    _, check = checked(tmp_path, [], groups=groups)
    assert {name: (found.rate.value, found.rate.n) for name, found in check.groups.items()} == {
        "a": (pytest.approx(20 / 25), 25), "b": (pytest.approx(15 / 25), 25),
    }  # fmt: skip


def test_a_group_with_one_label_says_why_its_kappa_has_no_interval(tmp_path):
    # The first 25 labels are Yes throughout, and kappa there is 0 whatever the grader said.
    _, check = checked(tmp_path, [], groups=["a"] * 25 + ["b"] * 25)
    assert check.groups["a"].kappa.value == 0
    assert not check.groups["a"].kappa.interval.defined
    assert "no interval of kappa for 'a': all labels are 'Yes'" in check.notes
    assert "no interval of kappa for 'b': all labels are 'No'" in check.notes


def test_a_table_of_groups_says_what_is_too_few(tmp_path):
    record, check = checked(tmp_path, [], groups=(["a", "b"] * 25))
    shown = grader_text(record, check, "not measured", "not measured", "not measured")
    assert shown.count("(not defined)") == 2
    assert "no interval of kappa for 'a', 'b': fewer than 30 labels" in " ".join(shown.split())
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_a_grader_that_cannot_tell_right_from_wrong_gets_no_error_rates_and_the_reason(tmp_path):
    given = [("Yes", "Yes")] * 10 + [("Yes", "No")] * 10 + [("No", "Yes")] * 10 + [("No", "No")] * 10
    record = read(write_graded(tmp_path / "r.jsonl", [*(choice for _, choice in given), *["Yes"] * 20]))
    check = check_grader(record, LabelFile(labels(*(label for label, _ in given))))
    assert check.scores.by_error_rates is not None
    assert not check.scores.by_error_rates.corrected.interval.defined
    assert any("calls wrong answers right as often as right ones" in note for note in check.notes)


def test_labels_of_one_class_have_no_kappa_and_say_so(tmp_path):
    record = read(write_graded(tmp_path / "r.jsonl", ["Yes"] * 4))
    check = check_grader(record, LabelFile(labels("Yes", "Yes", "Yes")))
    assert not check.overall.kappa.interval.defined
    assert any("all labels are 'Yes'" in note for note in check.notes)
    shown = grader_text(record, check, "not measured", "not measured", "not measured")
    assert "kappa                  -" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_unreadable_verdicts_are_counted_and_in_no_number(tmp_path):
    record = read(write_graded(tmp_path / "r.jsonl", ["Yes", "__invalid__", "No"]))
    check = check_grader(record, LabelFile(labels("Yes", "Yes", "No")))
    assert (check.n_labelled, check.n_unread, check.overall.rate.value) == (2, 1, 1.0)
    with pytest.raises(DataError, match="none of the 1 labelled samples"):
        check_grader(record, LabelFile([Label("polite.dev.1", "Yes")]))


def test_several_people_are_one_label_and_a_draw_is_left_out(tmp_path):
    record = read(write_graded(tmp_path / "r.jsonl", ["Yes", "No", "Yes"]))
    said = [*labels("Yes", "No", "Yes"), *labels("Yes", "No", "No", rater="bob")]
    check = check_grader(record, LabelFile(said))
    assert (check.n_labelled, check.consensus.n_disputed) == (2, 1)
    assert check.consensus.agreement is not None
    # Krippendorff's alpha of two raters: 1 - (2n - 1) n_01 / (n_0 n_1) with 3 Yes and 3 No.
    assert check.consensus.agreement.value == pytest.approx(1 - 5 * 1 / 9)


def test_a_grader_that_is_kinder_to_long_answers_is_seen(tmp_path):
    answers = ["short"] * 10 + ["a long answer " * 9] * 10
    record = read(write_graded(tmp_path / "r.jsonl", ["Yes"] * 20, answers=answers))
    said = ["Yes"] * 9 + ["No"] + ["No"] * 6 + ["Yes"] * 4
    found = length_bias(check_grader(record, LabelFile(labels(*said))).pairs)
    assert isinstance(found, Length)
    assert found.difference.value == pytest.approx(0.6 - 0.1)
    assert (found.difference.n_first, found.difference.n_second) == (10, 10)
    assert found.difference.interval.low > 0


def test_two_orders_show_a_preferred_place(tmp_path):
    orders = [["Yes", "Yes"]] * 6 + [["Yes", "No"]] * 3 + [["No", "Yes"]]
    record = read(write_graded(tmp_path / "r.jsonl", ["Yes"] * 10, orders=orders))
    found = position_bias(record.samples, record.scores | {"No": 0.0})
    assert isinstance(found, Position)
    assert (found.inconsistent.value, found.inconsistent.n) == (pytest.approx(0.4), 10)
    assert found.prefers_first is not None
    assert found.prefers_first.value == pytest.approx(0.75)


def test_self_preference_needs_answers_of_two_families(tmp_path):
    grader = [{"name": "gpt-6-sol", "model": "gpt-6-sol"}]
    own = read(write_graded(tmp_path / "a.jsonl", ["Yes"] * 10, models=["gpt-6-luna"], graders=grader))
    other = read(write_graded(tmp_path / "b.jsonl", ["Yes"] * 10, models=["claude-opus-5"], graders=grader))
    own_pairs = check_grader(own, LabelFile(labels(*["No"] * 5, *["Yes"] * 5))).pairs
    other_pairs = check_grader(other, LabelFile(labels(*["No"] * 2, *["Yes"] * 8))).pairs
    assert "is of another family" in str(self_preference(own, own_pairs, []))
    found = self_preference(own, own_pairs, [(other, other_pairs)])
    assert isinstance(found, SelfPreference)
    assert found.difference.value == pytest.approx(0.5 - 0.2)
    assert (found.own, found.others) == ("gpt", ["claude"])


@pytest.mark.parametrize(
    ("name", "family"),
    [("gpt-6-luna", "gpt"), ("openai/gpt-6-luna", "gpt"), ("claude-opus-5", "claude"), ("Llama3.1:8b", "llama")],
)
def test_the_family_is_the_first_word_of_a_name(name, family):
    assert family_of(name) == family


def test_a_label_without_a_score_beside_others_is_refused(tmp_path):
    record = read_graded(str(write_graded(tmp_path / "r.jsonl", ["Yes"] * 3)), Registry())
    with pytest.raises(DataError, match="'No' has no score") as error:
        check_grader(record, LabelFile(labels("Yes", "No", "Yes")))
    assert "--scores Yes=1,No=0" in str(error.value.fix)


def test_scores_of_choices_can_be_named_for_a_rubric_without_any(tmp_path):
    record = read(write_graded(tmp_path / "r.jsonl", ["Yes", "No", "Yes", "No"])).with_scores({"Yes": 2.0, "No": -1.0})
    check = check_grader(record, LabelFile(labels("Yes", "No", "No")))
    assert check.scores.naive is not None
    assert check.scores.naive.value == pytest.approx(0.5)
    assert any("by error rates" in note for note in check.notes)


def write_battles(path: Path, winners: list[str], lengths: list[int]) -> Path:
    recorder = LocalRecorder(path, RunSpec(["m"], "arena.dev.v0", "arena", "dev", {}, ""))
    for number, (winner, length) in enumerate(zip(winners, lengths, strict=True)):
        with recorder.sample(f"arena.dev.{number}") as scope:
            record_sampling("q", ["a"])
            outcome = {"model_a": 1.0, "tie": 0.5, "model_b": 0.0}[winner]
            record_event("battle", {"winner": winner, "outcome": outcome})
            record_metrics(score=outcome, length_difference=length)
            scope.commit()
    recorder.record_final_report({})
    recorder.close()
    return path


def test_judgements_of_two_answers_have_their_winners_as_classes(tmp_path):
    path = write_battles(tmp_path / "b.jsonl", ["model_a", "model_a", "tie", "model_b"], [90, 80, -5, -70])
    record = read_graded(str(path), Registry())
    assert record.compares_answers
    said = [Label(f"arena.dev.{n}", label) for n, label in enumerate(["model_b", "model_a", "tie", "model_b"])]
    check = check_grader(record, LabelFile(said))
    assert (check.overall.rate.value, check.scores.naive.value) == (0.75, pytest.approx(2.5 / 4))
    length = length_bias(check.pairs, compares=True)
    assert isinstance(length, Length)
    assert length.difference.value == pytest.approx(0.5)
