"""A loopback server that treats requests as real servers do: one made-up model behind the ways of five servers.

What each of them does otherwise was seen on real ones (docs/servers.md). The model continues a text by the last token
alone, and its log probabilities are numbers of its own, so that every score can be told without the server.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from evals.completion_fns.openai.objects import (
    chat_choice,
    chat_completion,
    error_object,
    models_object,
    text_choice,
    text_completion,
    text_logprobs,
    usage_object,
)
from evals.testing.http_server import HttpReply, HttpRequest, ServerThread

VOCABULARY = (" A", " B", " C", " D", " yes", " no", ".", "\n")
"What the model generates."
BEGIN = "<s>"
_TOKENS = re.compile(r" ?[A-Za-z0-9]+|.", re.DOTALL)


def tokens_of(text: str) -> list[str]:
    """The tokens of a text: words with the space before them, and single characters."""
    return _TOKENS.findall(text)


def logprob_of(token: str, before: str) -> float:
    """The log probability of a token after another one, in nats: a made-up number from -8 to -0.1."""
    digest = hashlib.blake2b(f"{before}\0{token}".encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return -0.1 - 7.9 * int.from_bytes(digest, "big") / 2**32


def likeliest_after(before: str) -> str:
    """What the model generates after a token at temperature 0."""
    return max(VOCABULARY, key=lambda token: logprob_of(token, before))


@dataclass(frozen=True)
class ServerKind:
    """What a server does otherwise than the API says."""

    has_begin_token: bool = True
    "Its model has one: prompts begin with it, and the first token of a text has a log probability."
    counts_begin_token: bool = False
    "Echoed tokens and offsets count the begin token, while the text lacks it."
    echoes: bool = True
    gives_logprobs: bool = True
    shifts_echo: bool = False
    "With `echo`, each token has the log probability that it would have after itself, generated ones too."
    list_error: tuple[int, str] | None = None
    "Status and message with which several prompts, or a list of one, are refused."
    zero_is_no_limit: bool = False
    "`max_tokens: 0` generates up to the end of the context."
    reads_n: bool = True
    slots: int | None = None
    "`n` above it is refused."
    keeps_stop: bool = False
    samples: bool = True
    "False: at any temperature the likeliest token comes."
    streams_responses: bool = False
    context: int = 256
    context_error: tuple[int, str, str] = (400, "context_length_exceeded", "maximum context length is 256 tokens")
    "Status, type and message of the error for a prompt that is too long."


_SLOTS = "n_cmpl cannot be greater than the number of slots, please increase -np"
KINDS = {
    "openai": ServerKind(has_begin_token=False),
    "vllm": ServerKind(counts_begin_token=True),
    "llama-cpp-python": ServerKind(list_error=(500, ""), zero_is_no_limit=True),
    "llama-cpp-python, no begin token": ServerKind(
        has_begin_token=False, shifts_echo=True, list_error=(500, ""), zero_is_no_limit=True
    ),
    "llama-server": ServerKind(
        echoes=False,
        slots=4,
        context_error=(400, "exceed_context_size_error", "the request exceeds the available context size"),
    ),
    "transformers": ServerKind(
        echoes=False,
        gives_logprobs=False,
        reads_n=False,
        keeps_stop=True,
        samples=False,
        streams_responses=True,
        list_error=(400, "prompt must be a string."),
    ),
}
"The servers by name."


class KindServer:
    """The server, from entering to leaving a `with` block. kind: its ways, or a name in KINDS."""

    def __init__(self, kind: str | ServerKind) -> None:
        self.kind = KINDS[kind] if isinstance(kind, str) else kind
        self.bodies: list[dict[str, Any]] = []
        "The requests, in the order in which they came."
        self._thread = ServerThread(self)
        self.base_url = ""
        self._n_drawn = 0

    def __enter__(self) -> KindServer:
        self.base_url = f"http://127.0.0.1:{self._thread.start()}/v1"
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.stop()

    def finished(self) -> None:
        """Nothing is counted."""

    def answer(self, request: HttpRequest) -> HttpReply:
        if request.method == "GET":
            return _json(models_object(["m"], "kinds"))
        body = json.loads(request.body)
        self.bodies.append(body)
        if request.path.endswith("/responses"):
            return self._at_responses(body)
        is_chat = request.path.endswith("/chat/completions")
        prompts = [body["messages"][-1]["content"]] if is_chat else body["prompt"]
        if isinstance(prompts, list) and not is_chat and self.kind.list_error is not None:
            status, message = self.kind.list_error
            return _error(status, message, "invalid_request_error" if status < 500 else "internal_server_error")
        asked = int(body.get("n") or 1)
        if self.kind.slots is not None and asked > self.kind.slots:
            return _error(400, _SLOTS, "invalid_request_error")
        texts = [prompts] if isinstance(prompts, str) else prompts
        if any(len(tokens_of(text)) > self.kind.context for text in texts):
            status, kind, message = self.kind.context_error
            return _error(status, message, kind)
        n = asked if self.kind.reads_n else 1
        drawn = [(text, self._draw(text, body)) for text in texts for _ in range(n)]
        return _json(self._chat(drawn, body) if is_chat else self._text(drawn, body))

    def _draw(self, text: str, body: dict[str, Any]) -> list[str]:
        """The tokens that are generated after a text, by what the request asks for."""
        limit = int(body.get("max_tokens", 16))
        if limit == 0 and self.kind.zero_is_no_limit:
            limit = self.kind.context - len(tokens_of(text))
        is_greedy = not self.kind.samples or not body.get("temperature", 1)
        self._n_drawn += 1
        before, drawn = self._context(text)[-1], list[str]()
        stops = [body["stop"]] if isinstance(body.get("stop"), str) else body.get("stop") or []
        while len(drawn) < limit and not any(stop in "".join(drawn) for stop in stops):
            token = likeliest_after(before) if is_greedy else self._sampled(before, len(drawn))
            drawn.append(token)
            before = token
        return drawn

    def _sampled(self, before: str, place: int) -> str:
        digest = hashlib.blake2b(f"{before}\0{self._n_drawn}\0{place}".encode(), digest_size=1).digest()
        return VOCABULARY[digest[0] % len(VOCABULARY)]

    def _context(self, text: str) -> list[str]:
        return [BEGIN, *tokens_of(text)] if self.kind.has_begin_token else tokens_of(text)

    def _said(self, drawn: Sequence[str], body: dict[str, Any]) -> str:
        text = "".join(drawn)
        stops = [body["stop"]] if isinstance(body.get("stop"), str) else body.get("stop") or []
        ends = [text.find(stop) for stop in stops if stop in text]
        return text if not ends or self.kind.keeps_stop else text[: min(ends)]

    def _chat(self, drawn: Sequence[tuple[str, list[str]]], body: dict[str, Any]) -> dict[str, Any]:
        choices = [chat_choice(k, self._said(tokens, body), "stop") for k, (_, tokens) in enumerate(drawn)]
        return chat_completion("chatcmpl-1", 0, "m", choices, _usage(drawn))

    def _text(self, drawn: Sequence[tuple[str, list[str]]], body: dict[str, Any]) -> dict[str, Any]:
        is_echo = bool(body.get("echo")) and self.kind.echoes
        choices = []
        for k, (prompt, tokens) in enumerate(drawn):
            text = (prompt if is_echo else "") + self._said(tokens, body)
            wants = body.get("logprobs") is not None and self.kind.gives_logprobs
            logprobs = self._logprobs(prompt, tokens, is_echo, int(body["logprobs"])) if wants else None
            choices.append(text_choice(k, text, "length", logprobs))
        return text_completion("cmpl-1", 0, "m", choices, _usage(drawn))

    def _logprobs(self, prompt: str, drawn: Sequence[str], is_echo: bool, n_top: int) -> dict[str, Any]:
        context = self._context(prompt)
        generated = [(token, before) for before, token in pairwise([context[-1], *drawn])]
        if not is_echo:
            return _listed(generated, n_top)
        echoed = [(token, token if self.kind.shifts_echo else before) for before, token in pairwise(context)]
        if self.kind.shifts_echo:
            generated = [(token, token) for token, _ in generated]
        is_shown = not self.kind.has_begin_token or self.kind.counts_begin_token
        return _listed([*([(context[0], None)] if is_shown else []), *echoed, *generated], n_top)

    def _at_responses(self, body: dict[str, Any]) -> HttpReply:
        text = self._said(self._draw(str(body["input"][-1]["content"]), body), body)
        item = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}
        reply = {"id": "resp_1", "object": "response", "status": "completed", "model": "m", "output": [item]}
        if self.kind.streams_responses and body.get("stream") is not False:
            event = f"event: response.completed\ndata: {json.dumps({'response': reply})}\n\n"
            return HttpReply(event.encode(), content_type="text/event-stream")
        return _json(reply)


def _listed(tokens: Sequence[tuple[str, str | None]], n_top: int) -> dict[str, Any]:
    """The log probabilities of tokens, each with the token that it is told by; None for one that has none."""
    names = [token for token, _ in tokens]
    offsets = [sum(map(len, names[:k])) for k in range(len(names))]
    tops = [
        None if before is None else _top(before, n_top) | {token: logprob_of(token, before)} for token, before in tokens
    ]
    logprobs = [None if before is None else logprob_of(token, before) for token, before in tokens]
    return text_logprobs(names, logprobs, tops, offsets)


def _top(before: str, n: int) -> dict[str, float]:
    """The likeliest `n` tokens after one."""
    values = {token: logprob_of(token, before) for token in VOCABULARY}
    return {token: values[token] for token in sorted(values, key=values.__getitem__, reverse=True)[:n]}


def _usage(drawn: Sequence[tuple[str, list[str]]]) -> dict[str, Any]:
    return usage_object(sum(len(tokens_of(text)) for text, _ in drawn), sum(len(tokens) for _, tokens in drawn))


def _json(value: Any, status: int = 200) -> HttpReply:
    return HttpReply(json.dumps(value).encode(), status)


def _error(status: int, message: str, kind: str) -> HttpReply:
    return _json(error_object(message, kind), status)
