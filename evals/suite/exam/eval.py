"""Exam: a model sits a paper; the report has its score, its scale, its percentile, and how sure each is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from evals.completion import Prompt
from evals.completion_fns.graders import GraderArgument, NamedGrader, make_graders
from evals.completion_fns.replay import ReplayCompletionFn
from evals.engine.context import current_calls, current_plan, current_session
from evals.engine.failures import CallFailed, Kind
from evals.errors import BadSample, UsageError, did_you_mean, listed
from evals.eval import Report, StreamedEval
from evals.exams.items import MARKED_BY_RULE, Item
from evals.exams.marking import credit_of
from evals.exams.paper import MODES, Paper, Section
from evals.exams.reach import Averaging, check_averaging
from evals.exams.read_paper import PAPER_FILE, load_paper
from evals.json_text import dumps
from evals.record.current import record_event, record_metrics
from evals.suite.code.judge import Checker, Judge
from evals.suite.code.problems import code_problem
from evals.suite.exam.contaminated import contaminated_of
from evals.suite.exam.grading import Grading, Marked, answer_began, says_no_image
from evals.suite.exam.holdout import HoldoutRuns, add_run, count_runs, ledger_path, spec_hash
from evals.suite.exam.marks import HUMAN, HumanMarks, graders_of, warn_of_unused
from evals.suite.exam.prompts import PROMPTS_VERSION, STYLES, Asked, ExamPrompts, right_answer
from evals.suite.exam.report import ExamReport, Sitting
from evals.suite.exam.samples import PaperSamples
from evals.suite.exam.sitting import ANSWER_MODES, Reply, draw_reply


class Exam(StreamedEval):
    """A paper of the exam format; a sample is a question, and `score` its share of the points.

    exam: the folder of the paper, in a registry's data or anywhere. form: of the paper; by default `dev`, or the only
    one. mode: how images are seen, `vision`, `no_vision` or `transcribed`, unless the run says it (`--images`).

    style: `chat`, few-shot examples as turns, or `text`, all as one text for base models. answer_mode: `extract` or
    `resample`, by default as the paper says. shuffle: options in an order drawn by the run's seed. repeats: replies to
    each question, by default as the paper says; their points are averaged first.

    graders: `human` or names of models, for answers that graders mark where the paper names none; a list, or a text
    with `+` between. Completion functions after the first stand for the models among them, in order. grader: one or
    several (see `evals.completion_fns.graders`) in place of every model that the paper names. adjudicator: the
    model that decides between marks far apart. human_marks: a file of marks by people. contaminated: a file with the
    ids of questions found in training data, for the clean score.

    sandbox, workers, timeout_s: for questions of kind `code`, as for PassAtK. draws: of the bootstrap; 0 for none.

    Raises:
        DataError: the paper or a file cannot be used; with file:line. UsageError: an argument does not fit the paper.
    """

    scores_without_calls = True

    def __init__(
        self,
        completion_fns: Sequence[Any],
        exam: str,
        *args: Any,
        form: str | None = None,
        mode: str | None = None,
        style: str = "chat",
        answer_mode: str | None = None,
        shuffle: bool = False,
        repeats: int | None = None,
        graders: str | Sequence[str] = (),
        grader: GraderArgument | None = None,
        adjudicator: str | None = None,
        human_marks: str | None = None,
        contaminated: str | None = None,
        sandbox: str | Checker = "auto",
        assurance: str = "weak",
        workers: int | None = None,
        timeout_s: float | None = None,
        draws: int = 2000,
        **kwargs: Any,
    ) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        _one_of("style", style, STYLES)
        _one_of("answer_mode", answer_mode, (None, *ANSWER_MODES))
        self.samples_jsonl = exam
        self.paper: Paper = load_paper(self._folder(exam), form)
        self.items = {item.id: item for item in self.paper.items}
        self.image_condition = self._mode(mode)
        self.style, self.answer_mode, self.shuffle, self.draws = style, answer_mode, shuffle, int(draws)
        if repeats is not None and int(repeats) < 1:
            raise UsageError(f"repeats is {repeats}, and must be 1 or more")
        self.repeats = None if repeats is None else int(repeats)
        self._prompts = {
            section.id: ExamPrompts(section, style, bool(shuffle), self.seed) for section in self.paper.sections
        }
        self._contaminated = contaminated_of(self.paper, contaminated and self._prefix_registry_path(contaminated))
        self._averaging = Averaging.of(self.paper, self.repeats, self._contaminated or ())
        people = None if human_marks is None else HumanMarks(self._prefix_registry_path(human_marks), self.items)
        names = graders.split("+") if isinstance(graders, str) else [str(name) for name in graders]
        named = [] if grader is None else make_graders(grader, self.registry, self.completion_fn)
        instead = {one.name: one for one in named}
        models = self._grader_models([name for name in names if name], instead, adjudicator)
        self.further_completion_fns = list(models.values())
        self.completion_fns = self.completion_fns[:1]
        self.grading = Grading(
            Judge(sandbox, assurance, workers),
            [name for name in names if name],
            instead,
            models,
            adjudicator,
            people,
            timeout_s,
        )
        self._named_graders = [instead.get(name) or NamedGrader(name, fn) for name, fn in models.items()]
        self._holdout: HoldoutRuns | None = None
        self._known_intervals: dict[Any, dict[str, Any]] = {}
        self._samples = PaperSamples(self.paper)

    @property
    def named_graders(self) -> Sequence[NamedGrader]:
        """The graders of the paper, or those that stand in their places."""
        return self._named_graders

    def _folder(self, exam: str) -> Path:
        here, found = Path(exam).expanduser(), Path(self._prefix_registry_path(exam))
        # A folder of that name in the working folder may hold anything, the registry of the paper for instance.
        return here if here.is_dir() and ((here / PAPER_FILE).is_file() or not found.is_dir()) else found

    def _mode(self, mode: str | None) -> str | None:
        """The condition of images that the run gets unless it names one; None where nothing is to be said."""
        _one_of("mode", mode, (None, *MODES))
        self.prompts_hold_images = any(item.has_images for item in self.paper.items)
        if not self.prompts_hold_images:
            return mode
        if mode is not None and mode not in self.paper.modes:
            offered = listed(list(self.paper.modes))
            raise UsageError(f"paper {self.paper.id} has no mode {mode!r}", fix=f"choose one of: {offered}")
        return mode or ("vision" if "vision" in self.paper.modes else self.paper.modes[0])

    def _grader_models(
        self, names: Sequence[str], instead: Mapping[str, NamedGrader], adjudicator: str | None
    ) -> dict[str, Any]:
        """The completion function of each model that marks: given ones in order, then those of the registry.

        Stored answers are marked again by stored marks: then the record stands for all graders.
        """
        asked = [item for item in self.items.values() if item.kind in _GRADED]
        wanted = [name for item in asked for name in graders_of(item, names, list(instead))]
        wanted += [adjudicator] if adjudicator is not None and wanted else []
        warn_of_unused(names, wanted)
        models = [name for name in dict.fromkeys(wanted) if name != HUMAN]
        given = list(self.completion_fns[1:])
        if len(given) > len(models):
            raise UsageError(
                f"{len(given)} graders are given, and the paper has use for {len(models)}",
                fix="name graders with graders=NAME+NAME, or leave completion functions out",
            )
        replays = self.completion_fns[0] if isinstance(self.completion_fns[0], ReplayCompletionFn) else None
        made = {}
        for place, name in enumerate(models):
            own = instead[name].fn if name in instead else given[place] if place < len(given) else replays
            made[name] = own if own is not None else self.registry.make_completion_fn(name)
        return made

    def open_samples(self) -> Any:
        """The questions in the order of the paper."""
        return self._samples

    def preflight(self) -> None:
        """Start the sandbox where programs are asked for. Raises UsageError or HarnessFailed if it does not work."""
        if any(item.kind == "code" for item in self.items.values()):
            self.grading.judge.open()

    def fingerprint(self) -> dict[str, Any]:
        """The paper, how it is sat, and the graders in place of the paper's."""
        said = {**super().fingerprint(), "paper": self.paper.digest[:16], "prompts": PROMPTS_VERSION}
        instead = {name: dict(one.identity) for name, one in self.grading.instead.items()}
        return {**said, "graders": instead} if instead else said

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample where a program cannot be tested; all else was checked when the paper was loaded."""
        item = self.items[sample["id"]]
        if item.kind == "code":
            try:
                code_problem(item.problem, self.grading.timeout_s)
            except BadSample as error:
                raise BadSample(error.what, sample, notes=error.notes, fix=error.fix) from None

    def first_prompt(self, sample: Any) -> Prompt:
        """The prompt of the question, or of its first stage, with images as paths."""
        messages = self._asked(self.items[sample["id"]]).messages
        content = messages[0]["content"]
        return content if self.style == "text" and isinstance(content, str) else messages

    def ideal_completions(self, sample: Any) -> list[str]:
        """An answer line with the right answer, or the reference program; nothing for what graders mark."""
        item = self.items[sample["id"]]
        if item.dropped:
            return []
        if item.kind == "code":
            reference = code_problem(item.problem).reference
            return [] if reference is None else [f"```python\n{reference}\n```"]
        answer = right_answer(self._asked(item).shown.item) if item.kind in MARKED_BY_RULE else ""
        return [self._section(item).prompt.answer.replace("{answer}", answer)] if answer else []

    async def prepare(self) -> None:
        """Count a run of the holdout form, once, where it begins and where a model is asked."""
        if not self.paper.form.is_holdout:
            return
        plan, name = current_plan(), f"{self.paper.id} {self.paper.version}"
        is_new = (plan is None or plan.earlier is None) and not current_session().settings.local_only
        if is_new and not isinstance(self.completion_fn, ReplayCompletionFn):
            self._holdout = add_run(ledger_path(), name, self.paper.form.name, self.spec_hash)
        else:
            self._holdout = count_runs(ledger_path(), name, self.paper.form.name)

    @property
    def spec_hash(self) -> str:
        """A hash of the paper and of everything that decides how it is sat, the model apart."""
        return spec_hash(
            {
                "paper": self.paper.digest,
                "form": self.paper.form.name,
                "prompts": PROMPTS_VERSION,
                "mode": self.image_condition,
                "style": self.style,
                "answer_mode": self.answer_mode,
                "shuffle": self.seed if self.shuffle else None,
                "repeats": self.repeats,
                "graders": list(self.grading.instead) or list(self.grading.graders),
                "adjudicator": self.grading.adjudicator,
            }
        )

    async def eval_sample(self, sample: Any, rng: Random) -> None:
        """Draw the replies to one question and mark them; record an `exam` event for each, and `metrics`.

        exam: see docs/record-format.md. metrics, where the question counts and its mark is there: `score`, its points
        over those of a right answer.

        Raises:
            CallFailed: a call failed, or the reply was cut off before an answer could be read.
            HarnessFailed: the sandbox failed; the run ends.
        """
        item = self.items[sample["id"]]
        section, asked = self._section(item), self._asked(item)
        n_draws = self.repeats or section.sampling.repeats
        calls = current_calls()
        first = (calls.repeat if calls is not None else 0) * n_draws
        for run in range(first, first + n_draws):
            reply = await draw_reply(self._ask, asked, section.sampling, self._answer_mode(section), self.style)
            marked = await self.grading.marked(item, asked, reply.text, section.prompt, run)
            if reply.was_cut_off and not answer_began(item, reply.text, section.prompt, marked.mark):
                raise CallFailed(Kind.CUT_OFF, "the reply was cut off before its answer: allow more max_tokens")
            self._record(item, asked, reply, marked, run)

    async def _ask(self, prompt: Any, **options: Any) -> Any:
        return await self.complete_with(self.completion_fn, prompt, **options)

    def _record(self, item: Item, asked: Asked, reply: Reply, marked: Marked, run: int) -> None:
        mark = marked.mark
        points = None if mark is None else credit_of(item, mark)
        data = {
            "item": item.id,
            "section": item.section,
            "kind": item.kind,
            "run": run,
            "status": "pending" if mark is None else mark.status,
            "share": None if mark is None else mark.share,
            "points": points,
            "max_points": item.max_points,
            "answer": None if mark is None else asked.shown.in_paper_letters(mark.picked),
            "order": "".join(asked.shown.original_of.values()) if asked.shown.is_shuffled else None,
            "key": _key_of(item),
            "tags": list(item.tags) or None,
            "bundle": item.bundle.id if item.bundle else None,
            "cluster": item.cluster or None,
            "language": self.paper.language,
            "images": [image.name for image in item.images] or None,
            "dropped": item.dropped or None,
            "cut_off": reply.was_cut_off or None,
            "says_no_image": (item.has_images and says_no_image(reply.text)) or None,
            "answer_mode": self._answer_mode(self._section(item)),
            "prompt_sha256": self._prompt_hash(asked),
            **reply.facts(),
            **marked.details,
        }
        record_event("exam", {key: value for key, value in data.items() if value is not None})
        if points is not None and not item.dropped:
            record_metrics(score=points / item.max_points)

    def new_report(self) -> Report:
        """An empty ExamReport. Raises DataError if the repeats of the run give scores that a table does not have."""
        plan = current_plan()
        check_averaging(self.paper, self._averaging.repeated(1 if plan is None else plan.repeats))
        modes = dict.fromkeys(self._answer_mode(section) for section in self.paper.sections)
        facts = {
            "style": self.style,
            "answer_mode": " and ".join(modes),
            "shuffled": bool(self.shuffle),
            "spec_sha256": self.spec_hash,
        }
        sitting = Sitting(
            self.paper, facts, self._contaminated, self._images(), self.draws, self.seed, self._known_intervals
        )
        return ExamReport(sitting, lambda: self._holdout, self.grading.people)

    def _images(self) -> str:
        """The condition in which the images of the paper are seen; empty for a paper without any."""
        return current_session().settings.images.seen_as if self.prompts_hold_images else ""

    def _asked(self, item: Item) -> Asked:
        return self._prompts[item.section].asked(item, _task_of(item))

    def _section(self, item: Item) -> Section:
        return self.paper.section(item.section)

    def _answer_mode(self, section: Section) -> str:
        return self.answer_mode or section.sampling.answer_mode

    def _prompt_hash(self, asked: Asked) -> str:
        text = dumps(asked.messages).replace(str(self.paper.folder), "")
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


_GRADED = ("free", "essay")


def _task_of(item: Item) -> str:
    """What a programming question says beside its stem: the function that is to be completed, or the task."""
    if item.kind != "code":
        return ""
    row = code_problem(item.problem)
    prompt = row.problem.prompt.rstrip()
    task = row.task or (f"```python\n{prompt}\n```" if prompt else "")
    return "" if task in item.stem or (prompt and prompt in item.stem) else task


def _key_of(item: Item) -> Any:
    return right_answer(item) or None if item.kind in MARKED_BY_RULE else None


def _one_of(name: str, value: Any, words: Sequence[Any]) -> None:
    if value not in words:
        known = [word for word in words if word is not None]
        near = did_you_mean(str(value), known)
        raise UsageError(f"{name} is {value!r}", notes=[near], fix=f"choose one of {', '.join(known)}")
