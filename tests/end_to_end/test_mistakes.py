"""The mistakes users make: one message of at most eight lines, the right exit code, and no call where it can be known."""

from __future__ import annotations

import json
import os
import sys

import pytest

from evals.testing.openai_process import ServerProcess

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="uses POSIX permissions and devices")

ROWS = [{"input": "hi", "ideal": "a"} for _ in range(5)]


@pytest.fixture(scope="module")
def server():
    with ServerProcess("--answer", "a", "--api-key", "right-key-0123456789", "--models", "good*") as running:
        yield running


def check(done, code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    message = done.stderr[done.stderr.index("error:") :]
    for word in words:
        assert word in message, message
    assert "Traceback" not in done.stderr
    assert len(message.strip().splitlines()) <= 8, message


def run(workplace, server, *argv, key="right-key-0123456789", **environment):
    before = server.stats()["n_requests"]
    done = workplace.oaieval(*argv, base_url=server.base_url, OPENAI_API_KEY=key, **environment)
    return done, server.stats()["n_requests"] - before


def test_wrong_key(workplace, server):
    workplace.add_eval("toy", ROWS)
    done, _ = run(workplace, server, "good", "toy", key="wrong-key-0123456789")
    check(done, 3, "refused the key", "401", "OPENAI_BASE_URL")
    assert "wrong-key-0123456789" not in done.stderr


def test_unknown_model(workplace, server):
    workplace.add_eval("toy", ROWS)
    done, _ = run(workplace, server, "bad-model", "toy")
    check(done, 3, "does not know this model", "bad-model")


def test_unknown_eval(workplace, server):
    workplace.add_eval("toy", ROWS)
    done, n_calls = run(workplace, server, "good", "tyo")
    check(done, 2, "no eval is called 'tyo'", "did you mean: toy")
    assert n_calls == 0


def test_broken_yaml(workplace, server):
    (workplace.registry / "evals" / "broken.yaml").write_text(
        "broken:\n  id: broken.dev.v0\nbroken.dev.v0:\n  class: [a\n"
    )
    done, n_calls = run(workplace, server, "good", "broken")
    check(done, 2, "broken.yaml:")
    assert n_calls == 0


def test_broken_row(workplace, server):
    workplace.add_eval("toy", ROWS)
    data = workplace.registry / "data" / "toy.jsonl"
    data.write_text(data.read_text() + '{"input": "hi", "ideal": \n')
    done, n_calls = run(workplace, server, "good", "toy")
    check(done, 2, "toy.jsonl:6")
    assert n_calls == 0


def test_missing_field(workplace, server):
    workplace.add_eval("toy", [*ROWS, {"input": "x", "answer": "y"}, {"input": "x", "answer": "y"}])
    done, n_calls = run(workplace, server, "good", "toy")
    check(done, 2, "toy.jsonl:6", "no 'ideal'", "keys found: input, answer", "nothing was called", "fix:")
    assert n_calls == 0


def test_booleans_of_yaml_as_ideals_name_the_quotes(workplace, server):
    workplace.add_eval("toy", [{"input": "x", "ideal": [True, False]}])
    done, n_calls = run(workplace, server, "good", "toy")
    check(done, 2, "toy.jsonl:1", "quotes")
    assert n_calls == 0


def test_misspelt_argument(workplace, server):
    workplace.add_eval("toy", ROWS)
    done, n_calls = run(workplace, server, "good", "toy", "--max_sample", "3", "--temprature", "1")
    check(done, 2, "--temprature", "--temperature")
    assert n_calls == 0


def test_misspelt_eval_argument(workplace, server):
    workplace.add_eval("toy", ROWS, num_few_shots=3)
    done, n_calls = run(workplace, server, "good", "toy", "--extra_eval_params", "num_few_shoot=1")
    check(done, 2, "num_few_sho")
    assert n_calls == 0


def test_misspelt_completion_argument(workplace, server):
    workplace.add_eval("toy", ROWS)
    done, n_calls = run(workplace, server, "good", "toy", "--completion_args", "temprature=1")
    check(done, 2, "temprature", "temperature")
    assert n_calls == 0


def test_no_key_for_the_default_server(workplace):
    workplace.add_eval("toy", ROWS)
    check(workplace.oaieval("gpt-4o-mini", "toy"), 2, "OPENAI_API_KEY")


def test_a_slip_in_a_models_name_is_named_where_a_key_is_missing(workplace):
    workplace.add_eval("toy", ROWS)
    check(workplace.oaieval("gpt-6-lunna", "toy"), 2, "OPENAI_API_KEY", "'gpt-6-lunna'; did you mean: gpt-6-luna")
    done = workplace.oaieval("dummy", "graded-demo", "--grader", "strict-gradr")
    check(done, 2, "OPENAI_API_KEY", "'strict-gradr'; did you mean: strict-grader")


def test_unwritable_record_path(workplace, server, tmp_path):
    workplace.add_eval("toy", ROWS)
    (tmp_path / "file").write_text("x")
    done, n_calls = run(workplace, server, "good", "toy", "--record_path", str(tmp_path / "file" / "r.jsonl"))
    check(done, 2, "r.jsonl", "cannot be written")
    assert n_calls == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_full_disk(workplace, server):
    workplace.add_eval("toy", ROWS)
    done, _ = run(workplace, server, "good", "toy", "--record_path", "/dev/full")
    check(done, 3, "/dev/full", "space")


def test_a_prefix_that_is_ours_is_never_sent_to_a_server(workplace, server):
    workplace.add_eval("toy", ROWS)
    done, n_calls = run(workplace, server, "pocket/none", "toy")
    check(done, 2, "pocket/none")
    assert n_calls == 0


@pytest.mark.slow
def test_nobody_is_listening(workplace):
    workplace.add_eval("toy", ROWS * 30)
    done = workplace.oaieval("good", "toy", base_url="http://127.0.0.1:9/v1")
    check(done, 3, "127.0.0.1:9 cannot be reached: Connection refused", "Nothing was answered.")


def test_a_planted_key_is_found_nowhere(workplace, server):
    planted = "sk-planted-0123456789abcdef"
    workplace.add_eval("toy", ROWS)
    cache = workplace.folder / "cache"
    argv = ("good", "toy", "--cache", "--debug", "--log_to_file", "log.txt", "--completion_args", f"api_key={planted}")
    done, _ = run(workplace, server, *argv, EVALS_CACHE_DIR=str(cache), MY_API_KEY=planted)
    argv = ("good", "toy", "--cache", "--debug", "--completion_args", "api_key=right-key-0123456789")
    again, _ = run(workplace, server, *argv, key=planted, EVALS_CACHE_DIR=str(cache))
    assert again.returncode == 0, again.stderr
    for secret in (planted, "right-key-0123456789"):
        for text in (done.stdout, done.stderr, again.stdout, again.stderr):
            assert secret not in text
        for path in workplace.folder.rglob("*"):
            assert path.is_dir() or secret.encode() not in path.read_bytes(), path
    assert json.loads(workplace.record().read_text().splitlines()[0])["spec"]
    assert oct(workplace.record().stat().st_mode & 0o777) == "0o600"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (
            ["--fail-under", "bleu>=0.5"],
            ["'bleu', which is not in the report", "it has: accuracy", "nothing was called"],
        ),
        (["--fail-under", "acuracy>=0.5"], ["'acuracy', which is not in the report", "did you mean: accuracy"]),
        (["--baseline", "nowhere"], ["there is no baseline of toy.dev.v0", "fix:"]),
        (["--data_path", "nowhere"], ["there is no folder 'nowhere'"]),
        (["--max-errors", "5%"], ["a count such as 5, or a fraction such as 0.02, not '5%'"]),
        (["--temperature", "hot"], ["needs a number from 0 up, not 'hot'"]),
        (["--temperature", "nan"], ["needs a number from 0 up, not 'nan'"]),
        (["--completion_args", "temperature=hot"], ["temperature must be a number, not 'hot'"]),
        (["--completion_args", 'stop=["a"'], ["begins like JSON and is not valid JSON"]),
    ],
)
def test_what_an_option_says_wrong_is_known_before_the_first_call(workplace, server, flags, words):
    workplace.add_eval("toy", ROWS)
    done, n_calls = run(workplace, server, "good", "toy", *flags)
    check(done, 2, *words)
    assert n_calls == 0


