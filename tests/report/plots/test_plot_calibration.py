"""`evals plot calibration`: from records to a table, a picture and its data."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from evals.cli.main import main


def write_record(path, events, model="made/model"):
    """A record as openai/evals lays it out: a spec line and events."""
    spec = {"completion_fns": [model], "eval_name": "made.test.v0", "run_id": "r"}
    lines = [{"spec": spec}]
    lines += [{"run_id": "r", "event_id": i, "sample_id": name, **event} for i, (name, event) in enumerate(events)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return str(path)


def choices(n, sharpness, seed=1, mass=0.99, **more):
    rng = np.random.default_rng(seed)
    for i in range(n):
        logits = rng.normal(0, 1.5, 4)
        p = np.exp(logits) / np.exp(logits).sum()
        answer = int(rng.choice(4, p=p))
        data = {"way": "score", "style": "letter", "logprobs": (logits * sharpness).tolist(), "mass": mass}
        yield f"made.test.{i}", {"type": "choice", "data": {**data, "answer": answer, "prompt_sha256": str(i), **more}}


def test_the_table_has_every_number_with_its_interval_and_n(tmp_path, capsys):
    record = write_record(tmp_path / "a.jsonl", choices(300, 2.5, mass=0.5))
    assert main(["plot", "calibration", record]) == 0
    shown = capsys.readouterr().out
    assert "300 questions, 1,200 points" in shown
    for name in ("ECE, per choice", "top-label ECE", "equal-mass ECE", "L2, debiased", "Brier", "AUROC", "before"):
        line = next(line for line in shown.splitlines() if name in line)
        assert " to " in line
        assert line.split()[-1] in ("300", "150")
    assert "less than 0.9 of the probability" in shown


@pytest.mark.slow
@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_the_diagram_is_drawn_with_its_data_beside_it(tmp_path, capsys, form):
    pytest.importorskip("matplotlib")
    before = write_record(tmp_path / "before.jsonl", choices(200, 1.0))
    after = write_record(tmp_path / "after.jsonl", choices(150, 2.5))
    out = tmp_path / f"plot.{form}"
    assert main(["plot", "calibration", before, after, "--out", str(out)]) == 0
    assert out.stat().st_size > 5000
    rows = list(csv.DictReader((tmp_path / "plot.csv").read_text(encoding="utf-8").splitlines()))
    assert sum(int(row["n_points"]) for row in rows if row["run"] == "before") == 600
    assert "50 samples that not all records have" in capsys.readouterr().out


def test_json_gives_plain_values(tmp_path, capsys):
    record = write_record(tmp_path / "a.jsonl", choices(40, 1.0))
    assert main(["plot", "calibration", record, "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert run["quantity"] == "choice"
    assert run["n_points"] == 160
    assert run["measures"]["ece"]["interval"]["confidence"] == 0.95


def test_a_second_run_is_compared_with_the_first_question_by_question(tmp_path, capsys):
    before = write_record(tmp_path / "before.jsonl", choices(200, 1.0))
    after = write_record(tmp_path / "after.jsonl", choices(150, 2.5))
    assert main(["plot", "calibration", before, after]) == 0
    head, line = capsys.readouterr().out.split("Brier score less that of before")[1].splitlines()[:2]
    assert "paired" in head
    assert line.split()[0] == "after"
    # Probabilities that were drawn from, and the same ones sharpened: worse without a doubt.
    assert line.split()[1].startswith("+")
    assert line.endswith("n = 150")
    assert main(["plot", "calibration", before, after, "--json"]) == 0
    (change,) = json.loads(capsys.readouterr().out)["changes"]
    assert 0 < change["ci95"][0] < change["brier"] < change["ci95"][1]


def test_stated_confidence_is_marked_as_another_quantity(tmp_path, capsys):
    events = [(f"m.t.{i}", {"type": "confidence", "data": {"kind": "verbal", "confidence": 0.9, "correct": i % 2 == 0}})
              for i in range(20)]  # fmt: skip
    record = write_record(tmp_path / "v.jsonl", events)
    assert main(["plot", "calibration", record]) == 0
    assert "not a probability of the model" in capsys.readouterr().out
    other = write_record(tmp_path / "c.jsonl", choices(20, 1.0))
    assert main(["plot", "calibration", record, other]) == 2
    assert "different quantities" in capsys.readouterr().err


def test_letters_read_from_text_have_no_probabilities(tmp_path, capsys):
    record = write_record(tmp_path / "p.jsonl", choices(5, 1.0, way="parsed"))
    assert main(["plot", "calibration", record]) == 2
    assert "read from text" in capsys.readouterr().err


def test_a_name_that_is_no_picture_is_refused_before_anything_is_read(tmp_path, capsys):
    assert main(["plot", "calibration", "nowhere.jsonl", "--out", "x.bmp"]) == 2
    assert ".png, .svg, .pdf" in capsys.readouterr().err
