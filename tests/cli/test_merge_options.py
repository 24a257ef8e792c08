"""`evals merge`: options that cannot be used are refused like those of every command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.cli.main import main


@pytest.mark.parametrize("value", ["[", "2pt", "-1", "nan", ""])
def test_max_errors_is_a_count_or_a_fraction_also_when_shares_are_merged(tmp_path, capsys, value):
    with pytest.raises(SystemExit) as caught:
        main(["merge", str(tmp_path), f"--max-errors={value}"])
    assert caught.value.code == 2
    assert "needs a count such as 5, or a fraction such as 0.02" in capsys.readouterr().err


@pytest.fixture
def shares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The two finished shares of a small run, in the working folder."""
    monkeypatch.chdir(tmp_path)
    for index in "01":
        of = ["--of", "2", "--index", index, "--out", "shares", "--max_samples", "4"]
        assert main(["shard", "dummy", "arithmetic", *of]) == 0
    return tmp_path / "shares"


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("spec", "split"), None),
        (("spec", "completion_fns"), 3),
        (("spec", "run_config", "eval_spec"), "x"),
        (("spec", "run_config", "fingerprint", "eval_args"), [1]),
        (("spec", "run_config", "fingerprint", "repeats"), 10**30),
        (("spec", "run_config", "fingerprint", "seed"), "x"),
        (("spec", "run_config", "shard", "of"), 10**30),
        (("spec", "run_config", "shard", "index"), None),
    ],
    ids=lambda value: str(value)[-30:],
)
def test_a_share_with_a_damaged_first_line_is_refused_and_nothing_is_written(shares, capsys, where, value):
    for path in shares.glob("*.jsonl"):
        first, _, rest = path.read_text(encoding="utf-8").partition("\n")
        line = json.loads(first)
        inner = line
        for key in where[:-1]:
            inner = inner[key]
        inner[where[-1]] = value
        path.write_text(json.dumps(line) + "\n" + rest, encoding="utf-8")
    assert main(["merge", str(shares)]) == 2
    said = capsys.readouterr().err
    assert ".jsonl:1: " in said
    assert "bug" not in said
    assert not (shares / "merged.jsonl").exists()


def test_numbers_that_the_shares_were_given_hold_for_the_whole(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for index in "01":
        of = ["--of", "2", "--index", index, "--out", "shares", "--max_samples", "4"]
        assert main(["shard", "dummy", "arithmetic", *of, "--extra_eval_params", "max_tokens=7"]) == 0
    assert main(["merge", str(tmp_path / "shares")]) == 0, capsys.readouterr().err
