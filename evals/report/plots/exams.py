"""The exam plot: percentiles of several models on several exams, as bars, a table and data."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evals.errors import DataError, UsageError
from evals.report.plots.figure import COLOURS, tidy
from evals.report.plots.kinds import Needs, PlotKind, Table
from evals.report.words import counted, number, one_line

TITLES = ("exam", "title", "model", "images", "score", "low", "high", "ci_low", "ci_high", "n", "population", "status")
REPORT = "GPT-4 Technical Report"
_CONDITIONS = {"no_vision": ", no vision", "transcribed": ", in words"}
LIGHT = 0.45
"Opacity of the bars of a model that does not see the images."


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this kind."""
    parser.add_argument("--report", action="store_true", help=f"the figures of the {REPORT} beside, for its exams")


@dataclass(frozen=True)
class ExamBar:
    """One model on one exam."""

    exam: str
    title: str
    model: str
    images: str
    "The condition in which images were seen; empty for a paper without any."
    score: float
    low: float
    "Percent of the takers below the score: the height of the bar."
    high: float
    ci: tuple[float, float] | None
    "95 % bootstrap interval of the low end."
    n: int | None
    "Questions; None for published figures."
    population: str
    status: str

    @property
    def series(self) -> str:
        """The model, and how it saw images."""
        return self.model + _CONDITIONS.get(self.images, "")


@dataclass(frozen=True)
class LeftOut:
    """A run that has no bar."""

    exam: str
    model: str
    why: str


def make(records: Sequence[str], options: argparse.Namespace) -> ExamsPlot:
    """The bars of all records, one exam of one model each.

    Raises:
        DataError: a record is no finished run of an exam. UsageError: two of one model on one exam have one file name.
    """
    bars: list[ExamBar] = []
    files: list[str] = []
    left_out: list[LeftOut] = []
    for record in records:
        try:
            found = _bar_of(record)
        except (KeyError, TypeError, ValueError, AttributeError):
            what = "the part of its report on the exam is damaged, or of another version"
            raise DataError(what, where=record, fix="make the report again: evals score RECORD") from None
        if isinstance(found, LeftOut):
            left_out.append(found)
            continue
        bars.append(found)
        files.append(record)
    bars = _told_apart(bars, files)
    if options.report:
        bars += published_bars({bar.exam for bar in bars})
    if not bars:
        raise DataError(
            "no run has a percentile",
            notes=[f"{one.model} on {one.exam}: {one.why}" for one in left_out[:5]],
            fix="a table of takers in exam.yaml gives a paper percentiles: docs/exams.md",
        )
    return ExamsPlot(tuple(in_order(bars)), tuple(left_out), (min(15.0, max(6.0, 1.4 + 0.34 * len(bars))), 4.8))


def _told_apart(bars: Sequence[ExamBar], files: Sequence[str]) -> list[ExamBar]:
    """The bars; a model with two runs of one exam, before and after a change, is named by its files too."""
    places = [(bar.exam, bar.series) for bar in bars]
    twice = {bar.model for bar, place in zip(bars, places, strict=True) if places.count(place) > 1}
    found = [
        replace(bar, model=f"{bar.model} ({Path(file).stem})") if bar.model in twice else bar
        for bar, file in zip(bars, files, strict=True)
    ]
    for bar in found:
        if [(other.exam, other.series) for other in found].count((bar.exam, bar.series)) > 1:
            raise UsageError(
                f"two records are of {bar.series} on {bar.exam}",
                fix="name it once, or give the files names of their own",
            )
    return found


def _bar_of(path: str) -> ExamBar | LeftOut:
    from evals.record.reader import read_record

    record = read_record(path)
    report = record.final_report
    exam = report.get("exam") if report is not None else None
    if not isinstance(exam, Mapping) or not isinstance(exam.get("paper"), Mapping):
        what = "this run of an exam did not end" if report is None else "this is no run of an exam"
        raise DataError(what, where=path, fix="run an eval of class evals.suite:Exam to its end")
    model = ", ".join(map(str, record.spec.get("completion_fns") or ["?"]))
    paper = exam["paper"]
    if not exam["percentiles"]:
        return LeftOut(paper["id"], model, "the paper has no percentiles")
    if exam.get("final_range") is not None:
        return LeftOut(paper["id"], model, "questions without an answer or a mark leave its score open")
    first = exam["percentiles"][0]
    who = ", ".join(text for text in (first["population"], first["year"]) if text)
    return ExamBar(
        paper["id"],
        paper["title"],
        model,
        exam.get("images") or "",
        exam["final"],
        first["low"],
        first["high"],
        None if first["low_ci95"] is None else tuple(first["low_ci95"]),
        sum(one["n_items"] for one in exam["sections"]),
        who,
        first["status"],
    )


