"""The answers of our papers, found a second time: by going through all cases, by running programs, by plain sums."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from math import ceil, comb, factorial, isqrt, pi
from typing import Any

import pytest

from evals.exams.items import Item
from evals.exams.read_paper import load_paper
from evals.registry.roots import bundled_data_root

F = Fraction


def items_of(name: str, form: str | None = None) -> dict[str, Item]:
    return {item.id: item for item in load_paper(bundled_data_root() / f"exam-{name}", form).items}


def number_of(text: str) -> Fraction:
    return Fraction(text.replace("−", "-").replace(",", "").rstrip("%"))


def keyed(item: Item) -> str:
    return item.options[item.key[0]]


def is_prime(n: int) -> bool:
    return n > 1 and all(n % d for d in range(2, n))


def differences(first: int, second: int, n: int) -> int:
    terms = [first, second]
    while len(terms) < n:
        terms.append(terms[-1] - terms[-2])
    return terms[n - 1]


def last_is_blue() -> Fraction:
    orders = set(itertools.permutations("rrrbbbbb"))
    return F(sum(order[-1] == "b" for order in orders), len(orders))


def base_7_and_9() -> int:
    digits = itertools.product(range(1, 7), range(7), range(7))
    return next(49 * a + 7 * b + c for a, b, c in digits if 49 * a + 7 * b + c == 81 * c + 9 * b + a)


def more_heads_of_four() -> Fraction:
    tosses = list(itertools.product((0, 1), repeat=7))
    return F(sum(sum(toss[3:]) > sum(toss[:3]) for toss in tosses), len(tosses))


DEV: dict[str, Callable[[], Any]] = {
    "1": lambda: 2026**2 - 2024**2,
    "2": lambda: next(n for n in range(1, 99, 2) if n + n - 2 + n - 4 == 111),
    "3": lambda: F(120 + 280, F(120, 6)),
    "4": lambda: sum(360 % d == 0 and d % 6 == 0 for d in range(1, 361)),
    "5": lambda: sum(pair != (0, 1) for pair in itertools.combinations(range(5), 2)),
    "6": lambda: (F(125, 100) * F(84, 100) - 1) * 100,
    "7": lambda: 7**47 % 10,
    "8": lambda: next(a * (17 - a) for a in range(1, 17) if a * a + (17 - a) ** 2 == 169),
    "9": lambda: sum(sum(map(int, str(n))) == 5 for n in range(100, 1000)),
    "10": lambda: F(sum(max(roll) == 4 for roll in itertools.product(range(1, 7), repeat=2)), 36),
    "11": lambda: next(x for x in range(-99, 99) if 3 * x - 3 - x == 11),
    "12": lambda: F(2 * isqrt(21 * 8 * 7 * 6), 14),
    "13": lambda: sum((n % 4 == 0) != (n % 6 == 0) for n in range(1, 201)),
    "14": lambda: differences(3, 5, 100),
    "15": lambda: sum(sum(c) == 6 for k in range(1, 7) for c in itertools.product((1, 2, 3), repeat=k)),
    "16": lambda: 48 - 48 * F(1, 3) * F(3, 4),
    "17": lambda: next(x**3 + (7 - x) ** 3 for x in range(8) if x * x + (7 - x) ** 2 == 29),
    "18": lambda: sum(
        all(a != b for a, b in itertools.pairwise(word)) for word in set(itertools.permutations("COCOA"))
    ),
    "19": lambda: next(n for n in range(1, 999) if (n % 5, n % 7, n % 9) == (2, 3, 4)),
    "20": lambda: next(F(r, 6) for r in range(1, 99) if (8 - F(r, 6)) ** 2 + 16 == F(r, 6) ** 2),
    "21": last_is_blue,
    "22": lambda: sum((n * n + n) % 12 == 0 for n in range(1, 101)),
    "23": lambda: sum(sum(steps[:4]) != 2 for steps in itertools.product((0, 1), repeat=8) if sum(steps) == 4),
    "24": lambda: next(
        a + b + c for a, b, c in itertools.product(range(1, 99), repeat=3) if (a * b, b * c, c * a) == (24, 54, 36)
    ),
    "25": lambda: max(bin(n).count("1") for n in range(1, 2027)),
}
HOLDOUT: dict[str, Callable[[], Any]] = {
    "1": lambda: sum(range(1, 41)) - sum(range(1, 21)),
    "2": lambda: next(n for n in range(99) if 4 * n == n + 9 + 18),
    "3": lambda: ceil(F(450, 6) * 22 / 500),
    "4": lambda: sum(n for n in range(20, 41) if is_prime(n)),
    "5": lambda: abs(F(360, 12) * F(11, 3) - 40 * 6),
    "6": lambda: len(list(itertools.permutations(range(6), 2))),
    "7": lambda: F(8 * 11 - 5 - 9, 6),
    "8": lambda: len(str(factorial(60))) - len(str(factorial(60)).rstrip("0")),
    "9": lambda: F(4 * 9, 3),
    "10": lambda: sum(n == 7 * sum(map(int, str(n))) for n in range(10, 100)),
    "11": lambda: F(sum(sum(c) % 2 == 0 for c in itertools.combinations(range(1, 8), 3)), comb(7, 3)),
    "12": lambda: F(1, 3) * 3**2,
    "13": lambda: sum(abs(2 * x - 5) + abs(2 * x + 3) <= 12 for x in range(-50, 50)),
    "14": lambda: next(F(a) for a in range(1, 13) if F(12, a) ** 2 * 12 == 27),
    "15": lambda: sum(factorial(5) for cut in range(6) if 0 < cut < 5),
    "16": lambda: (6 + 2) ** 2 - (6 - 2) ** 2,
    "17": lambda: next(
        a * b + b * c + a * c for a, b, c in itertools.combinations(range(1, 7), 3) if (a + b + c, a * b * c) == (6, 6)
    ),
    "18": lambda: 3**100 % 13,
    "19": lambda: sum(m & (m << 1) == 0 for m in range(256)),
    "20": lambda: F(9) * (1 + F(14, 6)) ** 2,
    "21": more_heads_of_four,
    "22": lambda: sum(F(1, 12) - F(1, x) > 0 and (1 / (F(1, 12) - F(1, x))).denominator == 1 for x in range(1, 200)),
    "23": base_7_and_9,
    "24": lambda: min((F(x, 1000) - 9) * (F(x, 1000) - 1) for x in range(0, 40001)),
    "25": lambda: sum(isqrt(a * b * c) ** 2 == a * b * c for a, b, c in itertools.combinations(range(1, 10), 3)),
}
"Holdout 24 in y = (x - 4)^2: (y - 9)(y - 1)."


@pytest.mark.parametrize(("form", "answers"), [("dev", DEV), ("holdout", HOLDOUT)])
def test_the_contest_is_right(form: str, answers: dict[str, Callable[[], Any]]) -> None:
    items = items_of("contest", form)
    assert list(items) == list(answers)
    wrong = {name for name, item in items.items() if number_of(keyed(item)) != answers[name]()}
    assert not wrong


def test_no_distractor_of_the_contest_is_the_answer_in_another_form() -> None:
    for form in ("dev", "holdout"):
        for item in items_of("contest", form).values():
            assert len({number_of(text) for text in item.options.values()}) == 5


EXAMPLES: dict[str, Callable[[], Any]] = {
    "F1": lambda: sum(map(int, str(10**6 - 7))),
    "F2": lambda: comb(9, 2) - 9,
    "F3": lambda: F(sum(sum(pair) == 7 for pair in itertools.combinations(range(1, 7), 2)), comb(6, 2)),
    "F4": lambda: 3**2 - 2,
    "F5": lambda: sum(n % 3 == 0 and n % 4 == 1 for n in range(1, 100)),
}


def test_the_worked_problems_of_the_contest_are_right() -> None:
    few_shot = load_paper(bundled_data_root() / "exam-contest").sections[0].few_shot
    assert few_shot is not None
    assert {item.id: number_of(keyed(item)) for item in few_shot.items} == {
        name: answer() for name, answer in EXAMPLES.items()
    }


def letters_possible(word: str) -> int:
    return len(set(itertools.permutations(word)))


def both_even() -> Fraction:
    pairs = list(itertools.combinations(range(1, 11), 2))
    return F(sum(a % 2 == b % 2 == 0 for a, b in pairs), len(pairs))


def test_mathematics_of_admission_is_right() -> None:
    items = items_of("admission")
    found = {
        "M1": F(22, 2),
        "M3": 7 - 2 * F(-1 - 7, 6 - 2),
        "M4": 100 * F(120, 100) * F(75, 100),
        "M6": F(5 * 6, 2),
        "M7": F(6, 2) ** 2,
        "M8": F(58, 200) * 18_000,
        "M9": F(12, 5),
        "M15": sum(n % 3 == 0 and n % 2 != 0 for n in range(1, 51)),
    }
    assert {name: number_of(keyed(items[name])) for name in found} == found
    typed = {"M11": {F(6 * 16 - 5 * 14)}, "M12": {F(3, 2) / F(5, 4)}, "M13": {F(isqrt(8 + 16 + 1))},
             "M14": {F(7 - 4, 2), F(7 + 4, 2)}}  # fmt: skip
    for name, wanted in typed.items():
        numeric = items[name].numeric
        assert numeric is not None
        assert {F(text) for text in numeric.accepted} == wanted
    [right] = [text for text in items["M5"].options.values() if all(polynomial(text, x) == m5(x) for x in range(4))]
    assert keyed(items["M5"]) == right


def polynomial(text: str, x: int) -> int:
    plain = text.replace("−", "-").replace("x²", "*x**2").replace("x ", "*x ")
    return int(eval(plain, {"x": x}))


def m5(x: int) -> int:
    return (2 * x - 3) ** 2 - (x + 1) * (x - 1)


def test_quantities_of_the_graduate_paper_are_right() -> None:
    items = items_of("graduate")
    n_divisors = [sum(n % d == 0 for d in range(1, n + 1)) for n in (72, 96)]
    assert (n_divisors[0] == n_divisors[1], items["Q2"].key) == (True, ("C",))
    assert (F(comb(5, 2), 32) < F(1, 3), items["Q4"].key) == (True, ("B",))
    assert all(x * x - 1 > (x - 1) ** 2 for x in (F(11, 10), F(2), F(50)))
    assert items["Q1"].key == ("A",)
    assert items["Q3"].key == ("D",)
    found = {"Q5": F(60 * 15, 9) - 60, "Q6": (3 * 5 + 4) % 7, "Q7": letters_possible("LEVEL"), "Q8": 4 * 3}
    assert {name: number_of(keyed(items[name])) for name in found} == found
    assert keyed(items["Q9"]) == "36π − 72"
    assert 36 * pi - 72 == pytest.approx(pi * 6**2 - 12**2 / 2)
    sums = {letter: any(is_prime(a) and is_prime(int(n) - a) and 2 * a != int(n) for a in range(2, int(n)))
            for letter, n in items["Q10"].options.items()}  # fmt: skip
    assert set(items["Q10"].key) == {letter for letter, possible in sums.items() if possible}
    typed = {"Q12": 2 / (F(1, 18) + F(1, 12)), "Q13": both_even(), "Q14": F(isqrt(1225))}
    for name, wanted in typed.items():
        numeric = items[name].numeric
        assert numeric is not None
        assert [F(text) for text in numeric.accepted] == [wanted]


def test_inequalities_of_the_graduate_paper_hold_where_the_key_says_so() -> None:
    item = items_of("graduate")["Q11"]
    pairs = [(F(a, 4), F(b, 4)) for a in range(-20, 0) for b in range(1, 21) if a + b > 0]
    claims = {"b > −a": lambda a, b: b > -a, "ab > −1": lambda a, b: a * b > -1, "b² > a²": lambda a, b: b * b > a * a,
              "1/a + 1/b > 0": lambda a, b: 1 / a + 1 / b > 0}  # fmt: skip
    always = {letter for letter, text in item.options.items() if all(claims[text](a, b) for a, b in pairs)}
    assert set(item.key) == always


def program_in(stem: str) -> str:
    return stem.split("```python\n")[1].split("\n```", maxsplit=1)[0]


def printing() -> list[Item]:
    paper = load_paper(bundled_data_root() / "exam-programming")
    examples = paper.sections[0].few_shot
    assert examples is not None
    found = [item for item in (*paper.items, *examples.items) if item.stem.startswith("What does this program print?")]
    assert len(found) == 13
    return found


@pytest.mark.parametrize("item", printing(), ids=lambda item: item.id)
def test_a_program_prints_what_the_key_says(item: Item) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(program_in(item.stem), {"__name__": "program"})
    assert printed.getvalue().strip() == keyed(item)


def codes() -> list[Item]:
    return [item for item in items_of("programming").values() if item.kind == "code" and "test" in item.problem]


@pytest.mark.parametrize("item", codes(), ids=lambda item: item.id)
def test_the_tests_of_a_function_pass_its_solution_and_refuse_a_body_without_work(item: Item) -> None:
    problem = item.problem
    for body, passes in ((problem["canonical_solution"], True), ("    return None\n", False)):
        names: dict[str, Any] = {}
        exec(problem["prompt"] + body + problem["test"], names)
        with contextlib.nullcontext() if passes else pytest.raises((AssertionError, TypeError)):
            names["check"](names[problem["entry_point"]])


def test_the_cases_of_the_whole_program_pass_its_solution() -> None:
    problem = items_of("programming")["D4"].problem
    for case in problem["cases"]:
        done = subprocess.run(
            [sys.executable, "-c", problem["solution"]], input=case["stdin"], capture_output=True, text=True, check=True
        )
        assert done.stdout == case["stdout"]


def test_small_questions_of_the_programming_paper_are_right() -> None:
    items = items_of("programming")
    short = items["C22"].short
    assert short is not None
    assert short.accepted == ("-".join(sorted("cab")),)
    true = {letter for letter, text in items["C21"].options.items() if eval(text.strip("`"))}
    assert set(items["C21"].key) == true
    assert number_of(keyed(items["C19"])) == 100 * (1 - (F(9, 10) * 5 + F(1, 10) * 9) / 8)
    lines = [items["C23"].options[letter] for letter in items["C23"].key]
    source = "\n".join([*lines[:2], lines[2], *(f"    {line}" for line in lines[3:5]), lines[5]])
    names: dict[str, Any] = {}
    exec(source.replace("\n", "\n    "), names)
    assert [names["digit_sum"](n) for n in (0, 7, 905)] == [0, 7, 14]


def test_distances_of_the_driving_paper_are_right() -> None:
    items = items_of("driving")
    found = {"N1": F(90_000, 3600) * 2, "N2": 20 * F(90, 60) ** 2, "N3": F(20 + 30), "N4": F(45 * 2, 3) / 6 * 100}
    for name, wanted in found.items():
        numeric = items[name].numeric
        assert numeric is not None
        assert [F(text) for text in numeric.accepted] == [wanted]


def test_rows_are_one_object_a_line() -> None:
    for path in sorted(bundled_data_root().glob("exam-*/*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert json.loads(line)["id"]
