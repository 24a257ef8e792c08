"""Which verdict a grader states."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.suite.graded.grading import INVALID_STR
from evals.suite.graded.verdicts import stated_choice

YES_NO = ["Yes", "No"]
LETTERS = list("ABCDE")
TEN = [str(number) for number in range(1, 11)]
JAPANESE = ["はい", "いいえ"]


@pytest.mark.parametrize(
    ("answer", "choices", "choice"),
    [
        ("Both say the same.\nAnswer: B", LETTERS, "B"),
        ("They differ.\n**Answer: D**", LETTERS, "D"),
        ("Answer: **(A)** The submitted answer is a subset.", LETTERS, "A"),
        ("Conclusion: D", LETTERS, "D"),
        ("Answer：Ｂ", LETTERS, "B"),
        ("So I choose B.", LETTERS, "B"),
        ("The correct option is B.", LETTERS, "B"),
        ("B is the right choice", LETTERS, "B"),
        ("A, B and C are wrong, so D.", LETTERS, "D"),
        ("The answer is B, not A", LETTERS, "B"),
        ("Final Answer\nC", LETTERS, "C"),
        (r"The final answer is $\boxed{\text{B}}$.", LETTERS, "B"),
        ("My final verdict is: [[A]]", LETTERS, "A"),
        ("Verdict: B\n(A would be wrong.)", LETTERS, "B"),
        ("yes", YES_NO, "Yes"),
        ("ANSWER: NO", YES_NO, "No"),
        ("Fine.\nThe answer is “Yes”.", YES_NO, "Yes"),
        ("The verdict is No and not Yes", YES_NO, "No"),
        ("The answer to the question is No because the text says Yes.", YES_NO, "No"),
        ("Answer (Yes/No): No", YES_NO, "No"),
        ("Verdict: Yes\nNo further comments.", YES_NO, "Yes"),
        ('{"verdict": "Yes"}', YES_NO, "Yes"),
        ("<verdict>No</verdict>", YES_NO, "No"),
        ("I would say **No** here", YES_NO, "No"),
        ("Score: 8/10", TEN, "8"),
        ("10", TEN, "10"),
        ("3 out of 5", ["1", "2", "3", "4", "5"], "3"),
        ("It is good.\n\n**8/10**", TEN, "8"),
        ("8 out of 10.", TEN, "8"),
        ("Fine.\nB<|im_end|>", LETTERS, "B"),
        ("Yes</s>", YES_NO, "Yes"),
        ("Option (D): They disagree", LETTERS, "D"),
        ("The two answers differ (D).", LETTERS, "D"),
        ("No (not Yes)", YES_NO, "No"),
        ("\u7b54\u6848\u662f B\u3002", LETTERS, "B"),
        ("Not sure", ["No", "Not sure"], "Not sure"),
        ("理由。\n結論：はい", JAPANESE, "はい"),
        ("答えは「いいえ」です。", JAPANESE, "いいえ"),
        ("a", ["a", "A"], "a"),
        ("**Winner:** Response B", LETTERS, "B"),
        ("Assistant A wins.", LETTERS, "A"),
        ("Response A is better than Response B.", LETTERS, "A"),
        ("GRADE: C (correct)", ["C", "I"], "C"),
        ("The answer is (B), a superset of the expert answer.", LETTERS, "B"),
        ("I would rate this response a 7.", TEN, "7"),
        ("I'd give it a 7 out of 10.", TEN, "7"),
        ("On a scale of 1 to 10, I give this a 4.", TEN, "4"),
        ("Score (1-10): 4 / 10", TEN, "4"),
        ("Overall: 7/10", TEN, "7"),
        ("Feedback: good. [RESULT] 4", TEN, "4"),
        ("La respuesta es B.", LETTERS, "B"),
        ("La réponse est B.", LETTERS, "B"),
        ("Antwort: Nein, nicht Ja", ["Ja", "Nein"], "Nein"),
        ("\u6700\u7ec8\u8bc4\u5206\uff1a8\u5206", TEN, "8"),
        ("\u6240\u4ee5\u7b54\u6848\u662fB", LETTERS, "B"),
        ("I can't find any error, so the verdict is Yes", YES_NO, "Yes"),
        ("Whether or not it is short, the verdict is Yes", YES_NO, "Yes"),
        ("Is the reply polite? Yes", YES_NO, "Yes"),
        ("The reply doesn't name the year so the answer is No", YES_NO, "No"),
        ("The capital moved in May 2020 and the verdict is Yes", YES_NO, "Yes"),
        ("Verdict: NOT_ATTEMPTED", ["CORRECT", "INCORRECT", "NOT_ATTEMPTED"], "NOT_ATTEMPTED"),
        ("**Not attempted**", ["CORRECT", "INCORRECT", "NOT_ATTEMPTED"], "NOT_ATTEMPTED"),
        ("My final verdict is: [[A>>B]]", ["A>>B", "A>B", "A=B", "B>A", "B>>A"], "A>>B"),
        ("Grade: C+", ["C", "C+"], "C+"),
    ],
)
def test_a_verdict_that_is_stated_is_read(answer: str, choices: list[str], choice: str) -> None:
    assert stated_choice(answer, "cot_classify", choices) == choice


@pytest.mark.parametrize(
    ("answer", "choices"),
    [
        ("Not sure, the text is cut off.", YES_NO),
        ("Yesterday's reply was the better one.", YES_NO),
        ("Nothing can be said.", YES_NO),
        ("No issues found.", YES_NO),
        ("No one could say.", YES_NO),
        ("No-one", YES_NO),
        ("Verdict: No issues found.", YES_NO),
        ("The verdict is not Yes", YES_NO),
        ("It isn't Yes", YES_NO),
        ("Neither Yes nor No", YES_NO),
        ("Answer: A or B", LETTERS),
        ("Answer: A superset", LETTERS),
        ("The submitted answer is a subset of the expert answer.", LETTERS),
        ("B is wrong", LETTERS),
        ("I think it is polite.", ["I", "II"]),
        ("Answer: I don't know", list("ABCDEFGHI")),
        ("Rating: 4.5", TEN),
        ("Score: -1", TEN),
        ("4/5", TEN),
        ("Grade: B+", LETTERS),
        ("2 of the facts", TEN),
        ("", YES_NO),
        ("3 out of 5", TEN),
        ("Score: 7-8", TEN),
        ("Score: 7 to 8", TEN),
        ("Score: 5%", TEN),
        ("Score: 5/100", TEN),
        ("Score: >= 4", TEN),
        ("My final verdict is: [[A>B]]", LETTERS),
        ("I cannot say that this is CORRECT.", ["CORRECT", "INCORRECT"]),
        ("I am not sure if the answer is Yes", YES_NO),
        ("I'm unable to determine whether the answer is Yes", YES_NO),
        ("It's hard to say that it is Yes.", YES_NO),
        ("If the year had been 1990, the verdict would be Yes.", YES_NO),
        ("The verdict would have been Yes had it named the year.", YES_NO),
        ("The verdict could be Yes", YES_NO),
        ("Is the verdict Yes?", YES_NO),
        ("Choose one of: CORRECT, INCORRECT", ["CORRECT", "INCORRECT"]),
        ("I would not give it a 5.", TEN),
        ("Accuracy: 4\nCompleteness: 3", TEN),
        ("A: concise and right.\nB: wordy.", LETTERS),
    ],
)
@pytest.mark.parametrize("eval_type", ["classify", "cot_classify"])
def test_what_states_no_verdict_is_not_read(answer: str, choices: list[str], eval_type: str) -> None:
    assert stated_choice(answer, eval_type, choices) == INVALID_STR


def test_the_first_line_decides_where_the_choice_comes_first_and_else_the_last() -> None:
    answer = "Yes, because it is polite.\nStill, No."
    assert stated_choice(answer, "classify_cot", YES_NO) == "Yes"
    assert stated_choice(answer, "cot_classify", YES_NO) == "No"


@pytest.mark.parametrize(
    ("answer", "choices", "choice"),
    [
        ('{"answer": "No", "reasoning": "Some say that the answer is Yes."}', YES_NO, "No"),
        (
            '```json\n{\n "verdict": "No",\n "reasoning": "The reference says that the answer is Yes."\n}\n```',
            YES_NO,
            "No",
        ),
        ('{"score": 3, "max_score": 5}', TEN, "3"),
        ('{"scores": {"accuracy": 4, "style": 2}, "overall": 3}', TEN, "3"),
        ('{"steps": [{"conclusion": "Yes"}], "result": "No"}', YES_NO, "No"),
        ('{"is_polite": true, "reason": "It thanks."}', ["true", "false"], "true"),
        ('{"rating": 4.0}', TEN, "4"),
        ("<verdict>No</verdict>\n<explanation>The answer is Yes in the reference.</explanation>", YES_NO, "No"),
        ("<thinking>The answer is Yes</thinking>\n<verdict>\nNo\n</verdict>", YES_NO, "No"),
        ("<verdict>B</verdict><confidence>A</confidence>", LETTERS, "B"),
        ("Rating: [[3]]\n\n(1 = poor, 5 = great)", TEN, "3"),
        ("Score: 3\nMax: 5", TEN, "3"),
        ("Score: 3\nConfidence: 5", TEN, "3"),
        ("Verdict: Yes\nNeeds a second look: No", YES_NO, "Yes"),
        ("Overall score: 4\n\nAccuracy score: 5\nStyle score: 2", TEN, "4"),
        ("Score: 5\n\n1. It is accurate.\n2. It is short.", TEN, "5"),
        ("Verdict: A\n\nA: concise and right.\nB: wordy.", LETTERS, "A"),
        ("The right answer is C, and the reply says A.\n\nGRADE: I", ["C", "I"], "I"),
        ("Answer: Yes\n\nWait, the year is wrong.\n\nAnswer: No", YES_NO, "No"),
        ('The reply is {"answer": "B"}, and the key is C.\n\n**Verdict:** A', LETTERS, "A"),
        ('The reply is {"answer": "seven"}.\n\nVerdict: Yes', YES_NO, "Yes"),
        ("The reply ends in <answer>B</answer>, as it should.\n\nFinal verdict: [[A]]", LETTERS, "A"),
    ],
)
def test_what_stands_beside_the_verdict_is_not_read_as_one(answer: str, choices: list[str], choice: str) -> None:
    assert stated_choice(answer, "cot_classify", choices) == choice


@pytest.mark.parametrize(
    ("answer", "choices"),
    [
        ('[{"criterion": "a", "verdict": "Yes"}, {"criterion": "b", "verdict": "No"}]', YES_NO),
        ('{"verdict": "partially", "needs_review": "No"}', YES_NO),
        ('{"accuracy": 4, "style": 2}', TEN),
        ("GRADE: I\n\nThe correct answer is C.", ["C", "I"]),
        ("Verdict: No\n\nExplanation: the reference says that the answer is Yes.", YES_NO),
        ("Answer: Yes, but only in part. On reflection the answer is No.", YES_NO),
    ],
)
def test_an_answer_that_states_two_verdicts_states_none(answer: str, choices: list[str]) -> None:
    assert stated_choice(answer, "cot_classify", choices) == INVALID_STR


def test_where_the_verdict_comes_first_the_reasons_do_not_change_it() -> None:
    assert stated_choice("No. The answer is Yes in the reference.", "classify", YES_NO) == "No"
    assert stated_choice("Verdict: No. The reference says that the answer is Yes.", "classify_cot", YES_NO) == "No"
    assert stated_choice("**B**\n\nThe answer is A in the reference.", "classify_cot", LETTERS) == "B"


DECORATED = ["{}", "**{}**", "_{}_", "`{}`", '"{}"', "“{}”", "「{}」", "({})", "[{}]", "[[{}]]", "{}.", "{}!", "- {}"]
DECORATED += [r"\boxed{{{}}}", r"$\boxed{{\text{{{}}}}}$", r"\textbf{{{}}}", "<answer>{}</answer>", "> {}", "# {}"]
SAID = ["{}", "Answer: {}", "The answer is {}", "**Verdict:** {}", "Final verdict: {}", "So the answer must be {}"]


@given(
    st.sampled_from([("Yes", YES_NO), ("No", YES_NO), ("B", LETTERS), ("A", LETTERS), ("7", TEN), ("10", TEN)]),
    st.sampled_from(DECORATED),
    st.sampled_from(SAID),
    st.sampled_from(["", "The reply is a long one.\n", "Let me see.\n\n"]),
)
def test_decorations_never_change_what_is_read(
    wanted: tuple[str, list[str]], decoration: str, said: str, before: str
) -> None:
    choice, choices = wanted
    answer = before + said.format(decoration.format(choice))
    assert stated_choice(answer, "cot_classify", choices) == choice
    assert stated_choice(answer, "classify", choices) == choice


@pytest.mark.parametrize("text", ["Yes " * 200_000, "answer: " + " " * 300_000 + "x", "(not " * 100_000 + "Yes"])
def test_long_lines_are_read_in_seconds(text: str) -> None:
    began_s = time.process_time()
    stated_choice(text, "cot_classify", YES_NO)
    assert time.process_time() - began_s < 10


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("I'd give it 4 stars", "4"),
        ("I'd give it 4 stars out of 5, since it is clear.", "4"),
        ("I would rate this answer a 3 because it is short.", "3"),
        ("Overall 4/5 since it is brief", "4"),
        ("This deserves a 2 out of 5.", "2"),
        ("I'd assign a score of 3 for its accuracy.", "3"),
        ("With a rating of 5, it leads.", "5"),
        ("I'd give it a 4, not a 5.", "4"),
        ("It earns 3 points.", "3"),
        ("I'd give the second of the 3 answers a 2.", "2"),
        ("**4 stars**", "4"),
        ("I'd give it 4.5 stars", INVALID_STR),
        ("I rate it 10", INVALID_STR),
        ("I'd give it 4 or 5 stars", INVALID_STR),
        ("between 3 and 4 stars", INVALID_STR),
        ("It is not 4 stars", INVALID_STR),
        ("It has 4 points of evidence", INVALID_STR),
        ("3/5 of the claims hold", INVALID_STR),
        ("We give 2 examples of it", INVALID_STR),
        ("They rated 4-star hotels highly", INVALID_STR),
    ],
)
@pytest.mark.parametrize("eval_type", ["classify", "cot_classify"])
def test_a_number_on_a_scale_is_read_behind_its_verb_and_before_stars(text: str, choice: str, eval_type: str) -> None:
    assert stated_choice(text, eval_type, ["1", "2", "3", "4", "5"]) == choice
