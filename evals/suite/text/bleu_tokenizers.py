"""Which of sacrebleu's tokenizers fits the language of a reference."""

from __future__ import annotations

from typing import Any

from evals.errors import MissingExtra, UsageError, did_you_mean, listed

AUTO = "auto"
DEFAULT = "13a"
"sacrebleu's own default, for languages that write spaces between words."

_HAN = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
_KANA = ((0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F))
_UNSPACED = ((0x0E00, 0x0EFF), (0x0F00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF))
"Thai and Lao, Tibetan, Burmese, Khmer."


def tokenizer_for(text: str) -> str:
    """`zh` for Chinese, `char` for Japanese, Thai and other scripts without spaces, else `13a`.

    A script counts if half of the letters are its own. `13a` makes one token of a Chinese sentence, and BLEU 0 of any
    translation but a perfect one.
    """
    letters = [ord(char) for char in text if char.isalpha()]
    han, kana, unspaced = (sum(_is_in(code, script) for code in letters) for script in (_HAN, _KANA, _UNSPACED))
    if letters and 2 * (han + kana) >= len(letters):
        return "char" if kana else "zh"
    return "char" if letters and 2 * unspaced >= len(letters) else DEFAULT


def _is_in(code: int, script: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in script)


def make_bleu(effective_order: bool = False, tokenize: str = DEFAULT) -> Any:
    """An object of sacrebleu that computes BLEU.

    effective_order: skip n-gram orders without a match (sentence BLEU). tokenize: one of sacrebleu's tokenizers.

    Raises:
        MissingExtra: sacrebleu is not installed.
        UsageError: there is no such tokenizer, or what it needs is not installed.
    """
    try:
        from sacrebleu.metrics.bleu import BLEU
    except ImportError:
        raise MissingExtra("Translate", "text") from None
    if tokenize not in BLEU.TOKENIZERS:
        known = [AUTO, *BLEU.TOKENIZERS]
        note = did_you_mean(tokenize, known) or f"there are: {listed(known, 20)}"
        raise UsageError(f"tokenize: sacrebleu has no tokenizer {tokenize!r}", notes=[note])
    try:
        return BLEU(effective_order=effective_order, tokenize=tokenize)
    except (RuntimeError, ImportError) as error:
        extra = {"ja-mecab": "'sacrebleu[ja]'", "ko-mecab": "'sacrebleu[ko]'"}.get(tokenize, "sentencepiece")
        raise UsageError(
            f"tokenize: {tokenize} needs a package that is not installed", fix=f"pip install {extra}"
        ) from error
