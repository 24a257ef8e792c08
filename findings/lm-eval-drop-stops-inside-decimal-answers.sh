#!/usr/bin/env bash
# lm_eval 0.4.13: in its DROP task a decimal answer cannot be generated, because generation stops at the first ".".
#
# DROP's answers are often numbers, and many of them have a decimal point ("How many percent ...?"). The task's only stop
# text is ".", and what a model writes is cut there: "12.5" arrives as "12" and is scored wrong by the task's own metrics,
# which give the uncut answer full marks. Scores of such questions say nothing about the model. The task file and the two
# functions are those of the installed package; the data, which come from a hub, are not needed.
set -euo pipefail
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
pip="$scratch/venv/bin/pip"
"$pip" install --quiet --disable-pip-version-check --no-deps 'lm_eval==0.4.13'
"$pip" install --quiet --disable-pip-version-check 'pyyaml==6.0.3' 'numpy==2.2.6' 'scipy==1.15.3'
cd "$scratch"
"$scratch/venv/bin/python" - <<'PY'
import ast
import importlib.util
from importlib.metadata import distribution

import yaml

installed = distribution("lm_eval")


def path(end):
    (found,) = [file for file in installed.files if str(file).endswith(end)]
    return found.locate()


yaml.SafeLoader.add_constructor("!function", lambda loader, node: node.value)
task = yaml.safe_load(path("lm_eval/tasks/drop/default.yaml").read_text())
stop = task["generation_kwargs"]["until"]

# Read out of the file, because its module imports torch and transformers.
tree = ast.parse(path("lm_eval/models/utils.py").read_text())
(cut,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "postprocess_generated_text"]
space = {}
exec(compile(ast.Module([cut], []), "utils.py", "exec"), space)

spec = importlib.util.spec_from_file_location("drop_utils", path("lm_eval/tasks/drop/utils.py"))
drop = importlib.util.module_from_spec(spec)
spec.loader.exec_module(drop)

question = {"answers": [("12.5",)]}
written = " 12.5"
kept = space["postprocess_generated_text"](written, stop, None)
print("lm_eval", installed.version, "DROP stops at", stop)
for what, text in (("uncut", written), ("as it is scored", kept)):
    print(f"{what}: {text!r} -> {drop.process_results(question, [text])}")
assert stop == ["."]
assert kept == " 12"
assert drop.process_results(question, [written])["em"] == 1.0
assert drop.process_results(question, [kept]) == {"em": 0.0, "f1": 0.0}
PY
