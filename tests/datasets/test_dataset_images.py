"""Images of datasets as data URLs."""

from __future__ import annotations

import base64

import pytest

from evals.datasets.images import with_image_urls
from evals.errors import DataError

PNG = b"\x89PNG\r\n\x1a\n" + b"rest"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "png"),
        (b"\xff\xd8\xff\xe0rest", "jpeg"),
        (b"GIF89arest", "gif"),
        (b"BMrest", "bmp"),
        (b"RIFF\x00\x00\x00\x00WEBPrest", "webp"),
    ],
)
def test_the_kind_of_an_image_is_told_by_its_first_bytes(content, kind):
    row = with_image_urls({"image": {"bytes": content, "path": "x.dat"}, "text": "t"}, ["image"])
    head, _, data = row["image"].partition(",")
    assert head == f"data:image/{kind};base64"
    assert base64.b64decode(data) == content
    assert row["text"] == "t"


def test_an_image_without_bytes_is_read_from_its_path(tmp_path):
    (tmp_path / "one.png").write_bytes(PNG)
    row = with_image_urls({"a": {"bytes": None, "path": str(tmp_path / "one.png")}, "b": None}, ["a", "b"])
    assert row == {"a": f"data:image/png;base64,{base64.b64encode(PNG).decode()}", "b": None}


def test_other_columns_are_left_alone():
    assert with_image_urls({"meta": {"bytes": PNG, "path": ""}}, []) == {"meta": {"bytes": PNG, "path": ""}}


@pytest.mark.parametrize("content", [b"<svg/>", b"", b"RIFF\x00\x00\x00\x00WAVE"])
def test_an_unknown_format_is_an_error_with_what_to_store(content):
    with pytest.raises(DataError, match="PNG, JPEG, GIF or WebP"):
        with_image_urls({"image": {"bytes": content, "path": ""}}, ["image"])
