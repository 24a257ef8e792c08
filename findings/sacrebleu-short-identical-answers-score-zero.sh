#!/usr/bin/env bash
# sacrebleu 2.6.0: `corpus_bleu` of answers of three words that all equal their references is 0; `sentence_bleu` of the
# same answers is 100.
#
# `corpus_bleu` counts 4-grams of the whole corpus. Where no answer has four words there is none, and the score is 0, also
# with the default smoothing. `sentence_bleu` drops the empty orders (`effective_order`). So the corpus score of a set of
# short answers is no mean of their sentence scores, and says nothing.
set -euo pipefail
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check 'sacrebleu==2.6.0'
cd "$scratch"
"$scratch/venv/bin/python" - <<'PY'
import sacrebleu

answers = ["the cat sat", "a dog ran", "two birds sang"]
corpus = sacrebleu.corpus_bleu(answers, [answers]).score
sentences = [sacrebleu.sentence_bleu(answer, [answer]).score for answer in answers]
print("sacrebleu", sacrebleu.__version__, "corpus", corpus, "sentences", sentences)
assert corpus == 0.0
assert all(round(score, 6) == 100.0 for score in sentences)
longer = [f"{answer} again" for answer in answers]
assert round(sacrebleu.corpus_bleu(longer, [longer]).score, 6) == 100.0
PY
