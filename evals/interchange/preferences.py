"""Files of pairwise judgements: annotations of AlpacaEval, battles, people's votes, records of `Preference`."""

from __future__ import annotations

import gzip
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from evals.datasets.samples import open_samples
from evals.errors import BadSample, DataError, listed
from evals.interchange.answer_texts import answer_text
from evals.interchange.battles import JUDGED_BY, battles_of_record
from evals.interchange.mt_bench_pairs import as_battle, is_two_orders
from evals.interchange.votes import NO_PREFERENCE, SIDES, Vote, is_vote, read_votes, standing_votes
from evals.record.reader import read_record
from evals.record.special_files import refuse_special
from evals.sample import Sample
from evals.texts.answer_style import AnswerStyle, style_of

WINNERS = {"model_a": 1.0, "a": 1.0, "model_b": 0.0, "b": 0.0}
TIES = ("tie", "tie (bothbad)", "tie (inconsistent)", "both_bad", "bothbad", "draw")
ONE_OF = {"winner_model_a": 1.0, "winner_model_b": 0.0, "winner_tie": 0.5}
"Columns of which one is 1, in place of `winner`."
CLUSTERS = ("cluster", "evaluation_session_id")
"Keys of rows that depend on one another."
FORMS = (
    "`model_a`, `model_b` and `winner`, or `preference` with `generator_1` and `generator_2`, or `model_1`, `model_2`, "
    "`g1_winner` and `g2_winner`"
)
ANSWERS = ("output_{}", "response_{}", "conversation_{}")
"Keys of a battle that hold the answer of a side, `a` or `b`."
RATERS = ("rater", "judge", "annotator")
"Keys that name who judged."


@dataclass(frozen=True)
class Judgement:
    """One comparison of two answers. outcome: 1 where `model` won, 0 where `other` did, 0.5 for a tie."""

    model: str
    other: str
    outcome: float
    prompt: str
    "What judgements depend on together: the question, or the cluster that it belongs to."
    styles: tuple[AnswerStyle, AnswerStyle] | None = None
    "Of the answer of `model` and of the other one, where the row tells both."
    item: str | None = None
    "The question and its repeat: what several raters judge alike or not. None: `prompt`."
    rater: str | None = None
    group: str | None = None
    "The value of the key that was asked for."
    first_preferred: float | None = None
    "1 where the answer that stood first was preferred, 0 where the other one was; None where the row does not tell."

    @property
    def lengths(self) -> tuple[int, int] | None:
        """Letters of both answers."""
        return None if self.styles is None else (self.styles[0].characters, self.styles[1].characters)

    def turned(self) -> Judgement:
        """The same judgement, seen from the other model."""
        return replace(
            self,
            model=self.other,
            other=self.model,
            outcome=1 - self.outcome,
            styles=None if self.styles is None else (self.styles[1], self.styles[0]),
        )


@dataclass
class Judgements:
    """All judgements of some files."""

    rows: list[Judgement] = field(default_factory=list)
    n_without: Counter[str] = field(default_factory=Counter)
    "Rows that hold no judgement (an empty preference, a question that was skipped), by file."

    def by_pair(self) -> dict[tuple[str, str], list[Judgement]]:
        """The judgements of each two models, all seen from the one that comes first where the two first meet."""
        found: dict[tuple[str, str], list[Judgement]] = {}
        for row in self.rows:
            is_turned = row.model != row.other and (row.other, row.model) in found
            key = (row.other, row.model) if is_turned else (row.model, row.other)
            found.setdefault(key, []).append(row.turned() if is_turned else row)
        return found


def read_judgements(paths: Iterable[str | Path], by: str | None = None) -> Judgements:
    """The judgements in files: .json, .jsonl, .csv, .tsv or .parquet.

    AlpacaEval: `preference` is 1 where the first answer (`generator_1`, the baseline) is better, 2 where the second is,
    1.5 or 0 for a draw; numbers between 1 and 2 are the judge's probability. The second model is the one that is
    judged. Arenas: `winner` is `model_a`, `model_b` or a kind of tie. Votes: of each rater the last one on a question.
    MT-bench: see `mt_bench_pairs`. Records: runs of `Preference`.
    by: a key of the rows that becomes `group`.

    Raises:
        DataError: a file cannot be read, or holds no judgement. BadSample: a row of another form.
    """
    found = Judgements()
    votes: list[tuple[str, Vote]] = []
    for path in paths:
        before = len(found.rows) + len(votes)
        first = _first_row(Path(path))
        if is_vote(first):
            votes.extend((str(path), vote) for vote in read_votes(path))
        elif isinstance(first, dict) and isinstance(first.get("spec"), dict):
            _read_rows(path, map(Sample, battles_of_record(read_record(path))), by, found)
        else:
            _read_rows(path, open_samples(path), by, found)
        if len(found.rows) + len(votes) == before:
            raise DataError("no judgement in this file", where=str(path), fix=f"rows need {FORMS}")
    _take_votes(votes, by, found)
    return found


