"""`evals import openai-evals`: the four shapes that people saved, written as a registry and records; the rest is named."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from evals.cli.main import main
from evals.comparison.compare import compare_runs, read_runs
from evals.errors import EvalsError, UsageError
from evals.interchange.import_hosted import Imported, import_hosted
from evals.record.reader import read_record
from evals.registry import Registry
from evals.runner.checks import check_evals

ROWS = [
    {"country": "France", "capital": "Paris"},
    {"country": "Italy", "capital": "Rome"},
    {"country": "Spain", "capital": "Madrid"},
]
CHECK = {
    "type": "string_check",
    "name": "exact",
    "id": "exact-7e1f",
    "input": "{{ sample.output_text }}",
    "reference": "{{ item.capital }}",
    "operation": "eq",
}
NEAR = {
    "type": "text_similarity",
    "name": "near",
    "id": "near-1b2c",
    "input": "{{ sample.output_text }}",
    "reference": "{{ item.capital }}",
    "evaluation_metric": "rouge_1",
    "pass_threshold": 0.5,
}
EVAL = {
    "id": "eval_1", "object": "eval", "name": "Capital cities!", "created_at": 1_760_000_000, "metadata": {"team": "geo"},
    "data_source_config": {"type": "custom", "schema": {"type": "object"}}, "testing_criteria": [CHECK, NEAR],
}  # fmt: skip
TEMPLATE = [
    {"role": "developer", "content": "Be short."},
    {"role": "user", "content": "Capital of {{ item.country }}?"},
]


def run_of(run_id: str, model: str, source: Any = None, **keys: Any) -> dict[str, Any]:
    content = {"type": "file_content", "content": [{"item": row} for row in ROWS]}
    data_source = {
        "type": "completions", "model": model, "source": source or content,
        "input_messages": {"type": "template", "template": TEMPLATE},
        "sampling_params": {"max_completion_tokens": 20, "temperature": 0, "seed": None},
    }  # fmt: skip
    return {
        "id": run_id, "object": "eval.run", "eval_id": "eval_1", "name": f"with {model}", "model": model, "status": "completed",
        "created_at": 1_760_000_100, "data_source": data_source, "metadata": {}, "report_url": "https://x", "error": None,
        "result_counts": {"total": 3, "passed": 2, "failed": 1, "errored": 0}, "per_model_usage": [], "per_testing_criteria_results": [], **keys,
    }  # fmt: skip


def item_of(run_id: str, number: int, answer: str, **keys: Any) -> dict[str, Any]:
    row = ROWS[number]
    exact, near = float(answer == row["capital"]), float(row["capital"].lower() in answer.lower().split())
    return {
        "id": f"outputitem_{run_id}_{number}", "object": "eval.run.output_item", "run_id": run_id, "eval_id": "eval_1",
        "created_at": 1_760_000_200, "status": "pass" if exact and near else "fail", "datasource_item_id": number, "datasource_item": row,
        "results": [
            {"name": "exact-7e1f", "type": "string-check-grader", "score": exact, "passed": bool(exact), "sample": None},
            {"name": "near-1b2c", "type": "text-similarity-grader", "score": near, "passed": near >= 0.5, "sample": None},
        ],
        "sample": {
            "input": [{"role": "user", "content": f"Capital of {row['country']}?"}], "output": [{"role": "assistant", "content": answer}],
            "finish_reason": "stop", "model": "gpt-4.1-2025-04-14", "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11, "cached_tokens": 0},
            "error": None, "temperature": 0.0, "max_completion_tokens": 20, "top_p": 1.0, "seed": 42,
        },
        **keys,
    }  # fmt: skip


def items_of(run_id: str, *answers: str) -> list[dict[str, Any]]:
    return [item_of(run_id, number, answer) for number, answer in enumerate(answers)]


def written(folder: Path, name: str, value: Any) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def imported(tmp_path: Path, *paths: Path) -> Imported:
    return import_hosted(list(paths), tmp_path / "out")


def notes(result: Imported) -> list[str]:
    return [f"{note.where}: {note.what}" for note in result.notes]


@pytest.fixture
def api_objects(tmp_path: Path) -> Path:
    """What a script saved that dumped each answer of the API to a file."""
    folder = tmp_path / "saved"
    written(
        folder,
        "evals.json",
        {"object": "list", "data": [EVAL], "first_id": "eval_1", "last_id": "eval_1", "has_more": False},
    )
    written(
        folder,
        "runs.json",
        {"object": "list", "data": [run_of("evalrun_1", "gpt-4.1"), run_of("evalrun_2", "gpt-4o")], "has_more": False},
    )
    written(
        folder,
        "items_1.json",
        {"object": "list", "data": items_of("evalrun_1", "Paris", "It is Rome", "Madrid"), "has_more": False},
    )
    lines = "".join(json.dumps(item) + "\n" for item in items_of("evalrun_2", "Paris", "Rome", "Madrid"))
    written(folder, "items_2.jsonl", lines)
    return folder


def test_objects_of_the_api_become_an_eval_that_passes_its_check(tmp_path: Path, api_objects: Path) -> None:
    result = imported(tmp_path, api_objects)
    assert result.evals == ["capital-cities.dev.v0"]
    (check,) = check_evals([str(tmp_path / "out")], [], [])
    assert [finding.text for finding in check.findings if finding.level == "failed"] == []
    assert check.n_samples == 3
    entries = yaml.safe_load((tmp_path / "out/evals/capital-cities.yaml").read_text())
    args = entries["capital-cities.dev.v0"]["args"]
    assert args["input_messages"]["template"] == TEMPLATE
    assert args["sampling_params"] == {"max_completion_tokens": 20, "temperature": 0}
    assert [criterion["name"] for criterion in args["testing_criteria"]] == ["exact", "near"]
    assert "metadata:" in (tmp_path / "out/evals/capital-cities.yaml").read_text()


def test_old_runs_become_records_that_are_read_and_compared(tmp_path: Path, api_objects: Path) -> None:
    result = imported(tmp_path, api_objects)
    first, second = result.records
    log = read_record(first)
    assert (log.run_id, log.spec["completion_fns"], log.spec["created_at"]) == (
        "evalrun_1",
        ["gpt-4.1"],
        "2025-10-09 08:55:00",
    )
    assert log.final_report is not None
    report = {key: log.final_report[key] for key in ("accuracy", "passed/exact", "passed/near", "n", "n_errors")}
    assert report == pytest.approx(
        {"accuracy": 2 / 3, "passed/exact": 2 / 3, "passed/near": 1.0, "n": 3, "n_errors": 0}
    )
    sample = next(iter(log.samples(["capital-cities.dev.1"])))
    assert sample.data("sampling")[0]["sampled"] == ["It is Rome"]
    assert [grade["name"] for grade in sample.data("grade")] == ["exact", "near"]
    comparison = compare_runs(*read_runs([first, second]))
    assert (comparison.n, comparison.difference.value) == (3, pytest.approx(1 / 3))


def test_graders_without_a_model_give_the_stored_scores_again(tmp_path: Path, api_objects: Path) -> None:
    result = imported(tmp_path, api_objects)
    assert result.regraded.n == 12
    assert [(one.grader, one.stored, one.now) for one in result.regraded.differences] == [
        ("near", 1.0, pytest.approx(0.5))
    ]


def test_imported_answers_can_be_scored_again_without_a_call(tmp_path: Path, api_objects: Path) -> None:
    result = imported(tmp_path, api_objects)
    again = tmp_path / "again.jsonl"
    code = main(
        [
            "score",
            str(result.records[1]),
            "--registry_path",
            str(tmp_path / "out"),
            "--record_path",
            str(again),
            "--json",
        ]
    )
    assert code == 0
    report = read_record(again).final_report
    assert report is not None
    assert report["accuracy"] == 1.0


def test_a_bundle_with_files_beside_it_is_read(tmp_path: Path) -> None:
    source = {"type": "file_id", "id": "file-abc"}
    folder = tmp_path / "export"
    written(
        folder,
        "eval_1.json",
        {
            "eval": EVAL,
            "rows": [],
            "runs": [
                {"run": run_of("evalrun_1", "m", source), "output_items": items_of("evalrun_1", "Paris", "Rome", "x")}
            ],
        },
    )
    written(folder, "files/file-abc.jsonl", "".join(json.dumps({"item": row}) + "\n" for row in ROWS[::-1]))
    result = imported(tmp_path, folder)
    rows = [json.loads(line) for line in (tmp_path / "out/data/capital-cities/dev.v0.jsonl").read_text().splitlines()]
    assert [row["item"]["country"] for row in rows] == ["Spain", "Italy", "France"]
    graded = {s.sample_id: s.data("match")[0]["correct"] for s in read_record(result.records[0]).samples()}
    assert graded == {"capital-cities.dev.0": False, "capital-cities.dev.1": True, "capital-cities.dev.2": True}


def test_a_bundle_may_hold_its_rows(tmp_path: Path) -> None:
    path = written(tmp_path, "e.json", {"eval": EVAL, "rows": [{"item": row} for row in ROWS], "runs": []})
    result = imported(tmp_path, path)
    assert any("no run was saved, so its prompt is not known" in note for note in notes(result))
    assert len((tmp_path / "out/data/capital-cities/dev.v0.jsonl").read_text().splitlines()) == 3


def test_a_file_that_was_not_saved_is_named_and_the_rows_come_from_the_items(tmp_path: Path) -> None:
    run = run_of("evalrun_1", "m", {"type": "file_id", "id": "file-gone"})
    path = written(
        tmp_path,
        "e.json",
        {"eval": EVAL, "runs": [{"run": run, "output_items": items_of("evalrun_1", "Paris", "Rome", "Madrid")}]},
    )
    result = imported(tmp_path, path)
    assert "evalrun_1: the file file-gone was not saved: its rows are those of the output items" in notes(result)
    assert len((tmp_path / "out/data/capital-cities/dev.v0.jsonl").read_text().splitlines()) == 3


def test_the_results_file_of_the_dashboard_becomes_a_record_alone(tmp_path: Path) -> None:
    lines = [
        {
            "item": ROWS[0],
            "sample": {"output_text": "Paris", "model": "gpt-4.1"},
            "results": {"exact": {"score": 1, "passed": True}},
            "status": "pass",
        },
        {
            "item": ROWS[1],
            "sample": {"output_text": "Milan"},
            "results": {"exact": {"score": 0, "passed": False}},
            "status": "fail",
        },
        {
            "item": ROWS[2],
            "sample": {"output_text": "", "error": {"code": "server_error", "message": "try again"}},
            "results": [],
        },
    ]
    path = written(tmp_path, "eval_items_evalrun_9.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    result = imported(tmp_path, path)
    assert any("its eval was not saved, so there are no graders" in note for note in notes(result))
    (record,) = result.records
    report = read_record(record).final_report
    assert report is not None
    assert (report["accuracy"], report["n"], report["n_errors"]) == (0.5, 2, 1)
    errors = [sample.error["message"] for sample in read_record(record).samples() if sample.error]
    assert errors == ["server_error: try again"]


def test_an_item_that_failed_is_never_a_wrong_answer(tmp_path: Path) -> None:
    bad = item_of("evalrun_1", 0, "", status="error", results=[])
    path = written(
        tmp_path,
        "e.json",
        {
            "eval": EVAL,
            "runs": [{"run": run_of("evalrun_1", "m"), "output_items": [bad, item_of("evalrun_1", 1, "Rome")]}],
        },
    )
    report = read_record(imported(tmp_path, path).records[0]).final_report
    assert report is not None
    assert (report["accuracy"], report["n"], report["n_errors"]) == (1.0, 1, 1)


def test_stored_answers_of_a_run_without_a_model_stay_with_their_rows(tmp_path: Path) -> None:
    content = [{"item": row, "sample": {"output_text": row["capital"]}} for row in ROWS]
    run = {
        **run_of("evalrun_1", "m"),
        "model": None,
        "data_source": {"type": "jsonl", "source": {"type": "file_content", "content": content}},
    }
    path = written(
        tmp_path,
        "e.json",
        {"eval": EVAL, "runs": [{"run": run, "output_items": items_of("evalrun_1", "Paris", "Rome", "Madrid")}]},
    )
    imported(tmp_path, path)
    rows = [json.loads(line) for line in (tmp_path / "out/data/capital-cities/dev.v0.jsonl").read_text().splitlines()]
    assert [row["sample"]["output_text"] for row in rows] == ["Paris", "Rome", "Madrid"]


def test_what_is_not_supported_is_named_one_by_one(tmp_path: Path) -> None:
    odd = [
        CHECK,
        {"type": "endpoint", "name": "mine", "url": "https://x"},
        {**CHECK, "name": "audio", "input": "{{ sample.output_audio.transcript }}"},
    ]
    judge = {
        "type": "label_model",
        "name": "tone",
        "model": "gpt-4o-2024-08-06",
        "labels": ["a", "b"],
        "passing_labels": ["a"],
        "input": [{"role": "user", "content": "{{ sample.output_text }}"}],
    }
    run = run_of("evalrun_1", "m")
    run["data_source"]["sampling_params"] = {
        "tools": [{"type": "web_search"}],
        "modalities": ["audio"],
        "temperature": 1,
    }
    folder = tmp_path / "saved"
    written(
        folder,
        "e.json",
        {"eval": {**EVAL, "testing_criteria": [*odd, judge]}, "runs": [{"run": run, "output_items": []}], "extra": 1},
    )
    written(folder, "notes.txt", "x")
    written(folder, "other.json", {"object": "fine_tuning.job"})
    written(folder, "broken.json", "{")
    result = imported(tmp_path, folder)
    said = "\n".join(notes(result))
    for part in (
        "eval_1.testing_criteria[1] (mine): this grader is left out: there is no grader of type 'endpoint'",
        "(audio).input: this grader is left out: {{ sample.output_audio.transcript }} is no variable of an answer",
        "grades with 'gpt-4o-2024-08-06'",
        "evalrun_1.sampling_params.tools: left out: tools of type 'web_search' are not supported",
        "evalrun_1.sampling_params.modalities: left out",
        "evalrun_1: no output items were saved",
        "files that end in .txt are not read",
        "an object that is not known (keys: object, object: fine_tuning.job)",
        "this is no JSON",
        ".extra: this part of the file is not known",
    ):
        assert part in said
    args = yaml.safe_load((tmp_path / "out/evals/capital-cities.yaml").read_text())["capital-cities.dev.v0"]["args"]
    assert ([c["name"] for c in args["testing_criteria"]], args["sampling_params"]) == (
        ["exact", "tone"],
        {"temperature": 1},
    )


PROMPTFOO = """
description: Capitals
prompts:
  - "Capital of {{country}}?"
