"""What a model gets of the images of a chat in each condition."""

from __future__ import annotations

import pytest

from evals.errors import DataError
from evals.images.conditions import CONDITIONS, ImageOptions, has_images, in_condition
from tests.support.pictures import PNG_URL as PNG


def _image(**extra: object) -> dict:
    return {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}, **extra}


def _chat(*images: dict) -> list[dict]:
    return [
        {"role": "system", "content": "Answer."},
        {"role": "user", "content": [{"type": "text", "text": "Which?"}, *images]},
    ]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_messages_without_an_image_are_the_very_same(condition: str) -> None:
    chat = [{"role": "user", "content": "a"}, {"role": "user", "content": [{"type": "text", "text": "b"}]}]
    sent, known = in_condition(chat, ImageOptions(condition))
    assert [id(message) for message in sent] == [id(message) for message in chat]
    assert known == []
    assert not has_images(chat)


def test_vision_sends_the_image_without_its_description() -> None:
    sent, _ = in_condition(_chat(_image(transcript="C is furthest east")), ImageOptions("vision"))
    assert sent[1]["content"][1] == {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}


def test_no_vision_sends_a_line_with_a_name_that_says_nothing() -> None:
    local = {"type": "image_url", "image_url": {"url": "answer-c.png"}}
    sent, known = in_condition(_chat(_image(), local), ImageOptions("no_vision"))
    assert sent[1]["content"] == "Which?\nIMAGE: image-1.png\nIMAGE: image-2.png"
    assert known == [{"name": "image-1.png"}, {"name": "image-2.png"}]


def test_transcribed_sends_the_description() -> None:
    sent, _ = in_condition(_chat(_image(transcript="A map. ")), ImageOptions("transcribed"))
    assert sent[1]["content"] == "Which?\nIMAGE: A map."


def test_transcribed_needs_a_description() -> None:
    with pytest.raises(DataError, match="image 2 of the prompt has no 'transcript'"):
        in_condition(_chat(_image(transcript="x"), _image()), ImageOptions("transcribed"))


_BASE64 = PNG.partition(",")[2]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "input_image", "image_url": PNG, "detail": "low"},
        {"type": "image", "image": PNG, "detail": "low"},
        {"type": "image", "url": PNG, "detail": "low"},
        {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": _BASE64},
            "detail": "low",
        },
    ],
)
def test_images_in_the_words_of_other_endpoints_are_images_in_every_condition(part: dict) -> None:
    chat = _chat({**part, "transcript": "A map."})
    assert has_images(chat)
    sent = {name: in_condition(chat, ImageOptions(name))[0][1]["content"] for name in CONDITIONS}
    assert sent["vision"][1] == {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}
    assert sent["no_vision"] == "Which?\nIMAGE: image-1.png"
    assert sent["transcribed"] == "Which?\nIMAGE: A map."


def test_other_parts_of_a_message_stay() -> None:
    audio = {"type": "input_audio", "input_audio": {"data": "AA"}}
    sent, _ = in_condition(_chat(_image(), audio), ImageOptions("no_vision"))
    assert sent[1]["content"][2] == audio
