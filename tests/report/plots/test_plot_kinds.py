"""A kind of plot that is registered is listed, explained, drawn, and gives its data; the command knows no kind itself."""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from made_runs import write_run

from evals.cli import plot
from evals.errors import EvalsError, UsageError
from evals.report.plots.figure import csv_text
from evals.report.plots.kinds import Needs, PlotKind, Table
from evals.report.plots.registered import PLOTS

PAGE = Path(__file__).parents[3] / "docs" / "adding-a-plot.md"


class Squares:
    """The squares of as many numbers as there are inputs."""

    size_inches = (3.0, 2.0)

    def __init__(self, inputs: Sequence[str], options: argparse.Namespace) -> None:
        self.rows = [(name, i, i**options.power) for i, name in enumerate(inputs)]

    def text(self) -> str:
        return f"{len(self.rows)} squares"

    def as_json(self) -> dict[str, Any]:
        return {"squares": [value for _, _, value in self.rows]}

    def table(self) -> Table:
        return Table(("name", "x", "y"), self.rows)

    def draw(self, figure: Any) -> None:
        figure.add_subplot().plot([x for _, x, _ in self.rows], [y for _, _, y in self.rows])
        figure.suptitle("Squares grow faster than numbers")


def add_power(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--power", type=int, default=2, metavar="N", help="another power than two")


def squares(needs: Needs) -> PlotKind:
    return PlotKind("squares", "numbers times themselves", "Squares, drawn.", needs, Squares, add_power)


FORECASTS = Needs("FORECAST", "files of forecasts")

Command = Callable[..., int]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`evals plot` with one kind more."""
    monkeypatch.chdir(tmp_path)

    def call(*argv: str, needs: Needs = FORECASTS) -> int:
        parser = argparse.ArgumentParser("evals")
        plot.add_parser(parser.add_subparsers(), [*PLOTS, squares(needs)])
        args = parser.parse_args(["plot", *argv])
        code: int = args.func(args)
        return code

    return call


def help_of(command: Command, capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    with pytest.raises(SystemExit):
        command(*argv, "--help")
    return " ".join(capsys.readouterr().out.split())


def test_a_new_kind_is_listed_and_explained(command, capsys):
    assert "squares numbers times themselves" in help_of(command, capsys)
    shown = help_of(command, capsys, "squares")
    assert "Squares, drawn." in shown
    assert "FORECAST files of forecasts" in shown
    assert "--power N another power than two" in shown
    assert "--out FILE" in shown


def test_a_new_kind_gives_its_text_and_its_data(command, capsys):
    assert command("squares", "a", "b", "c") == 0
    assert capsys.readouterr().out == "3 squares\n"
    assert command("squares", "a", "b", "c", "--power", "3", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"squares": [0, 1, 8]}


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_a_new_kind_is_drawn_with_its_data_beside_it(command, capsys, form):
    pytest.importorskip("matplotlib")
    assert command("squares", "a", "b", "c", "--out", f"plot.{form}") == 0
    assert capsys.readouterr().out == f"3 squares\n\nplot  plot.{form}\ndata  plot.csv\n"
    assert Path(f"plot.{form}").stat().st_size > 1000
    rows = list(csv.DictReader(Path("plot.csv").read_text(encoding="utf-8").splitlines()))
    assert rows[2] == {"name": "c", "x": "2", "y": "4"}


def test_equal_plots_are_equal_files(command):
    pytest.importorskip("matplotlib")
    for name in ("one.svg", "two.svg"):
        command("squares", "a", "b", "--out", name)
    assert Path("one.svg").read_bytes() == Path("two.svg").read_bytes()


@pytest.mark.parametrize(
    ("needs", "inputs", "said"),
    [
        (Needs("RECORD", "", at_least=2), ["a"], "needs 2 records or more, got 1"),
        (Needs("RECORD", "", at_most=2), ["a", "b", "c"], "takes at most 2 records, got 3"),
    ],
)
def test_too_few_and_too_many_inputs_are_refused(command, needs, inputs, said):
    with pytest.raises(UsageError, match=said):
        command("squares", *inputs, needs=needs)


def test_one_input_is_asked_for_where_one_is_needed(command, capsys):
    with pytest.raises(SystemExit):
        command("squares", "a", "b", needs=Needs("RECORD", "a record", at_most=1))
    assert "unrecognized arguments: b" in capsys.readouterr().err


def test_a_form_that_cannot_be_drawn_is_refused_before_anything_is_made(command):
    with pytest.raises(UsageError, match=r"must end in .png, .svg, .pdf"):
        command("calibration", "nowhere.jsonl", "--out", "x.bmp")


def test_texts_with_commas_stay_one_cell():
    assert csv_text(Table(("a", "b"), [("x, y", None)])) == 'a,b\n"x, y",\n'


def test_numbers_alone_load_no_matplotlib(tmp_path):
    record = write_run(tmp_path / "r.jsonl", [1.0, 0.0])
    code = (
        "import sys; from evals.cli.main import main; "
        f"main(['plot', 'calibration', {str(record)!r}, '--json']); sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=300, check=False).returncode == 0


@pytest.fixture
def lengths(monkeypatch: pytest.MonkeyPatch) -> PlotKind:
    """The kind of docs/adding-a-plot.md, as the page shows it."""
    code = re.search(r"^```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert code is not None
    module: dict[str, Any] = {"__name__": "lengths"}
    monkeypatch.setitem(sys.modules, "lengths", type(sys)("lengths"))  # dataclasses look their module up
    exec(compile(code[1], str(PAGE), "exec"), module)
    kind: PlotKind = module["KIND"]
    return kind


def test_the_plot_of_the_page_works(lengths, tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    record = write_run(tmp_path / "r.jsonl", [1.0] * 3, calls=[{"sampled": ["x" * n]} for n in (4, 12, 15)])
    parser = argparse.ArgumentParser("evals")
    plot.add_parser(parser.add_subparsers(), [lengths])
    args = parser.parse_args(["plot", "lengths", str(record), "--out", "plot.svg"])
    assert args.func(args) == 0
    assert capsys.readouterr().out.splitlines()[:3] == [
        "3 completions by length in characters", "       0 to 9           1", "      10 to 19          2",
    ]  # fmt: skip
    assert "Half of the completions have at most 12 characters" in Path("plot.svg").read_text(encoding="utf-8")
    assert Path("plot.csv").read_text(encoding="utf-8") == "from,below,n\n0,10,1\n10,20,2\n"
    empty = write_run(tmp_path / "e.jsonl", [0.0], calls=[{"sampled": None}])
    with pytest.raises(EvalsError, match="no completion"):
        lengths.make([str(empty)], args)


@pytest.mark.parametrize("form", ["svg", "png"])
def test_a_picture_says_in_words_what_it_shows(command: Command, form: str) -> None:
    pytest.importorskip("matplotlib")
    command("squares", "a", "b", "--out", f"p.{form}")
    content = Path(f"p.{form}").read_bytes()
    assert b"Squares grow faster than numbers" in content
    assert b"2 squares" in content
    if form == "svg":
        assert b"<title>Squares grow faster than numbers</title>" in content


def test_the_data_may_be_written_without_a_picture(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    command("squares", "a", "b", "c", "--csv", "data.csv")
    assert Path("data.csv").read_text() == "name,x,y\na,0,0\nb,1,1\nc,2,4\n"
    assert capsys.readouterr().out.endswith("data  data.csv\n")
