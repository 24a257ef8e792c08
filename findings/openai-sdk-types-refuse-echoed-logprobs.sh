#!/usr/bin/env bash
# openai 3.57.0: `Completion.model_validate` refuses a reply of /v1/completions with `echo` and `logprobs`, although the
# first echoed token has no log probability by definition, and servers send null there.
#
# The type says list[float]. The client itself builds replies without checking, so `client.completions.create` returns the
# null unchecked while the same JSON, read back from a file by the same type, is refused.
set -euo pipefail
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check 'openai==3.57.0'
cd "$scratch"
"$scratch/venv/bin/python" - <<'PY'
import openai
import pydantic
from openai.types import Completion

logprobs = {
    "tokens": ["The", " cat"],
    "token_logprobs": [None, -1.5],
    "top_logprobs": [None, {" cat": -1.5}],
    "text_offset": [0, 3],
}
choice = {"index": 0, "text": "The cat", "finish_reason": "length", "logprobs": logprobs}
reply = {"id": "c", "object": "text_completion", "created": 1, "model": "m", "choices": [choice]}
print("openai", openai.__version__)
built = Completion.construct(**reply).choices[0].logprobs.token_logprobs
print("built as the client builds it:", built)
assert built == [None, -1.5]
try:
    Completion.model_validate(reply)
except pydantic.ValidationError as error:
    places = [".".join(map(str, found["loc"])) for found in error.errors()]
    print("refused at", places)
    assert places == ["choices.0.logprobs.token_logprobs.0", "choices.0.logprobs.top_logprobs.0"]
else:
    raise SystemExit("the null is accepted now")
PY
