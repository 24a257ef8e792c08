"""Small evals as files: a sound one of every class, and builders that put a mistake into one."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import yaml

from tests.support import pictures

Files = Mapping[str, Any]
"Contents by path: a text, bytes, or what becomes JSON. The registry is `reg`, and the eval is called t."

LEFT_OUT = "(left out)"
"The value of a key that shall be missing."

# fmt: off
MESSAGES = [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]
QUESTION = {"input": MESSAGES, "ideal": "a"}
RUBRIC = {"r": {"prompt": "{input} {completion} Yes or No?", "choice_strings": ["Yes", "No"], "choice_scores": {"Yes": 1.0, "No": 0.0},
                "input_outputs": {"input": "completion"}, "eval_type": "classify"}}
CHOICE = {"question": "q", "choices": ["a", "b"], "answer": 0}
CODE = {"task_id": "t/0", "prompt": "def f(x):\n    '''one more'''\n", "canonical_solution": "    return x + 1\n", "test": "def check(candidate):\n    assert candidate(1) == 2\n", "entry_point": "f"}
TOOL = {"input": "Weather in Paris?", "tools": [{"type": "function", "function": {"name": "w", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}], "ideal": [{"w": {"city": ["Paris"]}}]}
GRADER = {"type": "string_check", "name": "s", "operation": "eq", "input": "{{sample.output_text}}", "reference": "{{item.ideal}}"}
GRADER_MESSAGES = [{"role": "user", "content": "Good? {{sample.output_text}}"}]
BASES = {
 "Match": ({}, [QUESTION]),
 "Includes": ({}, [QUESTION]),
 "FuzzyMatch": ({}, [{"input": MESSAGES, "ideal": "Paris"}]),
 "JsonMatch": ({}, [{"input": MESSAGES, "ideal": '{"a": 1}'}]),
 "JsonValidator": ({}, [{"input": MESSAGES}]),
 "JsonSchema": ({"schema": {"type": "object", "properties": {"a": {"type": "integer"}}}}, [{"input": MESSAGES}]),
 "ExtractAnswer": ({}, [{"input": "q", "ideal": "18"}]),
 "DropF1": ({}, [{"input": "q", "ideal": "18"}]),
 "StatedConfidence": ({"extract": "last_line"}, [{"input": "q", "ideal": "a"}]),
 "Choice": ({"way": "parsed"}, [CHOICE]),
 "MultipleChoice": ({"dataset": "t.jsonl", "samples_jsonl": LEFT_OUT}, [CHOICE]),
 "TestMatch": ({"samples_jsonl": LEFT_OUT}, None),
 "Exam": ({"exam": "exam-pocket", "samples_jsonl": LEFT_OUT}, None),
 "MatchWithSolvers": ({"task_description": "Answer."}, [QUESTION]),
 "PassAtK": ({}, [CODE]),
 "ClaimSupport": ({"grader": "grader-of-claims", "prompt": "{passage} {question}"}, [{"question": "q", "passage": "p"}]),
 "Factuality": ({"grader": "counting"}, [{"input": "q", "ideal": "a"}]),
 "ModelBasedClassify": ({"modelgraded_spec": "r"}, [{"input": "q"}]),
 "Preference": ({"grader": "graderA"}, [{"input": MESSAGES, "reference": "a"}]),
 "Safety": ({"classifier": "patterns", "prompt_set": "disallowed"}, [{"input": "q"}]),
 "Toxicity": ({"scorer": "keywords", "n_completions": 1}, [{"input": "angry"}]),
 "Truthfulness": ({"grader": "counting"}, [{"input": "q", "correct_answers": ["a"], "incorrect_answers": ["b"]}]),
 "HostedEval": ({"testing_criteria": [GRADER]}, [{"input": "q", "ideal": "a"}]),
 "StringCheck": ({"reference": "{{item.ideal}}"}, [{"input": "q", "ideal": "a"}]),
 "TextSimilarity": ({"reference": "{{item.ideal}}", "evaluation_metric": "fuzzy_match"}, [{"input": "q", "ideal": "a"}]),
 "LabelModel": ({"input": GRADER_MESSAGES, "labels": ["Yes", "No"], "passing_labels": ["Yes"], "model": "counting"}, [{"input": "q", "ideal": "a"}]),
 "ScoreModel": ({"input": GRADER_MESSAGES, "range": [0, 1], "model": "grader-of-scores"}, [{"input": "q", "ideal": "a"}]),
 "PythonGraded": ({"source": "def grade(sample, item):\n    return 1.0\n"}, [{"input": "q", "ideal": "a"}]),
 "MultiGraded": ({"graders": {"s": GRADER}, "calculate_output": "s"}, [{"input": "q", "ideal": "a"}]),
 "TextLoss": ({}, [{"text": "some text"}]),
 "Translate": ({}, [{"input": MESSAGES, "ideal": "a b c d"}]),
 "TruthDifference": ({"measure": "rouge1"}, [{"input": "q", "correct_answers": ["a"], "incorrect_answers": ["b"]}]),
 "ToolCall": ({}, [TOOL]),
}
# fmt: on
"Arguments and rows of a sound eval of each class; a class without rows brings its own."

ENTRY = """t:
  id: t.dev.v0
  metrics: [accuracy]
