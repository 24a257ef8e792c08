"""What tests are collected from: the evals of a YAML file, and the samples of an eval."""

from __future__ import annotations

import pytest
from sums import write_sums

import evals
from evals.errors import RegistryError, UsageError
from evals.runner.collect import collect_eval_names, collect_sample_ids, registry_folder_of


def test_the_evals_of_a_file_come_in_its_order_without_aliases(tmp_path):
    root = write_sums(tmp_path)
    file = root / "evals" / "sums.yaml"
    file.write_text(
        file.read_text() + "b.dev.v0: {class: 'evals.suite:Match'}\na.dev.v0: {class: 'evals.suite:Match'}\n"
    )
    assert collect_eval_names(file) == ["sums.dev.v0", "b.dev.v0", "a.dev.v0"]
    assert registry_folder_of(file) == root.resolve()


@pytest.mark.parametrize("text", [None, "alias: {id: sums.dev.v0}\n"])
def test_a_file_without_evals_is_refused(tmp_path, text):
    file = tmp_path / "x.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(RegistryError, match=r"there is no such file|no evals here"):
        collect_eval_names(file)


def test_the_samples_are_those_of_a_run_in_its_order(tmp_path):
    root = write_sums(tmp_path / "registry")
    result = evals.run(lambda prompt: "2", "sums", registry_paths=root, log_dir=tmp_path, max_samples=3, concurrency=1)
    ids = collect_sample_ids("sums", registry_paths=[root], max_samples=3)
    assert ids == [row.sample_id for row in result.samples]


def test_an_eval_that_makes_its_samples_while_it_runs_has_none_to_collect(tmp_path):
    root = write_sums(tmp_path)
    (root / "evals" / "made.yaml").write_text("made.dev.v0: {class: 'sums:MakesSamples'}\n")
    with pytest.raises(UsageError, match="their ids are not known before"):
        collect_sample_ids("made.dev.v0", registry_paths=[root])
