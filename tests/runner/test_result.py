"""The result of a run: typed numbers and samples, from the run or from its record, in scripts and notebooks."""

from __future__ import annotations

import html.parser
import math
from pathlib import Path

import pytest
from sums import Adder, three_of_four, write_sums

import evals
from evals.errors import UsageError
from evals.record.sample_record import SampleRecord
from evals.runner.result import Metric, SampleRow, metrics_of
from evals.stats.intervals import modified_wilson


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry with the eval `sums` of four questions; records go beside it."""
    monkeypatch.setenv("EVALS_LOG_DIR", str(tmp_path / "evallogs"))
    return write_sums(tmp_path / "registry")


def test_an_earlier_result_is_read_from_its_record(registry):
    result = evals.run(Adder("1 + 1?"), "sums", registry_paths=registry, check=False)
    read = evals.read_result(result.record_path)
    assert (read.report, read.metrics, read.n_errors, read.n_total) == (result.report, result.metrics, 1, 4)
    assert read.run_spec == result.run_spec
    assert [row.sample_id for row in read.samples] == [row.sample_id for row in result.samples]


def test_samples_become_a_data_frame(registry):
    pandas = pytest.importorskip("pandas")
    frame = evals.run(three_of_four, "sums", registry_paths=registry).to_dataframe()
    assert isinstance(frame, pandas.DataFrame)
    assert frame["correct"].mean() == 0.75


def test_metrics_become_a_data_frame_with_the_method_of_each_interval(registry):
    pytest.importorskip("pandas")
    frame = evals.run(three_of_four, "sums", registry_paths=registry).metrics_to_dataframe().set_index("metric")
    accuracy = frame.loc["accuracy"]
    assert (accuracy["value"], accuracy["n"], accuracy["method"]) == (0.75, 4, "modified wilson")
    assert (accuracy["ci95_low"], accuracy["ci95_high"]) == pytest.approx(modified_wilson(3, 4))


class Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_the_notebook_table_is_escaped_well_formed_and_without_colours(registry):
    result = evals.run(three_of_four, "sums", registry_paths=registry)
    result.report["<script>"] = 1.0
    text = result._repr_html_()
    tags = Tags()
    tags.feed(text)
    assert not tags.open
    assert {"accuracy", "0.750", "0.204 to 0.987", "4", "<script>"} <= set(tags.texts)
    assert "color" not in text


def test_a_metric_that_is_not_there_names_those_that_are(registry):
    result = evals.run(three_of_four, "sums", registry_paths=registry)
    with pytest.raises(UsageError, match=r"no metric 'acuracy'\n  did you mean: accuracy"):
        result.metric("acuracy")


def test_metrics_are_told_from_counts_costs_and_companions():
    report = {
        "accuracy": 0.5, "accuracy_stderr": 0.1, "accuracy_ci95": [0.3, 0.7], "n": 25, "n_errors": 0,
        "f1": None, "usage_total_tokens": 7, "cost_usd": 0.1, "boostrap_std": 0.1, "note": "text",
    }  # fmt: skip
    metrics = metrics_of(report)
    assert list(metrics) == ["accuracy", "f1"]
    assert metrics["accuracy"] == Metric(0.5, 0.1, (0.3, 0.7), 25)
    assert math.isnan(metrics["f1"].value)


@pytest.mark.parametrize(
    ("correct", "error", "is_wrong"),
    [(True, None, False), (False, None, True), (1.0, None, False), (0.5, None, True), (0, None, True), (None, None, False),
     (False, {"type": "x"}, False)],
)  # fmt: skip
def test_a_sample_is_wrong_that_was_scored_and_is_not_all_right(correct, error, is_wrong):
    assert SampleRow("a.b.0", correct=correct, error=error).is_wrong is is_wrong


def test_a_row_of_nothing_recorded_is_none_throughout():
    row = SampleRow.of(SampleRecord("a.b.0"))
    assert (row.prompt, row.completion, row.correct, row.metrics, row.is_wrong) == (None, None, None, {}, False)


def test_the_text_of_a_metric_has_its_interval_and_n_as_far_as_they_are_known():
    assert str(Metric(0.5)) == "0.500"
    assert str(Metric(0.5, 0.1, (0.3, 0.7))) == "0.500 (95 % interval 0.300 to 0.700)"
    assert str(Metric(0.5, 0.1, (0.3, 0.7), 1234)) == "0.500 (95 % interval 0.300 to 0.700, n = 1,234)"
    assert (str(Metric(math.nan)), float(Metric(0.25))) == ("-", 0.25)


def test_a_run_that_did_not_end_says_so(registry, tmp_path):
    result = evals.run(three_of_four, "sums", registry_paths=registry, record_path=tmp_path / "r.jsonl")
    lines = Path(result.record_path).read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "torn.jsonl").write_text("".join(lines[:-2]), encoding="utf-8")
    read = evals.read_result(tmp_path / "torn.jsonl")
    assert "not whole: this run did not end" in repr(read)
    assert read.n_total == 3


def test_data_that_is_rewritten_during_the_run_ends_it_without_a_report(registry):
    data = registry / "data" / "sums.jsonl"

    def rewriting(prompt):
        data.write_text(data.read_text().replace('"ideal": "8"', '"ideal": "9"'))
        return three_of_four(prompt)

    result = evals.run(rewriting, "sums", registry_paths=registry, check=False)
    assert "rewritten while it was read" in str(result.problem)
    assert result.exit_code == 3
    assert evals.read_result(result.record_path).problem is not None
