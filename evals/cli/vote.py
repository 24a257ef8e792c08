"""`evals vote`: people judge pairs of answers in the terminal, without names, one key a vote."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from evals.cli.preferences_judge import given_pairs, print_left_out

if TYPE_CHECKING:
    from evals.cli.keys import Keys
    from evals.comparison.voting import Ballot, Question
    from evals.interchange.votes import Choice, Vote

DEFAULT_PATH = "votes.jsonl"


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "vote",
        help="judge pairs of answers, blind, in the terminal",
        description="Show the completions of two records, or the pairs of one file, without names and in "
        "an order by chance. Each vote is written at once. Stopped and called again, it goes on where it was. Several "
        "people may vote into one file. `evals preferences VOTES` reads it.",
        epilog="Keys: 1 or 2: this answer is better; t: a tie; b: both are bad; s: skip. "
        "u: take the last vote back; q: quit; Enter, p: next page, first page. "
        "Without a terminal each line of standard input is a key.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="two records, or one file of pairs")
    parser.add_argument("--rater", metavar="NAME", help="who votes (default: the name of the user)")
    parser.add_argument("--votes", default=DEFAULT_PATH, metavar="PATH", help=f"where votes go ({DEFAULT_PATH})")
    parser.add_argument("--seed", type=int, metavar="N", help="of the order of pairs and of sides")
    parser.add_argument("-n", type=_count, default=0, metavar="N", help="stop after so many votes (default: all pairs)")
    parser.add_argument("--skipped", action="store_true", help="ask again what was skipped")
    parser.add_argument("--json", action="store_true", help="the summary as one JSON object on standard output")
    parser.set_defaults(func=run)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"needs a whole number from 0, not {text[:20]!r}")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Ask for votes until all pairs are done or the rater stops, then print a summary."""
    from pathlib import Path

    from evals.cli.keys import open_keys
    from evals.comparison.voting import DEFAULT_SEED, Ballot
    from evals.interchange.votes import read_votes

    pairs = given_pairs(args.files)
    print_left_out(pairs)
    ballot = Ballot(pairs, _rater(args.rater), DEFAULT_SEED if args.seed is None else args.seed)
    earlier = read_votes(args.votes) if Path(args.votes).exists() else []
    ballot.take(earlier, again_skipped=args.skipped)
    with open_keys() as keys:
        cast = _ask(ballot, keys, args, sys.stderr if args.json else sys.stdout)
    _summarise(args, ballot, cast)
    return 0


def _rater(given: str | None) -> str:
    import getpass

    from evals.errors import UsageError

    if given is None:
        try:
            return getpass.getuser()
        except (OSError, KeyError, ImportError):
            return "rater"
    if not given.strip() or len(given) > 100:
        raise UsageError("--rater needs a name of 1 to 100 letters", fix="--rater ann")
    return given.strip()


def _ask(ballot: Ballot, keys: Keys, args: argparse.Namespace, out: Any) -> list[Vote]:
    """Show one pair after the other; each vote is in the file before the next pair is shown."""
    from evals.interchange.votes import append_vote

    cast: list[Vote] = []
    while (question := ballot.next()) is not None and not (args.n and len(cast) >= args.n):
        choice, seconds = _choice(question, ballot, keys, out)
        if choice == "quit":
            break
        if choice == "undo":
            taken_back = ballot.undo()
            if taken_back is None:
                print("there is no vote to take back", file=out)
                continue
            append_vote(args.votes, taken_back)
            cast = cast[:-1]
            continue
        vote = ballot.vote(question, _winner(question, choice), seconds)
        append_vote(args.votes, vote)
        cast.append(vote)
    return cast


def _choice(question: Question, ballot: Ballot, keys: Keys, out: Any) -> tuple[str, float]:
    """What the rater wants (`1`, `2`, `tie`, `both_bad`, `skip`, `undo`, `quit`), and the seconds that it took."""
    import time

    from evals.report.terminal.vote import KEYS, keys_line, pages, question_lines

    shown = pages(question_lines(question, ballot.n_done + 1, ballot.n), keys.rows)
    page, begun = 0, time.monotonic()
    print("\n".join(shown[page]), file=out)
    while True:
        print(keys_line(page + 1, len(shown)), end="", file=out, flush=True)
        key = keys.read()
        print(KEYS.get(key or "", ""), file=out)
        if key in _CHOICES:
            return _CHOICES[key], time.monotonic() - begun
        if key in ("", "n") and page + 1 < len(shown):
            page += 1
        elif key == "p" and page:
            page = 0
        elif key not in ("", "n", "p"):
            print(f"no key {str(key)[:20]!r}", file=out)
            continue
        else:
            continue
        print("\n".join(shown[page]), file=out)


_CHOICES = {
    "1": "1", "2": "2", "t": "tie", "=": "tie", "tie": "tie", "b": "both_bad", "both bad": "both_bad",
    "s": "skip", "skip": "skip", "u": "undo", "undo": "undo", "q": "quit", "quit": "quit", None: "quit",
}  # fmt: skip


def _winner(question: Question, choice: str) -> Choice:
    if choice in ("1", "2"):
        return question.winner(int(choice) - 1)
    winners: dict[str, Choice] = {"tie": "tie", "both_bad": "both_bad", "skip": "skip"}
    return winners[choice]


def _summarise(args: argparse.Namespace, ballot: Ballot, cast: list[Vote]) -> None:
    """Print what was voted in this session, and what all votes in the file come to."""
    from evals.comparison.preference_rates import pair_rates
    from evals.comparison.raters import raters_agreement
    from evals.interchange.preferences import judgement_of
    from evals.interchange.votes import NO_PREFERENCE, read_votes, standing_votes
    from evals.json_text import dumps
    from evals.report.preferences_json import plain_agreement, plain_pair
    from evals.report.terminal.preferences import agreement_lines, pairs_text
    from evals.report.terminal.vote import votes_line
    from evals.texts.safe_text import printable

    standing = standing_votes(read_votes(args.votes)) if cast or ballot.n_done else []
    rows = [judgement_of(vote) for vote in standing if vote.winner not in NO_PREFERENCE]
    pair = next(iter(pair_rates(rows)), None)
    agreement = raters_agreement(rows)
    left = ballot.n - ballot.n_done
    if args.json:
        found = {"pair": None if pair is None else plain_pair(pair), "agreement": plain_agreement(agreement)}
        print(dumps({"votes": args.votes, "rater": ballot.rater, "n_cast": len(cast), "n_left": left, **found}))
        return
    lines = [f"{ballot.rater}: {votes_line(cast)}; {left:,} of {ballot.n:,} pairs are left"]
    lines += [pairs_text([pair])] if pair is not None else []
    lines += agreement_lines(agreement)
    lines += [f"votes            {args.votes}"] if standing else []
    print(printable("\n".join(["", *lines])))
