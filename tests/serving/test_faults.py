"""Which attempts get a fault, and which one: by seed alone."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from evals.serving.faults import DEFAULT_FAULTS, FAULTS, Breakage, FaultPlan


def test_without_a_rate_nothing_fails():
    assert {FaultPlan().draw(f"prompt {k}", 0) for k in range(100)} == {None}


def test_the_share_of_failing_attempts_is_the_rate_and_all_faults_are_drawn_alike():
    n = 20_000
    drawn = Counter(FaultPlan(error_rate=0.3, seed=4).draw(f"prompt {k}", 0) for k in range(n))
    n_failed = n - drawn.pop(None)
    assert abs(n_failed / n - 0.3) < 4 * (0.3 * 0.7 / n) ** 0.5
    expected = n_failed / len(DEFAULT_FAULTS)
    assert drawn.keys() == set(DEFAULT_FAULTS)
    assert all(abs(count - expected) < 5 * expected**0.5 for count in drawn.values())


def test_the_same_attempt_has_the_same_fault_and_another_seed_others():
    def drawn(seed: int) -> list[str | None]:
        return [FaultPlan(error_rate=0.5, seed=seed).draw("p", attempt) for attempt in range(200)]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_the_first_attempts_fail_by_each_fault_in_turn():
    plan = FaultPlan(names=("500", "reset"), fail_first_n=3)
    assert [plan.draw("p", attempt) for attempt in range(5)] == ["500", "reset", "500", None, None]


def test_only_a_rate_limit_says_how_long_to_wait():
    plan = FaultPlan(retry_after_s=1.5)
    assert plan.headers(FAULTS["429"]) == (("Retry-After", "1.5"), ("retry-after-ms", "1500"))
    assert plan.headers(FAULTS["503"]) == ()


@pytest.mark.parametrize("names", [("oops",), ()])
def test_an_unknown_fault_is_refused_with_those_that_there_are(names: tuple[str, ...]):
    with pytest.raises(ValueError, match=r"no such fault: (oops|none); known: 429, 500"):
        FaultPlan(names=names)


def test_each_fault_is_an_error_status_a_useless_body_or_a_breakage():
    for name, fault in FAULTS.items():
        if fault.breakage is not None:
            assert fault.body is None, name
            assert fault.breakage in Breakage
        elif fault.status == 200:
            try:
                body = json.loads(fault.body or b"")
            except ValueError:
                continue
            assert body["choices"] == [], name
        else:
            assert fault.status >= 400, name
