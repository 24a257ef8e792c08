"""What a run shows while it goes on: a bar in a terminal, a line now and then on a pipe."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from evals.engine.samples import WorkItem
    from evals.engine.session import CallCounts
    from evals.record.recorders import Event
    from evals.runner.counters import RunCounters
    from evals.runner.run import PreparedRun, RunResult

BAR = "{percentage:3.0f} %|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}] {desc}"

LOOK_EVERY_S = 1.0
LINE_EVERY_S = 10.0
LINE_EVERY_FRACTION = 0.1


def opening_line(prepared: PreparedRun) -> str:
    """What is about to be run, and how much it is."""
    from evals.report.terminal.run import counted
    from evals.report.terminal.sample import money

    facts, fns, names = prepared.preflight, prepared.eval.completion_fns, prepared.request.completion_fn_names
    size = f"{counted(facts.n_selected, 'sample')}  " if facts.n_samples is not None else ""
    repeats = f"x {prepared.request.repeats}  " if prepared.request.repeats > 1 else ""
    models = [_with_host(name, fn) for name, fn in itertools.zip_longest(names, fns[: len(names)])]
    lines = [f"{prepared.eval_spec.key}  {size}{repeats}model {', '.join(models)}"]
    if facts.prompt_tokens and not all(getattr(fn, "is_local", False) for fn in fns):
        tokens = facts.prompt_tokens * prepared.request.repeats
        estimate = f"about {tokens:,} prompt tokens (estimate: bytes/4)"
        price = prepared.registry.model_info(prepared.request.completion_fn_names[0]).input_usd_per_million
        if price is not None:
            estimate += f", {money(tokens * price / 1e6)} for the prompts"
        lines.append(estimate)
    if prepared.earlier is not None:
        lines.append(f"going on with {prepared.earlier.path}")
    lines.extend(f"warning: {warning}" for warning in facts.warnings)
    return "\n".join(lines)


def _with_host(name: str, fn: Any) -> str:
    """`gpt-4o-mini via api.openai.com`: a wrong server should be seen before it is paid."""
    host = getattr(fn, "host", None)
    return f"{name} via {host}" if isinstance(host, str) and host else name


class Progress:
    """An observer that draws. The engine calls it on its own thread; another one looks when nothing comes."""

    def __init__(
        self, stream: TextIO, *, look_every_s: float = LOOK_EVERY_S, line_every_s: float = LINE_EVERY_S
    ) -> None:
        self._look_every_s, self._line_every_s = look_every_s, line_every_s
        shown = os.environ.get("EVALS_SHOW_EVAL_PROGRESS")
        self._hidden = shown == ""
        self._stream = stream
        self._bar: Any = None
        self._total = 0
        self._done = 0
        self._failed = 0
        self._line_at_s = 0.0
        self._line_at_done = 0
        self._counters: RunCounters | None = None
        self._counts: CallCounts | None = None
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._ticker: threading.Thread | None = None

    def watch(self, counters: RunCounters, counts: CallCounts) -> None:
        self._counters, self._counts = counters, counts

    def started(self, n_items: int, n_done_before: int) -> None:
        self._total += n_items
        self._done += n_done_before
        self._line_at_s = time.monotonic()
        self._line_at_done = self._done
        if n_done_before:
            print(f"{n_done_before:,} of {n_items:,} samples are done already", file=self._stream, flush=True)
        if self._hidden:
            return
        if self._ticker is None:
            self._ticker = threading.Thread(target=self._tick, name="evals-progress", daemon=True)
            self._ticker.start()
        if not self._stream.isatty():
            return
        from tqdm import tqdm

        self._bar = tqdm(
            total=self._total, initial=self._done, file=self._stream, dynamic_ncols=True, leave=False, unit="",
            bar_format=BAR,
        )  # fmt: skip

    def finished(self, item: WorkItem, events: Sequence[Event]) -> None:
        self._step()

    def failed(self, item: WorkItem, error: dict[str, Any]) -> None:
        self._failed += 1
        self._step()

    def _step(self) -> None:
        with self._lock:
            self._done += 1
            if self._bar is not None:
                self._bar.set_description_str(self._state(), refresh=False)
                self._bar.update(1)
            elif not self._hidden:
                self._maybe_line()

    def _tick(self) -> None:
        """Show what is waited for while no sample ends, as when every call is tried again."""
        while not self._closed.wait(self._look_every_s):
            with self._lock:
                if self._closed.is_set():
                    return
                if self._bar is not None:
                    self._bar.set_description_str(self._state())
                else:
                    self._maybe_line()

    def _maybe_line(self) -> None:
        now_s = time.monotonic()
        due = now_s - self._line_at_s >= self._line_every_s
        tenth = self._done - self._line_at_done >= max(1.0, LINE_EVERY_FRACTION * self._total)
        if (due or (tenth and now_s - self._line_at_s >= 1.0)) and self._done < self._total:
            self._line_at_s, self._line_at_done = now_s, self._done
            print(f"{self._done:,}/{self._total:,}  {self._state()}", file=self._stream, flush=True)

    def _state(self) -> str:
        from evals.report.terminal.run import counted, retries

        parts = []
        if self._counters is not None:
            parts.append(running_score(self._counters))
        if self._counts is not None:
            counts = self._counts
            parts.append(f"${counts.cost_usd:,.2f}" if counts.cost_usd >= 0.01 else "")
            parts.append(counted(self._failed, "error") if self._failed else "")
            parts.append(retries(counts) if counts.n_retries else "")
            parts.append(f"{counts.in_flight} in flight")
        return "  ".join(part for part in parts if part)

    def interrupted(self, n_signals: int) -> None:
        """Say what Ctrl-C did."""
        in_flight = self._counts.in_flight if self._counts is not None else 0
        what = f" after the {in_flight:,} call{'s' * (in_flight > 1)} in flight" if in_flight else ""
        if n_signals == 1:
            text = f"stopping{what} (press again to stop now)"
        else:
            text = "stopping now"
        print(f"\n{text}", file=self._stream, flush=True)

    def close(self) -> None:
        self._closed.set()
        if self._ticker is not None:
            self._ticker.join()
        if self._bar is not None:
            self._bar.close()


def running_score(counters: RunCounters) -> str:
    """`0.812 ±0.014`: the mean score so far with its standard error."""
    scores = counters.scores
    if not scores.n:
        return ""
    return f"{scores.mean:.3f}" if scores.n < 2 else f"{scores.mean:.3f} ±{scores.stderr:.3f}"


def stopped_block(result: RunResult, again: str = "") -> str:
    """What people read when a run ended before its time. again: the command that goes on with it."""
    from evals.errors import Interrupted
    from evals.report.terminal.run import number

    counters, why = result.counters, result.stopped_by
    assert why is not None
    done = counters.n_before + counters.n_finished
    is_done = done >= result.n_total > 0
    lines = [] if isinstance(why, Interrupted) else [f"error: {why}" if result.exit_code in (2, 3) else str(why)]
    score = ""
    accuracy, interval = result.report.get("accuracy"), result.report.get("accuracy_ci95")
    if done and accuracy is not None and isinstance(interval, list | tuple):
        so_far = "" if is_done else " so far"
        score = f": accuracy{so_far} {number(accuracy)}, 95 % interval {number(interval[0])} to {number(interval[1])}"
    lines.append(f"{'done' if is_done else 'stopped at'} {done:,} of {result.n_total:,}{score}")
    lines.append(f"  {_calls(result.counts)}")
    if result.record_path:
        lines.append(f"  nothing is lost: {result.record_path}")
        if not is_done:
            lines.append(f"  go on:  {again or 'the same command with --resume'}")
    return "\n".join(lines)


def _calls(counts: CallCounts) -> str:
    from evals.report.terminal.run import counted
    from evals.report.terminal.sample import money

    if not counts.n_calls:
        failed = ", ".join(f"{kind} {n}" for kind, n in counts.failures.most_common(3))
        return "no call succeeded" + (f": {failed}" if failed else "")
    parts = [counted(counts.n_calls, "call"), f"{counts.total_tokens:,} tokens" if counts.total_tokens else ""]
    return ", ".join(part for part in [*parts, money(counts.cost_usd) if counts.cost_usd else ""] if part)


def as_json(result: RunResult) -> str:
    """The result as one JSON object."""
    from evals.json_text import jsondumps
    from evals.runner.run import run_facts

    return str(
        jsondumps(
            {
                "eval": result.eval_spec.key,
                "completion_fns": result.run_spec.completion_fns,
                "run_id": result.run_spec.run_id,
                "record_path": result.record_path,
                "final_report": result.report,
                "errors": dict(result.counters.errors),
                "stopped_by": None if result.stopped_by is None else str(result.stopped_by),
                "run": run_facts(result),
            }
        )
    )
