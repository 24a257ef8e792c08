"""The text that ends a run in the terminal: metrics, problems, groups, cost, record, next steps."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evals.report.terminal.exam import exam_part, is_of_exam
from evals.report.terminal.group_rows import certainty, group_lines
from evals.report.terminal.safety import safety_lines
from evals.report.words import (
    WIDTH,
    counted,
    money,
    near_path,
    number,
    one_line,
    points,
    printable,
    seconds,
    wrapped,
)
from evals.report_keys import ENDINGS, MISSES, Metric, as_count, as_number, counts_of, headline, metrics_of
from evals.stats.detectable import DETECTABLE_STDERRS, detectable_drop

if TYPE_CHECKING:
    from evals.engine.session import CallCounts
    from evals.runner.counters import RunCounters
    from evals.runner.result import RunResult
    from evals.specs import RunSpec


CORRELATIONS = (0.3, 0.7)
"Of the scores of two runs over samples: between these those of neighbouring models mostly lie."

INDENTED = 2
"Columns before each line under the headline."


UNPARSED = "unparsed"
"This rate has a line of its own, with the number of completions."


def final_block(result: RunResult, again: str = "") -> str:
    """The text, at most 80 columns wide unless a name, a path or a command is longer.

    again: the command that continues this run.
    """
    declared = (result.base_spec.metrics if result.base_spec is not None else None) or ()
    sections = [
        metric_lines(result.report, declared)
        + _method_lines(result.report)
        + _trouble_lines(result)
        + _detectable_lines(result.report, declared)
        + _variance_lines(result.report),
        exam_part(result.report),
        safety_lines(result.report),
        _said_lines(result.report),
        group_lines(result.report),
        _reference_lines(result),
        _work_lines(result),
        _next_lines(result, again),
    ]
    head = one_line(f"{result.eval_spec.key} on {', '.join(_models(result.run_spec))}")
    blocks = ["\n".join(f"  {line}".rstrip() for line in lines) for lines in sections if lines]
    return "\n\n".join([head, *blocks])


def _models(spec: RunSpec) -> list[str]:
    """The completion functions, each with its effort of reasoning where that is known."""
    efforts = spec.run_config.get("efforts") or {}
    return [f"{name}, effort {efforts[name]}" if name in efforts else name for name in spec.completion_fns]


def running_score(counters: RunCounters) -> str:
    """`0.812 ±0.014`: the mean score so far with its standard error; empty while there is no score."""
    scores = counters.scores
    if not scores.n:
        return ""
    return number(scores.mean) if scores.n < 2 else f"{number(scores.mean)} ±{number(scores.stderr)}"


def retries(counts: CallCounts) -> str:
    """`27 retries (connection lost)`: how many, and the most frequent reason."""
    said = "1 retry" if counts.n_retries == 1 else f"{counts.n_retries:,} retries"
    why = counts.failures.most_common(1)
    return f"{said} ({why[0][0]})" if why else said


def tokens_and_cost(counts: CallCounts) -> list[str]:
    """`431,204 tokens` and `$0.12`, each only if it is not 0."""
    tokens = f"{counts.total_tokens:,} tokens" if counts.total_tokens else ""
    by = " as the server states" if counts.n_stated else ""
    return [text for text in (tokens, f"{money(counts.cost_usd)}{by}" if counts.cost_usd else "") if text]


def metric_lines(report: Mapping[str, Any], declared: Sequence[str]) -> list[str]:
    """A line for each metric and count; those that the eval declares come first, in their order."""
    metrics, counts = metrics_of(report), counts_of(report)
    first = [name for name in declared if name in report]
    shown = [name for name in dict.fromkeys([*first, *report]) if name in metrics or name in counts]
    shown = [name for name in shown if name != UNPARSED and name not in ENDINGS and not is_of_exam(name, report)]
    width = max([12, *map(len, shown)])

    def rows(*, with_stderr: bool) -> list[str]:
        said = {name: certainty(metrics.get(name), with_stderr=with_stderr) for name in shown}
        return [f"{name:<{width}} {number(report[name]):<7} {said[name]}".rstrip() for name in shown]

    lines = rows(with_stderr=True)
    # Long names leave no room for both; the interval says more than the standard error.
    return lines if max(map(len, lines), default=0) <= WIDTH - INDENTED else rows(with_stderr=False)


def _method_lines(report: Mapping[str, Any]) -> list[str]:
    """How the intervals above are made; where that differs, by which metric."""
    methods: dict[str, list[str]] = {}
    for name, metric in metrics_of(report).items():
        if metric.method is not None:
            methods.setdefault(metric.method, []).append(name)
    said = [f"{method}: {', '.join(names)}" for method, names in methods.items()]
    return labelled_lines("intervals", next(iter(methods)) if len(methods) == 1 else "; ".join(said)) if said else []


def labelled_lines(label: str, text: str) -> list[str]:
    """A label of 12 columns and `text` beside it, in lines that fit."""
    first, *rest = wrapped(text, rest="", width=WIDTH - 15) or [""]
    return [f"{label:<12} {first}", *(f"{'':<12} {line}" for line in rest)]


def _trouble_lines(result: RunResult) -> list[str]:
    lines = unparsed_lines(result.report, result.counters.n_unparsed)
    for name, words in ENDINGS.items():
        found = result.report.get(name)
        if isinstance(found, int) and found:
            lines.append(f"{name.removeprefix('n_').replace('_', ' '):<14} {found:<5,} {_noun(found)} {words}")
    if result.n_errors:
        lines += _beside("errors", f"{result.n_errors:,}", f"{result.counters.error_kinds} (not scored; not in n)")
        texts = [" ".join(text.split()) for text in result.counters.first_error.splitlines() if text.strip()]
        if texts:
            texts[0] = f"the first: {texts[0]}"
            lines += [line for text in texts for line in _beside("", "", text)][:4]
        if result.counters.first_place:
            lines.append(f"{'':<20} at {near_path(result.counters.first_place)}")
    return lines


def unparsed_lines(report: Mapping[str, Any], count: int) -> list[str]:
    """The rate of unreadable answers with its interval, and how many completions that were; empty without a rate."""
    rate = metrics_of(report).get(UNPARSED)
    if rate is None:
        return []
    said = f"{counted(count, 'completion')} without an answer (scored wrong)" if count else ""
    line = f"{UNPARSED:<12} {number(report[UNPARSED]):<7} {certainty(rate) or said}".rstrip()
    if len(line) > WIDTH - INDENTED:
        line = f"{UNPARSED:<12} {number(report[UNPARSED]):<7} {certainty(rate, with_stderr=False) or said}".rstrip()
    return [line, f"{'':<20} {said}"] if said and certainty(rate) else [line]


def _beside(label: str, value: str, text: str) -> list[str]:
    """A label, a value in the column of the metrics' values, and `text` beside both, in lines that fit."""
    first, *rest = wrapped(text, rest="", width=WIDTH - INDENTED - 21) or [""]
    return [f"{label:<12} {value:<7} {first}".rstrip(), *(f"{'':<20} {line}" for line in rest)]


