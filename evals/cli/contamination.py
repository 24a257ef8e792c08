"""`evals contamination`: which questions of an eval stand in training text, and what that does to a score."""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

from evals.cli.console import existing_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evals.contamination.contamination import Contamination
    from evals.contamination.corpus import Unit
    from evals.contamination.find import Search
    from evals.contamination.scan_workers import Scanned

LINE_EVERY_S = 10.0
MIN_LENGTH = 12
"Fewer characters are in every corpus by chance."


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "contamination",
        help="which questions of an eval stand in a corpus",
        description="Look for the questions of an eval in a corpus, by the rule of the GPT-4 Technical Report. A "
        "sample is contaminated if a document has one of three random substrings of its 50 letters and digits. "
        "13-grams are counted too. With records, also their scores on all, clean and contaminated samples. A scan that "
        "was stopped goes on where it was: what was found is kept, by the content of the samples and of the files.",
    )
    parser.add_argument("eval", metavar="EVAL", help="the eval whose samples are looked for")
    parser.add_argument(
        "--corpus",
        action="append",
        nargs="+",
        required=True,
        metavar="PATH",
        help="files, folders or patterns: .txt, .jsonl, .json, .csv, .tsv, each also with .gz, .zst, .lz4; .parquet",
    )
    _add_scores(parser)
    _add_questions(parser)
    _add_reading(parser)
    parser.add_argument("--workers", type=_positive, metavar="N", help="processes (default: the cores of this machine)")
    parser.add_argument("--index", metavar="DIR", help="where to keep what was found (default: in the user's cache)")
    parser.add_argument("--show", type=_count, default=5, metavar="N", help="samples to show with a match (default 5)")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(func=run)


def _add_scores(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--record", action="append", default=[], metavar="RECORD", help="a run to score in parts")
    parser.add_argument("--against", metavar="RECORD", help="a run of a model that has not seen the corpus")
    parser.add_argument("--metric", metavar="M", help="a number of `metrics` events, or `correct` (default: the usual)")
    parser.add_argument(
        "--by", choices=("substring", "ngram"), default="substring", help="what makes a sample contaminated"
    )
    parser.add_argument("--ids-file", metavar="PATH", help="write the ids of contaminated samples there, as JSON lines")


def _add_questions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fields", type=_names, default=[], metavar="NAME,...", help="fields of a row (default: context and question)"
    )
    parser.add_argument("--max-items", type=_positive, metavar="N", help="look for so many random samples only")
    parser.add_argument("--length", type=_long_enough, default=50, metavar="N", help="of a substring (default 50)")
    parser.add_argument("--substrings", type=_positive, default=3, metavar="N", help="for each sample (default 3)")
    parser.add_argument(
        "--min-length", type=_long_enough, default=20, metavar="N", help="shorter samples are not judged (default 20)"
    )
    parser.add_argument("--ngram", type=_positive, default=13, metavar="N", help="words of an n-gram (default 13)")
    parser.add_argument("--ignore-case", action="store_true", help="take upper and lower case for the same")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the random substrings (default 0)")
    parser.add_argument("--registry_path", action="append", default=[], metavar="DIR", help="a further registry")
    parser.add_argument(
        "--data_path", action="append", default=[], type=existing_folder, metavar="DIR", help="copies of benchmarks"
    )


def _add_reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--text-key",
        action="append",
        default=[],
        metavar="KEY",
        help="key or column that holds the text (default: text, content or raw_content)",
    )
    parser.add_argument("--by-line", action="store_true", help="each line of a .txt file is a document")
    parser.add_argument("--skip-broken", action="store_true", help="leave out rows that cannot be read, and count them")


