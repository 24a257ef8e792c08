"""Makes docs/viewer.png: real runs of pocket models, opened by `evals view` in a headless Chromium.

    python tools/pictures/viewer.py docs/viewer.png

Needs the extras [serve] and [report], selenium, Chromium and its driver, as the tests of the pages do. No network.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from headless import chromium, resize, wait_for  # noqa: E402
from viewer_process import Viewing  # noqa: E402

MODELS = ("57k", "1m", "2m")
EVALS = ("pocket-choice", "pocket-arithmetic")
WIDTH, HEIGHT = 1280, 720


def make_runs(folder: Path) -> None:
    """Run each model on each eval, three times with more samples each time."""
    for n_samples in (40, 80, 120):
        for eval_name in EVALS:
            for model in MODELS:
                options = [
                    "--max_samples",
                    str(n_samples),
                    "--record_path",
                    str(folder / f"{eval_name}-{model}-{n_samples}.jsonl"),
                ]
                command = [sys.executable, "-m", "evals.cli.oaieval", f"pocket/{model}", eval_name, *options]
                subprocess.run(command, check=True, capture_output=True)


def take(folder: Path, profile: Path, out: Path) -> None:
    """Two pages above one another: the list of runs, and the trends."""
    from PIL import Image

    with Viewing(folder) as server, chromium(profile) as browser:
        resize(browser, WIDTH, HEIGHT)
        browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        shots = []
        for path, seen in (("/", "#runs tbody tr"), ("/trends", "figure svg")):
            browser.get(server.base + path + f"?token={server.token}")
            wait_for(lambda: browser.find_elements("css selector", seen))  # noqa: B023
            time.sleep(0.3)
            shot = profile / f"{len(shots)}.png"
            browser.save_screenshot(str(shot))
            shots.append(Image.open(shot).convert("RGB"))
    both = Image.new("RGB", (WIDTH, 2 * HEIGHT))
    for number, picture in enumerate(shots):
        both.paste(picture, (0, number * HEIGHT))
    both.quantize(256).save(out, optimize=True)


def main() -> None:
    """Make the runs in a fresh folder, and the picture at the path that is given."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "evallogs")
        folder.mkdir()
        make_runs(folder)
        take(folder, Path(place), Path(sys.argv[1]))


if __name__ == "__main__":
    main()