def published_bars(exams: set[str]) -> Iterator[ExamBar]:
    """The report's bars: of those exams that records are of, or, where none of its exams is among them, of all."""
    from evals.exams.catalogue import catalogue

    wanted = {_key(name) for name in exams}
    ids = {_key(name): name for name in exams}
    known = [exam for exam in catalogue() if _key(exam.id) in wanted] or list(catalogue())
    for exam in known:
        for one in exam.published:
            if one.questions != "all" or one.low is None or one.high is None:
                continue
            model, _, rest = one.model.partition(" without vision")
            images = "no_vision" if one.model.endswith(" without vision") else ""
            name = f"{model}{rest} (report)"
            place = ids.get(_key(exam.id), exam.id)
            yield ExamBar(
                place,
                exam.name,
                name,
                images,
                one.score,
                one.low,
                one.high,
                None,
                None,
                f"as in the {REPORT}",
                "official",
            )


def _key(name: str) -> str:
    return name.upper().replace("-", "_").removeprefix("EXAM_")


def in_order(bars: Sequence[ExamBar]) -> list[ExamBar]:
    """Exams by rising percentile of the weakest model, then of the next one, then by name; in each the models rise."""
    series = sorted({bar.series for bar in bars}, key=lambda name: (_mean(bars, name), name))
    low_of = {(bar.exam, bar.series): bar.low for bar in bars}
    exams = sorted({bar.exam for bar in bars}, key=lambda exam: (*(low_of.get((exam, s), 101.0) for s in series), exam))
    return sorted(bars, key=lambda bar: (exams.index(bar.exam), series.index(bar.series)))


def _mean(bars: Sequence[ExamBar], series: str) -> float:
    lows = [bar.low for bar in bars if bar.series == series]
    return sum(lows) / len(lows)


KIND = PlotKind(
    name="exams",
    help="percentiles of models on exams",
    description="The percentile of each model on each exam: a table, and with --out bars by exam. The height is the "
    "low end of the percentile range, and a thin line goes to its high end. The whisker is the 95 % interval of the "
    "low end. Bars of a model that does not see the images are lighter.",
    needs=Needs("RECORD", "records of exams"),
    make=make,
    add_options=add_options,
)


