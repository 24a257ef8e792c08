"""A grader against people in the terminal: agreement, confusion, groups, scores beside each other, biases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evals.labelling.bias import Length, Position, SelfPreference
from evals.labelling.graded_record import GradedRecord
from evals.labelling.grader_check import Agreeing, GraderCheck, Scores
from evals.report.words import (
    INDENT,
    counted,
    distinct_in_columns,
    in_columns,
    indented,
    interval,
    number,
    one_line,
    signed,
    signed_interval,
    wrapped,
)
from evals.stats.estimate import Estimate

MOST_GROUPS = 20
NAME_WIDTH = 22
CHOICE_WIDTH = 14


def grader_text(
    record: GradedRecord,
    check: GraderCheck,
    position: Position | str,
    length: Length | str,
    preference: SelfPreference | str,
) -> str:
    """The whole text, at most 80 columns wide."""
    names = ", ".join(one_line(str(one.get("name"))) for one in record.graders) or "its grader"
    people = f"{len(check.consensus.raters)} people" if len(check.consensus.raters) > 1 else "one person"
    blocks = [
        wrapped(f"{one_line(record.eval_name)}, graded by {names}"),
        indented(
            f"{counted(check.n_labelled, 'label')} by {people}, {check.design}, of "
            f"{counted(len(record.samples), 'sample')}"
        ),
        _agreement(check),
        _confusion(check.confusion, record.choices),
        _table("by group", check.groups),
        _table("by grader", check.graders),
        _score_lines(check.scores),
        _bias_lines(position, length, preference),
        [line for note in check.notes for line in wrapped(f"note: {note}", INDENT, f"{INDENT}      ")],
    ]
    head, *rest = [lines for lines in blocks if lines]
    return "\n\n".join(["\n".join([*head, *rest[0]]), *("\n".join(lines) for lines in rest[1:])])


def _agreement(check: GraderCheck) -> list[str]:
    lines = [*_agreeing_lines("", check.overall)]
    people = check.consensus.agreement
    if people is not None:
        lines.append(_row("people's alpha", number(people.value), interval(people.interval), people.n))
    if check.n_unread:
        lines.append(f"{INDENT}{counted(check.n_unread, 'labelled sample')} without a readable verdict: not in these")
    return lines


def _agreeing_lines(name: str, found: Agreeing) -> list[str]:
    kappa = found.kappa
    return [
        _row(f"{name}agreement", number(found.rate.value), interval(found.rate.interval), found.rate.n),
        _row(f"{name}kappa", number(kappa.value), interval(kappa.interval), kappa.n),
    ]


def _row(name: str, value: str, ends: str, n: int) -> str:
    return f"{INDENT}{name:<{NAME_WIDTH}} {value:<7} 95 % interval {ends}   n = {n:,}"


def _confusion(counts: Mapping[tuple[str, str], int], order: Sequence[str]) -> list[str]:
    """People's labels as rows, the grader's choices as columns, in the order of the rubric."""
    place = {choice: number for number, choice in enumerate(order)}
    labels = sorted({label for label, _ in counts}, key=lambda one: (place.get(one, len(place)), one))
    choices = sorted({choice for _, choice in counts}, key=lambda one: (place.get(one, len(place)), one))
    names = distinct_in_columns(map(one_line, choices), CHOICE_WIDTH)
    shown = [names[one_line(choice)] for choice in choices]
    lines = [f"{INDENT}{'people / grader':<{NAME_WIDTH}} " + "  ".join(f"{name:>5}" for name in shown)]
    widths = [max(5, len(name)) for name in shown]
    for label in labels:
        cells = [f"{counts.get((label, choice), 0):>{width},}" for choice, width in zip(choices, widths, strict=True)]
        lines.append(f"{INDENT}{_name(label)} " + "  ".join(cells))
    return lines


def _name(name: str) -> str:
    return in_columns(one_line(name), NAME_WIDTH)


def _table(title: str, groups: Mapping[str, Agreeing]) -> list[str]:
    if not groups:
        return []
    lines = [f"{INDENT}{title:<{NAME_WIDTH}} {'agreement (95 %)':<22} {'kappa (95 %)':<23} {'n':>4}"]
    for name, found in list(groups.items())[:MOST_GROUPS]:
        rate = f"{number(found.rate.value)} ({interval(found.rate.interval)})"
        kappa = f"{number(found.kappa.value)} ({interval(found.kappa.interval)})"
        lines.append(f"{INDENT}{_name(name)} {rate:<22} {kappa:<23} {found.rate.n:>4,}")
    more = len(groups) - MOST_GROUPS
    return [*lines, *([f"{INDENT}and {more} more (--json shows all)"] if more > 0 else [])]


def _score_lines(scores: Scores) -> list[str]:
    if scores.naive is None:
        return []
    lines = [f"{INDENT}score", _estimate("  grader alone", scores.naive, "its errors are not in the interval")]
    if scores.labels_only is not None:
        lines.append(_estimate("  people alone", scores.labels_only))
    if scores.corrected is not None:
        found = scores.corrected
        said = f"{counted(found.n_unlabelled, 'more grade')}, weight {found.weight:.2f}"
        lines.append(_estimate("  corrected (PPI++)", found.corrected, said))
    if scores.stratified is not None:
        lines.append(_estimate("  weighted labels", scores.stratified))
    rates = scores.by_error_rates
    if rates is not None:
        said = f"sensitivity {number(rates.sensitivity)} ({rates.n_right:,}), specificity {number(rates.specificity)} "
        lines.append(_estimate("  by error rates", rates.corrected, f"{said}({rates.n_wrong:,})"))
    return lines


def _estimate(name: str, found: Estimate, more: str = "") -> str:
    row = _row(name, number(found.value), interval(found.interval), found.n)
    return row if not more else f"{row}\n{INDENT}{'':<{NAME_WIDTH}} {more}"


def _bias_lines(position: Position | str, length: Length | str, preference: SelfPreference | str) -> list[str]:
    return [
        f"{INDENT}bias (how much kinder than people)",
        *(_why("position", position) if isinstance(position, str) else _position_lines(position)),
        *(_why("length", length) if isinstance(length, str) else _length_lines(length)),
        *(_why("own family", preference) if isinstance(preference, str) else _family_lines(preference)),
    ]


def _why(name: str, why: str) -> Sequence[str]:
    return wrapped(why, f"{INDENT}{'  ' + name:<{NAME_WIDTH}} ", f"{INDENT}{'':<{NAME_WIDTH}} ")


def _position_lines(found: Position) -> list[str]:
    rate = found.inconsistent
    lines = [_row("  two orders differ", number(rate.value), interval(rate.interval), rate.n)]
    first = found.prefers_first
    if first is not None:
        lines.append(_row("  then prefers first", number(first.value), interval(first.interval), first.n))
    return lines


def _length_lines(found: Length) -> list[str]:
    one = found.difference
    row = _row("  longer answers", signed(one.value), signed_interval(one.interval), one.n_first + one.n_second)
    over = "first answers longer by over" if found.compares else "answers over"
    what = f"{over} {found.median_length:,.0f} characters ({one.n_first}) against {one.n_second:,} others"
    return [row, f"{INDENT}{'':<{NAME_WIDTH}} {what}"]


def _family_lines(found: SelfPreference) -> list[str]:
    one = found.difference
    row = _row("  own family", signed(one.value), signed_interval(one.interval), one.n_first + one.n_second)
    what = (
        f"answers of {one_line(found.own)} ({one.n_first}) against {one_line(', '.join(found.others))} ({one.n_second})"
    )
    return [row, *wrapped(what, f"{INDENT}{'':<{NAME_WIDTH}} ")]
