"""Tells labels of a verdict, such as `Final score:`, from those of something else, such as `Confidence:`."""

from __future__ import annotations

import re

VERDICT_NOUNS = (
    "answer|verdict|conclusion|choice|decision|judgment|judgement|grade|rating|score|label|assessment|result"
    "|evaluation|selection|option|winner|classification|class|category|outcome|preference"
)
"Words that announce a verdict; also where one stands in a sentence."

ABROAD = (
    "urteil|antwort|bewertung|ergebnis|fazit|entscheidung|gewinner|punktzahl|réponse|reponse|conclusion"
    "|décision|gagnant|évaluation|résultat|respuesta|veredicto|conclusión|decisión|puntuación|calificación"
    "|ganador|resultado|resposta|conclusão|decisão|pontuação|nota|vencedor|risposta|verdetto|conclusione"
    "|giudizio|punteggio|voto|vincitore|antwoord|oordeel|conclusie|beoordeling|svar|omdöme|odpowiedź|werdykt"
    "|ocena|вердикт|ответ|вывод|решение|оценка|результат|итог|победитель|정답|판정|답변|결론|평가|점수|답|الإجابة|الحكم"
    "|النتيجة|الجواب|उत्तर|निर्णय|निष्कर्ष|cevap|karar|sonuç|puan|jawaban|putusan|kesimpulan"
)
"Words of other languages that announce a verdict."

UNSPACED = (
    "\u7d50\u8ad6|\u5224\u5b9a|\u7b54\u3048|\u56de\u7b54|\u8a55\u4fa1|\u7ed3\u8bba|\u7b54\u6848|\u8bc4\u5206|\u5f97\u5206|\u5206\u6570"
    "|\u5224\u65ad|\u88c1\u51b3|\u9009\u62e9|\u83b7\u80dc\u8005|\u80dc\u8005|\u8bc4\u4ef7|\u8bc4\u7ea7|\u30b9\u30b3\u30a2|\u5f97\u70b9|\u8a55\u70b9|\u9078\u629e"
)
"Words of scripts without spaces between words that announce a verdict."

_LEADING = "overall|final|total|conclusively|finale|finales|finaler|endgültiges|итоговый|최종"
"Words that announce a verdict without a noun: `Overall: 7`."

_BESIDE = (
    "my|the|your|our|is|so|therefore|thus|hence|here|grader|judge|response|reply|best|better|chosen|preferred"
    "|selected|of|for|this|and|out|scale|on|from|to|mein|das|die|der|mon|ma|le|la|mi|el|il|de|du|des"
)
"Words that may stand beside those."

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W_]+")
_RANGE = re.compile(r"\b\d+\s*(?:-|to|bis|/)\s*\d+\b|\bout of \d+\b|\bon a scale\b", re.IGNORECASE)
_UNSPACED = re.compile(
    rf"(?:\u6700\u7ec8|\u6700\u7d42|\u603b\u4f53|\u7dcf\u5408|\u7efc\u5408|\u7684|\u6211)*(?:{UNSPACED})"
)
_ANNOUNCES = re.compile(f"{VERDICT_NOUNS}|{ABROAD}|{_LEADING}")
_MAY_STAND = re.compile(f"{_ANNOUNCES.pattern}|{_BESIDE}")
_FIRM = re.compile(f"verdict|{_LEADING}")


def is_verdict_label(label: str) -> bool:
    """Whether a label announces the verdict: `Final verdict`, `Score (1-5)`, `overall_score`, `Urteil`.

    A label with a word of another matter is none: `max_score`, `Accuracy score`, `Correct answer`.
    """
    words = _words(label)
    if _UNSPACED.fullmatch("".join(words)):
        return True
    return any(map(_ANNOUNCES.fullmatch, words)) and all(map(_MAY_STAND.fullmatch, words))


def is_firm_label(label: str) -> bool:
    """Whether a label of the verdict outranks others of its kind: `verdict`, `Final answer`, `overall_score`."""
    return is_verdict_label(label) and any(map(_FIRM.fullmatch, _words(label)))


def _words(label: str) -> list[str]:
    spaced = _CAMEL.sub(" ", _RANGE.sub(" ", label))
    return [word.casefold() for word in _WORD.findall(spaced)]
