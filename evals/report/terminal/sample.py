"""A recorded sample in the terminal: its messages, the completion, the expected answer, the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evals.json_text import dumps
from evals.record.rows import COLUMNS, error_without_prompt, failed_prompt, row_of
from evals.record.sample_record import SampleRecord
from evals.record.scores import values_of
from evals.report.few_shot import examples_in_chat, examples_in_text, examples_words
from evals.report.terminal.judged_sample import judged_parts, judged_verdict
from evals.report.words import labelled, money, number, one_line, printable
from evals.stats.intervals import mean_of

_NOTHING_EARNED = {"wrong", "invalid", "blank"}
_COLOURS = {"right": "\x1b[32m", "wrong": "\x1b[31m", "partly": "\x1b[31m", "error": "\x1b[31m", "bold": "\x1b[1m"}


def verdict_of(sample: SampleRecord) -> str:
    """`error`, `right`, `wrong`, `partly` if some of its matches are right; empty if it has no match and no verdict.

    A question that a paper asks and does not score has none.
    """
    if sample.error is not None:
        return "error"
    if is_dropped(sample):
        return ""
    statuses = {data["status"] for data in exam_data(sample)}
    if statuses - {"pending"}:
        return "right" if statuses == {"right"} else "wrong" if statuses <= _NOTHING_EARNED else "partly"
    correct = row_of(sample)["correct"]
    if isinstance(correct, float) and 0 < correct < 1:
        return "partly"
    return judged_verdict(sample) if correct is None else "right" if correct else "wrong"


def exam_data(sample: SampleRecord) -> list[dict[str, Any]]:
    """The data of the `exam` events of a question, one a reply."""
    return [data for data in sample.data("exam") if isinstance(data, dict) and isinstance(data.get("status"), str)]


def is_dropped(sample: SampleRecord) -> bool:
    """Whether it is a question that its paper does not score."""
    found = exam_data(sample)
    return bool(found) and all(data.get("dropped") is True for data in found)


def is_pending(sample: SampleRecord) -> bool:
    """Whether a reply to this question of an exam waits for a grader's mark."""
    return any(data["status"] == "pending" for data in exam_data(sample))


class Asked(str):
    """A text of a prompt: of a long one the end is kept, where the question stands."""

    __slots__ = ()


def sample_text(
    sample: SampleRecord, *, max_lines: int | None = 20, colour: bool = False, with_examples: bool = False
) -> str:
    """The sample as text, at most 80 columns wide.

    max_lines: lines shown of each text; only the first call is shown then. None shows everything. with_examples: show
    the few-shot examples of prompts too, and not only how many there are.
    """
    lines = [_head(sample, colour=colour)]
    for label, text in _parts(sample, whole=max_lines is None, with_examples=with_examples):
        lines += labelled(label, text, max_lines, keeps_end=isinstance(text, Asked))
    return "\n".join(lines)


def _head(sample: SampleRecord, *, colour: bool) -> str:
    name = one_line(sample.name or "(no sample id)")
    repeat = f", repeat {sample.repeat}" if sample.repeat else ""
    kind = verdict_of(sample)
    verdict = _share_right(sample) if kind == "partly" else kind
    told = [*([sample.sample_id] if sample.own_id else []), *(["not scored"] if is_dropped(sample) else [])]
    groups = ", ".join([*told, *(f"{printable(str(k))} {printable(str(v))}" for k, v in sample.labels.items())])
    tail = f"  ({groups})" if groups else ""
    if colour:
        name = f"{_COLOURS['bold']}{name}\x1b[0m"
        verdict = f"{_COLOURS[kind]}{verdict}\x1b[0m" if verdict else ""
    return f"{name}{repeat}  {verdict}{tail}".rstrip()


def _share_right(sample: SampleRecord) -> str:
    """`1 of 4 right` for a sample with several matches; the number where a match is right in part."""
    found = values_of(sample.events).get("correct")
    if found is None:  # a question of an exam, or verdicts without a match
        found = values_of(sample.events).get("score") or [0.0]
    if any(value not in (0, 1) for value in found):
        return number(mean_of(found))
    return f"{sum(value == 1 for value in found)} of {len(found)} right"


