"""The report page in a real browser: it loads from disk, is searched, filtered and read, and models cannot act in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from headless import prefer, resize, wait_for
from page_records import HOSTILE, write_answers, write_conversation, write_mixed_run

from evals.report.html.page import write_page

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

N_MANY = 600


def opened(browser: Any, page: Path, link: str = "") -> Any:
    """The page in the browser, once its samples are there."""
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get("about:blank")
    browser.get(page.as_uri() + link)
    wait_for(lambda: browser.execute_script("return document.documentElement.dataset.ready"))
    return browser


def text(browser: Any, selector: str) -> str:
    return browser.execute_script("return document.querySelector(arguments[0])?.innerText ?? ''", selector)


def shown_ids(browser: Any) -> list[str]:
    return browser.execute_script("return [...document.querySelectorAll('.row .id')].map((one) => one.textContent)")


def press(browser: Any, *keys: str) -> None:
    from selenium.webdriver import ActionChains

    for key in keys:
        ActionChains(browser).send_keys(key).perform()


def click(browser: Any, selector: str) -> None:
    browser.execute_script("document.querySelector(arguments[0]).click()", selector)


def opened_sample(browser: Any) -> str:
    """The text of the sample that is open, once it is drawn."""
    wait_for(lambda: browser.execute_script("return !document.getElementById('sample').hasAttribute('aria-busy')"))
    return text(browser, "#sample")


def complaints(browser: Any) -> list[str]:
    return [one["message"] for one in browser.get_log("browser")]


def requests(browser: Any, page: Path) -> list[str]:
    """The addresses that the page asked for, but for data within itself; the browser's own pages are others."""
    messages = [json.loads(one["message"])["message"] for one in browser.get_log("performance")]
    sent = [one["params"] for one in messages if one["method"] == "Network.requestWillBeSent"]
    urls = [one["request"]["url"] for one in sent if one["documentURL"].partition("#")[0] == page.as_uri()]
    return [url for url in urls if not url.startswith(("data:", "blob:"))]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of 600 samples in several chunks; every third is right, number 411 says `heliotrope`."""
    folder = tmp_path_factory.mktemp("many")
    texts = ["Heliotrope, of course" if n == 411 else f"answer {n}" for n in range(N_MANY)]
    write_page([write_answers(folder / "a.jsonl", texts, [n % 3 == 0 for n in range(N_MANY)])], folder / "a.html")
    return folder / "a.html"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of two runs on 40 samples; five became wrong, nine became right."""
    folder = tmp_path_factory.mktemp("pair")
    before = [n < 20 for n in range(40)]
    after = [(not right) if n < 5 or n >= 31 else right for n, right in enumerate(before)]
    one = write_answers(folder / "a.jsonl", [f"old {n}" for n in range(40)], before, "model-a")
    two = write_answers(folder / "b.jsonl", [f"new {n}" for n in range(40)], after, "model-b")
    write_page([one, two], folder / "p.html")
    return folder / "p.html"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    write_page([write_answers(folder / "a.jsonl", HOSTILE, [False] * len(HOSTILE))], folder / "h.html")
    return folder / "h.html"


def test_the_page_loads_from_disk_without_a_request_or_a_complaint(browser: Any, many: Path) -> None:
    opened(browser, many)
    assert text(browser, "#status") == "600 samples"
    assert "0.333" in text(browser, "#numbers")
    assert requests(browser, many) == [many.as_uri()]
    assert complaints(browser) == []


def test_only_the_rows_in_sight_are_drawn(browser: Any, many: Path) -> None:
    opened(browser, many)
    assert 10 < len(shown_ids(browser)) < 60
    browser.execute_script("document.getElementById('list').scrollTop = 1e9")
    wait_for(lambda: shown_ids(browser)[-1:] == ["599"])


def test_rows_show_what_was_asked_and_answered(browser: Any, many: Path) -> None:
    opened(browser, many)
    wait_for(lambda: text(browser, ".row .question") == "question 0" and text(browser, ".row .given") == "answer 0")


def test_a_search_finds_a_word_in_any_sample_whatever_its_case(browser: Any, many: Path) -> None:
    opened(browser, many)
    browser.find_element("id", "search").send_keys("hELIOtrope")
    wait_for(lambda: text(browser, "#status") == "1 of 600 samples" and shown_ids(browser) == ["411"])
    press(browser, "\ue007")
    assert "Heliotrope, of course" in opened_sample(browser)