@dataclass(frozen=True)
class ExamsPlot:
    """Bars in the order in which they are drawn."""

    bars: tuple[ExamBar, ...]
    left_out: tuple[LeftOut, ...]
    size_inches: tuple[float, float]

    @property
    def exams(self) -> list[str]:
        """The exams from left to right."""
        return list(dict.fromkeys(bar.exam for bar in self.bars))

    @property
    def series(self) -> list[str]:
        """Models with their conditions, the weakest first."""
        return sorted({bar.series for bar in self.bars}, key=lambda name: (_mean(self.bars, name), name))

    def of(self, exam: str) -> list[ExamBar]:
        """The bars of one exam."""
        return [bar for bar in self.bars if bar.exam == exam]

    def text(self) -> str:
        """A block for each exam, then what was left out."""
        lines = [f"exams by rising percentile of {one_line(self.series[0])}", ""]
        for exam in self.exams:
            lines += self._block(exam)
        lines += [
            line
            for one in self.left_out
            for line in textwrap.wrap(f"left out: {one.model} on {one.exam}: {one.why}", 78)
        ]
        return "\n".join(lines).rstrip()

    def _block(self, exam: str) -> Iterator[str]:
        bars = self.of(exam)
        yield one_line(f"{exam}   {bars[0].title}" if bars[0].title != exam else exam)[:80]
        yield f"  {'':<27}{'percentile':>14}  {'95 % of low end':<17}{'score':>8}{'n':>6}"
        for bar in bars:
            ends = f"{number_text(bar.low)} to {number_text(bar.high)}"
            ci = "-" if bar.ci is None else f"{number_text(bar.ci[0])} to {number_text(bar.ci[1])}"
            n = "-" if bar.n is None else f"{bar.n:,}"
            yield f"  {one_line(bar.series)[:27]:<27}{ends:>14}  {ci:<17}{bar.score:>8g}{n:>6}"
        whose = dict.fromkeys(f"{bar.population} (table: {bar.status})" for bar in bars)
        yield from textwrap.wrap(f"takers: {'; '.join(whose)}", 78, initial_indent="  ", subsequent_indent="    ")
        yield ""

    def as_json(self) -> dict[str, Any]:
        """The bars and what was left out, in plain values."""
        return {"bars": [vars(bar) for bar in self.bars], "left_out": [vars(one) for one in self.left_out]}

    def table(self) -> Table:
        """The bars that are drawn."""
        rows = []
        for bar in self.bars:
            low, high = bar.ci or (None, None)
            kept = (bar.exam, bar.title, bar.model, bar.images, bar.score, bar.low, bar.high, low, high, bar.n)
            rows.append((*kept, bar.population, bar.status))
        return Table(TITLES, rows)

    def draw(self, figure: Any) -> None:
        """Groups of bars, exam by exam."""
        axes = figure.add_subplot()
        names, left, ticks = self.series, 0.0, []
        for exam in self.exams:
            bars = self.of(exam)
            for place, bar in enumerate(bars):
                self._draw_bar(axes, bar, left + place)
            ticks.append((left + (len(bars) - 1) / 2, exam))
            left += len(bars) + 0.8
        for name in names:
            bar = next(bar for bar in self.bars if bar.series == name)
            axes.bar(0, 0, color=self._colour(bar.model), alpha=_opacity(bar), label=name)
        axes.set(xlim=(-0.9, left - 0.9), ylim=(0, 100), ylabel="percentile (low end of the range)")
        axes.set_xticks([at for at, _ in ticks], [textwrap.fill(exam, 16) for _, exam in ticks], fontsize=8)
        axes.tick_params(axis="x", rotation=90 if len(ticks) > 8 else 0)
        axes.legend(loc="upper left", frameon=False, fontsize=8)
        figure.suptitle(self._title(), fontsize=11.5, fontweight="bold", x=0.02, ha="left")
        figure.supxlabel(self._caption(), fontsize=8, color="#444444", x=0.02, ha="left")
        tidy(axes)

    def _draw_bar(self, axes: Any, bar: ExamBar, at: float) -> None:
        axes.bar(at, bar.low, width=0.86, color=self._colour(bar.model), alpha=_opacity(bar), zorder=2)
        axes.plot([at, at], [bar.low, bar.high], color="#777777", linewidth=0.8, zorder=3)
        if bar.ci is not None:
            low, high = bar.ci
            axes.vlines(at, low, high, color="#111111", linewidth=1.6, zorder=4)
            axes.hlines([low, high], at - 0.2, at + 0.2, color="#111111", linewidth=1.2, zorder=4)

    def _colour(self, model: str) -> Any:
        """A colour for each model; more models than colours are shades of one, the weakest the lightest."""
        models = list(dict.fromkeys(bar.model for bar in sorted(self.bars, key=lambda b: self.series.index(b.series))))
        if len(models) <= len(COLOURS):
            return COLOURS[models.index(model)]
        share = 0.25 + 0.75 * models.index(model) / (len(models) - 1)
        return tuple(1 - share * (1 - int(COLOURS[0][i : i + 2], 16) / 255) for i in (1, 3, 5))

    def _title(self) -> str:
        own = {bar.series for bar in self.bars if bar.n is not None} or set(self.series)
        best = [series for series in self.series if series in own][-1]
        bars = [bar for bar in self.bars if bar.series == best]
        half = sum(bar.low >= 50 for bar in bars)
        return f"{best} stands above half of the takers in {half} of {counted(len(bars), 'exam')}"

    def _caption(self) -> str:
        found = {exam: {bar.n for bar in self.of(exam) if bar.n is not None} for exam in self.exams}
        sizes = ", ".join(f"{exam} {' or '.join(map(str, sorted(n)))}" for exam, n in found.items() if n)
        text = (
            f"n (questions): {sizes or 'as published'}. Whiskers are 95 % bootstrap intervals of the low end, thin "
            "lines go to the high end of the range."
        )
        invented = sorted({bar.exam for bar in self.bars if bar.status == "invented"})
        text += f" Takers are invented: {', '.join(invented)}." if invented else ""
        return "\n".join(textwrap.wrap(text, int(self.size_inches[0] * 15)))


def _opacity(bar: ExamBar) -> float:
    return LIGHT if bar.images == "no_vision" else 1.0


def number_text(value: float) -> str:
    """A percentile: whole where it is, else with one decimal."""
    return f"{value:.0f}" if abs(value - round(value)) < 0.05 else number(round(value, 1)).rstrip("0")
