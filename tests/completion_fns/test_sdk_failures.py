"""Exceptions of SDKs in the engine's classes, made as the SDKs and their HTTP clients make them."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from evals.completion_fns.sdk_failures import body_of, exception_chain, failure_of_status, failure_of_transport
from evals.engine.failures import Kind


class Reply:
    def __init__(self, **headers: str) -> None:
        self.headers = headers


class StatusError(Exception):
    def __init__(self, message: str = "it failed", **attributes: Any) -> None:
        super().__init__(message)
        for name, value in attributes.items():
            setattr(self, name, value)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (StatusError(status_code=429, body={"error": {"message": "slow"}}), Kind.RATE_LIMIT),
        (StatusError(code=401, details='{"error": {"message": "no"}}'), Kind.AUTH),
        (StatusError(status_code=503), Kind.OVERLOADED),
        (StatusError(code=400, body="maximum context length is 10"), Kind.CONTEXT_LENGTH),
    ],
)
def test_an_exception_with_a_status_has_the_class_of_the_status(error: Exception, kind: Kind):
    failure = failure_of_status(error, "host.test")
    assert failure is not None
    assert (failure.kind, failure.host) == (kind, "host.test")


def test_the_time_to_wait_is_read_from_the_reply_s_headers():
    error = StatusError(status_code=429, response=Reply(**{"Retry-After": "7"}))
    failure = failure_of_status(error, "h")
    assert failure is not None
    assert failure.retry_after_s == 7


@pytest.mark.parametrize("error", [StatusError(), StatusError(code="not_found"), ValueError("x")])
def test_an_exception_without_a_number_for_a_status_is_about_none(error: Exception):
    assert failure_of_status(error, "h") is None


def test_the_body_is_text_wherever_the_sdk_keeps_it():
    assert body_of(StatusError(body="plain")) == "plain"
    assert body_of(StatusError(details={"a": 1})) == '{"a": 1}'
    assert body_of(StatusError("words", body=None)) == "words"


def raised_from(outer: Exception, inner: Exception) -> Exception:
    outer.__cause__ = inner
    return outer


class APITimeoutError(Exception):
    pass


class ReadTimeout(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (raised_from(APITimeoutError("timed out"), ConnectionResetError(104, "reset")), Kind.CONNECTION),
        (raised_from(RuntimeError("x"), asyncio.TimeoutError()), Kind.TIMEOUT),
        (ReadTimeout("slow"), Kind.TIMEOUT),
        (raised_from(RuntimeError("x"), ValueError("no JSON")), Kind.BAD_REPLY),
        (aiohttp.ClientPayloadError("cut"), Kind.BAD_REPLY),
        (aiohttp.ServerDisconnectedError(), Kind.CONNECTION),
        (OSError(113, "No route to host"), Kind.CONNECTION),
        (RuntimeError("a bug"), Kind.OTHER),
    ],
)
def test_the_innermost_exception_decides(error: Exception, kind: Kind):
    assert failure_of_transport(error, "h").kind is kind


def test_the_message_is_that_of_the_innermost_or_its_class():
    assert failure_of_transport(raised_from(RuntimeError("outer"), OSError(111, "refused")), "h").message == (
        "[Errno 111] refused"
    )
    assert failure_of_transport(asyncio.TimeoutError(), "h").message == "TimeoutError"


def test_a_circle_of_causes_ends():
    first, second = RuntimeError("1"), RuntimeError("2")
    first.__cause__, second.__cause__ = second, first
    assert list(exception_chain(first)) == [first, second]
