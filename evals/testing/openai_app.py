"""The OpenAI API of the loopback server, without sockets: what it accepts, answers, breaks on purpose and counts."""

from __future__ import annotations

import fnmatch
import json
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from evals.completion_fns.openai.objects import error_object, models_object
from evals.testing.faults import Faults
from evals.testing.http_server import Breakage, HttpReply, HttpRequest, ReplyHold
from evals.testing.model_profiles import PROFILES, effort_in, refusal
from evals.testing.openai_replies import (
    Answer,
    chat_reply,
    responses_reply,
    shortened,
    text_reply,
    tokens_of,
)

DEFAULT_ANSWER = "This is a loopback answer."


@dataclass(frozen=True)
class Call:
    """One request, as a function that answers gets it."""

    endpoint: str
    "`chat`, `completions` or `responses`."
    prompt: str
    "The text of the last user message, or the text prompt."
    model: str
    body: dict[str, Any]
    "The JSON of the request."
    index: int = 0
    "Which of the `n` choices is asked for, from 0."
    attempt: int = 0
    "How often this prompt was asked before."


Answering: TypeAlias = str | Answer | Mapping[str, str] | Callable[[Call], str | Answer | None]
"A text or an Answer for every prompt, a text for each prompt, or a function."


@dataclass(frozen=True)
class Seen:
    """One request, for a test to look at afterwards. headers: names in lower case. body: parsed JSON."""

    path: str
    query: str
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class ServerRules:
    """What the server accepts, and when it answers."""

    latency_s: float = 0.0
    "Seconds before each answer."
    max_concurrency: int | None = None
    "Calls in flight; further ones are refused with 429 and Retry-After."
    api_key: str | None = None
    "Calls without it are refused with 401."
    models: Sequence[str] | None = None
    "Patterns of names; other models are refused with 404. None accepts any."
    shutdown_dates: Mapping[str, str] = field(default_factory=dict)
    "The day on which each model ends, for the list of models."
    reasoning_models: Sequence[str] = ()
    "Patterns of names; calls with `max_tokens`, `stop` or a temperature are refused, as by OpenAI's reasoning models."
    profile: str | None = None
    "A name in `evals.testing.model_profiles.PROFILES`: the requests that such a server refuses, and its reasoning."
    context_length: int | None = None
    "Longer prompts are refused; in the server's own tokens, which are words."
    quota_calls: int | None = None
    "After so many answers every call is refused as `insufficient_quota`."
    hold_until: int | None = None
    "No answer is sent before so many calls are in flight at once, or 30 s have passed: shows that they can be."
    headers: Mapping[str, str] = field(default_factory=dict)
    "Sent with every answer, for example rate-limit headers."


