"""PassAtK with models that play a script, and a stand-in that runs the programs that these tests wrote."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from trusting import Trusting

from evals.completion import Completions
from evals.completion_fns.backend import Backend
from evals.errors import EvalsError, UsageError
from evals.record import LocalRecorder
from evals.record.reader import read_record
from evals.runner.checks import check_evals
from evals.runner.request import RunRequest
from evals.runner.run import run_eval as start
from evals.sandbox.problem import Problem
from evals.sandbox.verdict import Status, Verdict
from evals.specs import RunSpec
from evals.stats.pass_at_k import pass_at_k, pass_hat_k
from evals.suite.code.judge import HarnessFailed
from evals.suite.code.pass_at_k import PassAtK
from evals.suite.code.problems import code_problem

PROMPT = 'def f(n):\n    """n plus {}."""\n'
RIGHT, WRONG = "    return n + {}", "    return n"


class Broken(Trusting):
    """A sandbox that fails once it is asked about a real problem."""

    def check(self, problem: Problem, program: str) -> Verdict:
        if problem.problem_id == "self-test":
            return super().check(problem, program)
        return Verdict(Status.HARNESS_ERROR, detail="no more memory for workers")


class Writer(Backend):
    """Gives the first `n_right` programs of a problem right; at most `most` a request."""

    is_local = True

    def __init__(self, n_right: list[int], most: int = 100) -> None:
        self.n_right, self.most = n_right, most
        self.requests: list[dict[str, Any]] = []
        self.given: dict[str, int] = {}

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        self.requests.append(kwargs)
        text = prompt if isinstance(prompt, str) else prompt[-1]["content"]
        number = int(text.split("n plus ")[1].split(".")[0])
        key = f"{number} {kwargs.get('temperature')}"
        texts = []
        for _ in range(min(kwargs.get("n", 1), self.most)):
            place = self.given[key] = self.given.get(key, 0) + 1
            texts.append((RIGHT if place <= self.n_right[number] else WRONG + f"  # {place}").format(number + 1))
        return Completions(texts)


def rows(n: int) -> list[dict[str, Any]]:
    return [
        {
            "task_id": f"t/{i}",
            "prompt": PROMPT.format(i),
            "entry_point": "f",
            "test": f"def check(candidate):\n    assert candidate(1) == {i + 2}\n",
            "canonical_solution": RIGHT.format(i + 1),
        }
        for i in range(n)
    ]


def made(folder: Path, model: Any, n_rows: int = 3, **args: Any) -> PassAtK:
    data = folder / "samples.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows(n_rows)), encoding="utf-8")
    args = {"sandbox": Trusting(), "style": "completion", **args}
    return PassAtK([model], str(data), eval_registry_path=folder, name="rows.dev.v0", **args)


def run(folder: Path, evaluation: PassAtK) -> dict[str, Any]:
    spec = RunSpec(["model"], "rows.dev.v0", "rows", "dev", {}, "")
    recorder = LocalRecorder(str(folder / "record.jsonl"), spec)
    try:
        return evaluation.run(recorder)
    finally:
        recorder.close()


def test_the_report_is_the_mean_over_problems_of_the_estimates(tmp_path):
    report = run(tmp_path, made(tmp_path, Writer([0, 3, 10]), k=[1, 5], n_completions=10, pass_hat=[2]))
    for k in (1, 5):
        assert report[f"pass@{k}"] == pytest.approx(sum(pass_at_k(10, c, k) for c in (0, 3, 10)) / 3)
    assert report["pass^2"] == pytest.approx(sum(pass_hat_k(10, c, 2) for c in (0, 3, 10)) / 3)
    assert (report["n"], report["n_completions"]) == (3, 30)
    assert (report["status/passed"], report["status/failed"], report["kind/assertion"]) == (13, 17, 17)
    assert report["problems"]["rows.dev.1"] == {"n": 10, "c": 3}
    low, high = report["pass@1_ci95"]
    assert 0 <= low < report["pass@1"] < high <= 1


def test_each_temperature_has_draws_of_its_own(tmp_path):
    model = Writer([0, 2, 4])
    evaluation = made(tmp_path, model, k=[1, 4], n_completions=4, temperatures={1: 0.2, 4: 0.8})
    assert run(tmp_path, evaluation)["n_completions"] == 24
    assert sorted({request["temperature"] for request in model.requests}) == [0.2, 0.8]
    assert {request["top_p"] for request in model.requests} == {0.95}


def test_a_single_completion_is_drawn_greedily_and_asks_for_no_n(tmp_path):
    model = Writer([1, 1, 0])
    assert run(tmp_path, made(tmp_path, model))["pass@1"] == pytest.approx(2 / 3)
    assert all(request["temperature"] == 0.0 and not {"n", "top_p"} & request.keys() for request in model.requests)


def test_a_server_that_gives_fewer_is_asked_again(tmp_path):
    model = Writer([0, 5, 5], most=2)
    assert run(tmp_path, made(tmp_path, model, k=5))["n_completions"] == 15
    assert [request.get("n") for request in model.requests[:3]].count(5) >= 1


def test_every_program_is_recorded_with_its_verdict(tmp_path):
    run(tmp_path, made(tmp_path, Writer([0, 1, 2]), k=2))
    programs = [data for sample in read_record(tmp_path / "record.jsonl").samples() for data in sample.data("program")]
    assert len(programs) == 6
    first = programs[0]
    assert {"draw", "temperature", "program", "parsed", "status", "kind", "assurance", "wall_s"} <= first.keys()
    assert first["program"].startswith("def f(n):")


def test_equal_programs_of_a_problem_are_run_once(tmp_path):
    sandbox = Trusting()
    run(tmp_path, made(tmp_path, Writer([4, 4, 4]), k=4, sandbox=sandbox))
    assert len(sandbox.programs) == 2 + 3


def test_a_sandbox_that_fails_ends_the_run_and_scores_nothing(tmp_path):
    with pytest.raises(HarnessFailed, match="the sandbox failed on a program for t/") as failure:
        run(tmp_path, made(tmp_path, Writer([1, 1, 1]), sandbox=Broken()))
    assert failure.value.exit_code == 3
    assert "no more memory" in str(failure.value)
    report = failure.value.partial_report
    assert report is not None
    assert report["n"] == 0


@pytest.mark.parametrize(
    ("kind", "said"), [("reference", "own solution does not pass"), ("assurance", "no strict verdict is possible")]
)
def test_a_problem_on_which_no_program_can_be_judged_is_an_error_and_no_score(tmp_path, kind, said):
    class Doubtful(Trusting):
        def check(self, problem: Problem, program: str) -> Verdict:
            if problem.problem_id == "t/1":
                return Verdict(Status.REFUSED, kind, "as the sandbox says")
            return super().check(problem, program)

    report = run(tmp_path, made(tmp_path, Writer([1, 1, 1]), sandbox=Doubtful()))
    assert (report["pass@1"], report["n"]) == (1.0, 2)
    [failed] = [sample for sample in read_record(tmp_path / "record.jsonl").samples() if sample.error is not None]
    assert said in str(failed.error)


def test_a_sandbox_that_lets_everything_pass_is_found_before_anything_is_called(tmp_path):
    class Gullible:
        def check(self, problem: Problem, program: str) -> Verdict:
            return Verdict(Status.PASSED)

    model = Writer([1, 1, 1])
    with pytest.raises(HarnessFailed, match="judges a wrong program as passed"):
        made(tmp_path, model, sandbox=Gullible()).preflight()
    assert model.requests == []


def test_programs_are_checked_while_others_are_written(tmp_path):
    """The last problem's completion waits until a program of another one has been checked."""
    sandbox = Trusting()

    class Waits:
        def __call__(self, prompt: Any, **kwargs: Any) -> Completions:
            until = time.monotonic() + 20
            while "n plus 2" in str(prompt) and len(sandbox.programs) < 4 and time.monotonic() < until:
                time.sleep(0.01)
            checked_before.append(len(sandbox.programs))
            text = RIGHT.format(1)
            return Completions([text])

    checked_before: list[int] = []
    report = run(tmp_path, made(tmp_path, Waits(), sandbox=sandbox))
    assert report["n"] == 3
    assert max(checked_before) >= 3


