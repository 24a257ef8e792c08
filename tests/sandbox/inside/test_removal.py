"""What programs leave is removed, whatever they did to it."""

from __future__ import annotations

import os

from evals.sandbox.inside.removal import clear, remove_tree


def test_folders_too_deep_for_recursion_are_removed(tmp_path):
    top = tmp_path / "top"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    remove_tree(str(top))
    assert not top.exists()


def test_links_are_removed_and_not_followed(tmp_path):
    (tmp_path / "kept").write_text("x")
    top = tmp_path / "top"
    (top / "inner").mkdir(parents=True)
    (top / "inner" / "link").symlink_to(tmp_path)
    (top / "inner" / "file").write_text("x")
    (top / "inner").chmod(0)
    remove_tree(str(top))
    assert not top.exists()
    assert (tmp_path / "kept").exists()


def test_clearing_leaves_what_is_named(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name / "c").mkdir(parents=True)
    clear(str(tmp_path), frozenset({"b"}))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["b", "c"]


def test_what_is_not_there_is_no_error(tmp_path):
    remove_tree(str(tmp_path / "nothing"))
