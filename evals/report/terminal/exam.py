"""The result of an exam in the terminal: sections, score, percentiles, passes, and what keeps the score open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evals.report.words import WIDTH, counted, number, one_line, wrapped

LABEL = 12
MAX_LISTED = 6
NAME_WIDTH = 21

EXAM_KEYS = (
    "exam_",
    "percentile_",
    "n_blank",
    "n_invalid",
    "n_cut_off",
    "n_says_no_image",
    "n_pending",
    "n_not_answered",
)


def is_of_exam(name: str, report: Mapping[str, Any]) -> bool:
    """Whether the part of the report on the exam says it in better words."""
    return "exam" in report and name.startswith(EXAM_KEYS)


def exam_part(report: Mapping[str, Any]) -> list[str]:
    """The lines of `exam_lines` for a report with an exam; a line that says so for a damaged one, else none."""
    exam = report.get("exam")
    try:
        return exam_lines(exam) if isinstance(exam, Mapping) else []
    except (KeyError, TypeError, ValueError, AttributeError):  # a finished record of another version, or a damaged one
        return ["the part of this report on the exam cannot be read"]


def exam_lines(exam: Mapping[str, Any]) -> list[str]:
    """The lines below the metrics of a run, at most 78 columns wide; `exam` is that key of the report."""
    return [
        *_head(exam),
        "",
        *_sections(exam["sections"]),
        "",
        *_score(exam),
        *_percentiles(exam),
        *_ways(exam),
        *_passes(exam["passes"]),
        *_counts(exam),
        *_graders(exam.get("graders")),
        *_origins(exam),
    ]


def _line(label: str, text: str) -> list[str]:
    return wrapped(text, first=f"{label:<{LABEL}} ", rest=" " * (LABEL + 1), width=WIDTH - 2)


def _head(exam: Mapping[str, Any]) -> list[str]:
    paper = exam["paper"]
    seen = {"vision": "images shown", "no_vision": "images not shown", "transcribed": "images in words"}
    parts = [
        f"version {paper['version']}",
        f"form {paper['form']}",
        f"answers by {exam['answer_mode']}",
        *([seen.get(exam["images"], exam["images"])] if exam.get("images") else []),
        *(["options shuffled"] if exam.get("shuffled") else []),
    ]
    return [one_line(paper["title"])[: WIDTH - 2], *_line("", ", ".join(parts))]


def _sections(sections: Sequence[Mapping[str, Any]]) -> list[str]:
    columns = ("right", "partial", "wrong", "blank", "invalid", "pending")
    shown = [key for key in columns if key in ("right", "wrong") or any(one[key] for one in sections)]
    lines = [f"{'section':<22}{'n':>4}" + "".join(f"{key:>8}" for key in shown) + f"{'points':>15}"]
    for one in sections:
        name = one_line(f"{one['id']} {one['title']}".strip())
        # A title that does not fit is left out: the id is the name by which the other numbers go.
        name = name if len(name) <= NAME_WIDTH else one_line(one["id"])[:NAME_WIDTH]
        points = f"{one['points']:g} of {one['max_points']:g}"
        cells = "".join(f"{one[key]:>8,}" for key in shown)
        lines.append(f"{name:<22}{one['n_items']:>4}{cells}{points:>15}")
    return lines


def _score(exam: Mapping[str, Any]) -> list[str]:
    if exam["final_range"] is not None:
        low, high = exam["final_range"]
        return _line("exam score", f"{low:g} to {high:g}: marks are missing; none to full marks on these questions")
    bounds = _bounds(exam["final_ci95"])
    return _line("exam score", f"{exam['final']:g}   {bounds}".rstrip())


def _bounds(ends: Sequence[float] | None) -> str:
    return "no interval: too few questions" if ends is None else f"95 % interval {ends[0]:g} to {ends[1]:g}"


def _percentiles(exam: Mapping[str, Any]) -> Iterator[str]:
    for place, one in enumerate(exam["percentiles"]):
        text = f"{number_of(one['low'])} to {number_of(one['high'])}"
        if one["low_ci95"] is not None and exam["final_range"] is None:
            low, high = one["low_ci95"]
            text += f"   lower end, 95 % interval {number_of(low)} to {number_of(high)}"
        who = ", ".join(text for text in (one["population"], one["year"]) if text)
        on = f" (on {one['on']})" if one["on"] != "final" else ""
        yield from _line("percentile" if place == 0 else "", f"{text}   {who}{on}")
        if one["warning"]:
            yield from _line("", one["warning"])


def number_of(value: float) -> str:
    """A percentile: whole where it is, else with one decimal."""
    return f"{value:.0f}" if abs(value - round(value)) < 0.05 else f"{value:.1f}"


def _ways(exam: Mapping[str, Any]) -> list[str]:
    """The scores over all and over clean questions, where somebody looked for contamination."""
    if exam["n_contaminated"] is None:
        return []
    full, clean = exam["full"], exam["clean"]
    if clean is None:
        missing = ", ".join(exam["clean_missing"])
        return _line("clean score", f"N/A: no clean question in section {missing}; the full score stands")
    texts = [f"{name} {_way(way)}" for name, way in (("full", full), ("clean", clean))]
    found = counted(exam["n_contaminated"], "question")
    return _line("", f"{', '.join(texts)}; {found} found in training data; the {exam['reported']} one is reported")


def _way(way: Mapping[str, Any]) -> str:
    first = next(iter(way["percentiles"]), None)
    where = f" (percentile {number_of(first['low'])} to {number_of(first['high'])})" if first else ""
    return f"{way['final']:g}{where}"


def _passes(passes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for rule in passes[:MAX_LISTED]:
        name = f"{one_line(rule['name'])}: " if rule["name"] else ""
        conditions = "; ".join(map(_condition, rule["conditions"]))
        said = {True: f"yes: {conditions}", False: f"no: {conditions}"}
        yield from _line("pass", name + said.get(rule["passed"], "open: missing marks decide"))
    if len(passes) > MAX_LISTED:
        yield from _line("", f"and {len(passes) - MAX_LISTED} more rules (--json shows all)")


def _condition(one: Mapping[str, Any]) -> str:
    limits = [f"at least {one['at_least']:g}"] if one["at_least"] is not None else []
    limits += [f"at most {one['at_most']:g}"] if one["at_most"] is not None else []
    return f"{one['name']} {one['value']:g} ({' and '.join(limits)}{'' if one['holds'] else ', missed'})"


def _counts(exam: Mapping[str, Any]) -> Iterator[str]:
    words = {
        "blank": "left blank",
        "invalid": "without a readable answer (scored as invalid)",
        "cut_off": "cut off at the limit on tokens, and scored by what was there",
        "says_no_image": "say that they see no image",
        "pending": "waiting for a grader's mark",
        "not_answered": "failed or not asked, and not scored",
    }
    found = [f"{exam['counts'][name]:,} {text}" for name, text in words.items() if exam["counts"].get(name)]
    missing = (one["missing"] for one in exam.get("missing") or ())
    if n := sum(any("(unreadable)" in str(who) for who in waits) for waits in missing):
        found.append(f"on {n:,} a grader gave no readable verdict, asked twice")
    if found:
        yield from _line("replies", "; ".join(found))
    if exam["critical_wrong"]:
        yield from _line("critical", f"not right: {', '.join(exam['critical_wrong'][:MAX_LISTED])}")


def _graders(graders: Mapping[str, Any] | None) -> Iterator[str]:
    if graders is None:
        return
    parts = [f"{counted(graders['n_replies'], 'answer')} marked by {', '.join(graders['graders'])}"]
    if graders["n_double"]:
        gap = f"mean gap {number(graders['mean_gap'])} points"
        kappa = f"weighted kappa {number(graders['kappa'])}" if graders["kappa"] is not None else "kappa not defined"
        parts.append(f"{graders['n_double']:,} marked twice: {kappa}, {gap}")
    if graders["n_adjudicated"]:
        parts.append(f"{graders['n_adjudicated']:,} adjudicated")
    if graders["n_not_quoted"]:
        parts.append(f"{graders['n_not_quoted']:,} verdicts quote words that are not in the answer")
    label = f" ({graders['label']}: no person has checked the marks)" if graders["label"] else ""
    yield from _line("graders", "; ".join(parts) + label)


def _origins(exam: Mapping[str, Any]) -> Iterator[str]:
    statuses = dict.fromkeys([exam["status"], *(one["status"] for one in exam["percentiles"])])
    if found := [status for status in statuses if status]:
        yield from _line("tables", f"{found[-1]} (the worst of those that were used)")
    if holdout := exam.get("holdout"):
        specs = "" if holdout["n_specs"] < 2 else f", with {holdout['n_specs']} different specs: something was changed"
        yield from _line("holdout", f"run {holdout['n_runs']} of this form{specs}")
