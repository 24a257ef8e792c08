"""Splits the thoughts of a reasoning model from its answer, for servers that leave both in one text."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_NAME = (
    r"(?:[a-z]{1,8}:|longcat_)?(?:think(?:ing)?|thoughts?|reasoning|reflection|analysis|scratch_?pad|antthinking"
    r"|(?:inner|internal)_(?:thoughts?|monologue)|chain_of_thoughts?|cot)"
)
_MARK = (
    rf"(?i)(?P<empty><{_NAME}\s*/>)"
    rf"|(?P<open><\|?\s*{_NAME}(?:\s[^<>\n]{{0,80}})?\s*\|?>|<\|?(?:begin_of_|start_of_|start_|begin_){_NAME}\|?>"
    rf"|<\|?{_NAME}_(?:start|begin)\|?>|\u25c1{_NAME}\u25b7"
    r"|(?:<\|start\|>assistant)?<\|channel\|>(?:analysis|commentary)[^<>]{0,80}<\|message\|>"
    rf"|<\|channel>thought|<unused94>(?:thought)?|\[(?P<name>{_NAME})\])"
    rf"|(?P<close><\|?\s*/\s*{_NAME}\s*\|?>|<\|?(?:end_of_|end_){_NAME}\|?>|<\|?{_NAME}_end\|?>|\u25c1/{_NAME}\u25b7"
    rf"|\[/{_NAME}\]|(?:<\|start\|>assistant)?<\|channel\|>final[^<>]{{0,80}}<\|message\|>"
    r"|<\|end\|>(?=<\|start\|>)|<channel\|>|<unused95>)"
)
_BARE_CHANNELS = r"(?s)\Aanalysis(?=[^\sa-z]).*?assistantfinal"
"What is left of gpt-oss's channels by servers that drop special tokens: `analysisThe user asks...assistantfinalParis`."
_FRAME = (
    r"<\|(?:begin_of_(?:solution|box)|end_of_(?:solution|box)|START_RESPONSE|END_RESPONSE|return|start\|>assistant<\|channel\|>final"
    r"<\|message)\|>|<\|end\|>\s*\Z"
)
_BOX = r"(?s)\A[^`]*<\|(?:begin_of_box|START_RESPONSE)\|>"
"A frame that stands around an answer without thoughts: GLM's models with images, and Cohere's."
_QUOTES = {'"': '"', "'": "'", "`": "`", "\u201c": "\u201d", "\u2018": "\u2019", "\\": "\\"}
"Marks that open a quotation, with those that close it."
_UNCLOSED_BRACKETS = ("think", "thinking")
"Other words in brackets, such as `[Analysis]`, are headings where nothing closes them."
_OF_CHANNELS = ("<|start|>", "<|channel|>", "<|end|>", "<channel|>", "<unused95>")
"How closing marks begin that are special tokens of gpt-oss and Gemma: no answer speaks of these."
_FENCE = r"(?m)^[ \t]*(?:```|~~~)"


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when the first mark is met: it takes longer than all else of this module, and most runs meet none."""
    return re.compile(pattern)


@dataclass(frozen=True)
class Split:
    """A completion in two parts. `answer` is the whole completion where it has no thoughts, and no marks around it."""

    answer: str
    "What is read and scored; empty where the thoughts never end."
    thoughts: tuple[str, ...] = ()
    is_unclosed: bool = False
    "Whether the completion ends within its thoughts, so that it has no answer."


def split_thoughts(text: str) -> Split:
    """The thoughts of a completion, and the answer outside of them.

    Thoughts stand in `<think>...</think>`, `<thinking>`, `<thought>`, `<reasoning>`, `<reflection>`, `<analysis>`,
    `<scratchpad>`, `<seed:think>`, `<mm:think>`, `[THINK]...[/THINK]`, `<|begin_of_thought|>...<|end_of_thought|>`,
    `<|START_THINKING|>...<|END_THINKING|>`, in the channels of gpt-oss and Gemma, and in their kin. Templates often
    put the first mark into the prompt: what stands before the first closing mark without an opening one is a thought
    too. Thoughts end there, as for the parsers of vLLM, SGLang and Ollama: a further closing mark that nothing opened
    is text, unless only white space stands between. A mark in a block of code, or behind a quotation mark or backtick,
    is text. Marks around an answer, such as GLM's `<|begin_of_box|>`, are no part of it.

    >>> split_thoughts("<think>France... Paris.</think>\\n\\nParis").answer
    'Paris'
    """
    if not _may_hold_marks(text):
        return Split(text)
    bare = _compiled(_BARE_CHANNELS).match(text)
    if bare is not None:
        return Split(_tidy(text[bare.end() :]), (bare[0],))
    found = _Scan(text).split()
    if found is not None:
        return found
    return Split(_tidy(text) if _compiled(_BOX).match(text) else text)


def _may_hold_marks(text: str) -> bool:
    return "<" in text or "[" in text or "\u25c1" in text or text.startswith("analysis")


def answers_in(texts: Sequence[str]) -> list[str]:
    """The answers of completions, without their thoughts."""
    return [split_thoughts(text).answer if _may_hold_marks(text) else text for text in texts]


