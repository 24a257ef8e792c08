"""Images in messages: local files become data URLs, all else stays as it is."""

from __future__ import annotations

import base64

import pytest

from evals.errors import DataError
from evals.images.inline import data_url, inline_images, sent_image
from tests.support.pictures import GIF, PNG, PNG_URL, png, png_chunk


def _message(url: object) -> dict:
    return {"role": "user", "content": [{"type": "image_url", "image_url": url}]}


@pytest.mark.parametrize("url", ["https://x.test/a.png", "data:image/png;base64,AAAA"])
def test_messages_without_local_images_are_the_very_same(url: str):
    messages = [_message({"url": url}), {"role": "user", "content": "text"}]
    assert inline_images(messages) is messages


@pytest.mark.parametrize("as_url", [str, lambda path: {"url": path.as_uri()}])
def test_paths_and_file_urls_become_data(tmp_path, as_url):
    path = tmp_path / "a b.gif"
    path.write_bytes(GIF)
    sent = inline_images([_message(as_url(path))])
    expected = "data:image/gif;base64," + base64.b64encode(GIF).decode()
    assert sent[0]["content"][0]["image_url"]["url"] == expected


def test_relative_paths_start_at_the_folder_given(tmp_path):
    (tmp_path / "a.png").write_bytes(PNG)
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


def test_a_file_that_is_cut_off_is_an_error_and_not_half_a_picture(tmp_path):
    (tmp_path / "a.png").write_bytes(PNG[:-20])
    with pytest.raises(DataError, match=r"a\.png is cut off or damaged"):
        data_url(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"the image data:image/png;base64,.* is cut off or damaged"):
        sent_image("data:image/png;base64," + base64.b64encode(PNG[:-20]).decode())


@pytest.mark.parametrize("beginning", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\x04\x04\0\0WEBP"])
def test_a_file_that_has_only_the_first_bytes_of_its_format_goes_as_it_is_for_the_server_to_judge(tmp_path, beginning):
    content = beginning + bytes(range(7, 256)) * 4
    (tmp_path / "a.png").write_bytes(content)
    assert base64.b64decode(data_url(tmp_path / "a.png").partition(",")[2]) == content


def test_a_data_url_of_something_else_is_an_error():
    with pytest.raises(DataError, match="holds no picture: the file begins with b'hello'"):
        sent_image("data:image/png;base64," + base64.b64encode(b"hello").decode())


def test_metadata_leaves_a_data_url_with_broken_lines_too():
    text = base64.encodebytes(png(png_chunk(b"tEXt", b"Comment\0" + b"the answer is C" * 9))).decode()
    assert text.count("\n") > 2
    assert sent_image(f"data:image/png;base64,{text}").url == PNG_URL


def test_the_scheme_of_an_address_may_be_in_capitals():
    assert sent_image("HTTPS://x.test/a.png").url == "HTTPS://x.test/a.png"
