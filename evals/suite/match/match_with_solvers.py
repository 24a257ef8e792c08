"""MatchWithSolvers: a solver's output must begin with the first ideal answer."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from evals.errors import UsageError
from evals.eval import SolverEval
from evals.metrics import MatchReport
from evals.record.recorders import RecorderBase
from evals.solvers.solver import Solver
from evals.suite.match.match import record_and_check_match
from evals.suite.samples.doubts import Doubt, ideal_doubts, prompt_doubts
from evals.suite.samples.ideals import accepted, require
from evals.task_state import Message, TaskState


def _names_a_file(text: str) -> bool:
    return text.endswith((".txt", ".md")) and not any(map(str.isspace, text))


class MatchWithSolvers(SolverEval):
    """Match for solvers: right if a solver's output begins with the first ideal answer.

    The answer counts as written or capitalised. task_description: a text, or the path of a UTF-8 text file.
    shuffle: shuffle the samples by numpy's generator, seeded with the run's seed. n_samples: use only the first
    ones after that. Sample ids are numbered in the shuffled order, as in openai/evals.

    Raises:
        UsageError: `task_description` is empty.
        ValueError: not exactly one completion function.
    """

    def __init__(
        self,
        completion_fns: Sequence[Any],
        samples_jsonl: str,
        task_description: str,
        n_samples: int | None = None,
        shuffle: bool = True,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        if not task_description:
            raise UsageError("task_description is empty", fix="give a text, or the path of a text file")
        if _names_a_file(task_description) and not os.path.isfile(task_description):
            raise UsageError(
                f"task_description names no file: {task_description!r}", fix="correct the path, or write the text"
            )
        if os.path.isfile(task_description):
            task_description = Path(task_description).read_text(encoding="utf-8")
        self.task_description = task_description
        self.samples_jsonl = samples_jsonl
        self.n_samples = n_samples
        self.shuffle = shuffle

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless the row has an `input`, and a text or a list of at least one text as `ideal`."""
        require(sample, "input", "ideal")
        accepted(sample)

    def doubtful_sample(self, sample: Any) -> Iterator[Doubt]:
        """Doubts about the row's `input` and `ideal`."""
        return itertools.chain(prompt_doubts(sample["input"]), ideal_doubts(sample))

    def eval_sample(self, solver: Solver, sample: Any, *_: random.Random) -> str | None:  # type: ignore[override]
        """Give the solver the task and the messages of `input`; record a `match` event; return the answer picked.

        The event is that of `record_and_check_match`; its `expected` is the answer as written and capitalised.

        Raises:
            BadSample: `check_sample` refuses the row.
        """
        self.check_sample(sample)
        state = TaskState(self.task_description, [Message(**message) for message in sample["input"]])
        output = solver(state).output
        ideal = accepted(sample)[0]
        return record_and_check_match(sample["input"], output, [ideal, ideal.capitalize()])

    def run(self, recorder: RecorderBase) -> dict[str, Any]:
        """Evaluate the samples; the report holds `accuracy` with standard error and interval, and `bootstrap_std`."""
        samples = self.get_samples()
        if self.shuffle:
            import numpy as np

            shuffle: Any = np.random.RandomState(self.seed).shuffle
            shuffle(samples)
        self.eval_all_samples(recorder, samples if self.n_samples is None else samples[: self.n_samples])
        report = MatchReport("bootstrap_std")
        for event in recorder.get_events("match"):
            report.add(event.sample_id or "", [event])
        return report.as_dict()
