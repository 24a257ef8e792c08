"""Completions kept between runs: what is the same request, and what the file holds."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import math
import sqlite3
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from flaky_calls import QUICK, Flaky

from evals.completion import Completions
from evals.engine.cache import CompletionCache, default_cache_dir, is_greedy, request_key
from evals.engine.calls import complete
from evals.engine.context import use_session
from evals.engine.loop import run_sync
from evals.engine.session import Session
from evals.errors import RecordError
from evals.record import RecorderBase
from evals.secrets import register_secret


def test_the_cache_answers_a_second_run_and_keeps_draws_apart(tmp_path: Path):
    def run(fn: Flaky, n: int) -> tuple[Session, list[Completions]]:
        session = Session(QUICK, CompletionCache(tmp_path / "c.sqlite"))

        async def draws() -> list[Any]:
            with RecorderBase(None).sample("drawn.dev.0"):
                results = [await complete(fn, "hello", temperature=1) for _ in range(n)]
            await session.aclose()
            return results

        with use_session(session):
            return session, run_sync(draws())

    first = Flaky()
    run(first, 2)
    second = Flaky()
    session, results = run(second, 3)
    assert len(first.asked) == 2
    assert len(second.asked) == 1, "the third draw is a new one"
    assert [r.cached for r in results] == [True, True, False]
    assert session.counts.n_cached == 2


class Counting(Flaky):
    """Answers with the number of the call, after a while. sent: the parameters that a reply says were sent."""

    def __init__(self, sent: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.sent = sent

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        self.asked.append(kwargs)
        number = len(self.asked)
        await asyncio.sleep(0.02 / number)
        return Completions([f"draw {number}"], prompt=prompt, request=self.sent)


def equal_samples(path: Path, fn: Flaky, n: int, **kwargs: Any) -> list[str]:
    """The answers to one prompt in `n` samples at a time."""
    session = Session(QUICK, CompletionCache(path))

    async def one(name: str) -> str:
        with RecorderBase(None).sample(name):
            return str((await complete(fn, "hello", **kwargs)).get_completions()[0])

    async def together() -> list[str]:
        answers = await asyncio.gather(*(one(f"equal.dev.{number}") for number in range(n)))
        await session.aclose()
        return answers

    with use_session(session):
        return run_sync(together())


@pytest.mark.parametrize("options", [{"temperature": 1}, {}])
def test_samples_with_equal_prompts_draw_for_themselves_and_get_the_same_answers_again(tmp_path: Path, options):
    fn = Counting()
    first = equal_samples(tmp_path / "c.sqlite", fn, 4, **options)
    assert len(set(first)) == len(fn.asked) == 4
    assert equal_samples(tmp_path / "c.sqlite", fn, 4, **options) == first
    assert len(fn.asked) == 4


def test_at_temperature_0_samples_with_equal_prompts_share_one_answer_although_they_ask_at_a_time(tmp_path: Path):
    fn = Counting({"temperature": 0})
    first = equal_samples(tmp_path / "c.sqlite", fn, 4, temperature=0)
    assert first == ["draw 1"] * 4
    assert equal_samples(tmp_path / "c.sqlite", fn, 4, temperature=0) == first


@pytest.mark.parametrize("sent", [{"max_tokens": 5}, {"temperature": 1}])
def test_a_model_that_was_not_sent_the_temperature_0_gives_each_sample_a_draw(tmp_path: Path, sent: dict[str, Any]):
    fn = Counting(sent)
    first = equal_samples(tmp_path / "c.sqlite", fn, 4, temperature=0)
    assert len(set(first)) == len(fn.asked) == 4
    assert equal_samples(tmp_path / "c.sqlite", fn, 4, temperature=0) == first
    assert len(fn.asked) == 4


def test_a_model_that_takes_no_temperature_by_its_rules_is_never_greedy():
    class WithoutTemperature(Flaky):
        def cache_identity(self) -> dict[str, Any]:
            return {"rules": {"drop": ["temperature"]}}

    assert is_greedy(Flaky(), {"temperature": 0.0})
    assert not is_greedy(Flaky(), {})
    assert not is_greedy(Flaky(), {"temperature": 0, "extra_body": {"temperature": 1}})
    assert not is_greedy(WithoutTemperature(), {"temperature": 0})


def test_another_request_is_no_hit(tmp_path: Path):
    async def two(session: Session, fn: Flaky) -> None:
        await complete(fn, "hello", temperature=0)
        await complete(fn, "hello", temperature=0.5)
        await complete(fn, "hullo", temperature=0)
        await session.aclose()

    fn, session = Flaky(), Session(QUICK, CompletionCache(tmp_path / "c.sqlite"))
    with use_session(session):
        run_sync(two(session, fn))
    assert len(fn.asked) == 3


def kept(path: Path, *results: Completions) -> list[Completions | None]:
    """What a second opening of the cache at `path` gives after `results` were stored, one draw each."""

    async def store(cache: CompletionCache) -> None:
        for draw, result in enumerate(results):
            await cache.put("key", f"0.{draw}", result)

    async def load(cache: CompletionCache) -> list[Completions | None]:
        return [await cache.get("key", f"0.{draw}") for draw in range(len(results) + 1)]

    first = CompletionCache(path)
    run_sync(store(first))
    first.close()
    second = CompletionCache(path)
    found = run_sync(load(second))
    second.close()
    return found


def test_what_is_stored_comes_back_with_the_cost_of_the_call_and_marked(tmp_path: Path):
    given = Completions(
        ["数学", ""], prompt=[{"role": "user", "content": "?"}], model="m-2026", usage={"total_tokens": 3},
        finish_reasons=["stop", None], latency_s=1.5, cost_usd=0.25, request={"temperature": 1},
    )  # fmt: skip
    stored, missing = kept(tmp_path / "deep" / "c.sqlite", given)
    assert missing is None
    assert stored == dataclasses.replace(given, cached=True)


def test_the_first_of_two_runs_that_store_the_same_draw_wins(tmp_path: Path):
    async def race(cache: CompletionCache) -> Completions | None:
        await cache.put("key", "0.0", Completions(["first"]))
        await cache.put("key", "0.0", Completions(["second"]))
        return await cache.get("key", "0.0")

    cache = CompletionCache(tmp_path / "c.sqlite")
    found = run_sync(race(cache))
    cache.close()
    assert found is not None
    assert found.texts == ["first"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_the_file_is_private_and_holds_no_known_secret(tmp_path: Path):
    register_secret("sk-in-a-completion-77")
    path = tmp_path / "c.sqlite"
    (stored, _) = kept(path, Completions(["your key is sk-in-a-completion-77"]))
    assert stored is not None
    assert stored.texts == ["your key is ***"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_entry_that_another_version_wrote_counts_as_missing(tmp_path: Path):
    path = tmp_path / "c.sqlite"
    kept(path)
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("insert into completions values ('key', '0.0', '{\"words\": 3}')")
    assert kept(path) == [None]


def test_a_file_that_is_no_cache_is_an_error_before_the_first_call(tmp_path: Path):
    path = tmp_path / "c.sqlite"
    path.write_text("precious notes, and no cache " * 100)
    with pytest.raises(RecordError, match="the cache cannot be opened") as refused:
        CompletionCache(path)
    assert refused.value.exit_code == 2
    assert path.read_text().startswith("precious")


def test_only_a_request_that_can_be_told_by_value_has_a_key():
    fn = Flaky()
    key = request_key(fn, "p", {"a": 1, "b": [2]})
    assert key == request_key(Flaky(), "p", {"b": [2], "a": 1})
    assert key != request_key(Flaky(answer="no"), "p", {"a": 1, "b": [2]})
    assert key != request_key(fn, [{"role": "user", "content": "p"}], {"a": 1, "b": [2]})
    assert request_key(fn, "p", {"stop": object()}) is None
    assert request_key(fn, "p", {"temperature": math.nan}) is None
    assert request_key(lambda prompt: None, "p", {}) is None
    assert request_key(fn, "\ud800", {}) is not None


def test_the_folder_is_the_users_own_unless_one_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("EVALS_CACHE_DIR", "~/kept")
    assert default_cache_dir() == Path.home() / "kept"
    monkeypatch.delenv("EVALS_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert default_cache_dir() == tmp_path / "oaieval"
