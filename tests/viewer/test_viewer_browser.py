"""The viewer in a real browser: list, search, growth, comparison; and texts that try to be code stay texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from graded_runs import write_graded
from headless import chromium, wait_for
from viewer_process import Viewing
from viewer_records import FLAG, HOSTILE, add_sample, recorder_of, write_hostile_run, write_many, write_run

from evals.interchange.votes import read_votes
from evals.labelling.label_file import default_path
from evals.testing.file_server import FileServer
from evals.viewer.serve import opening_page

pytest.importorskip("jinja2", reason="jinja2 is not installed: no pages of runs")
pytest.importorskip("uvicorn", reason="uvicorn is not installed: no server tests")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    logs = tmp_path_factory.mktemp("viewer") / "logs"
    write_many(logs / "many", 300)
    write_run(logs / "a.jsonl", "alpha", [True, False, True, False] * 10)
    write_run(logs / "b.jsonl", "beta", [True, True, True, False] * 10)
    write_hostile_run(logs / "h1.jsonl", [True, False] * 6)
    write_hostile_run(logs / "h2.jsonl", [True] * 12)
    return logs


@pytest.fixture(scope="module")
def server(logs: Path) -> Iterator[Viewing]:
    with Viewing(logs) as running:
        yield running


@pytest.fixture
def growing(logs: Path) -> Iterator[Path]:
    yield logs / "growing.jsonl"
    (logs / "growing.jsonl").unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def _signed_in(driver: Any, server: Viewing) -> Iterator[None]:
    """Each test begins at the list, and no test may leave an error in the console or a text that ran."""
    driver.get(server.url)
    until(driver, lambda: rows(driver), "the list")
    yield
    assert driver.execute_script(f"return window.{FLAG}") is None
    assert [entry["message"] for entry in driver.get_log("browser")] == []


def until(driver: Any, found: Callable[[], Any], what: str) -> Any:
    """What `found` gives, once it is true; elements that a page has just replaced are looked for again."""
    from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException

    def tried() -> Any:
        try:
            return found()
        except (NoSuchElementException, StaleElementReferenceException):
            return None

    try:
        return wait_for(tried)
    except AssertionError:
        raise AssertionError(f"{what} was not seen: {one(driver, 'main').text[:2000]}") from None


def all_of(driver: Any, selector: str) -> list[Any]:
    return list(driver.find_elements("css selector", selector))


def one(driver: Any, selector: str) -> Any:
    return driver.find_element("css selector", selector)


def click(driver: Any, selector: str, place: int = 0) -> None:
    """Click the element as it is now: a list that is drawn anew replaces its elements."""
    driver.execute_script("document.querySelectorAll(arguments[0])[arguments[1]].click()", selector, place)


def rows(driver: Any) -> list[str]:
    script = "return [...document.querySelectorAll('#runs tbody tr')].map((row) => row.innerText)"
    return list(driver.execute_script(script))


def scores(driver: Any) -> list[float]:
    return [float(row.split("\t")[4]) for row in rows(driver)]


def count(driver: Any) -> str:
    return str(one(driver, "#count").text)


def test_the_list_shows_all_runs_and_the_token_leaves_the_address(driver: Any, server: Viewing) -> None:
    assert count(driver) == "304 runs"
    assert len(rows(driver)) == 200
    assert server.token not in driver.current_url
    assert driver.execute_script("return document.cookie") == ""


def test_search_and_filters_narrow_the_list_and_stand_in_the_address(driver: Any) -> None:
    one(driver, "#search").send_keys("GAMMA task2")
    until(driver, lambda: count(driver) == "25 of 304 runs", "the runs that fit")
    assert all("gamma-7b" in row and "task2" in row for row in rows(driver))
    driver.get(driver.current_url)
    until(driver, lambda: count(driver) == "25 of 304 runs", "the search from the address")
    one(driver, "#search").clear()
    one(driver, "#search").send_keys("nightly")
    until(driver, lambda: count(driver) == "60 of 304 runs", "runs with a tag")


def test_a_click_on_a_column_sorts_by_it(driver: Any) -> None:
    one(driver, "th:nth-child(5) button").click()
    shown = scores(driver)
    assert shown == sorted(shown, reverse=True)
    assert one(driver, "th[aria-sort]").get_attribute("aria-sort") == "descending"
    one(driver, "th:nth-child(5) button").click()
    assert scores(driver)[0] == pytest.approx(0.4, abs=0.01)


def test_a_run_grows_in_the_list_and_on_its_page_until_it_ends(driver: Any, growing: Path) -> None:
    recorder = recorder_of(growing, "delta", n_samples=8)
    add_sample(recorder, 0, True, said=HOSTILE[0], prompt=HOSTILE[1])
    row = until(driver, lambda: [text for text in rows(driver) if "delta" in text and "1/8" in text], "the running run")
    assert "not final" in row[0]
    box = one(driver, "td.tick input")
    box.click()
    add_sample(recorder, 100, False)
    until(driver, lambda: "2/8" in rows(driver)[0], "its growth while a box has the focus")
    assert driver.execute_script("return document.activeElement.type") == "checkbox"
    assert one(driver, "td.tick input").is_selected()
    click(driver, 'a[href^="/live/"]')
    until(driver, lambda: "2 of 8" in one(driver, "dl").text, "its progress")
    until(driver, lambda: one(driver, "#note").text.startswith("Not final"), "that it is not final")
    until(driver, lambda: all_of(driver, "pre")[1].text == HOSTILE[0], "the answer")
    for number in range(2, 8):
        add_sample(recorder, number, number % 2 == 1)
    until(driver, lambda: "8 of 8" in one(driver, "dl").text, "its growth")
    until(driver, lambda: one(driver, "#score").text == "0.500", "its score")
    recorder.record_final_report({"accuracy": 0.5, "n": 8, "n_errors": 0})
    recorder.close()
    until(driver, lambda: "has ended" in one(driver, "#note").text, "its end")


def test_trends_are_drawn_with_their_numbers_as_a_table(driver: Any) -> None:
    one(driver, 'a[href="/trends"]').click()
    until(driver, lambda: len(all_of(driver, "figure > svg")) >= 4, "charts")
    first = next(section for section in all_of(driver, "section") if "task0.test.v1" in section.text)
    assert len(first.find_elements("css selector", "figure > svg .series .mark")) == 75
    first.find_element("css selector", "summary").click()
    assert len(first.find_elements("css selector", "tbody tr")) == 75
    one(driver, "#search").send_keys("onerror")
    until(driver, lambda: len(all_of(driver, "section")) == 1, "the search")
    assert HOSTILE[1] in one(driver, "h2").text


def test_names_that_try_to_be_code_are_shown_as_texts(driver: Any) -> None:
    one(driver, "#search").send_keys("hostileran")
    until(driver, lambda: count(driver) == "2 of 304 runs", "the hostile runs")
    assert all(text in rows(driver)[0] for text in HOSTILE[:3])
    assert all_of(driver, "#content img, #content iframe, #content script, td svg") == []


def test_the_forecasts_page_says_where_it_looked(driver: Any) -> None:
    one(driver, 'a[href="/forecasts"]').click()
    until(driver, lambda: "No forecast in forecasts" in one(driver, "#content").text, "the forecasts")


def test_a_run_opens_with_its_samples_and_a_way_back(driver: Any) -> None:
    one(driver, "#search").send_keys("a.jsonl alpha")
    until(driver, lambda: count(driver) == "1 of 304 runs", "the run")
    click(driver, "#runs tbody a")
    until(driver, lambda: len(all_of(driver, "#list-rows .row")) >= 10, "its samples")
    assert "sums.test.v1" in one(driver, "h1").text
    click(driver, "#list-rows .row")
    until(driver, lambda: "0+1=" in one(driver, "#sample").text, "the sample")
    one(driver, 'nav a[href="/"]').click()
    until(driver, lambda: count(driver) == "304 runs", "the list again")


def test_two_picked_runs_are_compared(driver: Any, logs: Path) -> None:
    one(driver, "#search").send_keys("sums")
    until(driver, lambda: count(driver) == "2 of 304 runs", "both runs")
    assert not one(driver, "button.main").is_enabled()
    for box in all_of(driver, "td.tick input"):
        box.click()
    assert one(driver, "button.main").text == "Compare 2 runs"
    one(driver, "#terminal summary").click()
    assert f"evals score {logs / 'a.jsonl'}" in one(driver, "#terminal pre").text.replace("logs/", f"{logs}/")
    one(driver, "button.main").click()
    until(driver, lambda: "became right" in one(driver, "#comparison").text, "the comparison")
    assert "10" in one(driver, "#comparison").text
    until(driver, lambda: all_of(driver, "#list-rows .row"), "samples of both")


def test_the_page_of_a_hostile_run_runs_nothing(driver: Any) -> None:
    one(driver, "#search").send_keys("h1.jsonl")
    until(driver, lambda: count(driver) == "1 of 304 runs", "the hostile run")
    click(driver, "#runs tbody a")
    until(driver, lambda: len(all_of(driver, "#list-rows .row")) == 12, "its samples")
    for place in range(6):
        click(driver, "#list-rows .row", place)
        until(driver, lambda: FLAG in one(driver, "#sample").text or "\\x1b" in one(driver, "#sample").text, "the text")
        assert all_of(driver, "#sample iframe, #sample script, #sample img, #sample svg") == []


def test_votes_are_cast_with_keys_blind_and_taken_back(driver: Any, logs: Path) -> None:
    write_run(logs / "v" / "one.jsonl", "rival-one", [True] * 3, (HOSTILE[0], HOSTILE[1], "plain"))
    write_run(logs / "v" / "two.jsonl", "rival-two", [True] * 3, (HOSTILE[0], HOSTILE[1], "plain"))
    one(driver, "#search").send_keys("rival")
    until(driver, lambda: count(driver).startswith("2 of"), "both runs")
    for place in range(2):
        click(driver, "td.tick input", place)
    one(driver, "#vote").click()
    until(driver, lambda: "0 of 3" in one(driver, "#done").text, "the first pair")
    assert "rival" not in one(driver, "body").text
    one(driver, "body").send_keys("1")
    until(driver, lambda: "1 of 3" in one(driver, "#done").text, "the second pair")
    one(driver, "body").send_keys("t")
    until(driver, lambda: "2 of 3" in one(driver, "#done").text, "the third pair")
    one(driver, "body").send_keys("u")
    until(driver, lambda: "1 of 3" in one(driver, "#done").text, "the pair that was taken back")
    one(driver, "body").send_keys("2")
    until(driver, lambda: "2 of 3" in one(driver, "#done").text, "the third pair again")
    one(driver, '[data-choice="skip"]').click()
    until(driver, lambda: "3 of 3" in one(driver, "#done").text, "the end")
    assert all_of(driver, "#content img, #content script, #content iframe") == []
    decided = [vote.winner in ("model_a", "model_b") for vote in read_votes(logs.parent / "votes.jsonl")]
    assert decided == [True, False, False, True, False]
    one(driver, 'nav a[href="/votes"]').click()
    until(driver, lambda: "rival-one" in one(driver, "tbody").text, "the votes")


def test_labels_are_given_with_keys_blind(driver: Any, logs: Path) -> None:
    record = write_graded(logs / "graded.jsonl", ["Yes", "No"], answers=HOSTILE[:2], models=["graded-model"])
    one(driver, "#search").send_keys("graded-model")
    until(driver, lambda: count(driver).startswith("1 of"), "the graded run")
    click(driver, "td.tick input")
    one(driver, "#label").click()
    until(driver, lambda: "0 of 2" in one(driver, "#done").text, "the first sample")
    assert "graded-model" not in one(driver, "body").text
    for key, done in (("2", "1 of 2"), ("u", "0 of 2"), ("1", "1 of 2"), ("s", "2 of 2")):
        one(driver, "body").send_keys(key)
        until(driver, lambda done=done: done in one(driver, "#done").text, done)
    assert all_of(driver, "#content img, #content script, #content iframe") == []
    labels = default_path(record).read_text(encoding="utf-8").splitlines()[1:]
    assert ["No" in labels[0], "undone" in labels[1], "Yes" in labels[2], "skipped" in labels[3]] == [True] * 4


def test_an_answer_of_ten_megabytes_in_one_line_is_shown_on_every_page(
    driver: Any, server: Viewing, logs: Path, growing: Path
) -> None:
    write_hostile_run(logs / "long" / "one.jsonl", [True], long_line=True)
    write_hostile_run(logs / "long" / "two.jsonl", [False], long_line=True)
    recorder = recorder_of(growing, "delta", n_samples=2)
    add_sample(recorder, 0, True, said="y" * 10_000_000)
    one(driver, "#search").send_keys("long/")
    until(driver, lambda: count(driver).startswith("2 of"), "both runs")
    for place in range(2):
        click(driver, "td.tick input", place)
    one(driver, "#vote").click()
    until(driver, lambda: "10,000,000 characters in all" in one(driver, ".answers pre").text, "the answers of a vote")
    driver.get(server.base)
    until(driver, lambda: all_of(driver, 'a[href^="/live/"]'), "the running run")
    click(driver, 'a[href^="/live/"]')
    until(driver, lambda: "10,000,000 characters in all" in one(driver, "pre").text, "the latest answer")
    recorder.close()
    driver.get(server.base)
    until(driver, lambda: rows(driver), "the list")
    one(driver, "#search").send_keys("long/one")
    until(driver, lambda: count(driver).startswith("1 of"), "one of them")
    click(driver, "#runs tbody a")
    until(driver, lambda: all_of(driver, "#list-rows .row"), "its sample, after the page that announces it")
    click(driver, "#list-rows .row")
    until(driver, lambda: "yyyyyyyy" in one(driver, "#sample").get_property("innerText"), "the sample")


def test_the_private_file_that_opens_the_browser_leads_to_the_list(
    driver: Any, server: Viewing, tmp_path: Path
) -> None:
    page = tmp_path / "open.html"
    page.write_text(opening_page(server.url), encoding="utf-8")
    driver.delete_all_cookies()
    driver.get(page.as_uri())
    until(driver, lambda: rows(driver), "the list")
    assert driver.current_url == f"{server.base}/"


ATTACK = """<!doctype html><title>attack</title><script>
window.found = [];
const tried = (name, promise) => promise.then((text) => found.push(name + " " + text), () => found.push(name + " refused"));
const get = (path, options) => fetch("BASE" + path, { credentials: "include", ...options }).then((reply) => reply.text());
tried("read", get("/api/runs"));
tried("send", get("/api/vote/PAIR", { method: "POST", mode: "no-cors", body: JSON.stringify({ choice: "skip", rater: "eve" }) }));
const script = document.createElement("script");
script.onload = () => found.push("script loaded");
script.onerror = () => found.push("script refused");
script.src = "BASE/static/dom.js";
document.head.append(script);
const frame = document.createElement("iframe");
frame.onload = () => found.push("frame " + frame.contentWindow.length);
frame.src = "BASE/";
document.documentElement.append(frame);
</script>"""


def test_a_page_of_another_port_of_this_machine_gets_and_writes_nothing(
    driver: Any, server: Viewing, logs: Path
) -> None:
    """To a browser all ports of a host are one site, so that the cookie is sent."""
    ids = [row["id"] for row in server.ask("/api/runs").json["runs"] if row["file"] in ("a.jsonl", "b.jsonl")]
    before = len(read_votes(logs.parent / "votes.jsonl")) if (logs.parent / "votes.jsonl").exists() else 0
    page = ATTACK.replace("BASE", server.base).replace("PAIR", ",".join(ids)).encode()
    with FileServer({"/attack.html": page}) as other:
        driver.get(f"{other.url}/attack.html")
        found = wait_for(lambda: (said := driver.execute_script("return window.found")) and len(said) >= 4 and said)
    assert {one for one in found if not one.startswith("frame")} == {"read refused", "send refused", "script refused"}
    assert driver.execute_script("return document.querySelector('iframe').contentDocument") is None
    assert (len(read_votes(logs.parent / "votes.jsonl")) if before else 0) == before
    driver.get_log("browser")
