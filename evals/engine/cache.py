"""Stores completions between runs in SQLite, by the whole request and the number of the draw."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sqlite3
import sys
import weakref
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

from evals.completion import CompletionResult, Completions
from evals.engine.cut_off import is_cut_off
from evals.engine.threads import DaemonThreads
from evals.engine.traits import cache_identity
from evals.errors import RecordError
from evals.secrets import redact

_FIELDS = (
    "texts", "prompt", "model", "usage", "finish_reasons", "logprobs", "latency_s", "cost_usd", "request", "reasoning",
    "messages", "tool_calls",
)  # fmt: skip


def default_cache_dir() -> Path:
    """The folder `EVALS_CACHE_DIR`, else `oaieval` in the user's cache folder. It may not exist yet."""
    named = os.environ.get("EVALS_CACHE_DIR")
    if named:
        return Path(named).expanduser()
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "oaieval"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "oaieval"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "oaieval"


def request_key(fn: Any, prompt: Any, kwargs: dict[str, Any]) -> str | None:
    """SHA-256 of the request as `fn` would send it, in hexadecimal.

    None if the request cannot be identified: `fn` has no `cache_identity`, or an argument has no JSON form.
    """
    identity = cache_identity(fn)
    if identity is None:
        return None
    try:
        text = json.dumps([identity, prompt, kwargs], sort_keys=True, allow_nan=False)
    except (TypeError, ValueError):
        return None
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def is_greedy(fn: Any, kwargs: dict[str, Any]) -> bool:
    """Whether a request asks for temperature 0, as far as that is known before it is sent."""
    identity = cache_identity(fn) or {}
    options = {**kwargs, **identity.get("options", {})}
    if "temperature" in identity.get("rules", {}).get("drop", ()):
        return False
    return bool({**options, **(options.get("extra_body") or {})}.get("temperature") == 0)


class Draw(NamedTuple):
    """The names of one draw of a request in the cache."""

    own: str
    "Of the sample that drew it."
    shared: str | None
    "Of all samples with the same request; None at a temperature above 0, where each sample draws for itself."


class CompletionCache:
    """Completions in one SQLite file, in WAL mode. Several runs may use the file at a time.

    A stored completion keeps the latency and the cost of the call that was made.

    Raises:
        RecordError: the file cannot be opened (exit code 2, since nothing was called yet), or fails later (3).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # One thread for everything: an SQLite connection belongs to the thread that opened it.
        self._thread = DaemonThreads(1, "evals-cache")
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._random: set[str] = set()
        "Keys of requests whose temperature was not sent: the model does not take one."
        self._db = self._thread.submit(self._open).result()

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # SQLite would create the file readable by others: completions are as private as records.
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            db = sqlite3.connect(self.path, isolation_level=None, timeout=30.0)
            # WAL: readers of one run do not block the writer of another. `normal`: no fsync for each completion; after
            # a power cut the last entries may be missing, and are drawn again.
            db.execute("pragma journal_mode=wal")
            db.execute("pragma synchronous=normal")
            db.execute(
                "create table if not exists completions (key text, draw text, value text, primary key (key, draw))"
            )
        except (OSError, sqlite3.Error) as error:
            explained = RecordError(
                f"the cache cannot be opened: {error}",
                where=str(self.path),
                fix="remove it, set EVALS_CACHE_DIR to a folder that can be written, or run without --cache",
            )
            explained.exit_code = 2
            raise explained from error
        return db

    async def through(self, key: str, draw: Draw, ask: Callable[[], Awaitable[CompletionResult]]) -> CompletionResult:
        """The stored completions for a key and a draw; if there are none, those of `ask`, which are then stored.

        Equal requests at temperature 0 wait for the first of them, so that no result depends on which came first.
        """
        if draw.shared is not None and key not in self._random:
            lock = self._locks.setdefault(f"{key} {draw.shared}", asyncio.Lock())
            async with lock:
                if key not in self._random:
                    return await self._one_of(key, draw.shared, draw.own, ask)
        stored = await self.get(key, draw.own)
        return stored if stored is not None else await self._drawn(key, draw.own, draw.own, ask)

    async def _one_of(
        self, key: str, shared: str, own: str, ask: Callable[[], Awaitable[CompletionResult]]
    ) -> CompletionResult:
        for name in (shared, own):
            stored = await self.get(key, name)
            if stored is not None:
                return stored
        return await self._drawn(key, shared, own, ask)

    async def _drawn(
        self, key: str, shared: str, own: str, ask: Callable[[], Awaitable[CompletionResult]]
    ) -> CompletionResult:
        result = await ask()
        if isinstance(result, Completions) and not is_cut_off(result):
            if shared != own and (result.request or {"temperature": 0}).get("temperature") != 0:
                self._random.add(key)
                shared = own
            await self.put(key, shared, result)
        return result

    async def get(self, key: str, draw: str) -> Completions | None:
        """The stored completions for a key and a draw, with `cached` set; None if there are none."""
        row = await self._do("select value from completions where key = ? and draw = ?", (key, draw))
        if not row:
            return None
        try:
            return Completions(**json.loads(row[0][0]), cached=True)
        except (TypeError, ValueError):  # the entry was written by another version, or is torn
            return None

    async def put(self, key: str, draw: str, result: Completions) -> None:
        """Store completions. If another run has stored some for this key and draw, those stay."""
        stored = redact(json.dumps({name: getattr(result, name) for name in _FIELDS}, default=str))
        await self._do("insert or ignore into completions values (?, ?, ?)", (key, draw, stored))

    async def _do(self, statement: str, values: tuple[str, ...]) -> list[Any]:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, lambda: self._db.execute(statement, values).fetchall())
        except sqlite3.Error as error:
            raise RecordError(f"the cache failed: {error}", where=str(self.path), fix="run without --cache") from error

    def close(self) -> None:
        """Close the file, after the writes that were begun."""
        self._thread.submit(self._db.close).result()
        self._thread.shutdown()
