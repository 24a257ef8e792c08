"""What pages are told of a run and its samples, and how samples are packed."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path

import pytest
from made_runs import write_run
from page_records import recorder_at, write_answers, write_conversation, write_mixed_run

from evals.record import record_event, record_sampling
from evals.record.reader import read_record
from evals.report.html.packing import CHUNK_SAMPLES, Chunks, json_in_html, packed, unpacked
from evals.report.html.page import write_page
from evals.report.html.page_data import read_run, run_summary, sample_row
from evals.report.html.sample_detail import sample_detail, turns_of


def test_each_sample_has_one_verdict_and_its_flags(tmp_path: Path) -> None:
    rows = [sample_row(sample) for sample in read_record(write_mixed_run(tmp_path / "a.jsonl")).samples()]
    assert {row["id"].rpartition(".")[2]: (row["verdict"], row["flags"]) for row in rows} == {
        "0": ("right", []),
        "1": ("wrong", ["truncated"]),
        "2": ("wrong", ["refused"]),
        "3": ("partly", []),
        "4": ("errored", []),
        "10": ("unscored", []),
    }


def test_a_failed_sample_has_no_score(tmp_path: Path) -> None:
    index = read_run(read_record(write_mixed_run(tmp_path / "a.jsonl"))).index
    assert index["scores"][index["ids"].index("sums.test.4")] is None


def test_samples_are_ordered_by_row_number(tmp_path: Path) -> None:
    index = read_run(read_record(write_mixed_run(tmp_path / "a.jsonl"))).index
    assert [index["ids"][i].rpartition(".")[2] for i in index["order"]] == ["0", "1", "2", "3", "4", "10"]


def test_a_label_that_some_samples_lack_has_no_value_there(tmp_path: Path) -> None:
    label = read_run(read_record(write_mixed_run(tmp_path / "a.jsonl"))).index["labels"]["group"]
    assert [label["names"][code] if code >= 0 else None for code in label["codes"]] == [
        "even", "odd", "even", None, None, None,
    ]  # fmt: skip


def test_the_summary_has_the_headline_with_interval_and_n_and_says_what_failed(tmp_path: Path) -> None:
    summary = run_summary(read_record(write_mixed_run(tmp_path / "a.jsonl")))
    first = summary["metrics"][0]
    assert (first["name"], first["words"], first["interval"], first["n"]) == ("accuracy", "0.333", "0.060 to 0.790", 3)
    assert summary["errors"] == [["timed out", 1, "after 3 tries"]]
    assert summary["verdicts"] == {
        "right": 1, "wrong": 2, "partly": 1, "errored": 1, "unscored": 1, "truncated": 1, "refused": 1,
    }  # fmt: skip
    assert summary["warnings"] == ["1 sample failed and was not scored; it is not in n."]


def test_a_run_that_has_not_ended_shows_its_score_so_far(tmp_path: Path) -> None:
    path = write_answers(tmp_path / "a.jsonl", ["2"] * 8, [True] * 6 + [False] * 2)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    summary = run_summary(read_record(path))
    assert (summary["ended"], summary["metrics"][0]["name"], summary["metrics"][0]["value"]) == (False, "score so far", 0.75)  # fmt: skip
    assert summary["warnings"][0].startswith("The run has not ended")


def test_examples_of_a_chat_are_marked_and_the_question_is_not(tmp_path: Path) -> None:
    sample = next(iter(read_record(write_conversation(tmp_path / "a.jsonl")).samples()))
    turns = sample_detail(sample)["calls"][0]["turns"]
    assert [turn.get("example", False) for turn in turns] == [False, *[True] * 6, False]
    assert turns[1]["n_examples"] == 3
    assert turns[-1]["parts"] == ["What is 20+22?"]


def test_a_picture_a_call_of_a_tool_and_its_answer_are_parts_of_turns(tmp_path: Path) -> None:
    _, sample = read_record(write_conversation(tmp_path / "a.jsonl")).samples()
    first, second = sample_detail(sample)["calls"]
    assert first["turns"][0]["parts"][0] == "Which colour?"
    assert first["turns"][0]["parts"][1]["picture"].startswith("data:image/png;base64,")
    assert first["completions"][0]["tool_calls"] == [{"name": "look", "arguments": '{"at": 1}', "id": "c1"}]
    assert second["turns"][2] == {"role": "tool", "parts": ["blue"], "answers": "c1"}


@pytest.mark.parametrize("url", ["data:image/svg+xml;base64,PHN2Zz4=", "https://example.org/a.png", "data:text/html,x"])
def test_only_plain_pictures_within_the_record_become_pictures(url: str) -> None:
    (turn,) = turns_of([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}])
    assert turn["parts"] == [{"file": f"image_url: {url}"}]


def test_json_in_a_page_holds_no_tag_no_comment_and_no_line_end_of_javascript() -> None:
    value = {"a": "</script><script>", "b": "<!-- & \u2028 \u2029"}
    text = json_in_html(value)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == value


@pytest.mark.parametrize("n", range(8))
def test_packed_text_is_base_85_of_raw_deflate_without_a_tag(n: int) -> None:
    text = "née \u2028 数学 " * 50 + str(n) * n
    found = packed(text)
    assert zlib.decompress(base64.b85decode(found.replace(",", "<")), wbits=-15).decode() == text == unpacked(found)
    assert "<" not in found


def test_turns_that_samples_share_are_kept_once(tmp_path: Path) -> None:
    run = read_run(read_record(write_conversation(tmp_path / "a.jsonl")))
    turns = json.loads(unpacked(run.chunks[0]).splitlines()[0])["calls"][0]["turns"]
    assert turns[:7] == list(range(7))
    assert run.index["shared"][0] == {"role": "system", "parts": ["Add."]}
    assert turns[7]["parts"] == ["What is 20+22?"]


def test_a_chunk_ends_when_it_is_full() -> None:
    chunks = Chunks()
    for number in range(CHUNK_SAMPLES + 3):
        chunks.add({"n": number})
    chunks.add({"text": "x" * 1_000_000})
    chunks.add({"n": -1})
    chunks.close()
    assert chunks.sizes == [CHUNK_SAMPLES, 4, 1]
    assert len(chunks.packed) == 3


@pytest.mark.parametrize(
    "prompt",
    [None, "", [], [{}], {"a": 1}, ["x"], [{"role": None, "content": [3, None, {"type": "input_audio"}]}],
     [{"role": "user", "tool_calls": "x"}], [{"role": "user", "content": [{"type": "image_url", "image_url": 5}]}]],
)  # fmt: skip
def test_a_sample_of_any_shape_can_be_shown(tmp_path: Path, prompt: object) -> None:
    recorder = recorder_at(tmp_path / "a.jsonl")
    with recorder.sample("sums.test.0") as scope:
        record_sampling(prompt, [None, 5, {"a": 1}], reasoning=[None, "r"], tool_calls=[[{"x": 1}], "q"], usage="n")
        record_event("grade", "text")
        record_event("exam", {"status": "odd"})
        scope.commit({"category": 3, "odd": None})
    recorder.close()
    (packed_chunk,) = read_run(read_record(tmp_path / "a.jsonl")).chunks
    assert json.loads(unpacked(packed_chunk))["calls"][0]["completions"][1]["text"] == "5"


def test_a_run_with_repeats_counts_evaluations_and_samples(tmp_path: Path) -> None:
    path = write_run(tmp_path / "r.jsonl", {0: [1.0, None], 1: [0.0, 1.0], 2: [1.0, 1.0]}, repeats=2)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[-1] = json.dumps({"final_report": {"n": 3, "n_errors": 1}, "run_id": "r"}) + "\n"
    path.write_text("".join(lines), encoding="utf-8")
    summary = run_summary(read_record(path))
    assert summary["n_samples_words"] == "6 evaluations of 3 samples"
    assert summary["warnings"] == ["1 evaluation failed and was not scored; it is not in n."]


def test_calls_that_left_no_event_are_those_that_the_run_counted(tmp_path: Path) -> None:
    """A completion function of openai/evals that records nothing: the terminal says how often it was called."""
    recorder = recorder_at(tmp_path / "r.jsonl")
    for number in range(3):
        with recorder.sample(f"sums.test.{number}") as scope:
            record_event("match", {"correct": True})
            scope.commit()
    recorder.record_final_report({"accuracy": 1.0, "n": 3}, {"run": {"n_calls": 3, "wall_s": 0.5}})
    recorder.close()
    assert dict(run_summary(read_record(tmp_path / "r.jsonl"))["work"])["calls"] == "3"


def test_a_page_of_several_evals_names_all_of_them_and_each_at_its_run(tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    for name in ("sums.test.v1", "words.test.v1"):
        write_run(tmp_path / f"{name[:4]}.jsonl", [1.0, 0.0], eval_name=name)
    write_page([tmp_path / "sums.jsonl", tmp_path / "word.jsonl"], tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<h1>sums.test.v1, words.test.v1</h1>" in page
    assert [page.count(f'<span class="quiet">{name}, ') for name in ("sums.test.v1", "words.test.v1")] == [1, 1]
