"""Which letter a sentence of another language than English states."""

from __future__ import annotations

import time

import pytest

from evals.suite.answers.letter_rule import LetterRule

STATED = [
    "Die richtige Antwort ist B.",
    "Richtig ist B.",
    "Die korrekte Option ist **B) Paris**.",
    "Antwort (B)",
    "La bonne réponse est la B.",
    "La réponse correcte est B) Paris",
    "La respuesta correcta es la opción B.",
    "La respuesta es B) París.",
    "La risposta corretta è la B.",
    "La resposta correta é a letra B.",
    "A alternativa correta é B) Paris.",
    "Het juiste antwoord is B.",
    "Rätt svar är B.",
    "Det riktige svaret er B.",
    "Oikea vastaus on B.",
    "A helyes válasz: B.",
    "A helyes válasz a B.",
    "Răspunsul corect este B.",
    "Poprawna odpowiedź to B.",
    "Správná odpověď je B.",
    "Правильный ответ: B.",
    "Правильный ответ — B.",
    "Верный вариант B.",
    "Правильна відповідь — B.",
    "Правилният отговор е B.",
    "Η σωστή απάντηση είναι η B.",
    "Doğru cevap B şıkkıdır.",
    "Doğru cevap: B",
    "Jawaban yang benar adalah B.",
    "Jawaban yang betul ialah B.",
    "Jibu sahihi ni B.",
    "Đáp án đúng là B.",
    "Câu trả lời đúng là B.",
    "الإجابة الصحيحة هي B.",
    "الجواب هو B",
    "پاسخ صحیح گزینه B است.",
    "התשובה הנכונה היא B.",
    "सही उत्तर B है।",
    "उत्तर: B",
    "সঠিক উত্তর হল B।",
    "సరైన సమాధానం B.",
    "சரியான பதில் B.",
    "คำตอบที่ถูกต้องคือ B",
    "คำตอบคือ B",
    "ข้อ B ถูกต้อง",
    "正解はBです。",
    "答案是B。",
    "正确答案是 B。",
    "정답은 B입니다.",
    "정답: B",
]

NOT_STATED = [
    "Die richtige Antwort ist nicht B.",
    "La réponse n'est pas B.",
    "Falsch ist Antwort B.",
    "La respuesta no es B.",
    "Die Antwort ist B oder C.",
    "La réponse est A et B.",
    "Правильный ответ не B.",
    "Doğru cevap B değil.",
    "Antwort A ist falsch.",
    "La respuesta correcta es B o C.",
    "คำตอบที่ไม่ถูกต้องคือ B",
    "الإجابة ليست B",
    "Jawaban yang salah adalah B.",
]


@pytest.mark.parametrize("completion", STATED)
def test_a_sentence_of_another_language_states_a_letter(completion: str) -> None:
    assert LetterRule().extract(completion) == "B"
    assert LetterRule().extract(f"A) x\nB) y\n\n{completion}") == "B"


@pytest.mark.parametrize("completion", NOT_STATED)
def test_a_sentence_that_denies_a_letter_or_names_several_states_none(completion: str) -> None:
    assert LetterRule().extract(completion) is None


@pytest.mark.parametrize(
    ("completion", "letter"),
    [
        ("Antwort A ist falsch, B ist richtig. Die richtige Antwort ist B.", "B"),
        ("B\n\nFalsch ist Antwort C.", "B"),
        ("A ist falsch.\n\nDaher ist die Antwort D.", "D"),
        ("La respuesta es A. No, la respuesta correcta es C.", "C"),
    ],
)
def test_the_last_sentence_that_states_a_letter_counts(completion: str, letter: str) -> None:
    assert LetterRule().extract(completion) == letter


@pytest.mark.parametrize(
    "words", ["Antwort ", "richtig ist nicht ", "Antwort A und ", "\u043e\u0442\u0432\u0435\u0442 \u2014 "]
)
def test_a_long_text_of_such_words_is_read_quickly(words: str) -> None:
    start = time.monotonic()
    LetterRule().extract(words * 20_000)
    assert time.monotonic() - start < 2
