"""The files of a new paper: a skeleton of the exam format that loads as it is, for `evals new --exam NAME`."""

from __future__ import annotations

from pathlib import Path

SKELETON = Path(__file__).parent / "new_templates" / "exam"
REGISTRY_FILE = "registry.yaml"


def exam_files(name: str, root: Path, data: Path, like: str | None = None) -> dict[Path, str]:
    """The files to write, with their text: the paper in `data/NAME`, its eval in `root/evals`.

    like: an exam of the catalogue, whose sections, scoring steps and tables the paper gets.

    Raises:
        DataError: the catalogue has no such exam, or it is no paper.
    """
    if like is not None:
        return _files_like(like, name, root, data)
    texts = {}
    for path in sorted(SKELETON.rglob("*.*")):
        text = path.read_text(encoding="utf-8").replace("EXAM_NAME", name)
        if path.name == REGISTRY_FILE:
            texts[root / "evals" / f"{name}.yaml"] = text
        else:
            texts[data / name / path.relative_to(SKELETON)] = text
    return texts


def _files_like(like: str, name: str, root: Path, data: Path) -> dict[Path, str]:
    from evals.exams.catalogue import catalogue_exam
    from evals.exams.skeleton import paper_files

    exam = catalogue_exam(like)
    entry = (
        (SKELETON / REGISTRY_FILE).read_text(encoding="utf-8").replace("One sentence on the paper.", f"{exam.name}.")
    )
    texts = {data / name / file: text for file, text in paper_files(exam, name).items()}
    return {**texts, root / "evals" / f"{name}.yaml": entry.replace("EXAM_NAME", name)}
