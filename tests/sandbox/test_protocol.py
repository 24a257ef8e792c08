"""Every message of the sandbox's processes comes back as it was, and what is not exactly a message is an error that says why."""

from __future__ import annotations

import dataclasses
import json
from typing import get_args

import pytest

from evals.sandbox import protocol
from evals.sandbox.protocol import (
    Allowance,
    CandidateEnded,
    CannotStart,
    Check,
    Done,
    End,
    Fork,
    FunctionJob,
    Late,
    Limits,
    Outcome,
    ProblemSpec,
    ProgramJob,
    Ready,
    RootFs,
    SameProcessJob,
    Setup,
    StatusName,
    SteppedBack,
    TakesLong,
    ZygoteLaunch,
    ZygotePlan,
    ZygoteReady,
    job_of,
    job_parts,
    longest_s,
    read,
    write,
)
from evals.sandbox.typed_json import ProtocolError
from evals.sandbox.verdict import Status

ROOT_FS = RootFs(("/usr",), ("/usr/lib/site-packages",), {"numpy": "/a/numpy", "six.py": "/b/six.py"}, 1 << 26)
PLAN = ZygotePlan(True, ("/",), True, None, 70_000, "/usr/bin/python3", ("/x",), {"LANG": "C"}, ROOT_FS, "", ())
LAUNCH = ZygoteLaunch(PLAN, ("bwrap", "--unshare-all"), None, 65534)
SPEC = ProblemSpec(7, "HumanEval/7", "def f(n):\n", "f", 3.0, 1 << 30, "def check(candidate): ...", (), "decimals")
CASES = dataclasses.replace(SPEC, tests=None, entry_point=None, cases=(("1\n", "2\n"), ("", "\ud800\u2028")))
LIMITS = Limits(1 << 30, 32)
MESSAGES = [
    Setup(LAUNCH, "strict", ("/a", "/b")),
    SPEC,
    CASES,
    Check(7, "def f(n):\n    return '\ud800\0\u2028é'", Allowance(3.0, 0.5), SPEC, True),
    Check(7, "", Allowance(0.25, 1e-9), None, False),
    Allowance(3.0, 0.5),
    Ready(12),
    CannotStart("no namespaces"),
    SteppedBack(),
    TakesLong(),
    Late(),
    Outcome("failed", "assertion", "no", "weak", 0.1, 0.2, "out", "err", True),
    Outcome("passed"),
    ZygoteReady(),
    PLAN,
    ROOT_FS,
    LAUNCH,
    Fork(True),
    End(12),
    Done(12, 0),
]
NOT_JSON = {CandidateEnded}
JOBS = [
    FunctionJob("x = '\ud800'", LIMITS, "f", ("A", "B"), 4096),
    ProgramJob("x = 1", LIMITS),
    SameProcessJob("x = 1", LIMITS, "f", "def check(candidate): ..."),
]


def test_every_message_of_the_protocol_is_tried_here():
    messages = {kind for kind in vars(protocol).values() if dataclasses.is_dataclass(kind)}
    assert messages - NOT_JSON == {type(message) for message in MESSAGES}
    assert all(kind.__dataclass_params__.frozen for kind in messages)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_comes_back_as_it_was(message):
    text = write(message)
    assert text.isascii()
    assert read(text, Late, type(message)) == message


@pytest.mark.parametrize("job", JOBS, ids=lambda job: type(job).__name__)
def test_a_job_comes_back_as_it_was(job):
    found = job_of(json.loads(json.dumps(job_parts(job))))
    assert type(found) is type(job)
    assert json.dumps(found) == json.dumps(job)  # a tuple of names comes back as a list
    assert found.limits.cpu_s == 32


@pytest.mark.parametrize(
    "parts", [[], {}, 1, ["Job"], ["FunctionJob"], ["ProgramJob", "", [1]], ["ProgramJob", "", [1, 2], 3]]
)
def test_what_is_no_job_is_an_error(parts):
    with pytest.raises((TypeError, ValueError, LookupError)):
        job_of(parts)


