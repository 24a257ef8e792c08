"""The prompts of an exam: a few-shot prefix and the question, as turns of a chat or as one text, with images."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from evals.exams.items import BLANK_MARKER, Image, Item
from evals.exams.paper import Prompt as Blocks
from evals.exams.paper import Section
from evals.images.parts import TRANSCRIPT
from evals.suite.exam.options import ShownItem, shown_item

STYLES = ("chat", "text")
PROMPTS_VERSION = "1"
"Raised when the same paper would be asked in other words: part of the hash of an exam's spec."

_FORMS = {
    "mcq": "X is the letter of one option",
    "mselect": "X stands for the letters of all options that are right, separated by commas",
    "numeric": "X is a number",
    "short": "X is the answer in a few words",
    "order": "X stands for the letters in the right order, separated by commas",
    "match": "X stands for pairs such as 1-B, 2-A",
}
CODE_INSTRUCTION = "Answer with the whole program in one block of Python code."
_PLACEHOLDER = re.compile(r"\{(n|stem|options|letter|text|explanation|answer)\}")


@dataclass(frozen=True)
class Asked:
    """One question as it is sent: first the stage of reasoning, then, where there is one, that of the answer."""

    shown: ShownItem
    messages: list[dict[str, Any]]
    "The chat; for the style `text` one user message with the whole text."
    reasoning_lead: str = ""
    "With what the text of reasoning begins, for the style `text`."
    answer_lead: str = ""
    "The answer line up to the answer: `The answer is [`."
    replies_begin_with: str = ""
    "What the prompt has already said of the reply: it stands before the reply when that is read."


@dataclass(frozen=True)
class ExamPrompts:
    """Makes the prompts of one section.

    style: `chat`, few-shot examples as turns; `text`, all of it as one text that a base model continues. shuffle:
    options in an order that follows from `seed` and the question's id.
    """

    section: Section
    style: str = "chat"
    shuffle: bool = False
    seed: int = 0
    _prefix: list[tuple[str, str]] = field(default_factory=list, repr=False)

    def asked(self, item: Item, task: str = "") -> Asked:
        """The prompt of a question of the section. task: what its program must do, beside the stem."""
        shown = self._shown(replace(item, stem=f"{item.stem}\n\n{task}") if task else item)
        examples = self._examples()
        blocks = self.section.prompt
        number = len(examples) + 1
        lead = _lead(blocks.answer, "answer")
        if self.style == "chat":
            return Asked(shown, self._chat(shown, examples, number), answer_lead=lead)
        thinks = item.kind in _FORMS and any(example.explanation for example in examples)
        reasoning = _filled(_lead(blocks.reasoning, "explanation"), {"n": str(number)}) if thinks else ""
        ending = reasoning or (lead if examples and item.kind in _FORMS else "")
        text = "\n\n".join(
            [part for part in (self.section.instructions, blocks.header) if part]
            + [_solved(self._shown(example), blocks, place) for place, example in enumerate(examples, 1)]
            + [question_text(shown, blocks, number)]
        )
        text = f"{text}\n{ending}".rstrip() if ending else text
        said = "" if ending == reasoning else ending
        message = {"role": "user", "content": with_images(text, shown.item)}
        return Asked(shown, [message], reasoning, lead, replies_begin_with=said)

    def _chat(self, shown: ShownItem, examples: Sequence[Item], number: int) -> list[dict[str, Any]]:
        blocks = self.section.prompt
        told = [self.section.instructions, blocks.header if examples else "", answer_form(shown.item, blocks)]
        messages: list[dict[str, Any]] = []
        if system := "\n".join(text for text in told if text):
            messages.append({"role": "system", "content": system})
        for place, example in enumerate(examples, 1):
            solved = self._shown(example)
            messages.append({"role": "user", "content": _question(solved, blocks, place)})
            messages.append({"role": "assistant", "content": solution_text(solved, blocks, place)})
        messages.append({"role": "user", "content": _question(shown, blocks, number)})
        return messages

    def _examples(self) -> Sequence[Item]:
        few_shot = self.section.few_shot
        if few_shot is None:
            return ()
        items = list(few_shot.items)
        if few_shot.order == "seed":
            random.Random(f"{self.seed}:{self.section.id}").shuffle(items)
        return items[: few_shot.k]

    def _shown(self, item: Item) -> ShownItem:
        return shown_item(item, random.Random(f"{self.seed}:{item.id}") if self.shuffle else None)


def answer_form(item: Item, blocks: Blocks) -> str:
    """How the reply must end, in words; for programs how they are given; nothing for free answers."""
    if item.kind == "code":
        return CODE_INSTRUCTION
    if item.kind not in _FORMS:
        return ""
    line, form = _filled(blocks.answer, {"answer": "X"}), _FORMS[item.kind]
    if item.numeric is not None:
        form += f" in {item.numeric.unit}" if item.numeric.unit else ""
        form += f" of at most {item.numeric.max_chars} characters" if item.numeric.max_chars else ""
    blank = f" To leave the question blank, write {BLANK_MARKER} in that line." if item.credit.pays_blank else ""
    return f'Work out the answer, then end with a line of the form "{line}", where {form}.{blank}'


def question_text(shown: ShownItem, blocks: Blocks, number: int) -> str:
    """The block of a question: its passage, its stem, what is to be matched, its options."""
    item = shown.item
    parts = [item.bundle.stem if item.bundle else "", item.stem, *(f"({k}) {text}" for k, text in item.left.items())]
    stem = "\n".join(shown.text(part) for part in parts if part)
    options = "\n".join(
        _filled(blocks.option, {"letter": letter, "text": shown.text(text)}) for letter, text in item.options.items()
    )
    return _filled(blocks.item, {"n": str(number), "stem": stem, "options": options}).rstrip()


def solution_text(shown: ShownItem, blocks: Blocks, number: int) -> str:
    """The solution of a few-shot example: its explanation, if it has one, and the answer line."""
    item = shown.item
    reasoning = {"n": str(number), "explanation": shown.text(item.explanation)}
    thoughts = [_filled(blocks.reasoning, reasoning)] if item.explanation else []
    return "\n".join([*thoughts, _filled(blocks.answer, {"n": str(number), "answer": right_answer(item)})])


def right_answer(item: Item) -> str:
    """An answer that is right, as the answer line has it; the model answer of what is graded."""
    if item.numeric is not None:
        return item.numeric.accepted[0]
    if item.short is not None:
        return item.short.accepted[0] if item.short.accepted else ""
    if item.pairs:
        return ", ".join(f"{name}-{letter}" for name, letter in item.pairs.items())
    if item.kind == "mcq":
        return item.key[0]
    return ", ".join(item.key) or item.model_answer


def with_images(text: str, item: Item) -> Any:
    """The text of a question with the images of its passage, its stem and its options; a plain text without any."""
    bundle = item.bundle
    parts = list(_image_parts(bundle.images, bundle.transcript)) if bundle else []
    parts += _image_parts(item.images, item.transcript)
    return [{"type": "text", "text": text}, *parts] if parts else text


def _image_parts(images: Sequence[Image], transcript: str) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for place, image in enumerate(images):
        letter = image.place.removeprefix("option:")
        if letter != image.place:
            parts.append({"type": "text", "text": f"Option {letter}:"})
        said = transcript if place == 0 else "see the description of the first image"
        parts.append(
            {"type": "image_url", "image_url": {"url": str(image.path)}, **({TRANSCRIPT: said} if transcript else {})}
        )
    return parts


def _question(shown: ShownItem, blocks: Blocks, number: int) -> Any:
    return with_images(question_text(shown, blocks, number), shown.item)


def _solved(shown: ShownItem, blocks: Blocks, number: int) -> str:
    return f"{question_text(shown, blocks, number)}\n{solution_text(shown, blocks, number)}"


def _lead(template: str, name: str) -> str:
    return template.partition("{" + name + "}")[0]


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The template with its placeholders filled; braces in the values stay as they are."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template)
