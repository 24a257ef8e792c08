"""A run's result in plain values, finished or not."""

from __future__ import annotations

import json

import evals
from evals.json_text import jsondumps
from evals.report.run_json import run_json


def test_the_result_is_plain_and_says_why_a_run_is_not_whole(tmp_path):
    def model(prompt):
        if "7" in prompt[-1]["content"]:
            raise ValueError("gone")
        return "12"

    result = evals.run(model, "arithmetic", log_dir=tmp_path, check=False)
    said = json.loads(jsondumps(run_json(result)))
    assert said["eval"] == "arithmetic.dev.v0"
    assert said["completion_fns"] == ["model"]
    assert said["final_report"]["n_errors"] == sum(said["errors"].values()) == result.n_errors > 0
    assert (said["stopped_by"], said["run"]["exit_code"], said["record_path"]) == (None, 3, result.record_path)
