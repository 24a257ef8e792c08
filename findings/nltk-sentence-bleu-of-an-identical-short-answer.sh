#!/usr/bin/env bash
# nltk 3.10.4: `sentence_bleu` of a three-word answer that equals its reference is 1e-77, a number that is no 0 and
# prints as 0.000. The same with four words is 1.
#
# A missing order counts as the smallest float instead of being left out or refused. Only a UserWarning says so, once a
# process. `sentence_gleu`, which has no such rule, gives 1. An eval with short answers that averages it reports the worst
# score for right answers.
set -euo pipefail
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check 'nltk==3.10.4'
cd "$scratch"
"$scratch/venv/bin/python" - <<'PY'
import warnings

import nltk
from nltk.translate.bleu_score import sentence_bleu
from nltk.translate.gleu_score import sentence_gleu

warnings.simplefilter("ignore")
three, four = "the cat sat".split(), "the cat sat down".split()
bleu3, bleu4, gleu3 = sentence_bleu([three], three), sentence_bleu([four], four), sentence_gleu([three], three)
print("nltk", nltk.__version__, "three words", bleu3, "four words", bleu4, "GLEU of three", gleu3)
assert 0 < bleu3 < 1e-70
assert bleu4 == 1.0
assert gleu3 == 1.0
PY
