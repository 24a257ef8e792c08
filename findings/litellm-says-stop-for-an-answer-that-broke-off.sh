#!/usr/bin/env bash
# litellm 1.108.0: a completion that its server broke off comes back as a finished one. Finish reasons that litellm does not
# know become "stop": "error" (OpenRouter, with an error object in the choice), "abort" (vLLM, SGLang), "network_error"
# (Zhipu), "insufficient_system_resource" (DeepSeek), "model_length" (Mistral).
#
# "stop" means that the model ended its answer. A part of an answer, or none at all, is then taken, and scored, as the whole
# one: no exception, no retry, at most a line in the log. The true reason is kept beside the fields of the OpenAI API, in
# provider_specific_fields. "length" and "content_filter" arrive as they are.
set -euo pipefail
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check 'litellm==1.108.0'
cd "$scratch"
LITELLM_LOCAL_MODEL_COST_MAP=True "$scratch/venv/bin/python" - <<'PY'
import http.server
import json
import threading

import litellm


class Upstream(http.server.BaseHTTPRequestHandler):
    """Answers with a part of a text, and the finish reason that the model's name says."""

    def do_POST(self):
        reason = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["model"]
        choice = {"index": 0, "message": {"role": "assistant", "content": "The capital"}, "finish_reason": reason}
        if reason == "error":
            choice["error"] = {"code": 502, "message": "Upstream died"}
        data = json.dumps({"id": "x", "object": "chat.completion", "created": 1, "model": reason, "choices": [choice]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=server.serve_forever, daemon=True).start()


def reason_seen(reason):
    reply = litellm.completion(
        model=f"openai/{reason}", api_base=f"http://127.0.0.1:{server.server_port}/v1", api_key="k",
        messages=[{"role": "user", "content": "What is the capital of France?"}],
    )
    return reply.choices[0].finish_reason


broken = ("error", "abort", "network_error", "insufficient_system_resource", "model_length")
seen = {reason: reason_seen(reason) for reason in (*broken, "length", "content_filter")}
print(seen)
assert all(seen[reason] == "stop" for reason in broken)
assert (seen["length"], seen["content_filter"]) == ("length", "content_filter")
PY
