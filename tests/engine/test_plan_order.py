"""Which rows a pass takes, and when an order that was found before it is believed."""

from __future__ import annotations

from evals.engine.plan import KnownOrder, RunPlan, order_of
from evals.engine.sample_order import sample_order
from evals.engine.shard import Shard

ROWS = [{"input": str(i)} for i in range(9)]


def test_a_pass_takes_its_share_of_the_rows_in_the_order_of_the_run():
    shares = [list(RunPlan(shard=Shard(i, 2)).order(ROWS, None)) for i in range(2)]
    assert sorted(shares[0] + shares[1]) == list(range(9))
    assert all(share == [row for row in sample_order(9) if row in share] for share in shares)


def test_the_order_that_was_found_before_is_that_of_the_same_rows_and_cap():
    plan = RunPlan(shard=Shard(0, 2), known_order=KnownOrder(ROWS, 4, [8, 1]))
    assert plan.order(ROWS, 4) == [8, 1]
    assert list(plan.order(ROWS, 5)) == list(order_of(ROWS, 5, Shard(0, 2)).rows)
    assert list(plan.order([*ROWS], 4)) == list(order_of(ROWS, 4, Shard(0, 2)).rows)
