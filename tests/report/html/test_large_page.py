"""A page of 100,000 samples opens and filters (benchmarks/page.py has the times); it is not much larger than its record."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest
from headless import wait_for

from evals.report.html.page import write_page

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

SAMPLES = "return document.querySelector('[aria-labelledby=samples-title], #samples').innerText"


def write_words(path: Path, n_samples: int, n_words: int, n_shots: int = 0) -> Path:
    """A run with questions and answers of random words; every third is wrong."""
    rng = random.Random(5)
    words = ["".join(rng.choices("etaoinshrdlu", k=rng.randint(2, 9))) for _ in range(3000)]
    weights = [1 / (rank + 2) for rank in range(len(words))]
    shots = [
        {"role": role, "content": " ".join(rng.choices(words, weights, k=50))}
        for _ in range(n_shots)
        for role in ("user", "assistant")
    ]
    spec = {"completion_fns": ["m"], "eval_name": "w.test.v0", "run_id": "R"}
    with path.open("w") as file:
        file.write(json.dumps({"spec": spec, "record_format": 1}) + "\n")
        for number in range(n_samples):
            texts = [" ".join(rng.choices(words, weights, k=n_words)) for _ in range(2)]
            prompt = [*shots, {"role": "user", "content": texts[0]}]
            call = {"prompt": prompt, "sampled": [texts[1]], "latency_s": round(rng.random(), 4)}
            head = {"run_id": "R", "event_id": 2 * number, "sample_id": f"w.test.{number}"}
            tail = {"created_by": "", "created_at": f"2026-11-23 15:54:{rng.random() * 60:09.6f}+00:00"}
            match = {"correct": number % 3 > 0, "expected": "x", "picked": texts[1][:9]}
            done = {"labels": {"category": f"kind {number % 10}"}, "sample_done": True}
            file.write(json.dumps({**head, "type": "sampling", "data": call, **tail}) + "\n")
            file.write(json.dumps({**head, "type": "match", "data": match, **tail, **done}) + "\n")
        file.write(json.dumps({"final_report": {"accuracy": 2 / 3, "n": n_samples}, "run_id": "R"}) + "\n")
    return path


@pytest.mark.parametrize("n_shots", [0, 8])
def test_a_page_of_a_thousand_samples_is_under_one_and_a_half_times_its_record_compressed(
    tmp_path: Path, n_shots: int
) -> None:
    record = write_words(tmp_path / "a.jsonl", 1000, 60, n_shots)
    write_page([record], tmp_path / "a.html")
    assert (tmp_path / "a.html").stat().st_size < 1.5 * len(gzip.compress(record.read_bytes(), 6))


@pytest.mark.slow
def test_a_hundred_thousand_samples_open_and_filter_with_few_rows_in_the_page(browser: Any, tmp_path: Path) -> None:
    write_page([write_words(tmp_path / "a.jsonl", 100_000, 12)], tmp_path / "a.html")
    browser.get((tmp_path / "a.html").as_uri())
    wait_for(lambda: browser.execute_script("return document.documentElement.dataset.ready"))
    assert "100,000" in browser.execute_script(SAMPLES)
    browser.execute_script("setState('wrong')")
    wait_for(lambda: "33,334" in browser.execute_script(SAMPLES))
    assert 0 < browser.execute_script("return document.querySelectorAll('#list .row').length") < 200