def _noun(count: int) -> str:
    return counted(count, "completion").partition(" ")[2]


def _detectable_lines(report: Mapping[str, Any], declared: Sequence[str]) -> list[str]:
    """The smallest drop that a second run of as many samples can show, of the headline.

    Right-or-wrong scores: by the power of the test of `compare`; a score of 0 cannot drop. Others: by their error.
    """
    name = headline(report, declared)
    metric = None if name is None or name in MISSES else metrics_of(report).get(name)
    if report.get("estimand"):  # the errors are those of these samples, and not of what a comparison sees
        return []
    if metric is None or metric.stderr is None or math.isnan(metric.value):
        return []
    if _is_right_or_wrong(metric):
        said = _detectable_drops(metric.value, metric.n or 0)
    else:
        sizes = [DETECTABLE_STDERRS * metric.stderr * math.sqrt(2 * (1 - correlation)) for correlation in CORRELATIONS]
        words = [points(size, decimals=1) if name == "accuracy" else number(size) for size in sizes]
        said = _smallest("difference", words) if metric.stderr else ""
    return [said] if said else []


def _detectable_drops(accuracy: float, n: int) -> str:
    drops = [detectable_drop(accuracy, n, correlation) for correlation in CORRELATIONS]
    if accuracy == 0 or not any(drops):
        return ""
    if any(map(math.isnan, drops)):
        is_low = not math.isnan(detectable_drop(0.5, n, CORRELATIONS[0]))
        why = "drop can be detected: the score is near 0" if is_low else "difference can be detected: too few samples"
        return f"No {why}"
    return _smallest("drop", [points(math.ceil(drop * 1000 - 1e-6) / 1000, decimals=1) for drop in drops])


def _variance_lines(report: Mapping[str, Any]) -> list[str]:
    """Where the spread of repeated samples comes from, and which of more items and more repeats would pay."""
    parts = report.get("variance")
    if not isinstance(parts, Mapping) or not all(isinstance(parts.get(key), float) for key in ("items", "draws")):
        return []
    said = f"between items {number(parts['items'])}, between draws of one {number(parts['draws'])}"
    if isinstance(parts.get("orders"), float):
        of_order = number(as_number(parts.get("draws_of_one_order")))
        said = f"between items {number(parts['items'])}, orders of one {number(parts['orders'])}, draws {of_order}"
    lines = [f"{'variance':<12} {said}"]
    items, repeats = (parts.get(f"error_with_twice_the_{what}") for what in ("items", "repeats"))
    if isinstance(items, float) and isinstance(repeats, float):
        lines.append(f"{'':<12} stderr: {items:.2f} times with twice the items, {repeats:.2f} with twice the repeats")
    return lines


def _smallest(what: str, sizes: Sequence[str]) -> str:
    """sizes: what is detected with 80 % power at each of CORRELATIONS, the largest first."""
    most, least = sizes
    sized = most if least == most else f"{least.partition(' ')[0]} to {most}"
    return f"Smallest {what} this eval can detect: about {sized}"


