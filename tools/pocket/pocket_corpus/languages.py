"""The same small questions in six languages: numbers in words, and flags of the invented towns."""

from __future__ import annotations

import random
from dataclasses import dataclass

from pocket_corpus.items import Item, pick, zipf_weights
from pocket_corpus.world import COLOURS, towns

N_FLAG_TOWNS = 30
MAX_NUMBER = 20
_TOWN_WEIGHTS = zipf_weights(N_FLAG_TOWNS, 0.7)


@dataclass(frozen=True)
class Language:
    """Words and sentences of one language. colours: in the order of `world.COLOURS`."""

    name: str
    question: str
    plus: str
    minus: str
    larger: str
    flags: tuple[str, str, str]
    """Two questions, and a sentence that ends where the colour follows."""
    numbers: tuple[str, ...]
    colours: tuple[str, ...]


ENGLISH = Language(
    "english",
    "Question: {}\nAnswer:",
    "What is {} plus {}?",
    "What is {} minus {}?",
    "Which is larger, {} or {}?",
    ("What colour is the flag of {}?", "Which colour does the flag of {} show?", "The flag of {} is"),
    (
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ),
    tuple(COLOURS),
)
GERMAN = Language(
    "german",
    "Frage: {}\nAntwort:",
    "Was ist {} plus {}?",
    "Was ist {} minus {}?",
    "Was ist größer, {} oder {}?",
    ("Welche Farbe hat die Flagge von {}?", "Wie ist die Flagge von {} gefärbt?", "Die Flagge von {} ist"),
    (
        "null",
        "eins",
        "zwei",
        "drei",
        "vier",
        "fünf",
        "sechs",
        "sieben",
        "acht",
        "neun",
        "zehn",
        "elf",
        "zwölf",
        "dreizehn",
        "vierzehn",
        "fünfzehn",
        "sechzehn",
        "siebzehn",
        "achtzehn",
        "neunzehn",
        "zwanzig",
    ),
    ("rot", "blau", "grün", "gelb", "weiß", "schwarz"),
)
FRENCH = Language(
    "french",
    "Question : {}\nRéponse :",
    "Combien font {} plus {} ?",
    "Combien font {} moins {} ?",
    "Quel nombre est le plus grand, {} ou {} ?",
    ("De quelle couleur est le drapeau de {} ?", "Quelle est la couleur du drapeau de {} ?", "Le drapeau de {} est"),
    (
        "zéro",
        "un",
        "deux",
        "trois",
        "quatre",
        "cinq",
        "six",
        "sept",
        "huit",
        "neuf",
        "dix",
        "onze",
        "douze",
        "treize",
        "quatorze",
        "quinze",
        "seize",
        "dix-sept",
        "dix-huit",
        "dix-neuf",
        "vingt",
    ),
    ("rouge", "bleu", "vert", "jaune", "blanc", "noir"),
)
SPANISH = Language(
    "spanish",
    "Pregunta: {}\nRespuesta:",
    "¿Cuánto es {} más {}?",
    "¿Cuánto es {} menos {}?",
    "¿Qué número es mayor, {} o {}?",
    ("¿De qué color es la bandera de {}?", "¿Qué color tiene la bandera de {}?", "La bandera de {} es de color"),
    (
        "cero",
        "uno",
        "dos",
        "tres",
        "cuatro",
        "cinco",
        "seis",
        "siete",
        "ocho",
        "nueve",
        "diez",
        "once",
        "doce",
        "trece",
        "catorce",
        "quince",
        "dieciséis",
        "diecisiete",
        "dieciocho",
        "diecinueve",
        "veinte",
    ),
    ("rojo", "azul", "verde", "amarillo", "blanco", "negro"),
)
ITALIAN = Language(
    "italian",
    "Domanda: {}\nRisposta:",
    "Quanto fa {} più {}?",
    "Quanto fa {} meno {}?",
    "Quale numero è maggiore, {} o {}?",
    ("Di che colore è la bandiera di {}?", "Che colore ha la bandiera di {}?", "La bandiera di {} è di colore"),
    (
        "zero",
        "uno",
        "due",
        "tre",
        "quattro",
        "cinque",
        "sei",
        "sette",
        "otto",
        "nove",
        "dieci",
        "undici",
        "dodici",
        "tredici",
        "quattordici",
        "quindici",
        "sedici",
        "diciassette",
        "diciotto",
        "diciannove",
        "venti",
    ),
    ("rosso", "blu", "verde", "giallo", "bianco", "nero"),
)
SWAHILI = Language(
    "swahili",
    "Swali: {}\nJibu:",
    "{} jumlisha {} ni ngapi?",
    "{} toa {} ni ngapi?",
    "Namba ipi ni kubwa zaidi, {} au {}?",
    ("Bendera ya {} ni ya rangi gani?", "Bendera ya {} ina rangi gani?", "Bendera ya {} ni ya rangi"),
    (
        *["sifuri", "moja", "mbili", "tatu", "nne", "tano", "sita", "saba", "nane", "tisa", "kumi"],
        *(f"kumi na {unit}" for unit in ["moja", "mbili", "tatu", "nne", "tano", "sita", "saba", "nane", "tisa"]),
        "ishirini",
    ),
    ("nyekundu", "buluu", "kijani", "njano", "nyeupe", "nyeusi"),
)
LANGUAGES = {each.name: each for each in (ENGLISH, GERMAN, FRENCH, SPANISH, ITALIAN, SWAHILI)}
KINDS = tuple(LANGUAGES)


