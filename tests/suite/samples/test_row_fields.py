"""People's own files: columns under any name, prompts made of columns, several prompts by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import evals
from evals.cli.oaieval import main as oaieval
from evals.comparison.compare import compare_runs
from evals.comparison.run_list import runs_in
from evals.comparison.scores import read_scores
from evals.errors import BadSample, EvalsError
from evals.record.reader import read_record
from evals.runner.checks import check_evals

CSV = "nr,question,answer,topic\nq1,What is 2 + 3?,5,sum\nq2,What is 10 - 4?,6,difference\n"


def registry_of(folder: Path, data: str = CSV, file: str = "own.csv", cls: str = "Includes", **args: Any) -> Path:
    for name in ("evals", "data"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "data" / file).write_text(data, encoding="utf-8")
    body = {"class": f"evals.suite:{cls}", "args": {"samples_jsonl": file, **args}}
    (folder / "evals" / "own.yaml").write_text(json.dumps({"own": {"id": "own.dev.v0"}, "own.dev.v0": body}))
    return folder


def prompts_of(folder: Path, **more: Any) -> list[Any]:
    seen = []

    def model(prompt: Any) -> str:
        seen.append(prompt)
        return "5"

    evals.run(model, "own", registry_paths=[folder], log_dir=folder / "logs", **more)
    return sorted(seen, key=str)


def test_columns_of_any_name_are_question_answer_and_id(tmp_path: Path) -> None:
    folder = registry_of(tmp_path, input_key="question", ideal_key="answer", id_key="nr")
    assert prompts_of(folder) == ["What is 10 - 4?", "What is 2 + 3?"]
    result = evals.run(lambda prompt: "5", "own", registry_paths=[folder], log_dir=tmp_path / "logs")
    assert result.report["accuracy"] == 0.5
    [check] = check_evals([str(folder / "evals" / "own.yaml")], [], [])
    assert not [finding for finding in check.findings if finding.level == "failed"]


@pytest.mark.parametrize("cls", ["Match", "Includes", "FuzzyMatch", "JsonMatch", "ExtractAnswer"])
def test_a_prompt_is_made_of_columns_in_every_class(tmp_path: Path, cls: str) -> None:
    folder = registry_of(tmp_path, cls=cls, prompt="{topic}: {question} {{}}", ideal_key="answer")
    assert any("sum: What is 2 + 3? {}" in str(prompt) for prompt in prompts_of(folder))


def test_a_chat_template_keeps_its_roles_and_choice_and_text_loss_fill_their_own_fields(tmp_path: Path) -> None:
    chat = [{"role": "system", "content": "On {topic}."}, {"role": "user", "content": "{question}"}]
    folder = registry_of(tmp_path / "chat", prompt=chat, ideal_key="answer")
    assert prompts_of(folder)[1] == [
        {"role": "system", "content": "On sum."},
        {"role": "user", "content": "What is 2 + 3?"},
    ]
    rows = json.dumps({"stem": "Which is red?", "choices": ["sky", "blood"], "key": 1}) + "\n"
    options = {"input_key": "stem", "ideal_key": "key", "way": "parsed", "max_tokens": 5}
    folder = registry_of(tmp_path / "choice", rows, "own.jsonl", "Choice", **options)
    assert "Which is red?" in str(prompts_of(folder)[0])


def test_numbers_among_answers_are_the_texts_that_a_csv_would_hold(tmp_path: Path) -> None:
    rows = [{"q": "a", "a": 42}, {"q": "b", "a": 2.5}, {"q": "c", "a": 3.0}, {"q": "d", "a": [7, "seven"]}]
    data = "".join(json.dumps(row) + "\n" for row in rows)
    folder = registry_of(tmp_path, data, "own.jsonl", input_key="q", ideal_key="a")
    result = evals.run(lambda prompt: "x", "own", registry_paths=[folder], log_dir=tmp_path / "logs")
    expected = {str(e.data["expected"]) for e in read_record(result.record_path).events("match")}
    assert expected == {"42", "2.5", "3", "['7', 'seven']"}


def test_named_prompts_are_chosen_recorded_compared_and_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = {"short": "{question}", "long": "Think. {question}"}
    folder = registry_of(tmp_path, ideal_key="answer", prompts=prompts)
    monkeypatch.setenv("EVALS_LOG_DIR", str(tmp_path / "logs"))
    for name in ("short", "long"):
        code = oaieval(
            [
                "dummy",
                "own",
                "--registry_path",
                str(folder),
                "--prompt",
                name,
                "--record_path",
                f"{tmp_path}/{name}.jsonl",
            ]
        )
        assert code == 0
    found = compare_runs(*(read_scores(tmp_path / f"{name}.jsonl") for name in prompts))
    assert found.n == 2
    assert [run.prompt for run in runs_in([tmp_path / "short.jsonl", tmp_path / "long.jsonl"])] == ["long", "short"]
    assert prompts_of(folder) == ["What is 10 - 4?", "What is 2 + 3?"], "the first prompt is the default"


def test_another_prompt_in_the_entry_changes_nothing_for_a_record(tmp_path: Path) -> None:
    folder = registry_of(tmp_path, ideal_key="answer", prompts={"short": "{question}"})
    first = evals.run(lambda p: "5", "own", registry_paths=[folder], log_dir=tmp_path / "logs")
    folder = registry_of(tmp_path, ideal_key="answer", prompts={"short": "{question}", "new": "{topic}"})
    again = evals.run(lambda p: "5", "own", registry_paths=[folder], log_dir=tmp_path / "logs")
    prints = [read_record(one.record_path).spec["run_config"]["fingerprint"]["eval_args"] for one in (first, again)]
    assert prints[0] == prints[1]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"input_key": "qestion", "ideal_key": "answer"}, "no column .qestion.*did you mean: question"),
        ({"input_key": "question", "ideal_key": "anser"}, "own.csv:2.*no column 'anser'.*did you mean: answer"),
        ({"prompt": "{qestion}", "ideal_key": "answer"}, "own.csv:2.*qestion.*did you mean: question"),
        ({"prompt": "no column", "ideal_key": "answer"}, "no {column} in it"),
        ({"prompt": "{question", "ideal_key": "answer"}, "the template cannot be read"),
        ({"prompt": 7, "ideal_key": "answer"}, "prompt is 7, not a text"),
        ({"prompts": {}, "ideal_key": "answer"}, "prompts must be an object"),
        ({"prompts": {"a": "{question}"}, "prompt": "b", "ideal_key": "answer"}, "no prompt is called 'b'"),
        ({"input_key": 3, "ideal_key": "answer"}, "input_key is 3, not a text"),
        ({"ideal_key": "answer"}, "no 'input'.*input_key: question"),
    ],
)
def test_mistakes_name_the_column_and_the_place(tmp_path: Path, args: dict[str, Any], message: str) -> None:
    folder = registry_of(tmp_path, **args)
    with pytest.raises((EvalsError, BadSample), match=f"(?s){message}"):
        evals.run(lambda prompt: "5", "own", registry_paths=[folder], log_dir=tmp_path / "logs")
    assert not list((tmp_path / "logs").glob("*")) if (tmp_path / "logs").exists() else True


@pytest.mark.parametrize("file", ["shots.csv", "shots.jsonl"])
def test_few_shot_examples_come_from_every_format_that_samples_take(tmp_path: Path, file: str) -> None:
    folder = registry_of(
        tmp_path, cls="Match", prompt=[{"role": "user", "content": "{question}"}], ideal_key="answer",
        num_few_shot=1, few_shot_jsonl=file,
    )  # fmt: skip
    row = {"question": "What is 1 + 1?", "answer": "2"}
    text = "question,answer\nWhat is 1 + 1?,2\n" if file.endswith("csv") else json.dumps(row) + "\n"
    (folder / "data" / file).write_text(text)
    assert prompts_of(folder)[0] == [
        {"role": "user", "content": "What is 1 + 1?"},
        {"role": "assistant", "content": "2"},
        {"role": "user", "content": "What is 10 - 4?"},
    ]