def _parts(sample: SampleRecord, *, whole: bool, with_examples: bool) -> Iterator[tuple[str, str]]:
    """(label, text) of each part of the sample, in order."""
    ask = prompt_parts if with_examples else asked_parts
    calls = [call for call in sample.data("sampling") if isinstance(call, dict)]
    if calls:
        for number, call in enumerate(calls if whole else calls[:1], 1):
            if whole and len(calls) > 1:
                by = f", grader {call['grader']}" if call.get("grader") else ""
                yield "call", f"{number} of {len(calls)}{by}"
            yield from ((label, Asked(text)) for label, text in ask(call.get("prompt")))
            yield from _answer_parts(call)
        if not whole and len(calls) > 1:
            yield "calls", f"{len(calls)}; the first is shown, all with the sample's id"
    elif scored := [call for call in sample.data("cond_logp") if isinstance(call, dict)]:
        for call in scored if whole else scored[:1]:
            yield from ((label, Asked(text)) for label, text in ask(call.get("prompt")))
            yield from _scored_parts(call)
    elif sample.raw_sample and failed_prompt(sample) is None:
        yield from _raw_parts(sample.raw_sample)
    if (failed := failed_prompt(sample)) is not None:
        if calls:
            yield "call", "the one that failed"
        yield from ((label, Asked(text)) for label, text in ask(failed))
    row = row_of(sample)
    if not calls and row["completion"] is not None:
        yield "completion", _as_text(row["completion"])
    yield from _result_parts(sample, row)


def _answer_parts(call: dict[str, Any]) -> Iterator[tuple[str, str]]:
    sampled, shown = call.get("sampled"), call.get("reasoning")
    reasoning = shown if isinstance(shown, list) else []
    for place, text in enumerate(sampled if isinstance(sampled, list) else [sampled]):
        if place < len(reasoning) and reasoning[place]:
            yield "reasoning", _as_text(reasoning[place])
        yield "completion", "(nothing)" if text is None else _as_text(text)
    for calls in call.get("tool_calls") or ():
        yield from _function_calls(calls)
    for text in call.get("answers") or ():
        yield "answer", _as_text(text) or "(nothing: it never left its thoughts)"
    reasons = call.get("finish_reasons")
    if reasons:
        yield "finish", ", ".join(map(str, reasons))


def _function_calls(calls: Any) -> Iterator[tuple[str, str]]:
    """Each call of a function, in the words of the record or of the chat endpoint."""
    for call in calls if isinstance(calls, list) else ():
        said = call.get("function", call) if isinstance(call, dict) else None
        if isinstance(said, dict):
            yield "calls", f"{said.get('name')} {_as_text(said.get('arguments'))}"


