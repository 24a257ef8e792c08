"""The command around the server: what it prints, how it stops, and what it refuses to begin."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import stand_in
from server_process import START, Served

from evals.testing.waiting import wait_until


def command(*arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    code = before + START
    return subprocess.run(
        [sys.executable, "-c", code, "serve", *arguments], capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_where_it_is_and_stops_in_order(tmp_path, number):
    with Served(folder=tmp_path) as served:
        assert f"export OPENAI_BASE_URL={served.base_url}" in served.greeting
        assert "oaieval completions/stand-in" in served.greeting
        assert served.base_url.startswith("http://127.0.0.1:")
        assert served.request("GET", "/models")[0] == 200
        code, out, err = served.stop(number)
    assert (code, err) == (0, "")
    assert "stopped: 0 of 0 requests answered" in out


def test_a_stalled_client_does_not_keep_it_from_stopping(tmp_path):
    with Served("--faults", "stall", "--error-rate", "1", folder=tmp_path) as served:
        host, port = served.base_url.split("/")[2].split(":")
        with socket.create_connection((host, int(port))) as sock:
            sock.sendall(b"POST /v1/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}")
            wait_until(lambda: served.stats()["in_flight"] == 1)
            code, out, err = served.stop()
    assert (code, err) == (0, "")
    assert "1 faults sent" in out


def test_a_port_that_is_taken_is_said_with_the_way_out():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = command("dummy", "--port", str(port))
        assert "dummy" in done.stderr
        done = command("stand-in", "--port", str(port), before=with_stand_in())
    assert done.returncode == 2
    assert f"cannot listen at 127.0.0.1, port {port}" in done.stderr
    assert "--port 0 takes a free port" in done.stderr


def with_stand_in() -> str:
    """Python before the command: the stand-in model under its name, without a file."""
    folder = str(Path(stand_in.__file__).parent)
    return (
        f"import sys; sys.path.insert(0, {folder!r})\n"
        "from evals.registry import Registry; from stand_in import StandInFn\n"
        "Registry.make_completion_fn = lambda self, name, **args: StandInFn(**args)\n"
    )


def test_what_is_no_model_of_this_process_is_refused():
    done = command("dummy", "--port", "0")
    assert done.returncode == 2
    assert "'dummy' is no model of this process" in done.stderr


def test_an_unknown_name_under_a_reserved_prefix_is_refused():
    done = command("pocket/9000x", "--port", "0")
    assert done.returncode == 2
    assert "pocket/9000x" in done.stderr


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_a_missing_extra_is_one_line_to_install(package):
    done = command("dummy", before=f"import sys; sys.modules[{package!r}] = None\n")
    assert done.returncode == 2
    assert (
        done.stderr == "error: evals serve needs packages that are not installed\n  fix: pip install 'oaieval[serve]'\n"
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "70000"], "0 to 65535"),
        (["--error-rate", "2"], "from 0 to 1"),
        (["--faults", "418"], "no such fault: 418; known: 429"),
        (["--latency", "-1"], "seconds from 0 up"),
        (["--host", "no.such.host.invalid"], "no address of this machine"),
    ],
)
def test_options_that_cannot_be_are_refused(options, words):
    done = command("stand-in", *options, before=with_stand_in())
    assert done.returncode == 2
    assert words in done.stderr


def test_help_loads_no_server():
    done = command("--help", before="import sys; sys.modules['starlette'] = sys.modules['asyncio'] = None\n")
    assert done.returncode == 0