def test_the_commonest_program_is_compared_without_comments(tmp_path):
    report = run(tmp_path, made(tmp_path, Writer([1, 1, 1]), k=3, maj=[3]))
    assert report["maj@3"] == 0.0
    assert report["pass@3"] == 1.0


def test_chat_answers_without_a_program_are_counted(tmp_path):
    class Talker(Writer):
        async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
            return Completions(["I would rather not."])

    report = run(tmp_path, made(tmp_path, Talker([]), style="chat"))
    assert (report["unparsed"], report["pass@1"]) == (1.0, 0.0)


def test_the_reference_passes_in_both_styles(tmp_path):
    for style in ("chat", "completion"):
        evaluation = made(tmp_path, Writer([1]), style=style)
        sample = evaluation.get_samples()[1]
        [ideal] = evaluation.ideal_completions(sample)
        found = evaluation._program(code_problem(sample), ideal)
        assert found.parsed
        assert found.source.count("return n + 2") == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"k": [1, 10], "n_completions": 5}, "5 completions a problem cannot tell what 10 would do"),
        ({"k": []}, "k is an empty list"),
        ({"k": [0]}, "k is 0"),
        ({"temperatures": {7: 0.2}}, "names k = 7"),
        ({"style": "talk"}, "style is 'talk'"),
        ({"sandbox": "chroot"}, "no sandbox is called 'chroot'"),
        ({"assurance": "total"}, "assurance is 'total'"),
        ({"workers": 0}, "workers is 0"),
        ({"best_of": [2], "k": 2}, "best_of and scorer go together"),
        ({"best_of": [1], "scorer": "no.such:thing"}, "the scorer 'no.such:thing' cannot be imported"),
    ],
)
def test_arguments_that_cannot_be_are_refused(tmp_path, args, message):
    with pytest.raises(UsageError, match=message) as refused:
        made(tmp_path, Writer([]), **args)
    assert isinstance(refused.value, EvalsError)
    assert refused.value.fix


