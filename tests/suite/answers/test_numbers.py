"""Numbers in running text, in many hands and scripts."""

from __future__ import annotations

import doctest
import random
from fractions import Fraction

import pytest

from evals.suite.answers import numbers
from evals.suite.answers.numbers import MAX_DIGITS, last_number, numbers_in, plain, to_number


def values(text: str, decimal_comma: bool = False) -> list[Fraction]:
    return [number.value for number in numbers_in(text, decimal_comma)]


def fractions(*texts: str | int) -> list[Fraction]:
    return [Fraction(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5 + 3 = 8 apples", [5, 3, 8]),
        ("She pays $1,234.50.", ["1234.5"]),
        ("a city of 1,00,000 people", [100000]),
        ("Zürich: 1'234 Franken", [1234]),
        ("2,5 and 1,2,3", [2, 5, 1, 2, 3]),
        ("1,234,56", [1, 234, 56]),
        ("$118 000 for 3 200 pages", [118000, 3, 200]),
        ("about .5 or $.50", ["0.5", "0.5"]),
        ("It is 18.So yes", [18]),
        ("3/4 of 24", ["3/4", 24]),
        ("2 3/4 cups", ["11/4"]),
        ("the date is 1/2/2024", []),
        ("on 2024-05-01 at 12:30, ratio 2:3", []),
        ("version 1.2.3 at 192.168.1.1", []),
        ("1e3 and 2.5E-1", [1000, "0.25"]),
        ("3 x 10^5, 3×10⁵, 10^-2", [300000, 300000, "0.01"]),
        ("2^10 = 1024", [1024, 1024]),
        ("50 cm^2, 50 cm², 9 m^{2}", [50, 50, 9]),
        ("H2O, CO2, GPT-4, x2, A4, v1.5, a_1, a_{2}", []),
        ("__18__ or `19` or $20$ or No.21", [18, 19, 20, 21]),
        ("on 17.05.2024", []),
        ("(10)-7", [10, 7]),
        ("5kg of the 18th", [5, 18]),
        ("10% off", [10]),
        ("<<48/2=24>>24", [24, 24, 24]),
        ("**18**", [18]),
        (
            "18 dollars a day... That is all.",
            [18],
        ),  # no number; lm_eval's GSM8K filter takes the dots: docs/benchmarks.md
        ("1/0", []),
        ("no number", []),
    ],
)
def test_numbers_of_english_text(text: str, expected: list[str | int]) -> None:
    assert values(text) == fractions(*expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = -7", [-7]),
        ("(−7)", [-7]),
        ("it lost -$5", [-5]),
        ("it lost $-5", [-5]),
        ("–3 °C", [-3]),
        ("5-3=2", [5, 3, 2]),
        ("10–12 apples", [10, 12]),
        ("5 - 3", [5, 3]),
        ("- 7 apples", [7]),
        ("-2 1/2", ["-5/2"]),
    ],
)
def test_a_minus_is_a_sign_only_where_it_touches_the_number_and_nothing_before(
    text: str, expected: list[str | int]
) -> None:
    assert values(text) == fractions(*expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2,5 kg", "2.5"),
        ("1.234 Personen", 1234),
        ("1.234,50 €", "1234.5"),
        ("1,234.50 €", "1234.5"),
        ("18.00", 18),
        ("0,125", "0.125"),
        ("12 345 рублей", 12345),
        ("1 234,5", "1234.5"),
        ("1.234.567", 1234567),
        ("1234,567", "1234.567"),
    ],
)
def test_numbers_of_languages_with_a_decimal_comma(text: str, expected: str | int) -> None:
    assert values(text, decimal_comma=True) == fractions(expected)


@pytest.mark.parametrize(
    "text",
    [
        "১৮টি",
        "౧౮",
        "答案是18。",
        "答えは１８です",
        "คำตอบคือ ๑๘",
        "१८ रुपये",
        "الجواب ١٨",
        "Rs18",
        "Rs. 18",
        "USD18",
        "18€",
        "₹18",
    ],
)
def test_digits_of_other_scripts_and_currencies_are_read(text: str) -> None:
    assert values(text) == [18]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\frac{3}{4}", "3/4"),
        (r"-\dfrac34", "-3/4"),
        (r"2\frac{3}{4}", "11/4"),
        (r"\$1{,}234.50", "1234.5"),
        (r"1\,234", 1234),
        (r"3 \times 10^{5}", 300000),
        (r"\boxed{18}", 18),
        ("½", "1/2"),
        ("-2½", "-5/2"),
        ("٣٤٫٥", "34.5"),
        ("１２，３４５", 12345),
        ("1\N{NARROW NO-BREAK SPACE}234", 1234),
    ],
)
def test_latex_and_typography_are_read(text: str, expected: str | int) -> None:
    assert values(text) == fractions(expected)


