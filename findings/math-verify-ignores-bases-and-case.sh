#!/usr/bin/env bash
# math-verify 0.9.0: `verify` says that numbers of different value are equal where their notation is not understood.
#
# Seen: a subscript base is dropped (101 in base two equals one hundred and one); 50 % equals 0.5 and equals 50, though
# these two are not equal to each other, so the relation is not transitive; the variables a and A are the same; a decimal
# equals a fraction that it only rounds. A scorer that takes its verdict as it is accepts these wrong answers.
set -euo pipefail
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check 'math-verify[antlr4_13_2]==0.9.0'
cd "$scratch"
"$scratch/venv/bin/python" - <<'PY'
from importlib.metadata import version

from math_verify import parse, verify

print("math-verify", version("math-verify"))


def equal(gold, answer):
    verdict = verify(parse(f"${gold}$"), parse(f"${answer}$"))
    print(f"{gold:12} {answer:12} {verdict}")
    return verdict


assert equal("101_2", "101")
assert equal(r"50\%", "0.5") and equal(r"50\%", "50") and not equal("0.5", "50")
assert equal("a", "A")
assert equal("1/3", "0.333333")
PY
