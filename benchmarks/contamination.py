"""Speed and memory of a scan for contamination, beside plain searches: `python benchmarks/contamination.py [MB]`.

Everything is measured in one run, on one core, on the same generated corpus. ahocorasick-rs is measured if it is there.
"""

from __future__ import annotations

import json
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from evals.contamination.contamination import item_reports, merged
from evals.contamination.corpus import Reading, corpus_files, units_of
from evals.contamination.found_index import FoundIndex
from evals.contamination.items import Item, Rule, items_digest, make_item
from evals.contamination.normalise import normalised
from evals.contamination.scan_workers import ScanJob, scan_units

N_ITEMS = 1000
N_PLANTED = 200
SLICE_BYTES = 8_000_000
"Of the corpus, for what is too slow to be tried on all of it."


def sentences(rng: random.Random, n: int, n_words: tuple[int, int]) -> list[str]:
    """Sentences of made-up words, each used as often as words are, by Zipf's law."""
    letters = "etaoinshrdlucmfwypvbgk"
    words = ["".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(20_000)]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    return [" ".join(rng.choices(words, weights, k=rng.randint(*n_words))).capitalize() + "." for _ in range(n)]


def questions() -> list[str]:
    return sentences(random.Random(11), N_ITEMS, (25, 60))


def write_corpus(path: Path, size_bytes: int) -> dict[int, int]:
    """A corpus of JSON lines; how many documents hold each planted question, by its number."""
    rng = random.Random(12)
    pool = sentences(rng, 20_000, (5, 25))
    halves = [" ".join(rng.choices(pool, k=15)) for _ in range(4000)]
    halves += [text.replace("e", "é") for text in halves[:200]]
    asked, planted = questions(), dict.fromkeys(range(N_PLANTED), 0)
    written, number, gap = 0, 0, size_bytes // (3 * N_PLANTED)
    with path.open("w", encoding="utf-8") as file:
        while written < size_bytes:
            text = f"{rng.choice(halves)} {rng.choice(halves)}"
            if written >= number * gap and number < 3 * N_PLANTED:
                text = f"{text}\\n{asked[number % N_PLANTED]} {text}"
                planted[number % N_PLANTED] += 1
                number += 1
            written += file.write(f'{{"text": "{text}", "id": {written}}}\n')
    return planted


def scan(path: Path) -> dict[str, object]:
    """One scan in this process, with its times and its peak memory."""
    rule = Rule()
    items = [make_item(f"made.test.{number}", [text], rule) for number, text in enumerate(questions())]
    units = units_of(corpus_files([str(path)], Reading()))
    job = ScanJob(items, rule, Reading(), FoundIndex(items_digest(items, rule), path.parent / "index"))
    started_s, started_cpu_s = time.perf_counter(), time.process_time()
    findings = [one.findings for one in scan_units(units, job)]
    wall_s, cpu_s = time.perf_counter() - started_s, time.process_time() - started_cpu_s
    reports, _ = item_reports(items, merged(units, findings), rule)
    counts = {number: one.findings.n_documents for number, one in enumerate(reports) if one.has_substring}
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall_s": wall_s, "cpu_s": cpu_s, "peak_mb": peak_mb, "counts": counts}


def needles(items: list[Item]) -> list[str]:
    return [item.parts[part].text[a:b].decode() for item in items for part, a, b in item.substrings]


def texts(path: Path, size_bytes: int) -> Iterator[str]:
    """The normalised documents of the beginning of the corpus."""
    with path.open("rb") as file:
        while file.tell() < size_bytes and (line := file.readline()):
            yield normalised(json.loads(line)["text"])


def timed(path: Path, size_bytes: int, search: Callable[[str], object]) -> float:
    """MB/s of CPU time of reading, normalising and searching."""
    started_s = time.process_time()
    for text in texts(path, size_bytes):
        search(text)
    return min(size_bytes, path.stat().st_size) / 1e6 / (time.process_time() - started_s)


def other_ways(path: Path) -> dict[str, float]:
    """MB/s of plain searches for the same substrings."""
    items = [make_item(f"made.test.{number}", [text], Rule()) for number, text in enumerate(questions())]
    wanted = needles(items)
    pattern = re.compile("|".join(map(re.escape, wanted)))
    rates = {
        "a loop with `in`": timed(path, SLICE_BYTES // 8, lambda text: [one for one in wanted if one in text]),
        "one regular expression": timed(path, SLICE_BYTES // 8, pattern.findall),
    }
    try:
        from ahocorasick_rs import AhoCorasick
    except ImportError:
        return rates
    automaton = AhoCorasick(wanted)
    rates["ahocorasick-rs"] = timed(path, SLICE_BYTES, automaton.find_matches_as_indexes)
    return rates


def grep(path: Path) -> float:
    """MB/s of CPU time of `grep -F` for as many strings of 50 characters. It normalises nothing."""
    listed = path.parent / "needles.txt"
    rng = random.Random(13)
    pieces = [text[start : start + 50] for text in questions() for start in rng.choices(range(60), k=3)]
    listed.write_text("\n".join(piece for piece in pieces if len(piece) == 50), encoding="utf-8")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Into a pipe: GNU grep stops at the first match where its output is /dev/null.
    subprocess.run(["grep", "-F", "-c", "-f", str(listed), str(path)], stdout=subprocess.PIPE, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return path.stat().st_size / 1e6 / (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main(size_mb: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.jsonl"
        planted = write_corpus(path, size_mb * 1_000_000)
        size = path.stat().st_size / 1e6
        done = subprocess.run(
            [sys.executable, __file__, "--scan", str(path)], capture_output=True, text=True, check=True
        )
        found = json.loads(done.stdout)
        assert found["counts"] == {str(number): n for number, n in planted.items()}, "planted and found differ"
        ours = size / found["cpu_s"]
        print(f"corpus             {size:,.0f} MB, {N_ITEMS:,} samples, {N_PLANTED} planted in {sum(planted.values())}")
        print("found              all of them, in as many documents, and no others")
        print(f"scan               {ours:7.0f} MB/s of CPU, {size / found['wall_s']:.0f} MB/s by the clock")
        print(f"memory             {found['peak_mb']:7.0f} MB at most")
        for name, rate in other_ways(path).items():
            print(f"{name:<24} {rate:8.1f} MB/s of CPU   scan / this = {ours / rate:.1f}")
        if shutil.which("grep"):
            rate = grep(path)
            print(f"{'grep -F':<24} {rate:8.1f} MB/s of CPU   scan / this = {ours / rate:.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--scan"]:
        print(json.dumps(scan(Path(sys.argv[2]))))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
