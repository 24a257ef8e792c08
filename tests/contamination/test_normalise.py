"""Normalised texts: which characters stay, in any script, and the way back to the text."""

from __future__ import annotations

import random
import unicodedata

import pytest

from evals.contamination.characters import COMPOSES, character_classes
from evals.contamination.normalise import joined, kept_positions, normalised, safe_cut

SCRIPTS = {
    "english": "It's 3 o'clock -- \u201cnearly\u201d; café & naïve.",
    "decomposed": "cafe\u0301 nai\u0308ve A\u030a o\u0323\u0302",
    "mark after a blank": "e \u0301 x - \u0308y",
    "hindi": "नमस्ते, दुनिया! क़ क\u093c १२३।",
    "bengali": "কেমন আছো? \u09c7\u09be \u09c7 \u09be",
    "tamil": "வணக்கம் \u0bc6\u0bbe",
    "thai": "น้ำใจ ที่นี่ ๑๒๓",
    "chinese": "你好，世界！「一」 \ufa1e \uf900",
    "japanese": "か\u3099 がギ ﾊﾟ、日本語。",
    "korean": "\u1112\u1161\u11ab\u1100\u1173\u11af 한글",
    "hebrew": "שָׁלוֹם עוֹלָם",
    "arabic": "مُحَمَّد، ١٢٣",
    "emoji": "a👩‍👩‍👧b \U0001f600 \u200d \u200b",
    "nothing": " .,;\n\t",
    "empty": "",
}


def by_definition(text: str) -> str:
    """NFC, then categories L, N and M, character by character."""
    return "".join(char for char in unicodedata.normalize("NFC", text) if unicodedata.category(char)[0] in "LNM")


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_only_letters_digits_and_marks_of_the_nfc_form_stay(text: str) -> None:
    assert normalised(text) == by_definition(text)


@pytest.mark.parametrize("seed", range(20))
def test_texts_of_any_characters_are_normalised_by_definition(seed: int) -> None:
    rng = random.Random(seed)
    alphabet = [*map(chr, range(1, 0x250)), *map(chr, range(0x300, 0x370)), *"".join(SCRIPTS.values())]
    alphabet += [chr(rng.choice([rng.randrange(0x370, 0xD800), rng.randrange(0xE000, 0x30000)])) for _ in range(300)]
    texts = ["".join(rng.choices(alphabet, k=rng.randrange(40))) for _ in range(50)]
    assert joined(texts).decode().split("\x00") == [by_definition(text) for text in texts]


def test_a_text_without_composing_characters_is_in_nfc_already() -> None:
    flags = character_classes()
    for code in range(0x30000):
        if not flags[code] & COMPOSES and not 0xD800 <= code < 0xE000:
            char = chr(code)
            assert unicodedata.is_normalized("NFC", "e" + char), hex(code)
            assert unicodedata.normalize("NFC", "\u09c7" + char) == "\u09c7" + char


def test_case_counts_unless_it_is_to_be_ignored() -> None:
    assert normalised("Straße") == "Straße"
    assert normalised("STRASSE Été", ignore_case=True) == normalised("straße ÉTÉ", ignore_case=True) == "strasseété"


def test_zero_bytes_and_lone_surrogates_of_json_are_dropped() -> None:
    assert normalised("a\x00b\ud800c") == "abc"
    assert normalised("a\x00b") == "ab"


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_each_kept_character_is_found_back_in_the_text(text: str) -> None:
    positions = kept_positions(text).tolist()
    assert len(positions) == len(normalised(text))
    assert positions == sorted(positions)
    for char, position in zip(normalised(text), positions, strict=True):
        rest = unicodedata.normalize("NFC", text[position:])
        assert char in (rest[0], rest[1:2], rest[2:3])


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_a_cut_at_a_safe_place_changes_nothing(text: str) -> None:
    cut = safe_cut(text)
    assert normalised(text[:cut]) + normalised(text[cut:]) == normalised(text)
