"""What a corpus holds of an eval, and the scores with and without it, in the terminal."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from evals.contamination.clean_scores import CleanScores
from evals.contamination.contamination import Contamination, ItemReport
from evals.contamination.unit_findings import Example
from evals.report.words import WIDTH, counted, interval, number, one_line, printable, signed, signed_interval, wrapped
from evals.stats.estimate import Estimate, Interval
from evals.stats.proportions import modified_wilson_interval

NOT_APPLICABLE = "N/A"
MUCH = 0.8
"Share of a sample's words in 13-grams that were found, from which on most of it was seen."
MAX_ITEMS = 5
MAX_FREQUENT = 5
_QUOTED = 160
_NAME = 34
_PLACE: dict[str, Any] = {"initial_indent": "    ", "subsequent_indent": "    ", "break_on_hyphens": False}
"A path is broken only where it does not fit a line."


def contamination_text(
    found: Contamination, scores: Sequence[CleanScores], by: str, *, n_items: int = MAX_ITEMS
) -> str:
    """The findings and the scores, at most 80 columns wide. n_items: how many samples are shown with a match."""
    sections = [
        list(_heading(found)),
        list(_shares(found)),
        list(_items(found, by, n_items)),
        list(_frequent(found)),
        *(list(_scores(one)) for one in scores),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def size_text(n_bytes: int) -> str:
    """`5.2 GB`, `410 MB`, `12 kB`."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if n_bytes >= unit:
            return f"{n_bytes / unit:.3g} {name}"
    return counted(n_bytes, "byte")


def _heading(found: Contamination) -> Iterator[str]:
    rule = found.rule
    files = f"{counted(found.n_files, 'file')} ({size_text(found.n_bytes)}, {counted(found.n_documents, 'document')})"
    yield from wrapped(f"{found.eval_name} in {files}")
    looked = counted(len(found.items), "sample")
    if len(found.items) < found.n_samples:
        looked = f"{looked} drawn from {found.n_samples:,}"
    yield from wrapped(
        f"looked for {looked}, by {', '.join(found.fields) or 'no field'}: {counted(rule.n_substrings, 'substring')} "
        f"of {rule.length} letters and digits each, and all {rule.n_words}-grams",
        first="  ",
        rest="  ",
    )
    if found.n_broken:
        yield from wrapped(f"left out {counted(found.n_broken, 'row')} that cannot be read", first="  ")


def _shares(found: Contamination) -> Iterator[str]:
    n, words = found.rule.n_words, len(found.judged("ngram"))
    judged = len(found.judged())
    frequent = sum(item.only_frequent for item in found.contaminated())
    much = sum(item.coverage >= MUCH for item in found.judged("ngram"))
    yield f"  {'contaminated':<{_NAME}}{'share':>6}  {'95 % interval':<15}{'samples':>8} {'of':>7}"
    yield _share("a substring is found", len(found.contaminated()), judged)
    if frequent:
        yield _share("the same, frequent texts left out", len(found.contaminated()) - frequent, judged)
    yield _share(f"a {n}-gram is found", len(found.contaminated("ngram")), words)
    yield _share(f"{n}-grams cover {MUCH:.0%} of the words", much, words)
    short = sum(item.too_short for item in found.items)
    if short:
        text = f"{counted(short, 'sample')} with fewer than {found.rule.min_length} letters and digits: not judged"
        yield from wrapped(text, first="  ")


def _share(name: str, n_found: int, n: int) -> str:
    share = number(n_found / n) if n else NOT_APPLICABLE
    bounds = interval(modified_wilson_interval(n_found, n), missing="")
    return f"  {name:<{_NAME}}{share:>6}  {bounds:<15}{n_found:>8,} {n:>7,}"


def _items(found: Contamination, by: str, n_items: int) -> Iterator[str]:
    chosen = found.contaminated(by)
    for item in chosen[:n_items]:
        yield from _item(item)
    if len(chosen) > n_items:
        yield f"  {counted(len(chosen) - n_items, 'more sample')}: --json lists all, with their matches"


def _item(item: ItemReport) -> Iterator[str]:
    found = item.findings
    n = max(found.n_documents, found.n_gram_documents)
    yield from wrapped(f"{item.sample_id}, in {counted(n, 'document')}", first="  ", rest="    ")
    for example in found.examples[:1]:
        yield from textwrap.wrap(printable(_place(example)), WIDTH, **_PLACE)
        yield from wrapped(_quoted(example), first="      ", rest="      ")


def _place(example: Example) -> str:
    place = f"document {example.document + 1:,}" if example.line is None else f"{example.line}"
    file = f"{example.path}:{place}" if example.line is not None else f"{example.path}, {place}"
    return f"{file}, character {example.offset + 1:,}"


def _quoted(example: Example) -> str:
    text = one_line(example.text)
    text = text if len(text) <= _QUOTED else f"{text[:_QUOTED]} ..."
    return f"... {one_line(example.before)[-30:]}[{text}]{one_line(example.after)[:30]} ..."


def _frequent(found: Contamination) -> Iterator[str]:
    if not found.frequent:
        return
    yield "  frequent texts: in many documents or samples, so they may be boilerplate"
    for text in found.frequent[:MAX_FREQUENT]:
        places = f"{counted(text.n_documents, 'document')}, {counted(text.n_items, 'sample')}"
        yield from wrapped(f"{places}: {printable(text.text)}", first="    ")
    if len(found.frequent) > MAX_FREQUENT:
        yield f"    {len(found.frequent) - MAX_FREQUENT:,} more: --json lists all"


def _scores(one: CleanScores) -> Iterator[str]:
    yield from wrapped(f"scores of {one.path} ({one.metric})")
    yield f"  {'':<{_NAME}}{'score':>6}  {'95 % interval':<16}  {'n':>7}"
    for name, part in (("all", one.all), ("clean", one.clean), ("contaminated", one.contaminated)):
        yield _score(name, part)
    d = one.difference
    yield _line("clean - contaminated", d.value, d.interval, f"{d.n_first:,} + {d.n_second:,}")
    yield _line("degradation, (clean - all) / all", one.degradation, one.degradation_interval, "")
    if one.n_unjudged:
        yield from wrapped(f"{counted(one.n_unjudged, 'sample')} too short to judge: in `all` alone", first="  ")
    if one.n_unscored:
        yield from wrapped(f"{counted(one.n_unscored, 'sample')} without a score in this record", first="  ")
    if one.against is not None:
        yield from _against(one)


def _against(one: CleanScores) -> Iterator[str]:
    a = one.against
    assert a is not None
    d = a.difference
    yield from wrapped(f"against {a.path}, sample by sample", first="  ")
    yield _line("  gain on clean samples", a.gain_clean, None, f"{d.n_first:,}")
    yield _line("  gain on contaminated samples", a.gain_contaminated, None, f"{d.n_second:,}")
    yield _line("  clean - contaminated", d.value, d.interval, f"{d.n_first:,} + {d.n_second:,}")


def _score(name: str, part: Estimate) -> str:
    value = NOT_APPLICABLE if math.isnan(part.value) else number(part.value)
    return f"  {name:<{_NAME}}{value:>6}  {interval(part.interval, missing=''):<16}  {part.n:>7,}"


def _line(name: str, value: float, bounds: Interval | None, n: str) -> str:
    text = NOT_APPLICABLE if math.isnan(value) else signed(value)
    ends = "" if bounds is None else signed_interval(bounds, missing="")
    return f"  {name:<{_NAME}}{text:>6}  {ends:<16}  {n:>7}".rstrip()
