"""Models in folders: found by name, with errors that say what is wrong and where."""

from __future__ import annotations

import json

import numpy as np
import pytest
from random_models import SMALL, random_arrays, tokenizer_of, write_model

from evals.errors import DataError, UsageError
from evals.local_models.pocket.card import find_card, model_names, read_card
from evals.local_models.pocket.model import PocketModel, load_folder
from evals.local_models.pocket.weights import Config, Weights

LARGER = Config(n_vocab=300, n_ctx=96, n_layer=3, n_head=2, d_model=24, d_ff=96)


def test_models_are_listed_by_size(tmp_path):
    write_model(tmp_path, "b", LARGER)
    write_model(tmp_path, "c", SMALL)
    assert model_names(tmp_path) == ["c", "b"]
    assert model_names(tmp_path / "none") == []


def test_a_folder_gives_the_model_that_its_arrays_make(tmp_path):
    model = load_folder(write_model(tmp_path, "10k", tokenizer_sha256=tokenizer_of(300).hash))
    rounded = {name: array.astype(np.float16) for name, array in random_arrays(SMALL).items()}
    same = PocketModel("x", Weights.of(SMALL, rounded), tokenizer_of(300))
    assert model.name == "pocket/10k"
    assert model.score([[1, 2, 3]]) == same.score([[1, 2, 3]])


def test_the_parameters_of_all_arrays_are_counted():
    assert SMALL.n_parameters == sum(array.size for array in random_arrays(SMALL).values())


@pytest.mark.parametrize("name", ["1Ok", "10k ", "pocket", "", "..", "../x", "10k/weights.npz"])
def test_an_unknown_name_says_which_there_are(tmp_path, name):
    for known in ("10k", "100k"):
        write_model(tmp_path, known)
    with pytest.raises(UsageError, match="no pocket model is called") as caught:
        find_card(name, tmp_path)
    assert "pocket/10k, pocket/100k" in str(caught.value) or "pocket/100k, pocket/10k" in str(caught.value)


def test_a_near_miss_is_named(tmp_path):
    write_model(tmp_path, "100k")
    with pytest.raises(UsageError, match="did you mean: pocket/100k"):
        find_card("10k", tmp_path)


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ("{", "no card"),
        ("[]", "no card"),
        ("{}", "no 'config'"),
        ('{"config": {}}', "no 'n_vocab'"),
        (json.dumps({"config": {**vars(SMALL), "n_head": 5}}), "5 heads"),
        (json.dumps({"config": {**vars(SMALL), "n_ctx": 0}}), "n_ctx is 0"),
    ],
)
def test_a_broken_card_is_an_error_with_its_place(tmp_path, card, message):
    folder = write_model(tmp_path, "x")
    (folder / "card.json").write_text(card)
    with pytest.raises(DataError, match=message) as caught:
        read_card(folder)
    assert str(folder / "card.json") in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays: arrays.pop("previous"), "'previous' is missing"),
        (lambda arrays: arrays.update(extra=np.zeros(2)), "'extra'"),
        (lambda arrays: arrays.update(previous=np.zeros(3)), r"shape \(3,\)"),
        (lambda arrays: arrays.update(previous=np.full(24, np.nan)), "no finite number"),
    ],
    ids=["missing", "unknown", "shape", "nan"],
)
def test_arrays_that_do_not_fit_the_card_are_an_error(tmp_path, change, message):
    folder = write_model(tmp_path, "x")
    arrays = random_arrays(SMALL)
    change(arrays)
    np.savez(folder / "weights.npz", **arrays)
    with pytest.raises(DataError, match=message):
        load_folder(folder)


def test_a_file_that_holds_no_arrays_is_an_error(tmp_path):
    folder = write_model(tmp_path, "x")
    for content in (b"", b"PK\x03\x04 torn", b"text"):
        (folder / "weights.npz").write_bytes(content)
        with pytest.raises(DataError, match=r"weights\.npz"):
            load_folder(folder)
    (folder / "weights.npz").unlink()
    with pytest.raises(DataError, match=r"weights\.npz"):
        load_folder(folder)


def test_another_tokenizer_is_refused(tmp_path):
    folder = write_model(tmp_path, "x", tokenizer_sha256="0" * 64)
    with pytest.raises(DataError, match="tokenizer"):
        load_folder(folder)
    other = write_model(tmp_path / "more", "y")
    tokenizer_of(290).save(other / "tokenizer.json")
    with pytest.raises(DataError, match="290 ids, the model 300"):
        load_folder(other)
