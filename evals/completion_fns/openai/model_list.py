"""Asks a server for its list of models, and for the days on which they end."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from evals.completion_fns.base_url import checked_base_url, shown_url
from evals.errors import ProviderError
from evals.secrets import redact, register_secret

TIMEOUT_S = 20.0


def shutdown_dates(base_url: str | None = None, api_key: str | None = None) -> dict[str, str]:
    """The day (YYYY-MM-DD) on which each model ends, as `GET /models` of the server says; models without one left out.

    base_url, api_key: by default OPENAI_BASE_URL and OPENAI_API_KEY. Source of the field `shutdown_date`: OpenAI's page
    on deprecations, read in November 2026.

    Raises:
        ProviderError: the server cannot be asked, or its answer is no list of models.
    """
    place = checked_base_url(base_url or os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1")
    key = (api_key or os.environ.get("OPENAI_API_KEY") or "").strip()
    if key:
        register_secret(key)
    request = urllib.request.Request(f"{place}/models", headers={"Authorization": f"Bearer {key}"} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
            return dates_in(json.load(reply))
    except (OSError, ValueError) as error:
        detail = str(error)
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        raise ProviderError(
            f"the models of {shown_url(place)} could not be listed: {redact(detail)}",
            fix="check OPENAI_BASE_URL and OPENAI_API_KEY, or leave --ask out",
        ) from error


def dates_in(reply: Any) -> dict[str, str]:
    """The days in the JSON of a list of models. Raises ValueError for what is no such list."""
    models = reply.get("data") if isinstance(reply, Mapping) else None
    if not isinstance(models, list):
        raise ValueError("the reply is no list of models")
    found = [model for model in models if isinstance(model, Mapping) and isinstance(model.get("id"), str)]
    return {model["id"]: model["shutdown_date"] for model in found if isinstance(model.get("shutdown_date"), str)}