def test_best_of_ranks_by_the_scorer(tmp_path):
    evaluation = made(tmp_path, Writer([1, 1, 1]), k=4, best_of=[4], scorer=lambda prompt, program: len(program))
    assert run(tmp_path, evaluation)["best_of_4"] == 0.0
    (tmp_path / "record.jsonl").unlink()
    evaluation = made(tmp_path, Writer([1, 1, 1]), k=4, best_of=[4], scorer=lambda prompt, program: "#" not in program)
    assert run(tmp_path, evaluation)["best_of_4"] == 1.0


def registry_of(folder: Path) -> Path:
    (folder / "evals").mkdir()
    (folder / "data").mkdir()
    args = "{samples_jsonl: rows.jsonl, k: [1, 2], style: completion, sandbox: unsafe-local, temperature: 0.5}"
    entry = (
        f"rows: {{id: rows.dev.v0, metrics: [pass@1]}}\nrows.dev.v0: {{class: 'evals.suite:PassAtK', args: {args}}}\n"
    )
    (folder / "evals" / "rows.yaml").write_text(entry, encoding="utf-8")
    (folder / "data" / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows(4)), encoding="utf-8")
    script = [{"sample_id": f"rows.dev.{i}", "completions": [RIGHT.format(i + 1), WRONG]} for i in range(4)]
    (folder / "script.jsonl").write_text("".join(json.dumps(row) + "\n" for row in script), encoding="utf-8")
    return folder


def asked(folder: Path, **more: Any) -> RunRequest:
    return RunRequest(
        completion_fns=["scripted"], eval_name="rows", registry_paths=[folder],
        completion_args={"path": str(folder / "script.jsonl")}, **more,
    )  # fmt: skip


def test_a_run_in_real_processes_that_was_cut_off_goes_on_to_the_same_report(tmp_path):
    folder, record = registry_of(tmp_path), tmp_path / "record.jsonl"
    whole = start(asked(folder, record_path=str(record))).report
    assert (whole["pass@1"], whole["pass@2"], whole["assurance/unsafe"]) == (0.5, 1.0, 8)
    lines = record.read_text(encoding="utf-8").splitlines(keepends=True)
    ends = [number for number, line in enumerate(lines) if json.loads(line).get("sample_done")]
    record.write_text("".join(lines[: ends[1] + 1]), encoding="utf-8")
    again = start(asked(folder, resume_from=str(record)))
    assert again.report == whole


def test_every_reference_is_tried_by_evals_check(tmp_path):
    folder = registry_of(tmp_path)
    [check] = check_evals([str(folder / "evals" / "rows.yaml")], [], [])
    assert "every ideal answer passes its own scorer" in [finding.text for finding in check.findings]
    assert not [finding for finding in check.findings if finding.level == "failed"]


@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")
def test_evals_check_names_the_samples_whose_reference_passes_only_in_a_weak_verdict(tmp_path):
    folder = registry_of(tmp_path)
    writes = "import os, tempfile\ndef check(f):\n    p = os.path.join(tempfile.mkdtemp(), 'a')\n"
    writes += "    open(p, 'w').close()\n    assert f(p) == 0\n"
    row = {
        "task_id": "w", "prompt": "def f(p):\n    '''size of a file'''\n", "entry_point": "f", "test": writes,
        "canonical_solution": "    import os\n    return os.path.getsize(p)\n",
    }  # fmt: skip
    (folder / "data" / "rows.jsonl").write_text(json.dumps(row) + "\n" + json.dumps(rows(1)[0]) + "\n", "utf-8")
    yaml = folder / "evals" / "rows.yaml"
    yaml.write_text(yaml.read_text("utf-8").replace("unsafe-local", "auto"), "utf-8")
    [check] = check_evals([str(yaml)], [], [])
    [found] = [finding for finding in check.findings if "weak" in finding.text]
    assert found.level == "failed"
    assert found.text.startswith("1 ideal answer passed only in a weak verdict")
    assert "rows.dev.0;" in found.text


def test_weak_verdicts_are_a_warning_where_the_sandbox_that_was_chosen_gives_no_others(tmp_path):
    folder = registry_of(tmp_path)
    (folder / "data" / "rows.jsonl").write_text(json.dumps(rows(1)[0]) + "\n", "utf-8")
    [check] = check_evals([str(folder / "evals" / "rows.yaml")], [], [])
    assert [found.level for found in check.findings if "weak verdict" in found.text] in ([], ["warn"])
    assert not [found.text for found in check.findings if found.level == "failed"]
