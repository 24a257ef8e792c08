"""A server that states what a call cost: the figure stands in the record and in the summary, with its source."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.cli.oaieval import main
from evals.testing.openai_server import LoopbackServer


def test_a_stated_cost_is_recorded_and_shown_with_its_source(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = tmp_path / "registry"
    for folder in ("evals", "data"):
        (registry / folder).mkdir(parents=True)
    rows = "".join(json.dumps({"input": f"{n}?", "ideal": "4"}) + "\n" for n in range(3))
    (registry / "data" / "rows.jsonl").write_text(rows, encoding="utf-8")
    entry = "sums: {id: sums.dev.v0}\nsums.dev.v0: {class: evals.suite:Match, args: {samples_jsonl: rows.jsonl}}\n"
    (registry / "evals" / "sums.yaml").write_text(entry, encoding="utf-8")
    record = tmp_path / "r.jsonl"
    place = ["--registry_path", str(registry), "--record_path", str(record)]
    with LoopbackServer("4", headers={"x-litellm-response-cost": "0.02"}) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        assert main(["no-such-model", "sums", *place]) == 0
    assert "$0.06 as the server states" in capsys.readouterr().out
    lines = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    calls = [line["data"] for line in lines if line.get("type") == "sampling"]
    assert [(call["cost_usd"], call["cost_source"]) for call in calls] == [(0.02, "server")] * 3
    assert lines[-1]["final_report"]["cost_usd"] == pytest.approx(0.06)