def test_a_search_looks_at_values_and_not_at_the_names_of_fields(browser: Any, many: Path) -> None:
    opened(browser, many)
    browser.find_element("id", "search").send_keys("completions")
    wait_for(lambda: text(browser, "#status") == "0 of 600 samples")


def test_a_filter_shows_the_wrong_ones_and_a_second_click_all(browser: Any, many: Path) -> None:
    opened(browser, many)
    click(browser, "[data-state=wrong]")
    assert text(browser, "#status") == "400 of 600 samples"
    assert shown_ids(browser)[:3] == ["1", "2", "4"]
    click(browser, "[data-state=wrong]")
    assert text(browser, "#status") == "600 samples"


def test_filters_of_state_and_group_hold_together(browser: Any, many: Path) -> None:
    opened(browser, many)
    click(browser, "[data-state=right]")
    script = "const s = document.querySelector('select'); s.value = 'g1'; s.dispatchEvent(new Event('change'))"
    browser.execute_script(script)
    assert text(browser, "#status") == "100 of 600 samples"
    assert shown_ids(browser)[:3] == ["3", "9", "15"]


def test_samples_are_sorted_by_score(browser: Any, many: Path) -> None:
    opened(browser, many)
    browser.execute_script(
        "const s = document.getElementById('sort'); s.value = 'score'; s.dispatchEvent(new Event('change'))"
    )
    assert shown_ids(browser)[:3] == ["1", "2", "4"]


def test_keys_move_open_and_close(browser: Any, many: Path) -> None:
    opened(browser, many)
    press(browser, "j", "j", "k")
    browser.find_element("id", "list").send_keys("\ue007")
    wait_for(lambda: text(browser, "#sample-title") == "sums.test.1")
    press(browser, "j")
    wait_for(lambda: text(browser, "#sample-title") == "sums.test.2" and "answer 2" in opened_sample(browser))
    press(browser, "\ue00c")
    assert browser.execute_script("return document.getElementById('sample').hidden")
    press(browser, "/")
    assert browser.execute_script("return document.activeElement.id") == "search"
    press(browser, "\ue00c", "?")
    assert browser.execute_script("return document.getElementById('help').open")


def test_a_link_opens_its_sample_and_an_open_sample_is_a_link(browser: Any, many: Path) -> None:
    opened(browser, many, "#sample=sums.test.300")
    assert "answer 300" in opened_sample(browser)
    press(browser, "j")
    wait_for(lambda: browser.current_url.endswith("#sample=sums.test.301"))


def test_a_link_to_a_sample_that_is_not_there_says_so(browser: Any, many: Path) -> None:
    opened(browser, many, "#sample=sums.test.9999")
    assert text(browser, "#status") == "no sample is called sums.test.9999"


def test_rows_with_ids_of_their_own_are_called_by_them(browser: Any, tmp_path: Path) -> None:
    record = write_answers(tmp_path / "a.jsonl", ["x", "y"], [True, False], names=["q-17", "q-18"])
    write_page([record], tmp_path / "a.html")
    opened(browser, tmp_path / "a.html", "#sample=q-18")
    assert shown_ids(browser) == ["q-17", "q-18"]
    assert opened_sample(browser).startswith("q-18 (sums.test.1)")


def test_each_kind_of_sample_has_a_filter(browser: Any, tmp_path: Path) -> None:
    write_page([write_mixed_run(tmp_path / "a.jsonl")], tmp_path / "a.html")
    opened(browser, tmp_path / "a.html")
    for state, ids in {
        "errored": ["4"],
        "truncated": ["1"],
        "refused": ["2"],
        "partly": ["3"],
        "unscored": ["10"],
    }.items():
        click(browser, f"[data-state={state}]")
        assert shown_ids(browser) == ids
    click(browser, "[data-state=errored]")
    click(browser, ".row")
    assert "timed out" in opened_sample(browser)


