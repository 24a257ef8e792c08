"""Eval classes as third parties write them for openai/evals: plain functions, threads and loops of their own."""

import asyncio
import contextvars
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import evals
import evals.metrics
from evals.api import CompletionFn
from evals.elsuite.basic.match import Match
from evals.elsuite.modelgraded.classify_utils import classify
from evals.elsuite.utils import PromptFn, scrub_formatting_from_prompt
from evals.eval import SolverEval
from evals.record import RecorderBase, record_match, record_metrics
from evals.solvers.solver import Solver
from evals.task_state import Message, TaskState


class Sums(evals.Eval):
    """Reads `recorder.get_events`, `get_scores`, `get_metrics` and `evals.metrics` in its report."""

    def __init__(self, completion_fns: list[CompletionFn], samples_jsonl: str, *args, **kwargs):
        super().__init__(completion_fns, *args, **kwargs)
        assert len(completion_fns) == 1, "Sums takes one completion fn"
        self.samples_jsonl = samples_jsonl

    def eval_sample(self, sample: Any, rng: random.Random):
        assert "ideal" in sample, "sample must have an 'ideal' key"
        result = self.completion_fn(prompt=sample["input"], temperature=0.0, max_tokens=5)
        sampled = result.get_completions()[0].strip()
        evals.record.record_match(sampled == sample["ideal"], expected=sample["ideal"], picked=sampled, sampled=sampled)
        evals.record.record_metrics(length=len(sampled), even=float(sampled[-1] in "02468"))

    def run(self, recorder: RecorderBase):
        samples = self.get_samples()
        self.eval_all_samples(recorder, samples)
        events = recorder.get_events("match")
        matrix = evals.metrics.get_confusion_matrix(events, class_labels={event.data["expected"] for event in events})
        return {
            "accuracy": evals.metrics.get_accuracy(events),
            "boostrap_std": evals.metrics.get_bootstrap_accuracy_std(events),
            "matrix_total": int(matrix.sum()),
            "mean_length": sum(recorder.get_scores("length")) / len(events),
            "even": sum(m["even"] for m in recorder.get_metrics()) / len(events),
            "ids": len({event.sample_id for event in events}),
        }


class Returned(evals.Eval):
    """Adds up what `eval_sample` returned."""

    def eval_sample(self, sample, rng):
        sampled = self.completion_fn(prompt=sample["input"]).get_completions()[0]
        return {"right": sampled == sample["ideal"], "draw": rng.random()}

    def run(self, recorder):
        results = self.eval_all_samples(recorder, self.get_samples(), show_progress=False)
        return {
            "accuracy": sum(r["right"] for r in results) / len(results),
            "draws": sum(r["draw"] for r in results),
            "first_right": results[0]["right"],
            "second_right": results[1]["right"],
        }


class ReturnsObjects(Returned):
    """Returns objects that no record can keep."""

    def eval_sample(self, sample, rng):
        return {"right": super().eval_sample(sample, rng)["right"], "draw": 1.0, "who": object()}


@dataclass(frozen=True)
class Turn:
    number: int
    words: tuple[str, ...]


class OddData(evals.Eval):
    """Records what JSON would change (NaN, tuples, int keys, objects), and reads it back in its report."""

    def eval_sample(self, sample, rng):
        sampled = self.completion_fn(prompt=sample["input"]).get_completions()[0]
        right = sampled == sample["ideal"]
        record_metrics(score=1.0 if right else float("nan"), span=(0, 3), turns={1: 0.5, 2: 1.5})
        evals.record.record_event("turn", Turn(2, ("a", "b")))

    def run(self, recorder):
        self.eval_all_samples(recorder, self.get_samples())
        metrics = recorder.get_metrics()
        scores = [m["score"] for m in metrics if m["score"] == m["score"]]
        return {
            "accuracy": sum(scores) / len(scores),
            "n_nan": len(metrics) - len(scores),
            "spans": sum(m["span"] == (0, 3) for m in metrics),
            "turns": sum(m["turns"][2] for m in metrics),
            "words": sum(len(event.data.words) for event in recorder.get_events("turn")),
        }


@dataclass
class Question:
    text: str
    answer: int


