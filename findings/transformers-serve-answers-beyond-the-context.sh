#!/usr/bin/env bash
# transformers 5.23.0, `transformers serve`: a prompt that is longer than the model's context is answered with status 200,
# and a completion runs on beyond it.
#
# The model of this script has `max_position_embeddings` 64. The OpenAI API, vLLM and llama.cpp's servers refuse a request
# that does not fit, and clients leave out examples or count the sample as failed. Here positions that the model was
# never trained on are computed in silence, so long few-shot prompts score as wrong answers. Also seen: at temperature 1.5
# the same prompt has the same completion each time, as temperature is ignored unless the model's own generation
# configuration samples.
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

torch.manual_seed(1)
letters = ["</s>", *"abcdefgh"]
tokenizer = Tokenizer(models.BPE(vocab={letter: k for k, letter in enumerate(letters)}, merges=[]))
tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>", model_max_length=64).save_pretrained("model")
config = LlamaConfig(
    vocab_size=len(letters), hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
    max_position_embeddings=64, bos_token_id=None, eos_token_id=0,
)
model = LlamaForCausalLM(config)
model.generation_config.eos_token_id = None
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


def asked(**body):
    data = json.dumps({"model": model, **body}).encode()
    request = urllib.request.Request(f"{url}/v1/completions", data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as reply:
        return json.load(reply)


for _ in range(240):
    try:
        urllib.request.urlopen(f"{url}/health", timeout=2)
        break
    except OSError:
        time.sleep(0.5)
long = asked(prompt="abcdefgh" * 20, max_tokens=4)["usage"]
draws = {asked(prompt="abc", max_tokens=12, temperature=1.5)["choices"][0]["text"] for _ in range(5)}
print("context of 64 tokens; usage of a longer prompt:", long)
print("different completions of five at temperature 1.5:", len(draws))
assert long["prompt_tokens"] > 64
assert long["completion_tokens"] > 0
assert len(draws) == 1
PY
