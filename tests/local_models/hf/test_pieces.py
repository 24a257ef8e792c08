"""Bytes of tokens for the kinds of tokenizers there are; no network, no weights."""

from __future__ import annotations

import random

import pytest
from tiny_models import TEXTS, transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from evals.local_models.hf.pieces import Pieces, byte_alphabet, kind_of

SAMPLES = [*TEXTS, "😀 ☃", "tab\tand  spaces ", "über café"]


def sentencepiece_like():
    """BPE over spaces marked by U+2581, unknown letters as bytes, as Llama 2 has it."""
    words = {token for text in TEXTS for token in text.replace(" ", "\u2581")}
    vocab = ["<unk>", "<s>", "</s>", *(f"<0x{k:02X}>" for k in range(256)), *sorted(words | {"\u2581"})]
    tokenizer = Tokenizer(models.BPE({t: k for k, t in enumerate(vocab)}, [], unk_token="<unk>", byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )


def byte_level():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    made = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    made.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    made.add_tokens(["<think>"])
    return made


def words_only():
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "red": 1, "stone": 2, "über": 3}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer)


@pytest.mark.parametrize(
    ("make", "kind"), [(sentencepiece_like, "spaces"), (byte_level, "bytes"), (words_only, "text")]
)
def test_the_kind_of_a_tokenizer(make, kind):
    assert kind_of(make()) == kind


def test_the_alphabet_of_byte_level_tokenizers_is_a_letter_a_byte():
    alphabet = byte_alphabet()
    assert sorted(alphabet.values()) == list(range(256))
    assert set(alphabet) == set(pre_tokenizers.ByteLevel.alphabet())


@pytest.mark.parametrize("text", SAMPLES)
def test_bytes_are_those_of_the_text(text):
    tokenizer = byte_level()
    assert Pieces(tokenizer).decode(tokenizer.encode(text, add_special_tokens=False)) == text.encode()


@pytest.mark.parametrize("text", SAMPLES)
def test_a_sentencepiece_tokenizer_puts_one_space_before_the_text(text):
    tokenizer = sentencepiece_like()
    pieces = Pieces(tokenizer)
    ids = tokenizer.encode(text, add_special_tokens=False)
    assert pieces.decode(ids) == b" " + text.encode()
    assert tokenizer.decode(ids) == text


def test_marks_have_no_bytes_and_added_words_have_theirs():
    tokenizer = byte_level()
    pieces = Pieces(tokenizer)
    assert pieces.decode(tokenizer.encode("<|im_start|>a<think>")) == b"a<think>"
    with pytest.raises(IndexError):
        pieces.piece(10**6)
    with pytest.raises(IndexError):
        pieces.piece(-1)


def test_words_are_decoded_one_by_one():
    tokenizer = words_only()
    ids = tokenizer.encode("red über")
    assert [Pieces(tokenizer).piece(k) for k in ids] == [b"red", "über".encode()]


def test_any_bytes_can_be_split_into_tokens():
    tokenizer, rng = byte_level(), random.Random(4)
    ids = [rng.randrange(320) for _ in range(200)]
    pieces = Pieces(tokenizer)
    assert pieces.decode(ids) == b"".join(pieces.piece(k) for k in ids)
    assert pieces.decode(ids).decode("utf-8", "replace") == tokenizer.decode(ids, clean_up_tokenization_spaces=False)
