"""Which pocket models there are, and what each one's card says: sizes, training, loss."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from evals.errors import DataError, UsageError, did_you_mean, listed
from evals.local_models.pocket.weights import Config
from evals.registry.roots import bundled_data_root

TOKENIZER_FILE, CARD_FILE, WEIGHTS_FILE = "tokenizer.json", "card.json", "weights.npz"


@dataclass(frozen=True)
class Card:
    """A model's card."""

    name: str
    config: Config
    folder: Path
    "Holds the card and the weights; the tokenizer lies in it, or beside it for all models there."
    facts: Mapping[str, Any]
    "The whole card, as its file has it."

    @property
    def weights_path(self) -> Path:
        return self.folder / WEIGHTS_FILE

    @property
    def tokenizer_path(self) -> Path:
        own = self.folder / TOKENIZER_FILE
        return own if own.is_file() else self.folder.parent / TOKENIZER_FILE


def models_root() -> Path:
    """The folder with the models that come with the package."""
    return bundled_data_root() / "pocket-models"


def model_names(root: Path | None = None) -> list[str]:
    """The names of all models in a folder of models, fewest parameters first."""
    root = root or models_root()
    cards = [read_card(path.parent) for path in root.glob(f"*/{CARD_FILE}")]
    return [card.name for card in sorted(cards, key=lambda card: (card.config.n_parameters, card.name))]


def find_card(name: str, root: Path | None = None) -> Card:
    """The card of a model. Raises UsageError, with near misses, where there is none of that name."""
    root = root or models_root()
    folder = root / name
    if name and folder.parent == root and (folder / CARD_FILE).is_file():
        return read_card(folder)
    known = [f"pocket/{each}" for each in model_names(root)]
    raise UsageError(
        f"no pocket model is called {name!r}",
        notes=[did_you_mean(f"pocket/{name}", known), f"there are: {listed(known, 20)}" if known else ""],
        fix=None if known else f"put models into {root}, or name a folder: --completion_args path=FOLDER",
    )


def read_card(folder: Path) -> Card:
    """The card in a folder of one model. Raises DataError where there is none."""
    path = folder / CARD_FILE
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        sizes = {field.name: facts["config"][field.name] for field in fields(Config)}
        return Card(folder.name, Config(**sizes), folder, facts)
    except KeyError as error:
        raise DataError(f"the card has no {error}", where=str(path)) from None
    except (OSError, ValueError, TypeError) as error:
        what = getattr(error, "strerror", None) or str(error)
        raise DataError(f"no card of a pocket model: {what}"[:200], where=str(path)) from None
