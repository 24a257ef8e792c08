"""Runs whose samples depend on one another: every number that is printed knows it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import statsmodels.api as sm
from commands import report_of

N_PASSAGES, N_QUESTIONS = 20, 6


def scripted(workplace, texts: dict[str, str]) -> str:
    path = workplace.folder / "said.json"
    path.write_text(json.dumps([{"sample_id": name, "completion": text} for name, text in texts.items()]))
    return f"path={path}"


def clustered_stderr(scores) -> float:
    clusters = np.repeat(np.arange(N_PASSAGES), N_QUESTIONS)
    fit = sm.OLS(np.array(scores), np.ones(len(scores))).fit(cov_type="cluster", cov_kwds={"groups": clusters})
    return float(fit.bse[0])


def test_further_means_and_macro_means_have_the_error_of_their_clusters(workplace):
    n = N_PASSAGES * N_QUESTIONS
    rows = [{"input": f"q{i}", "ideal": "the red house", "cluster": i // N_QUESTIONS} for i in range(n)]
    right = [(i // N_QUESTIONS) % 3 > 0 for i in range(n)]
    workplace.add_eval("drop", rows, "evals.suite:DropF1")
    said = scripted(workplace, {f"drop.dev.{i}": "red house" if right[i] else "red barn" for i in range(n)})
    done = workplace.oaieval("scripted", "drop", "--completion_args", said, "--record_path", "drop.jsonl")
    assert done.returncode == 0, done.stderr
    report = report_of(workplace.folder / "drop.jsonl")
    f1 = [1.0 if one else 0.5 for one in right]
    assert report["f1"] == pytest.approx(np.mean(f1))
    assert report["f1_stderr"] == pytest.approx(clustered_stderr(f1))
    assert report["em_stderr"] == pytest.approx(clustered_stderr([float(one) for one in right]))
    assert (report["n"], report["n_clusters"]) == (n, N_PASSAGES)
    assert report["f1_ci95"][1] - report["f1_ci95"][0] > 3.9 * report["f1_stderr"]


def test_a_macro_accuracy_has_the_error_of_its_clusters(workplace):
    n = N_PASSAGES * N_QUESTIONS
    rows = [
        {"question": f"q{i}", "choices": ["a", "b"], "answer": 0, "cluster": i // N_QUESTIONS, "subject": str(i % 2)}
        for i in range(n)
    ]
    workplace.add_eval("mc", rows, "evals.suite:Choice", way="parsed")
    picked = {f"mc.dev.{i}": "A" if (i // N_QUESTIONS) % 3 else "B" for i in range(n)}
    said = scripted(workplace, picked)
    done = workplace.oaieval("scripted", "mc", "--completion_args", said, "--record_path", "mc.jsonl")
    assert done.returncode == 0, done.stderr
    report = report_of(workplace.folder / "mc.jsonl")
    right = [float(text == "A") for text in picked.values()]
    assert report["macro_accuracy"] == pytest.approx(np.mean(right))
    # equal subjects: the macro mean is the mean, and its error is that of the clusters
    assert report["macro_accuracy_stderr"] == pytest.approx(clustered_stderr(right), rel=0.02)
    assert report["accuracy_stderr"] == pytest.approx(clustered_stderr(right))
    assert report["groups"]["subject"]["0"]["n_clusters"] == N_PASSAGES


def test_the_loss_of_texts_has_the_error_of_its_clusters(workplace):
    stories = ["The cat sat on the mat.", "Zxqv jkpw 8841 ffgh!", "One day a girl went to the park."]
    rows = [{"text": stories[i // 10], "cluster": i // 10} for i in range(30)]
    workplace.add_eval("loss", rows, "evals.suite:TextLoss")
    done = workplace.oaieval("pocket/32k", "loss", "--record_path", "loss.jsonl")
    assert done.returncode == 0, done.stderr
    report = report_of(workplace.folder / "loss.jsonl")
    assert report["n_clusters"] == 3
    assert report["bits_per_byte_stderr"] > 0.2 * report["bits_per_byte"], "three texts, not thirty"
    assert report["bits_per_byte_ci95"][0] >= 0
