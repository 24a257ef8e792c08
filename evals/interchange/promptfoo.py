"""Promptfoo configurations, as the dashboard of hosted Evals exports them: tests and assertions as evals."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.errors import EvalsError
from evals.interchange.hosted_files import Found
from evals.interchange.hosted_specs import ImportedEval, ImportedSpec, slug
from evals.suite.graders.prompts import Prompts, request_of
from evals.suite.graders.read import read_grader
from evals.texts.number_text import counted

ANSWER = "{{ sample.output_text }}"
_VARIABLE = re.compile(r"\{\{\s*([^\W\d]\w*(?:\.\w+)*)\s*\}\}")

_CHECKS = {"equals": "eq", "not-equals": "ne", "contains": "like", "icontains": "ilike"}
_METRICS = {
    "bleu": ("bleu", 0.5),
    "gleu": ("gleu", 0.5),
    "meteor": ("meteor", 0.5),
    "similar": ("cosine", 0.75),
    "rouge-n": ("rouge_1", 0.75),
}
"The metric for a type of assertion, and Promptfoo's threshold where none is given (its documentation, 2026)."

_PARAMETERS = (
    "temperature",
    "top_p",
    "seed",
    "max_tokens",
    "max_completion_tokens",
    "reasoning_effort",
    "response_format",
)
_KNOWN_KEYS = ("description", "prompts", "providers", "tests", "defaultTest", "metadata")
_KNOWN_ASSERT_KEYS = ("type", "value", "threshold", "metric", "provider")


def promptfoo_eval(path: str, config: Mapping[str, Any], taken: Sequence[str], found: Found) -> ImportedEval:
    """The eval of a configuration: a spec for each prompt and each list of assertions that tests share.

    What has no counterpart becomes a note in `found`.
    """
    title = str(config.get("description") or Path(path).stem)
    imported = ImportedEval(slug(title, taken), title, path, [])
    for key in config:
        if key not in _KNOWN_KEYS:
            found.note(path, f"{key!r} has no counterpart here")
    params = _parameters(config.get("providers"), path, found)
    prompts = [messages for messages in _prompts(config.get("prompts"), path, found) if messages is not None]
    if not prompts:
        found.note(path, "no prompt can be used, so there is no eval to run")
    for messages in prompts:
        for graders, rows in _groups(config, path, found):
            number = f"dev{len(imported.specs) + 1}" if imported.specs else "dev"
            args = {"input_messages": messages, **params, "testing_criteria": graders}
            imported.specs.append(ImportedSpec(f"{imported.base}.{number}.v0", args, rows))
    return imported


def _prompts(given: Any, path: str, found: Found) -> list[list[dict[str, Any]] | None]:
    prompts = given if isinstance(given, list) else [given]
    return [_messages(prompt, f"{path}:prompts[{number}]", found) for number, prompt in enumerate(prompts)]


def _messages(prompt: Any, where: str, found: Found) -> list[dict[str, Any]] | None:
    """The messages of a prompt: a text, JSON of messages, an object with `raw`, or messages in YAML."""
    if isinstance(prompt, Mapping):
        prompt = prompt.get("raw", prompt.get("content", prompt.get("id")))
    if isinstance(prompt, str):
        if prompt.startswith("file://"):
            found.note(where, f"the prompt lies in another file, {prompt}: put its text here")
            return None
        try:
            decoded = json.loads(prompt)
        except ValueError:
            decoded = None
        prompt = decoded if isinstance(decoded, list) else [{"role": "user", "content": prompt}]
    if not isinstance(prompt, list):
        found.note(where, "this prompt is no text and no list of messages")
        return None
    messages = [_with_items(message) for message in prompt]
    try:
        Prompts.read(messages)
    except EvalsError as error:
        found.note(where, f"this prompt cannot be used: {error.what}")
        return None
    return messages


def _with_items(value: Any) -> Any:
    """The value with Promptfoo's variables as ours: `{{x}}` is `{{ item.x }}`, and `{{output}}` the answer."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: ANSWER if found[1] == "output" else f"{{{{ item.{found[1]} }}}}", value)
    if isinstance(value, list):
        return [_with_items(part) for part in value]
    return {key: _with_items(part) for key, part in value.items()} if isinstance(value, dict) else value


def _parameters(providers: Any, path: str, found: Found) -> dict[str, Any]:
    """`sampling_params` of the first provider; a note with the model to name on the command line."""
    params: dict[str, Any] = {}
    for number, provider in enumerate(providers if isinstance(providers, list) else [providers]):
        name = provider.get("id") if isinstance(provider, Mapping) else provider
        if name is not None:
            found.note(path, f"its model is {name!r}: name the model on the command line")
        config = provider.get("config") if isinstance(provider, Mapping) else None
        for key, value in config.items() if isinstance(config, Mapping) else ():
            place = f"{path}:providers[{number}].config.{key}"
            if number == 0 and key in _PARAMETERS and _is_usable(key, value):
                params[key] = value
            else:
                found.note(place, "this parameter is left out")
    return {"sampling_params": params} if params else {}


def _is_usable(key: str, value: Any) -> bool:
    try:
        request_of({key: value})
    except EvalsError:
        return False
    return True


