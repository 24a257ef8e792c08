"""Which letter a completion chooses."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.suite.answers.letter_rule import LetterRule


@pytest.mark.parametrize(
    ("completion", "letter"),
    [
        ("B", "B"),
        ("b", "B"),
        ("(B)", "B"),
        ("**B**", "B"),
        ("B) Paris", "B"),
        ("C. because the others are wrong", "C"),
        ("B\nbecause", "B"),
        ("A dog is an animal, so the answer is (D), not (B).", "D"),
        ("**Answer: B) Paris**", "B"),
        ("The answer is option C.", "C"),
        ("Think.\n\nA) no\nB) yes\n\n**B**", "B"),
        ("I would pick (B), as Einstein did.", "B"),
        ("A good question. \\boxed{\\text{C}}", "C"),
        ("Answer: Option B", "B"),
        ("**Answer:** Option B", "B"),
        ("The answer is Choice B.", "B"),
        ("ANSWER: OPTION (B)", "B"),
        ("Answer: $\\text{B}$", "B"),
        ("Answer: $\\mathbf{B}$", "B"),
        ("\\boxed{\\textbf{B}}", "B"),
        ("\\boxed{\\mathrm{B}}", "B"),
        ("Answer: \\text{B}", "B"),
        ("\\boxed{B. Paris}", "B"),
        ("\\boxed{(B)}", "B"),
        ("\\boxed{B) Paris}", "B"),
        ("\\boxed{\\text{(B) Paris}}", "B"),
        ("\\boxed{\\text{Option B}}", "B"),
        ("<answer>B</answer>", "B"),
        ("Hmm A.\n<answer>\n(B) Paris\n</answer>", "B"),
        ("Ｂ", "B"),
        ("Answer：B", "B"),
        ("Answer: Ｂ", "B"),
        ("（B）", "B"),
        ("d.", "D"),
        ("d)", "D"),
        ("(d)", "D"),
        ("B is correct.", "B"),
        ("The correct option is B.", "B"),
        ("So the answer must be B.", "B"),
        ("Option B.", "B"),
        ("I choose B.", "B"),
        ("A, B and C are wrong, so D.", "D"),
        ("A: too small.\nB: too small.\nC: too small.\nD: right.", "D"),
        ("The answer is A.", "A"),
        ("B \u2013 Paris", "B"),
        ("B \u2014 because it is the capital", "B"),
        ("A because it is the capital", "A"),
        ("The answer's B", "B"),
        ("Ans. B", "B"),
        ("It is not B; it is C.", "C"),
        ("The answer is not B but C.", "C"),
        ("So the value is 4, which matches option B.", "B"),
        ("Only B", "B"),
        ("Probably B", "B"),
        ("The answer is A because it is.", "A"),
        ("answer: b", "B"),
        ("The answer is (b).", "B"),
        ("The answer is b.", "B"),
        ("The answer is not B. It is C.", "C"),
        ("A is incorrect. B is correct.", "B"),
        ("B is correct, A is incorrect.", "B"),
        ("Option B is the correct answer.", "B"),
        ("Therefore, the correct answer is: **B. Paris**", "B"),
        ("The correct answer is **B**: Paris.", "B"),
        ("答案是B。", "B"),
        ("答案：B", "B"),
        ("答えはBです。", "B"),
        ("正确答案是 C", "C"),
        ("选B", "B"),
        ("정답은 B입니다", "B"),
        ("I'd go with C here.", "C"),
        ("My final answer is D", "D"),
        ("Final answer: D", "D"),
        ("Answer: D\n\nBecause A is wrong and B is right only when...", "D"),
        ("“B”", "B"),
        ("'B'", "B"),
        ("B!", "B"),
        ("Answer = B", "B"),
        ("Answer - B", "B"),
        ("Answer B", "B"),
        ("The best choice here is E", "E"),
        ("The answer is therefore option (C), since A fails.", "C"),
        ("Let's see. A is false, B is false, C is true.", "C"),
        ("C: correct\nD: wrong", "C"),
        ("B.", "B"),
        ("B. Paris\n\nA. Rome is in Italy.", "B"),
        ("Answer: B. Rome\nA. Paris is in France", "B"),
        ("It's B.", "B"),
        ("Correct answer: B", "B"),
        ("The answer to this question is B", "B"),
        ("Respuesta: B", "B"),
        ("Antwort: (C)", "C"),
        ("> B", "B"),
        ("- B", "B"),
        ("# Answer: B", "B"),
        ("Answer:\nB", "B"),
        ("Answer:\n\n**B**", "B"),
        ("The answer is\nB", "B"),
        ("The answer is: B) Paris", "B"),
        ("$B$", "B"),
        ("\\(B\\)", "B"),
        ("The answer is $\\boxed{B}$.", "B"),
        ("[B]", "B"),
        ("{B}", "B"),
        ("Ⓑ", "B"),
        ("Choice (C) is right", "C"),
        ("(C) is correct", "C"),
        ("B\n\nA dog is there.", "B"),
        ("If A is correct, then 2=3. So B.", "B"),
        ("The answer is B Paris", "B"),
        ("E", "E"),
        ("Answer: E", "E"),
        ("e", "E"),
        ('{"answer": "B"}', "B"),
        ("{'answer': 'C'}", "C"),
        ("B (Paris)", "B"),
        ("B - Paris", "B"),
        ("B: Paris", "B"),
        ("B, because it is", "B"),
        ("A. Einstein was born in Ulm.\nSo B.", "B"),
        ("A. Smith argued for it, so the answer is D.", "D"),
        ("a. Paris", "A"),
    ],
)
def test_a_letter_that_is_stated_is_read(completion: str, letter: str) -> None:
    assert LetterRule().extract(completion) == letter


@pytest.mark.parametrize(
    "completion",
    [
        "A dog is an animal.",
        "I think so",
        "F",
        "",
        "A and C",
        "Answer: A and C",
        "Answer: A or B",
        "\\boxed{A, C}",
        "The answer is A, B.",
        "A, C",
        "The answer is A dog.",
        "The answer is a dog.",
        "The answer isn't B.",
        "Both A and B are correct.",
        "Vitamin C is good.",
        "Plan B",
        "C++ is a language",
        "Hepatitis B virus",
        "I am not sure if B is correct.",
        "I cannot answer.",
    ],
)
def test_a_word_or_a_list_of_letters_is_no_answer(completion: str) -> None:
    assert LetterRule().extract(completion) is None


@pytest.mark.parametrize(
    ("completion", "letter"),
    [
        ("Answer: I don't know.", None),
        ("The answer is, I think, not among them.", None),
        ("I, for one, cannot say.", None),
        ("I'm not sure", None),
        ("Answer: I cannot determine this", None),
        ("I would say so.", None),
        ("Answer: I", "I"),
        ("I", "I"),
        ("The answer is (I).", "I"),
        ("I is correct", "I"),
        ("So I choose H.", "H"),
        ("I think the answer is J.", "J"),
        ("Answer: I think B", "B"),
    ],
)
def test_the_english_word_i_is_no_option(completion: str, letter: str | None) -> None:
    assert LetterRule("ABCDEFGHIJ").extract(completion) == letter


DECORATED = [
    "{}",
    "**{}**",
    "*{}*",
    "`{}`",
    '"{}"',
    "\u201c{}\u201d",
    "({})",
    "[{}]",
    "{}.",
    "{})",
    "({}).",
    "**({})**",
]
DECORATED += [
    r"\boxed{{{}}}",
    r"$\boxed{{\text{{{}}}}}$",
    r"$\mathbf{{{}}}$",
    r"\textbf{{{}}}",
    r"\({}\)",
    "Option {}",
    "option ({})",
]
SAID = [
    "{}",
    "Answer: {}",
    "The answer is {}",
    "**Answer:** {}",
    "Answer\uff1a{}",
    "So the answer must be {}",
    "<answer>{}</answer>",
]
SAID += ["The correct option is {}", "#### {}", "> {}", "Final answer: {}", "Answer:\n\n{}"]


@given(
    st.sampled_from("ABCDEFGHIJ"),
    st.sampled_from(DECORATED),
    st.sampled_from(SAID),
    st.sampled_from(["", "All others are too small.\n\n", "A dog is no cat.\n", "A: too small.\nB: too small.\n\n"]),
    st.sampled_from(["", "\n", "\n\nI hope that this helps!"]),
)
def test_decorations_never_change_what_is_read(
    letter: str, decoration: str, said: str, before: str, after: str
) -> None:
    completion = before + said.format(decoration.format(letter)) + after
    assert LetterRule("ABCDEFGHIJ").extract(completion) == letter


@pytest.mark.parametrize("text", ["answer: ", "A ", ": ", "is the ", "(A) ", "so ", "A\n"])
def test_long_loops_are_read_in_seconds(text: str) -> None:
    began_s = time.process_time()
    LetterRule().extract(text * 40_000)
    assert time.process_time() - began_s < 10


@pytest.mark.parametrize(
    "completion",
    [
        "(a) The work is the force times the distance. (b) The power is the work by the time",
        "a) The pressure is 3 atm.\nThe volume follows.\nb) The density is",
        "(A) The carrier is at 100 MHz. (B) The swing is 50 kHz.",
        "(i) The current is 5 A. (ii) The loss is 2 W.",
        "I. The sum is even.\nThis is true.\nII. The sum is prime.",
        "a) The optimal number of orders follows from the cost of each order and of the stock that is held, "
        + "so " * 60,
    ],
)
def test_parts_of_a_question_at_the_start_are_no_choice(completion: str) -> None:
    assert LetterRule("ABCDEFGHIJ").extract(completion) is None


@pytest.mark.parametrize(
    "completion",
    [
        "We know P(A) = 0.3 and P(B|C) = P(C) / P(B), and so P(A)",
        "By the rule det(B) = 4 det(A)",
        "The rate is d[A]/dt = -k[A]",
        "The bear is large, so (C) is incorrect. The fish is not, so (D) is not right either",
        "(A) means it rains.\n(B) means it does not rain.\n(C) means it rains or",
        "Consider each choice:\n(A) means that it rains, or",
        "Let us look at every option:\n\nA. Rain falls, which",
        "(A) is true because it rains. (B) is true because it snows.",
        "Option A: 3 x 4 = 12\nOption B: 4 x 5 = 20\nOption C: 5 x",
        "The ratio is 2.\n\nThe area is\nA =",
        "~E is given\n~D",
        "T\nF\nD\nC",
        "B. Rain falls.\nC. Snow falls.\nD.",
    ],
)
def test_letters_that_name_quantities_or_are_weighed_one_by_one_are_no_choice(completion: str) -> None:
    assert LetterRule("ABCDE").extract(completion) is None


@pytest.mark.parametrize(
    "completion",
    [
        "(A), (B) and (C) all hold. The answer is (J).",
        "First (A). Then the answer is (CE).",
        "(B) is likely. The answer is BCD.",
        "The closest option is (B). The answer is (None of the above).",
        "The answer is B. No, wait. The answer is none of the options.",
        "Perhaps (C). The answer is not listed.",
        "The answer is (Cannot be determined).",
    ],
)
def test_an_answer_that_no_option_has_is_no_answer_whatever_was_named_before(completion: str) -> None:
    assert LetterRule("ABCDE").extract(completion) is None


@pytest.mark.parametrize(
    ("completion", "letter"),
    [
        ("The answer is not listed, but the closest is (D).", "D"),
        ("The answer is (E).\nThe format asks for: the answer is (X)", "E"),
        ("The answer is A (although the reason given there is wrong).", "A"),
        ("The most accurate statement is:\n\nD. Prices rise in both countries.\n\nThis is because demand grows.", "D"),
        ("A. no\nB. no\nC. no\nTherefore the best description is:\nC. Prices fall.", "C"),
        ("The correct choice is (B), as (A) is wrong.", "B"),
        ("The only remaining option is (C).", "C"),
        ("the steam engine (D) contributed least to it, since it came late.", "D"),
        ("a) Paris", "A"),
        ("(a) 5 m/s, since v = d/t = 10/2.", "A"),
        ("A) Paris is the capital of France.", "A"),
        ("The reasons are below.\nB", "B"),
        ("I. Both hold.", None),
    ],
)
def test_a_letter_is_still_read_beside_denials_lists_and_notes(completion: str, letter: str | None) -> None:
    assert LetterRule("ABCDE").extract(completion) == letter


@pytest.mark.parametrize(
    ("completion", "letter"),
    [
        ("The best evidence is B. the letter to the bank.", "B"),
        ("The peak lies at D. 40 Hz.", "D"),
        ("40 Hz", "D"),
        ("**40 Hz.**", "D"),
        ("The organism is C. difficile, and no letter is given.", None),
        ("The peak lies at 40 Hz", None),
        ("A. E. coli or B. the letter to the bank?", None),
        ("The answer is (A). D. 40 Hz is wrong.", "A"),
    ],
)
def test_with_the_texts_of_the_options_a_letter_before_the_whole_text_is_read(
    completion: str, letter: str | None
) -> None:
    texts = ("E. coli", "the letter to the bank", "50 Hz", "40 Hz")
    assert LetterRule("ABCD", texts=texts).extract(completion) == letter


@pytest.mark.parametrize(
    ("completion", "letter"),
    [
        ("\u89e3\u6790\u3002<eoe>\n\u3010\u7b54\u6848\u3011: A <eoa>", "A"),
        ("\u3010\u7b54\u6848\u3011A<eoa>", "A"),
        ("D\u9009\u9879\u4e0d\u5bf9\uff0c\u6240\u4ee5\u5e94\u8be5\u9009\u62e9A\u9009\u9879\u3002", "A"),
        ("\u7b54\u6848\u662fA\uff0c\u56e0\u4e3a", "A"),
        ("\u3010\u7b54\u6848\u3011B\u3001D<eoa>", None),
        ("\u6240\u4ee5\u7b54\u6848\u662fB\u548cC\u3002", None),
        ("\u3010\u7b54\u6848\u3011: B, C <eoa>", None),
        ("The answer is A<|eot|>", "A"),
        ("The answer is A </s>", "A"),
        ("The answer is A < B", None),
    ],
)
def test_a_letter_before_a_tag_or_a_chinese_word_is_closed_and_several_letters_are_none(
    completion: str, letter: str | None
) -> None:
    assert LetterRule("ABCD").extract(completion) == letter


def test_a_reply_of_empty_lines_is_read_in_no_time() -> None:
    start = time.perf_counter()
    assert LetterRule("ABCD").extract("\n" * 40_000 + "\n \n" * 10_000) is None
    assert time.perf_counter() - start < 5
