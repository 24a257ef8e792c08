"""Which completion functions can be served, and how many requests they take in a batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from stand_in import StandIn

from evals.errors import UsageError
from evals.registry import Registry
from evals.serving.serve import is_loopback, language_model
from evals.serving.served_model import DEFAULT_BATCH_SIZE

ENTRIES = f"""\
plain: {{class: 'stand_in:StandInFn'}}
batching: {{class: '{__name__}:Batching'}}
"""


class Batching:
    """A completion function of a plug-in that says how large its batches are."""

    def __init__(self, batch_size: int = 4, registry: Any = None) -> None:
        self.batch_size = batch_size
        self.language_model = StandIn()

    def __call__(self, prompt: Any, **kwargs: Any) -> Any:
        raise AssertionError("it is served, not called")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    (tmp_path / "completion_fns").mkdir()
    (tmp_path / "completion_fns" / "models.yaml").write_text(ENTRIES, encoding="utf-8")
    return Registry([tmp_path])


def test_a_model_is_found_through_its_completion_function_with_typed_arguments(registry: Registry):
    model, batch_size = language_model("plain", registry, {"n_ctx": "64"})
    assert (model.n_ctx, batch_size) == (64, DEFAULT_BATCH_SIZE)


def test_the_size_of_batches_is_the_class_s_own_where_it_says_one(registry: Registry):
    assert language_model("batching", registry, {})[1] == 4
    assert language_model("batching", registry, {"batch_size": "7"})[1] == 7


def test_a_completion_function_without_a_model_of_this_process_cannot_be_served():
    with pytest.raises(UsageError, match="'dummy' is no model of this process"):
        language_model("dummy", Registry(), {})


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)]
    + [("192.168.1.2", False), ("example.org", False)],
)
def test_addresses_that_only_this_machine_can_reach(host: str, expected: bool):
    assert is_loopback(host) is expected
