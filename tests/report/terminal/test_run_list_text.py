"""The list of runs: eighty columns are enough for names that can be read."""

from __future__ import annotations

from dataclasses import replace

from evals.comparison.run_list import RunLine
from evals.report.terminal.run_list import run_list_text

RUN = RunLine("r.jsonl", "2026-11-30T15:02:11", "my-sums.dev.v0", "gpt-6-luna", metric="accuracy", value=0.8125, ci95=(0.787, 0.834), n=1000)  # fmt: skip


def test_without_costs_there_is_no_column_of_costs() -> None:
    lines = run_list_text([RUN], 1, None).splitlines()
    assert lines[0].split() == ["when", "eval", "model", "score", "95", "%", "interval", "n", "state"]
    assert lines[1].split("  ")[0] == "2026-11-30 15:02"
    assert "$0.12" in run_list_text([replace(RUN, cost_usd=0.12)], 1, None)


def test_a_terminal_of_80_columns_shows_names_and_every_number() -> None:
    for run in (RUN, replace(RUN, cost_usd=12.34), replace(RUN, model="an-organisation/a-long-name-of-a-model-70b")):
        head, line, rest = run_list_text([run], 5, 80).splitlines()
        assert max(len(head), len(line)) <= 80
        assert "0.812" in line
        assert "0.787 to 0.834" in line
        assert "1,000" in line
        assert line.startswith("11-30 15:02")
        assert rest == "1 of 5 runs; --last 0 shows all"
    assert "my-sums.dev.v0" in run_list_text([RUN], 1, 80)
