"""Door: retrying a call under the path of openai/evals."""

from __future__ import annotations

from evals.engine.retrying import create_retrying as create_retrying
