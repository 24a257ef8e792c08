"""Marks replies to questions that a program can mark: the answer is read, and becomes a status. Pure functions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from evals.exams.answer_keys import exact_number
from evals.exams.items import BLANK_MARKER, Item, Numeric
from evals.exams.marking import Mark, share_of_letters, share_of_order, share_of_pairs
from evals.exams.paper import Prompt
from evals.suite.answers.answer_places import after_phrases
from evals.suite.answers.answer_rules import LastLineRule, NumberRule
from evals.suite.answers.letter_rule import ANSWER_PHRASES, LetterRule
from evals.suite.answers.numbers import Number, numbers_in, plain, to_number
from evals.suite.answers.same_answer import same_text, undressed
from evals.suite.answers.several_letters import LettersRule

_BRACKET = re.compile(r"\W{0,3}\[([^\[\]\n]{0,200})(?:\]|\Z)")
"The bracket may be left open: requests stop at `]`."
_SEVERAL = re.compile(r"\b(?:or|and|to|oder|und|bis|ou|et|y|o)\b|[;,]\s|\d\s?[-\u2013\u2014]\s?\d", re.IGNORECASE)
_SPACED_GROUPS = re.compile(r"(?<![\d.,/ ])\d{1,3}(?: \d{3})+(?![\d/])")
"`12 500`: in a stated answer, which is short, groups and not two numbers."
_LONE_LETTER = re.compile(r"[\W_]{0,6}([A-Z])(?=[)\].,:*]|\s*$)")
_JOINING = frozenset({"and", "then", "before", "finally", "first", "next", "last", "lastly", "order", "is", "the"})


def answer_phrases(prompt: Prompt) -> tuple[str, ...]:
    """The phrases behind which replies to a prompt state their answer: the prompt's own, and the usual ones."""
    before = prompt.answer.partition("{answer}")[0].strip(" [(\"'`*\n")
    return tuple(dict.fromkeys(filter(None, (before.rpartition("\n")[2].strip(), *ANSWER_PHRASES))))


def mark_reply(item: Item, reply: str, phrases: Sequence[str] = ANSWER_PHRASES) -> Mark:
    """The mark of a reply to an item of MARKED_BY_RULE.

    An answer in square brackets behind the last of `phrases` is the answer, whatever else the reply holds. Without
    one, the rules of `evals.suite.answers` find it. `[blank]` there, or as the whole reply, is a blank. A reply
    without an answer of the kind is `invalid`: no letter of an option, no number, a number that does not fit the grid.

    Raises:
        KeyError: the kind is marked by graders or by tests.
    """
    read = _READERS[item.kind]
    stated = stated_answer(reply, phrases)
    if _is_blank(reply if stated is None else f"[{stated}]", item):
        return Mark("blank", picked=BLANK_MARKER)
    return read(item, reply if stated is None else stated, () if stated is not None else tuple(phrases))


def _is_blank(text: str, item: Item) -> bool:
    """Whether a text is the marker; the word alone too, where the prompt has opened the bracket."""
    bare = text.strip(" \n*_`.").lower()
    return bare == BLANK_MARKER or (item.kind != "short" and bare.strip("[]") == BLANK_MARKER.strip("[]"))


def stated_answer(reply: str, phrases: Sequence[str]) -> str | None:
    """What stands in square brackets behind the last of `phrases`, or is the whole reply; None without that."""
    rest = next(iter(after_phrases(reply, phrases)), None)
    found = None if rest is None else _BRACKET.match(rest)
    whole = _BRACKET.match(reply.strip())
    if found is None and whole is not None and not reply.strip()[whole.end() :].strip(" ."):
        found = whole
    return None if found is None else found[1].strip()


def _mcq(item: Item, text: str, phrases: Sequence[str]) -> Mark:
    rest = next(iter(after_phrases(text, phrases)), text if len(text) < 10 else "")
    lone = _LONE_LETTER.match(rest)
    if lone and lone[1] not in item.options:
        return Mark("invalid", picked=lone[1])
    letter = LetterRule("".join(item.options), phrases, tuple(item.options.values())).extract(text)
    if letter is None:
        return Mark("invalid")
    return Mark.of_share(share_of_letters(item, letter), letter)


def _mselect(item: Item, text: str, phrases: Sequence[str]) -> Mark:
    picked = LettersRule("".join(item.options), phrases).extract(text.upper() if not phrases else text)
    return Mark("invalid") if picked is None else Mark.of_share(share_of_letters(item, picked), picked)


def _order(item: Item, text: str, phrases: Sequence[str]) -> Mark:
    places = [*after_phrases(text, phrases), text.strip().rpartition("\n")[2], text]
    found = next(filter(None, (letters_in_order(place, item.options) for place in places)), ())
    if not found or len(set(found)) < len(found) or len(found) > len(item.key):
        return Mark("invalid", picked="".join(found) or None)
    return Mark.of_share(share_of_order(item, found), "".join(found))


