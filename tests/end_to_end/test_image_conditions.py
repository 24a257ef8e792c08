"""A run in each condition of images, against the loopback server: what is sent, recorded, grouped and compared."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

import evals
from evals.cli.main import main
from evals.errors import EvalsError
from evals.record.reader import read_record
from evals.testing.openai_server import Call, LoopbackServer

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
TEXT = b"\x00\x00\x00\x13tEXtComment\x00answer is C\x00\x00\x00\x00"


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """Four questions, the second and the fourth with an image whose name and metadata give the answer away."""
    (tmp_path / "answer-c.png").write_bytes(PNG[:33] + TEXT + PNG[33:])
    image = {
        "type": "image_url",
        "image_url": {"url": str(tmp_path / "answer-c.png")},
        "transcript": "A red dot.",
    }
    rows = []
    for number in range(4):
        text = f"Question {number}"
        content: Any = text if number % 2 == 0 else [{"type": "text", "text": text}, image]
        rows.append({"input": [{"role": "user", "content": content}], "ideal": "C"})
    folder = tmp_path / "registry"
    (folder / "evals").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "data" / "dots.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "evals" / "dots.yaml").write_text(
        "dots:\n  id: dots.dev.v0\n  metrics: [accuracy]\n"
        "dots.dev.v0:\n  class: evals.suite:Match\n  args: {samples_jsonl: dots.jsonl}\n"
    )
    return folder


def _sees(call: Call) -> str:
    """C to those who see the image, or are not asked about one."""
    return "C" if "IMAGE:" not in json.dumps(call.body["messages"]) else "no"


def _run(registry: Path, server: LoopbackServer, images: str, record: Path) -> Any:
    return evals.run(
        "gpt-4o",
        "dots",
        images=images,
        registry_paths=registry,
        record_path=record,
        completion_args={"api_base": server.url, "api_key": "k"},
    )


def _contents(server: LoopbackServer) -> list[Any]:
    found = [body["messages"][0]["content"] for body in server.bodies]
    return sorted(found, key=lambda content: content[0]["text"] if isinstance(content, list) else content)


def test_each_condition_sends_exactly_what_it_should(registry: Path, tmp_path: Path) -> None:
    sent = {}
    for condition in ("vision", "no_vision", "transcribed"):
        with LoopbackServer(_sees) as server:
            _run(registry, server, condition, tmp_path / f"{condition}.jsonl")
            sent[condition] = _contents(server)
    url = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    with_image = {"type": "image_url", "image_url": {"url": url}}
    assert sent["vision"][1] == [{"type": "text", "text": "Question 1"}, with_image]
    assert sent["no_vision"][1] == "Question 1\nIMAGE: image-1.png"
    assert sent["transcribed"][3] == "Question 3\nIMAGE: A red dot."
    for condition in sent:
        assert [sent[condition][place] for place in (0, 2)] == ["Question 0", "Question 2"]


def test_samples_with_and_without_images_are_reported_and_compared_apart(
    registry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = {name: tmp_path / f"{name}.jsonl" for name in ("vision", "no_vision")}
    with LoopbackServer(_sees) as server:
        runs = {name: _run(registry, server, name, path) for name, path in records.items()}
    groups = runs["no_vision"].report["groups"]["images"]
    assert {name: row["accuracy"] for name, row in groups.items()} == {"with": 0.0, "without": 1.0}
    assert main(["compare", str(records["no_vision"]), str(records["vision"]), "--json"]) == 0
    out = capsys.readouterr().out
    found = json.loads(out)
    assert {group["name"]: group["difference"] for group in found["groups"]} == {
        "with": 1.0,
        "without": 0.0,
    }
    assert "images: condition no_vision -> vision" in out


def test_prompts_without_an_image_that_differ_between_conditions_are_named(
    registry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for condition in ("no_vision", "vision"):
        with LoopbackServer("C") as server:
            _run(registry, server, condition, tmp_path / f"{condition}.jsonl")
        data = registry / "data" / "dots.jsonl"
        data.write_text(data.read_text().replace("Question 2", "Question two"))
    assert (
        main(["compare", str(tmp_path / "no_vision.jsonl"), str(tmp_path / "vision.jsonl"), "--json", "--by-id"]) == 0
    )
    assert "prompts without an image, which should be the same: 1" in capsys.readouterr().out


def test_what_was_sent_of_an_image_is_recorded(registry: Path, tmp_path: Path) -> None:
    with LoopbackServer("C") as server:
        _run(registry, server, "vision", tmp_path / "r.jsonl")
    events = [event for sample in read_record(tmp_path / "r.jsonl").samples() for event in sample.data("image")]
    assert len(events) == 2
    assert events[0]["condition"] == "vision"
    (image,) = events[0]["images"]
    assert (image["name"], image["size_px"], image["removed_bytes"]) == ("image-1.png", [1, 1], len(TEXT))


def test_a_missing_image_or_description_is_found_before_the_first_call(registry: Path, tmp_path: Path) -> None:
    data = registry / "data" / "dots.jsonl"
    whole = data.read_text()
    data.write_text(whole.replace('"transcript"', '"other"'))
    with LoopbackServer("C") as server:
        with pytest.raises(EvalsError, match=r"dots.jsonl:2.*has no 'transcript'"):
            _run(registry, server, "transcribed", tmp_path / "a.jsonl")
        data.write_text(whole.replace("answer-c.png", "gone.png"))
        with pytest.raises(EvalsError, match=r"dots.jsonl:2.*gone.png cannot be read"):
            _run(registry, server, "vision", tmp_path / "b.jsonl")
        cut_off = "data:image/png;base64," + base64.b64encode(PNG[:-15]).decode()
        data.write_text(whole.replace(str(registry.parent / "answer-c.png"), cut_off))
        with pytest.raises(EvalsError, match=r"dots.jsonl:2.*the image data:image/png.* is cut off or damaged"):
            _run(registry, server, "vision", tmp_path / "c.jsonl")
        assert server.bodies == []


def test_a_record_is_scored_again_in_its_own_condition(
    registry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with LoopbackServer(_sees) as server:
        _run(registry, server, "no_vision", tmp_path / "r.jsonl")
    arguments = ["--registry_path", str(registry), "--record_path", str(tmp_path / "again.jsonl"), "--json"]
    assert main(["score", str(tmp_path / "r.jsonl"), *arguments]) == 0
    assert json.loads(capsys.readouterr().out)["final_report"]["accuracy"] == 0.5