providers:
  - id: openai:chat:gpt-4.1
    config: {temperature: 0, max_tokens: 20, organization: x}
defaultTest:
  assert:
    - {type: latency, threshold: 100}
tests:
  - vars: {country: France}
    assert:
      - {type: equals, value: Paris, metric: exact}
      - {type: rouge-n, value: "{{country}} Paris", threshold: 0.5}
  - vars: {country: Italy}
    assert:
      - {type: equals, value: Rome, metric: exact}
      - {type: rouge-n, value: "{{country}} Rome", threshold: 0.5}
  - vars: {country: Spain}
    assert:
      - {type: llm-rubric, value: "Names {{country}}", provider: "openai:gpt-4o"}
"""


def test_the_promptfoo_export_becomes_evals_with_the_same_assertions(tmp_path: Path) -> None:
    result = imported(tmp_path, written(tmp_path, "config.yaml", PROMPTFOO))
    assert result.evals == ["capitals.dev.v0", "capitals.dev2.v0"]
    entries = yaml.safe_load((tmp_path / "out/evals/capitals.yaml").read_text())
    args = entries["capitals.dev.v0"]["args"]
    assert args["input_messages"] == [{"role": "user", "content": "Capital of {{ item.country }}?"}]
    assert args["sampling_params"] == {"temperature": 0, "max_tokens": 20}
    exact, rouge = args["testing_criteria"]
    assert (exact["name"], exact["operation"], exact["reference"]) == ("exact", "eq", "{{ item.expected_1 }}")
    assert (rouge["evaluation_metric"], rouge["pass_threshold"]) == ("rouge_1", 0.5)
    rows = [json.loads(line)["item"] for line in (tmp_path / "out/data/capitals/dev.v0.jsonl").read_text().splitlines()]
    assert rows[0] == {"country": "France", "expected_1": "Paris", "expected_2": "France Paris"}
    (judge,) = entries["capitals.dev2.v0"]["args"]["testing_criteria"]
    assert (judge["type"], judge["model"]) == ("score_model", "gpt-4o")
    said = "\n".join(notes(result))
    assert "assertions of type 'latency' are not supported" in said
    assert "its model is 'openai:chat:gpt-4.1'" in said
    assert "config.organization: this parameter is left out" in said
    registry = Registry()
    registry.add_registry_paths([tmp_path / "out"])
    assert registry.find_eval("capitals").key == "capitals.dev2.v0"


def test_nothing_is_overwritten_and_nothing_found_is_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, "e.json", EVAL)
    imported(tmp_path, path)
    with pytest.raises(UsageError, match="this file is there already"):
        imported(tmp_path, path)
    with pytest.raises(UsageError, match="nothing of OpenAI's hosted Evals was found"):
        imported(tmp_path, written(tmp_path, "x.json", {"a": 1}))
    with pytest.raises(UsageError, match="no such file"):
        imported(tmp_path, tmp_path / "missing.json")


def test_names_from_a_file_never_leave_the_folder(tmp_path: Path) -> None:
    wild = {**EVAL, "name": "../../../etc/passwd"}
    run = {**run_of("../../evil", "m")}
    path = written(
        tmp_path,
        "e.json",
        {"eval": wild, "runs": [{"run": run, "output_items": items_of("x", "Paris", "Rome", "Madrid")}]},
    )
    result = imported(tmp_path, path)
    for file in (*result.files, *result.records):
        assert (tmp_path / "out").resolve() in file.resolve().parents


def test_the_command_prints_what_was_written_and_what_was_not(
    tmp_path: Path, api_objects: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", "openai-evals", str(api_objects), "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "11 of 12 stored scores of graders without a model are the same today" in printed
    assert "oaieval MODEL capital-cities.dev.v0 --registry_path" in printed
    assert main(["import", "openai-evals", str(api_objects), "--out", str(tmp_path / "json"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["evals"] == ["capital-cities.dev.v0"]


def test_objects_as_the_openai_package_types_them_are_read(tmp_path: Path) -> None:
    from openai.types import EvalRetrieveResponse
    from openai.types.evals import RunRetrieveResponse
    from openai.types.evals.runs import OutputItemRetrieveResponse

    run = {**run_of("evalrun_1", "gpt-4.1"), "error": {"code": "", "message": ""}}
    items = [
        {**item, "sample": {**item["sample"], "error": {"code": "", "message": ""}}}
        for item in items_of("evalrun_1", "Paris", "Rome", "x")
    ]
    folder = tmp_path / "typed"
    written(folder, "eval.json", EvalRetrieveResponse.model_validate(EVAL).model_dump_json(by_alias=True))
    written(folder, "run.json", RunRetrieveResponse.model_validate(run).model_dump_json(by_alias=True))
    typed = [OutputItemRetrieveResponse.model_validate(item).model_dump_json(by_alias=True) for item in items]
    written(folder, "items.jsonl", "\n".join(typed))
    report = read_record(imported(tmp_path, folder).records[0]).final_report
    assert report is not None
    assert report["accuracy"] == pytest.approx(2 / 3)


def test_equal_rows_with_different_stored_answers_keep_each_their_own(tmp_path: Path) -> None:
    run = {
        **run_of("evalrun_1", "m"),
        "model": None,
        "data_source": {"type": "jsonl", "source": {"type": "file_content", "content": [{"item": ROWS[0]}] * 2}},
    }
    items = [
        item_of("evalrun_1", 0, "Paris"),
        {**item_of("evalrun_1", 0, "Lyon"), "id": "other", "datasource_item_id": 1},
    ]
    result = imported(
        tmp_path, written(tmp_path, "e.json", {"eval": EVAL, "runs": [{"run": run, "output_items": items}]})
    )
    rows = [json.loads(line) for line in (tmp_path / "out/data/capital-cities/dev.v0.jsonl").read_text().splitlines()]
    assert [row["sample"]["output_text"] for row in rows] == ["Paris", "Lyon"]
    graded = {s.sample_id: s.data("match")[0]["correct"] for s in read_record(result.records[0]).samples()}
    assert graded == {"capital-cities.dev.0": True, "capital-cities.dev.1": False}


def test_rows_that_no_run_refers_to_and_keys_that_are_not_known_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    written(folder, "eval.json", EVAL)
    written(folder, "files/file-x.jsonl", json.dumps({"item": ROWS[0], "verdict": 1}) + "\n")
    said = "\n".join(notes(imported(tmp_path, folder)))
    assert "file-x: no run refers to this file: its rows (1) are not taken over" in said
    assert "its rows have keys that are not known: verdict" in said


def test_several_answers_to_one_row_are_repeats(tmp_path: Path) -> None:
    items = [
        item_of("evalrun_1", 0, "Paris"),
        {**item_of("evalrun_1", 0, "Lyon"), "id": "second"},
        item_of("evalrun_1", 1, "Rome"),
    ]
    result = imported(
        tmp_path,
        written(tmp_path, "e.json", {"eval": EVAL, "runs": [{"run": run_of("evalrun_1", "m"), "output_items": items}]}),
    )
    report = read_record(result.records[0]).final_report
    assert report is not None
    assert (report["accuracy"], report["n"]) == (0.75, 2)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every part of a JSON value."""
    yield path
    for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(part, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], new)
    return changed


