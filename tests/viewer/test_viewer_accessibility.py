"""The pages of the viewer are checked by axe-core, which is not part of the project: `EVALS_AXE` names its `axe.min.js`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graded_runs import write_graded
from headless import chromium, prefer, resize, wait_for
from made_forecasts import forecast
from viewer_process import Viewing
from viewer_records import HOSTILE, add_sample, recorder_of, write_hostile_run, write_many, write_run

from evals.forecasts.store import add

pytest.importorskip("jinja2", reason="jinja2 is not installed: no pages of runs")
pytest.importorskip("uvicorn", reason="uvicorn is not installed: no server tests")

AXE = os.environ.get("EVALS_AXE")
pytestmark = pytest.mark.slow

PAGES = {
    "/": "#runs tbody tr",
    "/trends": "figure svg",
    "/forecasts": "tbody tr",
    "/votes": "#content p",
    "/vote/{pair}": "#done",
    "/label/{graded}": "#done",
    "/live/{live}": "pre",
    "/run/{one}": "#list-rows .row",
    "/run/{hostile}": "#list-rows .row",
    "/run/{pair}": "#comparison table",
}
"Each page, and what is there once it is drawn."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewing]:
    place = tmp_path_factory.mktemp("viewer")
    write_many(place / "logs" / "many", 30)
    write_run(place / "logs" / "a.jsonl", "one", [True, False] * 5)
    write_run(place / "logs" / "b.jsonl", "two", [True, True] * 5)
    write_hostile_run(place / "logs" / "h.jsonl", [True, False] * 3)
    write_graded(place / "logs" / "g.jsonl", ["Yes", "No"], models=["graded"])
    recorder = recorder_of(place / "logs" / "live.jsonl", "growing", n_samples=4)
    add_sample(recorder, 0, True)
    add(place / "forecasts", forecast())
    with Viewing(place / "logs") as running:
        yield running
    recorder.close()


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


def address(server: Viewing, page: str) -> str:
    ids = {row["model"]: row["id"] for row in server.ask("/api/runs").json["runs"]}
    return page.format(
        one=ids["one"],
        pair=f"{ids['one']},{ids['two']}",
        live=ids["growing"],
        hostile=ids[HOSTILE[0]],
        graded=ids["graded"],
    )


def opened(driver: Any, server: Viewing, page: str) -> None:
    driver.get(server.url)
    driver.get(server.base + address(server, page))
    wait_for(lambda: driver.find_elements("css selector", PAGES[page]))


@pytest.mark.skipif(not AXE, reason="EVALS_AXE names no axe.min.js (npm pack axe-core)")
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(driver: Any, server: Viewing, page: str, scheme: str) -> None:
    prefer(driver, scheme)
    for width in (1280, 400):
        resize(driver, width)
        opened(driver, server, page)
        driver.execute_script(Path(AXE or "").read_text(encoding="utf-8"))
        found = driver.execute_async_script("axe.run().then(arguments[0])")
        assert len(found["passes"]) > 15
        faults = [
            f"{one['id']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0]['failureSummary']}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]
        assert faults == []


@pytest.mark.parametrize("page", PAGES)
def test_no_page_is_wider_than_a_phone(driver: Any, server: Viewing, page: str) -> None:
    resize(driver, 400)
    opened(driver, server, page)
    assert driver.execute_script("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
