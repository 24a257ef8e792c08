"""Takes completions from an earlier record, ours or one of openai/evals: scores again without a call."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.chat import with_pictures_by_digest
from evals.completion import Completions, ContinuationScore
from evals.completion_fns.backend import Backend
from evals.completion_fns.scripted import prompt_key
from evals.engine.context import SampleCalls, current_calls
from evals.engine.failures import CallFailed, Kind
from evals.errors import DataError
from evals.record.current import current_sample_id
from evals.registry.typed_arguments import typed_arguments
from evals.texts.number_text import counted

if TYPE_CHECKING:
    from evals.record.sample_record import SampleRecord

_KEPT = ("model", "usage", "finish_reasons", "logprobs", "latency_s", "request", "tool_calls")


@typed_arguments
class ReplayCompletionFn(Backend):
    """Answers each call with the answer that a record has for it.

    record: the path of the record. A call is looked up among the recorded calls of its sample: by its prompt (the
    second call with a prompt gets the second answer to it), or else by its number. In an eval other than that of the
    record, the row with the same number is looked up, and by its prompt only. A sample that ended in an error has the
    calls that it made until then.

    asks_graders: graders are asked anew about the completions, instead of being played back.

    Model, usage, finish reasons and log probabilities are those of the record; the cost is 0, and `request` has the
    run's id as `replayed`. `score` gives the recorded log probabilities of continuations (`cond_logp` events). The
    calls are kept in a temporary database on disk, so memory does not grow with the record.

    Raises:
        DataError: there is no such record, or it has no completions.
    """

    is_local = True

    plays_back_a_record = True

    def __init__(self, record: str | Path, asks_graders: bool = False, registry: Any = None) -> None:
        self.record = Path(record).expanduser()
        self.asks_graders = asks_graders
        self._fallback_calls = SampleCalls()
        self._calls, self._scores = RecordedCalls(), RecordedCalls()
        self._run_id = self._load()
        self.can_score = self._scores.n_calls > 0

    def _load(self) -> str:
        from evals.record.reader import read_record

        if not self.record.is_file():
            raise DataError("there is no such record", where=str(self.record))
        log = read_record(self.record)
        self._own_prefix = f"{log.spec.get('base_eval')}.{log.spec.get('split')}."
        for sample in log.samples():
            if sample.sample_id is not None:
                self._calls.add(sample.sample_id, sample.repeat, sample.objects("sampling"))
                self._scores.add(sample.sample_id, sample.repeat, sample.objects("cond_logp"))
                self._learn_from(sample)
        self._calls.finish()
        self._scores.finish()
        if not self._calls.n_calls + self._scores.n_calls:
            raise DataError(
                "this record has no completions",
                where=str(self.record),
                fix="replay a record of a run with a model; `dummy` records no sampling",
            )
        return log.run_id or self.record.stem

    def _learn_from(self, sample: SampleRecord) -> None:
        """Set the traits that follow from what the recorded model did beside completing."""
        for event in sample.objects("cond_logp"):
            self.score_way = event.get("way", self.score_way)
        for event in sample.objects("sampling"):
            request = event.get("request") or {}
            if event.get("logprobs"):
                self.gives_top_logprobs = True
                self.most_alternatives = request.get("top_logprobs", request.get("logprobs"))

    async def score(self, prompt: Any, continuations: Sequence[str]) -> list[ContinuationScore]:
        """The recorded log probabilities of these continuations.

        Raises:
            CallFailed: the record has none for this sample, or those of other continuations.
        """
        event = self._find(self._scores, prompt)
        if event.get("completion") != list(continuations):
            raise CallFailed(Kind.OTHER, f"{self.record} has log probabilities of other continuations")
        logprobs = event["logp"]
        counts = event.get("n_tokens") or [0] * len(logprobs)
        return [ContinuationScore(logprob, n) for logprob, n in zip(logprobs, counts, strict=True)]

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        event = self._find(self._calls, prompt)
        texts = sampled_texts(event)
        kept = {key: event[key] for key in _KEPT if event.get(key) is not None}
        request = {**kept.pop("request", {}), "replayed": self._run_id}
        n_completions = int(kwargs.get("n") or len(texts))
        return Completions(texts[:n_completions], request=request, cost_usd=0.0, **kept)

    def _find(self, recorded: RecordedCalls, prompt: Any) -> dict[str, Any]:
        sample_id = current_sample_id()
        if sample_id is None:
            raise CallFailed(Kind.OTHER, "completions are replayed by sample, and no sample is being evaluated")
        calls = current_calls() or self._fallback_calls
        digest = prompt_digest(prompt)
        mine = f"replay {id(recorded)} {sample_id}"
        number = calls.next_draw(mine)
        same_number = calls.next_draw(f"{mine} {digest.hex()}")
        recorded_id = self._own_prefix + sample_id.rsplit(".", 1)[-1]
        is_own = recorded_id == sample_id or not recorded.count(recorded_id, calls.repeat)
        recorded_id = sample_id if is_own else recorded_id
        event = recorded.by_prompt(recorded_id, calls.repeat, digest, same_number)
        if event is None and is_own:
            event = recorded.by_number(sample_id, calls.repeat, number)
        if event is None:
            raise CallFailed(Kind.OTHER, self._missing(recorded, recorded_id, calls.repeat, number, is_own))
        return event

    def _missing(self, recorded: RecordedCalls, sample_id: str, repeat: int, number: int, is_own: bool) -> str:
        if not is_own:
            return f"{self.record} was asked another prompt for {sample_id}: its completion is no answer to this one"
        n_recorded = recorded.count(sample_id, repeat)
        which = f"sample {sample_id}" + (f", repeat {repeat}" if repeat else "")
        if n_recorded:
            return f"{self.record} has {counted(n_recorded, 'call')} for {which}, and call {number + 1} was asked for"
        return f"{self.record} has no completion for {which}"


class RecordedCalls:
    """The calls of a record in a temporary database on disk, looked up by sample and repeat, and prompt or number."""

    def __init__(self) -> None:
        self.n_calls = 0
        self._lock = threading.Lock()
        self._db = sqlite3.connect("", check_same_thread=False)
        self._db.execute("create table calls (sample text, repeat integer, number integer, prompt blob, event text)")

    def add(self, sample_id: str, repeat: int, events: Iterable[Mapping[str, Any]]) -> None:
        """Add the events of one evaluation of a sample, in the order of its calls."""
        rows = [
            (sample_id, repeat, number, prompt_digest(event.get("prompt")), json.dumps(dict(event, prompt=None)))
            for number, event in enumerate(events)
        ]
        self._db.executemany("insert into calls values (?, ?, ?, ?, ?)", rows)
        self.n_calls += len(rows)

    def finish(self) -> None:
        """Build the index. Must be called after the last `add` and before the first look-up."""
        self._db.execute("create index by_sample on calls (sample, repeat, number)")
        self._db.commit()

    def by_number(self, sample_id: str, repeat: int, number: int) -> dict[str, Any] | None:
        """The event of call `number` of a sample, counted from 0; None where there is none."""
        return self._one("and number = ?", (sample_id, repeat, number))

    def by_prompt(self, sample_id: str, repeat: int, digest: bytes, number: int) -> dict[str, Any] | None:
        """The event of call `number` among the sample's calls with this prompt; None where there is none."""
        return self._one("and prompt = ? order by number limit 1 offset ?", (sample_id, repeat, digest, number))

    def count(self, sample_id: str, repeat: int) -> int:
        """The number of calls of a sample."""
        with self._lock:
            query = "select count(*) from calls where sample = ? and repeat = ?"
            return int(self._db.execute(query, (sample_id, repeat)).fetchone()[0])

    def _one(self, condition: str, values: tuple[Any, ...]) -> dict[str, Any] | None:
        with self._lock:
            query = f"select event from calls where sample = ? and repeat = ? {condition}"
            row = self._db.execute(query, values).fetchone()
        return None if row is None else json.loads(row[0])

    def close(self) -> None:
        self._db.close()

    def __del__(self) -> None:
        self._db.close()


def prompt_digest(prompt: Any) -> bytes:
    """A hash of a prompt, 16 bytes."""
    text = prompt_key(with_pictures_by_digest(prompt))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def sampled_texts(event: Mapping[str, Any]) -> list[str]:
    """The completions of a `sampling` event: its list, or the bare text that some plug-ins record."""
    sampled = event.get("sampled")
    if isinstance(sampled, list):
        return [text if isinstance(text, str) else json.dumps(text, ensure_ascii=False) for text in sampled]
    return ["" if sampled is None else str(sampled)]
