"""ToolCall: the completion must call the right functions with accepted arguments, or call none where none fits."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from evals.completion import Completions, FunctionCall, Prompt
from evals.engine.calls import first_completion
from evals.eval import Report, StreamedEval
from evals.metrics import MatchReport, Mean, with_keys
from evals.record.current import record_match
from evals.record.recorders import Event
from evals.suite.one_model import require_one
from evals.suite.tools.call_rules import Problem, check_calls
from evals.suite.tools.rows import ToolRow, read_answers, read_row


def check_row(row: ToolRow, calls: Sequence[FunctionCall]) -> Problem | None:
    """What is wrong with the calls for a row; None if they are right."""
    if row.expected is None:
        return None if calls else Problem("no call", "no function is called, and one fits")
    if not row.expected:
        return Problem("needless call", f"{calls[0]['name']} is called, and no function fits") if calls else None
    if not calls:
        return Problem("no call", "no function is called")
    return check_calls(calls, row.expected, row.parameters)


class ToolCall(StreamedEval):
    """Right if the functions are called that the row expects, with accepted arguments: BFCL's rules.

    answers_jsonl: BFCL's file of possible answers, for rows in its form. temperature, max_tokens, tool_choice: of the
    request; the row's own `tool_choice` comes first.

    Raises:
        UsageError: not exactly one completion function. DataError: the answers cannot be read.
    """

    def __init__(
        self,
        completion_fns: Sequence[Any],
        samples_jsonl: str,
        *args: Any,
        answers_jsonl: str | None = None,
        temperature: float | None = 0.0,
        max_tokens: int | None = None,
        tool_choice: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        require_one(self, completion_fns)
        self.samples_jsonl = samples_jsonl
        self.answers = {} if answers_jsonl is None else read_answers(self._prefix_registry_path(answers_jsonl))
        self.request = {"temperature": temperature, "max_tokens": max_tokens, "tool_choice": tool_choice}

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless the row has messages, tools with names, and expected calls of these tools."""
        read_row(sample, self.answers)

    def first_prompt(self, sample: Any) -> Prompt:
        """The messages of the row."""
        prompt: Prompt = read_row(sample, self.answers).messages
        return prompt

    def ideal_completions(self, sample: Any) -> list[str]:
        """An empty list: calls are no texts."""
        return []

    async def eval_sample(self, sample: Any, rng: Random) -> None:
        """Send the messages with the tools; record a `match` event.

        match: `correct`; `expected`, the accepted calls; `picked`, the calls of the completion; `sampled`, its text;
        `kind` (see `evals.suite.tools.rows.Kind`); for a wrong one `problem` and `why`; `parsed`, false if the
        arguments of a call are no JSON object.

        Raises:
            BadSample: `check_sample` refuses the row.
        """
        row = read_row(sample, self.answers)
        result = await self.complete_with(self.completion_fn, row.messages, **self._options(row))
        text = first_completion(result)
        drawn = result.tool_calls if isinstance(result, Completions) else []
        calls = drawn[0] if drawn else []
        problem = check_row(row, calls)
        said = {} if problem is None else {"problem": problem.kind, "why": problem.what}
        parsed = all(isinstance(call["arguments"], dict) for call in calls)
        record_match(
            problem is None,
            expected="any call" if row.expected is None else list(row.expected),
            picked=[{"name": call["name"], "arguments": call["arguments"]} for call in calls],
            sampled=text,
            kind=row.kind,
            parsed=parsed,
            **said,
        )

    def _options(self, row: ToolRow) -> dict[str, Any]:
        """The options of the request. Without tools there is no choice either: servers refuse empty lists."""
        given = dict(self.request)
        if row.tool_choice is not None:
            given["tool_choice"] = row.tool_choice
        given = {**given, "tools": row.tools} if row.tools else {**given, "tool_choice": None}
        return {name: value for name, value in given.items() if value is not None}

    def new_report(self) -> Report:
        """An empty ToolReport."""
        return ToolReport()


class ToolReport(MatchReport):
    """Accuracy, `unparsed`, and `accuracy/KIND` for each kind of row, with the number of its samples."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[str, Mean] = {}

    def add(self, sample_id: str, events: Sequence[Event]) -> None:
        """Add the `match` event of one sample."""
        super().add(sample_id, events)
        for event in events:
            if event.type == "match" and "kind" in event.data:
                mean = self._kinds.setdefault(event.data["kind"], Mean())
                mean.add(sample_id, float(event.data["correct"]))

    def as_dict(self) -> dict[str, Any]:
        """The report so far."""
        report = super().as_dict()
        for kind in sorted(self._kinds):
            name = f"accuracy/{kind.replace(' ', '_')}"
            report = with_keys(report, name, self._kinds[kind])
        return report
