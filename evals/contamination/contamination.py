"""Which samples of an eval stand in a corpus: the findings of all units, put together."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from evals.contamination.corpus import Unit
from evals.contamination.items import Item, Rule
from evals.contamination.matching import Matcher
from evals.contamination.unit_findings import ItemFindings, UnitFindings

FREQUENT = 10
"Documents, or items, from which on a matched substring may be boilerplate: a stem that many questions share."


@dataclass(frozen=True)
class ItemReport:
    """What the corpus holds of one sample."""

    sample_id: str
    too_short: bool
    "Too short to judge: neither clean nor contaminated."
    findings: ItemFindings
    n_substrings: int
    coverage: float
    "Share of its words that stand in a 13-gram that was found; NaN where it has no 13-gram."
    only_frequent: bool
    "All of its substrings that were found may be boilerplate."
    row_id: str | None = None
    "The `id` that the row itself has."

    @property
    def has_substring(self) -> bool:
        return bool(self.findings.substring_documents)

    @property
    def has_gram(self) -> bool:
        return bool(self.findings.grams)


@dataclass(frozen=True)
class FrequentText:
    """A drawn substring that stands in many documents or in many items."""

    text: str
    "Normalised."
    n_documents: int
    n_items: int
    sample_id: str
    "The first item that it was drawn from."


@dataclass(frozen=True)
class Contamination:
    """The findings for an eval in a corpus."""

    eval_name: str
    rule: Rule
    fields: tuple[str, ...]
    items: tuple[ItemReport, ...]
    frequent: tuple[FrequentText, ...]
    "The most frequent ones first."
    n_samples: int
    "Of the eval; more than the items where only some were looked for."
    n_files: int
    n_documents: int
    n_bytes: int
    n_broken: int
    "Rows that were left out because they could not be read."

    def contaminated(self, by: str = "substring") -> list[ItemReport]:
        """The contaminated samples. by: `substring`, or `ngram` for those with any 13-gram."""
        return [item for item in self.items if (item.has_gram if by == "ngram" else item.has_substring)]

    def judged(self, by: str = "substring") -> list[ItemReport]:
        """The samples that are long enough to be judged by the rule."""
        if by == "ngram":
            return [item for item in self.items if item.coverage == item.coverage]
        return [item for item in self.items if not item.too_short]


def merged(units: Sequence[Unit], findings: Sequence[UnitFindings]) -> dict[int, ItemFindings]:
    """The findings of all items, by their numbers, in the order of the units; documents are counted by file."""
    found: dict[int, ItemFindings] = defaultdict(ItemFindings)
    path, n_documents, n_lines = None, 0, 0
    for unit, part in zip(units, findings, strict=True):
        if unit.path != path:
            path, n_documents, n_lines = unit.path, 0, 0
        for number, one in sorted(part.items.items()):
            _add(found[number], one, unit.path, n_documents, n_lines)
        n_documents += part.n_documents
        n_lines += part.n_lines
    return dict(found)


def _add(total: ItemFindings, one: ItemFindings, path: str, n_documents: int, n_lines: int) -> None:
    for number, n in one.substring_documents.items():
        total.substring_documents[number] = total.substring_documents.get(number, 0) + n
    total.n_documents += one.n_documents
    total.n_gram_documents += one.n_gram_documents
    total.grams |= one.grams
    for example in one.examples:
        line = None if example.line is None else example.line + n_lines
        total.add_example(replace(example, path=path, document=example.document + n_documents, line=line))


def item_reports(
    items: Sequence[Item], found: dict[int, ItemFindings], rule: Rule
) -> tuple[tuple[ItemReport, ...], tuple[FrequentText, ...]]:
    """A report for each item, and the substrings that may be boilerplate."""
    shared = _sharing(items, rule, found)
    frequent: dict[bytes, FrequentText] = {}
    reports = []
    for number, item in enumerate(items):
        findings = found.get(number, ItemFindings())
        rare = 0
        for which, n_documents in findings.substring_documents.items():
            part, start, end = item.substrings[which]
            text, n_items = item.parts[part].text[start:end], shared[number, which]
            if n_documents >= FREQUENT or n_items >= FREQUENT:
                frequent.setdefault(text, FrequentText(text.decode(), n_documents, n_items, item.sample_id))
            else:
                rare += 1
        only_frequent = bool(findings.substring_documents) and not rare
        reports.append(
            ItemReport(
                sample_id=item.sample_id,
                too_short=item.too_short,
                findings=findings,
                n_substrings=len(item.substrings),
                coverage=coverage(item, findings),
                only_frequent=only_frequent,
                row_id=item.row_id,
            )
        )
    by_number = sorted(frequent.values(), key=lambda one: (-one.n_documents, -one.n_items, one.text))
    return tuple(reports), tuple(by_number)


def _sharing(items: Sequence[Item], rule: Rule, found: Iterable[int]) -> dict[tuple[int, int], int]:
    """For each substring of the items that were found: how many items hold it."""
    chosen = sorted(found)
    holders: dict[tuple[int, int], set[int]] = defaultdict(set)
    if chosen:
        parts = [(number, part.text) for number, item in enumerate(items) for part in item.parts]
        ends = list(accumulate(len(text) + 1 for _, text in parts))
        matcher = Matcher([items[number] for number in chosen], rule)
        for match in matcher.matches(b"\x00".join(text for _, text in parts)):
            holder = parts[bisect_right(ends, match.start)][0]
            for which in match.substrings:
                holders[chosen[match.item], which].add(holder)
    return defaultdict(int, {key: len(held_by) for key, held_by in holders.items()})


def coverage(item: Item, findings: ItemFindings) -> float:
    """The share of an item's words that stand in an n-gram that was found; NaN without n-grams."""
    if not item.grams:
        return float("nan")
    covered: set[tuple[int, int]] = set()
    for number in findings.grams:
        part, start, end = item.grams[number]
        starts = item.parts[part].word_starts
        covered.update((part, index) for index in range(*starts.searchsorted([start, end]).tolist()))
    return len(covered) / item.n_words
