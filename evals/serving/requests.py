"""Requests to the chat and completions endpoints: from JSON to checked values, refused as the OpenAI API refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evals.local_models.language_model import TEXT_MAX_TOKENS
from evals.serving.api_error import ApiError, missing, unsupported, wrong_type, wrong_value
from evals.serving.fields import Fields
from evals.serving.json_form import JsonForm, read_form

MAX_N = 128
"Completions of one prompt, as in OpenAI's API."
MAX_STOP = 32
"Stop texts. OpenAI's API takes 4, but an eval may have more, and runs against this server too."
MAX_ALTERNATIVES = 20
"Alternatives of a token, for both endpoints. OpenAI's completions endpoint gives 5."
MAX_PROMPTS = 2048
"Prompts of one request to the completions endpoint, as in OpenAI's API."
MAX_TOKENS = 1_000_000
"The largest `max_tokens` that is read; the context of a model is smaller."

# Accepted because clients send them by themselves; they change nothing here.
_IGNORED = frozenset(
    {"user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"}
    | {"parallel_tool_calls", "verbosity", "reasoning_effort"}
)
_TOOLS = (
    "tools",
    "tool_choice",
    "functions",
    "function_call",
    "modalities",
    "audio",
    "prediction",
    "web_search_options",
)


@dataclass(frozen=True)
class Options:
    """The sampling arguments that both endpoints take."""

    max_tokens: int | None
    "None for as many as fit into the context."
    temperature: float
    "0 to 2."
    top_p: float
    "0 to 1."
    stop: tuple[str, ...]
    seed: int | None
    n: int
    "Completions of each prompt."
    top_logprobs: int | None
    "Alternatives of each token; None for no log probabilities at all."
    stream: bool
    stream_usage: bool
    "Whether a last piece of the stream has the token counts."


@dataclass(frozen=True)
class ChatRequest:
    """A request to `/v1/chat/completions`. Messages have `role` and `content`, some also `name`; all are texts."""

    model: str
    messages: tuple[dict[str, str], ...]
    options: Options
    form: JsonForm | None = None
    "The JSON that the reply must be; None for any text."


@dataclass(frozen=True)
class TextRequest:
    """A request to `/v1/completions`. A prompt is a text, or token ids. echo: replies begin with the prompt."""

    model: str
    prompts: tuple[str | tuple[int, ...], ...]
    echo: bool
    options: Options


def model_of(body: Mapping[str, Any]) -> str:
    """The name of the model. It is read first, since the API complains about a missing model before all else.

    Raises:
        ApiError: there is none, or it is no text.
    """
    name = body.get("model")
    if name is None:
        raise ApiError("you must provide a model parameter", param="model")
    if not isinstance(name, str):
        raise wrong_type("model", "a string", name)
    return name


def read_chat(body: Mapping[str, Any]) -> ChatRequest:
    """The request to the chat endpoint in the JSON object `body`.

    Raises:
        ApiError: the endpoint refuses it.
    """
    fields = Fields(body)
    model = model_of(body)
    fields.get("model")
    messages = _messages(fields.required("messages"))
    for name in _TOOLS:
        fields.refuse(name, unsupported(name), unless=("none", "auto", ["text"]))
    top = fields.integer("top_logprobs", 0, MAX_ALTERNATIVES)
    wanted = fields.boolean("logprobs")
    if top and not wanted:
        raise wrong_value("top_logprobs", "'logprobs' must be true to use 'top_logprobs'.")
    limit = fields.integer("max_completion_tokens", 1, MAX_TOKENS)
    older = fields.integer("max_tokens", 1, MAX_TOKENS)
    if limit is not None and older is not None:
        raise wrong_value("max_tokens", "setting 'max_tokens' and 'max_completion_tokens' at the same time is refused.")
    limit = older if limit is None else limit
    form = read_form(fields.get("response_format"))
    if form is not None and wanted:
        raise unsupported("logprobs", "is not supported with a 'response_format' of JSON")
    return ChatRequest(model, messages, _options(fields, limit, (top or 0) if wanted else None), form)


def read_text(body: Mapping[str, Any]) -> TextRequest:
    """The request to the completions endpoint in the JSON object `body`.

    Raises:
        ApiError: the endpoint refuses it.
    """
    fields = Fields(body)
    model = model_of(body)
    fields.get("model")
    prompts = _prompts(fields.get("prompt"))
    fields.refuse("suffix", unsupported("suffix"), unless=("",))
    n_best, n = fields.integer("best_of", 1, MAX_N), fields.integer("n", 1, MAX_N, 1)
    if n_best is not None and n_best != n:
        raise unsupported("best_of", "is not supported unless it equals 'n'")
    top = fields.get("logprobs")
    if isinstance(top, bool):
        raise wrong_type("logprobs", "an integer", top)
    top = fields.integer("logprobs", 0, MAX_ALTERNATIVES)
    echo = fields.boolean("echo")
    fields.refuse("response_format", unsupported("response_format"), unless=({"type": "text"},))
    limit = fields.integer("max_tokens", 0, MAX_TOKENS, TEXT_MAX_TOKENS)
    options = _options(fields, limit, top)
    if echo and options.stream:
        raise unsupported("echo", "is not supported with 'stream'")
    return TextRequest(model, prompts, echo, options)


def _options(fields: Fields, max_tokens: int | None, top_logprobs: int | None) -> Options:
    for name in ("frequency_penalty", "presence_penalty"):
        fields.refuse(name, unsupported(name), unless=(0,))
    fields.refuse("logit_bias", unsupported("logit_bias"))
    fields.ignore(_IGNORED)
    found = Options(
        max_tokens=max_tokens,
        temperature=fields.decimal("temperature", 0, 2, 1.0),
        top_p=fields.decimal("top_p", 0, 1, 1.0),
        stop=fields.texts("stop", MAX_STOP),
        seed=fields.integer("seed", -(2**63), 2**63 - 1),
        n=fields.integer("n", 1, MAX_N, 1) or 1,
        top_logprobs=top_logprobs,
        stream=fields.boolean("stream"),
        stream_usage=_stream_usage(fields),
    )
    fields.refuse_others()
    return found


def _stream_usage(fields: Fields) -> bool:
    options = fields.get("stream_options")
    if options is None:
        return False
    if not isinstance(options, dict):
        raise wrong_type("stream_options", "an object", options)
    if not fields.boolean("stream"):
        raise wrong_value("stream_options", "'stream_options' is only allowed when 'stream' is enabled.")
    return bool(options.get("include_usage"))


def _messages(value: Any) -> tuple[dict[str, str], ...]:
    if not isinstance(value, list):
        raise wrong_type("messages", "an array of objects", value)
    if not value:
        problem = "empty array. Expected an array with minimum length 1, but got an empty array instead."
        raise wrong_value("messages", problem, "empty_array")
    return tuple(_message(message, f"messages[{place}]") for place, message in enumerate(value))


_ROLES = ("system", "developer", "user", "assistant")


def _message(message: Any, where: str) -> dict[str, str]:
    if not isinstance(message, dict):
        raise wrong_type(where, "an object", message)
    role = message.get("role")
    if role is None:
        raise missing(f"{where}.role")
    if role not in _ROLES:
        supported = ", ".join(f"'{name}'" for name in _ROLES)
        raise wrong_value(f"{where}.role", f"{role!r}. Supported values are: {supported}.")
    name = message.get("name")
    if name is not None and not isinstance(name, str):
        raise wrong_type(f"{where}.name", "a string", name)
    named = {} if name is None else {"name": name}
    return {"role": role, **named, "content": _content(message.get("content"), f"{where}.content")}


def _content(content: Any, where: str) -> str:
    if isinstance(content, str):
        return content
    if content is None:
        raise missing(where)
    if not isinstance(content, list):
        raise wrong_type(where, "a string or an array of objects", content)
    texts = []
    for place, part in enumerate(content):
        if not isinstance(part, dict) or part.get("type") != "text":
            raise wrong_value(f"{where}[{place}]", "this model takes parts of type 'text' alone.")
        if not isinstance(part.get("text"), str):
            raise wrong_type(f"{where}[{place}].text", "a string", part.get("text"))
        texts.append(part["text"])
    return "\n".join(texts)


def _prompts(value: Any) -> tuple[str | tuple[int, ...], ...]:
    """The prompts, from a text, a list of texts, token ids, or a list of token ids; None is one empty text."""
    if value is None:
        return ("",)
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        raise wrong_type("prompt", "a string, an array of strings or an array of token ids", value)
    if not value:
        raise wrong_value("prompt", "empty array. Expected at least one prompt.", "empty_array")
    if all(is_id(part) for part in value):
        return (tuple(value),)
    if len(value) > MAX_PROMPTS:
        raise wrong_value("prompt", f"array too long. At most {MAX_PROMPTS:,} prompts.", "array_above_max_length")
    if all(isinstance(part, str) for part in value):
        return tuple(value)
    if all(isinstance(part, list) and all(is_id(k) for k in part) for part in value):
        return tuple(tuple(part) for part in value)
    raise wrong_value("prompt", "an array holds either strings, or token ids, or arrays of token ids.", "invalid_type")


def is_id(value: Any) -> bool:
    """Whether a JSON value may be a token's id."""
    return isinstance(value, int) and not isinstance(value, bool)
