"""What new users do in their first hour, from a clean environment: the wheel of this checkout, and the package index."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the commands are those of a POSIX environment"),
]


@pytest.fixture(scope="session")
def bin_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of an environment in which nothing but the wheel is installed; one for all workers of a session."""
    pytest.importorskip("hatchling")
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    place = shared / "first-hour-environment"
    with FileLock(shared / "first-hour.lock"):
        if not (place / "is-ready").exists():
            shutil.rmtree(place, ignore_errors=True)
            wheels = shared / "first-hour-wheel"
            build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(wheels)]
            subprocess.run([*build, str(ROOT)], check=True, capture_output=True, timeout=300)
            (wheel,) = wheels.glob("*.whl")
            venv.create(place, with_pip=True)
            install(place / "bin", str(wheel))
            (place / "is-ready").touch()
    return place / "bin"


def install(bin_folder: Path, *packages: str) -> None:
    command = [bin_folder / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=1200)


class Terminal:
    """A folder in which a user types commands; each must end with the code that is expected."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        self.folder, self.bin_folder = folder, bin_folder
        self.n_commands = 0

    def type(self, command: str, code: int = 0) -> str:
        """Run a command line and return what it printed on standard output."""
        self.n_commands += 1
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env={"PATH": f"{self.bin_folder}{os.pathsep}{os.environ['PATH']}", "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def terminal(tmp_path: Path, bin_folder: Path) -> Terminal:
    return Terminal(tmp_path, bin_folder)


def sums(n: int) -> list[tuple[str, int]]:
    return [(f"Question: What is {a} + {b}?\nAnswer:", a + b) for a in range(1, 11) for b in range(1, 11)][:n]


def write_csv(terminal: Terminal, rows: Sequence[tuple[str, int]]) -> None:
    with open(terminal.folder / "mine.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("question", "answer"), *rows])


PROMPTS = """sums:
  id: sums.dev.v0
  metrics: [accuracy]
sums.dev.v0:
  class: evals.suite:ExtractAnswer
  args:
    samples_jsonl: sums/samples.csv
    input_key: question
    ideal_key: answer
    extract: number
    stop: ["\\n"]
    prompts:
      whole: "{question}"
      polite: "Please answer. {question}"
