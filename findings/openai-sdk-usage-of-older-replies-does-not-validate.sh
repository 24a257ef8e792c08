#!/usr/bin/env bash
# openai 3.57.0: a reply of /v1/responses that was saved before prompt-cache writes were counted is refused by
# `ResponseUsage.model_validate`: `cache_write_tokens` is required.
#
# Stored replies, and servers that speak the API without this field, cannot be read by the strict type of a newer SDK.
# The client itself does not check, and returns None for a field whose type says that it is always a number.
set -euo pipefail
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check 'openai==3.57.0'
cd "$scratch"
"$scratch/venv/bin/python" - <<'PY'
import openai
import pydantic
from openai.types.responses import ResponseUsage

usage = {
    "input_tokens": 9,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 2,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 11,
}
print("openai", openai.__version__)
try:
    ResponseUsage.model_validate(usage)
except pydantic.ValidationError as error:
    (found,) = error.errors()
    print("refused:", ".".join(found["loc"]), found["type"])
    assert (found["loc"], found["type"]) == (("input_tokens_details", "cache_write_tokens"), "missing")
else:
    raise SystemExit("the field is optional now")
details = ResponseUsage.construct(**usage).input_tokens_details
print("built as the client builds it:", details.cache_write_tokens)
assert details.cache_write_tokens is None
PY
