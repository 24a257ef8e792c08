"""The garbage collector looks rarely inside a run, and is as it was after it."""

import gc

import pytest

from evals.engine.garbage import THRESHOLDS, rare_collections


@pytest.fixture(autouse=True)
def _collector():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_the_collector_is_as_it_was_after_the_block():
    before = gc.get_threshold()
    with rare_collections():
        assert gc.get_threshold() == THRESHOLDS
        assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_the_collector_is_as_it_was_after_the_last_of_blocks_that_overlap():
    before = gc.get_threshold()
    first, second = rare_collections(), rare_collections()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.get_threshold() == THRESHOLDS
    second.__exit__(None, None, None)
    assert gc.get_threshold() == before


def test_objects_that_a_program_froze_itself_stay_frozen():
    gc.freeze()
    before = gc.get_threshold()
    with rare_collections():
        assert gc.get_threshold() == before
    assert gc.get_freeze_count() > 0


@pytest.mark.slow
def test_what_was_made_in_the_block_and_refers_to_itself_is_collected_after_it():
    class Knot:
        pass

    with rare_collections():
        knots = [Knot() for _ in range(10)]
        for knot in knots:
            knot.self = knot
        del knots, knot
    gc.collect()
    assert not [found for found in gc.get_objects() if isinstance(found, Knot)]
