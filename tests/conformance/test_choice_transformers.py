"""The letter that Choice takes is the one that a bare forward pass of transformers finds likeliest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch
from tiny_transformer import TinyTransformer, tiny_model, tiny_tokenizer

from evals.local_models.hf.completion_fn import HfCompletionFn
from evals.record import LocalRecorder
from evals.record.reader import read_record
from evals.specs import RunSpec
from evals.suite.choice.eval import Choice

pytestmark = pytest.mark.slow

ROWS = [
    {"question": f"What is {a} plus {b}?", "choices": [str(a + b + k) for k in (1, -1, 0, 7)], "answer": 2}
    for a in range(2, 9)
    for b in range(3, 9)
]


def prompt_of(row: dict[str, Any]) -> str:
    lines = [row["question"], *(f"{letter}. {text}" for letter, text in zip("ABCD", row["choices"], strict=True))]
    return "\n".join(lines) + "\nAnswer:"


def next_letters(model: Any, tokenizer: Any, prompt: str) -> Any:
    """Log probabilities of ` A`, ` B`, ` C` and ` D` as the next token, from the logits of the last position."""
    ids = [tokenizer(f" {letter}").input_ids for letter in "ABCD"]
    assert all(len(tokens) == 1 for tokens in ids)
    with torch.no_grad():
        logits = model(input_ids=tokenizer(prompt, return_tensors="pt").input_ids).logits[0, -1]
    return torch.log_softmax(logits, -1)[[tokens[0] for tokens in ids]]


def saved_backend(model: Any, tokenizer: Any, folder: Path) -> HfCompletionFn:
    """The backend as users have it, over the model saved into a folder."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return HfCompletionFn(str(folder), dtype="float64", device="cpu")


@pytest.mark.parametrize("backend", ["plain", "hf"])
def test_letters_equal_those_of_the_logits(tmp_path: Path, backend: str) -> None:
    tokenizer = tiny_tokenizer([prompt_of(row) + f" {letter}" for row in ROWS for letter in "ABCD"])
    model = tiny_model(len(tokenizer))
    expected = [next_letters(model, tokenizer, prompt_of(row)) for row in ROWS]
    picked = [int(values.argmax()) for values in expected]
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    fn = (
        TinyTransformer(model, tokenizer) if backend == "plain" else saved_backend(model, tokenizer, tmp_path / "model")
    )
    evaluation = Choice([fn], str(data), name="sums.dev.v0")
    recorder = LocalRecorder(str(tmp_path / "r.jsonl"), RunSpec(["tiny"], "sums.dev.v0", "sums", "dev", {}, ""))
    report = evaluation.run(recorder)
    recorder.close()
    events = {event.sample_id: event.data for event in read_record(tmp_path / "r.jsonl").events("choice")}
    for index, values in enumerate(expected):
        data_of = events[f"sums.dev.{index}"]
        assert data_of["logprobs"] == pytest.approx(values.tolist(), abs=1e-6)
        assert data_of["picked"] == picked[index]
    assert report["accuracy"] == picked.count(2) / len(ROWS)
    assert len(set(picked)) > 1
