"""Makes report-page.png, the picture of the report page in README.md, from a run of a model of the package.

Run it after a change to the page: python docs/report_page_picture.py. Needs the extra [report], selenium, and Debian's
packages chromium and chromium-driver.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
PICTURE = DOCS / "report-page.png"
WIDTH, HEIGHT = 1280, 1130
SUBJECT = "story"
"Of the sample that is open."
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")


def main() -> None:
    """Run the model on an eval, write the page, and take its picture with a wrong sample open."""
    with tempfile.TemporaryDirectory() as folder:
        record, page = Path(folder) / "run.jsonl", Path(folder) / "page.html"
        _call("evals.cli.oaieval", "pocket/2m", "pocket-arithmetic", "--record_path", str(record))
        _call("evals.cli.main", "report", str(record), "--html", str(page))
        _take(page, Path(folder) / "profile")
    print(f"wrote {PICTURE}, {PICTURE.stat().st_size:,} bytes")


def _call(module: str, *args: str) -> None:
    subprocess.run([sys.executable, "-m", module, *args], check=True, stdout=subprocess.DEVNULL)


def _take(page: Path, profile: Path) -> None:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*FLAGS, f"--user-data-dir={profile}", "--hide-scrollbars"):
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get(page.as_uri())
        _wait(browser, "return document.documentElement.dataset.ready")
        browser.execute_script("setState('wrong')")
        found = f"list.view.find((row) => labelOf(0, rows.at[0][row], 'subject') === {SUBJECT!r})"
        browser.execute_script(f"openRow({found}, true)")
        _wait(browser, "return document.querySelector('#sample .expected')")
        browser.execute_script("scrollTo(0, 0); box.scrollTop = (list.cursor - 4) * list.height")
        time.sleep(0.5)
        browser.save_screenshot(str(PICTURE))
    finally:
        browser.quit()


def _wait(browser: Any, condition: str) -> None:
    deadline = time.monotonic() + 30
    while not browser.execute_script(condition):
        if time.monotonic() > deadline:
            raise TimeoutError(condition)
        time.sleep(0.02)


if __name__ == "__main__":
    main()
