"""An image above a limit is made smaller, and it is said by how much."""

from __future__ import annotations

import base64
import io
import random
from pathlib import Path
from typing import Any

import pytest

from evals.errors import DataError
from evals.images.inline import SentImage, sent_image
from tests.support.pictures import png

Image: Any = pytest.importorskip("PIL.Image")


def _noise(path: Path, size: tuple[int, int] = (400, 200)) -> Path:
    Image.frombytes("RGB", size, random.Random(0).randbytes(size[0] * size[1] * 3)).save(path)
    return path


def _opened(sent: SentImage) -> Any:
    return Image.open(io.BytesIO(base64.b64decode(sent.url.partition(",")[2])))


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.gif"])
def test_the_longer_side_becomes_the_limit_and_the_format_stays(tmp_path: Path, name: str) -> None:
    sent = sent_image(str(_noise(tmp_path / name)), max_px=100)
    picture = _opened(sent)
    assert picture.size == (100, 50) == sent.size_px
    assert sent.scaled_from_px == (400, 200)
    assert sent.url.startswith(f"data:image/{picture.format.lower()};")


def test_an_image_within_the_limits_is_not_touched(tmp_path: Path) -> None:
    path = _noise(tmp_path / "a.png")
    sent = sent_image(str(path), max_px=400)
    assert sent.scaled_from_px is None
    assert base64.b64decode(sent.url.partition(",")[2]) == path.read_bytes()


def test_bytes_are_limited_too(tmp_path: Path) -> None:
    sent = sent_image(str(_noise(tmp_path / "a.png")), max_bytes=50_000)
    assert sent.size_bytes is not None
    assert 10_000 < sent.size_bytes <= 50_000
    assert sent.scaled_from_px == (400, 200)


def test_what_cannot_be_made_small_enough_or_decoded_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="more than 10 bytes at any size"):
        sent_image(str(_noise(tmp_path / "a.png")), max_bytes=10)
    (tmp_path / "b.png").write_bytes(png(rows=bytes(100)))
    with pytest.raises(DataError, match="cannot be decoded"):
        sent_image(str(tmp_path / "b.png"), max_bytes=50)


def test_a_picture_of_16_bits_keeps_its_greys(tmp_path: Path) -> None:
    columns = [0, 16384, 32768, 65535]
    picture = Image.new("I;16", (40, 20))
    picture.putdata([columns[x // 10] for _ in range(20) for x in range(40)])
    picture.save(tmp_path / "a.png")
    small = _opened(sent_image(str(tmp_path / "a.png"), max_px=20)).convert("L")
    expected = [round(value / 257) for value in columns]
    assert [small.getpixel((x, 5)) for x in (2, 7, 12, 17)] == pytest.approx(expected, abs=1)
