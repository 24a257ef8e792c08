"""The ASGI application: routes, refusals, and requests turned into jobs for a model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from evals.completion_fns.openai.objects import model_object, models_object
from evals.json_text import dumps, encode
from evals.local_models.language_model import ContextExceeded, Sampling, TokenIds, default_max_tokens
from evals.serving.api_error import (
    ApiError,
    no_such_model,
    no_such_url,
    server_error,
    too_long,
    wrong_method,
    wrong_value,
)
from evals.serving.bodies import read_body
from evals.serving.fields import parsed
from evals.serving.json_replies import json_completions
from evals.serving.middleware import Middleware
from evals.serving.replies import Job, Stream, WholeStream, chat_reply, chat_reply_of, text_reply
from evals.serving.requests import ChatRequest, Options, model_of, read_chat, read_text
from evals.serving.same_site import SameSite
from evals.serving.served_model import ServedModel
from evals.serving.tokens import detokenized, tokenized, tokenizer_info

LONG_TEXT = 20_000
"Characters from which on a text is cut into tokens on another thread, so that other requests need not wait."
OWNER = "evals"
"What the list of models gives as `owned_by`."

T = TypeVar("T")
Handler = Callable[[Request], Awaitable[Response]]


def make_app(
    models: Mapping[str, ServedModel],
    middleware: Middleware,
    hosts: Collection[str] | None = None,
    *,
    clamps: bool = False,
) -> SameSite:
    """The application that serves `models` by their names, under the rules of `middleware`. hosts: see `SameSite`.

    clamps: a `max_tokens` beyond the context means up to its end, and is not refused.
    """
    api = _Api(models, middleware, clamps=clamps)
    routes = [
        Route("/v1/chat/completions", middleware.with_rules(api.chat), methods=["POST"]),
        Route("/v1/completions", middleware.with_rules(api.text), methods=["POST"]),
        Route("/v1/models", middleware.with_key(api.list_models), methods=["GET"]),
        Route("/v1/models/{name:path}", middleware.with_key(api.show_model), methods=["GET"]),
        Route("/tokenizer_info", middleware.with_key(api.show_tokenizer), methods=["GET"]),
        Route("/tokenize", middleware.with_key(api.tokenize), methods=["POST"]),
        Route("/detokenize", middleware.with_key(api.detokenize), methods=["POST"]),
        Route("/stats", middleware.with_key(api.show_stats), methods=["GET"]),
    ]
    handlers: dict[Any, Any] = {
        ApiError: _refused,
        HTTPException: _not_routed,
        ClientDisconnect: _gone_away,
        Exception: _failed,
    }
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return SameSite(app, lambda error: _json(error.body(), error.status, error.headers), hosts)


class _Api:
    """The endpoints."""

    def __init__(self, models: Mapping[str, ServedModel], middleware: Middleware, *, clamps: bool) -> None:
        self._models, self._middleware, self._clamps = models, middleware, clamps

    async def chat(self, request: Request) -> Response:
        asked = read_chat(parsed(await read_body(request)))
        served = self._served(asked.model)
        try:
            text = served.model.render_chat(asked.messages)
        except ValueError as error:
            raise wrong_value("messages", f"{error}.") from None
        prompt = await _encoded(served, text)
        stop = (*asked.options.stop, *served.model.chat_stop)
        job = Job(prompt, text, self._sampling(served, prompt, asked.options, stop))
        _check_room(served, job, "messages")
        if asked.form is not None:
            return await self._json_chat(request, served, job, asked)
        if asked.options.stream:
            return _stream(Stream(served, [job], asked.options, is_chat=True))
        return _json(await _unless_gone(request, chat_reply(served, job, asked.options)))

    async def text(self, request: Request) -> Response:
        asked = read_text(parsed(await read_body(request)))
        served = self._served(asked.model)
        jobs = []
        for prompt in asked.prompts:
            ids, text = await _prompt_of(served, prompt)
            jobs.append(Job(ids, text, self._sampling(served, ids, asked.options, asked.options.stop)))
            _check_room(served, jobs[-1], "prompt")
        if asked.options.stream:
            return _stream(Stream(served, jobs, asked.options, is_chat=False))
        return _json(await _unless_gone(request, text_reply(served, jobs, asked.options, asked.echo)))

    async def _json_chat(self, request: Request, served: ServedModel, job: Job, asked: ChatRequest) -> Response:
        assert asked.form is not None
        try:
            draws = await _unless_gone(request, json_completions(served, job.text, job.sampling, asked.form))
        except ContextExceeded as error:
            raise too_long(error, "messages") from None
        if asked.options.stream:
            return _stream(WholeStream(served, job, asked.options, draws))
        return _json(chat_reply_of(served, job, asked.options, draws))

    async def show_tokenizer(self, request: Request) -> Response:
        return _json(tokenizer_info(self._first().model))

    async def tokenize(self, request: Request) -> Response:
        body = parsed(await read_body(request))
        return _json(tokenized(self._named(body).model, body))

    async def detokenize(self, request: Request) -> Response:
        body = parsed(await read_body(request))
        return _json(detokenized(self._named(body).model, body))

    def _named(self, body: Mapping[str, Any]) -> ServedModel:
        """The model that a request for tokens names; the first one where it names none."""
        return self._first() if body.get("model") is None else self._served(model_of(body))

    def _first(self) -> ServedModel:
        return next(iter(self._models.values()))

    async def list_models(self, request: Request) -> Response:
        return _json(models_object(list(self._models), OWNER))

    async def show_model(self, request: Request) -> Response:
        return _json(model_object(self._served(request.path_params["name"]).name, OWNER))

    async def show_stats(self, request: Request) -> Response:
        """Counters of the requests, and of what each model computed."""
        works = {served.name: served.work for served in self._models.values()}
        counts = {
            name: {"n_batches": work.n_batches, "largest_batch": work.largest_batch} for name, work in works.items()
        }
        return _json({**self._middleware.stats(), "models": counts})

    def _sampling(self, served: ServedModel, prompt: TokenIds, options: Options, stop: tuple[str, ...]) -> Sampling:
        room = default_max_tokens(len(prompt), served.model.n_ctx, is_chat=True)
        asked = room if options.max_tokens is None else options.max_tokens
        return Sampling(
            max_tokens=min(asked, room) if self._clamps else asked,
            temperature=options.temperature,
            top_p=options.top_p,
            stop=stop,
            seed=options.seed,
            n=options.n,
            top_logprobs=options.top_logprobs or 0,
        )

    def _served(self, name: str) -> ServedModel:
        served = self._models.get(name)
        if served is None:
            raise no_such_model(name, list(self._models))
        return served


async def _encoded(served: ServedModel, text: str) -> list[int]:
    if len(text) < LONG_TEXT:
        return served.model.encode(text)
    return await run_in_threadpool(served.model.encode, text)


async def _prompt_of(served: ServedModel, prompt: str | tuple[int, ...]) -> tuple[TokenIds, str]:
    """A prompt as tokens and as text."""
    if isinstance(prompt, str):
        return await _encoded(served, prompt), prompt
    try:
        if min(prompt, default=0) < 0:
            raise ValueError
        return prompt, served.model.decode_bytes(prompt).decode("utf-8", "replace")
    except (IndexError, KeyError, ValueError, TypeError, OverflowError):
        raise wrong_value("prompt", "it holds ids that are no tokens of this model.") from None


def _check_room(served: ServedModel, job: Job, part: str) -> None:
    n_prompt, n_asked, n_ctx = len(job.prompt), job.sampling.max_tokens, served.model.n_ctx
    if n_prompt + n_asked > n_ctx:
        raise too_long(ContextExceeded(n_prompt, n_asked, n_ctx), part)


async def _unless_gone(request: Request, work: Awaitable[T]) -> T:
    """The value of `work`, unless the client disconnects first: then `work` is cancelled.

    Raises:
        ClientDisconnect: the client is gone.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return await task
    finally:
        task.cancel()
        gone.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(encode(dumps(value)), status, dict(headers or {}), "application/json")


def _stream(stream: Stream | WholeStream) -> Response:
    return StreamingResponse(stream.events(), media_type="text/event-stream", headers={"Cache-Control": "no-cache"})


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return _json(error.body(), error.status, error.headers)


def _not_routed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    method, path = request.method, request.url.path
    if error.status_code == 405:
        return _refused(request, wrong_method(method, path, (error.headers or {}).get("Allow", "")))
    if error.status_code == 404:
        return _refused(request, no_such_url(method, path))
    return _refused(request, ApiError(str(error.detail), status=error.status_code))


def _gone_away(request: Request, error: Exception) -> Response:
    """A response that nobody gets. Without one, the server would log an error."""
    return Response(status_code=499)


def _failed(request: Request, error: Exception) -> Response:
    return _refused(request, server_error())
