"""Downloads against a real server: progress, hashes, broken connections."""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import threading

import pytest

from evals.datasets.download import Expected, download, validator
from evals.errors import DataError
from evals.testing.file_server import FileServer

BODY = os.urandom(300_000)
WHOLE = Expected(hashlib.sha256(BODY).hexdigest(), len(BODY))


@pytest.fixture
def server():
    with FileServer({"/rows": BODY}) as server:
        yield server


def test_a_file_arrives_whole_and_progress_reaches_its_size(server, tmp_path):
    seen = []
    path = download(server.url + "/rows", tmp_path / "rows", WHOLE, progress=lambda *step: seen.append(step))
    assert path.read_bytes() == BODY
    assert seen[-1] == (len(BODY), len(BODY))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_only_the_owner_may_read_what_was_fetched(server, tmp_path):
    path = download(server.url + "/rows", tmp_path / "new" / "rows")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_cut_connection_is_continued_where_it_broke(server, tmp_path):
    server.cuts = [100_000, 50_000]
    path = download(server.url + "/rows", tmp_path / "rows", WHOLE, pause_s=0)
    assert path.read_bytes() == BODY
    assert server.requests == ["GET /rows", "GET /rows bytes=100000-", "GET /rows bytes=150000-"]


def test_a_server_without_ranges_is_asked_again_from_the_start(server, tmp_path):
    server.takes_ranges, server.cuts = False, [100_000]
    assert download(server.url + "/rows", tmp_path / "rows", WHOLE, pause_s=0).read_bytes() == BODY


def test_what_an_interrupted_run_left_is_continued(server, tmp_path):
    (tmp_path / "rows.part").write_bytes(BODY[:200_000])
    assert download(server.url + "/rows", tmp_path / "rows", WHOLE).read_bytes() == BODY
    assert server.requests == ["GET /rows bytes=200000-"]


def test_a_leftover_of_another_file_is_thrown_away(server, tmp_path):
    (tmp_path / "rows.part").write_bytes(b"something else")
    assert download(server.url + "/rows", tmp_path / "rows", WHOLE).read_bytes() == BODY


def test_a_whole_leftover_needs_no_more_bytes(server, tmp_path):
    (tmp_path / "rows.part").write_bytes(BODY)
    server.statuses = [416]
    assert download(server.url + "/rows", tmp_path / "rows", WHOLE).read_bytes() == BODY


def test_a_file_that_is_there_and_right_is_not_asked_for(server, tmp_path):
    (tmp_path / "rows").write_bytes(BODY)
    download(server.url + "/rows", tmp_path / "rows", WHOLE)
    assert server.requests == []


def test_a_wrong_hash_names_both_and_leaves_nothing(server, tmp_path):
    with pytest.raises(DataError, match="not the file that was expected") as caught:
        download(server.url + "/rows", tmp_path / "rows", Expected("0" * 64, len(BODY)))
    assert "0" * 64 in str(caught.value)
    assert hashlib.sha256(BODY).hexdigest() in str(caught.value)
    assert not (tmp_path / "rows").exists()
    assert not (tmp_path / "rows.part").exists()


def test_a_missing_file_is_not_asked_for_twice(server, tmp_path):
    with pytest.raises(DataError, match="404 Not Found"):
        download(server.url + "/gone", tmp_path / "rows")
    assert server.requests == ["GET /gone"]


def test_passing_failures_of_the_server_are_waited_out(server, tmp_path):
    server.statuses = [503, 429]
    assert download(server.url + "/rows", tmp_path / "rows", pause_s=0).read_bytes() == BODY


def test_an_error_never_shows_the_key_in_an_address(server, tmp_path):
    with pytest.raises(DataError) as caught:
        download(server.url + "/gone?token=secret", tmp_path / "rows")
    assert "secret" not in str(caught.value)


def test_a_server_out_of_reach_is_an_error_after_a_few_tries(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/rows"
        with pytest.raises(DataError, match="cannot be fetched"):
            download(url, tmp_path / "rows", pause_s=0)


def test_two_at_once_fetch_it_once(server, tmp_path):
    threads = [
        threading.Thread(target=download, args=(server.url + "/rows", tmp_path / "rows", WHOLE)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.requests == ["GET /rows"]


def test_the_validator_changes_with_the_content(server):
    before = validator(server.url + "/rows")
    server.files["/rows"] = b"new"
    assert before != validator(server.url + "/rows")
    server.sends_etags = False
    assert validator(server.url + "/rows") is None
