#!/usr/bin/env bash
# sacrebleu 2.6.0: the corpus BLEU of a Chinese (or Japanese) sentence with itself is 0 with the default tokenizer.
#
# The default `13a` splits at spaces and Latin punctuation. A sentence without spaces is then one token, there are no
# 2-, 3- and 4-grams, and BLEU without smoothing of empty orders is 0. Nothing warns. A report that does not name its
# tokenizer shows a perfect translation as the worst one. `tokenize="zh"` and `"char"` give 100.
set -euo pipefail
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check 'sacrebleu==2.6.0'
cd "$scratch"
"$scratch/venv/bin/python" - <<'PY'
import sacrebleu

print("sacrebleu", sacrebleu.__version__)
for name, text in {"Chinese": "今天的天气很好。", "Japanese": "今日は天気がとてもよい。"}.items():
    scores = {kind: sacrebleu.corpus_bleu([text], [[text]], tokenize=kind).score for kind in ("13a", "zh", "char")}
    default = sacrebleu.corpus_bleu([text], [[text]]).score
    print(name, "with itself: default", default, scores)
    assert default == scores["13a"] == 0.0, "the default now finds the n-grams"
    assert round(scores["zh"], 6) == round(scores["char"], 6) == 100.0
PY
