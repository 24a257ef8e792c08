"""A run with the libraries of the extra `[fast]` leaves the same record as one without them."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
from commands import Workplace

from evals.testing.openai_server import LoopbackServer

LIBRARIES = ("httptools",)
VOLATILE = [
    (rb'"run_id": "[^"]*"', b'"run_id"'),
    (rb'"event_id": \d+', b'"event_id"'),
    (rb'"created_at": "[^"]*"', b'"created_at"'),
    (rb'"latency_s": [\d.e-]+', b'"latency_s"'),
    (rb'"checksum": "(\d+):[0-9a-f]{8}"', rb'"checksum": "\1"'),
]
TEXTS = [
    "What is 3 + 3?",
    "\u6f22\u5b57 \U0001f600 \u2028",
    'quote " back \\ \t',
    "lone \ud800",
    "\x00\x7f",
    "<b>&amp;</b>",
]
REPLIES = ["42", "\u00e9 yes", "<think>hm</think>42", "x" * 70_000, 'a\u2028 "q" \\ \x07']


def lines_by_sample(record: Path) -> dict[bytes, list[bytes]]:
    """The event lines of each sample, without what differs from run to run."""
    found: dict[bytes, list[bytes]] = {}
    for line in record.read_bytes().split(b"\n"):
        sample = re.search(rb'"event_id": \d+, "sample_id": "([^"]*)"', line)
        if sample:
            for pattern, word in VOLATILE:
                line = re.sub(pattern, word, line)
            found.setdefault(sample[1], []).append(line)
    return found


def report_of(record: Path) -> dict[str, object]:
    return json.loads(record.read_bytes().splitlines()[-1])["final_report"]


@pytest.mark.slow
@pytest.mark.skipif(not all(map(importlib.util.find_spec, LIBRARIES)), reason="needs the extra [fast]")
def test_a_record_is_the_same_with_and_without_the_faster_libraries(tmp_path: Path):
    place = Workplace(tmp_path)
    rows = [
        {
            "input": [{"role": "user", "content": f"{TEXTS[i % 6]} {i}"}],
            "ideal": ["42", "\u00e9"],
            "category": f"c{i % 2}",
        }
        for i in range(60)
    ]
    with open(place.registry / "data" / "sums.jsonl", "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    (place.registry / "evals" / "sums.yaml").write_text(
        "sums:\n  id: sums.dev.v0\n  metrics: [accuracy]\n"
        "sums.dev.v0:\n  class: evals.suite:Match\n  args: {samples_jsonl: sums.jsonl}\n"
    )
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        f"import sys\nfor name in {LIBRARIES}:\n    sys.modules[name] = None  # its import fails\n"
    )
    with LoopbackServer(lambda call: REPLIES[int(call.prompt.rsplit(" ", 1)[1]) % 5]) as server:
        done = [
            place.oaieval("m", "sums", "--record_path", "fast.jsonl", "--seed", "1", base_url=server.base_url),
            place.oaieval(
                "m",
                "sums",
                "--record_path",
                "plain.jsonl",
                "--seed",
                "1",
                base_url=server.base_url,
                PYTHONPATH=str(hidden),
            ),
        ]
    assert [one.returncode for one in done] == [0, 0], [one.stderr for one in done]
    fast, plain = tmp_path / "fast.jsonl", tmp_path / "plain.jsonl"
    assert len(lines_by_sample(fast)) == 60
    assert lines_by_sample(fast) == lines_by_sample(plain)
    assert report_of(fast) == report_of(plain)
