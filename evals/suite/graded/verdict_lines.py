"""Reads the choice that one line of a grader's answer states, and in which form it does."""

from __future__ import annotations

import enum
import re
import unicodedata
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from evals.suite.graded.verdict_labels import ABROAD, UNSPACED, VERDICT_NOUNS, is_verdict_label
from evals.suite.graded.verdict_scale import rating_pattern

_LATEX = re.compile(
    r"(?<![^\W_])_+|_+(?![^\W_])|\\(?:boxed|fbox|text|textbf|textit|mathbf|mathrm|bf|it)\b\s*|[{}$]|\\[()\[\]]"
)
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb\u300c\u300d\u300e\u300f\u2039\u203a", '"'),
        **dict.fromkeys("\u2018\u2019\u201a\u00b4", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u3010\u3011", '"'),
    }
)
_STATED = rf"(?:(?<![^\W_])(?:{VERDICT_NOUNS}|{ABROAD}|conclude)|{UNSPACED})"
_LINK = (
    r"(?:[^\w\n]*[:=>\u2192][^\w\n]*"
    r"|[^\w\n]*\s(?:is|was|be|that|(?:must|should|would|will|has to|can only)\s+be)\b[^\w\n]*"
    r"|\s(?:ist|lautet|est|es|\u00e8|\u00e9|is|\u00e4r|adalah)\b[^\w\n]*"
    r"|[\u306f\u304c\u662f\u4e3a][^\w\n]*)"
)
_ABOUT = r"(?:\s+(?:to|for|in|on|here|based|given|i|we)\b[^\n.:;!?]{0,80}?)?"
_NOUN = r"option|choice|response|assistant|model|output|reply|candidate|submission|completion|answer"
_FILLER = (
    r"(?:(?:therefore|thus|hence|clearly|then|simply|definitely|certainly|probably|(?:most\s+)?likely"
    rf"|{_NOUN}|an?|the)\b[\s\W]*)*"
)
_NEGATED = re.compile(
    r"(?:\b(?:not|nor|or|and|than|neither|never|either|instead of|cannot|without|isn't|no longer)|n't)"
    r"(?:\s+(?:a|an|the|be|clearly|really|simply|option|choice))*[\s\W]*$",
    re.IGNORECASE,
)
_ON = r"(?:(?![,;]|\b(?:so|therefore|thus|hence|but|because)\b).)*$"
"The rest of a clause."
_DOUBTED = re.compile(
    rf"\b(?:whether|if|unless|could|might|(?-i:may)|cannot|can not|unable|unsure|uncertain|unclear|would have)\b{_ON}"
    rf"|\b(?:can't|couldn't|wouldn't|don't|doesn't|didn't)\s+(?!help\b){_ON}"
    rf"|\bnot\s+(?:sure|certain|clear|enough|possible|call|say|give|rate|score|grade)\b{_ON}"
    rf"|\b(?:hard|difficult|impossible|wrong|incorrect|fail(?:s|ed)?)\s+to\b{_ON}"
    rf"|(?:\bif\b|\bhad\b|\bwere\b).*\bwould\b{_ON}",
    re.IGNORECASE,
)
"What stands before a choice that nobody states: a question, a doubt, a condition."
_SENTENCE_END = re.compile(r"(?:[.!?](?=[\s\"')])|[;\u3002])")
_END_TOKENS = re.compile(r"(?:<\|[^|<>]{1,40}\|>|</?s>|<(?:eos|end_of_turn)>)\s*$")
_LEADS_TO = re.compile(
    r"(?:[,:;.?!>=()\u2192\u3001\u3002\u9009\u62e9\u662f]|\s-+|'s\b|\b(?:is|be|so|therefore|thus|hence|choose|pick|select|give|say|with|as|option|choice"
    r"|conclude|am|verdict|answer|grade|rating|score|result|overall|clear|definite|strong|final|prefer|favou?r)"
    r"|\b(?:give|rate|score|grade)\b[^.:;!?]{0,40}\b(?:an?|at|as))[\s\W]*"
    rf"(?:(?:an?|the|{_NOUN})[\s\W]+){{0,2}}$",
    re.IGNORECASE,
)
_REASON = r"because|since|as|due|given"
_SUBJECT = "the|it|this|that|these|those|he|she|they|there|we|you|both|its|for|while|although|but|i"
_PRAISED = (
    r"(?:is|was|seems)\s+(?:clearly\s+|the\s+)*(?:correct|right|best|better|answer|winner)"
    r"|wins|out\s+of|points?|stars?"
)
_DETERMINERS = frozenset(("no", "some", "all", "any", "both", "more", "less"))
"Choices that begin a phrase: `Verdict: No errors.`"
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