def _groups(
    config: Mapping[str, Any], path: str, found: Found
) -> list[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """(graders, rows) for each list of assertions that tests share; values that differ stand in the rows."""
    tests = config.get("tests")
    if not isinstance(tests, list):
        found.note(path, "its tests lie elsewhere, or are no list: put them into the file")
        return []
    default = config.get("defaultTest")
    common = default if isinstance(default, Mapping) else {}
    groups: dict[str, list[tuple[dict[str, Any], list[Mapping[str, Any]]]]] = {}
    for number, test in enumerate(tests):
        where = f"{path}:tests[{number}]"
        if not isinstance(test, Mapping):
            found.note(where, "this test is no object")
            continue
        asserted = [*_assertions(common, path, found), *_assertions(test, where, found)]
        usable = [one for k, one in enumerate(asserted) if _is_known(one, f"{where}.assert[{k}]", found)]
        shape = json.dumps([_shape(one) for one in usable], default=str)
        values = {**_variables(common, path, found), **_variables(test, where, found)}
        groups.setdefault(shape, []).append((values, usable))
    return [made for group in groups.values() if (made := _group(group, path, found))[0]]


def _assertions(test: Mapping[str, Any], where: str, found: Found) -> list[Any]:
    """The assertions of a test; a note if they are no list."""
    given = test.get("assert")
    if given is None or isinstance(given, list):
        return given or []
    found.note(where, "its 'assert' is no list: it is left out")
    return []


def _variables(test: Mapping[str, Any], where: str, found: Found) -> Mapping[str, Any]:
    """The variables of a test; a note if they are no object."""
    given = test.get("vars")
    if given is None or isinstance(given, Mapping):
        return given or {}
    found.note(where, "its 'vars' are no object: they are left out")
    return {}


def _shape(asserted: Mapping[str, Any]) -> list[Any]:
    """What assertions of one grader must share; the value of a text may differ, the source of a function may not."""
    source = asserted.get("value") if asserted.get("type") == "python" else None
    return [asserted.get("type"), asserted.get("metric"), asserted.get("threshold"), source]


def _group(
    group: Sequence[tuple[dict[str, Any], list[Mapping[str, Any]]]], path: str, found: Found
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    rows = [{"item": dict(values)} for values, _ in group]
    graders: list[dict[str, Any]] = []
    if not group[0][1]:
        found.note(path, f"left out: {counted(len(group), 'test')} without an assertion that can be used")
        return [], []
    for place, asserted in enumerate(group[0][1]):
        given = [one[place].get("value") for _, one in group]
        value = given[0]
        if any(other != value for other in given):
            key = f"expected_{place + 1}"
            for row, other in zip(rows, given, strict=True):
                row["item"][key] = _filled(other, row["item"])
            value = f"{{{{{key}}}}}"
        name = str(asserted.get("metric") or f"{asserted['type']} {place + 1}")
        graders.append({"name": name, **_grader(asserted, _with_items(value))})
    return graders, rows


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    """A value of a single test, its variables filled in."""
    if not isinstance(value, str):
        return value
    return _VARIABLE.sub(lambda match: str(values.get(match[1], match[0])), value)


def _is_known(asserted: Any, where: str, found: Found) -> bool:
    """Whether an assertion has a counterpart; a note if it has none, or only nearly."""
    if not isinstance(asserted, Mapping):
        found.note(where, "this assertion is no object")
        return False
    for key in asserted:
        if key not in _KNOWN_ASSERT_KEYS:
            found.note(where, f"{key!r} of this assertion has no counterpart here")
    kind = asserted.get("type")
    try:
        definition = _grader(asserted, _with_items(asserted.get("value")))
        read_grader({"name": "x", **definition}, where)
    except EvalsError as error:
        found.note(where, f"an assertion of type {kind!r} is left out: {error.what}")
        return False
    except KeyError:
        found.note(where, f"assertions of type {kind!r} are not supported: it is left out")
        return False
    if kind == "llm-rubric":
        found.note(where, "llm-rubric becomes score_model with a prompt of ours: scores may differ from Promptfoo's")
    return True


def _grader(asserted: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """The definition of an assertion. Raises KeyError for a type without a counterpart."""
    kind, threshold = str(asserted.get("type")), asserted.get("threshold")
    text = value if isinstance(value, str) else json.dumps(value)
    if kind in _CHECKS:
        return {"type": "string_check", "operation": _CHECKS[kind], "input": ANSWER, "reference": text}
    if kind == "python" and isinstance(value, str) and re.search(r"^def grade\(", value, re.MULTILINE):
        given = {} if threshold is None else {"pass_threshold": threshold}
        return {"type": "python", "source": asserted["value"], **given}
    if kind == "llm-rubric":
        prompt = f"Score the answer from 0 to 1 by this rubric.\n\nRubric:\n{text}\n\nAnswer:\n{ANSWER}"
        model = _model_of(asserted.get("provider"))
        limit = 0.5 if threshold is None else threshold
        messages = [{"role": "user", "content": prompt}]
        return {"type": "score_model", "model": model, "input": messages, "pass_threshold": limit}
    metric, default = _METRICS[kind]
    limit = default if threshold is None else threshold
    similarity = {"type": "text_similarity", "evaluation_metric": metric, "pass_threshold": limit}
    return {**similarity, "input": ANSWER, "reference": text}


def _model_of(provider: Any) -> str:
    """The model in the name of a provider such as `openai:chat:gpt-6-luna`."""
    name = provider.get("id") if isinstance(provider, Mapping) else provider
    return str(name).rpartition(":")[2] if name else "(the evaluated model)"
