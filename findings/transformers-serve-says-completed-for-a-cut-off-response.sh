#!/usr/bin/env bash
# transformers 5.23.0, `transformers serve`: the responses endpoint says `completed` for an answer that its limit cut off.
#
# Over chat the same prompt with the same limit ends with the finish reason `length`. Over `/v1/responses` the status is
# `completed` and `incomplete_details` is null, where OpenAI's API says `incomplete` with the reason `max_output_tokens`.
# So a client that counts answers cut off at the limit by the status finds none. What gives it away is that
# `output_tokens` equals the limit that was asked for.
set -euo pipefail
scratch="$(mktemp -d)"
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check 'transformers[serving]==5.23.0' 'torch==2.13.0'
cd "$scratch"
export HF_HUB_OFFLINE=1 CUDA_VISIBLE_DEVICES= OMP_NUM_THREADS=1
"$scratch/venv/bin/python" - <<'PY'
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

torch.manual_seed(3)
letters = ["</s>", *"abcdefgh"]
tokenizer = Tokenizer(models.BPE(vocab={letter: k for k, letter in enumerate(letters)}, merges=[]))
tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>", model_max_length=256)
fast.chat_template = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
fast.save_pretrained("model")
model = LlamaForCausalLM(
    LlamaConfig(
        vocab_size=len(letters), hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=256, bos_token_id=None, eos_token_id=0,
    )
)
model.generation_config.eos_token_id = None  # so that every answer runs into its limit
model.save_pretrained("model")
PY
port="$("$scratch/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
"$scratch/venv/bin/transformers" serve --host 127.0.0.1 --port "$port" --device cpu > log 2>&1 &
server=$!
"$scratch/venv/bin/python" - "$port" "$scratch/model" <<'PY'
import json
import sys
import time
import urllib.request

url, model = f"http://127.0.0.1:{sys.argv[1]}", sys.argv[2]
LIMIT = 8


def asked(path, **body):
    data = json.dumps({"model": model, "stream": False, **body}).encode()
    request = urllib.request.Request(f"{url}/v1/{path}", data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as reply:
        return json.load(reply)


for _ in range(240):
    try:
        urllib.request.urlopen(f"{url}/health", timeout=2)
        break
    except OSError:
        time.sleep(0.5)
(choice,) = asked("chat/completions", messages=[{"role": "user", "content": "abcd"}], max_tokens=LIMIT)["choices"]
response = asked("responses", input=[{"role": "user", "content": "abcd"}], max_output_tokens=LIMIT)
print("chat:", choice["finish_reason"])
print("responses:", response["status"], response.get("incomplete_details"), response["usage"]["output_tokens"], "tokens")
assert choice["finish_reason"] == "length"
assert response["status"] == "completed"
assert response.get("incomplete_details") is None
assert response["usage"]["output_tokens"] == LIMIT
PY
