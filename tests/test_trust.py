"""What is written down about trust: pinned actions, a lock that fits, and files that the threat model names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PINS = [
    Requirement(line)
    for line in (ROOT / "requirements-dev.lock").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


def wanted() -> list[Requirement]:
    """The dependencies, and those of the extras that development and CI install."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lists = [re.search(r"^dependencies = \[(.*?)^\]", text, re.MULTILINE | re.DOTALL)]
    lists += [re.search(rf"^{name} = \[(.*)\]$", text, re.MULTILINE) for name in ("dev", "data", "math", "report")]
    names = [name for found in lists if found for name in re.findall(r'"([^"]+)"', found[1])]
    return [Requirement(name) for name in names if not name.startswith("oaieval")]


@pytest.mark.parametrize("requirement", wanted(), ids=str)
def test_the_lock_has_a_pin_that_fits_each_dependency(requirement):
    pins = [pin for pin in PINS if pin.name.lower() == requirement.name.lower()]
    assert pins
    for pin in pins:
        (exact,) = pin.specifier
        assert exact.operator == "=="
        assert requirement.specifier.contains(exact.version, prereleases=True)


def test_actions_of_others_are_named_by_their_commit():
    for path in (ROOT / ".github").rglob("*.yml"):
        for used in re.findall(r"uses:\s*(\S+)", path.read_text(encoding="utf-8")):
            assert used.startswith("./") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), f"{path}: {used}"


def test_the_action_installs_the_version_that_it_belongs_to():
    """`github.action_path` is the action's folder in the checkout of this repository."""
    path = ROOT / ".github" / "actions" / "evals-gate" / "action.yml"
    action = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert action["inputs"]["install"]["default"] == "checkout"
    (install,) = [step for step in action["runs"]["steps"] if step["name"] == "Install"]
    assert install["env"]["ACTION"] == "${{ github.action_path }}"
    assert "$ACTION/../../.." in install["run"]
    assert (path.parent / "../../.." / "pyproject.toml").is_file()


def test_the_threat_model_names_files_that_are_there():
    page = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    named = re.findall(r"`(evals/[\w/]+\.py)`", page)
    assert len(named) >= 4
    assert [name for name in named if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize(
    "row",
    [
        "registry",
        "plug-ins",
        "programs",
        "tests of a dataset",
        "data",
        "records (yours",
        "baselines",
        "replies",
        "completions",
    ]
    + ["fetched benchmarks", "model weights", "environment variables", "CI"],
)
def test_the_threat_model_has_a_row_for_each_input(row):
    page = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    (line,) = [line for line in page.splitlines() if line.startswith(f"| {row} ") or line.startswith((f"| {row}:", f"| {row},"))]  # fmt: skip
    assert line.count("|") == 8