class Form(enum.Enum):
    """How a line states a choice."""

    DECLARED = "the choice alone, or behind a label of the verdict"
    SAID = "in a sentence"
    FIELD = "behind a label of something else"


@dataclass(frozen=True)
class Reading:
    """What a line says."""

    choice: str | None
    "None for a line that states two choices."
    form: Form


def plain(line: str) -> str:
    """A line with the marks of all scripts as ASCII, without LaTeX around words and the token that ends a text."""
    line = _END_TOKENS.sub("", line)
    return _LATEX.sub("", unicodedata.normalize("NFKC", line.translate(_PLAIN)).translate(_PLAIN))


class LineReader:
    """How the lines of one rubric's grader are read. choices: those of the rubric.

    A choice is a whole word: `Nothing` is not No, and `Answer` is not A. Quotes, brackets, emphasis, boxes and the
    forms of other scripts are ignored, and so is case, unless two choices differ by it alone. A choice that is denied
    (`not Yes`), doubted (`whether it is Yes`), asked for (`Is it Yes?`) or one of a list (`A and B`) is not stated.
    """

    def __init__(self, choices: tuple[str, ...]) -> None:
        folded = [_folded(choice) for choice in choices]
        self._case_counts = len(set(folded)) < len(folded)
        self._named = {self._key(choice): choice for choice in choices}
        self._are_short = any(len(choice) <= 2 for choice in choices)
        is_scale = bool(choices) and all(map(str.isdecimal, choices))
        self._top = top = max(choices, key=int) if is_scale else None
        # Longer choices first: "Not sure" is not No, and "10" is not 1.
        words = [_word(choice, top) for choice in sorted(choices, key=len, reverse=True)]
        self._one = rf"(?P<choice>{'|'.join(words)})" if words else r"(?P<choice>(?!))"
        self._out_of = rf"(?:\s*/\s*|\s+(?i:out\s+of)\s+){top}(?!\d)" if is_scale else "(?!)"
        self._compile(re.RegexFlag(0) if self._case_counts else re.IGNORECASE)

    def _compile(self, flags: re.RegexFlag) -> None:
        one, out_of = self._one, self._out_of
        other = one.replace("?P<choice>", "?:")
        self._alone = re.compile(rf"[\W_]*{one}(?:{out_of})?(?:\u5206)?[\W_]*", flags)
        self._labelled = re.compile(
            r"[\W_]*(?P<label>[^\W_][^:=|?()\n]{0,60}?)[*_\"'\s]*(?:\([^()]*\))?[*_\"')\]\s]*(?:[:=|?\u2192]|\s-)[\W_]*"
            rf"(?i:{_FILLER}){one}(?:{out_of})?(?:\u5206)?",
            flags,
        )
        self._stated = re.compile(rf"(?i:{_STATED})(?i:{_ABOUT})[*_]*(?i:{_LINK})(?i:{_FILLER}){one}", flags)
        self._first = re.compile(
            rf"[\W_]*(?:(?i:{_NOUN})[\W_]+)?{one}(?:{out_of})?(?=[*_\"')\]]*(?:[.,:;!?)\]\"]|\s-|\s\((?i:not)\b|\s*$|\s*\u3002"
            rf"|\s+(?i:{_REASON}|{_SUBJECT}|{_PRAISED})\b))",
            flags,
        )
        self._any = re.compile(rf"{one}(?:{out_of})?", flags)
        rated = "(?!)" if self._top is None else rating_pattern(other, self._top)
        self._rated = re.compile(rf"{rated}{one}", re.IGNORECASE)
        self._listed = re.compile(
            rf"(?:{out_of})?[*_\"')\]]*\s*(?:,\s*(?:and|or)?|/|\b(?:and|or|nor)\b|&|[<>=]+)\s*[\W_]*{other}", flags
        )
        self._list_before = re.compile(
            rf"{other}[*_\"')\]]*\s*(?:,\s*(?:and|or)?|/|\b(?:and|or|nor)\b|&|[<>=]+)\s*[*_\"'(\[]*$", flags
        )
        self._marked = re.compile(rf"(?:\*\*|__|\"|`|<\w+>)\s*\(?{one}\)?[.!]?\s*(?:\*\*|__|\"|`|</\w+>)", flags)
        self._item = re.compile(rf"[\W_]*{one}[*_\"')\]]*[.):][*_]*\s+\S", flags)

    def read_whole(self, text: str) -> str | None:
        """The choice that a text is, decoration aside; None for any other text."""
        found = self._alone.fullmatch(" ".join(plain(text).split()))
        return None if found is None else self._name(found)

    def read(self, line: str, reasons_first: bool) -> Reading | None:
        """What a line says; None for one that states no choice. line: as `plain` makes it.

        These are tried in order: the choice is all of the line; it stands behind a label; behind a word such as `the
        verdict is`; at the start, or for reasons that come first at the end; it is the only choice that is bold or
        quoted.
        """
        alone = self._alone.fullmatch(line)
        if alone is not None:
            return None if line.rstrip("*_\"' ").endswith("?") else Reading(self._name(alone), Form.DECLARED)
        return self._behind_label(line, reasons_first) or self._in_sentence(line, reasons_first)

    def item_of(self, line: str) -> str | None:
        """The choice that begins a line as a number or letter of a list does: `1. ...`, `B) ...`; else None."""
        found = self._item.match(line) if self._are_short else None
        return self._name(found) if found is not None and len(found["choice"]) <= 2 else None

    def _behind_label(self, line: str, reasons_first: bool) -> Reading | None:
        found = self._labelled.match(line)
        if found is None or _is_asked(line, found.end()):
            return None
        if is_verdict_label(found["label"]) and self._is_whole(line, found):
            choice = self._name(found)
            goes_on = reasons_first and self._last_stated(line) not in (None, choice)
            return Reading(None, Form.SAID) if goes_on else Reading(choice, Form.DECLARED)
        is_all = re.search(r"[^\W_]", line[found.end() :]) is None
        return Reading(self._name(found), Form.FIELD) if is_all else None

    def _in_sentence(self, line: str, reasons_first: bool) -> Reading | None:
        stated = self._last_stated(line)
        start = self._at_start(line)
        if stated is not None:
            is_own_sentence = start is not None and re.match(r"[*_\"')\]]*[.!:]", line[start.end("choice") :])
            if start is not None and is_own_sentence and self._name(start) != stated:
                return Reading(None if reasons_first else self._name(start), Form.SAID)
            return Reading(stated, Form.SAID)
        rated = self._rating(line)
        if rated is not None:
            return Reading(rated, Form.SAID)
        ends = (self._at_end(line), None if start is None else self._name(start))
        for choice in ends if reasons_first else reversed(ends):
            if choice is not None:
                return Reading(choice, Form.SAID)
        marked = {self._name(found) for found in self._marked.finditer(line) if not self._is_denied(line, found)}
        return Reading(marked.pop(), Form.SAID) if len(marked) == 1 else None

    def _rating(self, line: str) -> str | None:
        """The last number that the line gives on the rubric's scale: `I'd give it 4 stars`."""
        for found in reversed([*self._rated.finditer(line)]):
            end = found.end("choice")
            if self._is_denied(line, found) or self._is_listed(line, end) or _is_asked(line, end):
                continue
            if not _is_doubted(line, found):
                return self._name(found)
        return None

    def _last_stated(self, line: str) -> str | None:
        for found in reversed([*self._stated.finditer(line)]):
            if self._is_whole(line, found) and not _is_asked(line, found.end()) and not _is_doubted(line, found):
                return self._name(found)
        return None

    def _name(self, found: re.Match[str]) -> str:
        return self._named[self._key(found["choice"])]

    def _key(self, text: str) -> str:
        return _spaced(text) if self._case_counts else _folded(text)

    def _at_start(self, line: str) -> re.Match[str] | None:
        found = self._first.match(line)
        if found is None or self._is_listed(line, found.end()) or _is_asked(line, found.end()):
            return None
        rest = line[found.end() :]
        if len(found["choice"]) == 1 and re.match(rf"\s+(?:{_SUBJECT})\b", rest, re.IGNORECASE):
            return None  # "A the ..." and "I this ..." are words
        if found["choice"] == "I" and re.match(r"[,\s]+\w", rest):
            return None
        if re.match(rf"\s+(?:{_PRAISED})\b", rest, re.IGNORECASE) and self._praises_another(rest, found):
            return None
        return found

    def _praises_another(self, rest: str, found: re.Match[str]) -> bool:
        """Whether what follows `A is better` has another choice that A is not compared with: `but B wins`."""
        others = (one for one in self._any.finditer(rest) if self._name(one) != self._name(found))
        compared = re.compile(rf"\b(?:than|over|not)\s+(?:(?:the|{_NOUN})\s+)*\W*$", re.IGNORECASE)
        return any(compared.search(rest, 0, other.start()) is None and other["choice"] != "a" for other in others)

    def _at_end(self, line: str) -> str | None:
        found = next(iter(deque(self._any.finditer(line), maxlen=1)), None)
        if found is None or re.search(r"[^\W_]", line[found.end() :]) or self._is_denied(line, found):
            return None
        if _is_asked(line, found.end()) or _is_doubted(line, found):
            return None
        before = self._list_before.search(line, 0, found.start())
        if before is not None and _folded(found["choice"]) not in _folded(before[0]).split():
            return None
        return self._name(found) if _LEADS_TO.search(line, 0, found.start()) else None

    def _is_denied(self, line: str, found: re.Match[str]) -> bool:
        return _NEGATED.search(line, 0, found.start("choice")) is not None

    def _is_listed(self, line: str, end: int) -> bool:
        """Whether another choice follows as in a list; the article of `B, a superset` is none."""
        listed = self._listed.match(line, end)
        return listed is not None and not (listed[0].endswith("a") and re.match(r"\s\w", line[listed.end() :]))

    def _is_whole(self, line: str, found: re.Match[str]) -> bool:
        """Whether a stated choice is no part of a phrase (`a superset`, `No doubt`) or of a list (`A or B`)."""
        end = found.end("choice")
        if self._is_listed(line, found.end()) or re.search(r"(?i)\bnot\b[\s\W]*$", line[: found.start("choice")]):
            return False
        choice = _folded(found["choice"])
        is_determiner = choice in _DETERMINERS
        if not is_determiner and (len(choice) > 1 or not choice.isalpha()):
            return True
        subject = rf"|{_SUBJECT}" if is_determiner else ""
        follows = rf"[*_]*(?:\s*$|[^\w\s]|\s+(?:{_REASON}|{_PRAISED}|and not|but{subject})\b|\s+[-(])"
        return re.match(follows, line[end:], re.IGNORECASE) is not None


