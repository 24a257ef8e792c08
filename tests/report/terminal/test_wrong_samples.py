"""What somebody reads whose test failed."""

from __future__ import annotations

import evals
from evals.report.terminal.wrong_samples import result_text, row_text
from evals.runner.result import SampleRow


def test_the_first_wrong_ones_the_failed_ones_and_the_record_are_shown(tmp_path):
    def model(prompt):
        if "7" in prompt[-1]["content"]:
            raise ValueError("gone")
        return "never right"

    result = evals.run(model, "arithmetic", log_dir=tmp_path, check=False, concurrency=1)
    text = result_text(result, n_shown=2)
    n_wrong = 200 - result.n_errors
    assert f"wrong: {n_wrong}, the first 2" in text
    assert f"failed: {result.n_errors}, the first 2" in text
    assert text.count("never right") == text.count("gone") == 2
    assert "accuracy     0.000 (95 % interval 0.000 to 0.0" in text
    assert f"not whole    {result.n_errors} of 200 samples failed" in text
    assert f"evals view {result.record_path} --wrong" in text


def test_a_sample_begins_with_what_a_summary_shows():
    row = SampleRow("a.b.1", prompt=[{"role": "user", "content": "1 + 1?"}], completion="3", expected=["2", "two"])
    assert row_text(row).splitlines()[0] == 'expected ["2", "two"], got 3'
    assert "prompt       1 + 1?" in row_text(row)


def test_long_texts_keep_both_ends_on_one_line_and_cannot_steer_a_terminal():
    row = SampleRow(
        "a.b.1", prompt="x", completion="first\n" + "\x1b[31m" + "y" * 500 + "the answer is 4", expected="5"
    )
    (got,) = [line for line in row_text(row).splitlines() if line.startswith("got ")]
    assert got.startswith("got          first ⏎ \\x1b[31m")
    assert got.endswith("the answer is 4")
    assert len(got) <= 80


def test_a_failed_sample_shows_why():
    row = SampleRow("a.b.1", prompt="x", error={"type": "timeout", "message": "no reply in 600 s"})
    assert "error        timeout: no reply in 600 s" in row_text(row)
