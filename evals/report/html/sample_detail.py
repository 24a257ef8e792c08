"""A recorded sample as plain values for the report page: its calls with prompts as turns, the answers, the grades."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from evals.json_text import dumps
from evals.record.rows import COLUMNS, failed_prompt, row_of
from evals.record.sample_record import SampleRecord
from evals.report.few_shot import Examples, examples_in_chat, examples_in_text

_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+\Z")
"Data URLs that are shown as pictures. An SVG is not among them: it is a document of its own."
_CALL_FACTS = ("model", "usage", "latency_s", "cost_usd", "cached", "request", "finish_reasons")
_SHOWN_ELSEWHERE = {
    "sampling": ("prompt", "sampled", "reasoning", "tool_calls", "answers", *_CALL_FACTS),
    "cond_logp": ("prompt", "completion", "logp", *_CALL_FACTS),
}
"Keys of events that stand among the calls, and are left out of the list of events."

Turn = dict[str, Any]


def sample_detail(sample: SampleRecord) -> dict[str, Any]:
    """Everything that the page shows of a sample. Keys without a value are left out."""
    row = row_of(sample)
    calls = list(_calls(sample))
    if not calls:
        calls = [{"turns": turns_of(row["prompt"])}] if row["prompt"] is not None else []
    many = len(calls) > 1  # the numbers of a single call stand beside it
    found = {
        "calls": calls,
        "expected": row["expected"],
        "picked": row["picked"] if _differ(row["picked"], row["completion"]) else None,
        "completion": None if sample.data("sampling") else row["completion"],
        "verdicts": list(_verdicts(sample)),
        "metrics": {key: value for key, value in row.items() if key not in COLUMNS},
        "error": row["error"],
        "usage": row["usage"] if many else None,
        "latency_s": row["latency_s"] if many else None,
        "cost_usd": row["cost_usd"] if many else None,
        "labels": sample.labels,
        "events": [[event.type, _other_data(event.type, event.data)] for event in sample.events],
    }
    return {key: value for key, value in found.items() if value not in (None, [], {})}


def turns_of(prompt: Any) -> list[Turn]:
    """The messages of a prompt: each with `role`, and `parts` that are texts, pictures or calls of tools.

    Worked examples are marked: of a chat with `example`, of a text as a turn of their own. `n_examples` on the first.
    """
    if not (isinstance(prompt, list) and prompt and all(isinstance(message, dict) for message in prompt)):
        return _text_turns(prompt if isinstance(prompt, str) else dumps(prompt))
    turns = [_turn(message) for message in prompt]
    found = examples_in_chat([turn["role"] for turn in turns])
    if found is not None:
        for turn in turns[found.start : found.stop]:
            turn["example"] = True
        turns[found.start]["n_examples"] = found.n
    return turns


def _text_turns(text: str) -> list[Turn]:
    found: Examples | None = examples_in_text(text)
    if found is None:
        return [{"role": "prompt", "parts": [text]}]
    before, examples, asked = text[: found.start], text[found.start : found.stop], text[found.stop :]
    turns: list[Turn] = [{"role": "prompt", "parts": [before.rstrip()]}] if before.strip() else []
    turns.append({"role": "prompt", "parts": [examples.rstrip()], "example": True, "n_examples": found.n})
    return [*turns, {"role": "prompt", "parts": [asked]}]


def _turn(message: dict[str, Any]) -> Turn:
    content = message.get("content")
    pieces = content if isinstance(content, list) else [] if content is None else [content]
    parts = [_part(piece) for piece in pieces] + [{"call": call} for call in tool_calls(message.get("tool_calls"))]
    role = str(message.get("name") or message.get("role") or "message")
    turn: Turn = {"role": role, "parts": parts}
    if isinstance(message.get("tool_call_id"), str):
        turn["answers"] = message["tool_call_id"]
    return turn


def _part(piece: Any) -> Any:
    """A text as it is, `{"picture": url}`, or `{"file": words}` for what cannot be shown."""
    if isinstance(piece, str):
        return piece
    if not isinstance(piece, dict):
        return dumps(piece)
    if isinstance(piece.get("text"), str):
        return piece["text"]
    url = _url_of(piece)
    if url is None:
        return {"file": dumps(piece)}
    return {"picture": url} if _PICTURE.match(url) else {"file": f"{piece.get('type', 'file')}: {url}"}


def _url_of(piece: dict[str, Any]) -> str | None:
    """The address of a picture, in the words of the chat endpoint or of the responses endpoint."""
    for key in ("image_url", "input_image", "image"):
        found = piece.get(key)
        found = found.get("url") if isinstance(found, dict) else found
        if isinstance(found, str):
            return found
    return None


def tool_calls(calls: Any) -> list[dict[str, str]]:
    """The functions that a message calls: `name`, `arguments` as text, and `id` where there is one."""
    found = []
    for call in calls if isinstance(calls, list) else ():
        said = call.get("function", call) if isinstance(call, dict) else None
        if isinstance(said, dict):
            arguments = said.get("arguments")
            text = arguments if isinstance(arguments, str) else dumps(arguments)
            known = {"id": str(call["id"])} if call.get("id") else {}
            found.append({"name": str(said.get("name")), "arguments": text, **known})
    return found


def _calls(sample: SampleRecord) -> Iterator[dict[str, Any]]:
    """Each call of the model, and each request for the probabilities of texts; last the one that failed."""
    for event in sample.events:
        if not isinstance(event.data, dict) or event.type not in ("sampling", "cond_logp"):
            continue
        data = event.data
        call: dict[str, Any] = {"turns": turns_of(data["prompt"])} if data.get("prompt") is not None else {"turns": []}
        call |= {key: data[key] for key in _CALL_FACTS if data.get(key) is not None}
        if event.type == "sampling":
            call["completions"] = list(_completions(data))
        else:
            call["options"] = _options(data)
        yield call
    failed = failed_prompt(sample)
    if failed is not None:
        yield {"turns": turns_of(failed), "failed": True}


def _completions(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    sampled = data.get("sampled")
    texts = sampled if isinstance(sampled, list) else [] if sampled is None else [sampled]
    for place, text in enumerate(texts):
        found: dict[str, Any] = {"text": text if isinstance(text, str) else "" if text is None else dumps(text)}
        for key in ("reasoning", "answers", "finish_reasons", "tool_calls"):
            value = _at(data.get(key), place)
            if value:
                found[key] = tool_calls(value) if key == "tool_calls" else value
        if found.get("answers") == found["text"]:
            del found["answers"]
        yield found


def _options(data: dict[str, Any]) -> list[list[Any]]:
    """[text, log probability in nats] of each text that was scored."""
    texts, logprobs = data.get("completion"), data.get("logp")
    if isinstance(texts, list) and isinstance(logprobs, list):
        return [[text, logprob] for text, logprob in zip(texts, logprobs, strict=False)]
    return [[texts, logprobs]]


def _verdicts(sample: SampleRecord) -> Iterator[dict[str, Any]]:
    """What scorers and graders say: the data of `match`, `grade`, `exam` and `program` events."""
    for event in sample.events:
        if event.type in ("match", "grade", "exam", "program") and isinstance(event.data, dict):
            yield {"by": event.type, **{key: value for key, value in event.data.items() if key != "sampled"}}


def _differ(picked: Any, completion: Any) -> bool:
    """Whether what was picked says more than the completion beside it."""
    if isinstance(picked, str) and isinstance(completion, str):
        return picked.strip() != completion.strip()
    return bool(picked != completion)


def _other_data(type: str, data: Any) -> Any:
    hidden = _SHOWN_ELSEWHERE.get(type, ())
    if not hidden or not isinstance(data, dict):
        return data
    return {key: value for key, value in data.items() if key not in hidden}


def _at(values: Any, place: int) -> Any:
    return values[place] if isinstance(values, list) and place < len(values) else None
