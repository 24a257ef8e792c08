"""Where the data of a registry entry is found."""

from __future__ import annotations

import gzip
import hashlib
import json
import os

import pytest

from evals.data import locate_dataset, open_samples
from evals.datasets.benchmarks import benchmarks_in, read_declaration
from evals.datasets.gsm8k import plain_number
from evals.datasets.locate import data_roots
from evals.errors import BadSample, DataError
from evals.registry import bundled_data_root
from evals.testing.file_server import FileServer

ORIGINAL = (
    json.dumps({"question": "How many?", "answer": "Many.\n#### 1,250"})
    + "\n"
    + json.dumps({"question": "And now?", "answer": "Fewer.\n#### -3"})
    + "\n"
).encode()


def put(path, content=b'{"input": "x"}\n'):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.fixture
def registry(tmp_path):
    (tmp_path / "registry").mkdir()
    return tmp_path / "registry"


def declare(registry, url, **changes):
    """A benchmark `sums` whose original is ORIGINAL."""
    file = {"url": url, "sha256": hashlib.sha256(ORIGINAL).hexdigest(), "size_bytes": len(ORIGINAL), "n_rows": 2}
    body = {"title": "t", "converter": "evals.datasets.gsm8k:rows", "files": {"test.jsonl": file | changes}}
    put(registry / "data" / "sums" / "dataset.yaml", json.dumps(body).encode())


def test_the_data_folder_of_the_entrys_own_registry_is_used(registry):
    path = put(registry / "data" / "mine" / "s.jsonl")
    assert locate_dataset("mine/s.jsonl", registry) == path


def test_a_file_of_that_name_in_the_working_folder_comes_first(registry, tmp_path, monkeypatch):
    put(registry / "data" / "s.jsonl")
    put(tmp_path / "work" / "s.jsonl")
    monkeypatch.chdir(tmp_path / "work")
    assert locate_dataset("s.jsonl", registry).resolve() == tmp_path / "work" / "s.jsonl"


def test_folders_and_absolute_paths_are_found(registry, tmp_path):
    put(registry / "data" / "many" / "s.jsonl")
    assert locate_dataset("many", registry) == registry / "data" / "many"
    assert locate_dataset(str(tmp_path), registry) == tmp_path


def test_urls_stay_as_they_are(registry):
    assert locate_dataset("s3://bucket/s.jsonl", registry) == "s3://bucket/s.jsonl"


def test_folders_of_copies_are_searched_last(registry, tmp_path, monkeypatch):
    path = put(tmp_path / "copies" / "mine" / "s.jsonl")
    assert locate_dataset("mine/s.jsonl", registry, [tmp_path / "copies"]) == path
    monkeypatch.setenv("EVALS_DATA_DIR", os.pathsep.join(["/nowhere", str(tmp_path / "copies")]))
    assert locate_dataset("mine/s.jsonl", registry) == path


def test_nowhere_says_where_it_looked_and_what_is_near(registry):
    put(registry / "data" / "mine" / "samples.jsonl")
    with pytest.raises(DataError, match="no data is called") as caught:
        locate_dataset("mine/sample.jsonl", registry)
    assert "did you mean: mine/samples.jsonl" in str(caught.value)
    assert f"looked in {registry / 'data'}" in str(caught.value)
    with pytest.raises(DataError, match="no data is called") as caught:
        locate_dataset("gsm8k/tests.jsonl", registry)
    assert "did you mean: gsm8k/test.jsonl" in str(caught.value)


def test_a_declared_benchmark_is_fetched_once_and_becomes_rows(registry):
    with FileServer({"/sums.jsonl": ORIGINAL}) as server:
        declare(registry, server.url + "/sums.jsonl")
        samples = open_samples(locate_dataset("sums/test.jsonl", registry))
        assert [sample["ideal"] for sample in samples] == ["1250", "-3"]
        assert samples[0]["input"] == [{"role": "user", "content": "How many?"}]
        locate_dataset("sums/test.jsonl", registry)
        assert server.requests == ["GET /sums.jsonl"]


@pytest.mark.parametrize("name", ["test.jsonl", "sums.jsonl"])
def test_a_copy_under_either_name_needs_no_network(registry, tmp_path, name):
    declare(registry, "http://127.0.0.1:1/sums.jsonl")
    put(tmp_path / "copies" / "sums" / name, ORIGINAL)
    assert len(open_samples(locate_dataset("sums/test.jsonl", registry, [tmp_path / "copies"]))) == 2


