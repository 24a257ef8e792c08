"""Writes the report page: one HTML file with the numbers and all samples of one run or more; it needs no network."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from evals import __version__
from evals.errors import MissingExtra
from evals.record.reader import read_record
from evals.report.html.comparison_view import comparison_view
from evals.report.html.packing import json_in_html, packed
from evals.report.html.page_data import RunData, read_run
from evals.report.html.pictures import Pictures
from evals.report.html.plot_view import plot_views
from evals.report.html.sample_state import FLAGS, VERDICTS
from evals.report.words import one_line, printable

HERE = Path(__file__).parent
SCRIPTS = ("text.js", "store.js", "sample.js", "list.js", "page.js")
"In this order they make one script."


def write_page(records: Sequence[str | Path], out: str | Path, *, images: str | Path | None = None) -> None:
    """Write the page of one record, or of several side by side.

    images: a folder of pictures; those that the prompts show come into the page. Records keep long ones as digests.

    Raises:
        DataError: a file is no record, or there is no such folder.
        MissingExtra: jinja2 or matplotlib is not installed.
    """
    check_extra()
    pictures = None if images is None else Pictures(images)
    plots, not_drawn = plot_views(records)
    runs = [read_run(read_record(path), pictures) for path in records]
    names = names_of(runs)
    comparison = comparison_view(records, names) if len(records) > 1 else None
    text = render(runs, names, comparison=comparison, plots=plots, not_drawn=not_drawn)
    Path(out).write_text(text, encoding="utf-8")


def names_of(runs: Sequence[RunData]) -> list[str]:
    """A name for each run, all different: the model, else the file, else both with a number."""
    for key in ("model", "record"):
        names = [one_line(run.summary[key]).removesuffix(".gz").removesuffix(".jsonl") for run in runs]
        if len(set(names)) == len(names):
            return names
    return [f"{name} ({number})" for number, name in enumerate(names, 1)]


def check_extra() -> None:
    """Raise MissingExtra where jinja2 is not installed. Call it before anything is read."""
    try:
        import jinja2  # noqa: F401
    except ImportError:
        raise MissingExtra("the report page", "report") from None


def render(
    runs: Sequence[RunData],
    names: Sequence[str],
    *,
    comparison: dict[str, Any] | None = None,
    plots: Iterable[dict[str, Any]] = (),
    not_drawn: Iterable[str] = (),
    source: str | None = None,
) -> str:
    """The page as text.

    names: of the runs, for people. comparison: of `comparison_view`. plots, not_drawn: of `plot_views`. source: where
    the page asks for chunks (`index-0`, `chunk-0-7`) instead of having them inside: an address of the server that
    sends it.
    """
    style, script = style_text(), script_text()
    page: str = (
        environment()
        .get_template("page.html")
        .render(
            runs=runs,
            names=names,
            title=_title(runs),
            evals=_evals(runs),
            comparison=comparison,
            plots=list(plots),
            not_drawn=list(not_drawn),
            style=style,
            script=script,
            csp=content_security_policy(style, script, connects=source is not None),
            data=json_in_html(client_data(runs, names, comparison, source)),
            indices=[] if source is not None else [packed(json_in_html(run.index)) for run in runs],
            version=__version__,
            embeds=source is None,
        )
    )
    return page


def client_data(
    runs: Sequence[RunData], names: Sequence[str], comparison: dict[str, Any] | None, source: str | None
) -> dict[str, Any]:
    """What the script of the page is given, beside indices and chunks."""
    compared = comparison or {}
    return {
        "verdicts": VERDICTS,
        "flags": FLAGS,
        "runs": [{"name": name, "renamed": compared.get("renamed") if i else None} for i, name in enumerate(names)],
        "flips": compared.get("flips"),
        "source": source,
    }


def style_text() -> str:
    """The style sheet, without comments and indents."""
    return _small((HERE / "static" / "page.css").read_text(encoding="utf-8"))


def script_text() -> str:
    """The script, without comments and indents."""
    parts = [(HERE / "static" / name).read_text(encoding="utf-8") for name in SCRIPTS]
    return _small('"use strict";\n' + "\n".join(parts))


def _small(text: str) -> str:
    """Our own script or style without block comments, indents and blank lines: it stands in every page."""
    lines = (line.strip() for line in re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL).splitlines())
    return "\n".join(line for line in lines if line)


def content_security_policy(style: str, script: str, *, connects: bool = False) -> str:
    """Nothing but our own style and script by their hashes, and pictures that the page itself holds.

    connects: the page may ask the server that sent it.
    """
    rules = [
        "default-src 'none'",
        f"style-src '{_hash(style)}'",
        f"script-src '{_hash(script)}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        *(["connect-src 'self'"] if connects else []),
    ]
    return "; ".join(rules)


def environment() -> Any:
    """The templates, with everything escaped that they are given.

    Raises:
        MissingExtra: jinja2 is not installed.
    """
    check_extra()
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_without_steering,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["safe_text"] = lambda value: printable(str(value))
    found.filters["one_line"] = lambda value: one_line(str(value))
    return found


def _without_steering(value: Any) -> Any:
    """What a template prints, without characters that hide or reorder text; what is HTML already stays as it is."""
    return printable(value) if type(value) is str else value


def _evals(runs: Sequence[RunData]) -> list[str]:
    return list(dict.fromkeys(run.summary["eval"] for run in runs))


def _title(runs: Sequence[RunData]) -> str:
    models = dict.fromkeys(run.summary["model"] for run in runs)
    return f"{', '.join(_evals(runs))} on {', '.join(models)}"


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
