"""A comparison of two runs in the terminal: what was compared, scores, difference, flips, groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evals.comparison.compare import Comparison, GroupDifference
from evals.record.scores import report_name
from evals.report.comparison_words import (
    detectable_words,
    differs,
    estimate_interval,
    flip_words,
    head,
    method_text,
    verdict,
)
from evals.report.run_names import legend
from evals.report.words import (
    columns_of,
    distinct_in_columns,
    in_columns,
    indented,
    level_text,
    number,
    one_line,
    p_text,
    p_value,
    signed,
    signed_interval,
    wrapped,
)
from evals.report_keys import TOO_FEW

N_IDS = 5
"Ids of flipped samples that are shown without --flips."

N_GROUPS = 60
"Groups that are shown; --json has the others."


def comparison_text(c: Comparison, names: Sequence[str], *, groups: bool = False, flips: bool = False) -> str:
    """The comparison as text, at most 80 columns wide.

    names: of both runs. groups: show the table of groups. flips: the texts of flips follow, so do not point to them.
    """
    sections = [
        [*wrapped(head(c)), *(part for line in differs(c) for part in wrapped(line)), *legend([c.a, c.b], names)],
        [f"  {line}" for line in number_lines(c, names)],
        [*indented(verdict(c, names)), *indented(detectable_words(c))],
        [part for line in _flip_lines(c, texts_follow=flips) for part in indented(line)],
        [f"  {line}" for line in _group_lines(c)] if groups else [p for line in _group_hint(c) for p in indented(line)],
        [line for note in c.notes for line in indented(f"note: {note}")],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def number_lines(c: Comparison, names: Sequence[str]) -> list[str]:
    """A table of both runs and their difference, each with its interval and n."""
    width = max(10, *(len(name) for name in names))
    level = f"{level_text(1 - c.alpha)} interval"
    lines = [f"{report_name(c.b.metric):<{width}}  {'':<7}  {level:<18}  n"]
    for name, estimate in zip(names, (c.estimate_a, c.estimate_b), strict=True):
        bounds = f"{estimate_interval(estimate):<18}  {c.n:<6,}"
        lines.append(f"{name:<{width}}  {number(estimate.value):>7}  {bounds}  ({estimate.method})")
    d = c.difference
    lines.append(f"{'difference':<{width}}  {signed(d.value):>7}  {signed_interval(d.interval, TOO_FEW):<18}  {c.n:,}")
    if d.method != "none":
        lines.append(f"{'':<{width}}  paired, {p_text(d.p_value)}   {method_text(d)}")
    return lines


def _flip_lines(c: Comparison, *, texts_follow: bool) -> Iterator[str]:
    n_same = c.n - len(c.rose) - len(c.fell)
    up, down = flip_words(c)
    yield f"{len(c.rose):,} {up}, {len(c.fell):,} {down}, {n_same:,} stayed"
    if len(c.fell):
        yield f"{down}: {_short_ids(c.names(c.fell[:N_IDS]))}{' ...' if len(c.fell) > N_IDS else ''}"
    if len(c.rose):
        yield f"{up}: {_short_ids(c.names(c.rose[:N_IDS]))}{' ...' if len(c.rose) > N_IDS else ''}"
    if len(c.fell) + len(c.rose) and not texts_follow:
        yield "their texts: --flips"


def _short_ids(ids: Sequence[str]) -> str:
    """`gsm8k.test.88, .143, .201`: the common beginning of the ids stands once."""
    first, *rest = [one_line(name) for name in ids]
    stem = first.rpartition(".")[0]
    return ", ".join(
        [first, *(name.removeprefix(stem) if stem and name.startswith(f"{stem}.") else name for name in rest)]
    )


def _group_hint(c: Comparison) -> Iterator[str]:
    if not c.groups:
        return
    proven = [group for group in c.groups if group.p_corrected <= c.alpha]
    keys = ", ".join(dict.fromkeys(group.key for group in c.groups))
    said = ", ".join(f"{one_line(group.name)} {signed(group.difference.value)}" for group in proven[:3])
    examples = f" ({said})" if said else ""
    yield f"by {keys}: {len(proven)} of {len(c.groups)} groups differ, corrected{examples}   --groups"


def _group_lines(c: Comparison) -> Iterator[str]:
    if not c.groups:
        yield "the samples have no group labels (columns such as group, category, subject)"
        return
    width = min(18, max(columns_of(one_line(group.name)) for group in c.groups))
    for key in dict.fromkeys(group.key for group in c.groups):
        yield f"{report_name(c.b.metric)} by {key}"
        yield f"{'':<{width}}  {'before':>6}  {'after':>6}  {'diff':>6}  {'interval':<16}  {'p':<8}  n"
        rows = [group for group in c.groups if group.key == key]
        names = distinct_in_columns((one_line(group.name) for group in rows[:N_GROUPS]), width)
        yield from (group_line(group, width, names[one_line(group.name)]) for group in rows[:N_GROUPS])
        if len(rows) > N_GROUPS:
            yield f"({len(rows) - N_GROUPS} more: --json)"
    yield f"(intervals and p: {c.family}, at {level_text(1 - c.alpha)})"


def group_line(group: GroupDifference, width: int, name: str) -> str:
    """A row in the table of groups. name: of the group, as it is shown."""
    d, name = group.difference, in_columns(name, width)
    return (
        f"{name}  {number(d.mean_b):>6}  {number(d.mean_a):>6}  {signed(d.value):>6}  "
        f"{signed_interval(d.interval, TOO_FEW):<16}  {p_value(group.p_corrected):<8}  {d.n:,}"
    ).rstrip()