class Dataclasses(evals.Eval):
    """Makes its samples itself, as objects."""

    def __init__(self, completion_fns, n_questions: int, *args, **kwargs):
        super().__init__(completion_fns, *args, **kwargs)
        self.n_questions = n_questions

    def get_samples(self) -> list[Question]:
        return [Question(f"What is {i} + {i}?", 2 * i) for i in range(self.n_questions)]

    def eval_sample(self, sample: Question, rng: random.Random) -> bool:
        prompt = [{"role": "system", "content": "Add."}, {"role": "user", "content": sample.text}]
        sampled = self.completion_fn(prompt=prompt).get_completions()[0]
        record_match(sampled == str(sample.answer), expected=sample.answer, picked=sampled)
        return sampled == str(sample.answer)

    def run(self, recorder):
        self.eval_all_samples(recorder, self.get_samples())
        return {"accuracy": evals.metrics.get_accuracy(recorder.get_events("match"))}


class StrictMatch(Match):
    """Match over rows with keys of their own, by way of the `eval_sample` above."""

    def eval_sample(self, sample: Any, *_):
        row = {"input": [{"role": "user", "content": sample["question"]}], "ideal": sample["answer"]}
        picked = super().eval_sample(row, *_)
        record_metrics(picked=picked is not None)
        return picked


class Votes(evals.Eval):
    """Has a constructor of its own, and several calls a sample."""

    def __init__(self, completion_fns, samples_jsonl, *args, n_votes=1, **kwargs):
        super().__init__(completion_fns, *args, **kwargs)
        self.samples_jsonl = samples_jsonl
        self.n_votes = n_votes

    def eval_sample(self, sample, _):
        votes = [self.completion_fn(prompt=sample["input"]).get_completions()[0] for _ in range(self.n_votes)]
        winner = max(set(votes), key=votes.count)
        evals.record_and_check_match(prompt=sample["input"], sampled=winner, expected=sample["ideal"])

    def run(self, recorder):
        self.eval_all_samples(recorder, self.get_samples())
        return {"accuracy": evals.metrics.get_accuracy(recorder.get_events("match")), "n_votes": self.n_votes}


class Graded(evals.Eval):
    """Prompts by PromptFn, grades by `classify` with a rubric of the registry."""

    def __init__(self, completion_fns, samples_jsonl, modelgraded_spec, *args, **kwargs):
        super().__init__(completion_fns, *args, **kwargs)
        self.samples_jsonl = samples_jsonl
        self.mg = self.registry.get_modelgraded_spec(modelgraded_spec)

    def eval_sample(self, sample, rng):
        prompt = scrub_formatting_from_prompt(sample["input"])
        ask = PromptFn(prompt, completion_fn=self.completion_fn, max_tokens=10)
        completion, _ = ask()
        choice, info = classify(
            mg=self.mg,
            completion_fn=self.completion_fns[-1],
            completion_kwargs={"max_tokens": 20},
            format_kwargs={"completion": completion, "ideal": sample["ideal"]},
            eval_type="classify",
        )
        evals.record.record_metrics(choice=choice, score=info["score"])

    def run(self, recorder):
        self.eval_all_samples(recorder, self.get_samples())
        choices = [metrics["choice"] for metrics in recorder.get_metrics()]
        return {f"counts/{choice}": choices.count(choice) for choice in sorted(set(choices))}


class OwnLoop(evals.Eval):
    """Runs an event loop of its own by `async_eval_all_samples`."""

    def eval_sample(self, sample, rng):
        raise NotImplementedError

    def run(self, recorder):
        async def one(args):
            sample, index = args
            with recorder.as_default_recorder(f"own.loop.{index}"):
                result = await asyncio.to_thread(self.completion_fn, prompt=sample["input"])
                sampled = result.get_completions()[0]
                record_match(sampled == sample["ideal"], expected=sample["ideal"], picked=sampled)
            return index, None

        samples = self.get_samples()
        asyncio.run(self.async_eval_all_samples(one, samples, concurrency=40))
        return {"accuracy": evals.metrics.get_accuracy(recorder.get_events("match"))}


