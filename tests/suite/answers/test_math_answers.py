"""Mathematical answers: the same verdicts as math-verify gives in this process."""

from __future__ import annotations

import pytest

pytest.importorskip("math_verify")

from evals.suite.answers.math_answers import MathRule
from evals.suite.answers.math_pool import MathPool

ANSWERS = [
    "1/2", "0.5", r"\frac{1}{2}", r"\dfrac12", "50\\%", "-\\frac{1}{2}", "2", "2.0", "4/2", r"\sqrt{4}", r"\sqrt{2}",
    r"\frac{2}{\sqrt{2}}", "1.41421356", "x+1", "1+x", "(x+1)^2", "x^2+2x+1", "x^2 + 1", r"\{1,2\}", r"\{2,1\}",
    "(1,2)", "(2,1)", "[1,2)", "(1,2]", r"\pi", "3.14159", r"\frac{\pi}{4}", r"45^\circ", "1,000", "1000", "10^3",
    r"10\text{ cm}", "10", r"\text{ten}", r"x=10", r"\frac{10}{1}", r"\infty", r"-\infty", r"\emptyset", "2x", "x\\cdot 2",
    r"\begin{pmatrix}1\\2\end{pmatrix}", "3+4i", "4i+3", r"\log_2 8", "3", r"\binom{4}{2}", "6", "5!", "120",
]  # fmt: skip


def directly(answer: str, ideal: str) -> bool:
    from math_verify import parse, verify

    parsed = [parse(f"${text}$", parsing_timeout=None) for text in (ideal, answer)]
    return bool(verify(*parsed, timeout_seconds=None))


@pytest.fixture(scope="module")
def pool():
    pool = MathPool(size=1)
    yield pool
    pool.close()


def test_verdicts_equal_math_verify_in_this_process(pool):
    rule = MathRule(pool)
    pairs = [(ANSWERS[i], ANSWERS[(i + shift) % len(ANSWERS)]) for i in range(len(ANSWERS)) for shift in range(5)]
    assert len(pairs) >= 200
    found = [rule.same(answer, ideal) for answer, ideal in pairs]
    assert found == [directly(answer, ideal) for answer, ideal in pairs]
    assert 50 <= sum(found) <= 200


@pytest.mark.parametrize(
    ("answer", "ideal", "same"),
    [
        ("1/2", "0.5", True),
        (r"\frac{2}{\sqrt{2}}", r"\sqrt{2}", True),
        ("x^2+2x+1", "(x+1)^2", True),
        ("2", "3", False),
    ],
)
def test_answers_are_compared_as_mathematics(pool, answer, ideal, same):
    assert MathRule(pool).same(answer, ideal) is same


@pytest.mark.parametrize(("ideal", "value"), [(r"\$32,\!348", "32348"), (r"\$36", "36"), (r"\text{\$}18.90", "18.9")])
def test_a_sum_of_money_is_its_number(pool, ideal, value):
    rule = MathRule(pool)
    assert rule.usable(ideal)
    for completion in (
        value,
        rf"\boxed{{{value}}}",
        rf"\boxed{{{ideal}}}",
        rf"So it costs \${value}.",
        rf"It is \({ideal}\)",
        f"It costs {ideal}.",
    ):
        assert rule.same(rule.extract(completion) or "", ideal), completion
    assert not rule.same("35", ideal)


def test_the_boxed_expression_is_the_answer(pool):
    assert MathRule(pool).extract(r"First 7, so \boxed{\frac{1}{3}}.") == r"\frac{1}{3}"
    assert MathRule(pool).extract("no mathematics") is None
