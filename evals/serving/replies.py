"""The replies of the two endpoints, whole or as a stream, from the completions of the model."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

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
from evals.serving.api_error import server_error
from evals.serving.deltas import Deltas
from evals.serving.requests import Options
from evals.serving.served_model import OnToken, ServedModel


@dataclass(frozen=True)
class Head:
    """What all pieces of a reply have in common: id, model and time. prefix: of the id, `chatcmpl` or `cmpl`."""

    prefix: str
    model: str
    created: int = field(default_factory=lambda: int(time.time()))
    "Seconds since 1970."
    number: str = field(default_factory=lambda: secrets.token_hex(12))

    @property
    def reply_id(self) -> str:
        return f"{self.prefix}-{self.number}"


@dataclass(frozen=True)
class Job:
    """One prompt of a request, as the model takes it. text: the prompt, in whose characters offsets are counted."""

    prompt: TokenIds
    text: str
    sampling: Sampling


def n_drawn(draws: Sequence[Generated]) -> int:
    """Tokens that were drawn for all completions together."""
    return sum(generated.n_drawn for generated in draws)


async def chat_reply(served: ServedModel, job: Job, options: Options) -> Json:
    """A `chat.completion` object with `n` choices."""
    return chat_reply_of(served, job, options, await served.generate(job.prompt, job.sampling))


def chat_reply_of(served: ServedModel, job: Job, options: Options, draws: Sequence[Generated]) -> Json:
    """The same, from completions that are there."""
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
    """A `text_completion` object with `n` choices for each prompt, in the order of the prompts."""
    parts = await asyncio.gather(*(_text_choices(served, job, options, echo) for job in jobs))
    choices = [choice for made, _ in parts for choice in made]
    for index, choice in enumerate(choices):
        choice["index"] = index
    usage = usage_object(sum(len(job.prompt) for job in jobs), sum(n for _, n in parts))
    head = Head("cmpl", served.name)
    return text_completion(head.reply_id, head.created, head.model, choices, usage)


async def _text_choices(served: ServedModel, job: Job, options: Options, echo: bool) -> tuple[list[Json], int]:
    """(the choices of one prompt, tokens drawn for them)."""
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
    """A reply as server-sent events, one for each piece of text. is_chat: of the chat endpoint, else of completions."""

    def __init__(self, served: ServedModel, jobs: Sequence[Job], options: Options, is_chat: bool) -> None:
        self._served, self._jobs, self._options, self._is_chat = served, jobs, options, is_chat
        self._head = Head("chatcmpl" if is_chat else "cmpl", served.name)
        self._n = options.n
        lead = served.model.chat_lead if is_chat else ""
        self._deltas = [Deltas(job.sampling.stop, lead) for job in jobs for _ in range(self._n)]
        self._chars = [len(job.text) for job in jobs for _ in range(self._n)]

    async def events(self) -> AsyncIterator[bytes]:
        """The events, `data: [DONE]` last. A failure after the first one becomes an `error` event, as in the API."""
        try:
            if self._is_chat:
                for index in range(self._n):
                    yield self._event([chat_delta(index, {"role": "assistant", "content": "", "refusal": None})])
            async for event in self._pieces():
                yield event
        except Exception:
            yield _data(server_error().body())
            raise
        yield b"data: [DONE]\n\n"

    async def _pieces(self) -> AsyncIterator[bytes]:
        drawn: asyncio.Queue[tuple[int, ScoredToken] | None] = asyncio.Queue()
        work = asyncio.ensure_future(self._generate(drawn))
        try:
            while (token := await drawn.get()) is not None:
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

    async def _generate(self, drawn: asyncio.Queue[tuple[int, ScoredToken] | None]) -> list[Generated]:
        loop = asyncio.get_running_loop()

        def queued_from(place: int) -> OnToken:
            def queue(draw: int, token: ScoredToken) -> None:
                loop.call_soon_threadsafe(drawn.put_nowait, (place * self._n + draw, token))

            return queue

        work = (
            self._served.generate(job.prompt, job.sampling, queued_from(place)) for place, job in enumerate(self._jobs)
        )
        try:
            return [generated for draws in await asyncio.gather(*work) for generated in draws]
        finally:
            loop.call_soon(drawn.put_nowait, None)

    def _piece(
        self, index: int, text: str | None, tokens: Sequence[ScoredToken], finish_reason: str | None = None
    ) -> bytes:
        """The event of one piece. text: None in the last piece of a choice, which has the finish reason."""
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


class WholeStream:
    """A chat reply whose text is there before the stream begins: one piece a choice."""

    def __init__(self, served: ServedModel, job: Job, options: Options, draws: Sequence[Generated]) -> None:
        self._head, self._draws, self._options = Head("chatcmpl", served.name), draws, options
        self._usage = usage_object(len(job.prompt), n_drawn(draws))

    async def events(self) -> AsyncIterator[bytes]:
        """The events, `data: [DONE]` last."""
        for index, draw in enumerate(self._draws):
            yield self._event([chat_delta(index, {"role": "assistant", "content": draw.text, "refusal": None})])
            yield self._event([chat_delta(index, {}, draw.finish_reason)])
        if self._options.stream_usage:
            yield self._event([], self._usage)
        yield b"data: [DONE]\n\n"

    def _event(self, choices: Sequence[Json], usage: Json | None = None) -> bytes:
        head = self._head
        return _data(chat_chunk(head.reply_id, head.created, head.model, choices, usage))


def _data(value: Json) -> bytes:
    return b"data: " + encode(dumps(value)) + b"\n\n"
