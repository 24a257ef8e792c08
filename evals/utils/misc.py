"""Door: objects by name, and durations as text, under the path of openai/evals."""

from __future__ import annotations

from evals.registry.classes import make_object as make_object
from evals.texts.number_text import duration_text as t

__all__ = ["make_object", "t"]
