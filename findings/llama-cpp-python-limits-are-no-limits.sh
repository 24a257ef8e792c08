#!/usr/bin/env bash
# llama-cpp-python 0.3.36, its server: `max_tokens: 0` and `max_completion_tokens: 2` both generate up to the end of the
# context.
#
# Zero is how a client asks for the log probabilities of a prompt alone (`echo`), and `max_completion_tokens` is the name
# that the chat endpoint of the OpenAI API has today; the server does not know it, and says nothing. One request then
# takes as long as the context is large. Also seen: several prompts in one request are answered with 500 and an empty
# message. (pip compiles C++ for some minutes.)
set -euo pipefail
scratch="$(mktemp -d)"
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
CMAKE_ARGS="-DGGML_NATIVE=OFF -DLLAVA_BUILD=OFF" "$scratch/venv/bin/pip" install --quiet --disable-pip-version-check \
    'llama-cpp-python[server]==0.3.36' 'gguf==0.19.0'
cd "$scratch"
"$scratch/venv/bin/python" - <<'PY'
import gguf
import numpy as np

WORDS = ["<s>", "</s>", *"abcdefghijklmnopqrstuvwxyz", *(f"<x{k}>" for k in range(4))]
N = len(WORDS)
file = gguf.GGUFWriter("model.gguf", "llama")
file.add_context_length(256)
file.add_embedding_length(N)
file.add_block_count(1)
file.add_feed_forward_length(N)
file.add_head_count(1)
file.add_head_count_kv(1)
file.add_layer_norm_rms_eps(1e-6)
file.add_rope_dimension_count(N)
file.add_vocab_size(N)
file.add_tokenizer_model("gpt2")
file.add_tokenizer_pre("gpt-2")
file.add_token_list(WORDS)
file.add_token_merges(["z z"])
file.add_token_types([3 if len(word) > 1 else 1 for word in WORDS])
file.add_bos_token_id(0)
file.add_eos_token_id(1)
file.add_chat_template("{% for m in messages %}{{ m['content'] }}{% endfor %}")
one, zero, ones = np.eye(N, dtype=np.float32), np.zeros((N, N), np.float32), np.ones(N, np.float32)
file.add_tensor("token_embd.weight", one)
file.add_tensor("output.weight", np.where(np.arange(N)[:, None] == 2, 5.0, one).astype(np.float32))  # says "a" for ever
file.add_tensor("output_norm.weight", ones)
for name in ("attn_norm", "ffn_norm"):
    file.add_tensor(f"blk.0.{name}.weight", ones)
for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
    file.add_tensor(f"blk.0.{name}.weight", zero)
file.write_header_to_file()
file.write_kv_data_to_file()
file.write_tensors_to_file()
file.close()
PY
port="$("$scratch/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
"$scratch/venv/bin/python" -m llama_cpp.server --model model.gguf --host 127.0.0.1 --port "$port" --n_ctx 256 --logits_all true > log 2>&1 &
server=$!
"$scratch/venv/bin/python" - "$port" <<'PY'
import json
import sys
import time
import urllib.error
import urllib.request

url = f"http://127.0.0.1:{sys.argv[1]}/v1"


def asked(path, **body):
    data = json.dumps({"model": "m", "temperature": 0, **body}).encode()
    request = urllib.request.Request(f"{url}/{path}", data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=120) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


for _ in range(240):
    try:
        urllib.request.urlopen(f"{url}/models", timeout=2)
        break
    except OSError:
        time.sleep(0.5)
_, zero = asked("completions", prompt="abc", max_tokens=0)
_, two = asked("chat/completions", messages=[{"role": "user", "content": "abc"}], max_completion_tokens=2)
status, several = asked("completions", prompt=["abc", "abd"], max_tokens=2)
print("max_tokens 0:", zero["usage"], "| max_completion_tokens 2:", two["usage"], "| two prompts:", status, several)
assert zero["usage"]["completion_tokens"] > 100
assert two["usage"]["completion_tokens"] > 100
assert status == 500
assert several["error"]["message"] == ""
PY