def damaged(message: object) -> list[tuple[str, object]]:
    """The fields of a message as JSON, each time with another thing wrong, and the name of the field that is."""
    fields = json.loads(write(message))[type(message).__name__]
    found = [(name, {key: value for key, value in fields.items() if key != name}) for name in fields]
    found += [(name, {**fields, name: wrong}) for name in fields for wrong in ({"a": {}}, [[[]]])]
    return [("stranger", {**fields, "stranger": 1}), *found]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_field_that_is_missing_unknown_or_of_a_wrong_type_is_named(message):
    name = type(message).__name__
    for field, fields in damaged(message):
        with pytest.raises(ProtocolError, match=field) as error:
            read(json.dumps({name: fields}), type(message))
        assert str(error.value).startswith(name)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"limit_s": "soon", "enough_s": 1}, "Allowance.limit_s is 'soon', not a number"),
        ({"limit_s": True, "enough_s": 1}, "Allowance.limit_s is True, not a number"),
        ({"limit_s": None, "enough_s": 1}, "Allowance.limit_s is None, not a number"),
        ({"limit_s": 3}, "Allowance has no field 'enough_s'"),
        ({"limit_s": 3, "enough_s": 1, "b": 1, "a": 2}, "Allowance has an unknown field 'a'"),
        ([3, 1], "Allowance is [3, 1], not an object"),
    ],
)
def test_an_error_says_what_was_expected_and_what_came(fields, said):
    with pytest.raises(ProtocolError) as error:
        read(json.dumps({"Allowance": fields}), Allowance)
    assert str(error.value) == said


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda plan: plan["root_fs"]["packages"].update(numpy=3), "Setup.launch.plan.root_fs.packages['numpy']"),
        (lambda plan: plan["readable"].append(None), "Setup.launch.plan.readable[1]"),
        (lambda plan: plan.update(uid="root"), "Setup.launch.plan.uid"),
        (lambda plan: plan.update(namespaces=1), "Setup.launch.plan.namespaces"),
    ],
)
def test_a_field_deep_in_a_message_is_named_by_its_path(change, path):
    data = json.loads(write(MESSAGES[0]))
    change(data["Setup"]["launch"]["plan"])
    with pytest.raises(ProtocolError) as error:
        read(json.dumps(data), Setup)
    assert str(error.value).startswith(f"{path} is ")


@pytest.mark.parametrize("cases", [[["1"]], [["1", "2", "3"]], [["1", 2]], ["12"], {}])
def test_a_case_is_two_texts(cases):
    data = json.loads(write(CASES))
    data["ProblemSpec"]["cases"] = cases
    with pytest.raises(ProtocolError, match="cases"):
        read(json.dumps(data), ProblemSpec)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", '"Ready"', '{"Ready":{}', '{"Ready":{},"Late":{}}', "nonsense", "[" * 100_000],
)
def test_a_text_that_is_no_message_is_an_error(text):
    with pytest.raises(ProtocolError, match="no message"):
        read(text, Ready)


def test_a_message_that_was_not_expected_is_an_error_that_names_both():
    with pytest.raises(ProtocolError, match="expected Ready or Late, got SteppedBack"):
        read(write(SteppedBack()), Ready, Late)


def test_whole_numbers_are_times_too():
    found = read('{"Allowance":{"limit_s":3,"enough_s":1}}', Allowance)
    assert (type(found.limit_s), found) == (float, Allowance(3.0, 1.0))


def test_outcomes_have_the_statuses_of_verdicts():
    assert get_args(StatusName) == tuple(status.value for status in Status)


def test_what_a_zygote_says_of_an_end_is_three_numbers():
    assert CandidateEnded.of("3 9 0.25") == CandidateEnded(3, 9, 0.25)
    for text in ("3 fork: no memory", "3 9", "3 9 0.25 1", "", "x 9 0.25"):
        with pytest.raises(ProtocolError, match="the zygote answers"):
            CandidateEnded.of(text)


@pytest.mark.parametrize(("limit_s", "longest"), [(0.5, 20.0), (3.0, 20.0), (5.0, 20.0), (6.0, 24.0), (30.0, 120.0)])
def test_a_starved_program_has_four_times_its_limit_or_twenty_seconds(limit_s, longest):
    assert longest_s(limit_s) == longest