t.dev.v0:
  class: evals.suite:Match
  args:
    samples_jsonl: t.jsonl
"""
ROW = '{"input": "q", "ideal": "a"}\n'
BOM = "\ufeff"
PNG = base64.b64encode(pictures.PNG).decode()
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg=="
ASKED = {"role": "system", "content": "1", "name": "example_user"}
EXAMPLE = {"sample": [ASKED, {**ASKED, "name": "example_assistant"}]}


def lines_of(rows: Any) -> str:
    """JSON lines of rows; a text among them is a line as it is."""
    return "".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows)


def entry(text: str | bytes, data: str | bytes = ROW, **more: Any) -> Files:
    """An eval by the text of its YAML file and of its data."""
    return {"reg/evals/t.yaml": text, "reg/data/t.jsonl": data, **more}


def made(cls: str, args: Mapping[str, Any], rows: Any) -> Files:
    """An eval of a class with these arguments and rows; a rubric called r is beside it."""
    body = {"class": f"evals.suite:{cls}", "args": {name: value for name, value in args.items() if value != LEFT_OUT}}
    text = yaml.safe_dump({"t": {"id": "t.dev.v0"}, "t.dev.v0": body}, sort_keys=False)
    return {
        "reg/evals/t.yaml": text,
        "reg/modelgraded/r.yaml": RUBRIC,
        **({"reg/data/t.jsonl": lines_of(rows)} if rows else {}),
    }


def rows(*given: Any, cls: str = "Match", **args: Any) -> Files:
    """An eval of these rows."""
    return made(cls, {"samples_jsonl": "t.jsonl", **args}, given)


def rubric(**change: Any) -> Files:
    """An eval with a rubric, of which some keys are changed or left out."""
    body = {key: value for key, value in {**RUBRIC["r"], **change}.items() if value != LEFT_OUT}
    return {
        **rows({"input": "q"}, cls="ModelBasedClassify", modelgraded_spec="r"),
        "reg/modelgraded/r.yaml": {"r": body},
    }


def user(content: Any) -> dict[str, Any]:
    """A message."""
    return {"role": "user", "content": content}


def messages(*given: Any) -> Files:
    """An eval with one chat."""
    return rows({"input": list(given), "ideal": "a"})


def image(url: Any, **more: Any) -> Files:
    """An eval with one picture."""
    return {**messages(user([{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": url}}])), **more}


def _question(change: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**CHOICE, **change}.items() if value != LEFT_OUT}


def choice(**change: Any) -> Files:
    """A question of multiple choice, of which some keys are changed or left out."""
    return rows(_question(change), cls="Choice", way="parsed")


def letters(**change: Any) -> Files:
    """The same for MultipleChoice."""
    return rows(_question(change), cls="MultipleChoice", dataset="t.jsonl")


def examples(given: Any, n: int = 1, cls: str = "Match", **args: Any) -> Files:
    """An eval that asks for n few-shot examples of the file s.jsonl."""
    text = given if isinstance(given, str | bytes) else lines_of(given)
    args = {"num_few_shot": n, "few_shot_jsonl": "s.jsonl", **args}
    return {**rows({"input": [user("q")], "ideal": "a"}, cls=cls, **args), "reg/data/s.jsonl": text}