def _read_rows(path: str | Path, rows: Iterable[Sample], by: str | None, found: Judgements) -> None:
    for given in rows:
        row = as_battle(given) if is_two_orders(given) else given
        judged = _judgement(row)
        if judged is None:
            found.n_without[str(path)] += 1
        else:
            rater = _rater(row)
            value = None if by is None else rater if by == "rater" else row.get(by)
            group = None if value is None or value == "" else str(value)
            found.rows.append(replace(judged, group=group, rater=rater))


def _first_row(path: Path) -> object:
    """The first line of a file of lines as JSON; None for other files."""
    refuse_special(path)
    if not path.name.endswith((".jsonl", ".jsonl.gz")) or not path.is_file():
        return None
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        first = next((line for line in islice(file, 1000) if line.strip()), b"")
    try:
        return json.loads(first)
    except (ValueError, RecursionError):
        return None


def _take_votes(votes: list[tuple[str, Vote]], by: str | None, found: Judgements) -> None:
    """Add the votes that stand, over all files; skipped ones are counted."""
    paths = {id(vote): path for path, vote in votes}
    for vote in standing_votes([vote for _, vote in votes]):
        if vote.winner in NO_PREFERENCE:
            found.n_without[paths[id(vote)]] += 1
        else:
            found.rows.append(judgement_of(vote, by))


def judgement_of(vote: Vote, by: str | None = None) -> Judgement:
    """A vote as a judgement of its first model. `both_bad` is a tie. by: `category`, `eval_name` or another field."""
    styles = None if vote.style_a is None or vote.style_b is None else (vote.style_a, vote.style_b)
    group = None if by is None else getattr(vote, by, None)
    outcome = WINNERS.get(vote.winner, 0.5)
    return Judgement(
        model=vote.model_a,
        other=vote.model_b,
        outcome=outcome,
        prompt=vote.question_id,
        item=f"{vote.question_id}#{vote.repeat}" if vote.repeat else None,
        styles=styles,
        rater=vote.rater,
        group=None if group is None else str(group),
        first_preferred=outcome if vote.shown_first == "model_a" else 1 - outcome,
    )


def battle_of(judgement: Judgement) -> dict[str, Any]:
    """A judgement as a battle that `read_judgements` reads back."""
    one = judgement
    row = {
        "question_id": one.item or one.prompt,
        "cluster": one.prompt if one.item is not None else None,
        "model_a": one.model,
        "model_b": one.other,
        "winner": "model_a" if one.outcome > 0.5 else "model_b" if one.outcome < 0.5 else "tie",
        "outcome": None if one.outcome in (0.0, 0.5, 1.0) else one.outcome,
        JUDGED_BY: one.rater,
        "first_preferred": one.first_preferred,
        "style_a": None if one.styles is None else asdict(one.styles[0]),
        "style_b": None if one.styles is None else asdict(one.styles[1]),
    }
    return {key: value for key, value in row.items() if value is not None}


def _judgement(row: Sample) -> Judgement | None:
    if "winner" in row or ONE_OF.keys() <= row.keys():
        return _battle(row)
    if "preference" in row:
        return _annotation(row)
    raise BadSample("a row without a judgement", row, fix=f"rows need {FORMS}")


def _annotation(row: Sample) -> Judgement | None:
    preference = _number(row["preference"], row)
    if preference is None:
        return None
    if preference == 0:
        preference = 1.5
    if not 1 <= preference <= 2:
        raise BadSample(f"preference is {preference:g}, and lies between 1 (the first) and 2 (the second)", row)
    first, second = str(row.get("generator_1") or "baseline"), str(row.get("generator_2") or "model")
    styles = _styles(row.get("output_2"), row.get("output_1"))
    return Judgement(second, first, preference - 1, _prompt(row), styles)


