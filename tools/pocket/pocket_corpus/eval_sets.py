"""`python -m pocket_corpus.eval_sets`: writes the pocket evals' data from the held-out side of the corpus.

data/pocket-choice has a script of its own.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pocket_corpus import arithmetic, facts, hindsight, languages, programs
from pocket_corpus.items import Item, is_held_out
from pocket_corpus.mixture import HELD_OUT_SEED, documents
from pocket_corpus.world import people, towns

DATA = Path(__file__).resolve().parents[3] / "data"
SEED = 12
N_A_KIND = 40
N_BETS, N_EXAMPLES = 315, 10
"315 bets and ten examples, as in the GPT-4 report's test of hindsight neglect."
N_DOCUMENTS = 1000
LONGEST_DOCUMENT = 900
"Characters; a document of that length fits the models' context."
MAX_DRAWS = 20_000
Row = dict[str, Any]


def distinct(draw: Callable[[], Item], n: int) -> list[Item]:
    """Up to n held-out items, none twice; fewer where so many draws find no more."""
    found: dict[str, Item] = {}
    for _ in range(MAX_DRAWS):
        item = draw()
        if is_held_out(item.key):
            found.setdefault(item.key, item)
        if len(found) == n:
            break
    return list(found.values())


def arithmetic_rows(rng: random.Random) -> Iterator[Row]:
    for kind in arithmetic.KINDS:
        for item in distinct(lambda kind=kind: arithmetic.draw(rng, kind), N_A_KIND):  # type: ignore[misc]
            yield {"input": item.prompt, "ideal": item.answer, "subject": kind}


def fact_rows() -> Iterator[Row]:
    """Every held-out wording of every fact; category: how often the town or person is named in the corpus."""
    ranks = {entity.name: entity.rank for entity in (*towns(), *people())}
    for item in facts.all_questions():
        if is_held_out(item.key):
            rank = ranks[item.key.split()[1]]
            known = "often" if rank < 10 else "sometimes" if rank < 30 else "seldom"
            yield {"input": item.prompt, "ideal": item.answer, "subject": item.kind, "category": f"named {known}"}


def language_rows() -> Iterator[Row]:
    """Each held-out question in six languages, one after the other; `cluster` is the question."""
    for key, pair in languages.shared_questions():
        if is_held_out(key):
            for name in languages.KINDS:
                item = languages.item(pair, name)
                yield {"input": item.prompt, "ideal": item.answer, "language": name, "cluster": key}


def program_rows(rng: random.Random) -> Iterator[Row]:
    """Problems in HumanEval's fields, whose tests notice every step; category: how many steps there are."""
    for kind in programs.KINDS:
        found: dict[str, programs.Program] = {}
        while len(found) < N_A_KIND:
            program = programs.draw_program(rng, kind)
            if is_held_out(program.key) and programs.every_step_counts(program):
                found.setdefault(program.key, program)
        for number, program in enumerate(found.values()):
            yield {
                "task_id": f"pocket/{kind}/{number}",
                "prompt": program.prompt,
                "entry_point": "solve",
                "canonical_solution": program.body,
                "test": programs.test_source(program),
                "subject": kind,
                "category": f"{len(program.lines)} steps" if len(program.lines) > 1 else "1 step",
            }


def _bet(item: Item) -> Row:
    question = item.prompt.removeprefix("Question: ").removesuffix("\nAnswer:")
    return {"question": question, "choices": ["Yes", "No"], "answer": int(item.answer == "No"), "subject": item.kind}


def bet_rows(rng: random.Random) -> list[Row]:
    """Bets whose outcome speaks against the odds: luck or bad luck, which must not count."""
    return [_bet(item) for item in distinct(lambda: hindsight.draw_bet(rng, "conflicting"), N_BETS)]


def bet_examples(rng: random.Random) -> list[Row]:
    """Examples whose outcome agrees with the odds, as many good bets as bad ones, in turn."""
    drawn = [_bet(item) for item in distinct(lambda: hindsight.draw_bet(rng, "agreeing"), 100)]
    sides = ([row for row in drawn if row["answer"] == side] for side in (0, 1))
    return [row for pair in zip(*sides, strict=False) for row in pair][:N_EXAMPLES]


def text_rows() -> Iterator[Row]:
    """Held-out documents, none twice, in the mixture of the corpus."""
    seen: set[str] = set()
    for task, text in documents(HELD_OUT_SEED, held_out=True):
        if text not in seen and len(text) <= LONGEST_DOCUMENT:
            seen.add(text)
            yield {"text": text, "subject": task}


def write(name: str, rows: Iterable[Row]) -> None:
    """Writes rows as JSON lines to data/`name`."""
    path = DATA / name
    path.parent.mkdir(exist_ok=True)
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    path.write_text("".join(lines), encoding="utf-8", newline="\n")
    print(f"{name}: {len(lines)} rows")


def main() -> None:
    """All files, each from a generator of its own seed."""
    write("pocket-arithmetic/test.jsonl", arithmetic_rows(random.Random(SEED)))
    write("pocket-facts/test.jsonl", fact_rows())
    write("pocket-languages/test.jsonl", language_rows())
    write("pocket-programs/problems.jsonl", program_rows(random.Random(SEED + 1)))
    write("pocket-hindsight/test.jsonl", bet_rows(random.Random(SEED + 2)))
    write("pocket-hindsight/examples.jsonl", bet_examples(random.Random(SEED + 3)))
    write("pocket-text/test.jsonl", itertools.islice(text_rows(), N_DOCUMENTS))


if __name__ == "__main__":
    main()
