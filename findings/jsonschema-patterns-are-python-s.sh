#!/usr/bin/env bash
# jsonschema 4.26.0: `pattern` follows Python's `re`, not the ECMA-262 expressions that JSON Schema names.
#
# Two consequences for structured outputs: `^[A-D]$` accepts "A" with a line break after it, because Python's `$` matches
# before a last newline; and a schema with `\p{L}`, a Unicode property of ECMA-262, is refused as no expression.
set -euo pipefail
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check 'jsonschema==4.26.0'
cd "$scratch"
"$scratch/venv/bin/python" - <<'PY'
from importlib.metadata import version

import jsonschema

print("jsonschema", version("jsonschema"))
letter = jsonschema.Draft202012Validator({"type": "string", "pattern": "^[A-D]$"})
print("A with a line break is valid:", letter.is_valid("A\n"), "AB is valid:", letter.is_valid("AB"))
assert letter.is_valid("A\n")
assert not letter.is_valid("AB")
try:
    jsonschema.validate("é", {"type": "string", "pattern": r"^\p{L}+$"})
except jsonschema.SchemaError as error:
    print("a Unicode property:", error.message)
else:
    raise SystemExit("Unicode properties are understood now")
PY