def test_latex_fractions_of_letters_are_no_numbers() -> None:
    assert values(r"\frac{12}{x}") == [12]


@pytest.mark.parametrize("text", ["1e999999999", "9^999999999", "9" * (MAX_DIGITS + 1)])
def test_giants_are_not_read(text: str) -> None:
    assert values(text) == []


def test_a_number_says_how_it_was_written() -> None:
    assert [number.text for number in numbers_in("It costs -$1,234.50, or 2 3/4 of it")] == ["-$1,234.50", "2 3/4"]


@pytest.mark.parametrize("decimal_comma", [False, True])
def test_what_python_formats_is_read_back(decimal_comma: bool) -> None:
    rng = random.Random(7)
    for _ in range(300):
        value = Fraction(rng.randint(-(10**9), 10**9), 10 ** rng.randint(0, 4))
        text = f"{float(value):,.4f}"
        if decimal_comma:
            text = text.translate(str.maketrans(",.", ".,"))
        assert values(f"We get {text} in all.", decimal_comma) == [value]


def test_the_text_of_every_number_has_its_value() -> None:
    text = r"$1,234.50, 1,2,3, 2 3/4, 3 x 10^5, 1e3, -7, Rs500, 2^10, ½, .5, 5kg, 3/4"
    found = list(numbers_in(text))
    assert len(found) == 14
    assert [to_number(number.text) for number in found] == [number.value for number in found]


@pytest.mark.parametrize("text", ["18", " 18. ", "$18", "18 %", "+18", "(18)", "18°", "18.00", "１８", "18 €"])
def test_a_text_that_is_one_number_has_a_value(text: str) -> None:
    assert to_number(text) == 18


@pytest.mark.parametrize("text", ["", "eighteen", "18 apples", "1 2", "- 18", "12:30", "18,"])
def test_a_text_that_is_more_or_less_than_a_number_has_none(text: str) -> None:
    assert to_number(text) is None


def test_the_last_number_of_a_long_text_is_found_from_its_end() -> None:
    text = "5 apples cost $1,234.50. " * 200_000 + "no digits here " * 2_000
    number = last_number(text)
    assert number is not None
    assert number.value == Fraction("1234.5")


@pytest.mark.parametrize(
    "text", ["1," * 300_000 + "x", "1/" * 300_000, "\n" * 300_000 + "a-" * 300_000, "12:30 " * 300_000]
)
@pytest.mark.parametrize("decimal_comma", [False, True])
def test_texts_that_are_hard_to_read_are_given_up_soon(text: str, decimal_comma: bool) -> None:
    number = last_number(text, decimal_comma)
    assert number is None or number.text == "1"


def test_the_last_number_is_the_same_from_the_end_as_from_the_start() -> None:
    rng = random.Random(1)
    for _ in range(40):
        words = [rng.choice(["word", "1,234", "-7", "3/4", "x", "5 3/4", "\n"]) for _ in range(rng.randint(1, 900))]
        text = " ".join(words)
        found, last = list(numbers_in(text)), last_number(text)
        assert (found[-1].value if found else None) == (last.value if last else None)


def test_plain_leaves_ascii_text_alone() -> None:
    text = "The total is 18 - 3 = 15, isn't it?"
    assert plain(text) is text


def test_the_examples_in_the_docstrings_hold() -> None:
    results = doctest.testmod(numbers)
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x = - 5", -5),
        ("(- 5)", -5),
        ("x = \u2212 5", -5),
        ("- 5 apples", 5),
        ("10 - 5", 5),
        ("a - 5", 5),
        ("= -5", -5),
    ],
)
def test_a_minus_and_a_space_are_a_sign_where_no_list_begins_and_nothing_is_taken_away(text: str, value: int) -> None:
    found = last_number(text)
    assert found is not None
    assert found.value == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The total is\n18", [18]),
        ("She pays in USD\n18", [18]),
        ("Answer:\n\n  18 apples", [18]),
        ("```output\n18\n```\nEighteen of them", [18]),
        ("y^\n18", [18]),
        ("so it falls to -\n18", [18]),
        ("CO2 and x\n-18", [-18]),
        ("CO 18", [18]),
        ("CO18 and y^ 18", []),
    ],
)
def test_a_number_at_the_start_of_a_line_is_no_part_of_the_word_above_it(text: str, expected: list[str | int]) -> None:
    assert values(text) == fractions(*expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12_000 and 1_234_567", [12000, 1234567]),
        ("-1_000", [-1000]),
        ("1_00 and 12_0000", [1, 12]),
        ("x_100 and 1_000_x", [1]),
        ("__100__", [100]),
    ],
)
def test_underscores_part_groups_of_three_digits(text: str, expected: list[str | int]) -> None:
    assert values(text) == fractions(*expected)
