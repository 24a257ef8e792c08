"""Which rungs of a ladder are run before a forecast is sealed, and which after."""

from __future__ import annotations

from pathlib import Path

import pytest

import evals
from evals.errors import EvalsError
from evals.forecasts.ladder_runs import kind_of_records, plan_ladder
from evals.registry.lookup import Registry


def registry_of(tmp_path: Path) -> Registry:
    folder = tmp_path / "completion_fns"
    folder.mkdir()
    (folder / "mine.yaml").write_text(
        "mine/ladder:\n  members: [mine/c, mine/a, mine/b]\n"
        + "".join(
            f"mine/{name}:\n  class: evals.completion_fns:DummyCompletionFn\n  training_flops: {flops}\n"
            for name, flops in (("a", "1e18"), ("b", "1e19"), ("c", "1e20"))
        )
        + "mine/unknown:\n  members: [mine/a, dummy]\n",
        encoding="utf-8",
    )
    registry = Registry()
    registry.add_registry_paths([str(tmp_path)])
    return registry


def test_the_largest_is_the_target_and_runs_last(tmp_path):
    plan = plan_ladder("mine/ladder", None, None, registry_of(tmp_path))
    assert (plan.early, plan.late, plan.target) == (("mine/a", "mine/b"), ("mine/c",), "mine/c")
    assert plan.target_compute_flops == 1e20


def test_rungs_beyond_the_share_run_after_the_forecast_and_before_the_target(tmp_path):
    plan = plan_ladder("mine/ladder", None, 0.01, registry_of(tmp_path))
    assert (plan.early, plan.late) == (("mine/a",), ("mine/b", "mine/c"))


def test_a_target_in_the_middle_is_forecast_from_what_is_below_it(tmp_path):
    plan = plan_ladder("mine/ladder", "mine/b", None, registry_of(tmp_path))
    assert (plan.early, plan.late) == (("mine/a",), ("mine/c", "mine/b"))


def test_all_pocket_models_are_in_the_ladders_plan_by_their_compute():
    plan = plan_ladder("pocket/ladder", None, 0.01, Registry())
    assert plan.early == ("pocket/32k", "pocket/57k", "pocket/79k", "pocket/132k")
    assert (len(plan.models), plan.target) == (9, "pocket/2m")


@pytest.mark.parametrize(
    ("name", "target", "within", "said"),
    [
        ("mine/a", None, None, "is one model"),
        ("mine/ladder", "mine/d", None, "is not in mine/ladder"),
        ("mine/ladder", "mine/a", None, "small enough"),
        ("mine/ladder", None, 1e-9, "small enough"),
        ("mine/ladder", None, 3.0, "a share"),
        ("mine/unknown", None, None, "training compute of dummy"),
    ],
)
def test_what_is_no_ladder_is_said(tmp_path, name, target, within, said):
    with pytest.raises(EvalsError, match=said):
        plan_ladder(name, target, within, registry_of(tmp_path))


def test_records_say_what_can_be_fitted_to_them(tmp_path):
    text = evals.run("pocket/32k", "pocket-text", max_samples=2, log_dir=tmp_path).record_path
    facts = evals.run("pocket/32k", "inverse-redefine", max_samples=2, log_dir=tmp_path).record_path
    assert [kind_of_records([Path(str(path))]) for path in (text, facts)] == ["loss", "trend"]
