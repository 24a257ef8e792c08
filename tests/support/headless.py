"""A headless Chromium for tests of pages: Debian's packages `chromium` and `chromium-driver`, or Chrome with its driver."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
NEEDED = "EVALS_NEED_BROWSER"
"Set where a missing browser is a failure: in `.ci/run`, once it could be installed."


@contextmanager
def chromium(profile: Path, width: int = 1280, height: int = 900) -> Iterator[Any]:
    """A browser with a window of this size; skips the test, with a word, where there is none.

    profile: a fresh folder.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        what = "no Chromium with its chromedriver on this machine (Debian: chromium, chromium-driver)"
        pytest.fail(what) if os.environ.get(NEEDED) else pytest.skip(what)
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    from selenium.webdriver.chrome.service import Service

    found = webdriver.Chrome(options=options, service=Service(driver))
    try:
        found.set_script_timeout(60)
        yield found
    finally:
        found.quit()


def resize(browser: Any, width: int, height: int = 900) -> None:
    """A window of exactly this size, also below the width that a desktop window may have."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def prefer(browser: Any, scheme: str, media: str = "") -> None:
    """As a reader who prefers `light` or `dark`; media: `print` for paper."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})


def wait_for(condition: Callable[[], Any], timeout_s: float = 20.0) -> Any:
    """What `condition` returns, once it is true."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