class TwoPasses(evals.Eval):
    """Goes through its samples, and then once more through the wrong ones."""

    def eval_sample(self, sample, rng):
        sampled = self.completion_fn(prompt=sample["input"]).get_completions()[0]
        record_match(sampled == sample["ideal"], expected=sample["ideal"], picked=sampled)
        return sampled == sample["ideal"]

    def run(self, recorder):
        samples = self.get_samples()
        first = self.eval_all_samples(recorder, samples)
        wrong = [sample for sample, right in zip(samples, first, strict=True) if not right]
        second = self.eval_all_samples(recorder, wrong)
        return {
            "accuracy": sum(first) / len(first),
            "second_accuracy": sum(second) / len(second),
            "n_second": len(second),
            "n_events": len(recorder.get_events("match")),
        }


class NestedThreads(evals.Eval):
    """Starts threads inside `eval_sample`, each in a copy of its context."""

    def eval_sample(self, sample, rng):
        def ask(_):
            return self.completion_fn(prompt=sample["input"]).get_completions()[0]

        with ThreadPoolExecutor(3) as pool:
            futures = [pool.submit(contextvars.copy_context().run, ask, i) for i in range(3)]
            answers = {future.result() for future in futures}
        record_match(answers == {sample["ideal"]}, expected=sample["ideal"], picked=sorted(answers))

    def run(self, recorder):
        self.eval_all_samples(recorder, self.get_samples())
        return {
            "accuracy": evals.metrics.get_accuracy(recorder.get_events("match")),
            "n_sampling": len(recorder.get_events("sampling")),
        }


class Dialogue(SolverEval):
    """Talks to a solver for two turns."""

    def __init__(self, completion_fns, samples_jsonl, *args, **kwargs):
        super().__init__(completion_fns, *args, **kwargs)
        self.samples_jsonl = samples_jsonl

    def eval_sample(self, solver: Solver, sample: Any, rng: random.Random) -> None:
        state = TaskState("Answer with a number.", [Message(**message) for message in sample["input"]])
        first = solver(state)
        state.messages += [Message("assistant", first.output), Message("user", sample["input"][-1]["content"])]
        second = solver(state)
        record_match(second.output == sample["ideal"], expected=sample["ideal"], picked=second._output)
        record_metrics(agrees=first.output == second.output, turns=second.metadata.get("turns", 0))

    def run(self, recorder: RecorderBase):
        self.eval_all_samples(recorder, self.get_samples())
        metrics = recorder.get_metrics()
        return {
            "accuracy": evals.metrics.get_accuracy(recorder.get_events("match")),
            "agreement": sum(m["agrees"] for m in metrics) / len(metrics),
            "turns": sum(m["turns"] for m in metrics) / len(metrics),
        }


class Manners(evals.Eval):
    """Samples with `pause`, errors and every other kind of event."""

    def eval_sample(self, sample, rng):
        recorder = evals.record.default_recorder()
        assert recorder is not None
        recorder.pause()
        self.completion_fn(prompt=sample["input"])
        recorder.unpause()
        evals.record.record_raw(sample)
        evals.record.record_function_call("add", {"a": 1}, 2)
        evals.record.record_cond_logp("p", "c", -0.5)
        evals.record.record_pick_option("p", ["a", "b"], "a")
        evals.record.record_embedding("p", "e")
        evals.record.record_error("tolerated", ValueError("no matter"))
        evals.record.record_extra({"sample": recorder.current_sample_id()})
        evals.record.record_event("own_type", {"x": (1, 2)})
        evals.record.record_sampling(prompt=sample["input"], sampled=["a"], model="m", usage={"total_tokens": 2})

    def run(self, recorder):
        self.eval_all_samples(recorder, self.get_samples(), record_raw_sample=False)
        kinds = (
            "raw_sample",
            "function_call",
            "cond_logp",
            "pick_option",
            "embedding",
            "error",
            "extra",
            "own_type",
            "sampling",
        )
        return {kind: len(recorder.get_events(kind)) for kind in kinds}


class Hopeless(Sums):
    """Divides by the number of finished samples; its rows lack a key that it reads."""

    def __init__(self, completion_fns, samples_jsonl, *args, table: str = "", **kwargs):
        super().__init__(completion_fns, samples_jsonl, *args, **kwargs)
        self.table = {"known": 1}[table] if table else 0

    def eval_sample(self, sample, rng):
        record_match(sample["missing"] == 1)

    def run(self, recorder):
        self.eval_all_samples(recorder, self.get_samples())
        return {"accuracy": 1 / len(recorder.get_events("match"))}
