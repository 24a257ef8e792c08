"""Draws the pictures of this paper as small PNG files without metadata: `python data/exam-driving/draw.py`.

A picture is drawn three times as large, in flat colours, and averaged down, so that edges are smooth.
"""

from __future__ import annotations

import itertools
import math
import struct
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).resolve().parent / "images"
WIDTH, HEIGHT, SCALE = 240, 200, 3
WHITE, BLACK, GREY, GREEN = (255, 255, 255), (20, 20, 20), (120, 120, 120), (150, 190, 130)
RED, BLUE, YELLOW = (200, 30, 40), (20, 80, 170), (245, 200, 40)
Colour = tuple[int, int, int]
Point = tuple[float, float]

# Strokes of letters and digits in a box that is 4 wide and 6 high, y downwards.
STROKES: dict[str, Sequence[Sequence[Point]]] = {
    "A": [[(0, 6), (2, 0), (4, 6)], [(1, 4), (3, 4)]],
    "B": [[(0, 0), (0, 6), (3, 6), (4, 5), (4, 4), (3, 3), (0, 3)], [(0, 0), (3, 0), (4, 1), (4, 2), (3, 3)]],
    "C": [[(4, 1), (3, 0), (1, 0), (0, 1), (0, 5), (1, 6), (3, 6), (4, 5)]],
    "0": [[(1, 0), (3, 0), (4, 1), (4, 5), (3, 6), (1, 6), (0, 5), (0, 1), (1, 0)]],
    "2": [[(0, 1), (1, 0), (3, 0), (4, 1), (4, 2), (0, 6), (4, 6)]],
    "3": [[(0, 0), (4, 0), (2, 2.5), (4, 3.5), (4, 5), (3, 6), (1, 6), (0, 5)]],
    "4": [[(3, 6), (3, 0), (0, 4), (4, 4)]],
    "5": [[(4, 0), (0, 0), (0, 3), (3, 3), (4, 4), (4, 5), (3, 6), (0, 6)]],
    "6": [[(4, 0), (1, 2), (0, 4), (0, 5), (1, 6), (3, 6), (4, 5), (4, 4), (3, 3), (1, 3)]],
    "7": [[(0, 0), (4, 0), (1, 6)]],
    "9": [[(0, 6), (3, 4), (4, 2), (4, 1), (3, 0), (1, 0), (0, 1), (0, 2), (1, 3), (3, 3)]],
}


