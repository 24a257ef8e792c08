"""Bare words of YAML where an entry wants a text: the error names the line and the quotes."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.errors import EvalsError
from evals.registry import Registry

ARGS = "args: {{samples_jsonl: s.jsonl, extract: label, labels: {}}}"


def make(registry: Registry, kind: str) -> object:
    if kind == "eval_sets":
        return registry.get_eval_set("e.dev.v0")
    if kind == "modelgraded":
        return registry.get_modelgraded_spec("e.dev.v0")
    return registry.make_eval(registry.find_eval("e.dev.v0"), [lambda prompt, **_: None])


def problem(tmp_path: Path, *lines: str, kind: str = "evals") -> str:
    """What is said of the entry `e.dev.v0`, whose file holds these lines."""
    folder = tmp_path / kind
    folder.mkdir()
    (folder / "e.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(EvalsError) as caught:
        make(Registry(registry_paths=[tmp_path]), kind)
    return str(caught.value)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("[Yes, No]", 'such as "Yes": without them YAML reads yes, on and true'),
        ("[maybe, off]", 'such as "No"'),
        ("[a, 1.0]", 'as "1.0"'),
        ("[a, 2024-01-01]", "['a', '2024-01-01']"),
        ("[a, 2024-01-01]", 'as "2024-01-01"'),
        ("[a, ~]", 'such as "null"'),
    ],
)
def test_a_list_of_texts_names_the_word_without_quotes(tmp_path: Path, labels: str, said: str) -> None:
    entry = ("e.dev.v0:", "  class: evals.suite:ExtractAnswer", "  " + ARGS.format(labels))
    found = problem(tmp_path, *entry)
    assert said in found
    assert "e.yaml:3" in found


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("e.dev.v0:", "  class: evals.suite:ExtractAnswer", "  args: {samples_jsonl: s, extract: on}"), '"Yes"'),
        (("e.dev.v0:", "  class: evals.suite:ExtractAnswer", "  args: {samples_jsonl: 2024-01-01}"), '"2024-01-01"'),
        (("e.dev.v0:", "  class: evals.suite:Match", "  args: {samples_jsonl: s, prompts: {on: a, off: b}}"), '"Yes"'),
        (("e.dev.v0:", "  class: evals.suite:Match", "  args: {samples_jsonl: s, no: 3}"), '"No"'),
        (("e.dev.v0:", "  class: yes"), '"Yes"'),
        (("e.dev.v0: {id: 1.0}",), '"1.0"'),
    ],
)
def test_texts_names_and_classes_name_their_quotes(tmp_path: Path, lines: tuple[str, ...], said: str) -> None:
    found = problem(tmp_path, *lines)
    assert "put it in quotes" in found
    assert said in found


def test_sets_and_rubrics_name_their_quotes(tmp_path: Path) -> None:
    assert 'as "2024"' in problem(tmp_path, "e.dev.v0: {evals: [a, 2024]}", kind="eval_sets")
    rubric = 'e.dev.v0: {prompt: "{completion}", choice_strings: [Yes, No], input_outputs: {input: completion}}'
    assert 'such as "Yes"' in problem(tmp_path, rubric, kind="modelgraded")