def test_a_conversation_shows_turns_reasoning_calls_pictures_and_reasons(browser: Any, tmp_path: Path) -> None:
    write_page([write_conversation(tmp_path / "a.jsonl")], tmp_path / "a.html")
    opened(browser, tmp_path / "a.html", "#sample=sums.test.0")
    found = opened_sample(browser)
    assert "3 few-shot examples" in found
    assert "0+1=?" not in found
    for part in ("Add.", "What is 20+22?", "Twenty and twenty-two.", "It is 42.", "The sum is right."):
        assert part in found
    click(browser, "#sample details.folded summary")
    wait_for(lambda: "0+1=?" in text(browser, "#sample"))
    press(browser, "j")
    wait_for(lambda: "calls look (c1)" in text(browser, "#sample"))
    assert "tool, answers c1" in text(browser, "#sample")
    assert browser.execute_script("return document.querySelector('#sample img').naturalWidth") == 1
    assert complaints(browser) == []


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_completion_is_shown_as_text_and_does_nothing(browser: Any, hostile: Path, number: int) -> None:
    opened(browser, hostile, f"#sample=sums.test.{number}")
    opened_sample(browser)
    assert browser.execute_script("return window.evilFlag") is None
    assert (
        browser.execute_script("return document.querySelectorAll('#sample script, #sample img, #sample svg').length")
        == 0
    )
    assert complaints(browser) == []
    assert requests(browser, hostile) == [hostile.as_uri()]


def test_control_and_direction_characters_are_shown_as_escapes(browser: Any, hostile: Path) -> None:
    opened(browser, hostile, "#sample=sums.test.5")
    assert "\\x1b[31mred" in opened_sample(browser)
    opened(browser, hostile, "#sample=sums.test.6")
    found = opened_sample(browser)
    assert all(escape in found for escape in ("\\u202e", "\\u2066", "\\u2028", "\\ud800"))
    assert not set("\x1b\u202e\u2066\u2028") & set(found)


def test_a_line_of_ten_megabytes_is_cut_until_all_of_it_is_asked_for(browser: Any, hostile: Path) -> None:
    opened(browser, hostile, "#sample=sums.test.7")
    opened_sample(browser)
    length = "return document.querySelector('.answer pre').textContent.length"
    assert browser.execute_script(length) < 20_000
    assert text(browser, ".answer .more") == "show all 10,000,000 characters"
    click(browser, ".answer .more")
    assert browser.execute_script(length) == 10_000_000


def test_two_runs_stand_side_by_side_with_their_difference_and_flips(browser: Any, pair: Path) -> None:
    opened(browser, pair)
    found = text(browser, "#comparison")
    assert "+0.100" in found
    assert "9 became right" in found
    assert "5 became wrong" in found
    click(browser, "[data-state=fell]")
    assert shown_ids(browser) == ["0", "1", "2", "3", "4"]
    click(browser, ".row")
    sample = opened_sample(browser)
    assert all(part in sample for part in ("model-a", "model-b", "old 0", "new 0"))
    assert sample.count("question 0") == 1
    assert complaints(browser) == []


def test_light_and_dark_follow_the_reader_and_the_switch_goes_first(browser: Any, many: Path) -> None:
    paper = "return getComputedStyle(document.body).backgroundColor"
    prefer(browser, "dark")
    opened(browser, many)
    dark = browser.execute_script(paper)
    click(browser, "#theme")
    assert browser.execute_script(paper) == "rgb(255, 255, 255)" != dark
    opened(browser, many)
    assert browser.execute_script(paper) == "rgb(255, 255, 255)"
    click(browser, "#theme")
    prefer(browser, "light")
    assert browser.execute_script(paper) == dark
    browser.execute_script("localStorage.clear()")


def test_paper_shows_the_numbers_and_the_open_sample_without_controls(browser: Any, many: Path) -> None:
    opened(browser, many, "#sample=sums.test.2")
    opened_sample(browser)
    prefer(browser, "light", "print")
    shown = "return document.querySelector(arguments[0]).getClientRects().length > 0"
    assert [browser.execute_script(shown, one) for one in ("#numbers", "#sample", "#list", ".toolbar", "nav")] == [
        True, True, False, False, False,
    ]  # fmt: skip
    prefer(browser, "light")


@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_is_wider_than_the_window(browser: Any, pair: Path, width: int) -> None:
    resize(browser, width)
    opened(browser, pair, "#sample=sums.test.2")
    opened_sample(browser)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    resize(browser, 1280)
