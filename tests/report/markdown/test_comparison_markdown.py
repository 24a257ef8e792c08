"""Comparisons as Markdown: tables and fences hold, whatever stands in a record."""

from __future__ import annotations

from made_runs import write_nasty_run

from evals.comparison.compare import compare_runs, read_runs
from evals.comparison.many_runs import compare_many_runs
from evals.report.flips import FlipTexts
from evals.report.markdown.comparison import comparison_markdown, many_runs_markdown
from evals.report.run_names import run_names


def test_markdown_keeps_its_tables_and_fences(tmp_path):
    scores = {"a" * 60: [0.0, 1.0] * 10, "b" * 60: [1.0, 1.0] * 10, "c" * 60: [0.5, 0.25] * 10}
    runs = read_runs([write_nasty_run(tmp_path / f"{name}.jsonl", values, name) for name, values in scores.items()])
    c = compare_runs(*runs[:2])
    names = run_names(runs[:2])
    text = comparison_markdown(c, names, FlipTexts(c, names, 1))
    table = [line for line in text.split("````text")[0].splitlines() if line.startswith("| ")]
    assert len({line.replace("\\|", "").count("|") for line in table if "category" in line}) == 1
    assert "<b>" not in text.split("````text")[0]
    assert text.count("````") == 2
    assert many_runs_markdown(compare_many_runs(runs), ["A", "B", "C"]).count("| A |") >= 1
