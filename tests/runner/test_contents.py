"""What makes two runs the same by content: files, code, servers, pictures, rubrics."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from commands import Workplace

from evals.runner.contents import PictureDigest, contents_of, file_digest
from evals.runner.source_digest import source_digest


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    place = Workplace(tmp_path)
    place.add_eval("toy", [{"input": [{"role": "user", "content": f"q{i}"}], "ideal": "yes"} for i in range(3)])
    (tmp_path / "said.jsonl").write_text('{"input": "other", "completion": "yes"}\n')
    return place


def again(place: Workplace, name: str = "toy", *arguments: str) -> str:
    """The same command with --resume: what it says about an earlier run."""
    done = place.oaieval("scripted", name, "--completion_args", "path=said.jsonl,default=yes", "--resume", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_an_unchanged_run_is_not_made_again(workplace):
    again(workplace)
    assert "starts anew" not in again(workplace)
    assert len(list((workplace.folder / "evallogs").glob("*.jsonl"))) == 1


def test_other_playback_other_run(workplace):
    again(workplace)
    (workplace.folder / "said.jsonl").write_text('{"input": "other", "completion": "no"}\n')
    assert "other file --completion_args path" in again(workplace)


def test_few_shot_rows_are_part_of_a_run(workplace):
    shots = workplace.registry / "data" / "shots.jsonl"
    row = {"input": [{"role": "user", "content": "q"}], "ideal": "yes"}
    workplace.add_eval("shot", [row], num_few_shot=1, few_shot_jsonl="shots.jsonl")
    shots.write_text('{"sample": [{"role": "system", "content": "A"}]}\n')
    again(workplace, "shot")
    shots.write_text('{"sample": [{"role": "system", "content": "B"}]}\n')
    assert "other file few_shot_jsonl" in again(workplace, "shot")


def test_the_source_of_a_plug_in_is_part_of_a_run(workplace, monkeypatch):
    """What the module imports from beside it counts too."""
    (workplace.folder / "mine.py").write_text("from helper import Match\n\n\nclass Mine(Match):\n    pass\n")
    helper = workplace.folder / "helper.py"
    helper.write_text("from evals.suite import Match\n")
    workplace.environment["PYTHONPATH"] = str(workplace.folder)
    workplace.add_eval("own", [{"input": "q", "ideal": "yes"}], "mine:Mine")
    again(workplace, "own")
    assert "starts anew" not in again(workplace, "own")
    helper.write_text("from evals.suite import Includes as Match\n")
    assert "other scorer code mine" in again(workplace, "own")


def test_the_text_and_the_scores_of_a_rubric_are_part_of_a_run(workplace):
    def rubric(prompt: str, score: float) -> None:
        body = {"prompt": prompt, "choice_strings": ["yes", "no"], "input_outputs": {"input": "completion"}, "choice_scores": {"yes": score, "no": 0.0}}  # fmt: skip
        (workplace.registry / "modelgraded").mkdir(exist_ok=True)
        (workplace.registry / "modelgraded" / "r.yaml").write_text(json.dumps({"r": body}))

    rubric("Is {completion} right?", 1.0)
    row = [{"input": "q", "completion": "c"}]
    workplace.add_eval("graded", row, "evals.suite:ModelBasedClassify", modelgraded_spec="r", eval_type="classify")
    again(workplace, "graded")
    rubric("Is {completion} quite right?", 1.0)
    assert "other text or scores of the rubric" in again(workplace, "graded")
    rubric("Is {completion} quite right?", 0.5)
    assert "other text or scores of the rubric" in again(workplace, "graded")


def test_pictures_that_rows_name_are_told_apart_by_content(tmp_path):
    digests = set()
    for content in (b"one", b"two"):
        (tmp_path / "p.png").write_bytes(content)
        digest = PictureDigest()
        digest.add({"input": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": str(tmp_path / "p.png")}}]}]})  # fmt: skip
        digests.add(digest.value())
    assert len(digests) == 2
    none = PictureDigest()
    none.add({"input": "p.png is no picture here", "n": [1, None], "url": "https://example.org/a.png"})
    assert none.value() is None


def test_a_server_is_named_without_what_is_secret(tmp_path):
    class Model:
        base_url = "https://me:secret-0123@example.org/v1?key=other-secret"

        def __call__(self, prompt):
            return ""

    class Around:
        def __init__(self) -> None:
            self.inner = Model()

        def __call__(self, prompt):
            return ""

    from evals.registry.lookup import Registry

    found = contents_of({}, "evals.suite:Match", {"m": Around()}, {}, Registry(), None, None)
    assert found == {"server m": "https://example.org/v1"}


def test_our_own_code_and_unknown_modules_have_no_digest():
    assert source_digest("evals.suite:Match") is None
    assert source_digest("no_such_module_anywhere:X") is None
    assert source_digest("not a path") is None


def test_a_package_counts_as_a_whole(tmp_path, monkeypatch):
    package = tmp_path / "packaged_plugin"
    (package / "inner").mkdir(parents=True)
    for file in (package / "__init__.py", package / "inner" / "__init__.py", package / "inner" / "a.py"):
        file.write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    before = source_digest("packaged_plugin.inner.a:X")
    (package / "rules.py").write_text("x = 1\n")
    source_digest.cache_clear()
    assert source_digest("packaged_plugin.inner.a:X") not in (None, before)
    sys.modules.pop("packaged_plugin", None)


def test_a_device_has_no_digest():
    assert file_digest(Path("/dev/zero")) is None
