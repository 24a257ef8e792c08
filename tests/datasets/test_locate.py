"""Where the data of a registry entry is found."""

from __future__ import annotations

import os

import pytest
from data_files import ORIGINAL, declare, put

from evals.data import locate_dataset, open_samples
from evals.datasets.benchmarks import find_file, read_declaration
from evals.datasets.locate import data_roots, original_file
from evals.errors import DataError
from evals.registry import bundled_data_root
from evals.testing.file_server import FileServer


def test_the_data_folder_of_the_entrys_own_registry_is_used(registry):
    path = put(registry / "data" / "mine" / "s.jsonl")
    assert locate_dataset("mine/s.jsonl", registry) == path


def test_a_file_of_that_name_in_the_working_folder_comes_first(registry, tmp_path, monkeypatch):
    put(registry / "data" / "s.jsonl")
    put(tmp_path / "work" / "s.jsonl")
    monkeypatch.chdir(tmp_path / "work")
    assert locate_dataset("s.jsonl", registry).resolve() == tmp_path / "work" / "s.jsonl"


def test_folders_and_absolute_paths_are_found(registry, tmp_path):
    put(registry / "data" / "many" / "s.jsonl")
    assert locate_dataset("many", registry) == registry / "data" / "many"
    assert locate_dataset(str(tmp_path), registry) == tmp_path


def test_urls_stay_as_they_are(registry):
    assert locate_dataset("s3://bucket/s.jsonl", registry) == "s3://bucket/s.jsonl"


def test_folders_of_copies_are_searched_last(registry, tmp_path, monkeypatch):
    path = put(tmp_path / "copies" / "mine" / "s.jsonl")
    assert locate_dataset("mine/s.jsonl", registry, [tmp_path / "copies"]) == path
    monkeypatch.setenv("EVALS_DATA_DIR", os.pathsep.join(["/nowhere", str(tmp_path / "copies")]))
    assert locate_dataset("mine/s.jsonl", registry) == path


def test_nowhere_says_where_it_looked_and_what_is_near(registry):
    put(registry / "data" / "mine" / "samples.jsonl")
    with pytest.raises(DataError, match="no data is called") as caught:
        locate_dataset("mine/sample.jsonl", registry)
    assert "did you mean: mine/samples.jsonl" in str(caught.value)
    assert f"looked in {registry / 'data'}" in str(caught.value)
    with pytest.raises(DataError, match="no data is called") as caught:
        locate_dataset("gsm8k/tests.jsonl", registry)
    assert "did you mean: gsm8k/test.jsonl" in str(caught.value)


def test_a_declared_benchmark_is_fetched_once_and_becomes_rows(registry):
    with FileServer({"/sums.jsonl": ORIGINAL}) as server:
        declare(registry, server.url + "/sums.jsonl")
        samples = open_samples(locate_dataset("sums/test.jsonl", registry))
        assert [sample["ideal"] for sample in samples] == ["1250", "-3"]
        assert samples[0]["input"] == [{"role": "user", "content": "How many?"}]
        locate_dataset("sums/test.jsonl", registry)
        assert server.requests == ["GET /sums.jsonl"]


@pytest.mark.parametrize("name", ["test.jsonl", "sums.jsonl"])
def test_a_copy_under_either_name_needs_no_network(registry, tmp_path, name):
    declare(registry, "http://127.0.0.1:1/sums.jsonl")
    put(tmp_path / "copies" / "sums" / name, ORIGINAL)
    assert len(open_samples(locate_dataset("sums/test.jsonl", registry, [tmp_path / "copies"]))) == 2


def test_an_original_in_the_working_folder_becomes_rows_too(registry, tmp_path, monkeypatch):
    declare(registry, "http://127.0.0.1:1/sums.jsonl")
    put(tmp_path / "work" / "sums" / "test.jsonl", ORIGINAL)
    monkeypatch.chdir(tmp_path / "work")
    assert open_samples(locate_dataset("sums/test.jsonl", registry))[1]["ideal"] == "-3"


def test_a_copy_that_was_changed_is_refused(registry, tmp_path):
    declare(registry, "http://127.0.0.1:1/sums.jsonl")
    path = put(tmp_path / "copies" / "sums" / "test.jsonl", ORIGINAL + b"{}\n")
    with pytest.raises(DataError, match="not the original") as caught:
        locate_dataset("sums/test.jsonl", registry, [tmp_path / "copies"])
    assert caught.value.where == str(path)


def test_without_a_network_the_error_says_where_to_put_a_copy(registry):
    declare(registry, "http://127.0.0.1:1/sums.jsonl")
    file = find_file("sums/test.jsonl", data_roots(registry))
    assert file is not None
    with pytest.raises(DataError, match="cannot be fetched") as caught:
        original_file(file, pause_s=0)
    assert "put a copy at DIR/sums/sums.jsonl" in str(caught.value)
    assert "EVALS_DATA_DIR" in str(caught.value)


def test_a_gated_benchmark_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("EVALS_CACHE_DIR", str(tmp_path))
    file = read_declaration(bundled_data_root() / "gpqa" / "dataset.yaml").files[0]
    with pytest.raises(DataError, match=r"terms(.|\n)*EVALS_DATA_DIR"):
        original_file(file)
