"""The summary of a run by plug-ins: calls are counted, or it says that they are not, and never that there were none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.cli import oaieval

PLUGIN = """
from evals.eval import Eval
from evals.record import record_match, record_sampling


class Result:
    def get_completions(self):
        return ["4"]


class Silent:
    def __call__(self, prompt, **kwargs):
        return Result()


class Recording:
    def __call__(self, prompt, **kwargs):
        record_sampling(prompt=prompt, sampled=["4"])
        return Result()


class Plain(Eval):
    def eval_sample(self, sample, rng):
        said = self.completion_fn(prompt=sample["input"]).get_completions()[0]
        record_match(said == sample["ideal"], expected=sample["ideal"], picked=said)

    def run(self, recorder):
        self.eval_all_samples(recorder, self.get_samples())
        return {"accuracy": 0.5}
"""


@pytest.mark.parametrize(
    ("fn", "cls", "said"),
    [
        ("Silent", "calls_of_plugins:Plain", "calls not counted: the plug-in makes them itself"),
        ("Recording", "calls_of_plugins:Plain", "2 calls"),
        ("Silent", "evals.suite:Match", "2 calls"),
    ],
)
def test_calls_of_a_bare_function_are_counted_or_said_to_be_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fn: str, cls: str, said: str
) -> None:
    (tmp_path / "calls_of_plugins.py").write_text(PLUGIN, encoding="utf-8")
    for kind in ("evals", "completion_fns"):
        (tmp_path / "registry" / kind).mkdir(parents=True)
    rows = [{"input": "2+2", "ideal": "4"}, {"input": "1+1", "ideal": "2"}]
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    body = {"class": cls, "args": {"samples_jsonl": str(tmp_path / "s.jsonl")}}
    (tmp_path / "registry" / "evals" / "p.yaml").write_text(f"p: {{id: p.dev.v0}}\np.dev.v0: {json.dumps(body)}\n")
    (tmp_path / "registry" / "completion_fns" / "f.yaml").write_text(f"f: {{class: calls_of_plugins:{fn}}}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert oaieval.main(["f", "p", "--registry_path", "registry"]) == 0
    printed = capsys.readouterr()
    assert f"  {said}, " in printed.out + printed.err
    assert "0 calls" not in printed.out + printed.err
