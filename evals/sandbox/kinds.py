"""Ways to start a zygote: by itself, in bubblewrap, or in a Docker container."""

from __future__ import annotations

from typing import Any

from evals.errors import UsageError
from evals.sandbox.plan import command, plan, python

KINDS = ("auto",)


def configuration(kind: str, assurance: str, namespaces: bool) -> dict[str, Any]:
    """What a worker is started with."""
    if kind not in KINDS:
        raise UsageError(f"the sandbox {kind!r} is not there yet", fix="leave out --sandbox, or give auto")
    return {
        "plan": plan(namespaces),
        "command": command("evals.sandbox.inside.zygote", python()),
        "assurance": assurance,
    }