def test_an_original_in_the_working_folder_becomes_rows_too(registry, tmp_path, monkeypatch):
    declare(registry, "http://127.0.0.1:1/sums.jsonl")
    put(tmp_path / "work" / "sums" / "test.jsonl", ORIGINAL)
    monkeypatch.chdir(tmp_path / "work")
    assert open_samples(locate_dataset("sums/test.jsonl", registry))[1]["ideal"] == "-3"


def test_a_copy_that_was_changed_is_refused(registry, tmp_path):
    declare(registry, "http://127.0.0.1:1/sums.jsonl")
    path = put(tmp_path / "copies" / "sums" / "test.jsonl", ORIGINAL + b"{}\n")
    with pytest.raises(DataError, match="not the original") as caught:
        locate_dataset("sums/test.jsonl", registry, [tmp_path / "copies"])
    assert caught.value.where == str(path)


def test_without_a_network_the_error_says_where_to_put_a_copy(registry, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    declare(registry, "http://127.0.0.1:1/sums.jsonl")
    with pytest.raises(DataError, match="cannot be fetched") as caught:
        locate_dataset("sums/test.jsonl", registry)
    assert "put a copy at DIR/sums/sums.jsonl" in str(caught.value)
    assert "EVALS_DATA_DIR" in str(caught.value)


def test_another_number_of_rows_than_declared_is_refused(registry, tmp_path):
    declare(registry, "http://127.0.0.1:1/sums.jsonl", n_rows=3)
    put(tmp_path / "copies" / "sums" / "sums.jsonl", ORIGINAL)
    with pytest.raises(DataError, match="2 rows, but 3 are declared"):
        locate_dataset("sums/test.jsonl", registry, [tmp_path / "copies"])


@pytest.mark.parametrize(
    ("text", "said"), [("files: {a: {url: x}}", "needs `url` and `sha256`"), ("[", "not YAML"), ("a: 1", "no files")]
)
def test_a_broken_declaration_names_its_file(registry, text, said):
    path = put(registry / "data" / "sums" / "dataset.yaml", text.encode())
    with pytest.raises(DataError, match=said) as caught:
        read_declaration(path)
    assert caught.value.where == str(path)


def test_every_bundled_benchmark_is_pinned_and_described(registry):
    found = benchmarks_in(data_roots(registry))
    assert {"gsm8k", "humaneval", "mgsm"} <= {benchmark.name for benchmark in found}
    for benchmark in found:
        assert benchmark.licence
        assert benchmark.paper
        assert (bundled_data_root() / benchmark.name / "SOURCE.md").is_file()
        for file in benchmark.files:
            assert file.url.startswith("https://")
            assert benchmark.revision in file.url
            assert len(file.sha256 or "-" * 64) == 64
            assert file.checked


def test_mgsm_rows_pair_the_languages_and_keep_quotes(tmp_path):
    from evals.datasets.mgsm import rows

    path = put(tmp_path / "mgsm_de.tsv", b'Er sagt "drei".\t3\nWie viele?\t5,600\n')
    assert [row.row for row in rows(path)] == [
        {
            "input": [{"role": "user", "content": 'Er sagt "drei".'}],
            "ideal": "3",
            "question": 'Er sagt "drei".',
            "language": "de",
            "problem": 1,
        },
        {
            "input": [{"role": "user", "content": "Wie viele?"}],
            "ideal": "5600",
            "question": "Wie viele?",
            "language": "de",
            "problem": 2,
        },
    ]


def test_humaneval_rows_keep_the_problem_and_prompt_with_it(tmp_path):
    from evals.datasets.humaneval import rows

    problem = {"task_id": "HumanEval/0", "prompt": "def f():\n", "test": "assert f()", "entry_point": "f"}
    path = put(tmp_path / "HumanEval.jsonl.gz", gzip.compress(json.dumps(problem).encode() + b"\n"))
    assert [row.row for row in rows(path)] == [{"input": "def f():\n", **problem}]


@pytest.mark.parametrize(("text", "number"), [("18", "18"), (" 1,450,000 ", "1450000"), ("-3", "-3"), ("0.5", "0.5")])
def test_a_number_loses_its_separators(text, number):
    assert plain_number(text, "here") == number


def test_an_answer_that_is_no_number_is_refused():
    with pytest.raises(BadSample, match="is not a number"):
        plain_number("18 dollars", "here:1")