@pytest.mark.parametrize("kind", ["bundle", "promptfoo"])
def test_whatever_stands_in_a_file_is_taken_over_named_or_an_error_for_people(tmp_path: Path, kind: str) -> None:
    rng = random.Random(3)
    whole: Any = yaml.safe_load(PROMPTFOO)
    if kind == "bundle":
        items = items_of("evalrun_1", "Paris", "Rome", "x")
        whole = {"eval": EVAL, "runs": [{"run": run_of("evalrun_1", "m"), "output_items": items}]}
    paths = list(places(whole))
    for number in range(60):
        new = rng.choice([None, "x", 0, True, 1.5, [], {}, [None], {"a": 1}, "{{ item.x", float("inf"), "\ud800"])
        file = written(tmp_path, f"{number}.json", json.dumps(replaced(whole, rng.choice(paths), new)))
        with contextlib.suppress(EvalsError):
            import_hosted([file], tmp_path / f"out{number}")


def test_a_key_that_is_not_known_is_left_out_by_name_and_the_grader_stays(tmp_path: Path) -> None:
    newer = {**EVAL, "testing_criteria": [{**CHECK, "weight": 2, "color": "red"}]}
    result = imported(tmp_path, written(tmp_path, "e.json", newer))
    said = "\n".join(notes(result))
    assert "a string_check grader has no key 'weight': it is left out" in said
    assert "no key 'color': it is left out" in said
    assert result.evals == ["capital-cities.dev.v0"]
