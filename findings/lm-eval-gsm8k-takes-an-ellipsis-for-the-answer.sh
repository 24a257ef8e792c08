#!/usr/bin/env bash
# lm_eval 0.4.13: the "flexible-extract" score of its GSM8K task reads an ellipsis as the answer, and 18.00 is not 18.
#
# The filter takes the last match of `(-?[$0-9.,]{2,})|(-?[0-9]+)`. Two dots match without any digit, so "She makes 18
# dollars a day... That is all." has the answer "...". A sum of money with its cents stays a text that is compared with "18".
# Both are scored wrong, by the filter that is there for answers in free form. Filter, pattern and metric are those of the
# installed package; the data, which come from a hub, are not needed.
set -euo pipefail
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check 'lm_eval==0.4.13'
cd "$scratch"
"$scratch/venv/bin/python" - <<'PY'
from importlib.metadata import version
from pathlib import Path

import lm_eval
import yaml
from lm_eval.api.metrics import exact_match_fn
from lm_eval.filters.extraction import RegexFilter

task = yaml.safe_load((Path(lm_eval.__file__).parent / "tasks/gsm8k/gsm8k.yaml").read_text())
(flexible,) = [found["filter"] for found in task["filter_list"] if found["name"] == "flexible-extract"]
pattern = RegexFilter(regex_pattern=flexible[0]["regex_pattern"], group_select=flexible[0]["group_select"])
(metric,) = [dict(found) for found in task["metric_list"]]
for key in ("metric", "aggregation", "higher_is_better"):
    metric.pop(key)

gold = "Nine eggs are left, at 2 dollars each: 9 * 2 = 18\n#### 18"
expected = {
    "She makes 18 dollars a day.": ("18", 1.0),
    "She makes 18 dollars a day... That is all.": ("...", 0.0),
    "She makes $18.00 a day.": ("$18.00", 0.0),
}
print("lm_eval", version("lm_eval"), "pattern", flexible[0]["regex_pattern"])
for completion, before in expected.items():
    answer = list(list(pattern.apply([[completion]], [{}]))[0])[0]
    score = float(exact_match_fn(predictions=[answer], references=[gold], **metric)["exact_match"])
    print(f"{completion!r}: answer {answer!r}, exact match {score}")
    assert (answer, score) == before, f"this was {before}"
PY
