"""Transformers with random weights and a tokenizer trained on a few lines, saved into folders: nothing is fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tiny_transformer import tiny_tokenizer

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

TEXTS = [
    "Question: What is two plus three?\nAnswer: five",
    "The red stone über river moves slowly while a small café bird sings",
    "A. one\nB. two\nC. three\nD. four\nAnswer: A B C D",
    "User: hello\nAssistant: good day\nSystem: be brief",
]
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def _config(kind: str, n_vocab: int) -> Any:
    common = {"vocab_size": n_vocab, "bos_token_id": 0, "eos_token_id": 0, "initializer_range": 0.4}
    if kind == "gpt2":
        return transformers.GPT2Config(**common, n_positions=128, n_embd=32, n_layer=2, n_head=4)
    if kind == "bloom":
        return transformers.BloomConfig(**common, hidden_size=32, n_layer=2, n_head=4)
    return transformers.LlamaConfig(
        **common,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
    )


def save_tiny(folder: Path, kind: str = "gpt2", *, template: bool = False, begins: bool = False) -> Path:
    """A model of width 32. template: for chats. begins: the tokenizer puts its begin token before every text."""
    tokenizer = tiny_tokenizer(TEXTS)
    if template:
        tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
        tokenizer.chat_template = TEMPLATE
    if begins:
        from tokenizers.processors import TemplateProcessing

        end = tokenizer.eos_token
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
            single=f"{end} $A", special_tokens=[(end, tokenizer.eos_token_id)]
        )
    torch.manual_seed(7)
    model = transformers.AutoModelForCausalLM.from_config(_config(kind, len(tokenizer)))
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
