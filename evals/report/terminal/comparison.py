"""A comparison of runs in the terminal: what was compared, the numbers, how sure, what flipped, what differs."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence

from evals.comparison.compare import Comparison, GroupDifference
from evals.comparison.many_runs import Several
from evals.record.scores import SCORE_NAMES, report_name
from evals.report.run_names import legend
from evals.report.terminal.sample import WIDTH, printable
from evals.stats.estimate import Estimate, Interval
from evals.stats.paired import PairedDifference

N_IDS = 5
"Flipped samples named without --flips."

N_GROUPS = 60
"Groups shown; the rest is in --json."


def comparison_text(c: Comparison, names: Sequence[str], *, groups: bool = False, flips: bool = False) -> str:
    """The comparison of two runs, at most 80 columns wide. groups: their table; flips: their texts follow."""
    sections = [
        [*_wrapped(head(c)), *_wrapped(differs(c)), *legend([c.a, c.b], names)],
        [f"  {line}" for line in number_lines(c, names)],
        [*_indented(verdict(c, names)), *_indented(detectable_words(c))],
        [part for line in _flip_lines(c, texts_follow=flips) for part in _indented(line)],
        [f"  {line}" for line in _group_lines(c)]
        if groups
        else [p for line in _group_hint(c) for p in _indented(line)],
        [line for note in c.notes for line in _indented(f"note: {note}")],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def head(c: Comparison) -> str:
    """What was compared, and what is the same."""
    same = "".join(f"{', ' if i else '; '}same {what}" for i, what in enumerate(c.changes.same))
    evals = c.a.facts.eval_name
    if c.b.facts.eval_name != evals:
        evals = f"{evals} and {c.b.facts.eval_name}"
    clusters = f" in {c.difference.n_clusters:,} clusters" if c.difference.n_clusters != c.n else ""
    return f"{evals}: {count(c.n, 'sample')}{clusters} in both{same}"


def differs(c: Comparison) -> str:
    """What differs, and what is not known."""
    parts = []
    if c.changes.changes:
        parts.append("differs: " + "; ".join(change.text for change in c.changes.changes))
    if c.changes.unknown:
        parts.append("not recorded in one of them: " + ", ".join(c.changes.unknown))
    return "\n".join(parts)


def number_lines(c: Comparison, names: Sequence[str]) -> list[str]:
    """Both runs and their difference, each with interval and n."""
    width = max(10, *(len(name) for name in names))
    level = f"{100 * (1 - c.alpha):g} % interval"
    lines = [f"{report_name(c.b.metric):<{width}}  {'':<7}  {level:<18}  n"]
    for name, estimate in zip(names, (c.estimate_a, c.estimate_b), strict=True):
        lines.append(f"{name:<{width}}  {number(estimate.value):>7}  {interval(estimate.interval):<18}  {c.n:,}")
    d = c.difference
    lines.append(f"{'difference':<{width}}  {signed(d.value):>7}  {signed_interval(d.interval):<18}  {c.n:,}")
    if d.method != "none":
        lines.append(f"{'':<{width}}  paired, {p_text(d.p_value)}   {method_text(d)}")
    return lines


def method_text(d: PairedDifference) -> str:
    """How interval and p-value were made."""
    return f"({d.method})" if d.method == d.test else f"({d.method} interval; {d.test} test)"


def verdict(c: Comparison, names: Sequence[str]) -> str:
    """What the numbers allow to say, in a sentence."""
    d = c.difference
    if math.isnan(d.p_value):
        return "Nothing can be said of the difference with so few samples or clusters."
    if d.p_value <= c.alpha and c.b.metric not in SCORE_NAMES:
        return f"The difference is proven (at the {100 * c.alpha:g} % level)."
    if d.p_value <= c.alpha:
        better, worse = (names[1], names[0]) if (d.value > 0) == c.b.facts.higher_is_better else (names[0], names[1])
        return f"{better} is better than {worse} (at the {100 * c.alpha:g} % level)."
    return f"No difference is proven; what was seen fits anything from {signed_interval(d.interval)}."


def detectable_words(c: Comparison) -> str:
    """What a comparison like this one can see."""
    if math.isnan(c.detectable):
        return "" if c.n else "no samples"
    what = f"{100 * c.detectable:.1f} points" if _in_unit(c) else number(c.detectable)
    return f"With {count(c.n, 'sample')} like these a true difference of {what} is found 4 times in 5."


def _in_unit(c: Comparison) -> bool:
    return all(0 <= estimate.value <= 1 for estimate in (c.estimate_a, c.estimate_b)) and c.is_binary


def _flip_lines(c: Comparison, *, texts_follow: bool) -> Iterator[str]:
    n_same = c.n - len(c.rose) - len(c.fell)
    up, down = flip_words(c)
    yield f"{len(c.rose):,} {up}, {len(c.fell):,} {down}, {n_same:,} stayed"
    if len(c.fell):
        yield f"{down}: {_short_ids(c.ids(c.fell[:N_IDS]))}{' ...' if len(c.fell) > N_IDS else ''}"
    if len(c.rose):
        yield f"{up}: {_short_ids(c.ids(c.rose[:N_IDS]))}{' ...' if len(c.rose) > N_IDS else ''}"
    if len(c.fell) + len(c.rose) and not texts_follow:
        yield "their texts: --flips"


def flip_words(c: Comparison) -> tuple[str, str]:
    """What became of samples whose score went up, and down."""
    return ("became right", "became wrong") if c.is_binary else ("rose", "fell")


def _short_ids(ids: Sequence[str]) -> str:
    """`gsm8k.test.88, .143, .201`: what they all begin with is said once."""
    first, *rest = [printable(name).replace("\n", " ") for name in ids]
    stem = first.rpartition(".")[0]
    return ", ".join(
        [first, *(name.removeprefix(stem) if stem and name.startswith(f"{stem}.") else name for name in rest)]
    )


def _group_hint(c: Comparison) -> Iterator[str]:
    if not c.groups:
        return
    proven = [group for group in c.groups if group.p_corrected <= c.alpha]
    keys = ", ".join(dict.fromkeys(group.key for group in c.groups))
    said = ", ".join(f"{printable(group.name)} {signed(group.difference.value)}" for group in proven[:3])
    examples = f" ({said})" if said else ""
    yield f"by {keys}: {len(proven)} of {len(c.groups)} groups differ, corrected{examples}   --groups"


def _group_lines(c: Comparison) -> Iterator[str]:
    if not c.groups:
        yield "the samples carry no group labels (category, subject, language ...)"
        return
    width = min(18, max(len(printable(group.name)) for group in c.groups))
    for key in dict.fromkeys(group.key for group in c.groups):
        level = f"{100 * (1 - c.alpha):g} % interval"
        yield f"{key:<{width}}  {'before':>6}  {'after':>6}  {'diff':>6}  {level:<16}  {'p':<8}  n"
        rows = [group for group in c.groups if group.key == key]
        yield from (_group_line(group, width) for group in rows[:N_GROUPS])
        if len(rows) > N_GROUPS:
            yield f"({len(rows) - N_GROUPS} more: --json)"
    yield f"(p: {c.family})"


def _group_line(group: GroupDifference, width: int) -> str:
    d = group.difference
    name = printable(group.name).replace("\n", " ")
    name = name if len(name) <= width else f"{name[: width - 1]}…"
    return (
        f"{name:<{width}}  {number(d.mean_b):>6}  {number(d.mean_a):>6}  {signed(d.value):>6}  "
        f"{signed_interval(d.interval):<16}  {p_value(group.p_corrected):<8}  {d.n:,}"
    ).rstrip()


def several_text(s: Several, names: Sequence[str]) -> str:
    """Three runs or more, best first, at most 80 columns wide."""
    order = ranked(s)
    evals = ", ".join(dict.fromkeys(run.facts.eval_name for run in s.runs))
    sections = [
        [*_wrapped(f"{len(s.runs)} runs of {evals}: {count(s.n, 'sample')} in all of them"), *legend(s.runs, names)],
        [f"  {line}" for line in _ranking_lines(s, names, order)],
        [f"  {line}" for line in _matrix_lines(s, names, order)],
        [f"  {line}" for line in _pair_lines(s, names, order)],
        [line for note in s.notes for line in _indented(f"note: {note}")],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def ranked(s: Several) -> list[int]:
    """The runs from the best to the worst mean."""
    sign = -1 if s.runs[0].facts.higher_is_better else 1
    return sorted(range(len(s.runs)), key=lambda i: sign * s.estimates[i].value)


def rank_text(s: Several, i: int) -> str:
    rank = s.ranks[i]
    return str(rank.best) if rank.best == rank.worst else f"{rank.best}-{rank.worst}"


def directed(s: Several, i: int, j: int) -> tuple[float, Interval, float]:
    """Run i minus run j: difference, interval, corrected p-value."""
    pair = s.pair(min(i, j), max(i, j))
    d = pair.difference
    if pair.j == i:
        return d.value, d.interval, pair.p_corrected
    flipped = Interval(-d.interval.high, -d.interval.low, d.interval.confidence)
    return -d.value, flipped, pair.p_corrected


def _ranking_lines(s: Several, names: Sequence[str], order: Sequence[int]) -> Iterator[str]:
    width = max(3, *(len(name) for name in names))
    yield f"rank  {'run':<{width}}  {report_name(s.runs[0].metric):>8}  {100 * (1 - s.alpha):g} % interval       n"
    for i in order:
        e: Estimate = s.estimates[i]
        yield f"{rank_text(s, i):<4}  {names[i]:<{width}}  {number(e.value):>8}  {interval(e.interval):<18}  {s.n:,}"
    yield f"(ranks: all that no corrected test excludes, jointly at {100 * (1 - s.alpha):g} %)"


def _matrix_lines(s: Several, names: Sequence[str], order: Sequence[int]) -> Iterator[str]:
    width = max(len(name) for name in names)
    cell = min(max(width, 7), (WIDTH - 3 - width) // len(order) - 1)
    if cell < 7:
        return
    yield f"{'':<{width}} " + "".join(f" {names[j][:cell]:>{cell}}" for j in order)
    for i in order:
        cells = [_cell(s, i, j) for j in order]
        yield (f"{names[i]:<{width}} " + "".join(f" {text:>{cell}}" for text in cells)).rstrip()
    yield f"(row minus column; * p <= {s.alpha:g}, {s.family})"


def _cell(s: Several, i: int, j: int) -> str:
    if i == j:
        return "."
    value, _, p = directed(s, i, j)
    return signed(value) + ("*" if p <= s.alpha else " ")


def _pair_lines(s: Several, names: Sequence[str], order: Sequence[int]) -> Iterator[str]:
    pairs = [(i, j) for at, i in enumerate(order) for j in order[at + 1 :]]
    width = max(len(f"{names[i]} - {names[j]}") for i, j in pairs)
    yield f"{'pair':<{width}}  {'diff':>7}  {100 * (1 - s.alpha):g} % interval       p, corrected"
    for i, j in pairs:
        value, bounds, p = directed(s, i, j)
        yield f"{f'{names[i]} - {names[j]}':<{width}}  {signed(value):>7}  {signed_interval(bounds):<18}  {p_value(p)}"


def count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def number(value: float) -> str:
    """Three decimals, one for large numbers, a dash for what is not defined."""
    if math.isnan(value):
        return "-"
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:,.1f}"


def signed(value: float) -> str:
    text = number(value)
    return text if text == "-" or value < 0 else f"+{text}"


def interval(bounds: Interval) -> str:
    return f"{number(bounds.low)} to {number(bounds.high)}" if bounds.defined else "not defined"


def signed_interval(bounds: Interval) -> str:
    return f"{signed(bounds.low)} to {signed(bounds.high)}" if bounds.defined else "not defined"


def p_value(p: float) -> str:
    if math.isnan(p):
        return "-"
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}" if p < 0.001 else f"{p:.3f}" if p < 0.9995 else "1"


def p_text(p: float) -> str:
    text = p_value(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _wrapped(text: str) -> list[str]:
    return [
        line for part in text.splitlines() for line in textwrap.wrap(printable(part), WIDTH, subsequent_indent="  ")
    ]


def _indented(text: str) -> list[str]:
    return textwrap.wrap(printable(text), WIDTH, initial_indent="  ", subsequent_indent="    ")