def _scored_parts(call: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The log probability of each continuation in nats."""
    texts, logprobs = call.get("completion"), call.get("logp")
    if isinstance(texts, list) and isinstance(logprobs, list):
        yield "log p", "\n".join(f"{_as_text(p):>10} {dumps(text)}" for text, p in zip(texts, logprobs, strict=False))
    else:
        yield "log p", f"{_as_text(logprobs)} {_as_text(texts)}"


def _raw_parts(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in row.items():
        if key == "input":
            yield from prompt_parts(value)
        elif key != "ideal":
            yield key, _as_text(value)


def _result_parts(sample: SampleRecord, row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key in ("expected", "picked"):
        if row[key] is not None and (key == "expected" or row[key] != row["completion"]):
            yield key, _as_text(row[key])
    yield from _grade_parts(sample)
    yield from _exam_parts(sample)
    yield from judged_parts(sample)
    metrics = {key: value for key, value in row.items() if key not in COLUMNS}
    if metrics:
        yield "metrics", ", ".join(f"{key} {_as_text(value)}" for key, value in metrics.items())
    if sample.error is not None:
        yield "error", _error_text(error_without_prompt(sample) or {})
    usage = usage_text(row)
    if usage:
        yield "usage", usage


def _exam_parts(sample: SampleRecord) -> Iterator[tuple[str, str]]:
    """The question's id and key, what was read of each reply and what it earned, and every grader's mark."""
    for place, data in enumerate(exam_data(sample)):
        if place == 0:
            yield "question", f"{data.get('item')} ({data.get('kind')})"
            if data.get("key") is not None:
                yield "expected", _as_text(data["key"])
        if data.get("answer") is not None:
            yield "picked", _as_text(data["answer"])
        earned = "a mark is missing: " + ", ".join(map(str, data.get("missing") or ()))
        if data.get("points") is not None:
            earned = f"{data['points']:g} of {data.get('max_points', 0):g} points"
        yield "mark", f"{data['status']}, {earned}" if data.get("points") is not None else earned
        for mark in data.get("marks") or ():
            yield "grader", f"{mark.get('grader')}: {_as_text(mark.get('points'))}"
            for line in mark.get("lines") or ():
                words = f"  {dumps(line['words'])}" if line.get("words") else ""
                yield "line", f"{line.get('line', 'level')} {_as_text(line.get('points'))}{words}"


def _grade_parts(sample: SampleRecord) -> Iterator[tuple[str, str]]:
    """What each grader of a hosted eval says, and why a call of a function or a JSON answer is wrong."""
    for grade in sample.data("grade"):
        if isinstance(grade, dict) and grade.get("score") is not None:
            problem = f": {grade['problem']}" if grade.get("problem") else ""
            verdict = "" if grade.get("passed") is None else ", passed" if grade["passed"] else ", failed"
            yield "grade", f"{grade.get('name')} {_as_text(grade['score'])}{verdict}{problem}"
    for verdict in sample.data("verdict"):
        if isinstance(verdict, dict) and verdict.get("grader") is not None:
            orders = verdict.get("orders")
            said = f" (in two orders: {', '.join(map(str, orders))})" if isinstance(orders, list) else ""
            again = f", asked again {verdict['n_retries']} times" if verdict.get("n_retries") else ""
            yield "verdict", f"{verdict['grader']}: {verdict.get('choice')}{said}{again}"
    for match in sample.data("match"):
        why = match.get("why", match.get("problem")) if isinstance(match, dict) else None
        if isinstance(why, str):
            yield "why", why


def _error_text(error: dict[str, Any]) -> str:
    head = ": ".join(str(error[key]) for key in ("type", "message") if error.get(key))
    more = {key: value for key, value in error.items() if key not in ("type", "message")}
    return f"{head}\n{', '.join(f'{k} {_as_text(v)}' for k, v in more.items())}" if more else head


def usage_text(row: dict[str, Any]) -> str:
    """`110 tokens (80 prompt, 30 completion), 0.51 s, $0.0001`, without what is unknown. row: of `row_of`."""
    usage = row["usage"] or {}
    parts = []
    n_in = usage.get("prompt_tokens", usage.get("input_tokens"))
    n_out = usage.get("completion_tokens", usage.get("output_tokens"))
    if n_in is not None and n_out is not None:
        parts.append(f"{n_in + n_out:,} tokens ({n_in:,} prompt, {n_out:,} completion)")
    if row["latency_s"] is not None:
        parts.append(f"{row['latency_s']:.2f} s")
    if row["cost_usd"]:
        parts.append(money(row["cost_usd"]))
    return ", ".join(parts)


def asked_parts(prompt: Any) -> Iterator[tuple[str, str]]:
    """(role, text) of what is asked: of few-shot examples only how many there are."""
    if isinstance(prompt, str):
        yield from _asked_text(prompt)
        return
    roles = [role_of(message) for message in prompt] if _is_chat(prompt) else []
    found = examples_in_chat(roles)
    if found is None:
        yield from prompt_parts(prompt)
        return
    yield from prompt_parts(prompt[: found.start]) if found.start else ()
    yield "examples", _folded_words(found.n)
    yield from prompt_parts(prompt[found.stop :])


def _asked_text(prompt: str) -> Iterator[tuple[str, str]]:
    found = examples_in_text(prompt)
    if found is None:
        yield "prompt", prompt
        return
    before = prompt[: found.start].rstrip()
    if before:
        yield "prompt", before
    yield "examples", _folded_words(found.n)
    yield "prompt", prompt[found.stop :]


def _folded_words(n: int) -> str:
    return f"({examples_words(n)}: --full shows {'it' if n == 1 else 'them'})"


def _is_chat(prompt: Any) -> bool:
    return isinstance(prompt, list) and bool(prompt) and all(isinstance(message, dict) for message in prompt)


def role_of(message: dict[str, Any]) -> str:
    """The role of a message; its name, where it has one, as openai/evals tells examples from questions."""
    return str(message.get("name") or message.get("role") or "message")


def prompt_parts(prompt: Any) -> Iterator[tuple[str, str]]:
    """(role, text) of each message of a prompt; a plain text has the role `prompt`."""
    if not _is_chat(prompt):
        yield "prompt", _as_text(prompt)
        return
    for message in prompt:
        if message.get("content") is not None or not message.get("tool_calls"):
            yield role_of(message), _content_text(message.get("content"))
        yield from _function_calls(message.get("tool_calls"))


def _content_text(content: Any) -> str:
    if not isinstance(content, list):
        return _as_text(content)
    return "\n".join(_piece_text(piece) for piece in content)


def _piece_text(piece: Any) -> str:
    """The text of a piece of a message, or its type in brackets: `[image_url]`."""
    if isinstance(piece, dict) and "type" in piece:
        return piece["text"] if isinstance(piece.get("text"), str) else f"[{piece['type']}]"
    return _as_text(piece)


def _as_text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else dumps(value)
