"""Asks a model which option it chooses, by the method of the run, with as many examples as fit into the context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evals.completion import ContinuationScore, Prompt
from evals.engine import calls
from evals.engine.failures import CallFailed, Kind
from evals.engine.traits import token_counter
from evals.suite.answers.letter_rule import LetterRule
from evals.suite.choice.prompts import PromptMaker, Wording, prompt_text
from evals.suite.choice.questions import Question
from evals.suite.choice.scoring import LetterLogprobs, best, letters_in, log_sum, normalised
from evals.suite.choice.scoring_methods import ScoringMethod, alternatives_of, is_text_model, request_for

REPLY_TOKENS = 16
"Asked of a text model whose reply is parsed; a chat model ends by itself."


@dataclass(frozen=True)
class ModelChoice:
    """Which option a model chose, and what that was told from. Tuples have one entry an option, in the order shown."""

    picked: int | None
    "The place of the chosen option in the order shown; None where the reply has no letter of an option."
    logprobs: tuple[float, ...] = ()
    "Log probability of each option, or its letter, in nats; empty where the reply is parsed."
    floored: tuple[bool, ...] = ()
    "Whether the letter was not among the alternatives, so that its log probability is the floor."
    mass: float | None = None
    "Probability of all letters together; None where no alternatives of a letter were asked for."
    scores: tuple[float, ...] = ()
    "`logprobs` after the normalisation; the option with the highest is chosen."
    n_tokens: tuple[int, ...] = ()
    "Tokens of each option."
    unconditional: tuple[float, ...] = ()
    "Log probability of each option after the neutral prompt, in nats."
    text: str | None = None
    "The reply, where it is parsed."
    prompt: Prompt = ""
    "What was sent; the first one where each option has a prompt of its own."
    n_shots: int = 0
    "Few-shot examples in the prompt."


@dataclass(frozen=True)
class Prober:
    """A model, and how it is asked about a question; the arguments of `Choice` have the same names."""

    fn: Any
    "The completion function of the model."
    prompts: PromptMaker
    letter_forms: str
    floor: float
    "Nats for a letter that is not among the alternatives."
    normalisation: str
    unconditional_prompt: str
    max_tokens: int | None
    "Of a reply that is parsed."
    context_length: int | None
    "Tokens of prompt and reply together; None where it is not known, and then nothing is left out beforehand."

    @property
    def wording(self) -> Wording:
        return self.prompts.wording

    async def probe(self, question: Question, order: Sequence[int], method: ScoringMethod) -> ModelChoice:
        """The model's choice among the options in this order (indices into the row's options).

        The prompt has as many examples as fit; one less each time the server says that it is too long.

        Raises:
            CallFailed: no usable reply, or a prompt that is too long without any example.
        """
        n_shots = self.n_examples_that_fit(question, order)
        while True:
            try:
                if self.wording.style == "completion":
                    return await self._compare_options(question, order, n_shots)
                return await self._choose_letter(question, order, n_shots, method)
            except CallFailed as failure:
                if failure.kind is not Kind.CONTEXT_LENGTH or n_shots == 0:
                    raise
                n_shots -= 1

    def n_examples_that_fit(self, question: Question, order: Sequence[int]) -> int:
        """How many few-shot examples fit into the context; the last ones are left out first.

        Tokens are counted by the backend's `count_tokens`, or estimated as bytes/4 where it has none.
        """
        n_shots = len(self.prompts.shots.of(question))
        while n_shots and self.context_length is not None:
            texts = [self.wording.answer(question, order, place) for place in range(question.n)]
            size = max(texts, key=len) if self.wording.style == "completion" else ""
            option = order[0] if self.wording.blank is not None else None
            prompt = self.prompts.prompt(question, order, n_shots, option)
            if self._n_tokens(prompt_text(prompt) + size) + self._reply_tokens() <= self.context_length:
                break
            n_shots -= 1
        return n_shots

    def _n_tokens(self, text: str) -> int:
        n_bytes = len(text.encode("utf-8", "replace"))
        if self.context_length is not None and n_bytes + self._reply_tokens() <= self.context_length:
            return n_bytes
        count = token_counter(self.fn)
        return int(count(text)) if count is not None else n_bytes // 4

    def _reply_tokens(self) -> int:
        return self.max_tokens or 1

    async def _choose_letter(
        self, question: Question, order: Sequence[int], n_shots: int, method: ScoringMethod
    ) -> ModelChoice:
        prompt = self.prompts.prompt(question, order, n_shots)
        letters = self.wording.letters_for(question)
        if method.name == "parsed":
            text = await self._reply(prompt)
            letter = LetterRule(letters, texts=[question.choices[index] for index in order]).extract(text)
            picked = None if letter is None else letters.index(letter)
            return ModelChoice(picked, text=text, prompt=prompt, n_shots=n_shots)
        found = await (self._scored if method.scores_texts else self._next_token)(prompt, letters, method)
        return ModelChoice(
            picked=None if all(found.floored) else best(found.logprobs),
            logprobs=found.logprobs,
            floored=found.floored,
            mass=found.mass,
            scores=found.logprobs,
            prompt=prompt,
            n_shots=n_shots,
        )

    async def _scored(self, prompt: Prompt, letters: str, method: ScoringMethod) -> LetterLogprobs:
        forms = self._forms(prompt)
        texts = [form + letter for letter in letters for form in forms]
        scores = await calls.score(self.fn, prompt, texts)
        step = len(forms)
        groups = [scores[start : start + step] for start in range(0, len(scores), step)]
        return LetterLogprobs(
            tuple(log_sum([score.logprob for score in group]) for group in groups), (False,) * len(letters)
        )

    async def _next_token(self, prompt: Prompt, letters: str, method: ScoringMethod) -> LetterLogprobs:
        result = await calls.complete(self.fn, self._sent(prompt), **request_for(self.fn, method))
        alternatives = alternatives_of(result)
        if alternatives is None or len(alternatives) < 2:
            raise CallFailed(Kind.BAD_REPLY, "the reply has no alternatives of its first token (top_logprobs)")
        return letters_in(alternatives, letters, self._forms(prompt), self.floor)

    def _forms(self, prompt: Prompt) -> tuple[str, ...]:
        """What may stand before a letter: a space, nothing, or either."""
        named = {"spaced": (" ",), "bare": ("",), "both": (" ", "")}
        if self.letter_forms != "auto":
            return named[self.letter_forms]
        is_text = isinstance(prompt, str) and is_text_model(self.fn)
        return (self.wording.delimiter,) if is_text else named["both"]

    async def _reply(self, prompt: Prompt) -> str:
        options: dict[str, Any] = {"temperature": 0.0}
        if self.max_tokens is not None or is_text_model(self.fn):
            options["max_tokens"] = self.max_tokens or REPLY_TOKENS
        result = await calls.complete(self.fn, self._sent(prompt), **options)
        texts = result.get_completions()
        if not texts:
            raise CallFailed(Kind.BAD_REPLY, "the reply holds no completion")
        return texts[0]

    def _sent(self, prompt: Prompt) -> Prompt:
        """The prompt in the form that the model takes: a chat gets a text as one user message."""
        if isinstance(prompt, str) and not is_text_model(self.fn):
            return [{"role": "user", "content": prompt}]
        return prompt

    async def _compare_options(self, question: Question, order: Sequence[int], n_shots: int) -> ModelChoice:
        places = range(question.n)
        delimiter = "" if self.prompts.as_turns else self.wording.delimiter
        texts = [delimiter + self.wording.answer(question, order, place) for place in places]
        if self.wording.blank is not None:
            prompts = [self.prompts.prompt(question, order, n_shots, order[place]) for place in places]
            scores = [(await calls.score(self.fn, prompts[place], [texts[place]]))[0] for place in places]
        else:
            prompts = [self.prompts.prompt(question, order, n_shots)]
            scores = await calls.score(self.fn, prompts[0], texts)
        bases: list[ContinuationScore] = []
        if self.normalisation == "unconditional":
            bases = await calls.score(self.fn, self.unconditional_prompt, texts)
        logprobs = tuple(score.logprob for score in scores)
        n_tokens = tuple(score.n_tokens for score in scores)
        unconditional = tuple(score.logprob for score in bases)
        choices = [question.choices[index] for index in order]
        compared = normalised(logprobs, choices, n_tokens, self.normalisation, unconditional)
        return ModelChoice(
            picked=best(compared),
            logprobs=logprobs,
            floored=(False,) * question.n,
            scores=tuple(compared),
            n_tokens=n_tokens,
            unconditional=unconditional,
            prompt=prompts[0],
            n_shots=n_shots,
        )
