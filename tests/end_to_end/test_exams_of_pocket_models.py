"""Pocket models sit a paper: the ladder ranks them, and a served model gets what the condition of images says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from exam_runs import HARBOUR
from server_process import Served

import evals
from evals.record.reader import read_record
from evals.registry.roots import bundled_data_root


def _registry(folder: Path, **args: Any) -> Path:
    (folder / "evals").mkdir(parents=True)
    body = {"p": {"id": "p.test.v1", "metrics": ["score"]}, "p.test.v1": {"class": "evals.suite:Exam", "args": args}}
    (folder / "evals" / "p.yaml").write_text(yaml.safe_dump(body))
    return folder


@pytest.mark.slow
def test_the_ladder_is_ranked_by_the_pocket_paper(tmp_path: Path) -> None:
    registry = _registry(tmp_path / "registry", exam=str(bundled_data_root() / "exam-pocket"), style="text")
    found = []
    for model in ("32k", "213k", "651k", "2m"):
        report = evals.run(f"pocket/{model}", "p", registry_paths=registry, log_dir=tmp_path).report
        found.append((report["exam_score"], report["percentile_low"], report["exam_score_ci95"]))
    scores, percentiles, intervals = zip(*found, strict=True)
    assert list(scores) == sorted(set(scores))
    assert list(percentiles) == sorted(set(percentiles))
    assert all(low <= score <= high for score, (low, high) in zip(scores, intervals, strict=True))
    assert intervals[0][1] < intervals[-1][0]


def test_a_served_model_gets_the_paper_in_its_condition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("uvicorn")
    monkeypatch.setenv("PYTHONPATH", str(Path(evals.__file__).parents[1]))
    registry = _registry(tmp_path / "papers", exam=str(HARBOUR))
    (tmp_path / "served").mkdir()
    sent: dict[str, list[str]] = {}
    with Served(folder=tmp_path / "served", model="pocket/32k") as server:
        for condition in ("no_vision", "vision"):
            result = evals.run(
                "chat/pocket/32k",
                "p",
                registry_paths=registry,
                completion_args={"api_base": server.base_url, "api_key": "k"},
                images=condition,
                concurrency=1,
                record_path=tmp_path / f"{condition}.jsonl",
                check=False,
            )
            calls = [
                call
                for sample in read_record(tmp_path / f"{condition}.jsonl").samples()
                for call in sample.data("sampling")
            ]
            sent[condition] = sorted(str(call["prompt"]) for call in calls)
    # The pocket models take texts alone: with vision the question that has an image is refused, and is not wrong.
    assert dict(result.counters.errors) == {"refused request": 1}
    assert result.report["exam"]["counts"]["not_answered"] == 1
    (without_image,) = [prompt for prompt in sent["no_vision"] if "IMAGE:" in prompt]
    assert "IMAGE: image-1.png" in without_image
    assert "b3" not in without_image
    assert sent["vision"] == [prompt for prompt in sent["no_vision"] if "IMAGE:" not in prompt]