def answers_where_cut(sampled: Any) -> dict[str, list[str]]:
    """`answers` for a record: what is left of the completions, where thoughts were cut off one; else nothing.

    sampled: what a plug-in recorded, a text or a list; anything else has no thoughts.
    """
    texts = [sampled] if isinstance(sampled, str) else sampled
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return {}
    answers = answers_in(texts)
    return {} if answers == texts else {"answers": answers}


class _Scan:
    """One walk over the marks of a text, from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._outside: list[str] = []
        self._thoughts: list[str] = []
        self._at = 0
        "Where the part begins that belongs to nothing yet."
        self._opened: int | None = None
        self._any_ended = False
        self._n_nested = 0
        "Marks that opened further thoughts within the last ones: as many closing marks may follow."
        self._mentioned_at = -1
        "Where a mark ended that is only text; a closing mark on the same line belongs to it."
        self._fences_until, self._in_fence = 0, False
        self._ends: dict[str, int] = {}
        "Where the last `[/name]` stands, by name."

    def split(self) -> Split | None:
        """The parts; None where the text has no thoughts."""
        any_found = False
        for mark in _compiled(_MARK).finditer(self._text):
            any_found = self._step(mark) or any_found
        if not any_found:
            return None
        if self._opened is not None:
            return Split("", (*self._thoughts, self._text[self._opened :]), is_unclosed=True)
        self._outside.append(self._text[self._at :])
        return Split(_tidy(_joined(self._outside)), tuple(self._thoughts))

    def _step(self, mark: re.Match[str]) -> bool:
        """Whether the mark is one of thoughts, and not text."""
        if self._opened is not None:
            if mark["close"]:
                self._thoughts.append(self._text[self._opened : mark.start()])
                self._opened, self._at, self._any_ended = None, mark.end(), True
            else:
                self._n_nested += bool(mark["open"])
            return True
        if self._is_text(mark):
            self._mentioned_at = mark.end()
            return False
        if mark["close"]:
            return self._close(mark)
        self._outside.append(self._text[self._at : mark.start()])
        self._at, self._n_nested = mark.end(), 0
        self._opened = mark.end() if mark["open"] else None
        return True

    def _close(self, mark: re.Match[str]) -> bool:
        """Take in a closing mark outside of thoughts; False if it is text."""
        before = self._text[self._at : mark.start()]
        if not self._any_ended or mark[0].startswith(_OF_CHANNELS):
            self._thoughts.append("".join(self._outside) + before)
            self._outside = []
        elif self._n_nested:
            self._n_nested -= 1
            self._thoughts.append(before)
        elif before.strip():
            return False
        self._at, self._any_ended = mark.end(), True
        return True

    def _is_text(self, mark: re.Match[str]) -> bool:
        before = self._text[mark.start() - 1 : mark.start()]
        if mark["close"]:
            return self._is_mentioned_end(mark, before)
        if before in _QUOTES or (mark["name"] and not self._has_end(mark)):
            return True
        return self._is_in_code(mark.start())

    def _is_in_code(self, at: int) -> bool:
        """Whether a fence is open at a place behind all that were asked about before."""
        start = max(self._at, self._fences_until)
        is_inside = self._in_fence and self._fences_until >= self._at
        self._in_fence = is_inside ^ (len(_compiled(_FENCE).findall(self._text, start, at)) % 2 == 1)
        self._fences_until = at
        return self._in_fence

    def _is_mentioned_end(self, mark: re.Match[str], before: str) -> bool:
        """Whether a closing mark stands in quotes, or belongs to a mark before it on its line that is only text."""
        if self._mentioned_at >= 0 and self._text.find("\n", self._mentioned_at, mark.start()) < 0:
            return True
        if before not in _QUOTES or self._text[mark.end() : mark.end() + 1] != _QUOTES[before]:
            return False
        line = self._text[self._text.rfind("\n", 0, mark.start()) + 1 : mark.start()]
        return line.count(before) % 2 == 1

    def _has_end(self, mark: re.Match[str]) -> bool:
        name = mark["name"].lower()
        if name not in self._ends:
            self._ends[name] = self._text.lower().rfind(f"[/{name}]")
        return name in _UNCLOSED_BRACKETS or self._ends[name] > mark.start()


def _joined(parts: Sequence[str]) -> str:
    """The parts outside of thoughts as one text: words that a thought kept apart stay apart."""
    joined = ""
    for part in parts:
        if joined.strip() and part.strip():
            gap = joined[len(joined.rstrip()) :] + part[: len(part) - len(part.lstrip())]
            joined = joined.rstrip() + ("\n" if "\n" in gap else " ") + part.lstrip()
        elif part.strip() or not joined.strip():
            joined = part
    return joined


def _tidy(answer: str) -> str:
    """The answer without the marks around it and the space before it; the indentation of a line of code stays."""
    answer = _compiled(_FRAME).sub("", answer)
    if not answer.strip():
        return ""
    lines = re.sub(r"\A(?:[ \t\r]*\n)+", "", answer)
    return lines if lines != answer and lines.startswith(("  ", "\t")) else lines.lstrip()
