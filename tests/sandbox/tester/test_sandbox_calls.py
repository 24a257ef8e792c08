"""The tester believes nothing that a program says: every odd answer ends the check, and is the program's fault."""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
from collections.abc import Callable

import pytest

from evals.sandbox.inside.channel import Channel
from evals.sandbox.protocol import FunctionJob, Limits, job_parts
from evals.sandbox.tester.calls import Program
from evals.sandbox.tester.exits import Died, Exit, NeedsOneProcess, NotPython, WrongType
from evals.sandbox.tester.shapes import Shape

Answers = Callable[[str], list[str]]


OPEN: list[Played] = []


@pytest.fixture(autouse=True)
def closed():
    """Ends the programs that a test has played."""
    yield
    while OPEN:
        OPEN.pop().close()


class Played:
    """A program whose answers a function gives: by what it was sent, the texts that it says."""

    def __init__(self, answers: Answers, shape: Shape | None = None, namespace: dict | None = None) -> None:
        ours, theirs = socket.socketpair()
        ours.settimeout(20)
        self.heard: list[str] = []
        self._theirs, self._answers = Channel(theirs), answers
        self.program = Program(Channel(ours), shape or Shape(None), "f", namespace or {})
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        OPEN.append(self)

    def close(self) -> None:
        self.program.channel.close()
        self._thread.join(20)
        self._theirs.close()

    def _serve(self) -> None:
        while True:
            try:
                text = self._theirs.receive()
            except (EOFError, OSError):
                return
            self.heard.append(text)
            for answer in self._answers(text):
                if answer == "end":
                    self._theirs.close()
                    return
                self._theirs.send(answer)


def always(*texts: str) -> Answers:
    return lambda text: list(texts)


def value(data, changed=None, printed="") -> str:
    return json.dumps(["value", data, changed, printed])


def raised(names, text="", args=(), held=(), line=0) -> str:
    return json.dumps(["raised", names[0], names, list(args), text, list(held), line, None, ""])


def test_a_value_is_what_a_call_gives():
    played = Played(always(value({"T": [1, [2]]}, None, "said\n")))
    assert played.program.request("call", 0, "", [3], {"k": 4}) == (1, [2])
    assert played.heard == ['["call",0,"",[]]\n[[3],[["k",4]]]']
    assert played.program.printed == "said\n"


@pytest.mark.parametrize(
    "answer",
    [
        "nonsense", "[]", "{}", "5", "null", "[5]", "[[]]", '["value"]', '["value",1]', '["value",1,null,5]', '["value",{"?":1},null,""]',
        '["value",1,[],""]', '["value",1,5,""]', '["raised"]', '["raised","E",["E"],[],"",[],0,null]', '["raised","E",[5],[],"",[],0,null,""]',
        '["raised","E",["E"],5,"",[],0,null,""]', '["raised","E",["E"],[],5,[],0,null,""]', '["unknown"]', '["loaded","f",""]', '["dropped"]',
        '["value",{"h":["object",-1,0,"A",[],[]]},null,""]', '["value",{"h":["class",1,"a b",[],[]]},null,""]', '["value",{"cb":0},null,""]',
        '["ask"]', '["ask","call",0,[[],{"M":{}}]]', '["ask","input",0,[[],{"M":{}}]]', '["ask","eval",0,[["1"],{"M":{}}]]', "[" * 100_000,
    ],
)  # fmt: skip
def test_an_answer_that_no_honest_program_gives_ends_the_check(answer):
    played = Played(always(answer))
    with pytest.raises(WrongType):
        played.program.request("call", 0, "", [[0]])
    assert isinstance(played.program.over, WrongType)
    with pytest.raises(WrongType):
        played.program.request("call", 0)
    assert len(played.heard) == 1


def test_a_message_that_says_it_is_longer_than_it_may_be_is_not_waited_for():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        program = Program(Channel(ours), Shape(None), "f", {})
        theirs.sendall(struct.pack(">I", 1 << 31))
        with pytest.raises(WrongType, match="TooLong"):
            program.request("call", 0)


def test_what_cannot_be_sent_is_the_fault_of_the_tests():
    played = Played(always(value(1)))
    with pytest.raises(NeedsOneProcess, match="the tests hand over an object of type object"):
        played.program.request("call", 0, "", [object()])
    assert played.heard == []


def test_a_program_that_ends_is_told_from_one_that_answers():
    with pytest.raises(Died):
        Played(always("end")).program.request("call", 0)


def test_no_exit_is_caught_by_tests_that_catch_exceptions():
    assert not issubclass(Exit, Exception)


def test_an_exception_is_of_the_first_class_that_is_known_here():
    class Own(Exception):
        pass

    played = Played(
        always(raised(["Own", "KeyError", "Exception"], "'k'", ["k"], [["code", 3]])),
        Shape(None, classes=frozenset({"Own"})),
        {"Own": Own},
    )
    with pytest.raises(Own) as error:
        played.program.request("call", 0)
    assert (error.value.args, error.value.code) == (("'k'",), 3)
    with pytest.raises(KeyError) as error:
        Played(always(raised(["Own", "KeyError"], "'k'", ["k"]))).program.request("call", 0)
    assert error.value.args == ("k",)


@pytest.mark.parametrize("name", ["Exit", "Died", "WrongType", "type", "len", "object", "Unknown"])
def test_no_program_raises_what_ends_a_check_or_is_no_exception(name):
    played = Played(always(raised([name], "x")), namespace={"Exit": Exit, "Died": Died, "WrongType": WrongType})
    with pytest.raises(Exception, match="x") as error:
        played.program.request("call", 0)
    assert type(error.value) is Exception


