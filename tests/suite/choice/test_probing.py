"""One question to one model: what is sent, and which option was chosen."""

from __future__ import annotations

import math
from typing import Any

import pytest
from toy_models import ChatModel, ScoringModel

from evals.engine.calls import CallFailed
from evals.engine.failures import Kind
from evals.engine.loop import run_sync
from evals.suite.choice.few_shot import FewShotExamples
from evals.suite.choice.probing import ModelChoice, Prober
from evals.suite.choice.prompts import COMPLETION_TEMPLATE, LETTER_TEMPLATE, PromptMaker, Wording
from evals.suite.choice.questions import Question
from evals.suite.choice.scoring_methods import ScoringMethod

QUESTION = Question("Which?", ("red", "green", "blue"), 1)
EXAMPLES = [Question(f"Example {k}?" + "x" * 100, ("red", "green", "blue"), 0) for k in range(4)]


def prober(fn: Any, style: str = "letter", n_shots: int = 0, **given: Any) -> Prober:
    wording = Wording(style, LETTER_TEMPLATE if style == "letter" else COMPLETION_TEMPLATE)
    arguments = {
        "prompts": PromptMaker(wording, FewShotExamples(EXAMPLES, n_shots)),
        "letter_forms": "auto",
        "floor": -100.0,
        "normalisation": "none",
        "unconditional_prompt": "Answer:",
        "max_tokens": None,
        "context_length": None,
        **given,
    }
    return Prober(fn, **arguments)


def probe(asked: Prober, method: ScoringMethod, order: tuple[int, ...] = (0, 1, 2)) -> ModelChoice:
    return run_sync(asked.probe(QUESTION, order, method))


def test_letters_by_the_next_token_of_a_chat_are_summed_over_both_forms() -> None:
    model = ChatModel(lambda prompt: {" B": 0.3, "B": 0.2, "A": 0.4, "x": 0.1})
    choice = probe(prober(model), ScoringMethod("top_logprobs", 20))
    assert choice.picked == 1
    assert choice.logprobs == pytest.approx((math.log(0.4), math.log(0.5), -100.0))
    assert (choice.floored, choice.mass) == ((False, False, True), pytest.approx(0.9))


def test_the_place_is_that_in_the_order_shown() -> None:
    model = ScoringModel(lambda prompt: {" A": 0.1, " B": 0.2, " C": 0.7})
    choice = probe(prober(model), ScoringMethod("score"), (2, 0, 1))
    assert choice.picked == 2
    assert "A. blue\nB. red\nC. green" in str(choice.prompt)


def test_no_letter_among_the_alternatives_is_no_choice() -> None:
    model = ChatModel(lambda prompt: {"x": 0.9, "y": 0.1})
    choice = probe(prober(model), ScoringMethod("top_logprobs", 20))
    assert (choice.picked, choice.mass) == (None, 0.0)


@pytest.mark.parametrize(("reply", "picked"), [("B", 1), ("The answer is (C).", 2), ("I do not know.", None)])
def test_a_reply_is_parsed_for_its_letter(reply: str, picked: int | None) -> None:
    choice = probe(prober(ChatModel(reply=reply)), ScoringMethod("parsed"))
    assert (choice.picked, choice.text, choice.logprobs) == (picked, reply, ())


def test_a_reply_without_alternatives_is_a_failure_and_no_letter_s_floor() -> None:
    model = ChatModel(lambda prompt: {"x": 1.0})
    with pytest.raises(CallFailed, match="no alternatives of its first token"):
        probe(prober(model), ScoringMethod("top_logprobs", 1))


def test_options_are_compared_with_what_they_are_worth_alone() -> None:
    scores = {" red": 0.5, " green": 0.4, " blue": 0.1}
    alone = {" red": 0.5, " green": 0.1, " blue": 0.1}
    model = ScoringModel(lambda prompt: alone if prompt == "Answer:" else scores)
    choice = probe(prober(model, "completion", normalisation="unconditional"), ScoringMethod("score"))
    assert choice.picked == 1
    assert choice.scores == pytest.approx([0.0, math.log(4), 0.0])
    assert choice.unconditional == pytest.approx([math.log(p) for p in alone.values()])


def test_the_last_examples_are_left_out_until_the_estimate_fits() -> None:
    model = ScoringModel()
    whole = prober(model, n_shots=4)
    assert whole.n_examples_that_fit(QUESTION, (0, 1, 2)) == 4
    n_bytes = len(str(whole.prompts.prompt(QUESTION, (0, 1, 2), 2)).encode())
    tight = prober(model, n_shots=4, context_length=n_bytes // 4 + 1)
    assert tight.n_examples_that_fit(QUESTION, (0, 1, 2)) == 2


def test_a_prompt_that_is_too_long_without_any_example_is_the_sample_s_failure() -> None:
    with pytest.raises(CallFailed) as caught:
        probe(prober(ScoringModel(n_ctx=10)), ScoringMethod("score"))
    assert caught.value.kind is Kind.CONTEXT_LENGTH


def test_a_chat_gets_a_text_prompt_as_one_message_of_the_user() -> None:
    model = ChatModel()
    choice = probe(prober(model), ScoringMethod("parsed"))
    assert model.calls == [([{"role": "user", "content": choice.prompt}], {"temperature": 0.0})]
