"""Metadata leaves an image file, and not a pixel changes; Pillow reads what is left."""

from __future__ import annotations

import io
from typing import Any

import pytest

from evals.images.formats import kind_of, size_of
from evals.images.metadata import picture_alone, without_metadata

Image: Any = pytest.importorskip("PIL.Image")
PngInfo = pytest.importorskip("PIL.PngImagePlugin").PngInfo
SECRET = "the answer is C"


def _picture(mode: str = "RGB", size: tuple[int, int] = (37, 23)) -> Any:
    picture = Image.new(mode, size)
    picture.putdata([tuple((x * k) % 256 for k in (3, 5, 7, 11)[: len(mode)]) for x in range(size[0] * size[1])])
    return picture


def _exif(orientation: int) -> Any:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = SECRET, orientation
    return exif


def _file(kind: str, orientation: int = 1, **options: Any) -> bytes:
    out = io.BytesIO()
    if kind == "png":
        text = PngInfo()
        text.add_text("Comment", SECRET)
        text.add_itxt("XML:com.adobe.xmp", SECRET)
        options["pnginfo"] = text
    if kind == "gif":
        _picture("RGB").quantize(16).save(out, "gif", comment=SECRET.encode())
    else:
        xmp = {} if kind == "png" else {"xmp": f"<x>{SECRET}</x>".encode()}
        comment = {"comment": SECRET.encode()} if kind == "jpeg" else {}
        _picture().save(out, kind, exif=_exif(orientation), **xmp, **comment, **options)
    return out.getvalue()


FILES = {
    "png": _file("png"),
    "jpeg": _file("jpeg", quality=95),
    "progressive jpeg": _file("jpeg", progressive=True),
    "webp": _file("webp"),
    "lossless webp": _file("webp", lossless=True),
    "gif": _file("gif"),
}


@pytest.mark.parametrize("name", FILES)
def test_no_text_is_left_and_every_pixel_is_the_same(name: str) -> None:
    content = FILES[name]
    kept = without_metadata(content)
    assert SECRET.encode() in content
    assert SECRET.encode() not in kept
    before, after = (Image.open(io.BytesIO(one)) for one in (content, kept))
    assert before.convert("RGBA").tobytes() == after.convert("RGBA").tobytes()
    assert not dict(after.getexif())


@pytest.mark.parametrize("name", FILES)
def test_what_follows_the_picture_goes_too(name: str) -> None:
    assert b"TRAILER" not in without_metadata(FILES[name] + b"TRAILERS")


@pytest.mark.parametrize("name", FILES)
def test_a_second_pass_changes_nothing(name: str) -> None:
    once = without_metadata(FILES[name])
    assert without_metadata(once) == once


@pytest.mark.parametrize("name", FILES)
def test_format_and_size_are_those_that_pillow_reads(name: str) -> None:
    picture = Image.open(io.BytesIO(FILES[name]))
    assert kind_of(FILES[name]) == picture.format.lower()
    assert size_of(FILES[name]) == picture.size == size_of(without_metadata(FILES[name]))


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_keeps_its_orientation_and_nothing_else(kind: str, orientation: int) -> None:
    content = without_metadata(_file(kind, orientation))
    assert SECRET.encode() not in content
    assert dict(Image.open(io.BytesIO(content)).getexif()) == ({} if orientation == 1 else {0x0112: orientation})


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_off_anywhere_is_never_a_crash(name: str) -> None:
    content = FILES[name]
    for end in range(0, len(content), 7):
        without_metadata(content[:end])
        size_of(content[:end])


@pytest.mark.parametrize("name", FILES)
def test_a_picture_that_is_cut_off_anywhere_is_told_from_a_whole_one(name: str) -> None:
    content = without_metadata(FILES[name])
    assert picture_alone(content) == content
    # The last byte of a GIF is its end mark alone, which some programs leave out.
    ends = range(16, len(content) - (kind_of(content) == "gif"))
    assert [end for end in ends if picture_alone(content[:end]) is not None] == []


def test_a_changed_byte_of_a_png_is_found() -> None:
    content = without_metadata(FILES["png"])
    for at in (20, len(content) // 2):
        assert picture_alone(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]) is None


def test_a_gif_without_its_last_byte_gets_it_back() -> None:
    content = without_metadata(FILES["gif"])
    assert picture_alone(content[:-1]) == content


@pytest.mark.parametrize("content", [b"", b"x", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"BM12", b"\xff\xd8\xff"])
def test_what_is_damaged_comes_back_as_it_is(content: bytes) -> None:
    assert without_metadata(content) == content
