"""DROP's F1: the definitions by hand, brute force over permutations for the pairing, and lm-evaluation-harness's scorer on made pairs."""

from __future__ import annotations

import importlib.util
import itertools
import math
import random
import subprocess
import sys

import pytest

from evals.suite.answers.drop_f1 import best_pairing, drop_score, normalised

SPANS = [
    "3 3.0 03 three 3,000 3000 -3 $3 $3.50 3.5 3% 3 percent",
    "1/2 0.5",
    ".5",
    "1e3",
    "1_000",
    "nan inf",
    "the Rams",
    "Rams",
    "a an the",
    "The",
    "theory",
    "Los Angeles Rams",
    "los angeles",
    "St. Louis",
    "St Louis",
    "3-yard",
    "3 yard",
    "3-yards",
    "28-yard field goal",
    "28 yard field goals",
    "field goal",
    "December 7, 1941",
    "7 December 1941",
    "1941",
    "Dec 7",
    "O'Neill",
    "ONeill",
    "naïve",
    "NAÏVE",
    "U.S.",
    "US",
    "twenty-one",
    "21",
    "twenty one",
    "10 percent of men",
    "10",
    "10.0 men",
    "men 12",
    "12 men and 10 women",
    "-",
    "--",
    "...",
    "!",
    "'",
    "½",
    "٣",
    "\t3\n",
    "a-3",
    "the-3",
    "3rd",
    "third",
    "a 3",
    "3 a 4",
    "4 3",
    "½ mile",
    "2.50",
    "2.5",
    "+2.5",
    "--2.5",
    "2.5.1",
    "1,2",
    "12",
    "12.00",
    "Germany",
    "germany.",
    "Germany and France",
    "France",
]


def made_pairs(n: int, seed: int) -> list[tuple[list[str], list[list[str]]]]:
    rng = random.Random(seed)

    def spans() -> list[str]:
        return [rng.choice(SPANS) for _ in range(rng.choice((1, 1, 1, 2, 3, 4)))]

    pairs = []
    for _ in range(n):
        golds = [spans() for _ in range(rng.choice((1, 2, 3)))]
        said = rng.choice(golds)[::-1] if rng.random() < 0.4 else spans()
        pairs.append((said, golds))
    return pairs


@pytest.mark.parametrize(
    ("said", "gold", "f1"),
    [
        (["3"], ["3.0"], 1.0),
        (["3,000"], ["3000"], 1.0),
        (["$3.50"], ["3.5"], 0.0),  # the point of "$3.50" goes with the punctuation: 350
        (["the Rams"], ["Rams"], 1.0),
        (["28-yard field goal"], ["28 yard field goals"], 0.75),
        (["yard field goal"], ["28 yard field goal"], 0.0),  # the gold number is missing
        (["28 yard field goal"], ["yard field goal"], 0.86),  # a number too many is no fault of its own
        (["Rams", "Bears"], ["Bears", "Rams"], 1.0),
        (["Rams"], ["Bears", "Rams"], 0.5),
        (["Bears Rams"], ["Bears", "Rams"], 0.33),
        (["twenty-one"], ["twenty one"], 1.0),
        (["-5"], ["5"], 1.0),  # words are cut at hyphens, in the published scorer too: docs/benchmarks.md
        (["2/3"], ["23"], 1.0),
        ([""], ["Rams"], 0.0),
        (["Rams"], [""], 0.0),
    ],
)
def test_f1_by_hand(said, gold, f1):
    assert drop_score(said, [gold]).f1 == f1


def test_the_best_gold_answer_counts():
    assert drop_score(["5 yards"], [["6"], ["5 yards"], ["five"]]).em == 1.0


def test_words_are_normalised_one_by_one():
    assert normalised("The  U.S.-led a-3 $1,000.50") == "us led 3.0 100050.0"


@pytest.mark.parametrize("levels", [(0, 1), (0, 0.25, 0.5, 0.67, 1), None])
def test_the_pairing_is_the_best_of_all_permutations(levels):
    """Few levels give many ties; with None every score is another."""
    rng = random.Random(5)
    for _ in range(300):
        n_rows, n_columns = rng.randint(1, 6), rng.randint(1, 6)
        scores = [[rng.choice(levels) if levels else rng.random() for _ in range(n_columns)] for _ in range(n_rows)]
        wide = scores if n_rows <= n_columns else [list(column) for column in zip(*scores, strict=True)]
        every = (math.fsum(row[j] for row, j in zip(wide, order, strict=True))
                 for order in itertools.permutations(range(len(wide[0])), len(wide)))  # fmt: skip
        assert best_pairing(scores) == pytest.approx(max(every), abs=1e-12)


def test_several_spans_are_paired_over_all_orders():
    """Span i of the answer shares most words with span 3 - i of the gold answer; the order of spans counts nothing."""
    gold = ["red fox", "blue bird", "green frog", "black cat"]
    for said in itertools.permutations(["red fox", "blue bird", "green frog", "black dog"]):
        assert drop_score(said, [gold]).f1 == round((3 + 0.5) / 4, 2)


def test_scipy_is_loaded_only_where_both_sides_have_several_spans():
    code = (
        "import sys; from evals.suite.answers.drop_f1 import drop_score; "
        "drop_score(['a'], [['a', 'b'], ['c']]); print('scipy' in sys.modules); "
        "drop_score(['a', 'b'], [['b', 'a']]); print('scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.skipif(importlib.util.find_spec("lm_eval") is None, reason="lm_eval is not installed")
def test_lm_evaluation_harness_gives_the_same_scores_on_made_pairs():
    path = importlib.util.find_spec("lm_eval").submodule_search_locations[0] + "/tasks/drop/utils.py"
    spec = importlib.util.spec_from_file_location("drop_utils", path)
    theirs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(theirs)
    differing = []
    for said, golds in made_pairs(3000, 1):
        expected = theirs.process_results({"answers": [tuple(gold) for gold in golds]}, said)
        found = drop_score(said, golds)
        if (found.em, found.f1) != (expected["em"], expected["f1"]):
            differing.append((said, golds, found, expected))
    assert not differing
