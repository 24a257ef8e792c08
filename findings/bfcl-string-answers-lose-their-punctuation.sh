#!/usr/bin/env bash
# bfcl-eval 2026.3.23: the official checker of the Berkeley Function-Calling Leaderboard takes text arguments as equal
# that mean different things.
#
# Before it compares texts it removes spaces and , . / - _ * ^ and lower-cases them, so that dates may be written in
# several ways. By this "1.5" equals "15", "-40" equals "40", "2024-01-12" equals "2024-011-2", and "A/B" equals "ab". A
# number that a function takes as text is therefore right with another value. The two functions are read out of the
# installed file, because its module imports the clients of all providers.
set -euo pipefail
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps 'bfcl-eval==2026.3.23'
cd "$scratch"
"$scratch/venv/bin/python" - <<'PY'
import ast
import re
from importlib.metadata import distribution

installed = distribution("bfcl-eval")
(path,) = [file for file in installed.files if file.name == "ast_checker.py"]
tree = ast.parse(path.locate().read_text(encoding="utf-8"))
wanted = {"standardize_string", "string_checker"}
parts = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in wanted]
assert len(parts) == len(wanted)
space = {"re": re}
exec(compile(ast.Module(parts, []), "ast_checker.py", "exec"), space)
print("bfcl-eval", installed.version)
for right, given in (("1.5", "15"), ("-40", "40"), ("2024-01-12", "2024-011-2"), ("A/B", "ab")):
    verdict = space["string_checker"]("argument", given, [right])["valid"]
    print(f"right {right!r}, given {given!r}: valid {verdict}")
    assert verdict
assert not space["string_checker"]("argument", "16", ["1.5"])["valid"]
PY
