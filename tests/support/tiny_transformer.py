"""A transformer with random weights and a tokenizer trained on a few lines, and a backend over both: nothing is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from evals.completion import Completions, ContinuationScore
from evals.completion_fns.backend import Backend

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

END = "<|endoftext|>"


def tiny_tokenizer(texts: Sequence[str]) -> Any:
    """A byte-level BPE tokenizer with 400 tokens, as GPT-2 has it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=400, special_tokens=[END], initial_alphabet=alphabet, show_progress=False)
    )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END, bos_token=END, pad_token=END)


def tiny_model(vocab_size: int, seed: int = 0, spread: float = 0.4) -> Any:
    """Two layers of width 32, weights drawn wide enough that predictions differ from prompt to prompt."""
    torch.manual_seed(seed)
    config = transformers.GPT2Config(
        vocab_size=vocab_size,
        n_positions=512,
        n_embd=32,
        n_layer=2,
        n_head=4,
        initializer_range=spread,
        bos_token_id=0,
        eos_token_id=0,
    )
    return transformers.GPT2LMHeadModel(config).double().eval()


class TinyTransformer(Backend):
    """Scores continuations with one forward pass each: prompt and continuation are tokenised together."""

    is_local = True

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self.model, self.tokenizer = model, tokenizer

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        raise NotImplementedError

    async def score(self, prompt: Any, continuations: Sequence[str]) -> list[ContinuationScore]:
        return [self._score(prompt, continuation) for continuation in continuations]

    def _score(self, prompt: str, continuation: str) -> ContinuationScore:
        n_prompt = len(self.tokenizer(prompt).input_ids)
        whole = self.tokenizer(prompt + continuation).input_ids
        ids = [self.tokenizer.bos_token_id, *whole] if n_prompt == 0 else whole
        start = len(ids) - (len(whole) - n_prompt)
        with torch.no_grad():
            table = torch.log_softmax(self.model(torch.tensor([ids])).logits[0], -1)
        values = [table[place - 1, ids[place]].item() for place in range(start, len(ids))]
        return ContinuationScore(sum(values), len(values))
