"""Bodies of entries: what is refused, what is warned about, and what is kept."""

from __future__ import annotations

import pytest
from registry_parts import MATCH, Write, message

from evals.errors import RegistryError
from evals.registry import Registry


def test_an_entry_without_class_and_id_names_the_keys_that_it_has(write: Write) -> None:
    root = write("a.dev.v0:\n  clas: a:B\n  args: {}\n")
    with pytest.raises(RegistryError) as error:
        Registry([root]).find_eval("a.dev.v0")
    assert "has neither 'class' nor 'id'" in message(error)
    assert "keys found: clas, args" in message(error)


@pytest.mark.parametrize("body", ["[1, 2]", "7", ""])
def test_a_body_that_is_no_mapping_is_an_error_of_that_entry_alone(write: Write, body: str) -> None:
    root = write(f"bad.dev.v0: {body}\ngood.dev.v0:\n  {MATCH}\n")
    registry = Registry([root])
    assert registry.find_eval("good.dev.v0").key == "good.dev.v0"
    with pytest.raises(RegistryError, match="not a mapping"):
        registry.find_eval("bad.dev.v0")


@pytest.mark.parametrize("key", ["key", "group", "cls"])
def test_a_reserved_key_is_an_error_of_that_entry_alone(write: Write, key: str) -> None:
    root = write(f"bad.dev.v0:\n  {key}: x\n  {MATCH}\ngood.dev.v0:\n  {MATCH}\n")
    registry = Registry([root])
    assert list(registry._evals) == ["good.dev.v0"]
    with pytest.raises(RegistryError, match=f"reserved key '{key}'"):
        registry.find_eval("bad.dev.v0")


def test_args_that_are_no_mapping_are_an_error(write: Write) -> None:
    root = write(f"a.dev.v0:\n  {MATCH}\n  args: [x]\n")
    with pytest.raises(RegistryError, match=r"'args' of eval 'a\.dev\.v0' are a list"):
        Registry([root]).find_eval("a.dev.v0")


def test_an_unknown_key_is_warned_about_once_with_a_near_miss(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    root = write(f"a:\n  id: a.dev.v0\n  metric: [accuracy]\n  x-mine: 1\na.dev.v0:\n  {MATCH}\n")
    registry = Registry([root])
    registry.find_eval("a")
    registry.find_eval("a")
    warnings = [record.getMessage() for record in caplog.records if record.name == "evals"]
    assert len(warnings) == 1
    assert warnings[0].endswith("x.yaml:1: eval 'a' has a key that nothing reads: 'metric' (did you mean: metrics)")


def test_what_an_entry_says_of_itself_is_kept_and_the_alias_speaks_for_its_spec(write: Write) -> None:
    root = write(
        f"a:\n  id: a.dev.v0\n  tags: [maths]\n  reference: from alias\na.dev.v0:\n  {MATCH}\n  reference: from spec\n"
    )
    registry = Registry([root])
    assert registry.find_eval("a").extras == {"reference": "from spec"}
    assert registry.eval_facts("a.dev.v0") == {"tags": ["maths"], "reference": "from spec"}


def test_args_handed_out_are_copies(write: Write) -> None:
    root = write(f"a.dev.v0:\n  {MATCH}\n  args: {{list: [1]}}\n")
    registry = Registry([root])
    first = registry.find_eval("a.dev.v0")
    assert first.args is not None
    first.args["list"].append(2)
    assert registry.find_eval("a.dev.v0").args == {"list": [1]}


def test_a_set_may_be_an_alias_and_must_be_a_list_of_names(write: Write) -> None:
    root = write("s:\n  evals: [a, b.*]\nt:\n  id: s\nbad:\n  evals: a\n", kind="eval_sets")
    registry = Registry([root])
    assert registry.find_eval_set("t").evals == ["a", "b.*"]
    with pytest.raises(RegistryError, match="not a list of names"):
        registry.find_eval_set("bad")
    with pytest.raises(RegistryError, match="no eval set is called 'z'"):
        registry.find_eval_set("z")
    assert registry.get_eval_set("z") is None


def test_a_rubric_takes_overrides_and_numbers_as_scores(write: Write) -> None:
    root = write(
        "r:\n  prompt: '{completion}'\n  choice_strings: [A, B]\n  choice_scores: {A: 1, B: 0}\n"
        "  input_outputs: {input: completion}\n",
        kind="modelgraded",
    )
    spec = Registry([root]).get_modelgraded_spec("r", eval_type="classify")
    assert (spec.eval_type, spec.choice_scores) == ("classify", {"A": 1.0, "B": 0.0})


def test_choices_that_yaml_reads_as_truth_values_name_the_quotes_to_add(write: Write) -> None:
    root = write("r:\n  prompt: p\n  choice_strings: [Yes, No]\n  input_outputs: {a: b}\n", kind="modelgraded")
    with pytest.raises(RegistryError, match='put it in quotes, such as "Yes"'):
        Registry([root]).get_modelgraded_spec("r")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("metrics: [accuracy, [x]]", "the 'metrics' of eval 'toy'"),
        ("metrics: {a: 1}", "the 'metrics' of eval 'toy'"),
        ("higher_is_better: maybe", "'higher_is_better' of eval 'toy' is 'maybe'"),
    ],
)
def test_what_is_said_about_an_eval_has_the_types_that_commands_read(write, line, said):
    root = write(f"toy:\n  id: toy.dev.v0\n  {line}\ntoy.dev.v0:\n  class: evals.suite:Match\n")
    with pytest.raises(RegistryError, match=said):
        Registry([root]).get_base_eval("toy")


def test_one_metric_may_stand_without_brackets(write):
    root = write("toy:\n  id: toy.dev.v0\n  metrics: accuracy\ntoy.dev.v0:\n  class: evals.suite:Match\n")
    spec = Registry([root]).get_base_eval("toy")
    assert spec is not None
    assert spec.metrics == ["accuracy"]