def _is_right_or_wrong(metric: Metric) -> bool:
    """Whether the standard error is that of independent scores of 0 and 1."""
    if metric.n is None or metric.n < 2 or metric.stderr is None or metric.n_clusters:
        return False
    expected = metric.value * (1 - metric.value) / (metric.n - 1)
    return 0 <= metric.value <= 1 and math.isclose(metric.stderr**2, expected, rel_tol=1e-6, abs_tol=1e-15)


def _said_lines(report: Mapping[str, Any]) -> list[str]:
    """What the eval says of how its numbers were made, and its warnings."""
    lines: list[str] = []
    for key, label in (("how", "how"), ("warnings", "warning")):
        texts = report.get(key) or ()
        for text in texts if isinstance(texts, list | tuple) else [texts]:
            lines += labelled_lines(label, str(text))
    return lines


def _reference_lines(result: RunResult) -> list[str]:
    facts = (result.base_spec.extras or {}) if result.base_spec is not None else {}
    references = facts.get("reference")
    lines = []
    for reference in references if isinstance(references, list) else [references]:
        if not isinstance(reference, dict) or "value" not in reference:
            continue
        value = reference["value"]
        shown = number(value) if isinstance(value, int | float | None) else str(value)
        what = ", ".join(str(reference[key]) for key in ("model", "protocol", "source") if reference.get(key))
        lines += _beside("reference", shown, what)
    if lines and facts.get("protocol"):
        lines += _beside("this run", "", str(facts["protocol"]))
    return lines


def _work_lines(result: RunResult) -> list[str]:
    counts = result.counts
    calls = counted(counts.n_calls, "call") + (f" ({counts.n_cached:,} cached)" if counts.n_cached else "")
    if result.run_spec.completion_fns == ["replay"]:
        calls = _played_back(counts.n_calls, result.run_spec)
    if counts.n_uncounted:
        calls = "calls not counted: the plug-in makes them itself"
    tried = [retries(counts)] if counts.n_retries else []
    parts = [calls, *tokens_and_cost(counts), *tried, seconds(result.wall_s)]
    was_resumed = result.counters.n_before > 0 and not result.was_finished
    if was_resumed:
        parts.append("since it was resumed")
    lines = ["this run was finished before: nothing was called" if result.was_finished else ", ".join(parts)]
    lines += _total_lines(result.report) if was_resumed else []
    lines += _grader_lines(result.report)
    if result.record_path:
        lines.append(f"{'record':<12} {printable(result.record_path)}")
    return lines


def _played_back(n_calls: int, spec: RunSpec) -> str:
    args = spec.run_config.get("fingerprint", {}).get("completion_args", {})
    if args.get("asks_graders"):
        return f"{counted(n_calls, 'call')}, those of the evaluated model played back"
    return f"{counted(n_calls, 'completion')} played back, nothing was called"


def _total_lines(report: Mapping[str, Any]) -> list[str]:
    """What all sessions of a resumed run took together, as far as the record says it; the graders' lines are of all."""
    tokens, cost = report.get("usage_total_tokens"), report.get("cost_usd")
    parts = [f"{tokens:,} tokens"] if isinstance(tokens, int) and tokens else []
    parts += [money(cost)] if cost else []
    return labelled_lines("in all", f"{', '.join(parts)} for what is recorded") if parts else []


def _grader_lines(report: Mapping[str, Any]) -> list[str]:
    """A line for each grader: its name, of a panel its mean score, and what its calls took."""
    graders = report.get("graders")
    lines: list[str] = []
    for name, said in graders.items() if isinstance(graders, Mapping) else ():
        if not isinstance(said, Mapping):
            continue
        score = metrics_of(said).get("score")
        parts = [] if score is None else [f"score {number(score.value)} {certainty(score, with_stderr=False)}".rstrip()]
        parts += [counted(n_calls, "call")] if (n_calls := as_count(said.get("n_calls"))) else []
        tokens = said.get("usage_total_tokens")
        parts += [f"{tokens:,} tokens"] if isinstance(tokens, int) and tokens else []
        parts += [money(said["cost_usd"])] if said.get("cost_usd") else []
        lines += labelled_lines(
            "grader", f"{one_line(str(name))}: {', '.join(parts)}" if parts else one_line(str(name))
        )
    return lines


def _next_lines(result: RunResult, again: str) -> list[str]:
    if not result.record_path:
        return []
    steps = []
    if result.stopped_by is None and result.counters.scores.n and result.counters.scores.mean < 1:
        steps.append(f"look at the wrong ones    evals view {shlex.quote(result.record_path)} --wrong")
    if result.report.get("n_pending"):
        steps.append(f"read what is not marked   evals view {shlex.quote(result.record_path)} --pending")
    if result.n_errors:
        steps.append(f"look at the errors        evals view {shlex.quote(result.record_path)} --errors")
    if (result.stopped_by is not None or result.n_errors) and result.run_spec.completion_fns != ["replay"]:
        what = "go on                    " if result.stopped_by is not None else "retry the errors         "
        steps.append(f"{what} {again or 'add --resume to the same command'}")
    return steps