def _positive(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return int(text)


def _count(text: str) -> int:
    if int(text) < 0:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return int(text)


def _long_enough(text: str) -> int:
    if int(text) < MIN_LENGTH:
        raise argparse.ArgumentTypeError(f"must be {MIN_LENGTH} or more: shorter texts are found by chance")
    return int(text)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def run(args: argparse.Namespace) -> int:
    """Look for the samples, and print what was found."""
    from evals.cli.outputs import check_output
    from evals.contamination.as_json import contamination_json
    from evals.contamination.clean_scores import clean_scores
    from evals.contamination.find import find_contamination
    from evals.json_text import dumps
    from evals.record.score_arrays import read_score_arrays
    from evals.report.terminal.contamination import contamination_text

    corpus = [path for named in args.corpus for path in named]
    check_output("--ids-file", args.ids_file, [*corpus, *args.record], own="lines")
    runs = [read_score_arrays(path, args.metric) for path in args.record]  # a mistake here must not cost a scan
    other = read_score_arrays(args.against, args.metric) if args.against else None
    found = find_contamination(_search(args), _Progress(sys.stderr))
    scores = [clean_scores(one, found, args.by, other) for one in runs]
    if args.ids_file:
        _write_ids(args.ids_file, found, args.by)
    if args.json:
        print(dumps(contamination_json(found, scores, args.by)))
    else:
        print(contamination_text(found, scores, args.by, n_items=args.show))
    return 0


def _search(args: argparse.Namespace) -> Search:
    from pathlib import Path

    from evals.contamination.corpus import Reading
    from evals.contamination.find import Search
    from evals.contamination.items import Rule

    return Search(
        eval_name=args.eval,
        corpus=[path for paths in args.corpus for path in paths],
        rule=Rule(
            n_substrings=args.substrings,
            length=args.length,
            min_length=min(args.min_length, args.length),
            n_words=args.ngram,
            ignore_case=args.ignore_case,
            seed=args.seed,
        ),
        reading_as=Reading(tuple(args.text_key), args.by_line, args.skip_broken),
        fields=args.fields,
        max_items=args.max_items,
        n_workers=args.workers or os.cpu_count() or 1,
        index=Path(args.index) if args.index else None,
        registry_paths=args.registry_path,
        data_paths=args.data_path,
    )


def _write_ids(path: str, found: Contamination, by: str) -> None:
    """Write a line of JSON for each contaminated sample: its `id`, and as `item` the id that its row has."""
    from evals.json_text import dumps

    with open(path, "w", encoding="utf-8") as file:
        for item in found.contaminated(by):
            named = {} if item.row_id is None else {"item": item.row_id}
            file.write(dumps({"id": item.sample_id, **named}) + "\n")


class _Progress:
    """Says how far the scan is: one line that is written over in a terminal, a line from time to time on a pipe."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._started_s = self._shown_s = time.monotonic()
        self._n_bytes = self._n_known = 0

    def __call__(self, scanned: Scanned, units: Sequence[Unit]) -> None:
        self._n_bytes += units[scanned.number].n_bytes
        self._n_known += units[scanned.number].n_bytes if scanned.was_known else 0
        total = sum(unit.n_bytes for unit in units)
        is_terminal, now_s = self._stream.isatty(), time.monotonic()
        is_done = self._n_bytes == total
        if now_s - self._shown_s < (0.1 if is_terminal else LINE_EVERY_S) and not (is_done and is_terminal):
            return
        self._shown_s = now_s
        text = self._text(total, now_s)
        end = "\n" if is_done or not is_terminal else ""
        print(f"\r{text:<79}" if is_terminal else text, end=end, file=self._stream, flush=True)

    def _text(self, total: int, now_s: float) -> str:
        from evals.report.terminal.contamination import size_text
        from evals.report.words import seconds

        passed_s = max(now_s - self._started_s, 1e-6)
        rate = (self._n_bytes - self._n_known) / passed_s
        left = f", {seconds((total - self._n_bytes) / rate)} left" if rate else ""
        known = f", {size_text(self._n_known)} known before" if self._n_known else ""
        return f"{size_text(self._n_bytes)} of {size_text(total)}{known}, {rate / 1e6:,.0f} MB/s{left}"
