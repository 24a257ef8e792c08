"""`evals.run` from Python: names and objects, typed results, notebooks, failures."""

from __future__ import annotations

import asyncio
import functools
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sums import Adder, three_of_four, write_sums

import evals
from evals.completion import Completions
from evals.errors import EvalsError, ProviderError
from evals.stats.intervals import modified_wilson
from evals.testing.openai_process import ServerProcess


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry with the eval `sums` of four questions; records go beside it."""
    monkeypatch.setenv("EVALS_LOG_DIR", str(tmp_path / "evallogs"))
    return write_sums(tmp_path / "registry")


def test_a_function_is_run_and_gives_typed_numbers_and_samples(registry):
    result = evals.run(three_of_four, "sums", registry_paths=registry)
    metric = result.metrics["accuracy"]
    assert result.accuracy == metric.value == 0.75
    assert metric.n == 4
    assert metric.ci95 == pytest.approx(modified_wilson(3, 4))
    assert metric.stderr == pytest.approx(math.sqrt(0.75 * 0.25 / 3))
    (wrong,) = result.samples.wrong()
    assert (wrong.prompt, wrong.completion, wrong.expected, wrong.correct) == ("4 + 4?", "9", "8", False)
    assert result.samples[wrong.sample_id] == wrong
    assert len(result.samples) == 4
    assert result.run_spec.completion_fns == ["three_of_four"]


def test_a_name_goes_to_its_server_with_arguments_of_the_call(registry, monkeypatch):
    with ServerProcess("--answer", "2", "--models", "small") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "not checked")
        result = evals.run("small", "sums", registry_paths=[registry], temperature=0.5, max_samples=2, concurrency=1)
        assert server.stats()["n_requests"] == 2
    assert result.metrics["accuracy"].n == 2


@pytest.mark.parametrize(
    "kind", ["async function", "partial", "only complete", "callable object", "list", "bound method"]
)
def test_whatever_can_be_asked_is_a_completion_function(registry, kind):
    async def later(prompt: Any, temperature: float = 1.0) -> list[str]:
        await asyncio.sleep(0)
        return [three_of_four(prompt)]

    class OnlyComplete:
        async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
            return Completions([three_of_four(prompt)])

    class Callable:
        def __call__(self, prompt: Any, **kwargs: Any) -> str:
            return three_of_four(prompt)

        def answer(self, prompt: Any) -> str:
            return three_of_four(prompt)

    given = {
        "async function": later,
        "partial": functools.partial(later, temperature=0.0),
        "only complete": OnlyComplete(),
        "callable object": Callable(),
        "list": [three_of_four],
        "bound method": Callable().answer,
    }[kind]
    result = evals.run(given, "sums", registry_paths=registry)
    assert result.accuracy == 0.75
    assert {row.completion for row in result.samples} == {"2", "4", "6", "9"}
    assert "<locals>" not in result.run_spec.completion_fns[0]


def test_it_runs_inside_a_running_event_loop(registry):
    async def cell() -> float:
        return evals.run(three_of_four, "sums", registry_paths=registry).accuracy

    assert asyncio.run(cell()) == 0.75


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: evals.run("x", "smus", registry_paths=r), "did you mean: sums"),
        (lambda r: evals.run(Adder, "sums", registry_paths=r), "Adder is a class"),
        (lambda r: evals.run(3, "sums", registry_paths=r), "a int is no completion function"),
        (lambda r: evals.run([{"question": "a"}], "sums", registry_paths=r), "the model comes first"),
        (lambda r: evals.run([], "sums", registry_paths=r), "no completion function was given"),
        (lambda r: evals.run(three_of_four, "sums", registry_paths=r, max_samples=0), "max_samples is 0"),
        (lambda r: evals.run(three_of_four, "sums", registry_paths=r, completion_args={"n": 1}), "are for names"),
    ],
)
def test_mistakes_are_errors_of_ours(registry, call, message):
    with pytest.raises(EvalsError, match=message):
        call(registry)


def test_failed_samples_raise_and_can_be_tolerated(registry):
    with pytest.raises(ProviderError, match=r"1 of 4 samples failed[\s\S]*content filter 1[\s\S]*the filter said no"):
        evals.run(Adder("1 + 1?"), "sums", registry_paths=registry)
    result = evals.run(Adder("1 + 1?"), "sums", registry_paths=registry, max_errors=1)
    (failed,) = result.samples.failed()
    assert (failed.correct, failed.error["message"]) == (None, "the filter said no")
    assert (result.n_errors, result.metrics["accuracy"].n) == (1, 3)


def test_without_check_the_problem_is_part_of_the_result(registry):
    result = evals.run(Adder("1 + 1?"), "sums", registry_paths=registry, check=False)
    assert isinstance(result.problem, ProviderError)
    assert result.exit_code == 3
    assert "not whole: 1 of 4 samples failed" in repr(result)


def test_resuming_asks_nothing_that_was_answered(registry):
    first, again, other = Adder(), Adder(), Adder("nothing")
    one = evals.run(first, "sums", registry_paths=registry, resume=True)
    two = evals.run(again, "sums", registry_paths=registry, resume=True)
    three = evals.run(other, "sums", registry_paths=registry, resume=True)
    assert (len(first._asked), len(again._asked), len(other._asked)) == (4, 0, 4)
    assert one.record_path == two.record_path != three.record_path
    assert two.report == one.report


def test_a_failed_sample_alone_is_asked_again(registry):
    broken, mended = Adder("1 + 1?"), Adder("1 + 1?")
    evals.run(broken, "sums", registry_paths=registry, check=False)
    mended.complete = three_of_four_later  # type: ignore[method-assign]
    result = evals.run(mended, "sums", registry_paths=registry, resume=True)
    assert (result.n_errors, result.metrics["accuracy"].n, three_of_four_asked) == (0, 4, ["1 + 1?"])


three_of_four_asked: list[str] = []


async def three_of_four_later(prompt: Any, **kwargs: Any) -> Completions:
    three_of_four_asked.append(prompt)
    return Completions([three_of_four(prompt)])


def test_a_function_with_other_code_is_another_run(registry):
    def one(prompt: Any) -> str:
        return "2"

    first = evals.run(one, "sums", registry_paths=registry, resume=True)

    def one(prompt: Any) -> str:
        return "4"

    assert evals.run(one, "sums", registry_paths=registry, resume=True).record_path != first.record_path


def test_the_log_folder_can_be_chosen(registry, tmp_path):
    result = evals.run(three_of_four, "sums", registry_paths=registry, log_dir=tmp_path / "here")
    assert Path(result.record_path).parent == tmp_path / "here"


def test_importing_the_name_loads_nothing_until_it_is_used():
    code = "import evals, sys; 'run' in dir(evals); print('evals.runner.api' in sys.modules, callable(evals.run))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_the_first_line_of_a_record_has_the_compute_of_the_model_where_a_registry_states_it(tmp_path):
    result = evals.run("pocket/32k", "pocket-facts", max_samples=2, log_dir=tmp_path)
    told = result.run_spec.run_config["models"]
    assert told == {"pocket/32k": {"training_flops": 59305181184.0, "parameters": 31512, "family": "pocket"}}
    result = evals.run("dummy", "pocket-facts", max_samples=2, log_dir=tmp_path)
    assert "models" not in result.run_spec.run_config


def test_an_estimate_counts_calls_and_prompt_tokens_and_calls_nothing(registry):
    asked = []
    guess = evals.estimate(lambda prompt: asked.append(prompt) or "1", "sums", registry_paths=registry, repeats=3)
    assert asked == []
    assert (guess.n_samples, guess.n_evaluations, guess.calls.low, guess.calls.high) == (4, 12, 12, 12)
    n_bytes = sum(len(f"{a} + {a}?") for a in (1, 2, 3, 4))
    assert guess.models[0].prompt_tokens.expected == round(3 * n_bytes / 4)
    assert guess.as_dict()["calls"]["expected"] == 12


def test_an_estimate_costs_what_tokens_times_prices_come_to_and_needs_no_key(registry, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    guess = evals.estimate("some-model", "sums", registry_paths=registry, prices=(3.0, 10.0), max_samples=2)
    (model,) = guess.models
    assert model.n_calls == 2
    least = model.prompt_tokens.low * 3 / 1e6 + model.completion_tokens.low * 10 / 1e6
    assert guess.cost_usd.low == pytest.approx(least)
    for wrong in ({"prices": (-1.0, 1.0)}, {"prices": (math.nan, 1.0)}, {"n_trial_calls": -1}, {"max_samples": 0}):
        with pytest.raises(EvalsError, match="fix: give"):
            evals.estimate("some-model", "sums", registry_paths=registry, **wrong)


def test_an_estimate_measures_lengths_by_the_real_calls_that_it_is_allowed(registry):
    asked = []
    guess = evals.estimate(lambda prompt: asked.append(prompt) or "1", "sums", registry_paths=registry, n_trial_calls=2)
    assert len(asked) == guess.n_trial_calls == 2


def test_the_first_line_of_a_record_has_the_arguments_with_which_the_eval_was_made(registry):
    config = evals.run(three_of_four, "sums", registry_paths=registry, eval_args={"max_tokens": 7}).run_spec.run_config
    assert config["eval_spec"]["args"]["max_tokens"] == 7
    assert config["eval_spec"]["args"]["samples_jsonl"] == "sums.jsonl"
    assert config["extra_eval_params"] == {"max_tokens": 7}
    assert "extra_eval_params" not in evals.run(three_of_four, "sums", registry_paths=registry).run_spec.run_config


def without_entry(prompt: str) -> str:
    return {}[prompt]


def test_a_function_that_always_fails_is_named_with_its_line_and_no_server_is_blamed(registry):
    with pytest.raises(ProviderError) as caught:
        evals.run(without_entry, [{"input": str(i), "ideal": "1"} for i in range(60)])
    line = without_entry.__code__.co_firstlineno + 1
    assert f"{__file__}:{line}: the completion function failed again and again: KeyError" in str(caught.value)
    assert "server" not in str(caught.value)
    with pytest.raises(ProviderError, match="gave a NoneType, not a text") as caught:
        evals.run(lambda prompt: None, [{"input": str(i), "ideal": "1"} for i in range(60)])
    assert "server" not in str(caught.value)
