"""The plan of a zygote fits this machine: its Python, its files, a user that nothing else has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sandbox_world import ROOT

from evals.sandbox.host.plan import ROOT as PACKAGE_ROOT
from evals.sandbox.host.plan import command, masks, packages, plan, prefixes, python, readable, unprivileged_uid
from evals.sandbox.protocol import ZygotePlan, read, write


def test_it_travels():
    for namespaces in (True, False):
        assert read(write(plan(namespaces)), ZygotePlan) == plan(namespaces)


def test_the_package_is_found_where_it_lies():
    assert Path(PACKAGE_ROOT) == ROOT


def test_programs_run_on_this_python_without_its_virtual_environment():
    found = subprocess.run(
        [python(), "-c", "import sys; print(sys.version_info[:3], sys.prefix)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split(") ")[0] + ")" == str(sys.version_info[:3])
    assert found.stdout.strip().endswith(sys.base_prefix)


def test_a_command_takes_nothing_from_the_environment_or_the_folder_that_it_is_started_in(tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit('taken from the folder')")
    started = command("evals.sandbox.inside.wire", python())
    started[-1] = started[-1].replace(
        "import main; main()", "import dumps; print(dumps([sys.path, sys.flags.no_site]))"
    )
    found = subprocess.run(started, capture_output=True, text=True, check=True, cwd=tmp_path,
                           env={"PYTHONPATH": str(tmp_path), "PYTHONSTARTUP": str(tmp_path / "json.py")})  # fmt: skip
    path, no_site = json.loads(found.stdout)
    assert no_site == 1
    assert str(tmp_path) not in path
    assert not any("site-packages" in part for part in path)


def test_where_programs_see_the_host_s_files_they_read_the_system_and_python_alone():
    home = str(Path.home())
    assert "/" not in readable()
    assert not any(path == home or home.startswith(f"{path}/") for path in readable() if path not in prefixes())
    assert set(prefixes()) <= set(readable())
    assert plan(True).readable == ("/",)


def test_installed_packages_and_our_own_folders_are_masked():
    assert {f"{ROOT}/{name}" for name in ("evals", "registry", "data", "tests")} <= set(masks())
    site = [path for path in masks() if path.endswith(("site-packages", "dist-packages"))]
    assert all(Path(path).is_dir() for path in site)
    assert site or not list(Path(sys.base_prefix).glob("lib/python3*/site-packages"))


def test_packages_that_programs_may_import_are_those_of_this_environment():
    import numpy

    assert packages()["numpy"] == os.path.realpath(Path(numpy.__file__).parent)
    assert "pytest" not in packages()


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user has no other ids")
def test_root_s_programs_run_as_a_user_that_nothing_else_has(as_ordinary_user):
    uid = unprivileged_uid()
    assert uid is not None
    assert uid >= 65534
    said = as_ordinary_user("from evals.sandbox.host.plan import unprivileged_uid; print(unprivileged_uid())")
    assert said.stdout.split() == ["None"]
