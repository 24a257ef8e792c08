"""Exam: a model sits a paper against the loopback server; the worked example of the format, to the digit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from exam_runs import HARBOUR, MARKS_OF_THE_EXAMPLE, RUN_OF_THE_EXAMPLE, answering, registry_with, sit, write_marks

from evals.cli.main import main
from evals.errors import EvalsError
from evals.record.reader import read_record
from evals.testing.openai_server import LoopbackServer


def exam_of(result: Any) -> dict[str, Any]:
    return dict(result.report["exam"])


def test_the_worked_example_to_the_digit(tmp_path: Path) -> None:
    registry_with(tmp_path, human_marks=write_marks(tmp_path / "marks.jsonl"))
    with LoopbackServer(answering(RUN_OF_THE_EXAMPLE)) as server:
        exam = exam_of(sit(tmp_path, server))
    values = exam["values"]
    assert [values[name] for name in ("a_raw", "a", "essay", "free")] == [3, 80, 4.5, 3]
    assert values["b_raw"] == pytest.approx(7.5 / 18)
    assert [values[name] for name in ("comp", "comp_r", "final")] == pytest.approx([65.2, 65, 3])
    assert [(one["low"], one["high"]) for one in exam["percentiles"]] == [(35, 65)]
    assert [rule["passed"] for rule in exam["passes"]] == [True]
    assert exam["status"] == "invented"


def test_the_clean_score_is_reported_where_it_is_lower(tmp_path: Path) -> None:
    (tmp_path / "found.txt").write_text("A2\n")
    registry_with(tmp_path, human_marks=write_marks(tmp_path / "marks.jsonl"), contaminated=tmp_path / "found.txt")
    with LoopbackServer(answering(RUN_OF_THE_EXAMPLE)) as server:
        exam = exam_of(sit(tmp_path, server))
    assert exam["reported"] == "clean"
    assert exam["values"]["a"] == pytest.approx(73.333333, abs=1e-5)
    assert (exam["values"]["comp_r"], exam["final"]) == (63, 3)
    assert exam["full"]["values"]["comp_r"] == 65


def test_a_list_of_contaminated_questions_is_checked_before_the_first_call(tmp_path: Path) -> None:
    (tmp_path / "found.txt").write_text("A2\nA22\n")
    registry_with(tmp_path, contaminated=tmp_path / "found.txt")
    with LoopbackServer(answering(RUN_OF_THE_EXAMPLE)) as server:
        with pytest.raises(EvalsError, match=r"(?s)found.txt.*names 'A22'.*did you mean: A2"):
            sit(tmp_path, server)
        assert server.bodies == []


def test_a_question_without_marks_leaves_a_range(tmp_path: Path) -> None:
    registry_with(tmp_path)
    with LoopbackServer(answering(RUN_OF_THE_EXAMPLE)) as server:
        result = sit(tmp_path, server)
    exam = exam_of(result)
    # No marks: c = 0, comp 44.5, grade 2. Full marks: c = 10 x 6 + 8 x 5 = 100, comp 74.5, grade 4.
    assert exam["final_range"] == [2, 4]
    assert [rule["passed"] for rule in exam["passes"]] == [None]
    assert (exam["counts"]["pending"], exam["counts"]["not_answered"]) == (2, 0)
    assert [(one["item"], one["missing"]) for one in exam["missing"]] == [("C1", ["human", "human"]), ("C2", ["human"])]
    assert "exam_score" not in result.report
    assert result.report["n"] == 7


def test_a_section_beside_the_final_score_is_said_and_a_folder_of_the_same_name_is_no_paper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry_with(tmp_path, Path("harbour"), human_marks=write_marks(tmp_path / "marks.jsonl"))
    paper = tmp_path / "registry" / "data" / "harbour"
    shutil.copytree(HARBOUR, paper)
    text = (paper / "exam.yaml").read_text()
    (paper / "exam.yaml").write_text(text.replace("{a: 0.4, b: 0.3, c: 0.3}", "{a: 0.4, c: 0.6}"))
    (tmp_path / "harbour").mkdir()
    monkeypatch.chdir(tmp_path)
    with LoopbackServer(answering(RUN_OF_THE_EXAMPLE)) as server:
        report = sit(tmp_path, server).report
    assert report["warnings"] == ["section B does not count in the final score"]


def test_a_failed_question_is_never_wrong(tmp_path: Path) -> None:
    registry_with(tmp_path, human_marks=write_marks(tmp_path / "marks.jsonl"))
    replies = {beginning: said for beginning, said in RUN_OF_THE_EXAMPLE.items() if beginning != "A boat covers"}
    cut = answering({**replies, "A boat covers": "It is 7.5 divided by (50 / 60"}, "length")
    plain = answering(RUN_OF_THE_EXAMPLE)
    with LoopbackServer(lambda call: (cut if "A boat covers" in str(call.body) else plain)(call)) as server:
        result = sit(tmp_path, server, check=False)
    exam = exam_of(result)
    assert result.n_errors == 1
    assert exam["counts"]["not_answered"] == 1
    # Without B1: b = 1.5 of 18, comp 55.2, grade 3; with full marks for it as in the example.
    assert exam["final_range"] == [3, 3]
    assert exam["sections"][1]["wrong"] == 1


def test_an_answer_that_was_cut_off_after_it_was_given_is_scored_and_counted(tmp_path: Path) -> None:
    registry_with(tmp_path, human_marks=write_marks(tmp_path / "marks.jsonl"))
    with LoopbackServer(answering(RUN_OF_THE_EXAMPLE, "length")) as server:
        exam = exam_of(sit(tmp_path, server))
    assert exam["values"]["comp_r"] == 65
    assert exam["counts"]["cut_off"] == 9


def test_replies_by_shuffled_letters_are_marked_by_the_letters_of_the_paper(tmp_path: Path) -> None:
    registry_with(tmp_path, human_marks=write_marks(tmp_path / "marks.jsonl"), shuffle=True)
    right = {
        "Two lamps": "wait",
        "High water is at": "12:05",
        "After dusk": "the Wren has a radio",
        "To moor": "make it fast",
    }

    def by_text(call: Any) -> str:
        text = call.body["messages"][-1]["content"]
        text = text if isinstance(text, str) else text[0]["text"]
        wanted = next((option for beginning, option in right.items() if beginning in text), None)
        lines = [line for line in text.splitlines() if wanted and wanted in line]
        return f"The answer is {lines[0][:3]}" if lines else "The answer is [blank]"

    with LoopbackServer(by_text) as server:
        exam = exam_of(sit(tmp_path, server))
        assert exam["sections"][0]["right"] == 4
    events = {e["item"]: e for s in read_record(tmp_path / "record.jsonl").samples() for e in s.data("exam")}
    assert [events[name]["answer"] for name in ("A1", "A2", "A3", "A4")] == ["B", "C", "A", "B"]
    assert any("order" in event for event in events.values())


def test_each_question_leaves_a_row_with_everything_that_describes_it(tmp_path: Path) -> None:
    registry_with(tmp_path, human_marks=write_marks(tmp_path / "marks.jsonl"))
    with LoopbackServer(answering(RUN_OF_THE_EXAMPLE)) as server:
        sit(tmp_path, server)
    samples = list(read_record(tmp_path / "record.jsonl").samples())
    events = {event["item"]: event for sample in samples for event in sample.data("exam")}
    assert events["A1"].items() >= {
        "section": "A", "kind": "mcq", "run": 0, "status": "right", "points": 1, "max_points": 1, "answer": "B",
        "key": "B", "tags": ["critical"], "language": "en", "answer_mode": "extract", "model": "gpt-6-luna",
    }.items()  # fmt: skip
    assert events["B3"]["images"] == ["images/b3.png"]
    assert len(events["A1"]["prompt_sha256"]) == 16
    assert [line["points"] for line in events["C2"]["marks"][0]["lines"]] == [1, 1, 0, 1, 0]
    assert HARBOUR.is_dir()


GRADED = {"Should a harbour": "By length.", "A boat lies": RUN_OF_THE_EXAMPLE["A boat lies"]}


def _marks_by_model(call: Any) -> str:
    """A grader that gives the marks of the example; `judge-b` gives one level more."""
    text = str(call.body["messages"][-1]["content"])
    if "verdicts" in text:
        met = [{"line": f"r{n}", "met": n in (1, 2, 4), "words": "the line hangs"} for n in range(1, 6)]
        return json.dumps({"verdicts": met})
    return json.dumps({"level": 5 if call.model == "judge-b" else 4, "words": "By length"})


def _model_and_graders(call: Any) -> Any:
    if call.model.startswith("judge"):
        return _marks_by_model(call)
    return answering(RUN_OF_THE_EXAMPLE)(call)


def _graded_run(tmp_path: Path, server: LoopbackServer, **args: Any) -> Any:
    registry = registry_with(tmp_path, graders="judge-a+judge-b", **args)
    (registry / "completion_fns").mkdir(exist_ok=True)
    for name in ("judge-a", "judge-b"):
        body = {
            "class": "evals.completion_fns:OpenAIChatCompletionFn",
            "args": {"model": name, "api_base": server.url, "api_key": "k"},
        }
        (registry / "completion_fns" / f"{name}.yaml").write_text(json.dumps({name: body}))
    return sit(tmp_path, server)


def test_models_grade_blind_with_agreement_and_a_label(tmp_path: Path) -> None:
    with LoopbackServer(_model_and_graders) as server:
        result = _graded_run(tmp_path, server)
        grader_prompts = [str(body["messages"]) for body in server.bodies if body["model"].startswith("judge")]
    exam = exam_of(result)
    assert (exam["values"]["essay"], exam["values"]["free"], exam["final"]) == (4.5, 3, 3)
    assert exam["graders"]["n_double"] == 1
    assert exam["graders"]["mean_gap"] == 1
    assert exam["graders"]["label"] == "model-graded"
    assert exam["graders"]["n_not_quoted"] == 0
    assert grader_prompts
    assert not any("gpt-6-luna" in prompt for prompt in grader_prompts)


def test_stored_answers_and_marks_are_scored_again_without_a_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with LoopbackServer(_model_and_graders) as server:
        before = _graded_run(tmp_path, server).report
    arguments = [
        "--registry_path",
        str(tmp_path / "registry"),
        "--record_path",
        str(tmp_path / "again.jsonl"),
        "--json",
    ]
    assert main(["score", str(tmp_path / "record.jsonl"), *arguments]) == 0
    after = json.loads(capsys.readouterr().out)["final_report"]
    assert after["exam"]["values"] == before["exam"]["values"]
    assert after["exam"]["graders"] == before["exam"]["graders"]


def test_marks_of_people_are_added_to_a_finished_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    registry_with(tmp_path)
    with LoopbackServer(answering(RUN_OF_THE_EXAMPLE)) as server:
        sit(tmp_path, server)
    marks = write_marks(tmp_path / "marks.jsonl")
    arguments = [
        "--registry_path",
        str(tmp_path / "registry"),
        "--record_path",
        str(tmp_path / "again.jsonl"),
        "--json",
    ]
    assert (
        main(["score", str(tmp_path / "record.jsonl"), "--extra_eval_params", f"human_marks={marks}", *arguments]) == 0
    )
    exam = json.loads(capsys.readouterr().out)["final_report"]["exam"]
    assert (exam["final"], exam["final_range"]) == (3, None)


def test_marks_of_a_run_that_a_question_did_not_have_are_named(tmp_path: Path) -> None:
    mark = {"item": "C1", "run": 3, "grader": "ann", "points": 4}
    registry_with(tmp_path, human_marks=write_marks(tmp_path / "marks.jsonl", [mark]))
    with LoopbackServer(answering(RUN_OF_THE_EXAMPLE)) as server:
        report = sit(tmp_path, server).report
    assert report["warnings"] == ["marks of no reply, not used: C1 run 3"]
    assert report["n_pending"] == 2


def test_marks_of_more_people_than_the_paper_asks_for_are_named(tmp_path: Path) -> None:
    more = [{"item": "C1", "run": 0, "grader": name, "points": 1} for name in ("yan", "zoe")]
    registry_with(tmp_path, human_marks=write_marks(tmp_path / "marks.jsonl", [*MARKS_OF_THE_EXAMPLE, *more]))
    with LoopbackServer(answering(RUN_OF_THE_EXAMPLE)) as server:
        report = sit(tmp_path, server).report
    assert report["warnings"] == ["marks of more people than the paper asks for, not used: yan (C1), zoe (C1)"]


@pytest.mark.parametrize(("points", "said"), [("4", "'4', which is no number"), (9, "outside 0 to 6")])
def test_points_are_a_number_within_the_question(tmp_path: Path, points: Any, said: str) -> None:
    mark = {"item": "C1", "run": 0, "grader": "ann", "points": points}
    registry_with(tmp_path, human_marks=write_marks(tmp_path / "marks.jsonl", [mark]))
    with LoopbackServer(answering({})) as server, pytest.raises(EvalsError, match=f"marks.jsonl:1: points is .*{said}"):
        sit(tmp_path, server)


def test_the_answer_may_be_drawn_in_a_call_of_its_own(tmp_path: Path) -> None:
    registry_with(tmp_path, answer_mode="resample", human_marks=write_marks(tmp_path / "marks.jsonl"))

    def reply(call: Any) -> str:
        if "Now give the answer alone" in str(call.body["messages"][-1]["content"]):
            question = str(call.body["messages"][-3]["content"])
            said = next(said for beginning, said in RUN_OF_THE_EXAMPLE.items() if beginning in question)
            return said[said.index("The answer is") :].rstrip("]")
        return "Let me think about it. The answer is [D]"

    with LoopbackServer(reply) as server:
        exam = exam_of(sit(tmp_path, server, model="gpt-4o"))
        bodies = list(server.bodies)
    assert exam["values"]["comp_r"] == 65
    assert [body.get("stop") for body in bodies].count(["The answer is"]) == 7
    thoughts = [body["messages"][-2]["content"] for body in bodies if "Now give" in str(body["messages"][-1])]
    assert thoughts == ["Let me think about it."] * 7
    assert exam["answer_mode"] == "resample"


def test_repeats_of_a_question_are_averaged_before_anything_else(tmp_path: Path) -> None:
    registry_with(tmp_path, repeats=2, exam=_only_section_a(tmp_path))
    drawn: dict[str, int] = {}

    def every_other(call: Any) -> str:
        text = str(call.body["messages"][-1]["content"])
        drawn[text] = drawn.get(text, 0) + 1
        return "The answer is [B]" if drawn[text] == 1 else "The answer is [C]"

    with LoopbackServer(every_other) as server:
        result = sit(tmp_path, server)
    # B is right for A1 and A4, C for A2: each of them once of two times; A3 never.
    assert exam_of(result)["values"]["a_raw"] == 1.5
    assert result.report["score"] == pytest.approx(1.5 / 4)


def _only_section_a(tmp_path: Path, forms: str = "") -> Path:
    folder = tmp_path / "paper-a"
    folder.mkdir()
    rows = (HARBOUR / "items.jsonl").read_text().splitlines()
    (folder / "items.jsonl").write_text("\n".join(row for row in rows if '"section":"A"' in row.replace(" ", "")))
    (folder / "exam.yaml").write_text(
        "id: a\nversion: 1\nsource: written for these tests\n"
        "sections: [{id: A, kind: mcq, items: items.jsonl}]\n"
        "score:\n  - {set: a_raw, op: raw, section: A}\n  - {set: final, op: linear, value: a_raw, mul: 25, add: 0}\n"
        + forms
    )
    return folder


def test_runs_of_the_holdout_form_are_counted_with_their_specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALS_LOG_DIR", str(tmp_path / "logs"))
    paper = _only_section_a(tmp_path, "forms: {dev: {items: items.jsonl}, holdout: {items: items.jsonl}}\n")
    holdouts = []
    for number, args in enumerate(
        [{"form": "holdout"}, {"form": "dev"}, {"form": "holdout"}, {"form": "holdout", "shuffle": True}]
    ):
        registry_with(tmp_path, exam=paper, **args)
        with LoopbackServer("The answer is [B]") as server:
            result = sit(tmp_path, server, record=f"{number}.jsonl")
        holdouts.append(exam_of(result)["holdout"])
    assert holdouts == [{"n_runs": 1, "n_specs": 1}, None, {"n_runs": 2, "n_specs": 1}, {"n_runs": 3, "n_specs": 2}]


def test_an_interrupted_exam_goes_on_where_it_stopped(tmp_path: Path) -> None:
    registry_with(tmp_path, human_marks=write_marks(tmp_path / "marks.jsonl"))
    with LoopbackServer(answering(RUN_OF_THE_EXAMPLE)) as server:
        whole = sit(tmp_path, server, record="whole.jsonl").report
        half = tmp_path / "half.jsonl"
        lines = (tmp_path / "whole.jsonl").read_text().splitlines(keepends=True)
        ends = [n for n, line in enumerate(lines) if '"sample_done": true' in line or '"sample_done":true' in line]
        half.write_text("".join(lines[: ends[4] + 1]))
        n_before = len(server.bodies)
        again = sit(tmp_path, server, record="half.jsonl", resume=True).report
        assert len(server.bodies) - n_before == 4
    assert again["exam"] == whole["exam"]
    assert again["score"] == whole["score"]


def test_a_paper_is_sat_in_all_conditions_of_images(tmp_path: Path) -> None:
    registry_with(tmp_path, human_marks=write_marks(tmp_path / "marks.jsonl"))
    sent = {}
    for mode in ("vision", "no_vision"):
        with LoopbackServer(answering(RUN_OF_THE_EXAMPLE)) as server:
            result = sit(tmp_path, server, record=f"{mode}.jsonl", images=mode)
            sent[mode] = {str(body["messages"][-1]["content"])[:40]: body["messages"] for body in server.bodies}
        assert exam_of(result)["images"] == mode
        assert set(result.report["groups"]["images"]) == {"with", "without"}
    text = {mode: sorted(map(str, messages.values())) for mode, messages in sent.items()}
    differ = [pair for pair in zip(text["vision"], text["no_vision"], strict=True) if pair[0] != pair[1]]
    assert len(differ) == 1
    assert "data:image/png;base64," in differ[0][0]
    assert "IMAGE: image-1.png" in differ[0][1]


def test_the_condition_of_the_run_wins_over_the_mode_of_the_eval(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    registry_with(tmp_path, mode="no_vision", human_marks=write_marks(tmp_path / "marks.jsonl"))
    for given, seen in ((None, "no_vision"), ("vision", "vision")):
        with LoopbackServer(answering(RUN_OF_THE_EXAMPLE)) as server:
            result = sit(tmp_path, server, record=f"{seen}.jsonl", images=given)
            assert ("data:image/png" in str(server.bodies)) is (seen == "vision")
        assert exam_of(result)["images"] == seen
        arguments = ["--registry_path", str(tmp_path / "registry"), "--json"]
        again = ["--record_path", str(tmp_path / f"{seen}-again.jsonl")]
        assert main(["score", str(tmp_path / f"{seen}.jsonl"), *arguments, *again]) == 0
        assert json.loads(capsys.readouterr().out)["final_report"]["exam"]["images"] == seen


def test_a_mode_that_the_paper_does_not_offer_is_refused(tmp_path: Path) -> None:
    registry_with(tmp_path, mode="transcribed")
    with LoopbackServer("x") as server, pytest.raises(EvalsError, match="has no mode 'transcribed'"):
        sit(tmp_path, server)


def test_an_exam_is_gated_like_any_eval(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    registry_with(tmp_path, human_marks=write_marks(tmp_path / "marks.jsonl"))
    for name, replies in (
        ("good", RUN_OF_THE_EXAMPLE),
        ("bad", dict.fromkeys(RUN_OF_THE_EXAMPLE, "The answer is [D]")),
    ):
        with LoopbackServer(answering(replies)) as server:
            sit(tmp_path, server, record=f"{name}.jsonl")
    baseline = str(tmp_path / "baselines")
    assert main(["gate", str(tmp_path / "good.jsonl"), "--baseline", baseline, "--update"]) == 0
    capsys.readouterr()
    main(["gate", str(tmp_path / "bad.jsonl"), "--baseline", baseline, "--json"])
    (row,) = json.loads(capsys.readouterr().out)["verdicts"]
    assert row["metric"] == "score"
    assert row["difference"] < 0


def test_answers_that_wait_for_a_mark_can_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    registry_with(tmp_path)
    with LoopbackServer(answering(RUN_OF_THE_EXAMPLE)) as server:
        sit(tmp_path, server)
    assert main(["view", str(tmp_path / "record.jsonl"), "--pending"]) == 0
    text = capsys.readouterr().out
    assert "2 unmarked samples" in text
    assert "a mark is missing: human, human" in text
    assert RUN_OF_THE_EXAMPLE["Should a harbour"] in text


def test_programs_are_judged_by_their_tests(tmp_path: Path) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    problem = {
        "prompt": "def double(n):\n",
        "entry_point": "double",
        "test": "def check(candidate):\n    assert candidate(4) == 8\n",
    }
    rows = [{"id": f"p{n}", "kind": "code", "stem": f"Task {n}.", "points": 5, "problem": problem} for n in (1, 2, 3)]
    (folder / "items.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "exam.yaml").write_text(
        "id: code\nversion: 1\nsource: written for these tests\n"
        "sections: [{id: P, kind: code, items: items.jsonl}]\nscore: [{set: final, op: raw, section: P}]\n"
    )
    registry_with(tmp_path, exam=folder, sandbox="unsafe-local")
    programs = {
        "Task 1": "```python\ndef double(n):\n    return 2 * n\n```",
        "Task 2": "```python\ndef double(n):\n    return n\n```",
        "Task 3": "I do not know.",
    }
    with LoopbackServer(answering(programs)) as server:
        exam = exam_of(sit(tmp_path, server))
        assert "def double(n):" in str(server.bodies[0]["messages"])
    assert exam["final"] == 5
    assert {status: exam["sections"][0][status] for status in ("right", "wrong", "invalid")} == {
        "right": 1,
        "wrong": 1,
        "invalid": 1,
    }


def test_graders_that_the_run_names_stand_for_those_of_the_paper(tmp_path: Path) -> None:
    registry = registry_with(tmp_path, grader=["judge-a", "judge-b"])
    (registry / "completion_fns").mkdir(exist_ok=True)
    with LoopbackServer(_model_and_graders) as server:
        for name in ("judge-a", "judge-b"):
            args = {"model": name, "api_base": server.url, "api_key": "k"}
            body = {"class": "evals.completion_fns:OpenAIChatCompletionFn", "args": args}
            (registry / "completion_fns" / f"{name}.yaml").write_text(json.dumps({name: body}))
        result = sit(tmp_path, server)
    exam = exam_of(result)
    assert exam["values"]["essay"] == 4.5
    assert exam["graders"]["graders"] == ["judge-a", "judge-b"]
    assert [one["name"] for one in result.run_spec.run_config["graders"]] == ["judge-a", "judge-b"]
    assert result.report["graders"]["judge-a"]["n_calls"] == result.report["graders"]["judge-b"]["n_calls"] > 0


def test_a_comparison_names_both_exam_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    registry_with(tmp_path, human_marks=write_marks(tmp_path / "marks.jsonl"))
    better = {**RUN_OF_THE_EXAMPLE, "After dusk": "The answer is [A]"}
    for name, replies in (("one.jsonl", RUN_OF_THE_EXAMPLE), ("two.jsonl", better)):
        with LoopbackServer(answering(replies)) as server:
            sit(tmp_path, server, record=name)
    assert main(["compare", str(tmp_path / "one.jsonl"), str(tmp_path / "two.jsonl")]) == 0
    # With A3 right, a is 100 and the composite 73.2: grade 4.
    said = " ".join(capsys.readouterr().out.split())
    assert "exam score 3 (percentile 35 to 65) in the first run, 4 (percentile 65 to 87) in the second" in said


def test_a_damaged_image_of_a_paper_is_found_before_the_first_call(tmp_path: Path) -> None:
    shutil.copytree(HARBOUR, tmp_path / "harbour")
    image = tmp_path / "harbour" / "images" / "b3.png"
    image.write_bytes(image.read_bytes()[:-20])
    registry_with(tmp_path, tmp_path / "harbour")
    with LoopbackServer(answering(RUN_OF_THE_EXAMPLE)) as server:
        with pytest.raises(EvalsError, match=r"items.jsonl:7.*b3.png is cut off or damaged"):
            sit(tmp_path, server)
        assert server.bodies == []