def test_the_end_of_an_iteration_in_a_plain_call_does_not_end_a_loop_of_the_tests():
    stop = raised(["StopIteration", "Exception"])
    with pytest.raises(RuntimeError, match="the program raised StopIteration"):
        Played(always(stop)).program.request("call", 0)
    with pytest.raises(StopIteration):
        Played(always(stop)).program.request("method", 1, "__next__")
    with pytest.raises(StopIteration):
        Played(always(stop), Shape(None, names_stop_iteration=True)).program.request("call", 0)


def test_arguments_become_what_the_program_made_of_them_and_stay_the_same_objects():
    items, table = [1, [2]], {"a": 1}
    inner = items[1]
    played = Played(always(value(None, [[{"R": 1}, 5], [7], [["a", {"R": 0}]]])))
    played.program.request("call", 0, "", [items, table])
    assert items == [[7], 5]
    assert items[0] is inner
    assert table == {"a": items}


def test_a_function_of_the_tests_is_called_for_the_program():
    asked = '["ask","call",0,[[2,3],{"M":{"c":4}}]]'
    played = Played(lambda text: [asked] if text.startswith('["call"') else [value(json.loads(text)[1])])
    assert played.program.request("call", 0, "", [lambda a, b, c: [a, b, c]]) == [2, 3, 4]


def test_an_assertion_in_a_function_of_the_tests_is_final():
    def fails():
        raise AssertionError("no")

    played = Played(lambda text: ['["ask","call",0,[[],{"M":{}}]]'] if text.startswith('["call"') else [value(1)])
    assert played.program.request("call", 0, "", [fails]) == 1
    assert str(played.program.failed) == "no"
    assert played.heard[1] == '["answer_raised",[["AssertionError","Exception"],["no"]]]'


def test_a_function_of_the_tests_that_gives_what_cannot_travel_is_the_fault_of_the_tests():
    played = Played(lambda text: ['["ask","call",0,[[],{"M":{}}]]'] if text.startswith('["call"') else [value(1)])
    with pytest.raises(NeedsOneProcess, match="the tests hand over an object of type"):
        played.program.request("call", 0, "", [lambda: [object()]])


def test_a_program_that_ends_while_it_waits_for_a_function_of_the_tests_has_died():
    played = Played(lambda text: ['["ask","call",0,[[],{"M":{}}]]', "end"])

    def slowly():
        played._thread.join(20)

    with pytest.raises(Died):
        played.program.request("call", 0, "", [slowly])


JOB = FunctionJob("def f(n): ...", Limits(1 << 30, 30), "f", (), 10)


def after_the_job(answers: Answers) -> Answers:
    """A program that is given its source first."""
    return lambda text: [] if text.startswith('["FunctionJob"') else answers(text)


def test_batched_calls_are_sent_with_the_program_and_each_takes_its_own_answer():
    bodies = ("[[1],[]]", "[[2],[]]", "[[3],[]]")
    played = Played(after_the_job(always(value(10), value(20), value(30))), Shape(None, batched_calls=bodies))
    played.program.start(JOB)
    assert [played.program.request("call", 0, "", [number]) for number in (1, 2, 3)] == [10, 20, 30]
    assert played.heard == [
        json.dumps(job_parts(JOB), separators=(",", ":")),
        '["calls",0,"",[]]\n' + "\n".join(bodies),
    ]


def test_what_is_left_of_a_batch_is_dropped_when_the_program_says_so_or_the_tests_do_something_else():
    bodies = ("[[1],[]]", "[[2],[]]")

    def answers(text):
        return [value(1), '["dropped"]'] if text.startswith('["calls"') else [value(7)]

    played = Played(after_the_job(answers), Shape(None, batched_calls=bodies))
    played.program.start(JOB)
    assert [played.program.request("call", 0, "", [number]) for number in (1, 2)] == [1, 7]
    played = Played(after_the_job(answers), Shape(None, batched_calls=bodies))
    played.program.start(JOB)
    assert [played.program.request("call", 0, "", [1]), played.program.request("get", 0, "x")] == [1, 7]
    assert len(played.heard) == 3


def test_a_batch_for_what_is_no_function_is_dropped_and_its_calls_are_made_one_by_one():
    bodies = ("[[1],[]]", "[[2],[]]")

    def answers(text):
        return ['["dropped"]'] if text.startswith('["calls"') else [value(7)]

    for operation in ("call", "await"):
        played = Played(after_the_job(answers), Shape(None, batched_calls=bodies))
        played.program.start(JOB)
        assert [played.program.request(operation, 0, "", [number]) for number in (1, 2)] == [7, 7]
        assert len(played.heard) == 4


def test_output_is_kept_up_to_a_limit_and_written_where_the_tests_read_it(capsys):
    played = Played(always(value(1, None, "x" * 3000)), Shape(None, reads_output=True))
    for _ in range(3):
        played.program.request("call", 0)
    assert len(played.program.printed) <= 2 * 4096
    assert capsys.readouterr().out == "x" * 9000
    assert sys.stdout is not None


@pytest.mark.parametrize(
    ("message", "error"),
    [('["syntax","SyntaxError: x"]', NotPython), ('["wrong_type","no"]', WrongType), ("nonsense", WrongType)],
)
def test_a_module_that_does_not_load_ends_the_check(message, error):
    played = Played(always())
    played._theirs.send(message)
    with pytest.raises(error):
        played.program.loaded()


def test_a_global_that_the_program_does_not_have_is_a_name_error():
    with pytest.raises(NameError, match="neither tests nor program define helper"):
        Played(always(raised(["KeyError"], "'helper'", ["helper"]))).program.named("helper")
