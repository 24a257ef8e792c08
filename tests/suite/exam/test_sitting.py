"""How a reply is drawn: one stage or two, as a chat or as one text, and what is sent at each."""

from __future__ import annotations

import asyncio
from typing import Any

from evals.completion import Completions
from evals.exams.items import Item
from evals.exams.paper import FewShot, Sampling, Section, StageSampling
from evals.suite.exam.prompts import ExamPrompts
from evals.suite.exam.sitting import Reply, draw_reply

FOUR = {"A": "red", "B": "green", "C": "blue", "D": "white"}
ITEM = Item("q1", "S", "mcq", "Which?", "i.jsonl:1", options=FOUR, key=("B",))
EXAMPLE = Item("e1", "S", "mcq", "Which one?", "f.jsonl:1", options=FOUR, key=("A",), explanation="It is {A}.")


def _drawn(
    *replies: Completions | str, style: str = "chat", mode: str = "extract", few: bool = False, **sampling: Any
) -> tuple[Reply, list[Any]]:
    section = Section("S", (ITEM,), "exam.yaml:1", few_shot=FewShot((EXAMPLE,), 1) if few else None)
    sent: list[Any] = []

    async def ask(prompt: Any, **options: Any) -> Completions:
        sent.append((prompt, options))
        reply = replies[len(sent) - 1]
        return Completions([reply], finish_reasons=["stop"]) if isinstance(reply, str) else reply

    asked = ExamPrompts(section, style).asked(ITEM)
    return asyncio.run(draw_reply(ask, asked, Sampling(**sampling), mode, style)), sent


def test_one_stage_leaves_out_the_stop_that_would_end_the_reply_before_its_answer() -> None:
    stage = StageSampling(0.3, None, 512, ("The answer is", "\n\n\n"))
    reply, sent = _drawn("Green. The answer is [B]", reason=stage)
    assert reply.text == "Green. The answer is [B]"
    assert sent[0][1] == {"temperature": 0.3, "max_tokens": 512, "stop": ["\n\n\n"]}


def test_two_stages_of_a_chat_draw_the_answer_after_the_reasoning() -> None:
    answer = StageSampling(0.0, None, None, ("]",))
    reply, sent = _drawn("I see green.", "The answer is [B", mode="resample", answer=answer)
    assert reply.text == "I see green.\nThe answer is [B"
    assert sent[0][1]["stop"] == ["The answer is"]
    assert sent[1][1] == {"temperature": 0.0, "stop": ["]"]}
    assert [message["role"] for message in sent[1][0][-2:]] == ["assistant", "user"]
    assert sent[1][0][-2]["content"] == "I see green."


def test_two_stages_of_a_text_go_on_with_the_same_text() -> None:
    reply, sent = _drawn(" It is green.", "B", style="text", mode="resample", few=True)
    first, second = sent[0][0], sent[1][0]
    assert first.endswith("Question 2. Which?\n[A] red\n[B] green\n[C] blue\n[D] white\nReasoning for question 2:")
    assert second == f"{first} It is green.\nThe answer is ["
    assert reply.text == "It is green.\nThe answer is [B"


def test_a_base_model_stops_at_the_end_of_its_block() -> None:
    _, sent = _drawn(" It is green.\nThe answer is [B]", style="text", few=True)
    assert sent[0][1]["stop"] == ["\n\n"]


def test_what_a_reply_cost_is_the_sum_of_its_calls() -> None:
    stages = [
        Completions(["a"], model="m", finish_reasons=["stop"], cost_usd=0.5, latency_s=1.0),
        Completions(["B"], model="m", finish_reasons=["length"], cost_usd=0.25, latency_s=0.5),
    ]
    reply, _ = _drawn(*stages, mode="resample")
    assert reply.facts() == {"model": "m", "finish_reasons": ["stop", "length"], "cost_usd": 0.75, "latency_s": 1.5}
    assert reply.was_cut_off
