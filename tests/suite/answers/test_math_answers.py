"""Mathematical answers: the same verdicts as math-verify gives in this process."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded_calls import run_over

pytest.importorskip("math_verify")

from evals.suite.answers.extract import ExtractAnswer
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


ROUNDED = {"1.41421356", "3.14159"}
"Answers that are not exact: math-verify compares 6 places."


@pytest.fixture(scope="module")
def pool():
    pool = MathPool(size=1)
    yield pool
    pool.close()


@pytest.mark.slow
def test_verdicts_equal_math_verify_in_this_process(pool):
    rule = MathRule(pool)
    pairs = [(ANSWERS[i], ANSWERS[(i + shift) % len(ANSWERS)]) for i in range(len(ANSWERS)) for shift in range(5)]
    assert len(pairs) >= 200
    found = [rule.same(answer, ideal) for answer, ideal in pairs]
    assert found == [directly(answer, ideal) and answer not in ROUNDED - {ideal} for answer, ideal in pairs]
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


@pytest.mark.parametrize(
    ("answer", "ideal", "same"),
    [
        (r"\frac{1}{2^{98}}", r"\frac{1}{2^{99}}", False),
        (r"\frac{1}{2006!}", r"\frac{1}{2004!}", False),
        (r"\frac{1}{2004!}", r"\frac{1}{2004!}", True),
        (r"-\frac{1}{10^{20}}", r"\frac{1}{10^{20}}", False),
        (r"10^{-20}", "0", False),
        (r"\{\frac{1}{10^{21}},1\}", r"\{\frac{1}{10^{20}},1\}", False),
        (r"(\frac{1}{10^{21}},1)", r"(\frac{1}{10^{20}},1)", False),
        (r"[0,\frac{1}{10^{21}}]", r"[0,\frac{1}{10^{20}}]", False),
        ("0.333333", r"\frac13", False),
        ("x=0.333333", r"\frac13", False),
        (r"\frac13", "0.333333", True),
        ("1.414213562", r"\sqrt2", False),
        (r"\sqrt2", "1.414213562", True),
        ("0.1234567", "0.1234568", False),
        ("12.50", "12.5", True),
        ("0.30000000000000004", "0.3", True),
        ("2516_9", "2516_8", False),
        ("2516_{8}", "2516_8", True),
        ("2516", "2516_8", True),
        ("1A_{16}", "1A_{16}", True),
        (r"5\%", "5", True),
        ("0.05", r"5\%", True),
        (r"5\%", "6", False),
        (r"-9\%", "-9", True),
        ("-9", r"$-9\%$", True),
        (r"-9\%", "9", False),
        (r"9\%", "-9", False),
        (r"18, \!107", "18107", True),
        (r"\frac\pi4+2-\sqrt2", r"\frac \pi4 + 2 - \sqrt2", True),
        (r"1\,000", "1000", True),
        ("1000", r"1{,}000", True),
        ("3i", "-3i", False),
    ],
)
def test_values_are_compared_beside_math_verify(pool, answer, ideal, same):
    rule = MathRule(pool)
    assert rule.same(answer, ideal) is same
    if not same:
        assert not rule.overruled("other", [ideal])
    if answer in ("2516_9", "0.333333"):
        assert rule.overruled(answer, ["7", ideal])


@pytest.mark.parametrize(
    ("completion", "ideal"),
    [
        (r"\boxed{13} Wait, that is wrong. \boxed{7}", "7"),
        (r"$\boxed{1}$ and $\boxed{2}$", r"\{1,2\}"),
        (r"\boxed{3}, \boxed{4}", r"\{3,4\}"),
        ("\\boxed{7}\n\nQuestion: And then?\n\\boxed{8}", "7"),
        (r"\boxed{1\,000}", "1000"),
        (r"The answer is $7$.", "7"),
        (r"\boxed{-2} \quad \text{and} \quad \boxed{1}", "-2,1"),
        (r"so \boxed 7", "7"),
        (r"\boxed{255} is the interest. Final Answer: The final answer is $10,455$.", "10455"),
        (r"The final answer is $3$, and so \boxed{7}", "7"),
        (r"\boxed{\text{3 apples}}", "3"),
        (r"\boxed{\textbf{(B)}\ 5}", "5"),
        (r"\boxed{\textbf{(B)}\ 5}", r"\text{(B)}"),
        ("It is 2/3.", "2/3"),
        (r"\boxed{-2 \le x \le 7}", r"x \in [-2,7]"),
    ],
)
def test_the_last_boxes_count_and_those_that_are_joined(pool, completion, ideal):
    rule = MathRule(pool)
    assert rule.same(rule.extract(completion), ideal)


def test_a_verdict_of_the_numeric_check_is_recorded_and_counted(tmp_path):
    rows = [{"input": "a", "ideal": r"\frac13"}, {"input": "b", "ideal": "7"}]
    answers = {"a": r"\boxed{0.333333}", "b": r"\boxed{7}"}
    report = run_over(ExtractAnswer, rows, lambda prompt: answers[prompt], tmp_path, extract="math")
    assert (report["accuracy"], report["n_decided_by_numeric_check"]) == (0.5, 1)


DECORATED = [
    r"\boxed{{{}}}",
    r"$\boxed{{{}}}$",
    r"\[\boxed{{{}}}\]",
    "${}$",
    r"\({}\)",
    r"**\boxed{{{}}}**",
    r"\boxed{{{}}}.",
]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["7", r"\frac{3}{4}", "-2.5", r"\sqrt{2}", "x+1", "1,000"]),
    st.sampled_from(DECORATED),
    st.sampled_from(["{}", "The answer is {}", "First $2+2=4$, so it is {}"]),
    st.sampled_from(["", "\n\nI hope that this helps!"]),
)
def test_decorations_never_change_what_is_read(ideal, decoration, said, after):
    rule = MathRule()
    found = rule.extract(said.format(decoration.format(ideal)) + after)
    assert rule.same(found, ideal)
