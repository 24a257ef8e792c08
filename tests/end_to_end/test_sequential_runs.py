"""A sequential run against a baseline, and labelled samples, through the command line on a real server."""

from __future__ import annotations

import json

import pytest
from commands import report_of

from evals.testing.openai_process import ServerProcess


def rows(n, **labels):
    made = []
    for i in range(n):
        row = {"input": [{"role": "user", "content": f"question {i}"}], "ideal": f"answer {i}"}
        made.append(row | {key: value(i) for key, value in labels.items()})
    return made


def answers(folder, name, n, right):
    path = folder / name
    path.write_text(
        "".join(
            json.dumps({"prompt": f"question {i}", "completion": f"answer {i}" if right(i) else "no"}) + "\n"
            for i in range(n)
        )
    )
    return str(path)


@pytest.mark.slow
def test_a_clear_difference_saves_most_calls_and_always_stops_at_the_same_sample(workplace):
    n = 600
    workplace.add_eval("quiz", rows(n))
    good = answers(workplace.folder, "good.jsonl", n, lambda i: i % 10 != 0)
    bad = answers(workplace.folder, "bad.jsonl", n, lambda i: i % 2 == 0)
    with ServerProcess("--answers", good) as server:
        workplace.oaieval("m", "quiz", "--record_path", "base.jsonl", base_url=server.base_url)
    used = []
    for concurrency in ("1", "16"):
        with ServerProcess("--answers", bad, "--latency", "0.002") as server:
            done = workplace.oaieval(
                "m", "quiz", "--sequential", "--against", "base.jsonl", "--concurrency", concurrency, "--json",
                base_url=server.base_url,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            assert server.stats()["n_requests"] < n / 2
        outcome = json.loads(done.stdout)["final_report"]["sequential"]
        assert outcome["decision"] == "B > A"
        assert outcome["difference"] < 0
        assert outcome["interval"][1] < 0
        used.append(outcome["n_used"])
    assert used[0] == used[1]
    assert "this run is worse than the baseline" in done.stderr
    assert "samples saved" in done.stderr


def test_no_difference_runs_on_to_the_end_of_a_small_set(workplace):
    n = 60
    workplace.add_eval("quiz", rows(n))
    same = answers(workplace.folder, "a.jsonl", n, lambda i: i % 3 == 0)
    with ServerProcess("--answers", same) as server:
        workplace.oaieval("m", "quiz", "--record_path", "base.jsonl", base_url=server.base_url)
        done = workplace.oaieval("m", "quiz", "--sequential", "--against", "base.jsonl", base_url=server.base_url)
    assert done.returncode == 0, done.stderr
    assert "not settled" in done.stdout
    assert report_of(workplace.record())["n"] == n


def test_sequential_needs_a_baseline(workplace):
    workplace.add_eval("quiz", rows(5))
    done = workplace.oaieval("dummy", "quiz", "--sequential")
    assert done.returncode == 2
    assert "--against" in done.stderr


def test_labels_give_a_table_a_group_and_clusters_a_wider_error(workplace):
    """Passages of five questions that are all right or all wrong count as one observation each."""
    n = 100
    workplace.add_eval("quiz", rows(n, cluster=lambda i: f"p{i // 5}", category=lambda i: "law" if i < 50 else "art"))
    path = answers(workplace.folder, "a.jsonl", n, lambda i: (i // 5) % 2 == 0)
    with ServerProcess("--answers", path) as server:
        done = workplace.oaieval("m", "quiz", base_url=server.base_url)
    report = report_of(workplace.record())
    assert done.returncode == 0, done.stderr
    assert report["n_clusters"] == 20
    # twenty clusters of means 0 and 1: the standard error of their mean
    assert report["accuracy_stderr"] == pytest.approx((0.25 * 20 / 19 / 20) ** 0.5)
    assert report["groups"]["category"]["law"]["n"] == 50
    assert report["groups"]["category"]["law"]["accuracy"] == pytest.approx(0.5)
    assert "by category" in done.stdout
    assert "n = 100 in 20 clusters" in done.stdout


@pytest.mark.slow
def test_a_run_can_be_gated_at_once(workplace):
    n = 1500
    workplace.add_eval("quiz", rows(n))
    good = answers(workplace.folder, "good.jsonl", n, lambda i: i % 10 != 0)
    bad = answers(workplace.folder, "bad.jsonl", n, lambda i: i % 5 != 0)
    import subprocess
    import sys

    with ServerProcess("--answers", good) as server:
        workplace.oaieval("m", "quiz", "--record_path", "base.jsonl", base_url=server.base_url)
        update = [sys.executable, "-m", "evals.cli.main", "gate", "base.jsonl", "--baseline", "b", "--update"]
        subprocess.run(update, cwd=workplace.folder, check=True, timeout=300, capture_output=True)
        same = workplace.oaieval("m", "quiz", "--baseline", "b", base_url=server.base_url)
    with ServerProcess("--answers", bad) as server:
        worse = workplace.oaieval("m", "quiz", "--baseline", "b", base_url=server.base_url)
    assert same.returncode == 0, same.stderr + same.stdout
    assert worse.returncode == 1
    assert "REGRESSION" in worse.stdout
