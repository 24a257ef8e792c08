"""The report page is checked by axe-core, which is not part of the project: `EVALS_AXE` names its `axe.min.js`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from headless import prefer, resize, wait_for
from page_records import write_answers, write_conversation

from evals.report.html.page import write_page

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

AXE = os.environ.get("EVALS_AXE")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not AXE, reason="EVALS_AXE names no axe.min.js (npm pack axe-core)")]


def faults(browser: Any, page: Path, link: str) -> list[str]:
    """What axe-core calls serious or critical on the page."""
    browser.get("about:blank")
    browser.get(page.as_uri() + link)
    wait_for(lambda: browser.execute_script("return document.documentElement.dataset.ready"))
    browser.execute_script(Path(AXE or "").read_text(encoding="utf-8"))
    found = browser.execute_async_script("axe.run().then(arguments[0])")
    assert len(found["passes"]) > 20
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0]['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(browser: Any, tmp_path: Path, scheme: str, width: int) -> None:
    write_page([write_conversation(tmp_path / "a.jsonl")], tmp_path / "a.html")
    texts = [f"answer {n}" for n in range(20)]
    pair = [
        write_answers(tmp_path / f"{name}.jsonl", texts, [n < n_right for n in range(20)], name)
        for name, n_right in (("one", 5), ("two", 17))
    ]
    write_page(pair, tmp_path / "pair.html")
    prefer(browser, scheme)
    resize(browser, width)
    assert faults(browser, tmp_path / "a.html", "") == []
    assert faults(browser, tmp_path / "a.html", "#sample=sums.test.1") == []
    assert faults(browser, tmp_path / "pair.html", "#sample=sums.test.7") == []
