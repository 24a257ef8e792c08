"""The pytest plugin, in test suites of its own, as subprocesses, against a loopback server that counts its calls."""

from __future__ import annotations

import json
import os
import sys
import xml.etree.ElementTree
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import many_matches
import pytest
from many_matches import VERDICTS, registry_of_many_matches

from evals.testing.openai_process import ServerProcess

pytest_plugins = ["pytester"]

IS_INSTALLED = any(point.name == "oaieval" for point in entry_points(group="pytest11"))
LOADED = [] if IS_INSTALLED else ["-p", "oaieval_pytest"]
SUPPORT = str(Path(many_matches.__file__).parent)
N = 6
WRONG = 2


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerProcess]:
    """Answers the questions of the eval `sums`, two of six wrongly."""
    path = tmp_path_factory.mktemp("answers") / "answers.jsonl"
    rows = [{"prompt": f"{i} + {i}?", "completion": "no idea" if i < WRONG else str(2 * i)} for i in range(N)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with ServerProcess("--answers", str(path), "--models", "small", "--latency", "0.05") as process:
        monkeypatch.setenv("OPENAI_BASE_URL", process.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "not checked")
        yield process


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A user's repository with a registry that holds `sums`, known by its ini file."""
    monkeypatch.delenv("EVALS_LOG_DIR", raising=False)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    root = pytester.path / "my_registry"
    (root / "evals").mkdir(parents=True)
    (root / "data").mkdir()
    rows = [{"input": [{"role": "user", "content": f"{i} + {i}?"}], "ideal": str(2 * i)} for i in range(N)]
    (root / "data" / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    body = {"class": "evals.suite:Match", "args": {"samples_jsonl": "sums.jsonl"}}
    (root / "evals" / "sums.yaml").write_text(f"sums: {{id: sums.dev.v0}}\nsums.dev.v0: {json.dumps(body)}\n")
    pytester.makeini("[pytest]\naddopts = --strict-markers --strict-config\nevals_registry_paths = my_registry\n")
    return pytester


def pytest_in(suite: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    command = [sys.executable, "-m", "pytest", *LOADED, *arguments]
    return suite.run(*command, timeout=300)


def n_calls(server: ServerProcess) -> int:
    return int(server.stats()["n_requests"])


THREE_TESTS = """
    def test_enough(evals_run):
        assert evals_run("small", "sums").accuracy >= 0.5

    def test_too_much(evals_run):
        result = evals_run("small", "sums")
        assert result.metrics["accuracy"].n == 6
        assert result.accuracy >= 0.9

    def test_samples(evals_run):
        assert len(list(evals_run("small", "sums").samples.wrong())) == 2
"""


def test_a_run_is_made_once_and_a_failure_shows_samples_interval_and_record(suite, server):
    suite.makepyfile(THREE_TESTS)
    done = pytest_in(suite)
    done.assert_outcomes(passed=2, failed=1)
    assert n_calls(server) == N
    (record,) = (suite.path / "evallogs" / "pytest").glob("*.jsonl")
    done.stdout.fnmatch_lines_random(
        [
            "*assert 0.66* >= 0.9",
            "accuracy     0.667 (95 % interval 0.300 to 0.941, modified wilson, n = 6)",
            "wrong: 2",
            "  sums.dev.0",
            "    expected     0",
            "    got          no idea",
            f"record       {record}",
        ]
    )


@pytest.mark.slow
def test_later_sessions_go_on_with_the_record_unless_all_is_to_be_asked_anew(suite, server):
    suite.makepyfile("def test_it(evals_run):\n    assert evals_run('small', 'sums').metrics['accuracy'].n == 6")
    pytest_in(suite).assert_outcomes(passed=1)
    cut_after(4, suite)
    pytest_in(suite).assert_outcomes(passed=1)
    assert n_calls(server) == N + 2
    pytest_in(suite).assert_outcomes(passed=1)
    assert n_calls(server) == N + 2
    pytest_in(suite, "--evals-fresh").assert_outcomes(passed=1)
    assert n_calls(server) == N + 2 + N


def cut_after(n_samples: int, suite: pytest.Pytester) -> None:
    """Leave so many samples in the record, as a killed run would."""
    (record,) = (suite.path / "evallogs" / "pytest").glob("*.jsonl")
    lines = record.read_bytes().splitlines(keepends=True)
    done = [i for i, line in enumerate(lines) if b'"sample_done": true' in line]
    record.write_bytes(b"".join(lines[: done[n_samples - 1] + 1]))


@pytest.mark.parametrize("per_sample", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_xdist_workers_share_a_run(suite, server, per_sample):
    pytest.importorskip("xdist")
    many = "\n".join(
        f"def test_{i}(evals_run):\n    assert evals_run('small', 'sums').metrics['accuracy'].n == 6" for i in range(6)
    )
    each = (
        "import pytest\n@pytest.mark.evals('small', 'sums', per_sample=True)\n"
        "def test_each(evals_sample):\n    assert evals_sample.correct"
    )
    suite.makepyfile(each if per_sample else many)
    done = pytest_in(suite, "-n", "2", "-v")
    done.assert_outcomes(passed=N - WRONG if per_sample else 6, failed=WRONG if per_sample else 0)
    workers = {line.split("]")[0] for line in done.outlines if line.startswith("[gw")}
    assert workers == {"[gw0", "[gw1"}
    assert n_calls(server) == N
    assert sum("sums.dev.v0 on small: accuracy 0.667" in line for line in done.outlines) == 1


@pytest.mark.slow
def test_xdist_workers_share_a_failed_run_too(suite, server):
    pytest.importorskip("xdist")
    suite.makepyfile(
        "\n".join(f"def test_{i}(evals_run):\n    evals_run('unknown-model', 'sums', concurrency=1)" for i in range(4))
    )
    done = pytest_in(suite, "-n", "2", "-rE")
    done.assert_outcomes(errors=4)
    assert n_calls(server) == 1
    done.stdout.fnmatch_lines(["*The model `unknown-model` does not exist*", "ERROR *::test_0 - the server does *"])


MARKED = """
    import pytest

    @pytest.mark.evals("small", "sums", per_sample=True)
    def test_each(evals_sample):
        assert evals_sample.correct

    @pytest.mark.evals("small", ["sums", "sums.dev.v0"])
    def test_whole(evals_result):
        assert evals_result.accuracy > 0.6

    @pytest.mark.evals("sums", max_samples=2)
    def test_with_the_model_of_the_options(evals_result):
        assert evals_result.n_total == 2
"""


def test_markers_make_a_test_for_each_sample_or_each_eval(suite, server):
    suite.makepyfile(MARKED)
    done = pytest_in(suite, "-v", "--evals-model", "small")
    done.assert_outcomes(passed=4 + 2 + 1, failed=2)
    done.stdout.fnmatch_lines_random(
        ["*::test_each?sums.dev.5? PASSED*", "*::test_each?sums.dev.1? FAILED*", "*::test_whole?sums.dev.v0? PASSED*"]
    )
    done.stdout.fnmatch_lines(["expected 0, got no idea", "prompt * 0 + 0?", "record *"])


def test_collecting_calls_nothing_and_needs_no_key(suite, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    suite.makepyfile(MARKED)
    done = pytest_in(suite, "--collect-only", "-q", "--evals-model", "small", "--evals-max-samples", "3")
    assert sum("::test_" in line for line in done.outlines) == 3 + 2 + 1
    assert not (suite.path / "evallogs").exists()


MISTAKES = {
    "misspelt": ('@pytest.mark.evals("small", "smus", per_sample=True)\ndef test_a(evals_sample): ...', "*did you mean: sums*"),
    "no_fixture": ('@pytest.mark.evals("a", "sums", per_sample=True)\ndef test_a(): ...', "*let the test take evals_sample*"),
    "no_model": ('@pytest.mark.evals("sums")\ndef test_a(evals_result): ...', "*no model for sums*--evals-model*"),
    "no_marker": ("def test_a(evals_sample): ...", "*evals_sample needs the marker @pytest.mark.evals(*"),
    "three_names": ('def test_a(evals_run): evals_run("a", "b", "c")', '*write it as ("model", "eval")*'),
}  # fmt: skip


def test_mistakes_are_errors_that_say_the_fix(suite):
    suite.makepyfile(**{f"test_{name}": f"import pytest\n{test}" for name, (test, _) in MISTAKES.items()})
    done = pytest_in(suite, "--continue-on-collection-errors")
    done.assert_outcomes(errors=len(MISTAKES))
    done.stdout.fnmatch_lines_random([message for _, message in MISTAKES.values()])


def test_a_failed_call_is_an_error_and_never_a_failure(suite, tmp_path):
    suite.makepyfile(
        """
        import pytest

        def model(prompt):
            if "1 + 1" in str(prompt):
                raise ValueError("no connection")
            return "0"

        def test_whole(evals_run):
            evals_run(model, "sums").accuracy

        @pytest.mark.xfail
        def test_expected_to_fail(evals_run):
            assert evals_run(model, "sums").accuracy > 2

        def test_tolerant(evals_run):
            result = evals_run(model, "sums", max_errors=1)
            assert (result.n_errors, result.metrics["accuracy"].n) == (1, 5)

        @pytest.mark.evals(model, "sums", per_sample=True)
        def test_each(evals_sample):
            assert evals_sample.correct
        """
    )
    done = pytest_in(suite, "-rE", f"--junitxml={tmp_path / 'junit.xml'}")
    done.assert_outcomes(passed=1 + 1, failed=4, errors=2 + 1)
    done.stdout.fnmatch_lines_random(
        ["*1 of 6 samples failed and were not scored", "sums.dev.1 failed and was not scored: *no connection"]
    )
    (junit,) = xml.etree.ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert (junit.get("errors"), junit.get("failures")) == ("3", "4")


def test_evals_are_collected_from_yaml(suite, server):
    suite.makepyfile("def test_not_asked_for():\n    assert False")
    options = ["--evals", "my_registry/evals/sums.yaml", "--evals-model", "small"]
    pytest_in(suite, *options, "--evals-min", "accuracy>=0.6").assert_outcomes(passed=1)
    done = pytest_in(suite, *options, "--evals-min", "accuracy>=0.7", "--evals-per-sample", "-rf")
    done.assert_outcomes(passed=4, failed=3)
    done.stdout.fnmatch_lines(
        [
            "accuracy is 0.667, not >= 0.7",
            "FAILED *sums.yaml::sums.dev.v0?sums.dev.0? - expected 0, got*",
            "FAILED *sums.yaml::sums.dev.v0 - accuracy is 0.667, not >= 0.7",
        ]
    )
    assert n_calls(server) == N


def test_a_sample_of_which_some_matches_are_wrong_fails(suite, monkeypatch):
    registry_of_many_matches(suite.path / "several")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([SUPPORT, os.environ["PYTHONPATH"]]))
    monkeypatch.setenv("OPENAI_API_KEY", "not checked")
    options = ["--evals", "several/evals/several.yaml", "--evals-model", "m", "--evals-per-sample"]
    with ServerProcess("--answer", "yes") as process:
        monkeypatch.setenv("OPENAI_BASE_URL", process.base_url)
        n_right = sum(all(row) for row in VERDICTS)
        pytest_in(suite, *options).assert_outcomes(passed=n_right, failed=len(VERDICTS) - n_right)


@pytest.mark.slow
def test_collected_evals_run_beside_tests_that_are_named_and_on_workers(suite, server):
    pytest.importorskip("xdist")
    suite.makepyfile(test_mine="def test_mine(): ...")
    options = ["--evals", "my_registry/evals/sums.yaml", "--evals-model", "small", "--evals-per-sample"]
    pytest_in(suite, "test_mine.py", *options, "-n", "2").assert_outcomes(passed=5, failed=2)
    assert n_calls(server) == N


def test_yaml_files_that_hold_no_usable_eval_are_told(suite):
    folder = suite.path / "my_registry" / "evals"
    (folder / "broken.yaml").write_text("a: [")
    (folder / "empty.yaml").write_text("a: {id: b.c.d}")
    done = pytest_in(suite, *(f"--evals=my_registry/evals/{name}.yaml" for name in ("sums", "broken", "empty")))
    assert done.ret == pytest.ExitCode.INTERRUPTED
    done.stdout.fnmatch_lines_random(
        ["no model for sums.dev.v0*", "*broken.yaml:2:*not valid YAML*", "*empty.yaml: no evals here"]
    )


def test_a_threshold_that_cannot_be_read_is_a_usage_error(suite):
    done = pytest_in(suite, "--evals-min", "accuracy=>1")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*--evals-min cannot read 'accuracy=>1'"])


THEIRS = """
    import evals
    from evals.their_module import ANSWER

    def test_theirs_before():
        assert (ANSWER, evals.__doc__) == (42, "theirs")

    def test_ours(evals_run):
        result = evals_run("small", "sums")
        assert [row.picked for row in result.samples if row.correct] and result._repr_html_()
        assert result.accuracy >= 0.9

    def test_theirs_after():
        import evals
        import evals.second_module
        assert evals.__doc__ == "theirs"
"""


@pytest.mark.parametrize("mode", ["prepend", pytest.param("importlib", marks=pytest.mark.slow)])
def test_a_package_called_evals_in_the_repository_stays_theirs(suite, server, mode):
    folder = suite.path / "evals"
    folder.mkdir()
    (folder / "__init__.py").write_text('"theirs"')
    (folder / "their_module.py").write_text("ANSWER = 42")
    (folder / "second_module.py").write_text("")
    suite.makepyfile(**{"evals/test_thing": THEIRS})
    done = pytest_in(suite, f"--import-mode={mode}")
    done.assert_outcomes(passed=2, failed=1)
    done.stdout.fnmatch_lines(["*assert 0.66* >= 0.9", "    got          no idea"])


def test_a_plain_folder_called_evals_does_no_harm(suite, server):
    (suite.path / "evals").mkdir()
    suite.makepyfile(
        **{"evals/test_in_it": "def test_it(evals_run):\n    assert evals_run('small', 'sums').accuracy > 0.6"}
    )
    pytest_in(suite, "evals").assert_outcomes(passed=1)


def test_a_suite_that_uses_nothing_of_it_loads_nothing(suite):
    suite.makepyfile(
        "import sys\ndef test_nothing():\n    assert 'evals' not in sys.modules and 'yaml' not in sys.modules"
    )
    pytest_in(suite).assert_outcomes(passed=1)


@pytest.mark.skipif(not IS_INSTALLED, reason="the entry point is there only when the package is installed")
def test_it_can_be_switched_off(suite):
    suite.makeini("")
    suite.makepyfile("def test_it(evals_run): ...")
    done = pytest_in(suite, "-p", "no:oaieval")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*fixture 'evals_run' not found"])


def test_records_go_where_they_are_wanted(suite, server):
    suite.makepyfile("def test_it(evals_run):\n    evals_run('small', 'sums', max_samples=1)")
    pytest_in(suite, "--evals-log-dir", "here").assert_outcomes(passed=1)
    assert len(list((suite.path / "here").glob("*.jsonl"))) == 1
    assert not (suite.path / "evallogs").exists()
