"""`evals data`, called as the command line calls it."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import pytest

from evals.cli import data
from evals.errors import DataError
from evals.testing.file_server import FileServer

ORIGINAL = b'{"input": "x", "ideal": "y"}\n'


@pytest.fixture
def evals_data(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("EVALS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("EVALS_DATA_DIR", raising=False)
    parser = argparse.ArgumentParser()
    data.add_parser(parser.add_subparsers())

    def call(*words):
        args = parser.parse_args(["data", *words])
        code = args.func(args)
        return code, capsys.readouterr()

    return call


@pytest.fixture
def registry(tmp_path):
    with FileServer({"/words.jsonl": ORIGINAL}) as server:
        file = {"url": server.url + "/words.jsonl", "sha256": hashlib.sha256(ORIGINAL).hexdigest(), "size_bytes": 29}
        folder = tmp_path / "registry" / "data" / "words"
        folder.mkdir(parents=True)
        (folder / "dataset.yaml").write_text(json.dumps({"title": "Words", "files": {"test.jsonl": file}}))
        yield str(tmp_path / "registry")


def test_list_shows_every_file_and_whether_it_is_here(evals_data):
    code, said = evals_data("list")
    assert code == 0
    for name in ("gsm8k/test.jsonl", "mgsm/sw.jsonl", "humaneval/test.jsonl"):
        assert name in said.out
    assert "1,319 rows" in said.out
    assert "not fetched" in said.out


def test_list_as_json_has_licence_address_and_checksum(evals_data):
    files = json.loads(evals_data("list", "--json")[1].out)["files"]
    row = next(file for file in files if file["name"] == "gsm8k/test.jsonl")
    assert (row["n_rows"], row["licence"], row["at"]) == (1319, "MIT", None)
    assert row["url"].startswith("https://")
    assert len(row["sha256"]) == 64


def test_fetch_then_path_prints_where_the_rows_are(evals_data, registry):
    code, said = evals_data("fetch", "words", "--registry_path", registry)
    assert code == 0
    assert "fetching words/test.jsonl from 127.0.0.1" in said.err
    path = evals_data("path", "words/test.jsonl", "--registry_path", registry)[1].out.strip()
    assert Path(path).read_bytes() == ORIGINAL
    as_json = json.loads(evals_data("path", "words", "--json", "--registry_path", registry)[1].out)
    assert as_json == {"paths": {"words/test.jsonl": path}}


def test_path_fetches_nothing_and_says_how_to(evals_data, registry):
    with pytest.raises(DataError, match="has not been fetched") as caught:
        evals_data("path", "words", "--registry_path", registry)
    assert "evals data fetch words/test.jsonl" in str(caught.value)


def test_a_copy_in_data_path_is_enough(evals_data, registry, tmp_path):
    copy = tmp_path / "copies" / "words" / "words.jsonl"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(ORIGINAL)
    said = evals_data("path", "words", "--registry_path", registry, "--data_path", str(tmp_path / "copies"))[1]
    assert said.out.strip() == str(copy)


@pytest.mark.parametrize(
    ("name", "said"),
    [("gsm9k", "did you mean: gsm8k"), ("gsm8k/dev.jsonl", "there are: gsm8k/test.jsonl, gsm8k/train.jsonl")],
)
def test_a_name_that_is_not_declared_is_an_error_with_what_there_is(evals_data, name, said):
    with pytest.raises(DataError) as caught:
        evals_data("fetch", name)
    assert said in str(caught.value)
