"""Reads the verdict that a grader states: whole words, stated verdicts first, quotes, boxes and case ignored."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Sequence
from functools import lru_cache

from evals.suite.graded.grading import INVALID_STR

MAX_LINE = 2000
"How many characters of a line are read: the first ones, or where reasons come first the last ones."

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
_STATED = (
    r"(?:answer|verdict|conclusion|choice|decision|judge?ment|grade|rating|score|label|assessment|result|evaluation"
    r"|selection|option|conclude|\u7d50\u8ad6|\u5224\u5b9a|\u7b54\u3048|\u56de\u7b54|\u8a55\u4fa1|\u7ed3\u8bba|\u7b54\u6848)"
)
_LINK = (
    r"(?:[^\w\n]*[:=>\u2192][^\w\n]*"
    r"|[^\w\n]*\s(?:is|was|be|that|(?:must|should|would|will|has to|can only)\s+be)\b[^\w\n]*"
    r"|[\u306f\u304c\u662f\u4e3a][^\w\n]*)"
)
_ABOUT = r"(?:\s+(?:to|for|in|on|here|based|given|i|we)\b[^\n.:;!?]{0,80}?)?"
_FILLER = r"(?:(?:therefore|thus|hence|clearly|then|simply|definitely|option|choice|an?|the)\b[\s\W]*)*"
_NEGATED = re.compile(
    r"(?:\b(?:not|nor|or|and|than|neither|never|either|instead of|cannot|without|isn't|no longer)|n't)"
    r"(?:\s+(?:a|an|the|be|clearly|really|simply|option|choice))*[\s\W]*$",
    re.IGNORECASE,
)
_END_TOKENS = re.compile(r"(?:<\|[^|<>]{1,40}\|>|</?s>|<(?:eos|end_of_turn)>)\s*$")
_LEADS_TO = re.compile(
    r"(?:[,:;.?!>=()\u2192\u3001\u3002]|\s-+|'s\b|\b(?:is|be|so|therefore|thus|hence|choose|pick|select|give|say|with|as|option|choice|conclude|am"
    r"|verdict|answer|grade|rating|score|overall|clear|definite|strong|final))[\s\W]*(?:(?:a|an|the|option|choice)[\s\W]+)?$",
    re.IGNORECASE,
)
_REASON = r"because|since|as|due|given"
_SUBJECT = "the|it|this|that|these|those|he|she|they|there|we|you|both|its|for|while|although|but|i"
_PRAISED = r"(?:is|was|seems)\s+(?:clearly\s+|the\s+)*(?:correct|right|best|better|answer)|wins|out\s+of|points?|stars?"
_RATES = (
    r"(?:give[sn]?|gave|giving|award(?:s|ed|ing)?|assign(?:s|ed|ing)?|rat(?:e|es|ed|ing)|scor(?:e|es|ed|ing)|grad(?:e|es|ed|ing)"
    r"|deserves?|earns?|merits?|receives?)"
)
"Verbs of somebody who gives a number on a scale."
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def stated_choice(text: str, eval_type: str, choice_strings: Sequence[str]) -> str:
    """The choice that a grader's answer states; `__invalid__` if it states none.

    The first line that states a choice decides; if `eval_type` starts with `cot_classify`, the last one. Within a line
    these are tried in order: a line that is nothing but the choice; a choice behind a word such as `answer:` or
    `the verdict is`; a choice at the start, or for reasons that come first at the end; the only choice that is bold or
    quoted. A choice is a whole word: `Nothing` is not No, and `Answer` is not A. Quotes, brackets, emphasis, boxes and
    the forms of other scripts are ignored, and so is case, unless two choices differ by it alone. A choice that is
    denied (`not Yes`) or one of a list (`A and B`) is not stated.
    """
    reader = _reader(tuple(choice_strings))
    reasons_first = eval_type.startswith("cot_classify")
    part = slice(-MAX_LINE, None) if reasons_first else slice(MAX_LINE)
    lines = [" ".join(_plain(line[part]).split()) for line in text.splitlines() if line.strip()]
    for line in reversed(lines) if reasons_first else lines:
        choice = reader.read(line, reasons_first)
        if choice is not None:
            return choice
    return INVALID_STR


def _plain(line: str) -> str:
    """A line with the marks of all scripts as ASCII, without LaTeX around words and the token that ends a text."""
    line = _END_TOKENS.sub("", line)
    return _LATEX.sub("", unicodedata.normalize("NFKC", line.translate(_PLAIN)).translate(_PLAIN))


@lru_cache(maxsize=64)
def _reader(choices: tuple[str, ...]) -> _Reader:
    return _Reader(choices)


class _Reader:
    """How the lines of one rubric's grader are read. choices: those of the rubric."""

    def __init__(self, choices: tuple[str, ...]) -> None:
        folded = [_folded(choice) for choice in choices]
        self._case_counts = len(set(folded)) < len(folded)
        self._named = {choice if self._case_counts else _folded(choice): choice for choice in choices}
        flags = re.RegexFlag(0) if self._case_counts else re.IGNORECASE
        # Longer choices first: "Not sure" is not No, and "10" is not 1.
        words = [_word(choice) for choice in sorted(choices, key=len, reverse=True)]
        self._one = one = rf"(?P<choice>{'|'.join(words)})" if words else r"(?P<choice>(?!))"
        other = one.replace("?P<choice>", "?:")
        is_scale = bool(choices) and all(map(str.isdecimal, choices))
        out_of = rf"(?:\s*/\s*|\s+(?i:out\s+of)\s+){max(choices, key=int)}" if is_scale else ""
        self._alone = re.compile(rf"[\W_]*{one}(?:{out_of})?[\W_]*", flags)
        self._stated = re.compile(rf"(?<![^\W_])(?i:{_STATED})(?i:{_ABOUT})[*_]*(?i:{_LINK})(?i:{_FILLER}){one}", flags)
        self._first = re.compile(
            rf"[\W_]*(?:(?i:option|choice)[\W_]+)?{one}(?=[*_\"')\]]*(?:[.,:;!?)\]\"]|\s-|\s\((?i:not)\b|\s*$|\s*\u3002|\s+(?i:{_REASON}|{_SUBJECT}|{_PRAISED})\b))",
            flags,
        )
        self._rated = re.compile(
            _rating(one, max(choices, key=int)) if is_scale else r"(?P<choice>(?!))", re.IGNORECASE
        )
        self._any = re.compile(one, flags)
        self._listed = re.compile(rf"[*_\"')\]]*\s*(?:,\s*(?:and|or)?|/|\b(?:and|or|nor)\b|&)\s*[\W_]*{other}", flags)
        self._marked = re.compile(rf"(?:\*\*|__|\"|`|<\w+>)\s*\(?{one}\)?[.!]?\s*(?:\*\*|__|\"|`|</\w+>)", flags)

    def read(self, line: str, reasons_first: bool) -> str | None:
        """The choice that a line states; None without one."""
        alone = self._alone.fullmatch(line)
        if alone is not None:
            return self._name(alone)
        for found in reversed([*self._stated.finditer(line)]):
            if self._is_whole(line, found):
                return self._name(found)
        for found in reversed([*self._rated.finditer(line)]):
            if not self._is_denied(line, found) and not self._listed.match(line, found.end("choice")):
                return self._name(found)
        ways = (self._at_end, self._at_start) if reasons_first else (self._at_start, self._at_end)
        for way in ways:
            choice = way(line)
            if choice is not None:
                return choice
        marked = {self._name(found) for found in self._marked.finditer(line) if not self._is_denied(line, found)}
        return marked.pop() if len(marked) == 1 else None

    def _name(self, found: re.Match[str]) -> str:
        text = found["choice"]
        return self._named[text if self._case_counts else _folded(text)]

    def _at_start(self, line: str) -> str | None:
        found = self._first.match(line)
        if found is None or self._listed.match(line, found.end()):
            return None
        rest = line[found.end() :]
        if len(found["choice"]) == 1 and re.match(rf"\s+(?:{_SUBJECT})\b", rest, re.IGNORECASE):
            return None  # "A the ..." and "I this ..." are words
        if found["choice"] == "I" and re.match(r"[,\s]+\w", rest):
            return None
        return self._name(found)

    def _at_end(self, line: str) -> str | None:
        found = next(iter(deque(self._any.finditer(line), maxlen=1)), None)
        if found is None or re.search(r"[^\W_]", line[found.end() :]) or self._is_denied(line, found):
            return None
        return self._name(found) if _LEADS_TO.search(line, 0, found.start()) else None

    def _is_denied(self, line: str, found: re.Match[str]) -> bool:
        return _NEGATED.search(line, 0, found.start("choice")) is not None

    def _is_whole(self, line: str, found: re.Match[str]) -> bool:
        """Whether a stated choice is no part of a phrase (`a superset`, `No doubt`) or of a list (`A or B`)."""
        end = found.end("choice")
        if self._listed.match(line, end) or re.search(r"(?i)\bnot\b[\s\W]*$", line[: found.start("choice")]):
            return False
        if len(found["choice"]) > 1 or not found["choice"].isalpha():
            return True
        return (
            re.match(rf"[*_]*(?:\s*$|[^\w\s]|\s+(?:{_REASON}|{_PRAISED}|and not|but)\b|\s+-)", line[end:], re.I)
            is not None
        )


