"""The estimate of a run in the terminal: each number with its range, and what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evals.report.words import WIDTH, counted, money, one_line, seconds, wrapped

if TYPE_CHECKING:
    from evals.runner.estimate import Guess, RunEstimate

LABEL = 18
UNITS = ((3600.0, "h"), (60.0, "min"))


def estimate_text(e: RunEstimate) -> str:
    """The estimate of one run, at most 80 columns wide."""
    said = "nothing was called" if not e.n_trial_calls else f"{counted(e.n_trial_calls, 'real call')} made to measure"
    lines = [one_line(f"{e.eval} on {e.models[0].model}: an estimate, {said}"), ""]
    repeats = "" if e.n_evaluations == e.n_samples else f", {counted(e.n_evaluations, 'evaluation')}"
    lines += _line("calls", f"{_range(e.calls, '')}", f"{counted(e.n_samples, 'sample')}{repeats}; {e.calls.basis}")
    for one in e.models:
        if len(e.models) > 1:
            lines += ["", one_line(f"  {one.model} ({one.role}, {counted(one.n_calls, 'call')})")]
        lines += _line("prompt tokens", _range(one.prompt_tokens, ""), one.prompt_tokens.basis)
        lines += _line("completion tokens", _range(one.completion_tokens, ""), one.completion_tokens.basis)
        lines += _line("cost", "unknown" if one.cost_usd is None else _range(one.cost_usd, "$"), one.price_basis)
    if len(e.models) > 1:
        lines.append("")
        if e.cost_usd is not None:
            lines += _line("cost of all", _range(e.cost_usd, "$"), "")
    lines += _time_lines(e.time_s)
    lines += [f"  {line}" for note in e.notes for line in wrapped(f"note: {note}", rest="  ", width=76)]
    return "\n".join(lines)


def _time_lines(time_s: Guess | None) -> list[str]:
    if time_s is None:
        return _line("time", "unknown", "--estimate-calls 5 measures the latency")
    return _line("time", _range(time_s, "s"), time_s.basis)


def _line(label: str, value: str, basis: str) -> list[str]:
    head = f"  {label:<{LABEL}}{value}"
    if len(head) + 3 + len(basis) <= WIDTH:
        return [f"{head}   {basis}".rstrip()]
    return [head, *(f"  {'':<{LABEL}}{line}" for line in wrapped(basis, rest="", width=WIDTH - 2 - LABEL))]


def _range(guess: Guess, unit: str) -> str:
    """`1,319`, `about 190,000 (130,000 to 390,000)`, `0 to 2,701,312`, `at least 60 s`."""
    if guess.is_exact:
        return _number(guess.low, unit)
    if guess.high is None:
        least = f"at least {_number(guess.low, unit)}" if guess.low else "no upper bound is known"
        return least if guess.expected is None else f"about {_number(guess.expected, unit)}, {least}"
    both = f"{_number(guess.low, unit)} to {_number(guess.high, unit)}"
    return both if guess.expected is None else f"about {_number(guess.expected, unit)} ({both})"


def _number(value: float, unit: str) -> str:
    if unit == "$":
        return money(value)
    if unit == "s":
        return next((f"{value / size:.1f} {name}" for size, name in UNITS if value >= 2 * size), seconds(value))
    return f"{round(value):,}"


def estimates_lines(estimates: Sequence[RunEstimate | None], names: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Rows of a table of estimates with a sum at the end. names: (eval, model); None: done already, nothing to pay."""
    several = len({model for _, model in names}) > 1
    rows: list[tuple[str, ...]] = [("eval", *["model"][:several], "calls", "prompt tokens", "completions", "cost")]
    for (name, model), e in zip(names, estimates, strict=True):
        rows.append((name, *[model][:several], *(("done before", "", "", "") if e is None else _cells([e]))))
    left = [e for e in estimates if e is not None]
    if len(estimates) > 1 and left:
        rows.append(("sum", *[""][:several], *_cells(left)))
    return rows


def _cells(estimates: Sequence[RunEstimate]) -> tuple[str, str, str, str]:
    from evals.runner.estimate import summed

    models = [model for e in estimates for model in e.models]
    costs = [e.cost_usd for e in estimates if e.cost_usd is not None]
    known = len(costs) == len(estimates)
    least = f"over {money(sum(cost.low for cost in costs))}" if costs else "unknown"
    cost = _short(summed(costs, ""), "$") if known else least
    return (
        _short(summed([e.calls for e in estimates], ""), ""),
        _short(summed([model.prompt_tokens for model in models], ""), ""),
        _short(summed([model.completion_tokens for model in models], ""), ""),
        cost,
    )


def _short(guess: Guess, unit: str) -> str:
    if guess.is_exact:
        return _number(guess.low, unit)
    if guess.expected is not None:
        return f"~{_number(guess.expected, unit)}"
    return f"{_number(guess.low, unit)}+" if guess.high is None else f"up to {_number(guess.high, unit)}"
