"""The last guard before the streams of a command."""

from __future__ import annotations

import io
import json
import re

import pytest

from evals.cli.safe_output import SafeStream, unescaped


def written(*texts: str) -> str:
    raw = io.StringIO()
    stream = SafeStream(raw)
    for text in texts:
        assert stream.write(text) == len(text)
    return raw.getvalue()


@pytest.mark.parametrize(
    "texts",
    [
        ("::error::x",),
        ("  ::add-mask::x\n",),
        ("fine\n::stop-commands::x",),
        ("fine\r\t::set-output name=a::x",),
        ("  ", "::error::x"),
        ("fine\n", "", "::error::x"),
        ("##[error]x",),
        ("text ##vso[task.setvariable variable=x]y",),
    ],
)
def test_no_line_is_a_command_of_a_ci_system(texts):
    shown = written(*texts)
    assert not re.search(r"(?m)^\s*::\w", shown.replace("\r", "\n"))
    assert "##[" not in shown
    assert "##vso[" not in shown


@pytest.mark.parametrize("text", ["a :: b", "std::vector", "::1 is an address"[2:], "# heading", "x\n  y::z"])
def test_other_colons_and_hashes_stay(text):
    assert written(text) == text


def test_our_colours_and_progress_stay_and_what_steers_does_not():
    assert written("\x1b[1mbold\x1b[0m \r50 %\x1b[A\x1b[K") == "\x1b[1mbold\x1b[0m \r50 %\x1b[A\x1b[K"
    assert (
        written("\x1b]0;title\x07 \x1b[2J \u202e \U000e0041") == r"\u001b]0;title\u0007 \u001b[2J \u202e \udb40\udc41"
    )


def test_json_stays_the_same_json():
    value = {"a": "\u202e\u061c\x7f\x9b##[error] ::x \U000e0041 Größe\u2028", "b": ["::error::"]}
    text = json.dumps(value, ensure_ascii=False)
    assert json.loads(written(text)) == value


def test_the_stream_behind_takes_what_we_say_to_a_ci_system():
    raw = io.StringIO()
    print("::error::ours", file=unescaped(SafeStream(raw)))
    assert raw.getvalue() == "::error::ours\n"