class Canvas:
    """A picture of flat shapes; points are in pixels of the finished picture."""

    def __init__(self, background: Colour = WHITE) -> None:
        self.pixels = np.empty((HEIGHT * SCALE, WIDTH * SCALE, 3), dtype=np.uint8)
        self.pixels[:] = background
        ys, xs = np.mgrid[0 : HEIGHT * SCALE, 0 : WIDTH * SCALE]
        self.x, self.y = (xs + 0.5) / SCALE, (ys + 0.5) / SCALE

    def fill(self, inside: Any, colour: Colour) -> None:
        self.pixels[inside] = colour

    def circle(self, centre: Point, radius: float, colour: Colour) -> None:
        self.fill((self.x - centre[0]) ** 2 + (self.y - centre[1]) ** 2 <= radius**2, colour)

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill by the even-odd rule."""
        inside = np.zeros(self.x.shape, dtype=bool)
        for (x1, y1), (x2, y2) in zip(points, [*points[1:], points[0]], strict=True):
            if y1 != y2:
                crosses = (self.y < y1) != (self.y < y2)
                inside ^= crosses & (self.x < x1 + (self.y - y1) * (x2 - x1) / (y2 - y1))
        self.fill(inside, colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], colour)

    def line(self, start: Point, end: Point, width: float, colour: Colour) -> None:
        dx, dy = end[0] - start[0], end[1] - start[1]
        along = np.clip(((self.x - start[0]) * dx + (self.y - start[1]) * dy) / (dx * dx + dy * dy), 0, 1)
        far = np.hypot(self.x - start[0] - along * dx, self.y - start[1] - along * dy)
        self.fill(far <= width / 2, colour)

    def arrow(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """A line through points with a head at its end."""
        for start, end in itertools.pairwise(points):
            self.line(start, end, width, colour)
        (x1, y1), (x2, y2) = points[-2], points[-1]
        angle, size = math.atan2(y2 - y1, x2 - x1), 3 * width
        sides = [(x2 - size * math.cos(angle + turn), y2 - size * math.sin(angle + turn)) for turn in (0.6, -0.6)]
        tip = (x2 + size * 0.5 * math.cos(angle), y2 + size * 0.5 * math.sin(angle))
        self.polygon([tip, *sides], colour)

    def text(self, words: str, at: Point, size: float, colour: Colour) -> None:
        """Letters and digits; at: the upper left corner, size: the height."""
        unit = size / 6
        for number, letter in enumerate(words):
            left = at[0] + number * 5.5 * unit
            for stroke in STROKES.get(letter, ()):
                points = [(left + x * unit, at[1] + y * unit) for x, y in stroke]
                for start, end in itertools.pairwise(points):
                    self.line(start, end, size / 7, colour)

    def png(self) -> bytes:
        """The picture as a PNG of 8-bit RGB: header, data, end, and no other chunk."""
        shape = (HEIGHT, SCALE, WIDTH, SCALE, 3)
        small = self.pixels.reshape(shape).astype(np.uint16).sum(axis=(1, 3)) // SCALE**2
        rows = b"".join(b"\0" + row.tobytes() for row in small.astype(np.uint8))
        header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
        chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )


MIDDLE = (120.0, 100.0)


def ring(canvas: Canvas, rim: Colour, inner: Colour) -> None:
    canvas.circle(MIDDLE, 80, rim)
    canvas.circle(MIDDLE, 62, inner)


def give_way(canvas: Canvas) -> None:
    canvas.polygon([(30, 30), (210, 30), (120, 185)], RED)
    canvas.polygon([(63, 49), (177, 49), (120, 147)], WHITE)


def no_entry(canvas: Canvas) -> None:
    canvas.circle(MIDDLE, 80, RED)
    canvas.box(68, 86, 172, 114, WHITE)


def priority_road(canvas: Canvas) -> None:
    for radius, colour in ((88, BLACK), (85, WHITE), (62, YELLOW)):
        canvas.polygon([(120, 100 - radius), (120 + radius, 100), (120, 100 + radius), (120 - radius, 100)], colour)


def closed(canvas: Canvas) -> None:
    ring(canvas, RED, WHITE)


def limit(canvas: Canvas) -> None:
    ring(canvas, RED, WHITE)
    canvas.text("50", (83, 74), 52, BLACK)


def minimum(canvas: Canvas) -> None:
    canvas.circle(MIDDLE, 80, BLUE)
    canvas.text("50", (83, 74), 52, WHITE)


def limit_ends(canvas: Canvas) -> None:
    canvas.circle(MIDDLE, 80, BLACK)
    canvas.circle(MIDDLE, 76, WHITE)
    canvas.text("50", (83, 74), 52, GREY)
    for shift in (-14, 0, 14):
        canvas.line((75 + shift, 140), (165 + shift, 60), 4, BLACK)


def advised(canvas: Canvas) -> None:
    canvas.box(50, 30, 190, 170, BLUE)
    canvas.text("50", (83, 74), 52, WHITE)


def turn_right(canvas: Canvas) -> None:
    canvas.circle(MIDDLE, 80, BLUE)
    canvas.arrow([(90, 150), (90, 85), (150, 85)], 14, WHITE)


def crossroads(canvas: Canvas) -> None:
    canvas.box(0, 0, WIDTH, HEIGHT, GREEN)
    canvas.box(85, 0, 155, HEIGHT, GREY)
    canvas.box(0, 65, WIDTH, 135, GREY)


def car(canvas: Canvas, name: str, at: Point, colour: Colour) -> None:
    canvas.box(at[0] - 13, at[1] - 13, at[0] + 13, at[1] + 13, colour)
    canvas.text(name, (at[0] - 5, at[1] - 8), 16, WHITE)


def two_straight(canvas: Canvas) -> None:
    crossroads(canvas)
    car(canvas, "A", (138, 180), BLUE)
    canvas.arrow([(138, 163), (138, 120)], 5, WHITE)
    car(canvas, "B", (220, 82), RED)
    canvas.arrow([(203, 82), (160, 82)], 5, WHITE)


def left_turn(canvas: Canvas) -> None:
    crossroads(canvas)
    car(canvas, "A", (138, 180), BLUE)
    canvas.arrow([(138, 163), (138, 82), (60, 82)], 5, WHITE)
    car(canvas, "B", (102, 20), RED)
    canvas.arrow([(102, 37), (102, 75)], 5, WHITE)


def three_cars(canvas: Canvas) -> None:
    crossroads(canvas)
    car(canvas, "A", (138, 180), BLUE)
    canvas.arrow([(138, 163), (138, 125)], 5, WHITE)
    car(canvas, "B", (220, 82), RED)
    canvas.arrow([(203, 82), (150, 82)], 5, WHITE)
    car(canvas, "C", (102, 20), BLACK)
    canvas.arrow([(102, 37), (102, 75)], 5, WHITE)


def lines(canvas: Canvas) -> None:
    canvas.box(0, 0, WIDTH, HEIGHT, GREEN)
    canvas.polygon([(40, 200), (200, 200), (150, 0), (90, 0)], GREY)
    for top in range(0, 200, 40):
        canvas.line((117, top), (117, top + 18), 4, WHITE)
    canvas.line((126, 0), (126, 200), 4, WHITE)
    car(canvas, "A", (150, 165), BLUE)


def light(canvas: Canvas) -> None:
    canvas.box(85, 10, 155, 190, BLACK)
    for y, colour in ((42, RED), (100, YELLOW), (158, (60, 60, 60))):
        canvas.circle((120, y), 24, colour)


def bars(canvas: Canvas) -> None:
    """Distances at three speeds: the lower part of a bar is the way before braking, the upper part that of braking."""
    canvas.line((40, 10), (40, 170), 2, BLACK)
    canvas.line((40, 170), (235, 170), 2, BLACK)
    for metres in (0, 20, 40, 60):
        y = 170 - metres * 2.4
        canvas.line((36, y), (235, y), 1, GREY)
        canvas.text(str(metres), (8 if metres else 18, y - 6), 12, BLACK)
    for left, speed, reaction, braking in ((62, "30", 10, 5), (122, "50", 15, 15), (182, "70", 20, 30)):
        canvas.box(left, 170 - reaction * 2.4, left + 34, 170, BLUE)
        canvas.box(left, 170 - (reaction + braking) * 2.4, left + 34, 170 - reaction * 2.4, YELLOW)
        canvas.text(speed, (left + 4, 178), 14, BLACK)


PICTURES: dict[str, Callable[[Canvas], None]] = {
    "q01": give_way,
    "q02": no_entry,
    "q03": priority_road,
    "q04": two_straight,
    "q05": left_turn,
    "q06": three_cars,
    "q07": lines,
    "q08": light,
    "q09": bars,
    "q10": turn_right,
    "q11": closed,
    "q12": limit,
    "q13": minimum,
    "q14": limit_ends,
    "q15": advised,
}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        canvas = Canvas()
        draw(canvas)
        (FOLDER / f"{name}.png").write_bytes(canvas.png())


if __name__ == "__main__":
    main()