def letters_in_order(text: str, letters: Mapping[str, str]) -> tuple[str, ...]:
    """The letters of a text that holds hardly anything else: `C, A, B`, `CAB`, `C > A > B`; () for other texts."""
    found: list[str] = []
    for word in re.findall(r"[^\W\d_]+", text):
        if set(word) <= set(letters) and len(set(word)) == len(word):
            found += word
        elif word.lower() not in _JOINING:
            return ()
    return tuple(found)


def _match(item: Item, text: str, phrases: Sequence[str]) -> Mark:
    behind = text
    for phrase in phrases:
        behind = min(behind, re.split(re.escape(phrase), text, flags=re.IGNORECASE)[-1], key=len)
    found = pairs_in(behind, item.left) or pairs_in(text, item.left)
    if not found or any(letter not in item.options for letter in found.values()):
        return Mark("invalid", picked=_pairs_text(found) or None)
    return Mark.of_share(share_of_pairs(item, found), _pairs_text(found))


def _pairs_text(pairs: Mapping[str, str]) -> str:
    return ", ".join(f"{name}-{letter}" for name, letter in pairs.items())


def pairs_in(text: str, names: Mapping[str, str]) -> dict[str, str]:
    """The letter behind each left-hand name: `1-B, 2: C`, `3 -> A`; the last one where a name appears twice."""
    pairs = {}
    for name in names:
        between = r"[\s.):=\-\u2013\u2192>(\[*]{1,6}"
        found = re.findall(rf"(?<!\w){re.escape(name)}{between}([A-Z])(?!\w)", text)
        if found:
            pairs[name] = found[-1]
    return pairs


def _numeric(item: Item, text: str, phrases: Sequence[str]) -> Mark:
    rule = item.numeric
    assert rule is not None
    if not phrases:
        text = _SPACED_GROUPS.sub(lambda match: match[0].replace(" ", ""), text)
    if not phrases and (several := _several_numbers(text)):
        near = all(any(_is_near(one.value, accepted, rule) for accepted in rule.accepted) for one in several)
        return Mark.of_share(1.0, text) if near else Mark("invalid", picked=text)
    number = NumberRule(phrases=phrases).extract(text)
    value = None if number is None else to_number(number)
    if number is None or value is None:
        return Mark("invalid")
    bare = number.strip()
    if rule.max_chars is not None and len(bare) > rule.max_chars:
        return Mark("invalid", picked=bare)
    if ("/" in bare and not rule.accept_fraction) or not _unit_fits(text, number, rule.unit):
        return Mark("wrong", picked=bare)
    return Mark.of_share(float(any(_is_near(value, accepted, rule) for accepted in rule.accepted)), bare)


def _several_numbers(text: str) -> list[Number]:
    """The numbers of a stated answer that holds more than one: `6 or 7`, `between 5 and 9`; else none."""
    numbers = list(numbers_in(text)) if _SEVERAL.search(text) and "=" not in text else []
    return numbers if len(numbers) > 1 else []


def _is_near(value: Fraction, accepted: str, rule: Numeric) -> bool:
    right = exact_number(accepted)
    assert right is not None
    allowed = max(Fraction(str(rule.tolerance.abs)), Fraction(str(rule.tolerance.rel)) * abs(right))
    return abs(value - right) <= allowed


def _unit_fits(text: str, number: str, unit: str | None) -> bool:
    """Whether an answer that is a number and a word has the unit of the question as that word. Sentences have none."""
    before, _, rest = plain(text).strip().partition(number)
    word = rest.strip(" .*$\\")
    if unit is None or not word or before.strip(" *$\\") or len(word.split()) > len(unit.split()):
        return True
    return word.casefold().lstrip("\u00b0") == unit.casefold().lstrip("\u00b0")


def _short(item: Item, text: str, phrases: Sequence[str]) -> Mark:
    rule = item.short
    assert rule is not None
    answer = LastLineRule(answer_phrases=phrases).extract(text) if phrases else undressed(text)
    if not answer:
        return Mark("invalid")
    bare = answer if rule.accents else without_accents(answer)
    if rule.pattern and re.fullmatch(rule.pattern, bare, 0 if rule.case else re.IGNORECASE):
        return Mark.of_share(1.0, answer)
    accepted = rule.accepted if rule.accents else [without_accents(one) for one in rule.accepted]
    return Mark.of_share(float(any(_same(bare, one, rule.case) for one in accepted)), answer)


def _same(answer: str, accepted: str, case: bool) -> bool:
    return same_text(answer, accepted) and (not case or _tidy(answer) == _tidy(accepted))


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", undressed(text)).split())


def without_accents(text: str) -> str:
    """The text with `é` as `e`; letters that are no base letter with a mark (`ø`) stay."""
    parts = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(one for one in parts if unicodedata.category(one) != "Mn"))


_READERS: dict[str, Callable[[Item, str, Sequence[str]], Mark]] = {
    "mcq": _mcq,
    "mselect": _mselect,
    "numeric": _numeric,
    "short": _short,
    "order": _order,
    "match": _match,
}
