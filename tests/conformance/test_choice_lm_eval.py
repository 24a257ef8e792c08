"""Accuracies of Choice over the hf backend and of lm-evaluation-harness on one tiny model and one task file are equal.

Runs where torch, transformers and lm_eval are installed: `pip install lm_eval accelerate torch transformers`.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("lm_eval")
pytest.importorskip("accelerate")
pytest.importorskip("torch")
pytest.importorskip("transformers")

from tiny_transformer import tiny_model, tiny_tokenizer

from evals.local_models.backend import LocalBackend
from evals.local_models.hf.model import HfModel
from evals.record import LocalRecorder
from evals.record.reader import read_record
from evals.specs import RunSpec
from evals.suite.choice.eval import Choice

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),
]

TEXT = "the red stone über river moves slowly while a small café bird sings of long winters and cold naïve nights"
WORDS = TEXT.split()
HEADER = "The following are multiple choice questions (with answers) about {subject}.\n\n"
LETTERS = "{question}\n{options}\nAnswer:"


def text(rng: random.Random, least: int, most: int) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randint(least, most)))


def make_rows(n: int, seed: int, subject: str = "birds") -> list[dict[str, Any]]:
    rng = random.Random(seed)
    return [
        {
            "question": f"Which {text(rng, 3, 9)}?",
            "choices": [text(rng, 1, 6) for _ in range(4)],
            "answer": rng.randrange(4),
            "subject": subject,
        }
        for _ in range(n)
    ]


TEST, DEV = make_rows(120, seed=1), make_rows(3, seed=2)
BLANKS = [
    {
        "question": f"The {row['choices'][0]} met _ and {row['question'][6:-1]}.",
        "choices": row["choices"][:2],
        "answer": row["answer"] % 2,
    }
    for row in TEST
]


@pytest.fixture(scope="module")
def tiny() -> tuple[Any, Any]:
    tokenizer = tiny_tokenizer([json.dumps(row, ensure_ascii=False) for row in TEST])
    return tiny_model(len(tokenizer)), tokenizer


def write(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def theirs(tiny: tuple[Any, Any], folder: Path, rows: list[dict[str, Any]], config: dict[str, Any]) -> dict[str, float]:
    """Metrics of lm-evaluation-harness."""
    from lm_eval import simple_evaluate
    from lm_eval.api.task import ConfigurableTask
    from lm_eval.models.huggingface import HFLM

    model, tokenizer = tiny
    files = {"test": write(folder / "test.jsonl", rows)}
    if "fewshot_split" in config:
        files["dev"] = write(folder / "dev.jsonl", DEV)
    task = ConfigurableTask(
        config={
            "task": "ours",
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": files, "cache_dir": str(folder / "cache")},
            "test_split": "test",
            "output_type": "multiple_choice",
            **config,
        }
    )
    found = simple_evaluate(
        model=HFLM(pretrained=model, tokenizer=tokenizer, batch_size=1, device="cpu", dtype="float64"),
        tasks=[task],
        bootstrap_iters=0,
        log_samples=False,
        cache_requests=False,
    )
    results = found["results"]["ours"]
    return {name.partition(",")[0]: value for name, value in results.items() if isinstance(value, float)}


def ours(tiny: tuple[Any, Any], folder: Path, rows: list[dict[str, Any]], **args: Any) -> float:
    """The accuracy of Choice over the same rows."""
    shots = {"few_shot_jsonl": write(folder / "dev.jsonl", DEV)} if args.get("num_few_shot") else {}
    evaluation = Choice(
        [LocalBackend("hf/tiny", lambda: HfModel("hf/tiny", *tiny))],
        write(folder / "test.jsonl", rows),
        name="ours.test.v0",
        **shots,
        **args,
    )
    record = folder / "record.jsonl"
    record.unlink(missing_ok=True)
    recorder = LocalRecorder(str(record), RunSpec(["tiny"], "ours.test.v0", "ours", "test", {}, ""))
    report = evaluation.run(recorder)
    recorder.close()
    assert len({event.data["picked"] for event in read_record(record).events("choice")}) > 1
    return float(report["accuracy"])


METRICS = [{"metric": name} for name in ("acc", "acc_norm", "acc_bytes", "acc_mutual_info")]


def test_five_shot_letters_have_the_same_accuracy(tiny: tuple[Any, Any], tmp_path: Path) -> None:
    config = {
        "description": HEADER.replace("{subject}", "birds"),
        "doc_to_text": "{{question}}\n"
        + "".join(f"{letter}. {{{{choices[{place}]}}}}\n" for place, letter in enumerate("ABCD"))
        + "Answer:",
        "doc_to_choice": ["A", "B", "C", "D"],
        "doc_to_target": "answer",
        "fewshot_split": "dev",
        "fewshot_config": {"sampler": "first_n"},
        "num_fewshot": 3,
        "metric_list": METRICS[:1],
    }
    found = ours(tiny, tmp_path, TEST, header=HEADER, template=LETTERS, num_few_shot=3)
    assert found == theirs(tiny, tmp_path, TEST, config)["acc"]


@pytest.mark.parametrize("n_shots", [0, 2])
def test_likelihoods_have_the_same_accuracy_by_each_normalisation(
    tiny: tuple[Any, Any], tmp_path: Path, n_shots: int
) -> None:
    config = {
        "doc_to_text": "Question: {{question}}\nAnswer:",
        "doc_to_choice": "choices",
        "doc_to_target": "answer",
        "fewshot_split": "dev",
        "fewshot_config": {"sampler": "first_n"},
        "num_fewshot": n_shots,
        "metric_list": METRICS,
    }
    expected = theirs(tiny, tmp_path, TEST, config)
    names = {"acc": "none", "acc_norm": "per_char", "acc_bytes": "per_byte", "acc_mutual_info": "unconditional"}
    found = {
        metric: ours(
            tiny,
            tmp_path,
            TEST,
            style="completion",
            template="Question: {question}\nAnswer:",
            normalisation=normalisation,
            unconditional_prompt="",
            num_few_shot=n_shots,
        )
        for metric, normalisation in names.items()
    }
    assert found == {metric: expected[metric] for metric in names}
    assert len(set(found.values())) > 1


def test_what_follows_a_blank_has_the_same_accuracy(tiny: tuple[Any, Any], tmp_path: Path) -> None:
    config = {
        "doc_to_text": "answer",
        "doc_to_target": "{{question.split('_')[1].strip()}}",
        "doc_to_choice": "{{[question.split('_')[0] + choices[0], question.split('_')[0] + choices[1]]}}",
        "metric_list": METRICS[:1],
    }
    found = ours(tiny, tmp_path, BLANKS, style="completion", template="{question}", blank="_")
    assert found == theirs(tiny, tmp_path, BLANKS, config)["acc"]
