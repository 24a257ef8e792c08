"""A language model that is a table of numbers, computed here by numpy and written as a Llama for real servers.

After each token the next one has a fixed distribution. As a Llama that is one layer whose attention and MLP add
nothing: the embedding of token k is the k-th unit vector, and column k of the output matrix holds the scores after it.
So a server that computes these weights must give the numbers of the table.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evals.local_models.backend import LocalBackend
from evals.local_models.decoding import all_finished, drafts_of
from evals.local_models.language_model import Generated, OnToken, Sampling, ScoredToken, TokenIds, check_room
from evals.local_models.sampling import draw_next, likeliest, log_probabilities

BEGIN, END = 0, 1
PAIRS = (" A", " B", " C", " D", " 1", " 2")
"The tokens of two characters."
PIECES = ("", "", *(chr(code) for code in range(32, 127)), "\n", *PAIRS)
WIDTH = 128
"Of the embeddings: one for each token, and some to spare."
N_CTX = 256
_CUTS = re.compile(r" [ABCD12]|.", re.DOTALL)
CHAT_TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


def table(seed: int = 5) -> np.ndarray:
    """Scores of each next token (columns) after each token (rows)."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0.0, 2.0, (len(PIECES), len(PIECES)))
    scores[:, [BEGIN, END]] = -25.0
    ids = {piece: k for k, piece in enumerate(PIECES) if piece}
    # A prompt that asks for a letter gets one, and `return` a number: 1 in half of the draws.
    scores[ids[":"], [ids[letter] for letter in PAIRS[:4]]] += 9.0
    scores[ids["n"], :] = -9.0
    scores[ids["n"], [ids[" 1"], ids[" 2"]]] = 5.0
    return scores.astype(np.float32).astype(np.float64)


class TableModel:
    """Fills the protocol `LanguageModel`. has_begin: a begin token stands before every text."""

    name, n_ctx = "table", N_CTX
    chat_stop: tuple[str, ...] = ()
    chat_lead = ""

    def __init__(self, has_begin: bool = True) -> None:
        self.has_begin = has_begin
        self._ids = {piece: k for k, piece in enumerate(PIECES) if piece}
        self._logprobs = log_probabilities(table())

    def encode(self, text: str) -> list[int]:
        return [self._ids[piece] for piece in _CUTS.findall(text)]

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        return "".join(PIECES[k] for k in ids).encode()

    def render_chat(self, messages: Sequence[Mapping[str, Any]]) -> str:
        return "".join(message["content"] for message in messages)

    def generate(
        self, requests: Sequence[tuple[TokenIds, Sampling]], on_token: OnToken | None = None
    ) -> list[list[Generated]]:
        found = []
        for place, (prompt, sampling) in enumerate(requests):
            check_room(len(prompt), sampling.max_tokens, self.n_ctx)
            drafts = drafts_of(place, prompt, sampling, frozenset({END}))
            for draft in drafts:
                last = prompt[-1] if prompt else BEGIN
                while draft.finish_reason is None:
                    (last,) = draw_next(self._logprobs[[last]], [draft], lambda k: PIECES[k].encode(), on_token)
            found.append(drafts)
        return all_finished(found, [sampling.n for _, sampling in requests], on_token)

    def score(
        self, sequences: Sequence[TokenIds], top_logprobs: int = 0, first: Sequence[int] | None = None
    ) -> list[list[ScoredToken]]:
        starts = first or [0] * len(sequences)
        return [self._scored(ids, top_logprobs)[start:] for ids, start in zip(sequences, starts, strict=True)]

    def _scored(self, ids: TokenIds, n_top: int) -> list[ScoredToken]:
        found = []
        for before, k in zip([BEGIN, *ids], ids, strict=False):
            row = self._logprobs[before]
            known = self.has_begin or bool(found)
            top = likeliest(row, n_top) if known else ()
            found.append(ScoredToken(k, PIECES[k].encode(), float(row[k]) if known else None, top))
        return found


class TableFn(LocalBackend):
    """The completion function over the model in this process."""

    def __init__(self, registry: Any = None, has_begin: bool = True, **options: Any) -> None:
        super().__init__("table", lambda: TableModel(has_begin), **options)


def arrays() -> dict[str, np.ndarray]:
    """The weights under the names of transformers' Llama; matrices are used as `x @ matrix.T`."""
    n, d = len(PIECES), WIDTH
    embedding = np.zeros((n, d), np.float32)
    embedding[np.arange(n), np.arange(n)] = 1.0
    output = np.zeros((n, d), np.float32)
    output[:, :n] = table().T / np.sqrt(d / (1.0 + d * 1e-6))  # what the last norm makes of a unit vector
    layer = {f"self_attn.{name}_proj": (d, d) for name in "qkvo"}
    layer |= {"mlp.gate_proj": (64, d), "mlp.up_proj": (64, d), "mlp.down_proj": (d, 64)}
    found = {f"model.layers.0.{name}.weight": np.zeros(shape, np.float32) for name, shape in layer.items()}
    for name in ("layers.0.input_layernorm", "layers.0.post_attention_layernorm", "norm"):
        found[f"model.{name}.weight"] = np.ones(d, np.float32)
    return {"model.embed_tokens.weight": embedding, "lm_head.weight": output, **found}