class OpenAIApp:
    """The API: a request in, a reply out, and everything is counted.

    answering: what is answered. faults: which attempts get a fault instead. keep: requests that `seen` keeps.
    """

    def __init__(self, answering: Answering, rules: ServerRules, faults: Faults, keep: int) -> None:
        self.answering = answering
        self.rules = rules
        self.faults = faults
        self.seen: deque[Seen] = deque(maxlen=keep)
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.faults_sent: Counter[str] = Counter()
        self.n_requests = 0
        self.n_in_flight = 0
        self.max_in_flight = 0
        self.stall_after: int | None = None
        "After so many answers no call is answered any more, so that a test can kill a waiting client. None for never."
        self.profile = None if rules.profile is None else PROFILES[rules.profile]
        self.n_refused = 0
        "Requests that the profile refused."
        self._hold = None if rules.hold_until is None else ReplyHold()

    def finished(self) -> None:
        self.n_in_flight -= 1

    def answer(self, request: HttpRequest) -> HttpReply:
        self.n_in_flight += 1
        if request.path.endswith("/stats"):
            return _json_reply(self.stats())
        self.max_in_flight = max(self.max_in_flight, self.n_in_flight)
        if self._hold is not None and self.n_in_flight >= (self.rules.hold_until or 0):
            self._hold.release()
        self.n_requests += 1
        if refused := self._refuse_key(request):
            return refused
        if request.method == "GET" and request.path.endswith("/models"):
            return _json_reply(self._models())
        endpoint = _endpoint(request)
        if endpoint is None:
            return _refusal(404, f"Invalid URL ({request.method} {request.path})", "invalid_request_error")
        try:
            body = json.loads(request.body)
        except ValueError:
            return _refusal(400, "We could not parse the JSON body of your request.", "invalid_request_error")
        self.seen.append(Seen(request.path, request.query, request.headers, body))
        return self._refuse(body) or self._refuse_by_profile(endpoint, body) or self._answer_call(endpoint, body)

    def stats(self) -> dict[str, Any]:
        """The counters; `asked` and `answered` map each prompt to a number."""
        return {
            "n_requests": self.n_requests,
            "n_answered": sum(self.answered.values()),
            "max_in_flight": self.max_in_flight,
            "faults": dict(self.faults_sent),
            "asked": dict(self.asked),
            "answered": dict(self.answered),
        }

    def _models(self) -> dict[str, Any]:
        listed = models_object(self.rules.models or ["loopback"], "loopback")
        for model in listed["data"]:
            model["shutdown_date"] = self.rules.shutdown_dates.get(model["id"])
        return listed

    def _refuse_key(self, request: HttpRequest) -> HttpReply | None:
        if self.rules.api_key is None:
            return None
        given = request.headers.get("api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        if given == self.rules.api_key:
            return None
        message = f"Incorrect API key provided: {given[:6]}***{given[-4:]}."
        return _refusal(401, message, "invalid_request_error", "invalid_api_key")

    def _refuse(self, body: dict[str, Any]) -> HttpReply | None:
        rules, model = self.rules, str(body.get("model"))
        if rules.models is not None and not _matches(model, rules.models):
            message = f"The model `{model}` does not exist or you do not have access to it."
            return _refusal(404, message, "invalid_request_error", "model_not_found")
        if rules.quota_calls is not None and sum(self.answered.values()) >= rules.quota_calls:
            message = "You exceeded your current quota, please check your plan and billing details."
            return _refusal(429, message, "insufficient_quota", "insufficient_quota")
        if rules.max_concurrency is not None and self.n_in_flight > rules.max_concurrency:
            self.faults_sent["too many at once"] += 1
            return self.faults.apply("429", HttpReply(b""))
        return _refuse_parameters(body) if _matches(model, rules.reasoning_models) else None

    def _refuse_by_profile(self, endpoint: str, body: dict[str, Any]) -> HttpReply | None:
        found = refusal(self.profile, endpoint, str(body.get("model")), body) if self.profile else None
        if found is None:
            return None
        self.n_refused += 1
        return _refusal(400, found.message, "invalid_request_error", found.code, found.param)

    def _answer_call(self, endpoint: str, body: dict[str, Any]) -> HttpReply:
        prompts = _prompts(endpoint, body)
        n_prompt = sum(len(tokens_of(prompt)) for prompt in prompts) if endpoint == "completions" else _n_words(body)
        limit = self.rules.context_length
        if limit is not None and n_prompt > limit:
            message = f"This model's maximum context length is {limit} tokens. Your prompt resulted in {n_prompt}."
            return _refusal(400, message, "invalid_request_error", "context_length_exceeded")
        key = prompts[-1]
        attempt = self.asked[key]
        self.asked[key] += 1
        answers = [
            (prompt, self._ask(Call(endpoint, prompt, str(body.get("model")), body, index, attempt)))
            for prompt in prompts
            for index in range(int(body.get("n") or 1))
        ]
        first = answers[0][1]
        if first.status != 200:
            return _refusal(first.status, first.error_message, "invalid_request_error", first.error_code)
        delay_s = self.rules.latency_s if first.latency_s is None else first.latency_s
        reply = _json_reply(self._body(endpoint, body, answers, n_prompt), delay_s, self.rules.headers)
        if self.stall_after is not None and self.answered.total() >= self.stall_after:
            return replace(reply, breakage=Breakage.STALL)
        return self._with_fault(reply, key, attempt, first.fault)

    def _ask(self, call: Call) -> Answer:
        answering = self.answering
        if callable(answering):
            said: str | Answer | None = answering(call)
        elif isinstance(answering, Mapping):
            said = answering.get(call.prompt, DEFAULT_ANSWER)
        else:
            said = answering
        answer = said if isinstance(said, Answer) else Answer(said)
        body = call.body
        if self.profile is not None and not answer.reasoning_tokens and effort_in(body, self.profile) != "none":
            shown = "Thinking about it." if self.profile.reasoning_field else None
            field = self.profile.reasoning_field or answer.reasoning_field
            tokens = self.profile.reasoning_tokens
            answer = replace(answer, reasoning_tokens=tokens, reasoning=shown, reasoning_field=field)
        limit = body.get("max_completion_tokens", body.get("max_output_tokens", body.get("max_tokens")))
        return shortened(answer, body.get("stop"), limit)

    def _body(
        self, endpoint: str, body: dict[str, Any], answers: list[tuple[str, Answer]], n_prompt: int
    ) -> dict[str, Any]:
        model, number = str(body.get("model")), self.n_requests
        if endpoint == "responses":
            encrypted = "reasoning.encrypted_content" in (body.get("include") or ())
            return responses_reply(number, model, answers[0][1], n_prompt, encrypted=encrypted)
        if endpoint == "completions":
            return text_reply(number, model, answers, n_prompt, body.get("logprobs"), bool(body.get("echo")))
        top = int(body.get("top_logprobs") or 0)
        return chat_reply(number, model, [a for _, a in answers], n_prompt, bool(body.get("logprobs")), top)

    def _with_fault(self, reply: HttpReply, key: str, attempt: int, forced: str | None) -> HttpReply:
        fault = forced or self.faults.draw(key, attempt)
        if fault is None:
            self.answered[key] += 1
            return replace(reply, hold=self._hold)
        self.faults_sent[fault] += 1
        return self.faults.apply(fault, reply)


def _json_reply(value: Any, delay_s: float = 0.0, headers: Mapping[str, str] | None = None) -> HttpReply:
    body = json.dumps(value, ensure_ascii=False).encode()
    return HttpReply(body, delay_s=delay_s, headers=tuple(headers.items()) if headers else ())


def _refusal(status: int, message: str, kind: str, code: str | None = None, param: str | None = None) -> HttpReply:
    return HttpReply(json.dumps(error_object(message, kind, code, param)).encode(), status)


def _refuse_parameters(body: Mapping[str, Any]) -> HttpReply | None:
    """What OpenAI's reasoning models say to parameters that they do not take."""
    kind = "invalid_request_error"
    if "max_tokens" in body:
        message = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        return _refusal(400, message, kind, "unsupported_parameter", "max_tokens")
    if body.get("temperature", 1) != 1:
        message = (
            f"Unsupported value: 'temperature' does not support {body['temperature']} with this model. "
            "Only the default (1) value is supported."
        )
        return _refusal(400, message, kind, "unsupported_value", "temperature")
    if "stop" in body:
        message = "Unsupported parameter: 'stop' is not supported with this model."
        return _refusal(400, message, kind, "unsupported_parameter", "stop")
    return None


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _endpoint(request: HttpRequest) -> str | None:
    if request.method != "POST":
        return None
    for suffix, endpoint in (
        ("/chat/completions", "chat"),
        ("/completions", "completions"),
        ("/responses", "responses"),
    ):
        if request.path.endswith(suffix):
            return endpoint
    return None


def _prompts(endpoint: str, body: Mapping[str, Any]) -> list[str]:
    """The prompts of a request: one, or several at the completions endpoint."""
    if endpoint == "completions":
        prompt = body.get("prompt") or ""
        if isinstance(prompt, str):
            return [prompt]
        if all(isinstance(part, str) for part in prompt):
            return list(prompt)
        return [json.dumps(prompt)]
    return [last_user_text(body.get("messages") if endpoint == "chat" else body.get("input"))]


def last_user_text(messages: Any) -> str:
    """The text of the last user message, or of the last message where there is no user's; of a text the text itself."""
    if isinstance(messages, str) or not messages:
        return messages or ""
    for message in reversed(messages):
        if message.get("role") == "user":
            return _content_text(message.get("content"))
    return _content_text(messages[-1].get("content"))


def _content_text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content or [] if isinstance(part, dict))


def _n_words(body: Mapping[str, Any]) -> int:
    messages = body.get("messages") or body.get("input") or []
    if isinstance(messages, str):
        return len(messages.split())
    return sum(len(_content_text(message.get("content")).split()) for message in messages)
