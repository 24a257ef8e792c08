"""Ladders from tables and records: columns and compute found, and bad cells refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

import evals
from evals.comparison.ladder_files import read_ladder
from evals.errors import EvalsError
from evals.local_models.pocket.card import find_card

GOOD = "model,compute_flops,loss,n\nsmall,1e18,3.0,100\nlarge,1e20,2.0,100\nmiddle,1e19,2.5,100\n"


def table(tmp_path: Path, text: str, name: str = "runs.csv") -> str:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_table_becomes_rungs_by_ascending_compute(tmp_path):
    ladder = read_ladder([table(tmp_path, GOOD)])
    assert ladder.quantity == "loss"
    assert [(rung.model, rung.compute_flops, rung.value, rung.n) for rung in ladder.rungs] == [
        ("small", 1e18, 3.0, 100),
        ("middle", 1e19, 2.5, 100),
        ("large", 1e20, 2.0, 100),
    ]
    assert ladder.rungs[1].where.endswith("runs.csv:4")


@pytest.mark.parametrize("mark", ["\ufeff", "# made by hand\n\n", "\n"])
def test_marks_comments_and_empty_lines_before_the_titles_do_not_move_the_line_numbers(tmp_path, mark):
    path = table(tmp_path, mark + GOOD.replace("2.5", "x"))
    with pytest.raises(EvalsError) as caught:
        read_ladder([path])
    assert f"runs.csv:{4 + mark.count(chr(10))}: loss is 'x', not a number" in str(caught.value)


def test_a_column_is_chosen_by_name_and_tabs_part_the_cells_of_a_tsv(tmp_path):
    path = table(tmp_path, "name\tflops\tloss\tbits\nx\t1e18\t3\t4\n", "runs.tsv")
    assert read_ladder([path], "bits").values.tolist() == [4.0]


@pytest.mark.parametrize(
    "text",
    [
        "Model;Compute FLOPs;Loss\na;1e18;3,25\nb;1,5e19;2.5\n",
        "MODEL\tTraining FLOPs\tLOSS\na\t1e18\t3.25\nb\t1.5e19\t2.5\n",
        "\ufeffname,compute (FLOPs),loss\na,1e18 FLOP,3.25\n\n,,\nb,15000000000000000000 flops,2.5\n",
        'model,flops,loss\r\na,"1,000,000,000,000,000,000",3.25\r\nb,1.5e19,2.5\r\n',
    ],
)
def test_a_table_is_read_whatever_wrote_it(tmp_path, text):
    ladder = read_ladder([table(tmp_path, text)])
    found = [(rung.model, rung.compute_flops, rung.value) for rung in ladder.rungs]
    assert found == [("a", 1e18, 3.25), ("b", 1.5e19, 2.5)]
    assert read_ladder([table(tmp_path, text)], "Loss").values.tolist() == [3.25, 2.5]


def test_a_column_n_in_capitals_is_no_number_of_samples(tmp_path):
    ladder = read_ladder([table(tmp_path, "model,N,flops,loss\na,1e9,1e18,3\n")])
    assert ladder.rungs[0].n is None


def test_the_line_of_a_row_behind_a_cell_of_several_lines_is_right(tmp_path):
    with pytest.raises(EvalsError) as caught:
        read_ladder([table(tmp_path, 'model,flops,loss\n"a\nb",1e18,3\nc,1e19,x\n')])
    assert "runs.csv:4: loss is 'x'" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said", "fix"),
    [
        ("2.5", '"2,5"', "runs.csv:4: loss is '2,5'", "write 2.5, with a decimal point"),
        ("2.5", "2.5 nats", "runs.csv:4: loss is '2.5 nats'", "write the number alone: 2.5"),
        ("2.5", "25%", "runs.csv:4: loss is '25%'", "0.25 for 25 %"),
        ("2.5", "n/a", "runs.csv:4: loss is 'n/a'", "leave the row out"),
        ("2.5", "NaN", "runs.csv:4: loss is nan", "leave the row out"),
        ("2.5", " ", "runs.csv:4: loss is empty", "leave the row out"),
        ("1e19", "3 PF-days", "runs.csv:4: compute_flops is '3 PF-days'", "compute is in FLOPs"),
        ("1e19", "-1", "runs.csv:4: compute_flops is -1, and must be above 0", "leave the row out"),
        ("1e19", "1e19,7", "runs.csv:4: 5 cells, and 4 titles", "in double quotes"),
        ("loss", "perplexity", "runs.csv:1: no column for the value", "--value COLUMN"),
        ("compute_flops", "compute (PF-days)", "runs.csv:1: no column for compute", "in FLOPs: a PF-day is 8.64e19"),
        ("loss", "Model", "runs.csv:1: two columns are called 'model'", "a name of its own"),
        (GOOD, "", "runs.csv: the table has no rows", "titles in its first line"),
        (",100", ",1.5", "n is 1.5", "a whole number from 1"),
        (",100", ",0", "n is 0", "a whole number from 1"),
    ],
)
def test_every_refusal_of_a_table_names_place_and_fix(tmp_path, old, new, said, fix):
    assert old in GOOD
    with pytest.raises(EvalsError) as caught:
        read_ladder([table(tmp_path, GOOD.replace(old, new))])
    assert said in str(caught.value)
    assert fix in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_that_cannot_be_read_is_named_with_a_fix(tmp_path, content):
    path = tmp_path / "runs.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EvalsError) as caught:
        read_ladder([str(path)])
    assert ("runs.csv" in str(caught.value), "fix: " in str(caught.value)) == (True, True)


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path):
    with pytest.raises(EvalsError) as caught:
        read_ladder([table(tmp_path, GOOD)], "los")
    assert "did you mean: loss" in str(caught.value)
    assert "name one of the columns: model, compute_flops" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2.5", "nan", "runs.csv:4: loss is nan"),
        ("2.5", "", "runs.csv:4: loss is empty"),
        ("1e19", "-1e19", "runs.csv:4: compute_flops is -1e+19, and must be above 0"),
        ("1e19", "0", "must be above 0"),
        ("1e19", "inf", "runs.csv:4: compute_flops is inf"),
        ("1e19", "1e19,", "runs.csv:4: 5 cells, and 4 titles"),
        ("compute_flops", "cost", "runs.csv:1: no column for compute"),
        (",loss", ",perplexity", "runs.csv:1: no column for the value"),
    ],
)
def test_a_bad_table_is_refused_with_its_line(tmp_path, old, new, said):
    with pytest.raises(EvalsError) as caught:
        read_ladder([table(tmp_path, GOOD.replace(old, new))])
    assert said in str(caught.value)


def test_values_of_two_units_and_flops_counted_in_two_ways_are_refused(tmp_path):
    rows = "model,flops,loss,{}\na,1e18,3,{}\nb,1e19,2,{}\n"
    with pytest.raises(EvalsError, match="one law needs one unit"):
        read_ladder([table(tmp_path, rows.format("unit", "nats", "bits"))])
    with pytest.raises(EvalsError, match="FLOPs are counted in 2 ways"):
        read_ladder([table(tmp_path, rows.format("flop_convention", "6ND", "all"))])


def test_a_model_that_stands_twice_is_fitted_twice_and_said(tmp_path):
    ladder = read_ladder([table(tmp_path, GOOD + "small,1e18,3.1,100\n")])
    assert len(ladder.rungs) == 4
    (note,) = ladder.notes
    assert "small is there 2 times" in note


def test_a_law_holds_within_one_family(tmp_path):
    ladder = read_ladder([table(tmp_path, "model,family,flops,loss\na,x,1e18,3\nb,y,1e19,2\nc,x,1e19,2\n")])
    with pytest.raises(EvalsError, match="2 families"):
        ladder.of_family(None)
    assert [rung.model for rung in ladder.of_family("x").rungs] == ["a", "c"]
    with pytest.raises(EvalsError, match="no such family"):
        ladder.of_family("z")


def test_a_parquet_table_is_read_like_a_csv(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {"model": ["a", "b"], "compute_flops": [1e18, 1e19], "loss": [3.0, float("nan")]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "runs.parquet")
    with pytest.raises(EvalsError, match=r"row 2: loss is nan"):
        read_ladder([str(tmp_path / "runs.parquet")])
    (tmp_path / "torn.parquet").write_bytes(b"PAR1")
    with pytest.raises(EvalsError, match="cannot be read as Parquet"):
        read_ladder([str(tmp_path / "torn.parquet")])


PASSES = "model,flops,problem,n_passed,n_draws\n" + "".join(
    f"{model},{flops},p{p},{c},10\n"
    for model, flops, counts in (("a", 1e18, (1, 0)), ("b", 1e19, (4, 2)))
    for p, c in enumerate(counts)
)


def test_counts_of_passes_are_read_by_model_and_problem(tmp_path):
    ladder = read_ladder([table(tmp_path, PASSES)], passes=True)
    assert [rung.passes for rung in ladder.rungs] == [(("p0", 1, 10), ("p1", 0, 10)), (("p0", 4, 10), ("p1", 2, 10))]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("a,1e+18,p1,0,10", "a,1e+18,p0,0,10", "runs.csv:3: problem p0 of a appears twice"),
        ("p1,0,10", "p1,11,10", "runs.csv:3: 11 passes of 10 draws"),
        ("p1,0,10", "p1,0.5,10", "runs.csv:3: 0.5 passes of 10 draws"),
        ("a,1e+18,p1", "a,2e+18,p1", "runs.csv:3: a has two amounts of compute"),
    ],
)
def test_counts_that_are_none_are_refused_with_their_line(tmp_path, old, new, said):
    with pytest.raises(EvalsError) as caught:
        read_ladder([table(tmp_path, PASSES.replace(old, new))], passes=True)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said", "fix"),
    [
        ("a,1e+18,p1", "a,1e+18,p0", "see also", "of two runs: give each run a name of its own"),
        ("a,1e+18,p1", "a,2e+18,p1", "the other:", "give each run a name of its own"),
        ("problem", "what", "no column for problem", "leave out --law pass-rate"),
        ("n_passed", "right", "no column for passes", "call it n_passed"),
    ],
)
def test_a_model_that_is_there_twice_among_passes_is_told_how_to_go_on(tmp_path, old, new, said, fix):
    with pytest.raises(EvalsError) as caught:
        read_ladder([table(tmp_path, PASSES.replace(old, new, 1))], passes=True)
    assert (said in str(caught.value), fix in str(caught.value)) == (True, True)


@pytest.fixture(scope="module")
def records(tmp_path_factory) -> list[str]:
    """Losses of two pocket models on some documents."""
    folder = tmp_path_factory.mktemp("logs")
    return [
        str(evals.run(f"pocket/{name}", "pocket-text", max_samples=10, log_dir=folder).record_path)
        for name in ("57k", "32k")
    ]


def test_records_bring_their_compute_time_and_loss_with_them(records):
    ladder = read_ladder(records)
    assert (ladder.quantity, ladder.unit) == ("nats_per_token", "nats/token")
    for rung, name in zip(ladder.rungs, ("32k", "57k"), strict=True):
        assert (rung.model, rung.family) == (f"pocket/{name}", "pocket")
        assert rung.compute_flops == find_card(name).facts["training_flops"]
        assert rung.observed_at is not None
        assert rung.observed_at.endswith("Z")
        assert rung.stderr is not None


def test_another_metric_of_records_is_named(records):
    assert read_ladder(records, "bits_per_byte").unit == "bits/byte"
    with pytest.raises(EvalsError, match=r"(?s)no metric 'bits_per_bite'.*did you mean: bits_per_byte"):
        read_ladder(records, "bits_per_bite")


def test_a_record_of_older_versions_takes_the_compute_of_the_registry(records, tmp_path):
    text = Path(records[0]).read_text(encoding="utf-8").replace('"models"', '"x-models"')
    path = table(tmp_path, text, "old.jsonl")
    assert read_ladder([path]).rungs[0].compute_flops == find_card("57k").facts["training_flops"]


def test_a_model_of_unknown_compute_is_refused_and_the_message_says_where_to_state_it(tmp_path):
    record = evals.run("dummy", "pocket-facts", max_samples=2, log_dir=tmp_path).record_path
    with pytest.raises(EvalsError, match=r"(?s)training compute of dummy.*training_flops: NUMBER"):
        read_ladder([str(record)], "accuracy")


def test_records_of_other_samples_are_no_rungs_of_the_same_ladder(records, tmp_path):
    fewer = evals.run("pocket/79k", "pocket-text", max_samples=9, log_dir=tmp_path).record_path
    with pytest.raises(EvalsError, match="of different samples"):
        read_ladder([records[0], str(fewer)])
    text = Path(records[1]).read_text(encoding="utf-8")
    sha = text.split('"data_sha256": "')[1][:64]
    with pytest.raises(EvalsError, match="of different samples"):
        read_ladder([records[0], table(tmp_path, text.replace(sha, "0" * 64), "other.jsonl")])


def test_a_record_without_counts_of_passes_is_refused(records):
    with pytest.raises(EvalsError, match="no counts of draws that passed"):
        read_ladder(records, passes=True)
