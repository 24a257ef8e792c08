"""Sequences as rows: nothing twice, every path spells its sequence, packs of a bounded size."""

from __future__ import annotations

from random import Random

from evals.local_models.pocket.packing import NONE_BEFORE, n_shared, packs


def some_sequences(n: int) -> list[list[int]]:
    rng = Random(n)
    return [[rng.randrange(3) for _ in range(rng.randrange(1, 9))] for _ in range(n)]


def test_the_path_of_a_part_spells_its_sequence_with_places_and_tokens_before():
    sequences = some_sequences(40)
    (pack,) = packs(sequences, 10_000)
    assert sorted(pack.order) == list(range(40))
    for k, part in zip(pack.order, pack.parts, strict=True):
        assert pack.ids[part.path].tolist() == sequences[k]
        assert pack.positions[part.path].tolist() == list(range(len(sequences[k])))
        assert pack.before[part.path].tolist() == [NONE_BEFORE, *sequences[k][:-1]]


def test_there_is_one_row_for_each_different_beginning():
    sequences = some_sequences(40)
    (pack,) = packs(sequences, 10_000)
    beginnings = {tuple(sequence[:n]) for sequence in sequences for n in range(1, len(sequence) + 1)}
    assert len(pack.ids) == len(beginnings)
    assert sum(part.new.stop - part.new.start for part in pack.parts) == len(beginnings)


def test_packs_hold_every_sequence_once_and_no_more_rows_than_allowed():
    sequences = some_sequences(60)
    found = list(packs(sequences, 20))
    assert len(found) > 1
    assert sorted(k for pack in found for k in pack.order) == list(range(60))
    assert max(len(pack.ids) for pack in found) <= 20


def test_a_sequence_longer_than_a_pack_is_a_pack_of_its_own():
    found = list(packs([[1] * 30, [2], [3]], 10))
    assert [len(pack.ids) for pack in found] == [30, 2]


def test_no_sequences_make_no_packs():
    assert list(packs([], 10)) == []


def test_shared_beginnings_are_counted():
    assert [n_shared(a, b) for a, b in (([1, 2], [1, 2, 3]), ([1, 2], [2]), ([], [1]), ([4, 5], [4, 6]))] == [
        2,
        0,
        0,
        1,
    ]
