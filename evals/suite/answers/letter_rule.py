"""Finds the letter of the option that a completion chooses."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from evals.suite.answers.answer_places import MAX_MARKS, after_phrases, before_run_on, last_boxed
from evals.suite.answers.letter_items import (
    NO_LETTER,
    Bracketed,
    announces_list,
    begins_items,
    is_part_of_prose,
    option_of,
    states_others,
)
from evals.suite.answers.letter_languages import StatedAbroad
from evals.suite.answers.same_answer import straight_quotes

ANSWER_PHRASES = ("answer is", "answer:")
MAX_CHARS = 20_000
"How many characters at the end of a completion are searched, and as many at its start for a letter there."

_LATEX = re.compile(r"\\(?:text|textbf|textit|mathbf|mathrm|mathsf|mathit|bf|rm|it)\b\s*|[${}]|\\[()\[\],;!]")
_TAG = re.compile(r"</?\s*(?:answer|final_answer|choice|option|letter|response|output|solution)\s*>", re.IGNORECASE)
_LINE_MARK = re.compile(r"^[ \t]*(?:[#>]+[ \t]*|[-+\u2022][ \t]+)", re.MULTILINE)
_ANSWER_TAG = re.compile(r"<\s*(answer|final_answer|choice|option|letter)\s*>(.{0,400}?)</\s*\1\s*>", re.I | re.S)
_WORDS = (
    r"(?i:(?:therefore|thus|clearly|definitely|certainly|most likely|likely|probably|simply|indeed|then|the|letter"
    r"|option|choice|answer|number|correct|right|best|one|is|be|as"
    r"|i think|i believe|i would say|i'd say|it is|it's)\b\W{0,9}){0,6}"
)
_BEFORE = r"(?<![A-Za-z0-9'\u00c0-\u024f])(?<![A-Za-z0-9]-)"
_AFTER = r"(?![A-Za-z0-9\u00c0-\u024f]|'[A-Za-z]|\+\+|#|-[A-Za-z]|\.[A-Za-z]|[.,]\d)"
_RIGHT = r"(?i:correct|right|true|best|the answer|my answer|answer|yes|the one|\u2713|\u2714|\u2705)"
_IS = r"(?i:is|'s|was|are|be|(?:must|should|would|will|has to|can only|seems to|appears to) be|:|=|->|\u2192)"
_NOUN = r"(?i:answer|option|choice|selection|letter|solution|response|conclusion|verdict)"
_CHOOSE = (
    r"(?i:choose|chose|pick|picked|select|selected|choosing|go with|going with|went with|opt for|guess|say|vote for)"
)
_LOGIC = r"=~\u00ac+<>/|\\^&\u2283\u2227\u2228"
"Signs that make a formula of a lone letter: `~E`, `A =`."
_AND = r",|/|&|\+|\b(?:and|or)\b|[\u3001\u548c\u4e0e\u8207\u53ca\u8ddf\u6216\u3068\u53c8]"
"What joins several letters, also in Chinese and Japanese."
_CLOSES = re.compile(
    r"['\")\]]*\s*(?:[.:;!?)(\]}\n\u3000-\u9fff\uac00-\ud7af-]|</?[a-z|]|\Z|,(?!\s*I\b)"
    r"|(?i:because|since|as|for|is|was|which)\b)"
)
"What ends the word `A` as a letter: a mark, a tag, a sign of a script without spaces between words."
_CJK = (
    r"(?:\u7b54\u6848|\u9009\u9879|\u9078\u9805|\u7b54\u3048|\u56de\u7b54|\u6b63\u89e3|\u6b63\u786e|\u9078\u629e\u80a2"
    r"|\uc815\ub2f5|\ub2f5)[^A-Za-z0-9\n]{0,8}|[\u9009\u9078](?:\u62e9|\u64c7|\u629e)?\W{0,3}"
)


@dataclass(frozen=True)
class LetterRule:
    """The letter of a choice, one of `letters`.

    Places that state a letter are tried in order:

    1. the last `\\boxed{B}` or `<answer>B</answer>`, or a completion that is nothing but the letter;
    2. behind one of `answer_phrases`, from the last phrase back;
    3. a sentence: `the correct option is B`, `B is correct`, `I choose B`, `so B.`, `Option B.`, the last one; where
       there is none, one of another language (`Die richtige Antwort ist B.`);
    4. a last line that is nothing but a letter;
    5. the start of the completion, closed by `)`, `.`, `:` or `,` or alone on its line, unless a list of options
       begins there; then the last line that is nothing but a letter;
    6. the last letter in brackets that is neither denied nor one of several, no argument (`P(A)`), no item of a list.

    With `texts`, a letter before the whole text of its option counts too, and that text alone, behind the sentences.
    A phrase that says that no option is right (`The answer is none of the above`) ends the search.

    Brackets, quotes, emphasis, LaTeX and full-width forms are ignored. Small letters count where nothing but a letter
    can be meant. `A` and `I` in a sentence are words. Several letters (`A and C`) are no answer.
    """

    letters: str = "ABCDE"
    answer_phrases: Sequence[str] = ANSWER_PHRASES
    texts: Sequence[str] = ()
    "Of the options, in the order of the letters; empty where they are not known."

    def extract(self, completion: str) -> str | None:
        """The letter, in upper case; None if no place has one, or the first place that does has several."""
        read, completion = _reader(self.letters), before_run_on(completion)
        marked = _last_marked(completion)
        inside = None if marked is None else read.whole(_plain(marked))
        text = _plain(completion if len(completion) <= 2 * MAX_CHARS else completion[-MAX_CHARS:])
        found = inside or read.whole(text, is_all=True)
        if found is None:
            found = next(filter(None, (read.behind_phrase(text, rest) for rest in self._rests(text))), None)
        found = found or read.in_sentence(text)
        found = found or (option_of(text, self.letters, self.texts) if self.texts else None)
        found = found or read.elsewhere(_plain(completion[:MAX_CHARS]), text)
        return None if found == SEVERAL else found

    def _rests(self, text: str) -> Iterator[str]:
        return after_phrases(text, self.answer_phrases)

    def same(self, answer: str, ideal: str) -> bool:
        """Whether `ideal` is the same letter; `(b)` is B."""
        return answer == _bare(ideal)

    def usable(self, ideal: str) -> bool:
        """Whether `ideal` is one of `letters`, with or without brackets, in upper or lower case."""
        letter = _bare(ideal)
        return len(letter) == 1 and letter in self.letters

    def completion_for(self, ideal: str) -> str | None:
        """`ideal` itself."""
        return ideal


SEVERAL = "several"
"Stands for a place that names several letters."


def _bare(ideal: str) -> str:
    return ideal.strip("() ").upper()


def _last_marked(completion: str) -> str | None:
    """The content of the last box, else of the last `<answer>` tag."""
    boxed = last_boxed(completion)
    if boxed is not None or "<" not in completion:
        return boxed
    tags = deque(_ANSWER_TAG.finditer(completion[-MAX_CHARS:]), maxlen=1)
    return tags[0][2] if tags else None


def _plain(text: str) -> str:
    """The text without emphasis, LaTeX around words and tags, and with the forms of other scripts as ASCII."""
    text = re.sub("[\u2012-\u2015]", " - ", straight_quotes(unicodedata.normalize("NFKC", text)))
    text = _TAG.sub("\n", _LATEX.sub("", re.sub(r"\\(?:boxed|fbox)\b", "", text)))
    return _LINE_MARK.sub("", re.sub(r"[*_`]+", "", text)).strip()


@lru_cache(maxsize=64)
def _reader(letters: str) -> _Reader:
    return _Reader(letters)


class _Reader:
    """Reads letters out of plain text. letters: those of the options, in upper case."""

    def __init__(self, letters: str) -> None:
        self._letters = letters
        one = f"[{re.escape(letters)}]" if letters else "(?!)"
        either = f"(?i:{one})"
        self._whole = re.compile(
            rf"\W*(?i:(?:option|choice|answer|letter)\b\W*)?(?P<a>{either})(?P<end>\W*\Z|\s*[.):]\s+\S[^\n]*\Z)"
        )
        self._phrase = re.compile(rf"\W{{0,99}}{_WORDS}(?P<a>{_BEFORE}{either}){_AFTER}")
        letter = rf"(?P<a>{_BEFORE}{one}){_AFTER}"
        option = r"(?i:(?:option|choice|answer|letter|the)\W{1,9}){0,3}"
        self._sentences = [
            re.compile(
                rf"\b{_NOUN}\b(?:\s+(?i:here|to|for|of|in)\b[^\n.:;!?]{{0,60}}?)?\W{{0,9}}{_IS}\W{{0,9}}{_WORDS}{letter}"
            ),
            re.compile(rf"\b{_CHOOSE}\W{{1,9}}{option}{letter}"),
            re.compile(
                rf"{letter}['\")\]]*\s*(?:(?i:is|was|must be|would be|should be|seems|looks)\s+|[:=-]\s*)"
                rf"(?i:(?:therefore|thus|clearly|definitely|most|likely|probably|the|only|my|this|that|it|is)\s+)*{_RIGHT}(?!\w)"
            ),
            re.compile(
                r"\b(?i:so|therefore|thus|hence|it's|it is|must be|only|maybe|perhaps|probably)\b[\s,:]*"
                rf"{option}{letter}(?=['\")\]]*\s*(?:[.!?\n]|\Z))"
            ),
            re.compile(
                rf"(?:^|[.!?:\n]\s*)(?i:option|choice|answer|final answer|ans)\b[.\s:=(-]*{letter}"
                r"(?=['\")\]]*\s*(?:[.!:,\n]|\Z))"
            ),
            re.compile(
                r"\b(?i:matches|matching|corresponds to|corresponding to|leads to|gives|which is|which means)\b"
                rf"\W{{1,9}}{option}{letter}(?=['\")\]]*\s*(?:[.!\n]|\Z))"
            ),
            re.compile(
                rf"\b(?i:not)\W{{1,5}}{option}{one}\W{{1,5}}(?i:but)(?:\s+(?i:rather))?\W{{1,5}}{option}{letter}"
            ),
            re.compile(rf"(?:{_CJK}){letter}"),
            re.compile(rf":\W{{0,9}}{letter}[.!'\")\]\s]*\Z"),
        ]
        self._abroad = StatedAbroad(letters)
        self._introduced = re.compile(
            rf"\b(?i:is|are|be|was|were|follows|answer|option|statement|conclusion)\s*:\s*['\"(\[]*(?P<a>{one})(?P<end>[.)\]]+)"
            r"\s+(?=[^a-z\s])"
        )
        self._start = re.compile(
            rf"['\"(\[]*(?P<a>{one})(?:['\")\]]*\s*(?:[).:,]|\]|$)|\s*\n|\s+(?:[(-]|(?:because|since)\b))", re.MULTILINE
        )
        self._small_start = re.compile(rf"\(?(?P<a>{either})[).](?=\s)")
        self._item = re.compile(rf"\W*(?P<a>{one})\s*[).:-]")
        self._line = re.compile(rf"^[^\w\n{_LOGIC}]*(?:{option})(?P<a>{one})[^\w\n{_LOGIC}]*$", re.MULTILINE)
        self._items = re.compile(rf"^[^\w\n]*(?P<a>{one})\s*[).:]", re.MULTILINE)
        self._bracketed = Bracketed(letters)
        self._next = re.compile(rf"['\")\]\s]*(?:{_AND})\s*(?:and\b|or\b)?\W*{option}{one}{_AFTER}")

    def whole(self, text: str, *, is_all: bool = False) -> str | None:
        """The letter of a text that is nothing but an option: `b`, `(B)`, `Option B`, `B. Paris`.

        is_all: it is a whole completion, which may go on after `B. Paris`: that is read in other places.
        """
        found = self._whole.match(text)
        if found is None:
            return SEVERAL if self._is_list(text) else None
        is_bare = not found["end"].strip(" \n\t.)]}:!?'\",;")
        return found["a"].upper() if is_bare or not (found["a"].islower() or is_all) else None

    def behind_phrase(self, text: str, rest: str) -> str | None:
        """The letter at the start of `rest`, which follows an answer phrase in `text`; SEVERAL if it states none.

        Behind `The answer is not listed` a later sentence may still choose: `but the closest is (D)`.
        """
        if NO_LETTER.match(rest):
            after = text[max(0, text.rfind(rest)) :]
            return self.in_sentence(after) or self._in_brackets(after) or SEVERAL
        if states_others(rest, self._letters):
            return SEVERAL
        found = self._phrase.match(rest)
        return None if found is None else self._checked(rest, found)

    def in_sentence(self, text: str) -> str | None:
        """The letter of the last sentence that states one."""
        kinds = [deque(pattern.finditer(text), maxlen=MAX_MARKS) for pattern in self._sentences]
        hits = [hit for kind in kinds for hit in kind if not _is_weighed(hit, kind)]
        for found in sorted(hits, key=lambda hit: hit.end("a"), reverse=True):
            letter = self._checked(text, found)
            if letter is not None and not _is_denied(text, found.start()):
                return letter
        return self._introduced_by_colon(text) or self._abroad.find(text)

    def _introduced_by_colon(self, text: str) -> str | None:
        """The letter of the last `The best statement is: D. Prices rise`, unless a list of options begins there."""
        found = next(reversed(deque(self._introduced.finditer(text), maxlen=1)), None)
        if found is None or announces_list(text, found.start("a")):
            return None
        if begins_items(text[found.start("a") :], found["a"] + found["end"]):
            return None
        return found["a"]

    def elsewhere(self, head: str, text: str) -> str | None:
        """The letter of a last line, at the start, or in brackets."""
        lines = deque(self._line.finditer(text), maxlen=2)
        if len(lines) == 2 and not text[lines[0].end() : lines[1].start()].strip():
            lines.clear()  # a column of letters, as of a truth table
        if lines and self._ends_list(text, lines[-1]):
            lines.clear()
        if lines and not text[lines[-1].end() :].strip():
            return lines[-1]["a"]
        found = self._start.match(head) or self._small_start.match(head)
        if found is not None and not self._next.match(head, found.end("a")) and not self._begins_list(head, found):
            return found["a"].upper()
        if lines:
            return lines[-1]["a"]
        return self._in_brackets(text)

    def _in_brackets(self, text: str) -> str | None:
        for found in reversed(deque(self._bracketed.pattern.finditer(text), maxlen=MAX_MARKS)):
            joined = re.search(r"\b(?:and|or|nor|not|n't)\W*$", text[max(0, found.start() - 20) : found.start()], re.I)
            if not joined and not self._next.match(text, found.end()) and self._bracketed.is_chosen(text, found):
                return found["a"]
        return None

    def _ends_list(self, text: str, found: re.Match[str]) -> bool:
        """Whether a last line is an item whose text is missing (`H.`), because a list was cut off there."""
        items = {item["a"] for item in self._items.finditer(text[: found.start()])}
        return chr(ord(found["a"]) - 1) in items and found["a"] not in items

    def _begins_list(self, head: str, found: re.Match[str]) -> bool:
        """Whether a list of options, reasons or parts begins here: the item after this one follows."""
        if begins_items(head, found[0] + head[found.end() : found.end() + 1]) or is_part_of_prose(head, found["a"]):
            return True
        following = head[found.end("a") :].partition("\n")[2].lstrip("\n ")
        after = self._item.match(following)
        return after is not None and self._letters.find(after["a"]) == self._letters.find(found["a"].upper()) + 1

    def _is_list(self, text: str) -> bool:
        """Whether a short text names several letters and nothing else: `A and C`, `B, D`."""
        if len(text) > 60:
            return False
        rest = re.sub(
            rf"(?i:\b(?:and|or|both|options?|choices?|answers?)\b)|(?<!\w)[{re.escape(self._letters)}](?!\w)", "", text
        )
        return not re.search(r"\w", rest) and len(re.findall(rf"(?<!\w)[{re.escape(self._letters)}](?!\w)", text)) > 1

    def _checked(self, text: str, found: re.Match[str]) -> str | None:
        """The letter of a match, unless it is a word of a sentence; SEVERAL if more letters follow."""
        letter, end = found["a"], found.end("a")
        if self._next.match(text, end):
            return SEVERAL
        after = text[end : end + 40]
        is_closed = _CLOSES.match(after)
        if not letter.islower() and letter not in "AI":
            return letter
        if letter.isupper() and letter == "I":
            is_closed = re.match(r"['\")\]]*\s*(?:[.:;!)\]\n]|\Z)|\s+(?:is|was)\b", after)
        elif letter.islower():
            is_closed = re.match(r"['\")\]]+|[.]?\s*(?:\n|\Z)|[.)]", after)
        return letter.upper() if is_closed else None


def _is_weighed(hit: re.Match[str], kind: Sequence[re.Match[str]]) -> bool:
    """Whether a sentence speaks of one option among others: `(A) is true ... (B) is true`, `Option A: .. Option B:`."""
    form = _form(hit)
    return form is not None and any(other["a"] != hit["a"] and _form(other) == form for other in kind)


def _form(hit: re.Match[str]) -> str | None:
    before, after = hit[0][: hit.start("a") - hit.start()], hit[0][hit.end("a") - hit.start() :]
    if after.lower().endswith("true"):
        return "true"
    return "option" if not after and re.fullmatch(r"\W*(?:option|choice)[.\s:=(-]*", before, re.IGNORECASE) else None


_DENIED = re.compile(
    r"\b(?:not|never|if|cannot|whether|wouldn't|don't|neither|nor|each|every)\b[^.;\n]{0,12}$", re.IGNORECASE
)


def _is_denied(text: str, start: int) -> bool:
    return _DENIED.search(text[max(0, start - 30) : start]) is not None
