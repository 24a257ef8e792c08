"""`evals contamination` as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import Workplace
from made_runs import write_run

from evals.cli import main
from evals.suite.exam.contaminated import read_contaminated

DRIVING = Path(__file__).parents[2] / "data" / "exam-driving"

QUESTIONS = [
    f"In the {place} of Aldermoor a {who} keeps {n} jars of {what}; how many jars are left when a third of them is sold?"
    for n, (place, who, what) in enumerate(
        [
            ("harbour", "sailor", "salt"),
            ("market", "baker", "honey"),
            ("tower", "clerk", "ink"),
            ("mill", "miller", "bran"),
        ],
        7,
    )
]


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    workplace = Workplace(tmp_path)
    workplace.add_eval(
        "jars", [{"input": text, "ideal": "some"} for text in QUESTIONS] + [{"input": "2+2?", "ideal": "4"}]
    )
    texts = ["nothing here", f"Exercise 4. {QUESTIONS[1]} Answer: some", "or here"]
    (tmp_path / "corpus.jsonl").write_text(
        "".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8"
    )
    return workplace


def command(place: Workplace, *arguments: str) -> list[str]:
    common = ["--registry_path", str(place.registry), "--index", str(place.folder / "index"), "--workers", "1"]
    return ["contamination", "jars", "--corpus", str(place.folder / "corpus.jsonl"), *common, *arguments]


def test_the_command_prints_what_was_found(place: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(command(place)) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "jars.dev.1, in 1 document" in out
    assert "character 13 ... Exercise 4. [In the market" in out
    assert "1 sample with fewer than 20 letters and digits: not judged" in out


def test_json_holds_each_match_and_the_scores(place: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    record = write_run(place.folder / "run.jsonl", [0, 1, 0, 1, 1], eval_name="jars.dev.v0")
    assert main.main(command(place, "--record", str(record), "--against", str(record), "--json")) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["contaminated"] == ["jars.dev.1"]
    assert shown["too_short"] == ["jars.dev.4"]
    assert shown["substring"]["share"] == 0.25
    (item,) = shown["items"]
    assert (item["n_documents"], item["ngram_coverage"]) == (1, 1.0)
    match = item["matches"][0]
    assert match["text"] == QUESTIONS[1].removesuffix("?")
    assert (match["line"], match["offset"], match["before"]) == (2, 12, "Exercise 4. ")
    (scores,) = shown["scores"]
    assert (scores["all"]["n"], scores["clean"]["n"], scores["contaminated"]["n"]) == (5, 3, 1)
    assert scores["degradation"] == pytest.approx((1 / 3 - 0.6) / 0.6)
    assert scores["against"]["clean_minus_contaminated"]["value"] == 0


def test_the_ids_of_contaminated_samples_are_json_lines(place: Workplace) -> None:
    path = place.folder / "ids.json"
    assert main.main(command(place, "--ids-file", str(path))) == 0
    assert [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] == [{"id": "jars.dev.1"}]


def test_an_exam_takes_the_ids_of_its_questions_for_a_clean_score(tmp_path: Path) -> None:
    item = json.loads((DRIVING / "items.jsonl").read_text(encoding="utf-8").splitlines()[0])
    (tmp_path / "leak.txt").write_text(f"Learn this by heart! {item['stem']}", encoding="utf-8")
    ids = tmp_path / "ids.jsonl"
    arguments = ["--corpus", str(tmp_path / "leak.txt"), "--index", str(tmp_path / "index"), "--ids-file", str(ids)]
    assert main.main(["contamination", "exam-driving", *arguments, "--workers", "1"]) == 0
    assert read_contaminated(ids) == (item["id"],)


def test_a_wrong_record_is_noticed_before_the_corpus_is_read(
    place: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(command(place, "--record", "missing.jsonl")) == 2
    assert "missing.jsonl" in capsys.readouterr().err
    assert not (place.folder / "index").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--length", "5"], "must be 12 or more"),
        (["--workers", "0"], "must be 1 or more"),
        (["--show", "-1"], "must be 0 or more"),
        (["--fields", "inputs"], "did you mean: input"),
        (["--text-key", "txt"], "corpus.jsonl:1: no 'txt'"),
    ],
)
def test_mistakes_exit_2_with_a_message(
    place: Workplace, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main.main(command(place, *arguments))
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    assert code == 2
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_scan_leaves_no_process_and_goes_on(place: Workplace, number: signal.Signals) -> None:
    line = json.dumps({"text": "All work and no play makes a dull page of text. " * 200}) + "\n"
    planted = json.dumps({"text": QUESTIONS[3]}) + "\n"
    with (place.folder / "corpus.jsonl").open("a", encoding="utf-8") as file:
        for _ in range(12):
            file.write(line * 7000 + planted)
    index = place.folder / "index"
    arguments = [*command(place), "--workers", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "evals.cli.main", *arguments],
        env=place.env(None),
        cwd=place.folder,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 120
    while len(list(index.rglob("*.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    children = children_of(process.pid)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == (130 if number is signal.SIGINT else -number)
    assert b"Traceback" not in errors
    while any(map(is_alive, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_alive, children))
    kept = {path.name: path.stat().st_mtime_ns for path in index.rglob("*.json")}
    done = subprocess.run(
        [sys.executable, "-m", "evals.cli.main", *arguments, "--json"],
        env=place.env(None), cwd=place.folder, capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    found = {item["sample_id"]: item["n_documents"] for item in json.loads(done.stdout)["items"]}
    assert found == {"jars.dev.1": 1, "jars.dev.3": 12}
    assert len(kept) >= 2
    assert kept.items() <= {path.name: path.stat().st_mtime_ns for path in index.rglob("*.json")}.items()


def children_of(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(text) for text in listed.stdout.split()]


def is_alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def test_the_ids_are_not_written_over_the_corpus(tmp_path, capsys):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("some text", encoding="utf-8")
    assert main.main(["contamination", "arithmetic", "--corpus", str(corpus), "--ids-file", str(corpus)]) == 2
    assert "--ids-file would write over" in capsys.readouterr().err
    assert corpus.read_text(encoding="utf-8") == "some text"
