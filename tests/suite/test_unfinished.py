"""Completions that the limit on tokens cut off: scored where what is scored could be complete, else not scored."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from recorded_calls import RecordedCalls

from evals.completion import Completions
from evals.completion_fns.graders import NamedGrader
from evals.engine.failures import CallFailed, Kind
from evals.registry.lookup import Registry
from evals.sandbox.verdict import Status, Verdict
from evals.suite.answers.drop_f1 import DropF1
from evals.suite.answers.extract import ExtractAnswer
from evals.suite.choice.eval import Choice
from evals.suite.code.extraction import may_go_on
from evals.suite.code.pass_at_k import PassAtK
from evals.suite.graded.modelgraded import ModelBasedClassify
from evals.suite.match.fuzzy_match import FuzzyMatch
from evals.suite.match.includes import Includes
from evals.suite.match.json_match import JsonMatch
from evals.suite.match.json_schema import JsonSchema
from evals.suite.match.json_schemas import may_become_json
from evals.suite.match.json_validator import JsonValidator
from evals.suite.match.match import Match
from evals.suite.text.translate import Translate

SUM = {"input": "6 * 7?", "ideal": "42"}
CAPITAL = {"input": "Capital of Italy?", "ideal": "Rome"}
NAME = {"input": "Name?", "ideal": '{"name": "Ada"}'}
BIRTH = {"input": "Who?", "ideal": "Ada Lovelace, born 1815"}
OPTIONS = {"question": "Capital of Italy?", "choices": ["Rome", "Oslo"], "answer": 0}
DEFINITION = {
    "task_id": "t/0",
    "prompt": "def f(x):\n",
    "entry_point": "f",
    "test": "def check(f):\n    assert f(1) == 1\n",
}
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}}


class Cut:
    """A chat model whose completion ends at the limit on tokens."""

    prompt_form = "chat"

    def __init__(self, text: str, form: str = "chat") -> None:
        self.text, self.prompt_form = text, form

    def __call__(self, prompt: Any, **kwargs: Any) -> Completions:
        return Completions([self.text], finish_reasons=["length"])


class OneRightProgram:
    """A sandbox in which programs with this one line pass."""

    def check(self, problem: Any, program: str) -> Verdict:
        return Verdict(Status.PASSED if "return 2 * n + 1" in program else Status.FAILED)


def scored(
    cls: Any, sample: Any, model: Cut, *, by_openai_rules: bool = False, data: str = "", **args: Any
) -> bool | None:
    """Whether the sample was scored as right; None for one that is an error of the kind `cut off`."""
    evaluation = cls([model], data, eval_registry_path=Path("."), **args)
    evaluation.openai_evals_rules = by_openai_rules
    recorder = RecordedCalls()
    failed = None
    try:
        with recorder.as_default_recorder("x"):
            evaluation.eval_sample(sample, None)
    except CallFailed as failure:
        failed = failure
    assert bool(failed) is not bool(recorder.matches)
    if failed is None:
        return bool(recorder.matches[0][0][0])
    assert (failed.kind, failed.is_final, "max_tokens" in failed.message) == (Kind.CUT_OFF, True, True)
    return None


@pytest.mark.parametrize(
    ("cls", "sample", "args", "completion", "expected"),
    [
        (JsonSchema, NAME, {"schema": SCHEMA}, '{"name": "Ad', None),
        (JsonSchema, NAME, {"schema": SCHEMA}, '{"name": "Ada"}', True),
        (JsonSchema, NAME, {"schema": SCHEMA}, '{"name": "Bo"}', False),
        (JsonSchema, NAME, {"schema": SCHEMA}, 'Here it is: {"na', False),
        (JsonMatch, NAME, {}, ' \n{"name": "Ada"', None),
        (JsonMatch, NAME, {}, '{"name": "Ada"}\n', True),
        (JsonValidator, {"input": "?"}, {}, "[1, 2", None),
        (JsonValidator, {"input": "?"}, {}, "[1, 2]", True),
        (ExtractAnswer, SUM, {}, "First we take 6 boxes of 7, and then", None),
        (ExtractAnswer, SUM, {}, "The answer is 42, because", True),
        (ExtractAnswer, SUM, {}, "So the answer is 41. Let me check it", False),
        (ExtractAnswer, SUM, {}, r"It is \boxed{42}. To check it we", True),
        (ExtractAnswer, SUM, {}, "6 * 7 = 42\n#### 42\nQuestion: what is", True),
        (ExtractAnswer, SUM, {}, "42", True),
        (ExtractAnswer, SUM, {"extract": "regex", "pattern": r"= (\d+)"}, "We see 6 * 7 = 42 and go on to", True),
        (ExtractAnswer, SUM, {"extract": "regex", "pattern": r"= (\d+)"}, "We see that 6 * 7 gives us the", None),
        (DropF1, CAPITAL, {}, "Rome\nPassage: it was", True),
        (DropF1, CAPITAL, {}, "The passage says that in this year the", None),
        (Includes, CAPITAL, {}, "It is Rome, which", True),
        (Includes, CAPITAL, {}, "Italy is a country in", None),
        (FuzzyMatch, CAPITAL, {}, "It is rome, which", True),
        (FuzzyMatch, CAPITAL, {}, "Italy is a country in", None),
        (Match, BIRTH, {}, "Ada Lovelace", None),
        (Match, BIRTH, {}, "Grace Hopper was", False),
        (Match, BIRTH, {}, "Ada Lovelace, born 1815 in", True),
    ],
)  # fmt: skip
def test_a_completion_that_was_cut_off_is_scored_only_where_its_answer_could_be_complete(
    cls: Any, sample: Any, args: Any, completion: str, expected: bool | None
) -> None:
    assert scored(cls, sample, Cut(completion), **args) is expected


def test_a_translation_that_was_cut_off_has_no_bleu() -> None:
    pytest.importorskip("sacrebleu")
    sample = {"input": "Translate.", "ideal": "The cat sat on the mat today."}
    assert scored(Translate, sample, Cut("The cat sat on")) is None
    assert scored(Translate, sample, Cut("The cat sat on", form="text")) is not None


@pytest.mark.parametrize("cls", [Includes, FuzzyMatch, ExtractAnswer])
def test_the_limit_is_the_usual_end_of_a_base_model(cls: Any) -> None:
    assert scored(cls, SUM, Cut("We take 6 boxes of 7, and then", form="text")) is False


def test_entries_of_openai_evals_form_score_what_is_there() -> None:
    assert scored(JsonMatch, NAME, Cut('{"name": "Ad'), by_openai_rules=True) is False
    assert scored(Includes, CAPITAL, Cut("Italy is a country in"), by_openai_rules=True) is False


def test_a_choice_needs_its_letter_before_the_limit(tmp_path: Path) -> None:
    (tmp_path / "samples.jsonl").write_text(json.dumps(OPTIONS), encoding="utf-8")
    given = {"data": str(tmp_path / "samples.jsonl"), "way": "parsed"}
    assert scored(Choice, OPTIONS, Cut("The capital of a country is"), **given) is None
    assert scored(Choice, OPTIONS, Cut("Option B is in Norway, so we are left with"), **given) is None
    assert scored(Choice, OPTIONS, Cut("The answer is A, since"), **given) is True


@pytest.mark.parametrize(
    ("completion", "goes_on"),
    [
        ("```python\ndef f(x):\n    y = x", True),
        ("```python\ndef f(x):\n    return x\n```\nThis function", False),
        ("```python\ndef f(x):\n    return x\n```\nor\n```python\ndef", True),
        ("First I think about the", True),
        ("[PYTHON]\ndef f(x):\n", True),
        ("[PYTHON]\ndef f(x):\n    return x\n[/PYTHON]\nIt", False),
        ("    return x\n```\nThis function gives", False),
    ],
)
def test_a_program_is_finished_where_its_block_is_closed(completion: str, goes_on: bool) -> None:
    assert may_go_on(completion, "def f(x):\n", "f") is goes_on


@pytest.mark.parametrize(
    ("completion", "is_error"),
    [
        ("```python\ndef f(x):\n    y = x", True),
        ("```python\ndef f(x):\n    y = x\n```", False),
        ("```python\ndef f(n):\n    return 2 * n + 1", False),
    ],
)
def test_a_program_that_was_cut_off_counts_only_where_it_passes(completion: str, is_error: bool) -> None:
    evaluation = PassAtK([Cut(completion)], "", eval_registry_path=Path("."), sandbox=OneRightProgram())
    recorder = RecordedCalls()
    with recorder.as_default_recorder("x"):
        if is_error:
            with pytest.raises(CallFailed, match="a program was cut off"):
                evaluation.eval_sample(DEFINITION, None)
        else:
            evaluation.eval_sample(DEFINITION, None)
    assert len(recorder.metrics) == (not is_error)


def test_a_grader_that_was_cut_off_before_its_verdict_fails_the_sample(tmp_path: Path) -> None:
    def asked(text: str) -> list[Any]:
        evaluation = ModelBasedClassify(
            completion_fns=[Cut("Rome")], registry=Registry(), modelgraded_spec="closedqa", eval_registry_path=tmp_path
        )
        fields = [{"input": "?", "completion": "Rome", "criteria": "true"}]
        return asyncio.run(evaluation.asking.verdicts(NamedGrader("cut", Cut(text)), fields))

    with pytest.raises(CallFailed, match="verdict of grader cut"):
        asked("The answer names the capital, and now I")
    assert asked("It fits.\n\nY")[0].choice == "Y"


@pytest.mark.parametrize("whole", [{"a": [1, "b", None, True]}, "text", [], -1.5, False])
def test_every_beginning_of_json_may_become_json_and_the_whole_is_whole(whole: Any) -> None:
    text = json.dumps(whole)
    assert not may_become_json(text)
    cut = [text[:end] for end in range(1, len(text)) if not isinstance(whole, float)]
    assert all(map(may_become_json, cut))