def _rating(one: str, highest: str) -> str:
    """A pattern for a number on a scale: behind a verb (`I'd give it a 4 because`), or before `stars` or `/5`."""
    out_of = rf"\s*(?:/\s*{highest}|(?:stars?\s+)?out\s+of\s+{highest})(?![\d.,]*\d|\s+of\b)"
    ends = (
        rf"(?:{out_of}|[\s-]*(?:stars?|points?)\b)?(?=[\s\W_]*$|[*_\"')\]]*[.,:;!?](?!\d)|\s+(?:{_REASON}|for|but|-)\b)"
    )
    # The choice is a group of a name, which may stand once: both places are look-aheads before it.
    number = one.replace("?P<choice>", "?:")
    behind_verb = rf"\b(?:{_RATES}\b[^\n.:;!?]{{0,60}}?|(?:score|rating|grade|mark)\s+of\s+)(?={number}{ends})"
    return rf"(?:{behind_verb}|(?={number}(?:{out_of}|\s*stars?\b))){one}"


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _word(choice: str) -> str:
    """A pattern for a choice as a whole word; scripts without spaces between words need none around it."""
    inner = r"\s+".join(map(re.escape, unicodedata.normalize("NFKC", choice).split())) or re.escape(choice)
    before = "" if _CJK.match(choice[:1]) else r"(?<![^\W_\u3040-\u30ff\u3400-\u9fff])(?<!\w')"
    after = "" if _CJK.match(choice[-1:]) else r"(?![^\W_\u3040-\u30ff\u3400-\u9fff])(?!'\w)(?!-[^\W\d_])"
    if choice[:1].isdigit():
        before += r"(?<![\d.,/-])(?:(?<!\bof )|(?<=score of )|(?<=rating of )|(?<=grade of )|(?<=mark of ))"
    if len(choice) == 1 and choice.isalpha():
        after += r"(?!\+)"  # B+ is another grade than B, and C++ no option
    if choice[-1:].isdigit():
        after += r"(?![.,]\d)"
    return f"{before}{inner}{after}"
