"""Opens a folder of records in the browser: a loopback server with a token, until Ctrl-C."""

from __future__ import annotations

import contextlib
import html
import os
import secrets
import socket
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Callable, Mapping
from pathlib import Path

from evals.errors import MissingExtra, UsageError
from evals.registry.lookup import Registry
from evals.viewer.access import Rules
from evals.viewer.index import RecordIndex

try:
    from evals.serving.server import listening_socket, run_server
    from evals.viewer.app import make_app
    from evals.viewer.label_pages import Labels
    from evals.viewer.vote_pages import Votes
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn"):
        raise
    raise MissingExtra("evals view of a folder", "serve,report") from None

HOST = "127.0.0.1"
DEFAULT_PORT = 8765


def serve_folder(
    folder: Path,
    *,
    port: int | None,
    votes: Path,
    registry: Registry,
    opens_browser: bool,
    ready: Callable[[str, int], None],
) -> None:
    """Serve the records under `folder` to this machine until SIGINT or SIGTERM.

    port: 0 takes a free one, None the usual one or else a free one. ready: called once connections are taken, with the
    address and the number of runs. votes: the file that votes are read from and appended to. registry: has the rubrics
    of evals, whose choices are the labels that may be given.

    Raises:
        UsageError: the folder is not there, or the port cannot be used.
    """
    if not folder.is_dir():
        raise UsageError("no folder of records is here", where=str(folder), fix="run one: oaieval MODEL EVAL")
    index = RecordIndex(folder)
    n_runs = len(index.runs())
    with contextlib.closing(_socket(port)) as sock, tempfile.TemporaryDirectory() as place:
        rules = Rules(secrets.token_urlsafe(24), sock.getsockname()[1])
        url = f"http://{HOST}:{rules.port}/?token={rules.token}"

        def start() -> None:
            ready(url, n_runs)
            if opens_browser and has_browser(os.environ, sys.platform):
                threading.Thread(target=_open, args=(url, Path(place, "open.html")), daemon=True).start()

        run_server(make_app(index, rules, Votes(votes), Labels(registry)), sock, start, lambda: None)


def _socket(port: int | None) -> socket.socket:
    if port is not None:
        return listening_socket(HOST, port)
    try:
        return listening_socket(HOST, DEFAULT_PORT)
    except UsageError:
        return listening_socket(HOST, 0)


def has_browser(environment: Mapping[str, str], platform: str) -> bool:
    """Whether a window can be shown; without one a browser of the terminal would take its keys."""
    shows = any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return shows or platform in ("win32", "darwin")


def opening_page(url: str) -> str:
    """A page that leads on to `url` at once."""
    target = html.escape(url)
    refresh = f'<meta http-equiv="refresh" content="0; url={target}">'
    return f'<!doctype html><meta charset="utf-8">{refresh}<a href="{target}">open</a>'


def _open(url: str, page: Path) -> None:
    """Open the address by way of a private page: arguments of processes can be read by all users of a machine."""
    descriptor = os.open(page, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(opening_page(url))
    with contextlib.suppress(webbrowser.Error):
        webbrowser.open(page.as_uri())
