"""Endpoints of the viewer: a function that answers, off the event loop, with its errors as words and status codes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from evals.errors import EvalsError
from evals.json_text import dumps, encode
from evals.record.raw_lines import parsed_line

MAX_BODY_BYTES = 64 << 10
"Of a request that writes."


class NotThere(Exception):
    """What was asked for is not in the folder."""


class Conflict(Exception):
    """What was asked is about a state that has passed."""


def as_json(answer: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """An endpoint that gives what `answer` returns as JSON; 304 where the client has it already."""

    async def endpoint(request: Request) -> Response:
        found = await _answered(answer, request)
        if isinstance(found, Problem):
            return _problem(found)
        body = encode(dumps(found))
        tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"etag": tag})
        return Response(body, media_type="application/json", headers={"etag": tag})

    return endpoint


def writes(answer: Callable[[Request, Mapping[str, Any]], Any]) -> Callable[[Request], Any]:
    """An endpoint that gives the JSON object of a request to `answer`, and its answer back as JSON."""

    async def endpoint(request: Request) -> Response:
        size = request.headers.get("content-length", "")
        if not size.isdecimal() or int(size) > MAX_BODY_BYTES:
            return _problem(Problem(413, "the request is too large, or does not say how large it is"))
        given = parsed_line(await request.body())
        if given is None or request.headers.get("content-type") != "application/json":
            return _problem(Problem(400, "the request holds no JSON object"))
        found = await _answered(lambda asked: answer(asked, given), request)
        if isinstance(found, Problem):
            return _problem(found)
        return Response(encode(dumps(found)), media_type="application/json")

    return endpoint


def _problem(problem: Problem) -> Response:
    return Response(encode(dumps({"error": problem.words})), problem.status, media_type="application/json")


@dataclass(frozen=True)
class Text:
    """A text to be sent."""

    text: str
    policy: str | None = None
    "Its content security policy, in place of the usual one."
    media_type: str = "text/html"


def as_text(answer: Callable[[Request], Text]) -> Callable[[Request], Any]:
    """An endpoint that gives the text of `answer`."""

    async def endpoint(request: Request) -> Response:
        found = await _answered(answer, request)
        if isinstance(found, Problem):
            return Response(encode(found.words), found.status, media_type="text/plain; charset=utf-8")
        headers = None if found.policy is None else {"content-security-policy": found.policy}
        return Response(encode(found.text), media_type=f"{found.media_type}; charset=utf-8", headers=headers)

    return endpoint


@dataclass(frozen=True)
class Problem:
    """Why there is no answer, in words. 404: not there; 409: too late; 413: too large; 400: all else."""

    status: int
    words: str


async def _answered(answer: Callable[[Request], Any], request: Request) -> Any:
    """What `answer` gives, off the event loop, or a Problem."""
    try:
        return await run_in_threadpool(answer, request)
    except NotThere as error:
        return Problem(404, str(error))
    except Conflict as error:
        return Problem(409, str(error))
    except EvalsError as error:
        return Problem(400, str(error))
    except OSError as error:
        return Problem(400, f"a file cannot be read: {error.strerror or error}")