def _is_asked(line: str, end: int) -> bool:
    """Whether a question ends behind a choice."""
    return re.match(r"[*_\"')\]]*\s*\?", line[end:]) is not None


def _is_doubted(line: str, found: re.Match[str]) -> bool:
    """Whether the sentence of a choice doubts it, asks for it or makes it depend on something."""
    start = found.start("choice")
    begin = max((end.end() for end in _sentence_ends(line, start)), default=0)
    after = _SENTENCE_END.split(line[found.end("choice") :])[0]
    if re.search(r"\bwould\b[^,;]*$", line[begin:start], re.I) and re.search(r"\b(?:if|had|were)\b", after, re.I):
        return True
    return _DOUBTED.search(line[begin:start]) is not None


def _sentence_ends(line: str, before: int) -> Iterator[re.Match[str]]:
    return _SENTENCE_END.finditer(line, 0, before)


def _folded(text: str) -> str:
    return _spaced(text).casefold()


def _spaced(text: str) -> str:
    """A text with one space between its words, and for underscores."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("_", " ").split()) or text


def _word(choice: str, top: str | None) -> str:
    """A pattern for a choice as a whole word; scripts without spaces between words need none around it.

    top: the highest number of a scale, which may follow behind `/`.
    """
    # NOT_ATTEMPTED is also "not attempted".
    parts = re.split(r"[\s_]+", unicodedata.normalize("NFKC", choice).strip("_ "))
    inner = r"[\s_]+".join(re.escape(part) for part in parts if part) or re.escape(choice)
    before = "" if _CJK.match(choice[:1]) else r"(?<![^\W_\u3040-\u30ff\u3400-\u9fff])(?<!\w')"
    after = "" if _CJK.match(choice[-1:]) else r"(?![^\W_\u3040-\u30ff\u3400-\u9fff])(?!'\w)(?!-[^\W\d_])"
    if choice[:1].isdigit():
        before += r"(?<![\d.,/-])(?:(?<!\bof )|(?<=score of )|(?<=rating of )|(?<=grade of )|(?<=mark of ))"
        before += r"(?<![<>]=)(?<![<>]= )(?<![\u2264\u2265])(?<![\u2264\u2265] )"
    if len(choice) == 1 and choice.isalpha():
        # B+ is another grade than B, C++ no option, and A>B a comparison.
        before += r"(?<![^\w</]\w[<>=])(?<![^\w</]\w>>)(?<![^\w</]\w<<)"
        after += r"(?!\+)(?![<>=]{1,2}\w(?!\w))"
    if choice[-1:].isdigit():
        after += r"(?![.,]\d)(?!\s*%)(?!\s*(?:-|\bto\b|\bor\b)\s*\d)"
        after += rf"(?!\s*(?:/|\bout\s+of\b)\s*(?!{top}(?!\d))\d)" if top is not None else ""
    return f"{before}{inner}{after}"
