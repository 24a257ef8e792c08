#!/usr/bin/env bash
# litellm 1.108.0, proxy without a database: a wrong key is answered with 400 "No connected db.", and no key at all with
# 500, though a master key is set and nothing but the key is wrong.
#
# 401 is what the OpenAI API says and what clients act on: they end at once instead of trying again. A 500 is tried
# again, so a forgotten key looks like a server that is down; the cause, an import of `prisma`, stands in the proxy's log
# alone. With the right key the same request is answered.
set -euo pipefail
scratch="$(mktemp -d)"
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check 'litellm[proxy]==1.108.0'
cd "$scratch"
cat > proxy.yaml <<'YAML'
model_list:
  - {model_name: m, litellm_params: {model: openai/x, api_base: "http://127.0.0.1:9/v1", api_key: k}}
YAML
port="$("$scratch/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
LITELLM_MASTER_KEY=sk-right LITELLM_LOCAL_MODEL_COST_MAP=True \
    "$scratch/venv/bin/litellm" --config proxy.yaml --host 127.0.0.1 --port "$port" > log 2>&1 &
server=$!
"$scratch/venv/bin/python" - "$port" <<'PY'
import sys
import time
import urllib.error
import urllib.request

url = f"http://127.0.0.1:{sys.argv[1]}"


def asked(key):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{url}/v1/models", headers=headers), timeout=30) as reply:
            return reply.status, ""
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


for _ in range(240):
    try:
        urllib.request.urlopen(f"{url}/health/liveliness", timeout=2)
        break
    except OSError:
        time.sleep(0.5)
right, wrong, none = asked("sk-right"), asked("sk-wrong"), asked(None)
print("right key", right[0], "| wrong key", wrong, "| no key", none)
assert right[0] == 200
assert wrong[0] == 400
assert "No connected db" in wrong[1]
assert none[0] == 500
PY
