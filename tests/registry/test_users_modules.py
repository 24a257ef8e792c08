"""Classes that a team has added to its copy of openai/evals are found there, and never replace one of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evals.registry import Registry
from evals.registry.roots import seen_by_plugins

ROOT = Path(__file__).parents[2]
START = "import sys; import oaieval_commands as c; sys.exit(c.oaieval())"
"What the script of the installed command does."

EVAL = """
import evals, evals.metrics
from evals.elsuite.mine.words import RIGHT

class Mine(evals.Eval):
    def eval_sample(self, sample, rng):
        said = self.completion_fn(prompt=sample["input"]).get_completions()[0]
        evals.record.record_match(said == RIGHT, expected=RIGHT, picked=said)

    def run(self, recorder):
        self.eval_all_samples(recorder, self.get_samples())
        return {"accuracy": evals.metrics.get_accuracy(recorder.get_events("match"))}
"""
FN = """
class Fn:
    def __init__(self, **kwargs): pass
    def __call__(self, prompt, **kwargs): return self
    def get_completions(self): return ["yes"]
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of openai/evals with an eval and a completion function of its own, and a changed `Match`."""
    package = tmp_path / "copy" / "evals"
    files = {
        "__init__.py": "raise ImportError('the copy is imported')\n",
        "elsuite/basic/match.py": "raise ImportError('the copy is imported')\n",
        "elsuite/basic/near.py": "from evals.elsuite.basic.match import Match as Near\n",
        "elsuite/mine/eval.py": EVAL,
        "elsuite/mine/words.py": "RIGHT = 'yes'\n",
        "completion_fns/mine.py": FN,
        "team.py": "from evals.completion_fns.mine import Fn\n",
        "registry/data/mine.jsonl": '{"input": "q", "ideal": "yes"}\n',
    }
    entries = {
        f"{name}.dev.v0": {"class": cls, "args": {"samples_jsonl": "mine.jsonl"}}
        for name, cls in {
            "mine": "evals.elsuite.mine.eval:Mine",
            "near": "evals.elsuite.basic.near:Near",
            "match": "evals.elsuite.basic.match:Match",
            "nowhere": "evals.elsuite.nowhere:Mine",
        }.items()
    }
    files["registry/evals/mine.yaml"] = json.dumps(entries)
    fns = {"my-fn": {"class": "evals.completion_fns.mine:Fn"}, "team-fn": {"class": "evals.team:Fn"}}
    files["registry/completion_fns/mine.yaml"] = json.dumps(fns)
    for name, text in files.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    return package.parent


def oaieval(copy: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(copy), str(ROOT)])}
    command = [sys.executable, "-c", START, *argv, "--registry_path", str(copy / "evals" / "registry"), "--json"]
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["mine.dev.v0", "near.dev.v0", "match.dev.v0"])
@pytest.mark.parametrize("fn", ["my-fn", "team-fn"])
def test_evals_and_completion_functions_run_from_the_copy(copy, fn, name):
    done = oaieval(copy, fn, name)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["final_report"]["accuracy"] == 1.0


def test_a_module_that_is_nowhere_is_an_error_with_the_way_to_add_it(copy):
    done = oaieval(copy, "my-fn", "nowhere.dev.v0")
    assert done.returncode == 2
    assert "there is no module 'evals.elsuite.nowhere'" in done.stderr
    assert "put the folder that holds `evals/` on PYTHONPATH" in done.stderr
    assert "Traceback" not in done.stderr


def test_modules_of_the_copy_can_be_imported_in_a_script_as_well(copy):
    code = (
        f"import sys; sys.path.append({str(copy)!r})\n"
        "from evals.elsuite.mine.eval import Mine\n"
        "import evals.elsuite.mine.words, evals.elsuite.basic.match as ours\n"
        "print(Mine.__module__, ours.Match.__module__)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["evals.elsuite.mine.eval", "evals.suite.match.match"], done.stderr


LOOKS = """
import evals, evals.registry
from evals.elsuite.mine.eval import Mine

class Looks(Mine):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.early = evals.registry.Registry().get_eval("mine.dev.v0").key

    def run(self, recorder):
        super().run(recorder)
        recorder = evals.registry.registry.get_eval("mine.dev.v0")
        return {"early": self.early, "late": recorder.key, "in_samples": sorted(self.seen)}

    seen = set()

    def eval_sample(self, sample, rng):
        self.seen.add(type(evals.registry.Registry().make_completion_fn("my-fn")).__name__)
"""


def test_a_registry_that_a_plug_in_makes_itself_finds_the_entries_of_the_run(copy):
    (copy / "evals" / "elsuite" / "mine" / "looks.py").write_text(LOOKS)
    body = {"looks.dev.v0": {"class": "evals.elsuite.mine.looks:Looks", "args": {"samples_jsonl": "mine.jsonl"}}}
    (copy / "evals" / "registry" / "evals" / "looks.yaml").write_text(json.dumps(body))
    done = oaieval(copy, "my-fn", "looks.dev.v0")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)["final_report"]
    assert {name: report[name] for name in ("early", "late", "in_samples")} == {
        "early": "mine.dev.v0", "late": "mine.dev.v0", "in_samples": ["Fn"],
    }  # fmt: skip


def test_outside_a_run_a_registry_has_its_own_paths_alone(tmp_path):
    registry = Registry([tmp_path])
    with seen_by_plugins(registry):
        assert Registry().registry_paths[-1] == tmp_path
        assert Registry([ROOT]).registry_paths == [ROOT], "paths that are given replace all others"
    assert tmp_path not in Registry().registry_paths
