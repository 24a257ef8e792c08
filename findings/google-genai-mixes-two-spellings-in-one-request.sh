#!/usr/bin/env bash
# google-genai 3.6.1: one request holds names in camelCase and names in snake_case.
#
# Arguments are renamed to the camelCase of the REST API, `thinkingConfig` and `maxOutputTokens`, but the parts of some
# of them are sent as the Python object spells them: `thinking_level` within `thinkingConfig`, `parameters_json_schema`
# within a function's declaration. A recorded request cannot be compared with the documented REST body by its names, and
# a test server that knows only the documented ones does not find the level of thinking.
set -euo pipefail
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check 'google-genai==3.6.1'
cd "$scratch"
"$scratch/venv/bin/python" - <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version

from google import genai
from google.genai import types

bodies = []


class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        reply = json.dumps({"candidates": [{"content": {"role": "model", "parts": [{"text": "Hi"}]}}]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = genai.Client(api_key="unused", http_options={"base_url": f"http://127.0.0.1:{server.server_port}"})
schema = {"type": "object", "properties": {"city": {"type": "string"}}}
declaration = {"name": "weather", "parameters_json_schema": schema}
config = types.GenerateContentConfig(
    max_output_tokens=9,
    thinking_config={"thinking_level": "low"},
    tools=[{"function_declarations": [declaration]}],
)
client.models.generate_content(model="m", contents="Hello", config=config)
server.shutdown()
(body,) = bodies
print("google-genai", version("google-genai"))
print(json.dumps({name: body[name] for name in ("generationConfig", "tools")}, indent=1))
assert body["generationConfig"]["maxOutputTokens"] == 9
assert "thinking_level" in body["generationConfig"]["thinkingConfig"]
(tool,) = body["tools"]
(function,) = tool.get("functionDeclarations") or tool["function_declarations"]
assert "parameters_json_schema" in function
PY
