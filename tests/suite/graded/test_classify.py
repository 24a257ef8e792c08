"""The synchronous helpers of grading that plug-ins call."""

from __future__ import annotations

import copy

import pytest
from rubrics import rubric_spec

from evals.completion import Completions
from evals.elsuite.modelgraded import classify_utils
from evals.suite.graded.classify import classify, sample_and_concat_n_completions
from evals.suite.graded.grading import INVALID_STR
from evals.suite.graded.rubric import call_kwargs


class Says:
    """A completion function that says its lines in turn and keeps what it was asked."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)
        self.prompts: list[object] = []
        self.kwargs: list[dict[str, object]] = []

    def __call__(self, prompt: object, **kwargs: object) -> Completions:
        self.prompts.append(prompt)
        self.kwargs.append(kwargs)
        return Completions([self.lines[(len(self.prompts) - 1) % len(self.lines)]])


def test_one_model_is_asked_n_times_and_several_once_each():
    one, first, second = Says("x", "y"), Says("p"), Says("q")
    options = {"max_tokens": 9}
    assert sample_and_concat_n_completions([one], "Say {{x}}", 2, "{i}{output} ", options) == "1x 2y"
    assert sample_and_concat_n_completions([first, second], "Say", 2, "{i}{output} ", options) == "1p 2q"
    assert one.prompts == ["Say {x}", "Say {x}"]
    assert one.kwargs[0] == call_kwargs(options)


@pytest.mark.parametrize(("n_fns", "n", "template"), [(2, 3, "{output}"), (1, 2, "")])
def test_completions_that_cannot_be_joined_are_refused(n_fns, n, template):
    with pytest.raises(ValueError, match=r"template|cannot give"):
        sample_and_concat_n_completions([Says("x")] * n_fns, "p", n, template, {"max_tokens": 1})


def test_classify_returns_the_choice_and_how_it_came_about():
    grader = Says("It is fine.\nYes")
    choice, info = classify(
        mg=rubric_spec(choice_scores={"Yes": 1, "No": 0}),
        completion_fn=grader,
        completion_kwargs={"max_tokens": 64},
        eval_type="cot_classify",
        format_kwargs={"completion": "{42}", "unused": 1},
    )
    assert choice == "Yes"
    assert info == {
        "score": 1.0,
        "sampled": ["It is fine.\nYes"],
        "prompt": grader.prompts[0],
        "invalid_choice": False,
    }
    assert grader.prompts[0][0]["content"].startswith("Is {42} good?\n\n")
    assert grader.kwargs == [call_kwargs({"max_tokens": 64})]


def test_classify_knows_the_number_of_completions_and_marks_an_invalid_choice():
    spec = rubric_spec(prompt="Which of {n}? {completion}", choice_strings="from_n", choice_scores="from_strings")
    choice, info = classify(spec, Says("none"), format_kwargs={"completion": "x"}, eval_type="classify", n=3)
    assert (choice, info["score"], info["invalid_choice"]) == (INVALID_STR, 1.0, True)
    assert info["prompt"][0]["content"].startswith("Which of 3? x")


def test_classify_asks_the_same_question_every_time_and_leaves_the_rubric_as_it_was():
    spec = rubric_spec(prompt=[{"role": "user", "content": "Is {completion} good?"}])
    before, grader = copy.deepcopy(spec), Says("Yes")
    for _ in range(2):
        classify(spec, grader, format_kwargs={"completion": "it"}, eval_type="classify")
    assert grader.prompts[0] == grader.prompts[1]
    assert spec == before


def test_the_path_of_openai_evals_offers_every_public_name():
    names = (
        "classify get_choice get_choice_score get_choice_strings append_answer_prompt choice_to_str "
        "sample_and_concat_n_completions concat_n_completions ANSWER_PROMPTS MATCH_FNS INVALID_STR"
    )
    assert all(hasattr(classify_utils, name) for name in names.split())
    assert classify_utils.classify is classify
