"""The files of a new paper: a skeleton of the exam format that loads as it is, for `evals new --exam NAME`."""

from __future__ import annotations

from pathlib import Path

SKELETON = Path(__file__).parent / "new_templates" / "exam"
REGISTRY_FILE = "registry.yaml"


def exam_files(name: str, root: Path, data: Path) -> dict[Path, str]:
    """The files to write, with their text: the paper in `data/NAME`, its eval in `root/evals`."""
    texts = {}
    for path in sorted(SKELETON.rglob("*.*")):
        text = path.read_text(encoding="utf-8").replace("EXAM_NAME", name)
        if path.name == REGISTRY_FILE:
            texts[root / "evals" / f"{name}.yaml"] = text
        else:
            texts[data / name / path.relative_to(SKELETON)] = text
    return texts
