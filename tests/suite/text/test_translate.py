"""Translate: sentence and corpus BLEU, against sacrebleu itself."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest

from evals.elsuite import translate as door
from evals.engine.context import use_session
from evals.engine.plan import RunPlan
from evals.engine.session import Session
from evals.errors import MissingExtra, UsageError
from evals.record import DummyRecorder
from evals.testing.doubles import TestCompletionFn

sacrebleu = pytest.importorskip("sacrebleu")

from evals.suite.text.translate import CorpusBleu, Translate  # noqa: E402

WORDS = "the cat sat on a mat and saw two big dogs run home".split()  # noqa: SIM905
CHAT = [{"role": "system", "content": "Translate."}, {"role": "user", "content": "Die Katze sass auf der Matte."}]
REFERENCE = "The cat sat on the mat."


class CallsSeen(DummyRecorder):
    """A recorder that keeps the arguments of its calls."""

    def __init__(self) -> None:
        super().__init__(None)
        self.calls = []

    def record_match(self, *args, **kwargs):
        self.calls.append(("match", args, kwargs))

    def record_metrics(self, **kwargs):
        self.calls.append(("metrics", (), kwargs))


def evaluate(completion, ideal=REFERENCE, recorder=None, **args):
    recorder = recorder or DummyRecorder(None)
    with recorder.as_default_recorder("x"):
        return Translate([TestCompletionFn(completion)], samples_jsonl="x", **args).eval_sample(
            {"input": CHAT, "ideal": ideal}, None
        )


@pytest.mark.parametrize(
    ("completion", "good"),
    [(REFERENCE, True), ("The cat sat on a mat.", True), ("A dog stood there.", False), ("", False)],
)
def test_a_translation_is_correct_above_a_sentence_bleu_of_30(completion, good):
    score = sacrebleu.BLEU(effective_order=True).sentence_score(completion, [REFERENCE]).score
    assert (score > 30) is good
    assert evaluate(completion) is good


def test_metrics_and_then_match_are_recorded_as_in_openai_evals():
    recorder = CallsSeen()
    evaluate("The cat sat on a mat.", recorder=recorder)
    score = sacrebleu.BLEU(effective_order=True).sentence_score("The cat sat on a mat.", [REFERENCE]).score
    assert recorder.calls == [
        ("metrics", (), {"sacrebleu_sentence_score": score}),
        ("match", (True,), {"expected": [REFERENCE], "sampled": "The cat sat on a mat.", "sacrebleu_sentence_score": score, "picked": None}),
    ]  # fmt: skip


def test_the_best_of_several_references_counts():
    assert evaluate("A cat was sitting here.", ideal=[REFERENCE, "A cat was sitting here."]) is True


def sentence(rng):
    return " ".join(rng.choices(WORDS, k=rng.randrange(1, 12)))


@pytest.mark.parametrize("n_references", [1, 3])
def test_the_corpus_score_added_up_one_at_a_time_is_that_of_sacrebleu(n_references):
    rng = random.Random(n_references)
    translations = [sentence(rng) for _ in range(40)]
    references = [[sentence(rng) for _ in range(n_references)] for _ in translations]
    corpus = CorpusBleu()
    for i in rng.sample(range(40), 40):
        corpus.add(translations[i], references[i])
    streams = [[refs[k] for refs in references] for k in range(n_references)]
    assert corpus.score == pytest.approx(sacrebleu.BLEU().corpus_score(translations, streams).score, abs=1e-9)


def test_references_may_differ_in_number():
    rng = random.Random(9)
    translations = [sentence(rng) for _ in range(20)]
    references = [[sentence(rng) for _ in range(1 + i % 2)] for i in range(20)]
    corpus = CorpusBleu()
    for translation, refs in zip(translations, references, strict=True):
        corpus.add(translation, refs)
    streams = [[refs[0] for refs in references], [refs[1] if len(refs) > 1 else None for refs in references]]
    assert corpus.score == pytest.approx(sacrebleu.BLEU().corpus_score(translations, streams).score, abs=1e-9)


def test_a_corpus_of_nothing_has_no_score():
    assert CorpusBleu().score is None


def bleu_corpus(n: int) -> CorpusBleu:
    corpus, words = CorpusBleu(), REFERENCE.split()
    for i in range(n):
        said = " ".join(words[: 3 + i % 4] + ["odd"] * (i % 3) + words[3 + i % 4 :])
        corpus.add(said, [REFERENCE], f"t.{i}")
    return corpus


def test_the_interval_of_a_corpus_score_is_near_that_of_sacrebleus_own_bootstrap():
    from sacrebleu.metrics.bleu import BLEU

    corpus, words = bleu_corpus(60), REFERENCE.split()
    said = [" ".join(words[: 3 + i % 4] + ["odd"] * (i % 3) + words[3 + i % 4 :]) for i in range(60)]
    theirs = BLEU(references=[[REFERENCE] * 60]).corpus_score(said, None, n_bootstrap=1000)
    found = corpus.uncertainty("bleu")
    low, high = found["bleu_ci95"]
    assert low < corpus.score < high
    # theirs prints the score with half the width of its 95 % interval behind
    assert (high - low) / 2 == pytest.approx(theirs._ci, rel=0.15)
    assert found["bleu_stderr"] == pytest.approx((high - low) / 3.92, rel=0.15)


def test_few_translations_have_no_interval_and_documents_count_once():
    assert bleu_corpus(29).uncertainty("bleu") == {}
    with use_session(Session(), RunPlan(cluster_of={f"t.{i}": i // 4 for i in range(60)})):
        assert bleu_corpus(60).uncertainty("bleu") == {}, "fifteen documents"


def test_a_run_reports_accuracy_and_corpus_bleu(tmp_path):
    path = tmp_path / "samples.jsonl"
    rows = [{"input": CHAT, "ideal": REFERENCE}, {"input": CHAT, "ideal": ["Nothing like it at all.", "No."]}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = Translate([TestCompletionFn(REFERENCE)], samples_jsonl=str(path)).run(DummyRecorder(None))
    streams = [[REFERENCE, "Nothing like it at all."], [None, "No."]]
    assert report["sacrebleu_score"] == pytest.approx(sacrebleu.BLEU().corpus_score([REFERENCE] * 2, streams).score)
    assert (report["accuracy"], report["n"]) == (0.5, 2)


ZH, JA = (
    "\u6211\u4eca\u5929\u53bb\u5b66\u6821\u4e0a\u8bfe\u4e86",
    "\u79c1\u306f\u6bce\u65e5\u5b66\u6821\u306b\u884c\u304d\u307e\u3059",
)


@pytest.mark.parametrize(("reference", "tokenize"), [(ZH, "zh"), (JA, "char"), (REFERENCE, "13a")])
def test_the_tokenizer_is_that_of_the_language_and_the_report_names_it(tmp_path, reference, tokenize):
    path = tmp_path / "samples.jsonl"
    path.write_text(json.dumps({"input": CHAT, "ideal": reference}) + "\n")
    said = reference[:-1]
    report = Translate([TestCompletionFn(said)], samples_jsonl=str(path)).run(DummyRecorder(None))
    expected = sacrebleu.BLEU(tokenize=tokenize).corpus_score([said], [[reference]]).score
    assert report["sacrebleu_score"] == pytest.approx(expected)
    assert expected > 50
    assert report["sacrebleu_tokenize"] == tokenize
    assert report["how"] == [f"BLEU with sacrebleu's tokenizer {tokenize}"]
    assert report["accuracy"] == 1


def test_a_tokenizer_that_is_named_is_used_for_every_sample(tmp_path):
    path = tmp_path / "samples.jsonl"
    path.write_text("".join(json.dumps({"input": CHAT, "ideal": ideal}) + "\n" for ideal in (ZH, REFERENCE)))
    report = Translate([TestCompletionFn(ZH[:-1])], samples_jsonl=str(path), tokenize="char").run(DummyRecorder(None))
    expected = sacrebleu.BLEU(tokenize="char").corpus_score([ZH[:-1]] * 2, [[ZH, REFERENCE]]).score
    assert report["sacrebleu_score"] == pytest.approx(expected)
    assert report["sacrebleu_tokenize"] == "char"


def test_a_tokenizer_that_is_not_there_is_refused_with_the_names_of_others():
    with pytest.raises(UsageError, match="no tokenizer 'zn'") as refused:
        Translate([TestCompletionFn("")], samples_jsonl="x", tokenize="zn")
    assert "zh" in str(refused.value)


def test_few_shot_examples_go_before_the_last_message(tmp_path):
    path = tmp_path / "few.jsonl"
    shown = [{"role": "user", "content": "Guten Tag."}, {"role": "assistant", "content": "Good day."}]
    path.write_text(json.dumps({"sample": shown}) + "\n")
    evaluation = Translate([TestCompletionFn("")], samples_jsonl="x", num_few_shot=1, few_shot_jsonl=str(path))
    assert evaluation.first_prompt({"input": CHAT, "ideal": REFERENCE}) == [CHAT[0], *shown, CHAT[1]]


def test_without_sacrebleu_the_error_names_the_line_that_installs_it():
    code = (
        "import sys; sys.modules['sacrebleu'] = None\n"
        "from evals.suite.text.translate import Translate\n"
        "try: Translate([lambda prompt: None], samples_jsonl='x')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert MissingExtra.__name__ in said
    assert "pip install 'oaieval[text]'" in said


def test_the_path_of_openai_evals_leads_to_the_same_class():
    assert door.Translate is Translate
