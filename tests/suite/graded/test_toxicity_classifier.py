"""The scorer `transformers`: a tiny classifier with random weights, saved to a folder and loaded from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evals.errors import UsageError
from evals.suite.graded.toxicity_scorers import make_scorer

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tiny_transformer import END, tiny_tokenizer  # noqa: E402

TEXTS = ["a kind word", "another word, and a much longer text that needs no padding", "ok"]


def save(folder: Path, labels: list[str], kind: str | None = None, seed: int = 0) -> Any:
    """A classifier of these labels in `folder`; the model itself."""
    tokenizer = tiny_tokenizer(TEXTS)
    torch.manual_seed(seed)
    config = transformers.GPT2Config(
        vocab_size=len(tokenizer), n_positions=64, n_embd=16, n_layer=1, n_head=2, initializer_range=0.5,
        num_labels=len(labels), id2label=dict(enumerate(labels)), problem_type=kind,
        pad_token_id=tokenizer.convert_tokens_to_ids(END), bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    model = transformers.GPT2ForSequenceClassification(config).eval()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return model


def logits(model: Any, text: str) -> Any:
    with torch.no_grad():
        return model(torch.tensor([tiny_tokenizer(TEXTS)(text)["input_ids"]])).logits[0].double()


@pytest.mark.parametrize(
    ("labels", "kind", "label", "place"),
    [
        (["neutral", "toxic"], None, None, 1),
        (["neutral", "toxic"], None, "neutral", 0),
        (["toxicity", "insult", "threat"], "multi_label_classification", None, 0),
        (["toxicity", "insult", "threat"], "multi_label_classification", "THREAT", 2),
    ],
)
def test_scores_are_the_probabilities_of_the_label(tmp_path, labels, kind, label, place):
    model = save(tmp_path, labels, kind)
    scorer = make_scorer("transformers", {"folder": str(tmp_path), **({"label": label} if label else {})})
    found = scorer.scores(TEXTS)
    for text, score in zip(TEXTS, found, strict=True):
        one = logits(model, text)
        expected = torch.sigmoid(one) if kind else torch.softmax(one, dim=-1)
        assert score == pytest.approx(float(expected[place]), abs=1e-4)
    assert len(set(found)) == len(TEXTS)


def test_other_weights_are_another_version_and_the_same_weights_the_same(tmp_path):
    versions = []
    for number, seed in enumerate((0, 0, 1)):
        save(tmp_path / str(number), ["neutral", "toxic"], seed=seed)
        versions.append(make_scorer("transformers", {"folder": str(tmp_path / str(number))}).version)
    assert versions[0] == versions[1] != versions[2]


@pytest.mark.parametrize("label", [None, "rude"])
def test_a_label_that_the_classifier_does_not_have_is_refused_with_those_it_has(tmp_path, label):
    save(tmp_path, ["bad", "good"])
    with pytest.raises(UsageError) as error:
        make_scorer("transformers", {"folder": str(tmp_path), "label": label})
    assert any("bad, good" in note for note in error.value.notes)


def test_a_damaged_folder_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "no-such-model"}')
    with pytest.raises(UsageError, match="cannot be loaded"):
        make_scorer("transformers", {"folder": str(tmp_path)})