def vocabulary() -> list[str]:
    """The tokens as byte-level vocabularies write them."""
    return ["<s>", "</s>", *(piece.replace(" ", "\u0120").replace("\n", "\u010a") for piece in PIECES[2:])]


def write_folder(folder: Path) -> None:
    """The model as a folder of transformers, with a begin token."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": len(PIECES), "hidden_size": WIDTH,
        "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2,
        "max_position_embeddings": N_CTX, "rms_norm_eps": 1e-6, "hidden_act": "silu", "tie_word_embeddings": False,
        "bos_token_id": BEGIN, "eos_token_id": END, "pad_token_id": END, "torch_dtype": "float32",
        "rope_theta": 10000.0,
    }  # fmt: skip
    added = [{"id": k, "content": name, "special": True, "single_word": False, "lstrip": False, "rstrip": False,
              "normalized": False} for k, name in ((BEGIN, "<s>"), (END, "</s>"))]  # fmt: skip
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None, "normalizer": None, "added_tokens": added,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [BEGIN], "tokens": ["<s>"]}},
        },
        "model": {
            "type": "BPE", "vocab": {name: k for k, name in enumerate(vocabulary())},
            "merges": [["\u0120", pair[1]] for pair in PAIRS], "dropout": None, "unk_token": None,
            "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
        },
    }  # fmt: skip
    about = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>",
             "pad_token": "</s>", "model_max_length": N_CTX, "chat_template": CHAT_TEMPLATE,
             "clean_up_tokenization_spaces": False}  # fmt: skip
    for name, value in (("config", config), ("tokenizer", tokenizer), ("tokenizer_config", about)):
        (folder / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    (folder / "model.safetensors").write_bytes(safetensors(arrays()))


def safetensors(tensors: Mapping[str, np.ndarray]) -> bytes:
    """The file format of safetensors: the length of a header, the header as JSON, the numbers."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, array in tensors.items():
        end = len(data) + array.nbytes
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(data), end]}
        data += np.ascontiguousarray(array, "<f4").tobytes()
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    return struct.pack("<Q", len(head)) + head + data


_GGUF_NAMES = {
    "model.embed_tokens": "token_embd", "lm_head": "output", "model.norm": "output_norm",
    "model.layers.0.input_layernorm": "blk.0.attn_norm", "model.layers.0.post_attention_layernorm": "blk.0.ffn_norm",
    "model.layers.0.self_attn.q_proj": "blk.0.attn_q", "model.layers.0.self_attn.k_proj": "blk.0.attn_k",
    "model.layers.0.self_attn.v_proj": "blk.0.attn_v", "model.layers.0.self_attn.o_proj": "blk.0.attn_output",
    "model.layers.0.mlp.gate_proj": "blk.0.ffn_gate", "model.layers.0.mlp.up_proj": "blk.0.ffn_up",
    "model.layers.0.mlp.down_proj": "blk.0.ffn_down",
}  # fmt: skip
_ALIGNMENT = 32


def write_gguf(path: Path, *, has_begin: bool) -> None:
    """The model as a GGUF file of version 3, for llama.cpp and what is built on it."""
    facts = {
        "general.architecture": "llama", "general.name": "table", "llama.context_length": N_CTX,
        "llama.embedding_length": WIDTH, "llama.block_count": 1, "llama.feed_forward_length": 64,
        "llama.attention.head_count": 2, "llama.attention.head_count_kv": 2, "llama.rope.dimension_count": WIDTH // 2,
        "llama.attention.layer_norm_rms_epsilon": 1e-6, "llama.vocab_size": len(PIECES), "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2", "tokenizer.ggml.tokens": vocabulary(),
        "tokenizer.ggml.token_type": [3, 3, *[1] * (len(PIECES) - 2)],
        "tokenizer.ggml.merges": [f"\u0120 {pair[1]}" for pair in PAIRS], "tokenizer.ggml.bos_token_id": BEGIN,
        "tokenizer.ggml.eos_token_id": END, "tokenizer.ggml.add_bos_token": has_begin,
        "tokenizer.chat_template": CHAT_TEMPLATE,
    }  # fmt: skip
    infos, data = b"", b""
    tensors = arrays()
    for name, array in tensors.items():
        infos += _text(_GGUF_NAMES[name.removesuffix(".weight")] + ".weight") + struct.pack("<I", array.ndim)
        infos += struct.pack(f"<{array.ndim}Q", *array.shape[::-1]) + struct.pack("<IQ", 0, len(data))
        data += np.ascontiguousarray(array, "<f4").tobytes()
        data += b"\0" * (-len(data) % _ALIGNMENT)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(facts))
    head += b"".join(_text(key) + _value(value) for key, value in facts.items()) + infos
    path.write_bytes(head + b"\0" * (-len(head) % _ALIGNMENT) + data)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: Any) -> bytes:
    """A value with the number of its type before it."""
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    if isinstance(value, str):
        return struct.pack("<I", 8) + _text(value)
    kind = 8 if isinstance(value[0], str) else 5
    parts = b"".join(_text(part) if kind == 8 else struct.pack("<i", part) for part in value)
    return struct.pack("<IIQ", 9, kind, len(value)) + parts
