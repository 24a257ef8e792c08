#!/usr/bin/env bash
# rouge-score 0.1.2: the ROUGE of a Russian, Greek, Arabic or Chinese text with itself is 0.
#
# The default tokenizer keeps [a-z0-9] and drops the rest, so these texts have no tokens. Accented Latin letters split a
# word: "café" counts as "caf". Nothing warns. A tokenizer of one's own (`tokenizer=` of RougeScorer) gives 1.
set -euo pipefail
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check 'rouge-score==0.1.2'
cd "$scratch"
"$scratch/venv/bin/python" - <<'PY'
from importlib.metadata import version

from rouge_score.rouge_scorer import RougeScorer


class BySpaces:
    def tokenize(self, text):
        return text.split()


print("rouge-score", version("rouge-score"))
plain, own = RougeScorer(["rougeL"]), RougeScorer(["rougeL"], tokenizer=BySpaces())
for text in ("столица большой страны", "η πρωτεύουσα της χώρας", "عاصمة البلاد", "一 座 大 城市"):
    scores = plain.score(text, text)["rougeL"].fmeasure, own.score(text, text)["rougeL"].fmeasure
    print(text, "default", scores[0], "split at spaces", scores[1])
    assert scores == (0, 1.0)
other_word = plain.score("café", "caf")["rougeL"].fmeasure
print("café against caf:", other_word)
assert other_word == 1.0
PY
