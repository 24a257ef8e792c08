"""The driving paper in all conditions of images, sat by a server that knows the answers where it sees what they need."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

import evals
from evals.exams.items import Item
from evals.exams.read_paper import load_paper
from evals.registry.roots import bundled_data_root
from evals.suite.exam.prompts import right_answer
from evals.testing.openai_server import Call, LoopbackServer

CONDITIONS = ("vision", "no_vision", "transcribed")
PAPER = load_paper(bundled_data_root() / "exam-driving")


def question_in(content: Any) -> tuple[Item, str, list[str]]:
    """The question that a message asks, its texts, and the URLs of its images."""
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
    text = "\n".join(part["text"] for part in parts if part["type"] == "text")
    [item] = [
        item
        for item in PAPER.items
        if f". {item.stem}" in text and all(f"] {o}" in text for o in item.options.values())
    ]
    return item, text, [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]


def sees(call: Call) -> str:
    """The right answer, unless a picture is only a name."""
    item, text, _ = question_in(call.body["messages"][-1]["content"])
    return "No idea." if "IMAGE: image-" in text else f"The answer is [{right_answer(item)}]"


@pytest.fixture(scope="module")
def sat(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, dict[str, tuple[str, list[str]]]]]:
    """Of each condition the report, and what was sent of each question: its text and its images."""
    found = {}
    for condition in CONDITIONS:
        record = tmp_path_factory.mktemp("records") / f"{condition}.jsonl"
        with LoopbackServer(sees) as server:
            args = {"api_base": server.url, "api_key": "k"}
            result = evals.run("gpt-4o", "exam-driving", images=condition, record_path=record, completion_args=args)
            asked = [question_in(body["messages"][-1]["content"]) for body in server.bodies]
        found[condition] = (result.report, {item.id: (text, urls) for item, text, urls in asked})
    return found


def test_with_its_pictures_or_their_description_the_paper_is_passed(sat: dict[str, Any]) -> None:
    for condition in ("vision", "transcribed"):
        report = sat[condition][0]
        assert report["exam_score"] == 100
        assert [rule["passed"] for rule in report["exam"]["passes"]] == [True]


def test_without_its_pictures_the_paper_is_failed_by_the_questions_that_have_some(sat: dict[str, Any]) -> None:
    report = sat["no_vision"][0]
    groups = report["groups"]["images"]
    assert {name: (row["score"], row["n"]) for name, row in groups.items()} == {"with": (0.0, 12), "without": (1.0, 19)}
    # 40 for rules, nothing for signs, 11 of 12 points for numbers (25), 4 critical errors of 3 points each.
    assert report["exam_score"] == int(40 + 25 * 11 / 12 - 4 * 3)
    assert [rule["passed"] for rule in report["exam"]["passes"]] == [False]


def test_vision_sends_the_bytes_of_the_pictures_and_no_name(sat: dict[str, Any]) -> None:
    for item in PAPER.items:
        text, urls = sat["vision"][1][item.id]
        sent = [base64.b64decode(url.removeprefix("data:image/png;base64,")) for url in urls]
        assert sent == [image.path.read_bytes() for image in item.images]
        assert ".png" not in json.dumps(text)


def test_the_other_conditions_send_a_number_or_the_description(sat: dict[str, Any]) -> None:
    for item in PAPER.items:
        for condition, said in (("no_vision", "IMAGE: image-1.png"), ("transcribed", f"IMAGE: {item.transcript}")):
            text, urls = sat[condition][1][item.id]
            assert urls == []
            assert (said in text) is item.has_images
            assert not any(image.path.name in text for image in item.images)


def test_questions_without_a_picture_are_asked_alike(sat: dict[str, Any]) -> None:
    for item in PAPER.items:
        asked = {sat[condition][1][item.id][0] for condition in CONDITIONS}
        assert (len(asked) == 1) is not item.has_images
