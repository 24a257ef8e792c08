"""Remote files: fetched until they change, and kept for when the network is gone."""

from __future__ import annotations

import gzip

import pytest
from data_files import LINES

from evals.data import open_samples
from evals.errors import DataError
from evals.testing.file_server import FileServer


def test_a_url_is_fetched_once_until_it_changes():
    with FileServer({"/d/s.jsonl.gz": gzip.compress(LINES)}) as server:
        url = server.url + "/d/s.jsonl.gz"
        assert open_samples(url + "?key=secret")[1].where == f"{url}:3"
        open_samples(url + "?key=secret")
        assert server.requests.count("GET /d/s.jsonl.gz") == 1
        server.files["/d/s.jsonl.gz"] = gzip.compress(b'{"a": 7}\n')
        assert open_samples(url + "?key=secret")[0]["a"] == 7


def test_without_a_network_the_earlier_copy_is_used_with_a_warning(caplog):
    with FileServer({"/s.jsonl": LINES}) as server:
        url = server.url + "/s.jsonl"
        open_samples(url)
    assert open_samples(url)[0]["a"] == 0
    assert "cannot be reached" in caplog.text


def test_a_url_that_is_not_there_is_an_error():
    with FileServer({}) as server, pytest.raises(DataError, match="404"):
        open_samples(server.url + "/s.jsonl")


def test_other_schemes_go_through_fsspec():
    fsspec = pytest.importorskip("fsspec")
    fsspec.filesystem("memory").pipe("/folder/s.csv", b"a\n5\n")
    samples = open_samples("memory://folder/s.csv")
    assert (samples[0], samples[0].where) == ({"a": "5"}, "memory://folder/s.csv:2")


def test_a_scheme_that_nothing_reads_is_an_error():
    pytest.importorskip("fsspec")
    with pytest.raises(DataError, match="cannot be read"):
        open_samples("nosuch://bucket/s.jsonl")
