"""Door: objects by name, and durations as text, under the path of openai/evals."""

from __future__ import annotations

from evals.number_text import duration_text as t
from evals.registry.classes import make_object as make_object

__all__ = ["make_object", "t"]
