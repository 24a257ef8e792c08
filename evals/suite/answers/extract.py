"""ExtractAnswer: a rule extracts the answer from a free-form completion, and it is compared by value."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evals.chat import is_chat_prompt
from evals.completion import Prompt
from evals.datasets.templates import fill, placeholders
from evals.engine.context import in_thread
from evals.errors import BadSample, UsageError
from evals.eval import Report, StreamedEval
from evals.metrics import MatchReport
from evals.record.current import record_match
from evals.sample import Sample
from evals.suite.answers.answer_rules import ANSWER_PHRASES, make_rule
from evals.suite.one_model import require_one
from evals.suite.samples.doubts import Doubt, few_shot_doubts, prompt_doubts
from evals.suite.samples.example_pool import Example, ExamplePool, Solved, solved_prompt
from evals.suite.samples.few_shot import example_of_sample, insert_few_shot, read_examples
from evals.suite.samples.ideals import accepted, require
from evals.texts.number_text import counted


class ExtractAnswer(StreamedEval):
    """The answer that a rule finds in the completion must be one of the sample's ideal answers.

    extract: the rule: `number`, `last_number`, `marked_number`, `boxed`, `math`, `letter`,
    `letters`, `letter_or_line`, `label` with `labels`, `last_line`, or `regex` with `pattern`. letters, labels,
    decimal_comma, tolerance, answer_phrases: see `evals.suite.answers.answer_rules`.

    template: a text with `{input}`, where the question goes; other fields of the sample fill placeholders of their
    names. instruction: added to the question after a blank line. few_shot_jsonl, num_few_shot: a file of few-shot
    examples, and how many of its first rows are used (all of them by default). few_shot: the same rows in YAML. A row
    has `sample`, a list of messages that is sent unchanged; or `input` with `answer` (a worked solution) or `ideal`,
    which is asked in the same form as the question. The row that is asked is never its own example.
    temperature, max_tokens, stop: options of the request; max_tokens and stop are sent only if they are given.

    A completion without an answer is wrong, and is also counted in `unparsed` beside the accuracy.

    Raises:
        UsageError: not exactly one completion function, a rule or template that cannot be used, or few-shot
            arguments that contradict each other.
        MissingExtra: `extract: math` without the package math-verify.
    """

    scores_without_calls = True

    def __init__(
        self,
        completion_fns: Sequence[Any],
        samples_jsonl: str,
        *args: Any,
        extract: str = "number",
        pattern: str | None = None,
        letters: str = "ABCDE",
        labels: Sequence[str] = (),
        decimal_comma: bool = False,
        tolerance: float = 0.0,
        answer_phrases: Sequence[str] = ANSWER_PHRASES,
        template: str | None = None,
        instruction: str | None = None,
        few_shot: Sequence[Mapping[str, Any]] = (),
        few_shot_jsonl: str | None = None,
        num_few_shot: int | None = None,
        temperature: float = 0.0,
        max_tokens: int | None = None,
        stop: str | list[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        require_one(self, completion_fns)
        self.samples_jsonl = samples_jsonl
        self.extract, self.letters = extract, letters
        self.rule = make_rule(
            extract,
            pattern=pattern,
            letters=letters,
            labels=labels,
            decimal_comma=decimal_comma,
            tolerance=tolerance,
            answer_phrases=answer_phrases,
        )
        self.template = _with_input(template)
        self.instruction = instruction
        self._few_shot_doubts: list[Doubt] = []
        self.few_shot = self._examples(few_shot, few_shot_jsonl, num_few_shot)
        options = {"temperature": temperature, "max_tokens": max_tokens, "stop": stop}
        self.request = {key: value for key, value in options.items() if value is not None}

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample if the prompt cannot be made, or no answer could be right.

        A row needs `input` (a text, or a list of messages), the fields that the template names, and as `ideal` a
        text or a list of texts, each of which the rule can find.
        """
        require(sample, "input", "ideal")
        if not isinstance(sample["input"], str) and not (is_chat_prompt(sample["input"]) and sample["input"]):
            raise BadSample("'input' is neither a text nor a list of messages", sample)
        for ideal in accepted(sample):
            if not self.rule.usable(ideal):
                what = f"the ideal answer {ideal!r} cannot be found by `extract: {self.extract}`"
                raise BadSample(what, sample, fix=self._other_rule(ideal))
        self.first_prompt(sample)

    def _other_rule(self, ideal: str) -> str:
        if self.extract == "letter" and make_rule("letters", letters=self.letters).usable(ideal):
            return "write `extract: letters` if all of these options are right together, else a list of letters"
        return "correct it, or choose another rule"

    def doubtful_sample(self, sample: Any) -> Iterator[Doubt]:
        """A doubt about an empty `input`."""
        return prompt_doubts(sample["input"])

    def doubtful_setup(self) -> Iterator[Doubt]:
        """A doubt about a few-shot file that is too short."""
        return iter(self._few_shot_doubts)

    def first_prompt(self, sample: Sample) -> Prompt:
        """The question with template, instruction and few-shot examples; a chat if there are examples.

        Raises:
            BadSample: a field that the template names is missing.
        """
        prompt = ask(sample, self.template, self.instruction)
        messages = self.few_shot.messages_for(self._asked(sample, prompt)) if self.few_shot else []
        if self.few_shot and isinstance(prompt, str):
            prompt = [{"role": "user", "content": prompt}]
        result: Prompt = insert_few_shot(prompt, messages)
        return result

    def few_shot_overlap(self, sample: Sample) -> str | None:
        """`same` if the sample is one of the few-shot examples, `near` if it is nearly one, else None."""
        if not self.few_shot:
            return None
        return self.few_shot.overlap(self._asked(sample, ask(sample, self.template, self.instruction)))

    def _asked(self, sample: Sample, prompt: Prompt) -> list[Solved]:
        """The ways in which an example may ask for a sample: as it is sent, and without the instruction."""
        answers = accepted(sample) if "ideal" in sample else ()
        prompts = [prompt] if self.instruction is None else [prompt, ask(sample, self.template, None)]
        return [solved_prompt(one, answers) for one in prompts]

    def ideal_completions(self, sample: Any) -> list[str]:
        """A completion for each ideal answer that the rule can write one for."""
        texts = (self.rule.completion_for(ideal) for ideal in accepted(sample))
        return [text for text in texts if text is not None]

    async def eval_sample(self, sample: Sample, *_: random.Random) -> bool:
        """Send the prompt with the options of the class, record a `match` event, return whether the answer is right.

        match: `correct`; `expected`, the sample's `ideal`; `picked`, the extracted answer or None; `parsed`, whether
        an answer was found; `decided_by`, where a numeric check overruled math-verify. A rule that waits for another
        process (`math`) runs on a thread.

        Raises:
            BadSample: `check_sample` refuses the row.
        """
        is_slow = getattr(self.rule, "is_slow", False)
        if is_slow:
            await in_thread(functools.partial(self.check_sample, sample))
        else:
            self.check_sample(sample)
        completion = await self.complete(self.first_prompt(sample), **self.request)
        judge = functools.partial(self.judge, completion, accepted(sample))
        answer, correct = await in_thread(judge) if is_slow else judge()
        extra = self._decided_by(answer, correct, accepted(sample))
        record_match(correct, expected=sample["ideal"], picked=answer, parsed=answer is not None, **extra)
        return correct

    def judge(self, completion: str, ideals: Sequence[str]) -> tuple[str | None, bool]:
        """The answer that the rule finds (None for none), and whether it is one of `ideals`."""
        answer = self.rule.extract(completion)
        return answer, answer is not None and any(self.rule.same(answer, ideal) for ideal in ideals)

    def _decided_by(self, answer: str | None, correct: bool, ideals: Sequence[str]) -> dict[str, str]:
        """What decided a verdict, where it was not the rule's first look alone."""
        overruled = getattr(self.rule, "overruled", None)
        if overruled is None or answer is None or correct or not overruled(answer, ideals):
            return {}
        return {"decided_by": "numeric check"}

    def new_report(self) -> Report:
        """An empty report: `accuracy` with standard error and interval, and `unparsed`, a rate in [0, 1]."""
        return MatchReport()

    def _examples(self, rows: Sequence[Mapping[str, Any]], path: str | None, n_rows: int | None) -> ExamplePool:
        if rows and path:
            raise UsageError("few_shot and few_shot_jsonl are both given", fix="give one of them")
        if n_rows and not rows and not path:
            raise UsageError(
                f"num_few_shot is {n_rows}, but there are no examples", fix="set few_shot_jsonl in the args"
            )
        if path:
            located = self._prefix_registry_path(path)
            pool = ExamplePool() if n_rows == 0 else read_examples(located, n_rows, self._example)
            self._few_shot_doubts = list(few_shot_doubts(n_rows or 0, len(pool), path))
            return pool
        if n_rows is not None and n_rows > len(rows):
            raise UsageError(f"num_few_shot is {n_rows}, but few_shot has {counted(len(rows), 'row')}")
        return ExamplePool([self._example(row) for row in rows], n_rows)

    def _example(self, row: Mapping[str, Any]) -> Example:
        if "sample" in row:
            return example_of_sample(row)
        row = self.row_fields.fitted(row) if isinstance(row, Sample) else row
        require(row, "input")
        answers = accepted(row) if "answer" not in row or "ideal" in row else [str(row["answer"])]
        question = ask(row, self.template, self.instruction)
        asked: Any = [{"role": "user", "content": question}] if isinstance(question, str) else question
        answer = {"role": "assistant", "content": str(row.get("answer", answers[0]))}
        return Example([*asked, answer], solved_prompt(asked, answers))


def ask(sample: Mapping[str, Any], template: str | None, instruction: str | None) -> Prompt:
    """The prompt of a sample: its `input`, with template and instruction around the question.

    The question is the text itself, or the last message of a chat. The sample is not changed.

    Raises:
        BadSample: a field that the template names is missing.
    """
    prompt = sample["input"]
    if isinstance(prompt, str):
        text: str = _asked(prompt, sample, template, instruction)
        return text
    *before, last = prompt
    return [*before, {**last, "content": _asked(last["content"], sample, template, instruction)}]


def _asked(content: Any, sample: Mapping[str, Any], template: str | None, instruction: str | None) -> Any:
    """The content with template and instruction. Content in parts (images) gets the instruction as a last part."""
    if not isinstance(content, str):
        return [*content, {"type": "text", "text": instruction}] if instruction else content
    if template is not None:
        content = fill(template, {**sample, "input": content})
    return f"{content}\n\n{instruction}" if instruction else content


def _with_input(template: str | None) -> str | None:
    if template is not None and "input" not in placeholders(template):
        raise UsageError("the template has no {input}", fix="write {input} where the question goes")
    return template
