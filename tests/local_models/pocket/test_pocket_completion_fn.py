"""`pocket/NAME` as a completion function: which model it is, and what tells it from another."""

from __future__ import annotations

from pathlib import Path

import pytest
from random_models import SMALL, write_model

from evals.engine import traits
from evals.errors import UsageError
from evals.local_models.pocket.completion_fn import PocketCompletionFn


def test_a_folder_s_model_answers_and_its_context_is_known_before_it_is_loaded(tmp_path: Path):
    fn = PocketCompletionFn(path=str(write_model(tmp_path, "mine")))
    assert (fn.model, traits.context_length(fn)) == ("pocket/mine", SMALL.n_ctx)
    assert fn._loaded is None
    assert len(fn("x", max_tokens=3, temperature=0.0).get_completions()) == 1
    assert fn._loaded is not None


def test_other_weights_and_options_are_another_identity(tmp_path: Path):
    first, second = write_model(tmp_path, "a"), write_model(tmp_path, "b", seed=1)
    ids = [
        PocketCompletionFn(path=str(first)).cache_identity(),
        PocketCompletionFn(path=str(first), temperature=0.5).cache_identity(),
        PocketCompletionFn(path=str(first), seed=3).cache_identity(),
        PocketCompletionFn(path=str(second)).cache_identity(),
    ]
    assert len({str(identity) for identity in ids}) == 4
    assert PocketCompletionFn(path=str(first)).cache_identity() == ids[0]


def test_its_traits_are_those_of_a_model_of_this_process(tmp_path: Path):
    found = traits.traits_of(PocketCompletionFn(path=str(write_model(tmp_path, "mine")), batch_size=5))
    assert (found.is_local, found.batch_size, found.score_way, found.can_score) == (True, 5, "score", True)
    assert (found.gives_top_logprobs, found.most_alternatives) == (True, 20)


@pytest.mark.parametrize("batch_size", [0, 1.5, "8", True])
def test_a_batch_size_that_is_no_positive_number_is_refused(tmp_path: Path, batch_size: object):
    with pytest.raises(UsageError, match="batch_size is"):
        PocketCompletionFn(path=str(write_model(tmp_path, "mine")), batch_size=batch_size)


def test_no_name_and_no_folder_is_refused_with_both_ways():
    with pytest.raises(UsageError, match="no pocket model is named") as caught:
        PocketCompletionFn()
    assert "pocket/NAME" in str(caught.value)
