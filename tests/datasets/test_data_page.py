"""docs/data.md says what is so."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from evals.data import open_samples
from evals.errors import BadSample

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")


def blocks(language):
    return [part.split("```")[0] for part in PAGE.split(f"```{language}\n")[1:]]


def test_the_declaration_shown_is_the_one_of_gsm8k():
    shown = next(body for body in map(yaml.safe_load, blocks("yaml")) if "files" in body)
    real = yaml.safe_load((ROOT / "data" / "gsm8k" / "dataset.yaml").read_text(encoding="utf-8"))
    real["files"] = {name: real["files"][name] for name in shown["files"]}
    assert shown == real


def test_every_key_of_a_declaration_is_described():
    for path in (ROOT / "data").glob("*/dataset.yaml"):
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
        for key in {*body, *(key for file in body["files"].values() for key in file)}:
            assert f"`{key}`" in PAGE


def test_the_error_shown_is_the_error_given(tmp_path, monkeypatch):
    (tmp_path / "my-eval").mkdir()
    row = '{"input": "What is 2+2?" "ideal": "4"}\n'
    (tmp_path / "my-eval" / "samples.jsonl").write_text('{"input": "", "ideal": ""}\n' * 16 + row)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadSample) as caught:
        open_samples("my-eval/samples.jsonl")[16]
    assert str(caught.value) in PAGE