def test_a_promise_on_what_only_the_report_tells_is_not_kept_when_it_is_not_there(workplace, server):
    workplace.add_eval("toy", ROWS)
    done, _ = run(workplace, server, "good", "toy", "--fail-under", "counts/A>=0.5", "--json")
    assert done.returncode == 1
    assert "failed: 'counts/A' is not in the report; there are: accuracy" in done.stderr
    assert json.loads(done.stdout)["final_report"]["accuracy"] == 1.0, "what was paid for is shown"


def test_no_model_is_named(workplace, server):
    workplace.add_eval("toy", ROWS)
    done, _ = run(workplace, server, "", "toy")
    check(done, 2, "no completion function is named", "fix:")


def test_a_registry_that_is_none_is_warned_about(workplace, server):
    workplace.add_eval("toy", ROWS)
    done, _ = run(workplace, server, "good", "toy", "--registry_path", str(workplace.registry / "evals"))
    assert done.returncode == 0
    assert "this is the folder of one kind; name the one above it" in done.stderr


@pytest.mark.slow
def test_a_run_that_no_call_of_succeeded_does_not_say_that_none_was_made(workplace):
    workplace.add_eval("toy", ROWS)
    done = workplace.oaieval("m", "toy", base_url="http://127.0.0.1:9/v1")
    assert "no call succeeded: connection lost" in done.stderr
    assert "retries (connection lost)" in done.stderr, "what is waited for is said while it is waited"
    assert done.stderr.splitlines()[-1] == "  Nothing was answered. Fix the error and run again."


