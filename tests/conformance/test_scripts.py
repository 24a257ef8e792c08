"""Scripts and notebooks made for openai/evals: runs started from Python, registries, recorders, records read back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from plugin_place import Place, grade_or_add

from evals.testing.openai_server import LoopbackServer

N = 24


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, N)


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer(grade_or_add) as running:
        yield running


RUN = """
import logging
from evals.cli import oaieval
from evals.utils.log_utils import extract_final_results, extract_individual_results, extract_spec
args = oaieval.get_parser().parse_args(["any-model", "plug-sums", "--registry_path", "registry", "--record_path", "r.jsonl"])
run_id = oaieval.run(args)
assert extract_spec("r.jsonl")["run_id"] == run_id
assert abs(extract_final_results("r.jsonl")["accuracy"] - 2 / 3) < 1e-9
assert len(extract_individual_results("r.jsonl")) == 24
assert len(extract_individual_results("r.jsonl", "match")) == 24
"""

NOTEBOOK = """
import asyncio

async def cell():
    from evals.cli import oaieval
    from evals.registry import Registry
    registry = Registry()
    registry.add_registry_paths(["registry"])
    for eval_name in ("plug-sums", "plug-returned", "plug-match"):
        args = oaieval.get_parser().parse_args(["any-model", eval_name, "--record_path", f"{eval_name}.jsonl"])
        oaieval.run(args, registry=registry)
    from evals.elsuite.basic.match import Match
    fn = registry.make_completion_fn("any-model")
    assert fn(prompt="What is 2 + 2?", temperature=0).get_completions() == ["4"]

asyncio.run(cell())
"""

HAND_MADE_ARGUMENTS = """
import argparse
from evals.cli.oaieval import run
run(argparse.Namespace(
    completion_fn="any-model", eval="plug-sums", extra_eval_params="", completion_args="", max_samples=6, cache=False,
    visible=None, seed=20220722, user="", record_path="r.jsonl", log_to_file=None, registry_path=["registry"], debug=False,
    local_run=True, http_run=False, http_run_url=None, http_batch_size=100, http_fail_percent_threshold=5, dry_run=False,
    dry_run_logging=True,
))
"""

BY_HAND = """
import evals
import evals.eval
import evals.record
from evals.base import RunSpec
from evals.registry import Registry
from plugin_recorders import InMemory, Mirrored

registry = Registry()
registry.add_registry_paths(["registry"])
spec = registry.get_eval("plug-sums")
assert spec.key == "plug-sums.dev.v0" and registry.get_base_eval("plug-sums").id == spec.key
run_spec = RunSpec(completion_fns=["any-model"], eval_name=spec.key, base_eval="plug-sums", split="dev",
                   run_config={"seed": 1}, created_by="me")
evals.eval.set_max_samples(7)
make = registry.get_class(spec)

def evaluation():
    return make(completion_fns=[registry.make_completion_fn("any-model")], seed=1, name=spec.key,
                eval_registry_path=spec.registry_path, registry=registry)

mirrored = Mirrored("r.jsonl", run_spec, hidden_data_fields=["prompt", "picked"])
report = evaluation().run(mirrored)
mirrored.record_final_report(report)
mirrored.flush_events()
assert report["ids"] == 7
assert all(event.data["picked"] for event in mirrored.get_events("match")), "what is hidden in the file is there for the report"
assert sorted(set(mirrored.mirrored)) == ["match", "metrics", "sampling"] and len(mirrored.mirrored) == 21

memory = InMemory(run_spec)
assert evaluation().run(memory)["accuracy"] == report["accuracy"]
memory.record_final_report(report)
assert memory.report == report and len(memory.sent) == 21
assert all(event.data["prompt"] for event in memory.get_events("sampling"))
"""

TABLES = """
from evals.registry import Registry, n_ctx_from_model_name, registry
import evals

registry.add_registry_paths(["registry"])
assert "plug-sums" in registry._evals and registry._evals["plug-sums.dev.v0"]["cls"] == "plugin_evals:Sums"
mine = Registry(registry_paths=["registry"])
assert [name for name in mine._evals if "." not in name][0] == "plug-sums"
assert {spec.key for spec in mine.get_evals(["plug-s*.dev.v0"])} == {"plug-sums.dev.v0", "plug-strict.dev.v0"}
assert [str(path) for path in mine._registry_paths] == ["registry"]
assert mine.get_modelgraded_spec("plug-rubric", eval_type="classify").eval_type == "classify"
assert mine.get_solver("plug/counting").cls == "plugin_solvers:Counting"
assert mine.get_completion_fn("plug/duck").cls == "plugin_fns:Duck"
assert mine.get_eval("no-such-eval") is None
assert isinstance(mine.make_completion_fn("plug/doubler"), evals.CompletionFn)
assert len(evals.get_jsonl("registry/data/sums.jsonl")) == 24
assert n_ctx_from_model_name("gpt-4") == 8192
"""


def test_a_run_from_a_script_and_its_record_read_back(place, server):
    done = place.script(RUN, server.base_url)
    assert done.returncode == 0, done.stderr


def test_runs_inside_a_running_event_loop(place, server):
    done = place.script(NOTEBOOK, server.base_url)
    assert done.returncode == 0, done.stderr
    assert server.n_requests == 3 * N + 1


def test_arguments_made_by_hand_need_only_what_openai_evals_knows(place, server):
    done = place.script(HAND_MADE_ARGUMENTS, server.base_url)
    assert done.returncode == 0, done.stderr
    assert server.n_requests == 6


def test_an_eval_run_by_hand_with_recorders_of_a_plug_in(place, server):
    done = place.script(BY_HAND, server.base_url)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (place.folder / "r.jsonl").read_text().splitlines()]
    sampling = [line["data"] for line in lines if line.get("type") == "sampling"]
    assert len(sampling) == 7
    assert not any("prompt" in data for data in sampling), "hidden fields stay out of the file"
    assert lines[0]["spec"]["created_by"] == "me"
    assert lines[-1]["final_report"]["ids"] == 7


def test_the_registry_s_tables_and_look_ups(place):
    done = place.script(TABLES)
    assert done.returncode == 0, done.stderr
