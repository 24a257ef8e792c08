"""PassAtK: a model writes programs, tests judge them, and the report estimates pass@k."""

from __future__ import annotations

import ast
import importlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.completion import Prompt
from evals.engine.calls import first_completion
from evals.engine.off_loop import Started
from evals.engine.traits import CHAT, traits_of
from evals.errors import BadSample, UsageError
from evals.eval import Report, StreamedEval
from evals.record.current import record_event, record_metrics
from evals.sandbox.verdict import Status, Verdict
from evals.stats.pass_at_k import best_of_n, maj_at_k, pass_at_k, pass_hat_k
from evals.suite.code.extraction import COMPLETION_STOPS, Extracted, continue_prompt, extract_program
from evals.suite.code.judge import Checker, Judge
from evals.suite.code.problems import CodeProblem, code_problem
from evals.suite.code.report import PassReport, counts_of
from evals.suite.one_model import require_one

STYLES = ("chat", "completion")
FUNCTION_INSTRUCTION = "Complete this Python function. Answer with the whole function in one block of Python code.\n\n"
PROGRAM_INSTRUCTION = (
    "Write a Python program that reads standard input and prints the answer to standard output. "
    "Answer with the whole program in one block of Python code.\n\n"
)
MAX_STOPS_SENT = 4
"How many stop texts the OpenAI API accepts. The completion is cut at all of them here anyway."


