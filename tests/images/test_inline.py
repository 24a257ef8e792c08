"""Images in messages: local files become data URLs, all else stays as it is."""

from __future__ import annotations

import base64

import pytest

from evals.errors import DataError
from evals.images.inline import data_url, inline_images


def _message(url: object) -> dict:
    return {"role": "user", "content": [{"type": "image_url", "image_url": url}]}


@pytest.mark.parametrize("url", ["https://x.test/a.png", "data:image/png;base64,AAAA"])
def test_messages_without_local_images_are_the_very_same(url: str):
    messages = [_message({"url": url}), {"role": "user", "content": "text"}]
    assert inline_images(messages) is messages


@pytest.mark.parametrize("as_url", [str, lambda path: {"url": path.as_uri()}])
def test_paths_and_file_urls_become_data(tmp_path, as_url):
    path = tmp_path / "a b.gif"
    path.write_bytes(b"GIF89a")
    sent = inline_images([_message(as_url(path))])
    expected = "data:image/gif;base64," + base64.b64encode(b"GIF89a").decode()
    assert sent[0]["content"][0]["image_url"]["url"] == expected


def test_relative_paths_start_at_the_folder_given(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert inline_images([_message("a.png")], tmp_path)[0]["content"][0]["image_url"]["url"].startswith(
        "data:image/png"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"version https://git-lfs.github.com/spec/v1\n", "begins with b'version https.*git lfs"),
    ],
)
def test_a_file_without_a_picture_is_never_sent_as_one(tmp_path, content, said):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(DataError, match=f"(?s)a.png holds no picture: .*{said}"):
        data_url(tmp_path / "a.png")


def test_what_is_missing_or_no_image_is_named(tmp_path):
    with pytest.raises(DataError, match=r"gone\.png cannot be read: No such file"):
        data_url(tmp_path / "gone.png")
    with pytest.raises(DataError, match=r"notes\.txt is no image"):
        data_url(tmp_path / "notes.txt")