def _battle(row: Sample) -> Judgement | None:
    for key in ("model_a", "model_b"):
        if not isinstance(row.get(key), str) or not row[key]:
            raise BadSample(f"no {key!r}", row, fix=f"rows need {FORMS}")
    if row["model_a"] == row["model_b"]:
        raise BadSample(f"{row['model_a'][:40]!r} is compared with itself", row)
    outcome = _winner(row)
    if outcome is None:
        return None
    graded = _number(row.get("outcome"), row, "outcome")
    if graded is not None and not 0 <= graded <= 1:
        raise BadSample(f"outcome is {graded:g}, and lies between 0 (model_b) and 1 (model_a)", row)
    outcome = outcome if graded is None else graded
    answers = (next((row[key.format(side)] for key in ANSWERS if key.format(side) in row), None) for side in "ab")
    counted = _counted(row)
    styles = _styles(*answers) if counted is None else counted
    question, prompt = _question(row), _prompt(row)
    question = question if row.get("turn") in (None, 1) else f"{question} turn {row['turn']}"
    item = None if question == prompt else question
    first = _first_preferred(row, outcome)
    return Judgement(row["model_a"], row["model_b"], outcome, prompt, styles, item, first_preferred=first)


def _winner(row: Sample) -> float | None:
    """The outcome that a battle states; None for a battle that was not judged."""
    if "winner" not in row:
        marked = [outcome for key, outcome in ONE_OF.items() if _number(row[key], row, key)]
        if len(marked) > 1:
            raise BadSample(f"several of {listed(list(ONE_OF))} are set", row)
        return marked[0] if marked else None
    winner = row["winner"]
    if winner is None or winner == "":
        return None
    said = str(winner).strip().lower()
    outcome = 0.5 if said in TIES else WINNERS.get(said)
    if outcome is None and winner in (row["model_a"], row["model_b"]):
        outcome = float(winner == row["model_a"])
    if outcome is None:
        raise BadSample(f"winner is {str(winner)[:40]!r}", row, fix=f"model_a, model_b, or {listed(TIES)}")
    return outcome


def _first_preferred(row: Sample, outcome: float) -> float | None:
    """How far the answer that stood first was preferred, over all verdicts that tell; None where none does."""
    stated = _number(row.get("first_preferred"), row, "first_preferred")
    if stated is not None:
        return stated if 0 <= stated <= 1 else None
    verdicts = row.get("verdicts")
    several = verdicts if isinstance(verdicts, list) and verdicts else [{**row, "outcome": outcome}]
    told = [
        one["outcome"] if one["shown_first"] == "model_a" else 1 - one["outcome"]
        for one in several
        if isinstance(one, Mapping) and one.get("shown_first") in SIDES and isinstance(one.get("outcome"), int | float)
    ]
    return sum(told) / len(told) if told else None


def _counted(row: Mapping[str, Any]) -> tuple[AnswerStyle, AnswerStyle] | None:
    """The styles that a row tells in counts."""
    try:
        styles = AnswerStyle(**row["style_a"]), AnswerStyle(**row["style_b"])
    except (KeyError, TypeError):
        return None
    counts = [count for style in styles for count in vars(style).values()]
    return styles if all(isinstance(count, int) and count >= 0 for count in counts) else None


def _number(value: Any, row: Sample, name: str = "preference") -> float | None:
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise BadSample(f"{name} is {str(value)[:40]!r}, not a number", row) from None


def _prompt(row: Mapping[str, Any]) -> str:
    """What judgements of a row depend on: its cluster where it has one, else its question."""
    cluster = next((row[key] for key in CLUSTERS if row.get(key) not in (None, "")), None)
    return _question(row) if cluster is None else str(cluster)


def _question(row: Mapping[str, Any]) -> str:
    """What is compared on: an id of the question where there is one, its text else, the row's number at last."""
    for key in ("question_id", "prompt_id", "instruction", "prompt", "question", "id"):
        if row.get(key) not in (None, ""):
            return str(row[key])
    return f"row {getattr(row, 'index', None)} of {getattr(row, 'path', None)}"


def _rater(row: Mapping[str, Any]) -> str | None:
    return next((str(row[key]) for key in RATERS if row.get(key) not in (None, "")), None)


def _styles(one: object, two: object) -> tuple[AnswerStyle, AnswerStyle] | None:
    texts = answer_text(one), answer_text(two)
    return None if texts[0] is None or texts[1] is None else (style_of(texts[0]), style_of(texts[1]))
