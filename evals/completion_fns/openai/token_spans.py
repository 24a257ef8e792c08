"""Where each token of an echoed text lies in it, told from the tokens: the offsets of servers are not trusted.

vLLM counts the begin token in its offsets while the text lacks it, parts of a character come in several notations, and
some servers name tokens by their entry in the vocabulary (`\u0120the`) or without the space before them.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Sequence

Span = tuple[int, int]
"Begin and end of a token in the bytes of a text in UTF-8."

_MARK = re.compile(r"<[^<>\s]+>|\[[A-Z]+\]|<\|[^<>]+\|>|<\uff5c[^<>]+\uff5c>")
"How tokens are named that stand for no text: `<s>`, `<|begin_of_text|>`, `[CLS]`."
_BYTES = re.compile(r"(?:bytes:)?((?:\\x[0-9a-fA-F]{2})+)|<0x([0-9A-Fa-f]{2})>")
_LOST = 3
"Bytes of a character that may lie in a token whose text does not show them; the fourth is shown by another one."


def byte_length(text: str) -> int:
    """The length of a text in the unit of spans."""
    return len(_utf8(text))


def spans_of(tokens: Sequence[str], text: str) -> list[Span] | None:
    """The span of each token in `text`; None where the tokens are not those of this text.

    Begin and end tokens that the text lacks have an empty span at its ends. Tokens beyond the text, which were
    generated, begin at its end. A token without text of its own, as the first part of a character often is, reaches to
    the end of the token after it.
    """
    data = _utf8(text)
    joined = "".join(tokens)
    if joined.startswith(text):
        return _one_after_another(tokens)
    for is_loose in (False, True):
        places = _places(tokens, data, is_loose)
        if places is not None:
            return _filled(tokens, list(itertools.pairwise(places)), len(data))
    return None


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _one_after_another(tokens: Sequence[str]) -> list[Span]:
    spans, place = [], 0
    for token in tokens:
        end = place + byte_length(token)
        spans.append((place, end))
        place = end
    return _filled(tokens, spans, place)


def _places(tokens: Sequence[str], data: bytes, is_loose: bool) -> list[int] | None:
    """The borders between the tokens, one more than there are tokens; None where no way leads through the text.

    All borders that are possible are followed at the same time. There is nearly always one.
    """
    reached: list[dict[int, int]] = [{0: -1}]
    for token in tokens:
        after: dict[int, int] = {}
        for place in sorted(reached[-1]):
            for width in _widths(token, data, place, is_loose):
                # Of two ways to a border the one with the later border before it: an early token takes all it can.
                after[place + width] = place
        if not after:
            return None
        reached.append(after)
    if len(data) not in reached[-1]:
        return None
    places = [len(data)]
    for before in reversed(reached[1:]):
        places.append(before[places[-1]])
    return places[::-1]


def _widths(token: str, data: bytes, place: int, is_loose: bool) -> Iterator[int]:
    """How many bytes of the text from `place` on the token may be."""
    if place == len(data):
        yield 0
        return
    forms = _forms(token)
    exact = next((form for form in forms if form and data.startswith(form, place)), None)
    if exact is not None:
        yield len(exact)
    if not forms[0] or (place == 0 and _MARK.fullmatch(token)):
        yield 0
    if place == 0:
        # The space that some tokenizers put before a text.
        yield from (len(form) - 1 for form in forms if len(form) > 1 and form[:1] == b" " and data.startswith(form[1:]))
    if exact is None:
        yield from _widths_of_damaged(token, forms[0], data, place, is_loose)


def _widths_of_damaged(token: str, form: bytes, data: bytes, place: int, is_loose: bool) -> Iterator[int]:
    """The same for a token that lost its space, or parts of a character, when it was turned into text."""
    if form and data[place : place + 1] == b" " and data.startswith(form, place + 1):
        yield 1 + len(form)
    if "\ufffd" in token:
        pattern = _with_unknown_bytes(token)
        for width in range(1, len(form) + 4 * token.count("\ufffd") + 1):
            if pattern.fullmatch(data, place, min(place + width, len(data))):
                yield width
    if is_loose:
        for before in range(_lost_from(data, place) + 1):
            if data.startswith(form, place + before):
                begin = place + before + len(form)
                yield from (before + len(form) + after for after in range(_lost_from(data, begin) + 1))


def _lost_from(data: bytes, place: int) -> int:
    """How many bytes of a text from a place on may be parts of characters that no token shows."""
    n = 0
    while n < _LOST and data[place + n : place + n + 1] >= b"\x80":
        n += 1
    return n


@functools.lru_cache(maxsize=4096)
def _forms(token: str) -> tuple[bytes, ...]:
    """The bytes that a token may stand for, its own text first."""
    forms = [_utf8(token)]
    escaped = _BYTES.fullmatch(token)
    if escaped is not None:
        digits = re.findall("[0-9a-fA-F]{2}", escaped[1] or escaped[2])
        forms.append(bytes(int(pair, 16) for pair in digits))
    known = _bytes_of_letters()
    if all(letter in known for letter in token):
        forms.append(bytes(known[letter] for letter in token))
    if "\u2581" in token:
        forms.append(_utf8(token.replace("\u2581", " ")))
    return tuple(dict.fromkeys(forms))


@functools.lru_cache(maxsize=512)
def _with_unknown_bytes(token: str) -> re.Pattern[bytes]:
    parts = re.split("(\ufffd+)", token)
    return re.compile(
        b"".join(
            rb"[\x80-\xff]{1,%d}" % (4 * len(part)) if part[:1] == "\ufffd" else re.escape(_utf8(part))
            for part in parts
            if part
        ),
        re.DOTALL,
    )


@functools.lru_cache(maxsize=1)
def _bytes_of_letters() -> dict[str, int]:
    """The letters by which byte-level vocabularies write bytes: printable Latin-1 as itself, the others from U+0100."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + k): byte for k, byte in enumerate(others)}


def _filled(tokens: Sequence[str], spans: list[Span], n_bytes: int) -> list[Span]:
    """The spans, those of tokens without text up to the end of the next token that has some.

    Such a token is the first part of a character that another one completes: it belongs where that one does.
    """
    filled = list(spans)
    for k in range(len(spans) - 2, -1, -1):
        begin, end = spans[k]
        if begin == end < n_bytes and not (begin == 0 and _MARK.fullmatch(tokens[k])):
            filled[k] = (begin, filled[k + 1][1])
    return filled
