#!/usr/bin/env bash
# google-genai 3.6.1 beside aiohttp 3.14.5: the first asynchronous call raises a DeprecationWarning of aiohttp from inside
# the SDK.
#
# The SDK looks whether aiohttp is installed, and if so makes a subclass of its ClientSession at the first call, which
# aiohttp discourages by a warning. A program or test suite that turns warnings into errors then fails before any request
# is sent, and only on machines where something else has installed aiohttp.
set -euo pipefail
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check 'google-genai==3.6.1' 'aiohttp==3.14.5'
cd "$scratch"
"$scratch/venv/bin/python" - <<'PY'
import asyncio
import warnings
from importlib.metadata import version

import aiohttp
from google import genai

print("google-genai", version("google-genai"), "aiohttp", aiohttp.__version__)


async def main():
    options = {"base_url": "http://127.0.0.1:9", "retry_options": {"attempts": 1}}
    client = genai.Client(api_key="unused", http_options=options)
    try:
        await client.aio.models.generate_content(model="m", contents="Hello")
    except aiohttp.ClientError as error:
        print("the call itself:", type(error).__name__)
    await client.aio.aclose()


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    asyncio.run(main())
texts = [str(warning.message) for warning in caught if issubclass(warning.category, DeprecationWarning)]
print(texts)
assert any("AiohttpClientSession" in text and "discouraged" in text for text in texts)
PY
