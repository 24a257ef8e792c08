"""Refused requests: errors with the messages, status codes and form of the OpenAI API."""

from __future__ import annotations

from typing import Any

from evals.completion_fns.openai.objects import error_object
from evals.local_models.language_model import ContextExceeded


class ApiError(Exception):
    """A request that is refused.

    status: of the HTTP reply. kind, code, param, message: go into the `error` object of its body, `kind` as `type`.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.kind, self.code, self.param = message, status, kind, code, param
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """The JSON of the reply."""
        return error_object(self.message, self.kind, self.code, self.param)


def no_such_url(method: str, path: str) -> ApiError:
    hint = "" if path.startswith("/v1/") else " The base URL of this server ends in /v1."
    return ApiError(f"Invalid URL ({method} {path}).{hint}", status=404)


def wrong_method(method: str, path: str, allowed: str) -> ApiError:
    return ApiError(
        f"Not allowed to {method} on {path}.",
        status=405,
        code="method_not_supported",
        headers={"Allow": allowed},
    )


def no_such_model(name: str, served: list[str]) -> ApiError:
    message = f"The model `{name}` does not exist or you do not have access to it. Served here: {', '.join(served)}."
    return ApiError(message, status=404, code="model_not_found", param="model")


def wrong_key() -> ApiError:
    return ApiError("Incorrect API key provided.", status=401, code="invalid_api_key")


def too_large(max_bytes: int) -> ApiError:
    return ApiError(f"The request body is larger than {max_bytes:,} bytes.", status=413, code="request_too_large")


def no_json() -> ApiError:
    return ApiError(
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
        "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)"
    )


def missing(param: str) -> ApiError:
    return ApiError(f"Missing required parameter: '{param}'.", code="missing_required_parameter", param=param)


def wrong_type(param: str, expected: str, value: Any) -> ApiError:
    message = f"Invalid type for '{param}': expected {expected}, but got {described(value)} instead."
    return ApiError(message, code="invalid_type", param=param)


def wrong_value(param: str, problem: str, code: str = "invalid_value") -> ApiError:
    return ApiError(f"Invalid '{param}': {problem}", code=code, param=param)


def unsupported(param: str, why: str = "is not supported with this model") -> ApiError:
    return ApiError(f"Unsupported parameter: '{param}' {why}.", code="unsupported_parameter", param=param)


def unknown(param: str) -> ApiError:
    return ApiError(f"Unrecognized request argument supplied: {param}")


def too_long(error: ContextExceeded, part: str) -> ApiError:
    """Prompt and completion do not fit into the context. part: what has too many tokens, `messages` or `prompt`."""
    asked = error.n_prompt + error.n_asked
    message = (
        f"This model's maximum context length is {error.n_ctx} tokens. However, you requested {asked} tokens "
        f"({error.n_prompt} in the {part}, {error.n_asked} in the completion). "
        f"Please reduce the length of the {part} or completion."
    )
    return ApiError(message, code="context_length_exceeded", param=part)


def server_error() -> ApiError:
    """A failure of the server itself."""
    message = "The server had an error while processing your request. Its standard error says more."
    return ApiError(message, status=500, kind="server_error")


def described(value: Any) -> str:
    """The type of a JSON value, in the API's words: `an integer`, `null`."""
    if value is None:
        return "null"
    for kind, words in ((bool, "a boolean"), (int, "an integer"), (float, "a decimal"), (str, "a string")):
        if isinstance(value, kind):
            return words
    return "an array" if isinstance(value, list) else "an object"