class PassAtK(StreamedEval):
    """Several programs for each problem run in a sandbox; `pass@k` is the chance that one of k passes all tests.

    Chen et al. 2021, arXiv:2107.03374. The arguments, by what they decide:

    - how many: k, a number or a list; n_completions, programs for each problem and temperature (by default the
      largest k); n_per_request, how many one request asks for (a server that returns fewer is asked again).
    - how they are drawn: temperature (by default 0 for a single program, else 0.8); temperatures, for some k only,
      such as `{1: 0.2, 100: 0.8}`, each with `n_completions` draws of its own; top_p, sent with temperatures above 0.
    - how it is asked: style `chat` asks for the whole function and extracts it from the answer; style `completion`
      lets a base model continue the prompt up to the first of `stop`. instruction: put before the prompt of a chat.
    - further metrics: pass_hat, the k of `pass^k` (all of k pass); maj, the k of `maj@k` (the most frequent program by
      syntax tree); best_of, the k of `best_of_k` (the program with the highest score by `scorer`, a function of prompt
      and program, or `module:function`).
    - how programs run: sandbox, `auto`, `bwrap`, `docker` or `unsafe-local`; assurance, `strict` to refuse what cannot
      be judged with certainty, `weak` to judge it and label the verdict; timeout_s, instead of the rows' own; workers,
      programs that run at a time (by default the number of cores).

    Programs run on threads while the model writes others. Equal programs for a problem run once. A failure of the
    sandbox ends the run and is never a score.

    Raises:
        UsageError: not exactly one completion function, or an argument that does not fit.
    """

    scores_without_calls = True

    def __init__(
        self,
        completion_fns: Sequence[Any],
        samples_jsonl: str,
        *args: Any,
        k: int | Sequence[int] = 1,
        n_completions: int | None = None,
        temperature: float | None = None,
        temperatures: Mapping[Any, float] | None = None,
        n_per_request: int = 10,
        top_p: float | None = 0.95,
        max_tokens: int | None = 1024,
        style: str = "chat",
        instruction: str | None = None,
        stop: Sequence[str] = COMPLETION_STOPS,
        pass_hat: Sequence[int] = (),
        maj: Sequence[int] = (),
        best_of: Sequence[int] = (),
        scorer: str | Callable[[str, str], float] | None = None,
        sandbox: str | Checker = "auto",
        assurance: str = "weak",
        timeout_s: float | None = None,
        workers: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        require_one(self, completion_fns)
        if style not in STYLES:
            raise UsageError(f"style is {style!r}", fix=f"choose one of {', '.join(STYLES)}")
        self.samples_jsonl = samples_jsonl
        self.ks = counts_of("k", [k] if isinstance(k, int) else k)
        self.pass_hat, self.maj = counts_of("pass_hat", pass_hat), counts_of("maj", maj)
        self.best_of, self.scorer = counts_of("best_of", best_of), _scorer(scorer)
        if bool(self.best_of) != (self.scorer is not None):
            raise UsageError("best_of and scorer go together", fix="give both: scorer is MODULE:FUNCTION")
        self.n_completions = self._n_completions(n_completions)
        self.temperature_of = self._temperatures(temperature, temperatures or {})
        self.n_per_request = counts_of("n_per_request", [n_per_request])[0]
        self.top_p, self.max_tokens = top_p, max_tokens
        self.style, self.instruction, self.stop = style, instruction, tuple(stop)
        self.timeout_s = timeout_s
        self.judge = Judge(sandbox, assurance, workers)

    def _n_completions(self, given: int | None) -> int:
        largest = max([*self.ks, *self.pass_hat, *self.maj, *self.best_of])
        n = largest if given is None else counts_of("n_completions", [given])[0]
        if n < largest:
            raise UsageError(
                f"{n} completions a problem cannot tell what {largest} would do",
                fix=f"set n_completions to {largest} or more, or lower k",
            )
        return n

    def _temperatures(self, default: float | None, given: Mapping[Any, float]) -> dict[int, float]:
        by_k = {int(k): float(value) for k, value in given.items()}
        unknown = sorted(set(by_k) - set(self.ks))
        if unknown:
            raise UsageError(f"temperatures names k = {unknown[0]}, which is not in k", fix=f"k is {self.ks}")
        plain = default if default is not None else 0.0 if self.n_completions == 1 else 0.8
        return {k: by_k.get(k, plain) for k in self.ks}

    def preflight(self) -> None:
        """Start the sandbox and try it, before the first paid call.

        Raises:
            UsageError: this machine has no such sandbox.
            HarnessFailed: the sandbox does not work.
        """
        self.judge.open()
        self.takes_weak_verdicts = not self.judge.can_be_strict

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless the row has one of the forms in `evals.suite.code.problems.FORMS`."""
        code_problem(sample, self.timeout_s)

    def first_prompt(self, sample: Any) -> Prompt:
        """The prompt of the row: a text for style `completion`, one user message for style `chat`."""
        return self._prompt(code_problem(sample, self.timeout_s))

    def ideal_completions(self, sample: Any) -> list[str]:
        """The row's reference solution in the form of a completion; empty if the row has none."""
        row = code_problem(sample, self.timeout_s)
        if row.reference is None:
            return []
        prompt = row.problem.prompt
        if self.style == "completion" and row.reference.startswith(prompt):
            return [row.reference[len(prompt) :]]
        return [f"```python\n{row.reference}\n```"]

    def _prompt(self, row: CodeProblem) -> Prompt:
        if self.style == "completion":
            return row.problem.prompt or row.task
        if row.problem.entry_point is None:
            return _user((PROGRAM_INSTRUCTION if self.instruction is None else self.instruction) + row.task)
        told = FUNCTION_INSTRUCTION if self.instruction is None else self.instruction
        return _user(told + (row.task or f"```python\n{row.problem.prompt.rstrip()}\n```"))

    def _program(self, row: CodeProblem, completion: str) -> Extracted:
        problem = row.problem
        if self.style == "completion" and problem.entry_point is not None:
            return continue_prompt(problem.prompt, completion, self.stop)
        return extract_program(completion, problem.prompt, problem.entry_point)

    async def eval_sample(self, sample: Any, *_: random.Random) -> None:
        """Draw and judge the programs of one problem; record a `program` event for each, then a `metrics` event.

        Sent: `temperature` and `max_tokens`; `top_p` at temperatures above 0; `n` if it is above 1; up to 4 `stop`
        texts for style `completion` and models that are no chat models. program: `draw` (from 0), `temperature`,
        `program` (its source), `parsed`, `found_as`, `status`, `kind`, `detail`, `assurance`, `wall_s`, `cpu_s`
        (seconds). metrics: `score`, which is `pass@k` of the smallest k; `pass@k` of each k and the further metrics;
        `n_completions`, `n_passed`, `n_unparsed`.
        """
        row = code_problem(sample, self.timeout_s)
        drawn: dict[float, list[_Drawn]] = {}
        for temperature in dict.fromkeys(self.temperature_of.values()):
            drawn[temperature] = await self._draw(row, temperature)
            for one in drawn[temperature]:
                _check_scored(one.verdict, sample)
        for temperature, programs in drawn.items():
            for number, program in enumerate(programs):
                record_event("program", program.data(number, temperature))
        record_metrics(**self._metrics(row, drawn))

    async def _draw(self, row: CodeProblem, temperature: float) -> list[_Drawn]:
        """All programs at one temperature with their verdicts. Each batch is judged while the next one is drawn."""
        found: list[Extracted] = []
        judged: dict[str, tuple[Started[Verdict], int]] = {}
        batches: list[Started[Verdict]] = []
        try:
            while len(found) < self.n_completions:
                texts = await self._completions(row, temperature, self.n_completions - len(found))
                fresh = [self._program(row, text) for text in texts]
                found += fresh
                new = list(dict.fromkeys(p.source for p in fresh if p.source not in judged))
                batch = self.judge.start(row.problem, new)
                batches.append(batch)
                judged.update({source: (batch, place) for place, source in enumerate(new)})
            results = {id(batch): await batch.results() for batch in batches}
        finally:
            for batch in batches:
                batch.cancel()
        verdicts = {source: results[id(batch)][place] for source, (batch, place) in judged.items()}
        return [_Drawn(program, verdicts[program.source]) for program in found]

    async def _completions(self, row: CodeProblem, temperature: float, n_missing: int) -> list[str]:
        request: dict[str, Any] = {"temperature": temperature, "max_tokens": self.max_tokens}
        request["top_p"] = self.top_p if temperature > 0 else None
        request["n"] = min(n_missing, self.n_per_request) if n_missing > 1 and self.n_per_request > 1 else None
        # A chat model writes "\ndef" in its thoughts, or behind the fence of its first line: it is cut here, not there.
        is_chat = traits_of(self.completion_fn).prompt_form == CHAT
        if self.style == "completion" and row.problem.entry_point is not None and not is_chat:
            request["stop"] = list(self.stop[:MAX_STOPS_SENT]) or None
        sent = {key: value for key, value in request.items() if value is not None}
        result = await self.complete_with(self.completion_fn, self._prompt(row), **sent)
        first_completion(result)
        return result.get_completions()[:n_missing]

    def _metrics(self, row: CodeProblem, drawn: Mapping[float, Sequence[_Drawn]]) -> dict[str, Any]:
        """The `metrics` event of one problem. `pass^k`, `maj@k` and `best_of_k` use the draws of the smallest k."""
        passed = {temperature: [one.passed for one in programs] for temperature, programs in drawn.items()}
        metrics: dict[str, Any] = {}
        for k in self.ks:
            outcomes = passed[self.temperature_of[k]]
            metrics[f"pass@{k}"] = pass_at_k(len(outcomes), sum(outcomes), k)
        first = next(iter(passed))
        for k in self.pass_hat:
            metrics[f"pass^{k}"] = pass_hat_k(len(passed[first]), sum(passed[first]), k)
        if self.maj:
            answers = [syntax(one.program.source) if one.program.parsed else None for one in drawn[first]]
            metrics |= {f"maj@{k}": maj_at_k(answers, passed[first], k) for k in self.maj}
        if self.scorer is not None:
            scores = [float(self.scorer(row.problem.prompt, one.program.source)) for one in drawn[first]]
            metrics |= {f"best_of_{k}": best_of_n(scores, passed[first], k) for k in self.best_of}
        everything = [one for programs in drawn.values() for one in programs]
        return {
            "score": metrics[f"pass@{min(self.ks)}"],
            **metrics,
            "n_completions": len(everything),
            "n_passed": sum(one.passed for one in everything),
            "n_unparsed": sum(not one.program.parsed for one in everything),
        }

    def new_report(self) -> Report:
        """An empty report over `pass@k`, `pass^k`, `maj@k` and `best_of_k` of the k that were asked for."""
        names = [f"pass@{k}" for k in self.ks]
        names += [f"pass^{k}" for k in self.pass_hat] + [f"maj@{k}" for k in self.maj]
        return PassReport([*names, *(f"best_of_{k}" for k in self.best_of)])


def _check_scored(verdict: Verdict, sample: Any) -> None:
    """Raise BadSample if a verdict says nothing of the program, but of its problem: no program is scored for that."""
    if verdict.kind == "reference":
        what = "the problem's own solution does not pass its tests here: no program is scored"
        fix = "correct the test or the solution; programs have few packages, see docs/sandbox.md"
    elif verdict.kind == "assurance":
        what = "no strict verdict is possible on this problem: no program is scored"
        fix = "allow weak verdicts (assurance: weak), or leave the problem out"
    else:
        return
    raise BadSample(what, sample, notes=[verdict.detail[:300]], fix=fix)


@dataclass(frozen=True)
class _Drawn:
    """The program of one completion, and the verdict on it."""

    program: Extracted
    verdict: Verdict

    @property
    def passed(self) -> bool:
        return self.verdict.status is Status.PASSED

    def data(self, number: int, temperature: float) -> dict[str, Any]:
        """The data of the `program` event."""
        verdict = self.verdict
        return {
            "draw": number,
            "temperature": temperature,
            "program": self.program.source,
            "parsed": self.program.parsed,
            "found_as": self.program.how,
            "status": verdict.status.value,
            "kind": verdict.kind,
            "detail": verdict.detail,
            "assurance": verdict.assurance,
            "wall_s": round(verdict.wall_s, 4),
            "cpu_s": round(verdict.cpu_s, 4),
        }


def syntax(program: str) -> str:
    """The syntax tree of a program as text: equal for programs that differ only in comments and layout.

    A program that is not valid Python is returned unchanged.
    """
    try:
        return ast.dump(ast.parse(program))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return program


def _scorer(given: str | Callable[[str, str], float] | None) -> Callable[[str, str], float] | None:
    """The function that `module:function` names; a function, or None, is returned as it is."""
    if not isinstance(given, str):
        return given
    module, _, name = given.partition(":")
    try:
        found: Callable[[str, str], float] = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(f"the scorer {given!r} cannot be imported: {error}", fix="write MODULE:FUNCTION") from None
    return found


def _user(text: str) -> Prompt:
    return [{"role": "user", "content": text}]
