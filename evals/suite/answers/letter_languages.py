"""Sentences of other languages than English that state the letter of an option."""

from __future__ import annotations

import re
import unicodedata

_NOUNS = (
    "antwort|lösung|réponse|reponse|respuesta|opción|opcion|resposta|opção|alternativa|letra|risposta|opzione|lettera"
    "|antwoord|svaret|svar|vastaus|válasz|răspunsul|răspuns|odpowiedź|odpowiedz|odpověď|odpoveď|odgovor|vastus|atsakymas"
    "|cevap|yanıt|seçenek|jawaban|jawapan|pilihan|jibu|đáp án|câu trả lời|phương án"
    "|ответ|вариант|відповідь|варіант|отговор|одговор|απάντηση|επιλογή"
    "|الإجابة|الجواب|إجابة|جواب|الخيار|پاسخ|گزینه|התשובה|תשובה"
    "|उत्तर|जवाब|विकल्प|उत्तरः|উত্তর|উত্তরটি|ઉત્તર|જવાબ|ਉੱਤਰ|ਜਵਾਬ|பதில்|விடை|సమాధానం|జవాబు|ಉತ್ತರ|ഉത്തരം|පිළිතුර"
)
_RIGHT = (
    "richtig|korrekt|correcte|correcta|correcto|correta|correto|corretta|corretto|juist|rätt|riktig|rigtigt|oikea|helyes"
    "|corectă|corect|poprawna|poprawną|správná|správně|правильный|правильным|верный|верным|верно|правильна|правильно"
    "|doğru|benar|betul|sahihi|đúng|σωστή|الصحيحة|الصحيح|صحيح|درست|נכונה|सही|সঠিক|સાચો|ਸਹੀ|சரியான|సరైన|ಸರಿಯಾದ|ശരിയായ"
)
_UNSPACED = "คำตอบ|ถูกต้อง|ข้อ"
"Words of a script without spaces between words."
_NOT = (
    r"nicht|kein\w*|falsch\w*|weder|pas|n'est|non|no|faux|fausse\w*|mauvais\w*|incorr\w*|não|nao|errad\w*|errat\w*|sbagliat\w*"
    r"|scorrett\w*|niet|fout|onjuist\w*|inte|ikke|ikkje|fel|feil|forkert|ei|väärä|nem|hibás|helytelen|nu|greșit\w*|nie|błędn\w*|ne"
    r"|není|nesprávn\w*|не|ни|невер\w*|неправ\w*|değil|yanlış|bukan|salah|si|sio|không|sai|δεν|όχι|λάθος"
    r"|غير|ليس|ليست|ليسا|لا|خاطئة|خطأ|نیست|غلط|نادرست|לא|नहीं|गलत|না|নয়|ভুল"
)
_NOT_UNSPACED = "ไม่|ผิด"
_ENDS = (
    r"[.!:;?,)\]\u3002\u0964\u061f\u060c\n]|\s-|\Z"
    r"|\s?(?:है|हैं|হবে|হল|ആണ്|आहे|છે|ਹੈ|şıkkı\w*|seçeneği\w*|cevabı\w*|d[ıiuü]r\b|است)"
    rf"|\s?(?:{_UNSPACED})"
)
"What may follow the letter: the end of a sentence, an option's text behind a dash, or a verb where verbs come last."

_DENIAL = re.compile(rf"(?:^|(?<=[\W\d_]))(?:{_NOT})(?=[\W\d_]|$)|{_NOT_UNSPACED}", re.IGNORECASE)
_JOINED = re.compile(
    r"['\")\]\s]*(?:,|/|&|\+|\b(?:und|oder|et|ou|y|o|e|i|u|en|of|och|eller|og|ja|tai|és|vagy|și|sau|oraz|lub|a|nebo"
    r"|и|или|та|або|ve|veya|dan|atau|na|au|và|hoặc|και|ή|و|أو|یا|और|या|এবং|বা)\b)\s*['\"(\[]*"
)
MAX_BEFORE = 60
"How many characters before a statement are searched for a word that denies it."


class StatedAbroad:
    """Finds the last letter that a sentence of another language states: `Die richtige Antwort ist B.`

    letters: those of the options, in upper case. A sentence with a word such as `nicht` or `falsch` states nothing, and
    neither does one that names several letters.
    """

    def __init__(self, letters: str) -> None:
        one = f"[{re.escape(letters)}]" if letters else "(?!)"
        letter = rf"(?-i:(?<![^\W_]){one}(?![^\W_]|'[A-Za-z]))"
        named = rf"(?:(?:^|(?<=[\W_]))(?:(?:{_NOUNS})|(?:{_RIGHT})\w{{0,3}})(?=[\W_])|(?:{_UNSPACED}))"
        between = rf"(?P<between>(?:(?!{letter})[^\n.!?;\u3002\u0964]){{0,40}}?)"
        # As the text: the Thai word for answer is written in two ways.
        pattern = unicodedata.normalize("NFKC", rf"{named}{between}(?P<a>{letter})(?=['\")\]]*(?:{_ENDS}))")
        self._stated = re.compile(pattern, re.IGNORECASE)
        self._letter = re.compile(rf"{one}(?![^\W_])")

    def find(self, text: str) -> str | None:
        """The letter of the last sentence that states one; None without one. text: in the form NFKC."""
        last = None
        for found in self._stated.finditer(text):
            if not self._is_denied(text, found) and not self._is_one_of_several(text, found):
                last = found["a"]
        return last

    def _is_denied(self, text: str, found: re.Match[str]) -> bool:
        before = re.split(r"[\n.!?;,\u3002\u0964]", text[max(0, found.start() - MAX_BEFORE) : found.start()])[-1]
        return _DENIAL.search(f"{before} {found['between']}") is not None

    def _is_one_of_several(self, text: str, found: re.Match[str]) -> bool:
        joined = _JOINED.match(text, found.end("a"))
        return joined is not None and self._letter.match(text, joined.end()) is not None
