"""How long the report page takes to open and to filter in a headless Chromium, and how large it is beside its record.

    python benchmarks/page.py [--samples 100000] [--few-shot 0] [--folder DIR]

The record is made up: questions and answers of random words with the frequencies of English (Zipf), as long as those of
GSM8K. Needs `pip install -e '.[report]' selenium` and Debian's packages chromium and chromium-driver.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from evals.record import LocalRecorder, record_match, record_sampling
from evals.report.html.page import write_page
from evals.specs import RunSpec

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
VOCABULARY = 4000
QUESTION_WORDS, ANSWER_WORDS = 45, 70


def make_record(path: Path, n_samples: int, n_shots: int, seed: int = 7) -> Path:
    """A run of made-up word problems, a third of them wrong, in ten categories."""
    rng = random.Random(seed)
    words = ["".join(rng.choices("etaoinshrdlucm", k=rng.randint(2, 9))) for _ in range(VOCABULARY)]
    weights = [1 / (rank + 2) for rank in range(VOCABULARY)]

    def text(n: int) -> str:
        return " ".join(rng.choices(words, weights, k=n)).capitalize()

    shots = [turn for _ in range(n_shots) for turn in (_turn("user", text(40)), _turn("assistant", text(60)))]
    recorder = LocalRecorder(path, RunSpec(["made-up"], "words.test.v0", "words", "test", {}, ""))
    for number in range(n_samples):
        right, answer = rng.random() < 2 / 3, str(rng.randint(0, 5000))
        with recorder.sample(f"words.test.{number}") as scope:
            prompt = [*shots, _turn("user", f"{text(QUESTION_WORDS)}?")]
            completion = f"{text(ANSWER_WORDS)}.\n#### {answer}"
            usage = {"prompt_tokens": 80, "completion_tokens": rng.randint(60, 200), "total_tokens": 200}
            record_sampling(prompt, [completion], model="made-up", usage=usage, latency_s=round(rng.random(), 4))
            record_match(right, expected=answer if right else "1", picked=answer)
            scope.commit({"category": f"kind {number % 10}"})
    recorder.record_final_report({"accuracy": 0.667, "n": n_samples, "n_errors": 0}, {})
    recorder.close()
    return path


def _turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def browser_times(page: Path, profile: Path) -> dict[str, float]:
    """Seconds from the request to the drawn list, of filters and orders, and of a search through all texts."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*FLAGS, f"--user-data-dir={profile}", "--window-size=1280,900"):
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        start = time.perf_counter()
        browser.get(page.as_uri())
        _wait(browser, "return document.documentElement.dataset.ready && document.querySelector('.given').textContent")
        found = {"open": time.perf_counter() - start}
        for name, script in ACTIONS.items():
            found[name] = browser.execute_async_script(TIMED % script) / 1000
        start = time.perf_counter()
        browser.execute_script("setSearch('zzzz nothing of the kind')")
        _wait(browser, "return document.getElementById('status').textContent.startsWith('0 of')")
        _wait(browser, "return !document.getElementById('status').textContent.includes('searched')")
        found["search through all texts"] = time.perf_counter() - start
        return found
    finally:
        browser.quit()


ACTIONS = {
    "filter: wrong": "setState('wrong')",
    "filter: all again": "setState('wrong')",
    "filter: one category": "choose(document.querySelector('#selects select'), 'kind 3')",
    "order: by score": "choose(document.getElementById('sort'), 'score')",
    "jump to the end": "box.scrollTop = 1e9",
}
TIMED = """
const done = arguments[0];
const choose = (select, value) => { select.value = value; select.dispatchEvent(new Event('change')); };
const start = performance.now();
%s;
requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
"""


def _wait(browser: Any, condition: str, limit_s: float = 120.0) -> None:
    deadline = time.monotonic() + limit_s
    while not browser.execute_script(condition):
        if time.monotonic() > deadline:
            raise TimeoutError(condition)
        time.sleep(0.01)


def sizes(record: Path, page: Path) -> dict[str, float]:
    """Bytes of the record, compressed by gzip, of the page, and their ratio."""
    packed = len(gzip.compress(record.read_bytes(), 6))
    return {
        "record": record.stat().st_size,
        "record, gzip": packed,
        "page": page.stat().st_size,
        "page / record, gzip": page.stat().st_size / packed,
    }


def main() -> None:
    """Print what was measured as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--few-shot", type=int, default=0, help="worked examples before each question")
    parser.add_argument("--folder", type=Path, default=None, help="keep record and page there")
    parser.add_argument("--record", type=Path, default=None, help="a record to take in place of a made-up one")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        os.makedirs(folder, exist_ok=True)
        record = args.record or make_record(folder / "run.jsonl", args.samples, args.few_shot)
        start = time.perf_counter()
        write_page([record], folder / "page.html")
        found: dict[str, Any] = {"write": time.perf_counter() - start, **sizes(record, folder / "page.html")}
        found |= browser_times(folder / "page.html", Path(temporary) / "profile")
    print(json.dumps({key: round(value, 3) for key, value in found.items()}, indent=1))


if __name__ == "__main__":
    main()
