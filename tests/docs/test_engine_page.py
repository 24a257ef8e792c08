"""The page on the engine names every kind of failure and the numbers that are in force."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evals.cli.oaieval import get_parser
from evals.engine.failures import FATAL, TRANSIENT, Kind
from evals.engine.limits import AdaptiveLimit
from evals.engine.retry import _DEFAULT_TIMEOUT_S, _MIN_TIMEOUT_S
from evals.engine.samples import SAME_ERRORS_IN_A_ROW
from evals.engine.settings import MAX_CONCURRENCY, START_CONCURRENCY, EngineSettings

PAGE = (Path(__file__).parents[2] / "docs" / "engine.md").read_text(encoding="utf-8")
TEXT = " ".join(PAGE.split())
ROWS = dict(re.findall(r"^\| `([^`]+)` \| [^|]+ \| ([^|]+) \|$", PAGE, re.MULTILINE))


def test_every_kind_of_failure_is_described_and_no_other():
    assert set(ROWS) == {kind.value for kind in Kind}


@pytest.mark.parametrize("kind", list(Kind))
def test_what_follows_a_failure_is_what_the_page_says(kind):
    says_again = "tried again" in ROWS[kind.value] or ROWS[kind.value].startswith("as ")
    assert says_again == (kind in TRANSIENT)
    assert (ROWS[kind.value] == "the run ends") == (kind in FATAL)


def test_the_numbers_are_those_in_force():
    settings = EngineSettings()
    assert f"start at {START_CONCURRENCY} and double each round, up to {MAX_CONCURRENCY}" in TEXT
    assert AdaptiveLimit(START_CONCURRENCY, MAX_CONCURRENCY).size == START_CONCURRENCY
    assert f"{settings.max_attempts} attempts in {settings.call_deadline_s:g} s" in TEXT
    assert f"from {settings.first_backoff_s:g} s to {settings.max_backoff_s:g} s" in TEXT
    assert f"{settings.breaker_failures} equal failures" in TEXT
    assert f"after {settings.breaker_cold_s:g} s if no call" in TEXT
    assert f"after {settings.breaker_warm_s:g} s later on" in TEXT
    assert f"after {settings.call_deadline_s / 3:g} s for rate limits" in TEXT
    assert f"It may take {_DEFAULT_TIMEOUT_S:g} s" in TEXT
    assert f"at least {_MIN_TIMEOUT_S:g} s" in TEXT
    assert f"{SAME_ERRORS_IN_A_ROW} samples in a row" in TEXT


def test_the_flags_exist():
    known = get_parser().format_help()
    for flag in set(re.findall(r"`(--[\w-]+)", PAGE)):
        assert flag in known
