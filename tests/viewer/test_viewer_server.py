"""`evals view FOLDER` as a process, asked over HTTP."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graded_runs import write_graded
from made_forecasts import forecast
from viewer_process import START, Reply, Viewing
from viewer_records import HOSTILE, add_sample, recorder_of, write_hostile_run, write_many, write_run

from evals.forecasts.store import add
from evals.interchange.votes import read_votes
from evals.labelling.graded_record import read_graded
from evals.labelling.label_file import default_path, read_labels
from evals.registry.lookup import Registry
from evals.report.html.packing import unpacked
from evals.viewer.serve import has_browser
from evals.viewer.shell import PAGES

pytest.importorskip("jinja2", reason="jinja2 is not installed: no pages of runs")
pytest.importorskip("uvicorn", reason="uvicorn is not installed: no server tests")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("viewer")
    write_run(place / "logs" / "a.jsonl", "alpha", [True, False, True])
    write_hostile_run(place / "logs" / "h.jsonl", [True, False])
    add(place / "forecasts", forecast("loss-of-large"))
    (place / "secret.jsonl").write_bytes((place / "logs" / "a.jsonl").read_bytes())
    return place


@pytest.fixture(scope="module")
def server(place: Path) -> Iterator[Viewing]:
    with Viewing(place / "logs") as running:
        yield running


def test_the_printed_address_opens_the_list_and_sets_a_strict_cookie(server: Viewing) -> None:
    reply = server.ask(f"/?token={server.token}", cookie=None)
    assert reply.status == 200
    assert reply.headers["set-cookie"] == f"{server.cookie}; Path=/; HttpOnly; SameSite=Strict"
    assert b"/static/runs.js" in reply.body
    assert len(server.token) >= 32


def test_a_compressed_record_has_a_page_and_is_not_followed_while_it_grows(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    write_run(tmp_path / "a.jsonl", "alpha", [True, False])
    data = (tmp_path / "a.jsonl").read_bytes()
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.jsonl.gz").write_bytes(gzip.compress(data))
    (tmp_path / "logs" / "b.jsonl.zst").write_bytes(zstandard.compress(data))
    with Viewing(tmp_path / "logs") as viewing:
        runs = json.loads(viewing.ask("/api/runs").body)["runs"]
        assert len(runs) == 2
        for run in runs:
            assert viewing.ask(f"/api/page/{run['id']}").status == 200
            live = viewing.ask(f"/api/live/{run['id']}")
            assert (live.status, b"does not grow" in live.body) == (404, True)


@pytest.mark.parametrize(
    "path", ["/", "/trends", "/static/dom.js", "/api/runs", "/api/live", "/api/forecasts", "/nowhere"]
)
def test_nothing_is_served_without_the_token(server: Viewing, path: str) -> None:
    for refused in (
        server.ask(path, cookie=None),
        server.ask(f"{path}?token=wrong", cookie=None),
        server.ask(path, cookie="x=y"),
    ):
        assert refused.status == 403
        assert b"token" in refused.body
        assert "set-cookie" not in refused.headers


def test_another_host_or_origin_is_refused_with_the_token_too(server: Viewing) -> None:
    assert server.ask("/api/runs", host="evil.example").status == 403
    assert server.ask("/api/runs", host=f"evil.example:{server.port}").status == 403
    assert server.ask("/api/runs", origin="http://evil.example").status == 403
    assert server.ask("/api/runs", sec_fetch_site="cross-site").status == 403
    assert server.ask("/api/runs", host=f"localhost:{server.port}").status == 200


def test_every_reply_forbids_what_a_text_could_do(server: Viewing) -> None:
    for path in ("/", "/static/runs.js", "/api/runs", "/nowhere", "/api/live/0"):
        for headers in ({}, {"cookie": None}):
            found = server.ask(path, **headers).headers
            assert "default-src 'none'" in found["content-security-policy"]
            assert (found["x-content-type-options"], found["referrer-policy"]) == ("nosniff", "no-referrer")
            assert not [name for name in found if name.startswith("access-control")]


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/..\\app.py",
        "/static//etc/passwd",
        "/api/live/../secret.jsonl",
        "/api/live/..%2f..%2fsecret.jsonl",
        "/api/live/%00",
        "/static/",
        "//etc/passwd",
    ],
)
def test_no_path_leads_out_of_what_is_served(server: Viewing, path: str) -> None:
    assert server.ask(path).status == 404


def test_the_list_has_the_runs_and_is_not_sent_twice(server: Viewing) -> None:
    reply = server.ask("/api/runs")
    assert sorted(row["model"] for row in reply.json["runs"]) == sorted(["alpha", HOSTILE[0]])
    assert reply.headers["content-type"] == "application/json"
    again = server.ask("/api/runs", if_none_match=reply.headers["etag"])
    assert (again.status, again.body) == (304, b"")


def test_the_forecasts_of_the_working_folder_are_listed(server: Viewing) -> None:
    (row,) = server.ask("/api/forecasts").json["forecasts"]
    assert (row["name"], row["state"], row["interval"]) == ("loss-of-large", "open", "1.900 to 2.100 (90%)")


@pytest.mark.parametrize("path", list(PAGES))
def test_every_page_has_one_script_of_ours_and_nothing_inline(server: Viewing, path: str) -> None:
    page = server.ask(path.replace("{run_id}", "0")).body.decode()
    assert page.count("<script") == 1
    assert 'src="/static/' in page
    assert not [word for word in ("style=", "onclick", "http://", "https://") if word in page]


def run_id(server: Viewing, model: str) -> str:
    return str(next(row["id"] for row in server.ask("/api/runs").json["runs"] if row["model"] == model))


def part(server: Viewing, html: str, name: str) -> Reply:
    """A part that a page asks for, from the address that it has."""
    source = json.loads(html.partition('id="data">')[2].partition("</script>")[0])["source"]
    return server.ask(source + name)


def test_the_page_of_a_run_is_the_report_page_and_gets_its_samples_in_parts(server: Viewing) -> None:
    reply = server.ask(f"/run/{run_id(server, 'alpha')}")
    html = reply.body.decode()
    policy = reply.headers["content-security-policy"]
    assert "sums.test.v1" in html
    assert "script-src 'sha256-" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    index = json.loads(unpacked(part(server, html, "index-0").body.decode()))
    samples = [json.loads(line) for line in unpacked(part(server, html, "chunk-0-0").body.decode()).splitlines()]
    assert index["sizes"] == [len(samples)] == [3]
    for missing in ("index-1", "chunk-0-1", "chunk-1-0", "chunk-0", "chunk--1-0", "x", "chunk-0-\u0663", "..%2f"):
        assert part(server, html, missing.replace("\u0663", "%D9%A3")).status == 404


def test_the_page_of_a_run_has_its_scores_as_bars_and_in_words(server: Viewing) -> None:
    page = server.ask(f"/run/{run_id(server, 'alpha')}").body.decode()
    assert "(n = 3): 0.000: 1, 1.000: 2" in page
    assert "the same in words" in page


def test_two_runs_make_one_page_and_unknown_ones_none(server: Viewing) -> None:
    ids = [run_id(server, "alpha"), run_id(server, HOSTILE[0])]
    assert server.ask(f"/run/{','.join(ids)}").status == 200
    assert server.ask(f"/run/{ids[0]},0000").status == 404
    assert server.ask(f"/run/{','.join(map(str, range(20)))}").status == 400


def test_a_page_that_takes_seconds_is_announced_and_then_kept(server: Viewing, place: Path) -> None:
    write_run(place / "logs" / "large.jsonl", "large-model", [True] * 40, ("y" * 600_000,))
    address = f"/run/{run_id(server, 'large-model')}"
    waiting = server.ask(address)
    assert b"/static/wait.js" in waiting.body
    assert "script-src 'self'" in waiting.headers["content-security-policy"]
    assert server.ask(address.replace("/run/", "/api/page/")).json == {"made": True}
    made = server.ask(address)
    assert b"40 samples" in made.body
    assert "script-src 'sha256-" in made.headers["content-security-policy"]
    (place / "logs" / "large.jsonl").unlink()


def test_half_a_letter_in_a_text_breaks_no_page(server: Viewing, place: Path) -> None:
    record = write_run(place / "logs" / "half.jsonl", "half-\ud83d-model", [True], ("said \ud83d",))
    rows = server.ask("/api/runs").json["runs"]
    run = next(row["id"] for row in rows if row["file"] == "half.jsonl")
    assert server.ask(f"/run/{run}").status == 200
    assert "said" in server.ask(f"/api/live/{run}").json["latest"][0]["completion"]
    assert server.ask(f"/api/label/{run}?rater=ann").status == 200
    record.unlink()


def test_a_hostile_run_puts_no_element_into_its_page(server: Viewing) -> None:
    html = server.ask(f"/run/{run_id(server, HOSTILE[0])}").body.decode()
    assert not [text for text in HOSTILE[:4] if text in html]


@pytest.fixture
def pair(server: Viewing, place: Path) -> Iterator[str]:
    """The address of a vote between two runs, with an empty file of votes."""
    write_run(place / "logs" / "two" / "x.jsonl", "model-x", [True] * 4, ("yes", "no"))
    write_run(place / "logs" / "two" / "z.jsonl", "model-z", [False] * 4, ("yes", "no"))
    yield f"{run_id(server, 'model-x')},{run_id(server, 'model-z')}"
    (place / "votes.jsonl").unlink(missing_ok=True)
    for name in "xz":
        (place / "logs" / "two" / f"{name}.jsonl").unlink()


def vote(server: Viewing, pair: str, asked: Any, choice: str, rater: str = "ann", **other: Any) -> Reply:
    question = asked["question"] or {"id": "", "repeat": 0}
    given = {"rater": rater, "choice": choice, "question": question["id"], "repeat": question["repeat"], "seconds": 1.5}
    return server.post(f"/api/vote/{pair}", {**given, **other})


def test_votes_are_blind_and_reach_the_file_of_evals_vote_at_once(server: Viewing, place: Path, pair: str) -> None:
    first = server.ask(f"/api/vote/{pair}?rater=ann")
    assert (first.json["n"], first.json["n_done"]) == (4, 0)
    assert b"model-x" not in first.body
    assert b"model-z" not in first.body
    second = vote(server, pair, first.json, "1").json
    (written,) = read_votes(place / "votes.jsonl")
    assert (written.question_id, written.winner) == (first.json["question"]["id"], written.shown_first)
    assert (written.rater, written.seconds, second["n_done"]) == ("ann", 1.5, 1)
    third = vote(server, pair, vote(server, pair, second, "tie").json, "skip").json
    assert third["n_done"] == 3
    assert vote(server, pair, third, "undo").json["n_done"] == 2
    assert [one.winner for one in read_votes(place / "votes.jsonl")][1:] == ["tie", "skip", "undo"]
    (row,) = server.ask("/api/votes").json["rows"]
    assert (row["n"], row["ties"], row["rater"]) == (2, 1, "ann")


def test_raters_see_the_same_pairs_and_no_vote_counts_twice(server: Viewing, place: Path, pair: str) -> None:
    ann = server.ask(f"/api/vote/{pair}?rater=ann").json
    ben = server.ask(f"/api/vote/{pair}?rater=ben").json
    assert ann["question"]["id"] == ben["question"]["id"]
    assert vote(server, pair, ann, "2").status == 200
    late = vote(server, pair, ann, "2")
    assert (late.status, len(read_votes(place / "votes.jsonl"))) == (409, 1)
    assert vote(server, pair, ben, "both_bad", rater="ben").status == 200


def test_votes_of_the_terminal_are_seen(server: Viewing, place: Path, pair: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START, "vote", "logs/two/x.jsonl", "logs/two/z.jsonl", "--rater", "ann"],
        cwd=place, input="1\nt\nq\n", capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "2 votes" in done.stdout
    assert server.ask(f"/api/vote/{pair}?rater=ann").json["n_done"] == 2


@pytest.mark.parametrize(("change", "status"), [
    ({"choice": "3"}, 400), ({"choice": None}, 400), ({"seconds": -1}, 400), ({"seconds": "x"}, 400), ({"seconds": 1e9}, 400),
    ({"rater": ""}, 400), ({"rater": "x" * 101}, 400), ({"question": "another"}, 409), ({"padding": "x" * 100_000}, 413),
])  # fmt: skip
def test_a_vote_that_cannot_be_is_refused_and_not_written(
    server: Viewing, place: Path, pair: str, change: dict[str, Any], status: int
) -> None:
    asked = server.ask(f"/api/vote/{pair}?rater=ann").json
    given = {"choice": "1", **change}
    assert vote(server, pair, asked, given.pop("choice"), **given).status == status
    assert not (place / "votes.jsonl").exists()


@pytest.mark.parametrize("headers", [
    {"origin": "http://evil.example"}, {"origin": None}, {"cookie": None}, {"host": "evil.example"}, {"sec_fetch_site": "cross-site"},
])  # fmt: skip
def test_no_vote_without_the_token_and_an_origin_of_ours(
    server: Viewing, place: Path, pair: str, headers: dict[str, str | None]
) -> None:
    question = server.ask(f"/api/vote/{pair}?rater=ann").json["question"]
    given = {"rater": "ann", "choice": "1", "question": question["id"], "repeat": question["repeat"], "seconds": 1}
    assert server.post(f"/api/vote/{pair}", given, **headers).status == 403
    assert server.post(f"/api/vote/{pair}", given, content_type="text/plain").status == 400
    assert not (place / "votes.jsonl").exists()


def test_runs_without_a_question_in_common_are_told_so(server: Viewing, pair: str) -> None:
    reply = server.ask(f"/api/vote/{run_id(server, 'model-x')},{run_id(server, HOSTILE[0])}?rater=ann")
    assert (reply.status, "no question in common" in reply.json["error"]) == (400, True)
    assert server.ask(f"/api/vote/{run_id(server, 'model-x')}?rater=ann").status == 400


@pytest.fixture
def graded(server: Viewing, place: Path) -> Iterator[str]:
    """The address of labels of a graded run; its answers try to be code."""
    record = place / "logs" / "graded.jsonl"
    write_graded(record, ["Yes", "No", "Yes"], answers=HOSTILE[:3], models=["graded-model"])
    yield f"/api/label/{run_id(server, 'graded-model')}"
    record.unlink()
    default_path(record).unlink(missing_ok=True)


def test_labels_are_blind_and_reach_the_file_of_evals_label_at_once(server: Viewing, place: Path, graded: str) -> None:
    first = server.ask(f"{graded}?rater=ann")
    shown = first.json
    assert (shown["n"], shown["n_done"], shown["choices"]) == (3, 0, ["Yes", "No"])
    assert b"graded-model" not in first.body
    given = {"rater": "ann", "action": "label", "label": "No", "sample": shown["sample"]["id"], "note": "rude"}
    second = server.post(graded, given).json
    assert (second["n_done"], second["can_undo"]) == (1, True)
    record = read_graded(str(place / "logs" / "graded.jsonl"), Registry())
    (label,) = read_labels(default_path(record.path), record).labels
    assert (label.id, label.label, label.rater, label.note) == (shown["sample"]["id"], "No", "ann", "rude")
    assert server.post(graded, given).status == 409
    third = server.post(graded, {"rater": "ann", "action": "skip", "sample": second["sample"]["id"]}).json
    assert third["n_done"] == 2
    assert server.post(graded, {"rater": "ann", "action": "undo"}).json["sample"]["id"] == second["sample"]["id"]
    assert server.ask(f"{graded}?rater=ben").json["n_done"] == 0


@pytest.mark.parametrize(
    "change", [{"label": "Perhaps"}, {"action": "drop"}, {"note": 7}, {"note": "x" * 3000}, {"rater": " "}]
)
def test_a_label_that_cannot_be_is_refused_and_not_written(
    server: Viewing, place: Path, graded: str, change: dict[str, Any]
) -> None:
    sample = server.ask(f"{graded}?rater=ann").json["sample"]["id"]
    given = {"rater": "ann", "action": "label", "label": "No", "sample": sample, **change}
    assert server.post(graded, given).status == 400
    assert server.post(graded, {**given, "rater": "ann"}, origin="http://evil.example").status == 403
    assert server.ask(f"{graded}?rater=ann").json["n_done"] == 0
    path = default_path(place / "logs" / "graded.jsonl")
    assert not path.exists() or len(path.read_text(encoding="utf-8").splitlines()) == 1, (
        "nothing but the head of the file"
    )


def test_labels_are_not_written_through_a_link(server: Viewing, place: Path, graded: str) -> None:
    target = place / "precious.jsonl"
    target.write_text("", encoding="utf-8")
    default_path(place / "logs" / "graded.jsonl").symlink_to(target)
    assert "link" in server.ask(f"{graded}?rater=ann").json["error"]
    given = {"rater": "ann", "action": "label", "label": "No", "sample": "polite.dev.0"}
    assert server.post(graded, given).status == 400
    assert target.read_text(encoding="utf-8") == ""


def test_a_run_without_a_grader_can_be_labelled_right_or_wrong(server: Viewing) -> None:
    assert server.ask(f"/api/label/{run_id(server, 'alpha')}?rater=ann").json["choices"] == ["right", "wrong"]


def test_the_progress_of_a_run_is_told_while_it_writes(place: Path, server: Viewing) -> None:
    recorder = recorder_of(place / "logs" / "growing.jsonl", "beta", n_samples=4)
    add_sample(recorder, 0, True, said=HOSTILE[0])
    (live,) = server.ask("/api/live").json["runs"]
    assert (live["n_done"], live["n_planned"], live["value_text"], live["is_final"]) == (1, 4, "1.000", False)
    assert live["latest"][0]["completion"] == HOSTILE[0]
    add_sample(recorder, 1, False)
    assert server.ask(f"/api/live/{live['id']}").json["n_done"] == 2
    recorder.close()
    assert server.ask(f"/api/live/{live['id']}").json["state"] == "stopped"
    (place / "logs" / "growing.jsonl").unlink()
    gone = server.ask(f"/api/live/{live['id']}")
    assert gone.status == 404
    assert "no run" in gone.json["error"]


def test_the_first_page_lists_a_thousand_records(tmp_path: Path) -> None:
    write_many(tmp_path / "logs", 1000)
    with Viewing(tmp_path / "logs") as server:
        assert server.ask("/").status == 200
        assert len(server.ask("/api/runs").json["runs"]) == 1000


def test_it_stops_at_a_signal_with_exit_code_0_and_leaves_nothing(place: Path) -> None:
    with Viewing(place / "logs") as server:
        code, out, err = server.stop(signal.SIGINT)
    assert (code, out.split(), err) == (0, ["stopped"], "")


def test_it_listens_to_this_machine_alone(server: Viewing) -> None:
    others = {address[4][0] for address in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {
        "127.0.0.1",
        "127.0.1.1",
    }
    for address in others:
        with pytest.raises(OSError, match=r"refused|unreachable|timed out"):
            socket.create_connection((address, server.port), timeout=2)


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", START, "view", *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False)  # fmt: skip


@pytest.mark.parametrize(("arguments", "words"), [
    (["nowhere"], "nowhere"), ([], "evallogs"), (["logs", "--wrong"], "--wrong needs a record"),
    (["logs", "17"], "SAMPLE_ID needs a record"), (["logs/a.jsonl", "--no-browser"], "for a folder"),
])  # fmt: skip
def test_arguments_that_make_no_sense_are_told(place: Path, arguments: list[str], words: str) -> None:
    done = command(place, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_browser_is_opened_only_where_there_is_a_screen() -> None:
    assert not has_browser({}, "linux")
    assert has_browser({"DISPLAY": ":0"}, "linux")
    assert has_browser({"WAYLAND_DISPLAY": "wayland-0"}, "linux")
    assert has_browser({}, "darwin")


def test_the_browser_gets_the_token_by_a_private_file_and_not_by_its_arguments(place: Path, tmp_path: Path) -> None:
    said = tmp_path / "said.json"
    script = tmp_path / "browser.py"
    script.write_text(
        "import json, os, sys, urllib.parse\n"
        "path = urllib.parse.urlsplit(sys.argv[1]).path\n"
        f"json.dump([sys.argv[1], open(path).read(), os.stat(path).st_mode], open({str(said)!r} + '.new', 'w'))\n"
        f"os.rename({str(said)!r} + '.new', {str(said)!r})\n",
        encoding="utf-8",
    )
    environment = {**os.environ, "DISPLAY": ":0", "BROWSER": f"{sys.executable} {script} %s"}
    process = subprocess.Popen(
        [sys.executable, "-c", START, "view", str(place / "logs"), "--port", "0"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    limit = time.monotonic() + 60
    while not said.exists() and time.monotonic() < limit and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert said.exists(), err
    argument, page, mode = json.loads(said.read_text(encoding="utf-8"))
    token = out.partition("token=")[2].split()[0]
    assert token in page
    assert token not in argument
    assert stat.S_IMODE(mode) == 0o600
