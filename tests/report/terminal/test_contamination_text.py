"""What a corpus holds of an eval, as text: 80 columns, harmless letters, N/A where a part is empty."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from made_runs import NASTY, write_run

from evals.contamination.clean_scores import clean_scores
from evals.contamination.contamination import Contamination, FrequentText, ItemReport
from evals.contamination.items import Rule
from evals.contamination.unit_findings import SUBSTRING, Example, ItemFindings
from evals.record.score_arrays import read_score_arrays
from evals.report.terminal.contamination import contamination_text, size_text


def item(number: int, *, found: bool, text: str = "a question", only_frequent: bool = False) -> ItemReport:
    example = Example(
        SUBSTRING, 4, 12, 1023, text, "before " * 9, "after " * 9, f"corpus/{'deep/' * 20}{text[:9]}.jsonl"
    )
    findings = ItemFindings({0: 3}, 3, 4, {0}, [example]) if found else ItemFindings()
    return ItemReport(f"sums.test.{number}", False, findings, 3, 1.0 if found else 0.0, only_frequent)


def contamination(*items: ItemReport, frequent: tuple[FrequentText, ...] = (), n_samples: int = 0) -> Contamination:
    n = n_samples or len(items)
    return Contamination("sums.test.v1", Rule(), ("input",), items, frequent, n, 2, 1_200_000, 5_200_000_000, 0)


def test_shares_come_with_their_interval_and_counts() -> None:
    found = contamination(*(item(number, found=number < 3) for number in range(20)))
    lines = contamination_text(found, [], "substring").splitlines()
    assert lines[0] == "sums.test.v1 in 2 files (5.2 GB, 1,200,000 documents)"
    # Three of 20: the lower end is that of a Poisson rate, chi2.ppf(0.05, 6) / 2 / 20.
    (share,) = (line for line in lines if "a substring is found" in line)
    assert share.split()[-6:] == ["0.150", "0.041", "to", "0.360", "3", "20"]
    assert "corpus/" in "".join(lines)
    assert "line" not in lines[0]


def test_nothing_is_wider_than_80_columns_or_steers_the_terminal(tmp_path: Path) -> None:
    frequent = (FrequentText("stem" * 30 + "\u202e", 1_000_000, 14_000, "sums.test.0"),)
    found = contamination(*(item(number, found=number < 9, text=NASTY * 20) for number in range(12)), frequent=frequent)
    run = read_score_arrays(write_run(tmp_path / "run.jsonl", [1.0] * 9 + [0.0] * 3))
    text = contamination_text(found, [clean_scores(run, found, other=run)], "substring")
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "4 more samples: --json lists all" in text


def test_a_part_without_samples_is_na(tmp_path: Path) -> None:
    found = contamination(*(item(number, found=True) for number in range(3)))
    run = read_score_arrays(write_run(tmp_path / "run.jsonl", [1.0, 0.0, 1.0]))
    lines = contamination_text(found, [clean_scores(run, found)], "substring").splitlines()
    for name in ("clean ", "clean - contaminated", "degradation"):
        (line,) = (line for line in lines if line.strip().startswith(name) and (name != "clean " or " - " not in line))
        assert "N/A" in line


def test_scores_stand_with_n_and_interval(tmp_path: Path) -> None:
    found = contamination(*(item(number, found=number < 10) for number in range(40)))
    run = read_score_arrays(write_run(tmp_path / "run.jsonl", [1.0] * 10 + [1.0, 0.0, 0.0] * 10))
    text = contamination_text(found, [clean_scores(run, found)], "substring")
    rows = {line[2:36].strip(): line[36:].split() for line in text.splitlines() if line.startswith("  ")}
    assert rows["all"][0], rows["all"][-1] == ("0.500", "40")
    assert rows["clean"][0] == "0.333"
    assert rows["contaminated"][0] == "1.000"
    assert rows["clean - contaminated"][0] == "-0.667"
    assert rows["clean - contaminated"][-3:] == ["30", "+", "10"]
    assert rows["degradation, (clean - all) / all"][0] == "-0.333"


def test_frequent_texts_are_shown_and_their_samples_counted_apart() -> None:
    stem = FrequentText("Whichofthefollowing", 812, 14, "sums.test.0")
    found = contamination(item(0, found=True, only_frequent=True), item(1, found=True), frequent=(stem,))
    text = contamination_text(found, [], "substring")
    assert "812 documents, 14 samples: Whichofthefollowing" in text
    (line,) = (line for line in text.splitlines() if "frequent texts left out" in line)
    assert line.split()[-2:] == ["1", "2"]


def test_drawn_samples_are_called_drawn() -> None:
    text = contamination_text(contamination(item(0, found=False), n_samples=14_042), [], "substring")
    assert "looked for 1 sample drawn from 14,042" in text


@pytest.mark.parametrize(("n", "text"), [(0, "0 bytes"), (999, "999 bytes"), (12_345, "12.3 kB"), (5.2e9, "5.2 GB")])
def test_sizes_are_in_round_units(n: float, text: str) -> None:
    assert size_text(int(n)) == text
    assert not math.isnan(n)
