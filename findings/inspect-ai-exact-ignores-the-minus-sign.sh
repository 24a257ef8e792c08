#!/usr/bin/env bash
# inspect_ai 0.3.285: the scorer `exact()` gives full marks to "-5" where the target is "5", and to "2/3" where it is "23".
#
# Texts are cut into words at spaces and hyphens before numbers are looked for, so a minus sign is a border of words and
# then gone; a fraction loses its stroke as any punctuation. `f1()` does the same, so a wrong sign has F1 1.0. Decimal
# points are kept. Temperatures, balances and changes are scored right with the wrong sign.
set -euo pipefail
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check 'inspect_ai==0.3.285'
cd "$scratch"
"$scratch/venv/bin/python" - <<'PY'
import asyncio
from importlib.metadata import version

from inspect_ai.model import ChatMessageUser, ModelOutput
from inspect_ai.scorer import Target, exact, f1
from inspect_ai.solver import TaskState


def state(completion):
    asked = ChatMessageUser(content="How warm was it, in degrees?")
    return TaskState(
        model="none", sample_id=1, epoch=1, input=asked.text, messages=[asked],
        output=ModelOutput.from_content("none", completion),
    )


async def marks(completion, target):
    of_exact = await exact()(state(completion), Target(target))
    of_f1 = await f1()(state(completion), Target(target))
    return of_exact.value, of_f1.value


async def main():
    print("inspect_ai", version("inspect_ai"))
    expected = {("-5", "5"): ("C", 1.0), ("2/3", "23"): ("C", 1.0), ("3.5", "35"): ("I", 0.0)}
    for (completion, target), before in expected.items():
        found = await marks(completion, target)
        print(f"completion {completion!r}, target {target!r}: exact {found[0]}, f1 {found[1]}")
        assert found == before, f"this was {before}"


asyncio.run(main())
PY
