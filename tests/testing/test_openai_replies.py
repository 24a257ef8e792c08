"""Made-up replies of the OpenAI API, read by the SDK's own types."""

from __future__ import annotations

from openai.types import Completion
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from evals.testing.openai_replies import Answer, chat_reply, responses_reply, shortened, text_reply, tokens_of


def test_an_answer_is_cut_at_the_first_stop_text_and_then_at_its_tokens():
    answer = Answer("one two. three, four")
    assert shortened(answer, None, None) is answer
    assert shortened(answer, [",", "."], None).text == "one two"
    cut = shortened(answer, ",", 2)
    assert (cut.text, cut.finish_reason) == ("one two.", "length")
    assert shortened(Answer(None, refusal="no"), "x", 1).text is None


def test_tokens_joined_are_the_text():
    for text in ("one two", " one\n two  ", "", "é\u2028x"):
        assert "".join(tokens_of(text)) == text


def test_a_chat_reply_has_a_choice_for_each_answer_and_names_its_alternatives():
    answers = [Answer("one two", top={"A": -0.5, "B": -1.5, "C": -3.0}), Answer(None, refusal="no")]
    reply = ChatCompletion.model_validate(chat_reply(1, "m", answers, 7, True, 2))
    assert [choice.message.content for choice in reply.choices] == ["one two", None]
    logprobs = reply.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content is not None
    assert [top.token for top in logprobs.content[0].top_logprobs] == ["A", "B"]
    assert reply.usage is not None
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (7, 2)


def test_a_text_reply_without_echo_has_the_completion_alone():
    raw = text_reply(1, "m", [("one two", Answer(" three"))], 2, 1, False)
    reply = Completion.model_validate(raw)
    assert reply.choices[0].text == " three"
    logprobs = reply.choices[0].logprobs
    assert logprobs is not None
    assert (logprobs.tokens, logprobs.text_offset) == ([" three"], [7])


def test_an_echo_has_log_probabilities_of_the_prompt_by_the_function_that_is_given():
    answer = Answer("", logprob_of=lambda before, token: -float(len(before)))
    raw = text_reply(1, "m", [("one two three", answer)], 3, 1, True)
    assert raw["choices"][0]["logprobs"]["token_logprobs"] == [None, -3.0, -7.0]


def test_a_response_that_was_cut_says_why():
    reply = Response.construct(**responses_reply(1, "m", Answer("one", finish_reason="length"), 4))
    assert reply.incomplete_details is not None
    assert (reply.status, reply.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    whole = Response.construct(**responses_reply(1, "m", Answer("one", reasoning_tokens=3), 4))
    assert (whole.status, whole.output_text) == ("completed", "one")
    assert whole.usage is not None
    assert whole.usage.output_tokens == 4
