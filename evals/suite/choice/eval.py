"""Choice: multiple choice by the letter that a model would say, or by the option that it finds likeliest."""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from evals.completion import Prompt
from evals.data import iter_jsonls
from evals.engine.context import current_plan
from evals.engine.failures import CallFailed, Kind
from evals.engine.traits import context_length, traits_of
from evals.errors import BadSample, EvalsError, UsageError, did_you_mean
from evals.eval import Report, StreamedEval
from evals.record.current import record_event, record_match, record_metrics
from evals.record.metric_ranges import MetricRange
from evals.suite.choice.few_shot import PICKS, SCOPES, FewShotExamples, identity, rows_digest
from evals.suite.choice.orders import ORDERS, orders_of
from evals.suite.choice.probing import ModelChoice, Prober
from evals.suite.choice.prompts import COMPLETION_TEMPLATE, LETTER_TEMPLATE, PromptMaker, Wording, prompt_text
from evals.suite.choice.questions import LETTERS, Question, read_question
from evals.suite.choice.report import ChoiceReport
from evals.suite.choice.scoring import FLOOR, NORMALISATIONS, answer_loss, true_share
from evals.suite.choice.scoring_methods import METHODS, ScoringMethod, methods_named, methods_of
from evals.suite.choice.scoring_trial import LEAST_MASS, first_that_works
from evals.suite.one_model import require_one
from evals.suite.samples.doubts import Doubt, option_doubts, prompt_doubts
from evals.suite.samples.example_pool import until_enough

ONE_OF: dict[str, Sequence[str | None]] = {
    "style": ("letter", "completion"),
    "normalisation": NORMALISATIONS,
    "way": ("auto", *METHODS),
    "letter_forms": ("auto", "spaced", "bare", "both"),
    "few_shot_pick": PICKS,
    "few_shot_scope": (None, *SCOPES),
    "few_shot_as": ("prompt", "turns"),
    "order": ORDERS,
    "measure": ("accuracy", "mc2"),
}
"Arguments that are one of some words."

_DECIMALS = 9