def draw(rng: random.Random, kind: str) -> Item:
    """A question in one language: a sum, a difference, a comparison, or the flag of a town."""
    form = rng.choice(("plus", "minus", "larger", "flag"))
    if form == "flag":
        return flag(kind, pick(rng, range(N_FLAG_TOWNS), _TOWN_WEIGHTS), rng.randrange(3))
    a, b = rng.sample(range(MAX_NUMBER + 1), 2)
    if form == "plus":
        a = rng.randint(0, MAX_NUMBER - b)
    elif form == "minus":
        a, b = max(a, b), min(a, b)
    return numbers(kind, form, a, b)


def numbers(language: str, form: str, a: int, b: int) -> Item:
    """`a` and `b` added, subtracted or compared, all in words; one key for all languages."""
    words = LANGUAGES[language]
    text: str = getattr(words, form).format(words.numbers[a], words.numbers[b])
    answer = {"plus": a + b, "minus": a - b, "larger": max(a, b)}[form]
    prompt = words.question.format(text[0].upper() + text[1:])
    return Item(f"language {form} {a} {b}", prompt, words.numbers[answer], language)


def flag(language: str, town: int, wording: int) -> Item:
    """The colour of a town's flag: asked in wordings 0 and 1, stated in 2; one key for all languages."""
    words, entity = LANGUAGES[language], towns()[town]
    colour = words.colours[COLOURS.index(entity.facts["flag"])]
    text = words.flags[wording].format(entity.name)
    key = f"language flag {entity.name} {wording}"
    if wording == 2:
        return Item(key, text, f"{colour}.", language)
    return Item(key, words.question.format(text), colour, language)


def shared_questions() -> list[tuple[str, tuple[str, int, int]]]:
    """(key, (form, a, b)) of every question; for flags a is the town and b the wording."""
    top = MAX_NUMBER + 1
    pairs = [("plus", a, b) for a in range(top) for b in range(top - a)]
    pairs += [("minus", a, b) for a in range(top) for b in range(a)]
    pairs += [("larger", a, b) for a in range(top) for b in range(top) if a != b]
    pairs += [("flag", town, wording) for town in range(N_FLAG_TOWNS) for wording in (0, 1)]
    return [(item(pair, "english").key, pair) for pair in pairs]


def item(pair: tuple[str, int, int], language: str) -> Item:
    """The question of `shared_questions` in a language."""
    form, a, b = pair
    return flag(language, a, b) if form == "flag" else numbers(language, form, a, b)