"""


def test_from_a_csv_file_to_a_gate_in_six_commands(terminal: Terminal):
    write_csv(terminal, sums(60))
    terminal.type("evals new sums --from mine.csv")
    terminal.type("evals check sums --registry_path registry")
    terminal.type("oaieval pocket/1m sums --registry_path registry --record_path first.jsonl")
    terminal.type("evals view first.jsonl --wrong -n 1")
    terminal.type("evals gate first.jsonl --baseline baselines --update")
    said = terminal.type("oaieval pocket/1m sums --registry_path registry --baseline baselines --undecided neutral")
    assert terminal.n_commands <= 6
    assert re.search(r"sums.dev.v0 .* (ok|CANNOT TELL)", said)
    assert (terminal.folder / "baselines" / "sums.dev.v0.json").is_file()


def test_two_prompts_are_compared_on_one_data_file(terminal: Terminal):
    write_csv(terminal, sums(60))
    terminal.type("evals new sums --from mine.csv")
    terminal.write("registry/evals/sums.yaml", PROMPTS)
    for name in ("whole", "polite"):
        run = f"oaieval pocket/1m sums --prompt {name} --registry_path registry"
        terminal.type(f"{run} --record_path {name}.jsonl")
    told = json.loads(terminal.type("evals compare whole.jsonl polite.jsonl --json"))
    shown = terminal.type("evals compare whole.jsonl polite.jsonl")
    assert "60 samples in both; same data, same scorer" in shown
    assert "prompt whole -> polite" in " ".join(shown.split())
    assert re.search(r"difference +[+-]\d\.\d{3} +[+-]\d\.\d{3} to [+-]\d\.\d{3} +60", shown)
    assert told


def cells_of(table: str) -> list[list[str]]:
    """The cells of each row of a LaTeX table; an ampersand behind a backslash is text."""
    body = table.partition(r"\toprule")[2].partition(r"\bottomrule")[0]
    rows = [row for row in body.replace(r"\midrule", "").split(r"\\") if row.strip()]
    return [[cell.strip() for cell in re.split(r"(?<!\\)&", row)] for row in rows]


def test_a_table_for_a_paper_in_latex(terminal: Terminal):
    for model in ("pocket/32k", "pocket/1m"):
        for name in ("pocket-arithmetic", "pocket-facts"):
            terminal.type(f"oaieval {model} {name} --max_samples 20")
    terminal.type("evals report evallogs --format latex --out table.tex")
    table = (terminal.folder / "table.tex").read_text(encoding="utf-8")
    begun, ended = re.findall(r"\\begin\{(\w+)\}", table), re.findall(r"\\end\{(\w+)\}", table)
    assert begun[::-1] == ended
    assert table.count("{") - table.count(r"\{") == table.count("}") - table.count(r"\}")
    assert re.search(r"(?<!\\)[%#_$]", re.sub(r"\$[^$]*\$|(?m:^%.*)", "", table)) is None
    rows = cells_of(table)
    assert len(rows) == 3
    assert {len(row) for row in rows} == {3}
    assert [row[0] for row in rows[1:]] in (["pocket/1m", "pocket/32k"], ["pocket/32k", "pocket/1m"])
    document = f"\\documentclass{{article}}\\usepackage{{booktabs}}\\begin{{document}}{table}\\end{{document}}"
    if shutil.which("pdflatex"):
        terminal.write("paper.tex", document)
        terminal.type("pdflatex -interaction=nonstopmode -halt-on-error paper.tex")


REPOSITORY = {
    "pyproject.toml": """[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "town-quiz"
version = "1.0"

[tool.setuptools]
packages = ["town_quiz"]
""",
    "town_quiz/__init__.py": "",
    "town_quiz/quiz.py": '''import random

import evals
import evals.metrics
from evals.api import CompletionFn


class TownQuiz(evals.Eval):
    """Asks with solved examples before the question, as a few-shot eval does."""

    def __init__(self, completion_fns: list[CompletionFn], train_jsonl, test_jsonl, n_examples=2, *args, **kwargs):
        super().__init__(completion_fns, *args, **kwargs)
        self.train_jsonl = train_jsonl
        self.test_jsonl = test_jsonl
        self.n_examples = n_examples

    def eval_sample(self, test_sample, rng: random.Random):
        chosen = rng.sample(self.train_samples, self.n_examples)
        prompt = [{"role": "system", "content": "Name the capital."}]
        for sample in chosen:
            prompt += [
                {"role": "system", "name": "example_user", "content": sample["country"]},
                {"role": "system", "name": "example_assistant", "content": sample["capital"]},
            ]
        prompt += [{"role": "user", "content": test_sample["country"]}]
        result = self.completion_fn(prompt=prompt, temperature=0.0, max_tokens=5)
        sampled = result.get_completions()[0]
        evals.record_and_check_match(prompt=prompt, sampled=sampled, expected=test_sample["capital"])

    def run(self, recorder):
        self.train_samples = evals.get_jsonl(self.train_jsonl)
        self.eval_all_samples(recorder, evals.get_jsonl(self.test_jsonl))
        return {"accuracy": evals.metrics.get_accuracy(recorder.get_events("match"))}
''',
    "town_quiz/atlas.py": '''from evals.api import CompletionFn, CompletionResult
from evals.record import record_sampling


class AtlasResult(CompletionResult):
    def __init__(self, text):
        self.text = text

    def get_completions(self):
        return [self.text]


class AtlasCompletionFn(CompletionFn):
    """Looks the answer up, and knows three towns."""

    def __init__(self, fallback="unknown", **kwargs):
        self.fallback = fallback

    def __call__(self, prompt, **kwargs):
        known = {"France": "Paris", "Spain": "Madrid", "Peru": "Lima"}
        text = known.get(prompt[-1]["content"], self.fallback)
        record_sampling(prompt=prompt, sampled=text)
        return AtlasResult(text)
''',
    "registry/evals/town-quiz.yaml": """town-quiz:
  id: town-quiz.dev.match-v1
  metrics: [accuracy]
  description: Capitals of countries
town-quiz.dev.match-v1:
  class: town_quiz.quiz:TownQuiz
  args:
    train_jsonl: train.jsonl
    test_jsonl: test.jsonl
""",
    "registry/completion_fns/atlas.yaml": """atlas/three-towns:
  class: town_quiz.atlas:AtlasCompletionFn
  args:
    fallback: nowhere
""",
    "registry/eval_sets/quizzes.yaml": "quizzes:\n  evals:\n    - town-quiz\n",
    "train.jsonl": '{"country": "Italy", "capital": "Rome"}\n{"country": "Cuba", "capital": "Havana"}\n',
    "test.jsonl": '{"country": "France", "capital": "Paris"}\n{"country": "Peru", "capital": "Lima"}\n'
    '{"country": "Chad", "capital": "N\'Djamena"}\n{"country": "Spain", "capital": "Madrid"}\n',
}
"A repository of plug-ins as openai/evals' pages teach to write one: an eval class, a completion function, registries."


def test_a_plug_in_repository_of_openai_evals_works_unchanged(terminal: Terminal):
    for name, text in REPOSITORY.items():
        terminal.write(name, text)
    install(terminal.bin_folder, "--no-deps", str(terminal.folder))
    terminal.type("oaieval atlas/three-towns town-quiz --registry_path registry --record_path run.jsonl")
    lines = [json.loads(line) for line in (terminal.folder / "run.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["final_report"]["accuracy"] for line in lines if "final_report" in line] == [0.75]
    asked = [line["data"]["prompt"] for line in lines if line.get("type") == "sampling"]
    assert sorted(prompt[-1]["content"] for prompt in asked) == ["Chad", "France", "Peru", "Spain"]
    assert {len(prompt) for prompt in asked} == {6}
    said = terminal.type("oaievalset atlas/three-towns quizzes --registry_path registry")
    assert re.search(r"town-quiz.dev.match-v1 +0 +accuracy +0\.750", said)


CELLS = [
    "import evals\n"
    "rows = [{'input': f'Question: What is {a} + {b}?\\nAnswer:', 'ideal': str(a + b), 'size': 'small' if a < 5 else 'large'}\n"
    "        for a in range(1, 9) for b in range(1, 6)]\n"
    "result = evals.run('pocket/1m', rows)\n"
    "result",
    "frame = result.to_dataframe()\nassert len(frame) == 40\nprint(sorted(frame.columns))",
    "print('mean of the frame', round(frame['correct'].astype(float).mean(), 6), 'report', round(result.metrics['accuracy'].value, 6))",
]


def test_a_notebook_runs_an_eval_and_has_its_samples_in_a_dataframe(terminal: Terminal):
    try:
        install(terminal.bin_folder, "pandas", "nbconvert", "ipykernel")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"the package index has no notebook packages: {error.stderr[-200:]}")
    cells = [
        {"cell_type": "code", "execution_count": None, "id": f"cell{i}", "metadata": {}, "outputs": [], "source": text}
        for i, text in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    terminal.write("first.ipynb", json.dumps(notebook))
    terminal.type("python -m nbconvert --to notebook --execute --inplace first.ipynb")
    done = json.loads((terminal.folder / "first.ipynb").read_text(encoding="utf-8"))
    outputs = [output for cell in done["cells"] for output in cell["outputs"]]
    printed = "".join("".join(output.get("text", "")) for output in outputs)
    assert "'sample_id'" in printed
    found = re.search(r"mean of the frame ([\d.]+) report ([\d.]+)", printed)
    assert found is not None, printed
    assert found[1] == found[2]
    assert any("text/html" in output.get("data", {}) for output in outputs)