def test_a_server_that_takes_no_events_does_not_hide_what_came_out(workplace, server):
    workplace.add_eval("toy", ROWS)
    to = ["--http-run", "--http-run-url", "http://127.0.0.1:9/events"]
    done, _ = run(workplace, server, "good", "toy", "--json", *to)
    check(done, 3, "not accepted by 127.0.0.1")
    assert json.loads(done.stdout)["final_report"]["accuracy"] == 1.0


def test_an_earlier_record_at_the_same_path_is_kept_and_said(workplace, server):
    workplace.add_eval("toy", ROWS)
    for _ in range(2):
        done, _ = run(workplace, server, "good", "toy", "--record_path", "r.jsonl")
    assert "r.jsonl.bak" in done.stderr
    assert (workplace.folder / "r.jsonl.bak").read_text().count("sample_done") == 5


def test_resume_says_when_there_is_nothing_to_go_on_with_and_when_nothing_is_left(workplace, server):
    workplace.add_eval("toy", ROWS)
    done, _ = run(workplace, server, "good", "toy", "--resume")
    assert "it starts anew" in done.stderr
    done, n_calls = run(workplace, server, "good", "toy", "--resume")
    assert "finished before: nothing was called" in done.stdout
    assert n_calls == 0


def test_a_dry_run_says_its_events_if_asked_to_and_writes_nothing(workplace, server):
    workplace.add_eval("toy", ROWS)
    done, n_calls = run(workplace, server, "good", "toy", "--dry-run", "--dry-run-logging")
    assert "'correct': True" in done.stderr
    assert n_calls == 5
    assert not (workplace.folder / "evallogs").exists()
    done, _ = run(workplace, server, "good", "toy", "--dry-run")
    assert "'correct': True" not in done.stderr


def test_samples_that_failed_are_shown_with_the_first_reason_and_where_to_look(workplace, server):
    workplace.add_eval("toy", ROWS)
    workplace.add_eval("other", [{"input": "never asked", "ideal": "a"}])
    run(workplace, server, "good", "toy", "--record_path", "r.jsonl")
    done, _ = run(workplace, server, "replay", "other", "--completion_args", "record=r.jsonl")
    assert done.returncode == 3
    assert "the first: " in done.stdout
    assert " --errors" in done.stdout
    assert "--resume" not in done.stdout, "a replay would find no more the second time"


def test_keys_that_stand_in_yaml_files_are_found_nowhere_else(workplace, server):
    workplace.add_eval("toy", ROWS)
    (workplace.registry / "completion_fns").mkdir()
    (workplace.registry / "completion_fns" / "gateway.yaml").write_text(
        "gateway:\n  class: evals.completion_fns:OpenAIChatCompletionFn\n"
        "  args:\n    model: good\n    api_key: right-key-0123456789\n"
        "    extra_options: {extra_headers: {X-Secret-Token: planted-in-yaml-012345}}\n"
    )
    cache = workplace.folder / "cache"
    done, _ = run(workplace, server, "gateway", "toy", "--cache", "--debug", key="", EVALS_CACHE_DIR=str(cache))
    assert done.returncode == 0, done.stderr
    for secret in ("planted-in-yaml-012345", "right-key-0123456789"):
        assert secret not in done.stdout + done.stderr
        for path in (*workplace.folder.glob("evallogs/*"), *cache.rglob("*")):
            assert path.is_dir() or secret.encode() not in path.read_bytes(), path


def test_model_and_eval_in_the_wrong_order(workplace, server):
    workplace.add_eval("toy", ROWS)
    done, n_calls = run(workplace, server, "toy", "good")
    check(done, 2, "'toy' is an eval, and 'good' is none", "name the model first: oaieval good toy")
    assert n_calls == 0


def test_a_local_model_with_a_slip_in_its_prefix_is_a_question_of_spelling(workplace, server):
    workplace.add_eval("toy", ROWS)
    done, n_calls = run(workplace, server, "poket/1m", "toy")
    check(done, 2, "'poket/1m'", "did you mean: pocket/1m", "chat/poket/1m")
    assert n_calls == 0


def test_a_dry_run_says_that_it_calls_the_model_and_nothing_else_but_the_result(workplace, server):
    workplace.add_eval("toy", ROWS)
    done, n_calls = run(workplace, server, "good", "toy", "--dry-run", "--limit", "2")
    assert done.returncode == 0, done.stderr
    assert n_calls == 2
    assert done.stderr.splitlines()[0] == "dry run: the model is called, and no record is written"
    assert "sampling" not in done.stderr
