"""Whole and streamed replies of the two endpoints, from what the model computed."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.completion_fns.openai.objects import (
    Json,
    chat_choice,
    chat_chunk,
    chat_completion,
    chat_delta,
    text_choice,
    text_completion,
    usage_object,
)
from evals.json_text import dumps, encode
from evals.local_models.language_model import Generated, Sampling, ScoredToken, TokenIds, chat_text
from evals.local_models.logprobs import chat_logprobs_of, text_logprobs_of
from evals.serving.api_error import our_fault
from evals.serving.deltas import Deltas
from evals.serving.requests import Options
from evals.serving.served_model import ServedModel


@dataclass(frozen=True)
class Head:
    """What all pieces of one reply share."""

    prefix: str
    model: str
    created: int = field(default_factory=lambda: int(time.time()))
    number: str = field(default_factory=lambda: secrets.token_hex(12))

    @property
    def reply_id(self) -> str:
        return f"{self.prefix}-{self.number}"


@dataclass(frozen=True)
class Job:
    """One prompt of a request, as the model takes it. text: of the prompt, as offsets count it."""

    prompt: TokenIds
    text: str
    sampling: Sampling


def n_drawn(draws: Sequence[Generated]) -> int:
    return sum(generated.n_drawn for generated in draws)


async def chat_reply(served: ServedModel, job: Job, options: Options) -> Json:
    """A `chat.completion` object."""
    draws = await served.generate(job.prompt, job.sampling)
    choices = [
        chat_choice(
            index,
            chat_text(generated.text, served.model.chat_lead),
            generated.finish_reason,
            None if options.top_logprobs is None else chat_logprobs_of(served.model, generated.tokens),
        )
        for index, generated in enumerate(draws)
    ]
    head = Head("chatcmpl", served.name)
    usage = usage_object(len(job.prompt), n_drawn(draws))
    return chat_completion(head.reply_id, head.created, head.model, choices, usage)


async def text_reply(served: ServedModel, jobs: Sequence[Job], options: Options, echo: bool) -> Json:
    """A `text_completion` object: `n` choices a prompt."""
    parts = await asyncio.gather(*(_text_choices(served, job, options, echo) for job in jobs))
    choices = [choice for made, _ in parts for choice in made]
    for index, choice in enumerate(choices):
        choice["index"] = index
    usage = usage_object(sum(len(job.prompt) for job in jobs), sum(n for _, n in parts))
    head = Head("cmpl", served.name)
    return text_completion(head.reply_id, head.created, head.model, choices, usage)


async def _text_choices(served: ServedModel, job: Job, options: Options, echo: bool) -> tuple[list[Json], int]:
    """The choices of one prompt, and how many tokens were drawn for them."""
    top = options.top_logprobs
    echoed: list[ScoredToken] = []
    if echo and top is not None:
        echoed = await served.score(job.prompt, top)
    if job.sampling.max_tokens:
        draws = await served.generate(job.prompt, job.sampling)
    else:
        draws = [Generated("", (), "length", 0)] * job.sampling.n
    start = 0 if echo else len(job.text)
    return [
        text_choice(
            0,
            (job.text if echo else "") + generated.text,
            generated.finish_reason,
            None if top is None else text_logprobs_of(served.model, [*echoed, *generated.tokens], top, start),
        )
        for generated in draws
    ], n_drawn(draws)


class Stream:
    """A reply as server-sent events, one a piece of text. is_chat: else of the completions endpoint."""

    def __init__(self, served: ServedModel, jobs: Sequence[Job], options: Options, is_chat: bool) -> None:
        self._served, self._jobs, self._options, self._is_chat = served, jobs, options, is_chat
        self._head = Head("chatcmpl" if is_chat else "cmpl", served.name)
        self._n = options.n
        lead = served.model.chat_lead if is_chat else ""
        self._deltas = [Deltas(job.sampling.stop, lead) for job in jobs for _ in range(self._n)]
        self._chars = [len(job.text) for job in jobs for _ in range(self._n)]

    async def events(self) -> AsyncIterator[bytes]:
        """The events; a failure after the first one becomes an `error` event, as the API has it."""
        try:
            if self._is_chat:
                for index in range(self._n):
                    yield self._event([chat_delta(index, {"role": "assistant", "content": "", "refusal": None})])
            async for event in self._pieces():
                yield event
        except Exception:
            yield _data(our_fault().body())
            raise
        yield b"data: [DONE]\n\n"

    async def _pieces(self) -> AsyncIterator[bytes]:
        heard: asyncio.Queue[tuple[int, ScoredToken] | None] = asyncio.Queue()
        work = asyncio.ensure_future(self._compute(heard))
        try:
            while (token := await heard.get()) is not None:
                index, found = token
                text, released = self._deltas[index].add(found)
                if text:
                    yield self._piece(index, text, released)
            draws = await work
            for index, generated in enumerate(draws):
                final = chat_text(generated.text, self._served.model.chat_lead) if self._is_chat else generated.text
                text, released = self._deltas[index].rest(final, len(generated.tokens))
                if text or released:
                    yield self._piece(index, text, released)
                yield self._piece(index, None, [], generated.finish_reason)
            if self._options.stream_usage:
                usage = usage_object(sum(len(job.prompt) for job in self._jobs), n_drawn(draws))
                yield self._event([], usage)
        finally:
            work.cancel()

    async def _compute(self, heard: asyncio.Queue[tuple[int, ScoredToken] | None]) -> list[Generated]:
        loop = asyncio.get_running_loop()

        def listener(place: int) -> Any:
            def hear(draw: int, token: ScoredToken) -> None:
                loop.call_soon_threadsafe(heard.put_nowait, (place * self._n + draw, token))

            return hear

        work = (
            self._served.generate(job.prompt, job.sampling, listener(place)) for place, job in enumerate(self._jobs)
        )
        try:
            return [generated for draws in await asyncio.gather(*work) for generated in draws]
        finally:
            loop.call_soon(heard.put_nowait, None)

    def _piece(
        self, index: int, text: str | None, tokens: Sequence[ScoredToken], finish_reason: str | None = None
    ) -> bytes:
        """One event. text: None in the last one of a choice."""
        model, top = self._served.model, self._options.top_logprobs
        if self._is_chat:
            logprobs = chat_logprobs_of(model, tokens) if top is not None and tokens else None
            return self._event([chat_delta(index, {} if text is None else {"content": text}, finish_reason, logprobs)])
        logprobs = text_logprobs_of(model, tokens, top, self._chars[index]) if top is not None and tokens else None
        self._chars[index] += len(b"".join(token.piece for token in tokens).decode("utf-8", "replace"))
        return self._event([text_choice(index, text or "", finish_reason, logprobs)])

    def _event(self, choices: Sequence[Json], usage: Json | None = None) -> bytes:
        head = self._head
        make = chat_chunk if self._is_chat else text_completion
        return _data(make(head.reply_id, head.created, head.model, choices, usage))


def _data(value: Json) -> bytes:
    return b"data: " + encode(dumps(value)) + b"\n\n"
