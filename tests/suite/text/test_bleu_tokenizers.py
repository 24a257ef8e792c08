"""The tokenizer that fits a text."""

from __future__ import annotations

import pytest

from evals.suite.text.bleu_tokenizers import tokenizer_for


@pytest.mark.parametrize(
    ("text", "tokenizer"),
    [
        ("\u5b66\u6821", "zh"),
        ("\u6211\u7528 GPT \u5199\u4ee3\u7801", "zh"),
        ("\u79c1\u306f\u884c\u304d\u307e\u3059", "char"),
        ("\u30c6\u30b9\u30c8", "char"),
        ("\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "char"),
        ("\ud559\uad50\uc5d0 \uac11\ub2c8\ub2e4", "13a"),
        ("The word \u5b66 means learning.", "13a"),
        ("", "13a"),
        ("2 + 2", "13a"),
    ],
)
def test_scripts_without_spaces_are_told_by_most_of_the_letters(text: str, tokenizer: str) -> None:
    assert tokenizer_for(text) == tokenizer
