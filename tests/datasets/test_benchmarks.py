"""Declared benchmarks: complete, pinned, and with converters that exist."""

from __future__ import annotations

import pytest
from data_files import ORIGINAL, declare, put

from evals.data import locate_dataset
from evals.datasets.benchmarks import benchmarks_in, read_declaration
from evals.datasets.locate import data_roots
from evals.errors import DataError
from evals.registry import bundled_data_root


def test_another_number_of_rows_than_declared_is_refused(registry, tmp_path):
    declare(registry, "http://127.0.0.1:1/sums.jsonl", n_rows=3)
    put(tmp_path / "copies" / "sums" / "sums.jsonl", ORIGINAL)
    with pytest.raises(DataError, match="2 rows, but 3 are declared"):
        locate_dataset("sums/test.jsonl", registry, [tmp_path / "copies"])


@pytest.mark.parametrize(
    ("text", "said"), [("files: {a: {url: x}}", "needs `url` and `sha256`"), ("[", "not YAML"), ("a: 1", "no files")]
)
def test_a_broken_declaration_names_its_file(registry, text, said):
    path = put(registry / "data" / "sums" / "dataset.yaml", text.encode())
    with pytest.raises(DataError, match=said) as caught:
        read_declaration(path)
    assert caught.value.where == str(path)


def test_every_bundled_benchmark_is_pinned_and_described(registry):
    found = benchmarks_in(data_roots(registry))
    assert {"gsm8k", "humaneval", "mgsm"} <= {benchmark.name for benchmark in found}
    for benchmark in found:
        assert benchmark.licence
        assert benchmark.paper
        assert (bundled_data_root() / benchmark.name / "SOURCE.md").is_file()
        for file in benchmark.files:
            assert file.url.startswith("https://")
            assert benchmark.revision in file.url
            assert len(file.sha256 or "-" * 64) == 64
            assert file.checked


def test_the_catalogue_names_converters_that_exist():
    import importlib

    for benchmark in benchmarks_in([bundled_data_root()]):
        assert benchmark.licence
        assert (benchmark.where.parent / "SOURCE.md").exists()
        urls = {file.url for file in benchmark.files}
        assert len({url.rpartition("/")[2] for url in urls}) == len(urls), "originals are kept by their names"
        for file in benchmark.files:
            module, _, name = str(file.converter).partition(":")
            assert callable(getattr(importlib.import_module(module), name))