class Choice(StreamedEval):
    """The option of highest probability must be the right one; rows are `{question, choices, answer, ...}`.

    style: `letter` shows all options and asks for a letter; `completion` compares the options' own likelihoods, by
    normalisation: `none`, `per_token`, `per_byte`, `per_char`, or `unconditional` (against unconditional_prompt).
    Scores of different styles are not comparable.

    way: how the choice is found out, the same for the whole run: `top_logprobs`, `echo`, `score`, `parsed`, or `auto`,
    which takes the first of them that the backend supports, by a trial call before the first sample. letter_forms:
    which tokens count as a letter: `spaced` (` A`), `bare` (`A`), or `both` summed; `auto` is `both` for chats, and for
    texts what the delimiter says. floor: nats for a letter that is not among the alternatives.

    header, template, option, delimiter, separator, letters, blank: see `Wording`. num_few_shot examples come from
    few_shot_jsonl (rows as above), few_shot_pick `first` or `seeded`, few_shot_scope `subject` or `all`, few_shot_as
    `prompt` or `turns`; the last of them are left out where the prompt would not fit into context_length tokens.

    order: `file`, `shuffled` by the sample's own generator, or `rotations`: each question is asked once in every
    rotation of its options, and its scores are averaged. measure: `accuracy`, or `mc2`: the share of the options'
    probability on right ones. max_tokens: of a reply that is parsed.
    """

    scores_without_calls = True
    metric_ranges: Mapping[str, MetricRange] = {"answer_loss": None}

    input_field, ideal_field = "question", "answer"

    def __init__(
        self,
        completion_fns: Sequence[Any],
        samples_jsonl: str,
        *args: Any,
        style: str = "letter",
        normalisation: str = "none",
        unconditional_prompt: str = "Answer:",
        way: str = "auto",
        letter_forms: str = "auto",
        floor: float = FLOOR,
        header: str = "",
        template: str | None = None,
        option: str = "{letter}. {choice}",
        delimiter: str = " ",
        separator: str = "\n\n",
        letters: str = LETTERS,
        blank: str | None = None,
        num_few_shot: int = 0,
        few_shot_jsonl: str | None = None,
        few_shot_pick: str = "first",
        few_shot_scope: str | None = None,
        few_shot_as: str = "prompt",
        context_length: int | None = None,
        order: str = "file",
        measure: str = "accuracy",
        max_tokens: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        self.samples_jsonl = samples_jsonl
        require_one(self, self.completion_fns)
        self.reads_beginning = max_tokens is None
        self.style, self.normalisation, self.method_name = style, normalisation, way
        self.order, self.measure = order, measure
        words = (style, normalisation, way, letter_forms, few_shot_pick, few_shot_scope, few_shot_as, order, measure)
        for name, value in zip(ONE_OF, words, strict=True):
            _check_word(name, value)
        template = template or (LETTER_TEMPLATE if style == "letter" else COMPLETION_TEMPLATE)
        self.wording = Wording(style, template, header, option, delimiter, separator, letters, blank)
        self.wording.check()
        self._check_together()
        if num_few_shot and few_shot_jsonl is None:
            raise UsageError(f"num_few_shot is {num_few_shot} and no file is named", fix="set few_shot_jsonl")
        self.num_few_shot, self.few_shot_jsonl = num_few_shot, few_shot_jsonl
        self._examples_from = functools.partial(
            FewShotExamples, n_shots=num_few_shot, pick=few_shot_pick, scope=few_shot_scope, seed=self.seed
        )
        self._prober_from = functools.partial(
            Prober,
            self.completion_fn,
            letter_forms=letter_forms,
            floor=floor,
            normalisation=normalisation,
            unconditional_prompt=unconditional_prompt,
            max_tokens=max_tokens,
            context_length=context_length or self._known_context_length(),
        )
        self._takes_first_of_all = few_shot_pick == "first" and few_shot_scope == "all"
        self._as_turns = few_shot_as == "turns"
        self.method: ScoringMethod | None = None
        "Set by `prepare`."
        self._few_shot_error: EvalsError | None = None
        "Why the examples cannot be read; kept, as each row asks for them and a fetch may wait for minutes."

    def _check_together(self) -> None:
        """Raise UsageError for arguments that contradict one another."""
        style, blank = self.style, self.wording.blank
        if style == "letter" and (self.normalisation != "none" or self.measure == "mc2" or blank is not None):
            raise UsageError("normalisation, blank and measure mc2 belong to style completion", fix="style: completion")
        if self.measure == "mc2" and self.normalisation != "none":
            raise UsageError("mc2 compares whole probabilities", fix="normalisation: none")
        if style == "completion" and self.order != "file" and "{options}" not in self.wording.template:
            raise UsageError("the order of options that are not shown changes nothing", fix="order: file")
        if blank is not None and self.normalisation == "unconditional":
            raise UsageError("with a blank, what is scored is the same for all options", fix="normalisation: none")

    @functools.cached_property
    def prober(self) -> Prober:
        """The model and how it is asked; made when it is first needed, since the examples may have to be fetched."""
        if self._few_shot_error is not None:
            raise self._few_shot_error
        try:
            shots = self._examples_from(self._few_shot_rows)
        except EvalsError as error:
            self._few_shot_error = error
            raise
        return self._prober_from(prompts=PromptMaker(self.wording, shots, as_turns=self._as_turns))

    @functools.cached_property
    def _few_shot_rows(self) -> list[Question]:
        if self.few_shot_jsonl is None or self.num_few_shot == 0:
            return []
        located = self._prefix_registry_path(self.few_shot_jsonl)
        rows = (self._example(row, f"{located}:{line}") for line, row in enumerate(iter_jsonls(located), start=1))
        return list(until_enough(rows, self.num_few_shot if self._takes_first_of_all else None, identity))

    def _example(self, row: Any, where: str) -> Question:
        try:
            return self._checked(row)
        except BadSample as error:
            raise BadSample(error.what, row, where=where, fix=error.fix) from None

    def _known_context_length(self) -> int | None:
        own, model = context_length(self.completion_fn), traits_of(self.completion_fn).model
        if own is not None:
            return own
        return None if model is None else self.registry.model_info(model).context_length

    def fingerprint(self) -> dict[str, Any]:
        return {**super().fingerprint(), "few_shot": rows_digest(self._few_shot_rows)}

    def few_shot_overlap(self, sample: Any) -> str | None:
        return self.prober.prompts.shots.overlap(read_question(sample))

    def check_sample(self, sample: Any) -> None:
        self.prober.prompts.shots.of(self._checked(sample))

    def doubtful_setup(self) -> Iterator[Doubt]:
        """No doubts. The file of examples is opened here, once before all rows: each row would try it again.

        Raises:
            DataError: the file cannot be opened, or a row of it is bad.
        """
        assert self._few_shot_rows is not None
        return iter(())

    def doubtful_sample(self, sample: Any) -> Iterator[Doubt]:
        """Doubts about the options, and about an empty question."""
        question = read_question(sample)
        said = question.question or question.context
        if question.labels is None and len(question.right) > 1:
            what = "several options have the text of the right one: each is right"
            yield Doubt(what, "change the others", is_legal=True)
        yield from option_doubts(question.choices, sorted(question.right))
        yield from prompt_doubts(said)

    def _checked(self, row: Any) -> Question:
        """The question of a row; BadSample where it is none for this eval."""
        question, blank = read_question(row), self.wording.blank
        if self.style == "letter" and question.n > len(self.wording.letters):
            what = f"{question.n} options, and only {len(self.wording.letters)} letters"
            raise BadSample(what, row, fix="give more `letters` in the eval's args")
        if self.measure == "mc2" and question.labels is None:
            raise BadSample("no 'labels'", row, fix='mc2 needs "labels": [1, 0, ...], one number an option')
        if blank is not None and question.question.count(blank) != 1:
            n_blanks = question.question.count(blank)
            raise BadSample(f"'question' has the blank {blank!r} {n_blanks} times", row, fix="mark one place with it")
        return question

    def first_prompt(self, sample: Any) -> Prompt:
        """The prompt with the options as in the file; where each option stands in the blank, the first one's."""
        question = read_question(sample)
        order = range(question.n)
        option = 0 if self.wording.blank is not None else None
        return self.prober.prompts.prompt(question, order, self.prober.n_examples_that_fit(question, order), option)

    def ideal_completions(self, sample: Any) -> list[str]:
        """The right letter, where a reply may be parsed and the options stand as in the file; else none can be told."""
        if self.style != "letter" or self.order != "file" or self.method_name not in ("auto", "parsed"):
            return []
        return [self.wording.letters[place] for place in sorted(read_question(sample).right)]

    async def prepare(self) -> None:
        """Find out the method for all samples: that of the run that is resumed, else the first one that works."""
        self.method = self._method_of_earlier() or await self._find_method()

    def _method_of_earlier(self) -> ScoringMethod | None:
        plan = current_plan()
        for sample in plan.earlier() if plan is not None and plan.earlier is not None else ():
            for event in sample.events:
                if event.type == "choice":
                    return ScoringMethod(event.data["way"], event.data.get("n_alternatives", 0))
        return None

    async def _find_method(self) -> ScoringMethod:
        fn, name = self.completion_fn, self.method_name
        methods = methods_of(fn, self.style) if name == "auto" else methods_named(name, fn, self.style)
        if traits_of(fn).is_local:
            return methods[0]
        if len(methods) == 1 and methods[0].name == "score":
            return methods[0]
        row = self.stream_samples()[0]
        question, prompt = read_question(row), self.first_prompt(row)
        return await first_that_works(
            fn,
            prompt,
            methods,
            lambda method: self._try(method, question),
            needed_by="style: completion" if self.style == "completion" else f"way: {name}",
        )

    async def _try(self, method: ScoringMethod, question: Question) -> None:
        """Ask a question by this method. Raises CallFailed where it does not work with this model.

        A model that thinks before it answers, or answers in a sentence, has no letter among the likeliest next tokens.
        """
        choice = await self.prober.probe(question, range(question.n), method)
        if self.method_name == "auto" and method.name == "top_logprobs" and (choice.mass or 0.0) < LEAST_MASS:
            raise CallFailed(Kind.OTHER, "no letter is likely as the next token: the model begins with something else")

    async def eval_sample(self, sample: Any, rng: Random) -> None:
        if self.method is None:
            await self.prepare()
        assert self.method is not None
        question = read_question(sample)
        for order in orders_of(question.n, self.order, rng):
            choice = await self.prober.probe(question, order, self.method)
            self._record(question, order, choice, self.method)

    def _record(self, question: Question, order: Sequence[int], choice: ModelChoice, method: ScoringMethod) -> None:
        right = [index in question.right for index in order]
        if self.measure == "mc2":
            record_metrics(score=true_share(choice.logprobs, right))
        else:
            self._record_match(question, order, choice, right)
        logprobs = _rounded(choice.logprobs)
        data = {
            "way": method.name,
            "style": self.style,
            "letters": list(self.wording.letters_for(question)),
            "logprobs": logprobs,
            "floored": list(choice.floored),
            "mass": None if choice.mass is None else round(choice.mass, _DECIMALS),
            "normalisation": self.normalisation,
            "scores": logprobs if choice.scores is choice.logprobs else _rounded(choice.scores),
            "picked": choice.picked,
            "answer": right.index(True),
            "order": list(order),
            "n_shots": choice.n_shots,
            "prompt_sha256": hashlib.sha256(prompt_text(choice.prompt).encode("utf-8", "surrogatepass")).hexdigest(),
        }
        if self.style == "completion" and self.normalisation == "none":
            loss = answer_loss(choice.logprobs, right)
            data["answer_loss"] = round(loss, _DECIMALS) if math.isfinite(loss) else None
        known = {
            "subject": question.subject,
            "category": question.category,
            "n_alternatives": method.n_alternatives,
            "n_tokens": list(choice.n_tokens),
            "unconditional": _rounded(choice.unconditional),
            "tie": choice.picked is not None and choice.scores.count(max(choice.scores, default=0.0)) > 1,
        }
        record_event("choice", {**data, **{key: value for key, value in known.items() if value}})

    def _record_match(
        self, question: Question, order: Sequence[int], choice: ModelChoice, right: Sequence[bool]
    ) -> None:
        names: Sequence[str] = self.wording.letters_for(question)
        if self.style == "completion":
            names = [question.choices[index] for index in order]
        extra: dict[str, Any] = {} if choice.text is None else {"sampled": choice.text}
        if choice.picked is None:
            extra["parsed"] = False
        picked = choice.picked
        record_match(
            picked is not None and right[picked],
            expected=[name for name, is_right in zip(names, right, strict=True) if is_right],
            picked=None if picked is None else names[picked],
            **extra,
        )

    def new_report(self) -> Report:
        return ChoiceReport(self.measure, self.order == "rotations")


def _check_word(name: str, value: str | None) -> None:
    if value not in ONE_OF[name]:
        note = did_you_mean(str(value), filter(None, ONE_OF[name]))
        raise UsageError(f"{name} is {value!r}", notes=[note], fix=f"{name}: {' or '.join(filter(None, ONE_OF[name]))}")


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(value, _DECIMALS) for value in values]
