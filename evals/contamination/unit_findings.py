"""What was found in one unit of the corpus, small enough to keep: counts, covered n-grams, the first matches."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

SUBSTRING, NGRAM = "substring", "ngram"
MAX_EXAMPLES = 3
"Matches of an item that are kept with their text, of each unit and in the end."


@dataclass(frozen=True)
class Example:
    """One place where the corpus holds a part of an item."""

    kind: str
    "`substring` if it holds one of the drawn substrings, else `ngram`."
    document: int
    "Number of the document in its file, from 0; in a unit's findings, in that unit."
    line: int | None
    "The line on which the document begins, from 1; None where the file has no lines."
    offset: int
    "Place of the match in the document, in characters."
    text: str
    "The matched text as the corpus has it, cut after 500 characters."
    before: str
    after: str
    path: str = ""
    "The file; empty in a unit's findings."


@dataclass
class ItemFindings:
    """What was found of one item."""

    substring_documents: dict[int, int] = field(default_factory=dict)
    "Documents by number of the substring."
    n_documents: int = 0
    "Documents with any of its substrings."
    n_gram_documents: int = 0
    "Documents with any of its n-grams."
    grams: set[int] = field(default_factory=set)
    "Numbers of its n-grams that were found."
    examples: list[Example] = field(default_factory=list)

    def wants_example(self, kind: str) -> bool:
        """Whether a further match of this kind would be kept: substrings push n-grams out."""
        kept = self.examples if kind == NGRAM else [one for one in self.examples if one.kind == SUBSTRING]
        return len(kept) < MAX_EXAMPLES

    def add_example(self, example: Example) -> None:
        """Keep a match, if it is wanted."""
        if self.wants_example(example.kind):
            self.examples.append(example)
            self.examples.sort(key=lambda one: one.kind != SUBSTRING)  # stable: the first ones stay first
            del self.examples[MAX_EXAMPLES:]


@dataclass
class UnitFindings:
    """What was found in a unit, by number of the item."""

    n_documents: int = 0
    n_broken: int = 0
    n_lines: int = 0
    items: dict[int, ItemFindings] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain values for a file."""
        items = {
            str(number): {**asdict(found), "grams": sorted(found.grams)} for number, found in sorted(self.items.items())
        }
        counts = {"n_documents": self.n_documents, "n_broken": self.n_broken, "n_lines": self.n_lines}
        return {**counts, "items": items}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> UnitFindings:
        """The findings that `as_json` wrote.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: the value is something else.
        """
        return cls(
            n_documents=int(value["n_documents"]),
            n_broken=int(value["n_broken"]),
            n_lines=int(value["n_lines"]),
            items={int(number): _item_findings(found) for number, found in value["items"].items()},
        )


def _item_findings(value: dict[str, Any]) -> ItemFindings:
    return ItemFindings(
        substring_documents={int(number): int(n) for number, n in value["substring_documents"].items()},
        n_documents=int(value["n_documents"]),
        n_gram_documents=int(value["n_gram_documents"]),
        grams=set(map(int, value["grams"])),
        examples=[Example(**example) for example in value["examples"]],
    )
