"""The pytest plugin: evals as tests, each run once, read from its record, with failures that can be read.

`evals` is imported when a fixture or an option needs it, and not before: a test suite that uses none of them loads
nothing, and may have a package called `evals` of its own.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import uuid
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from types import ModuleType

    from evals.runner.result import RunResult, SampleRow
    from evals.runner.shared_runs import SharedRuns

MARKER = "evals(model, eval, per_sample=False, **arguments): the runs that `evals_result` or `evals_sample` go through"
OURS = Path(__file__).resolve().parent / "evals"


class RunFailed(Exception):
    """A run could not begin or is not whole, or a sample failed: an error of the test, never a wrong answer."""


class Missed(Exception):
    """An eval or a sample that was collected from YAML is not good enough."""


# -- options --------------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("evals", "evaluations of language models (oaieval)")
    add = group.addoption
    add("--evals", action="append", default=[], metavar="YAML", help="collect the evals of this file; repeatable")
    add("--evals-model", metavar="NAME", help="model for evals that name none")
    add("--evals-min", action="append", default=[], metavar="METRIC>=X", help="what collected evals must reach")
    add("--evals-per-sample", action="store_true", help="one test a sample of collected evals")
    add("--evals-max-samples", type=int, metavar="N", help="a fixed random subset of N samples of each eval")
    add("--evals-registry-path", action="append", default=[], metavar="DIR", help="a further registry; repeatable")
    add("--evals-log-dir", metavar="DIR", help="folder of the records (default: evallogs/pytest)")
    add("--evals-fresh", action="store_true", help="ask everything anew, whatever earlier records hold")
    parser.addini("evals_model", "model for evals that name none", default="")
    parser.addini("evals_registry_paths", "further registries", type="paths", default=[])
    parser.addini("evals_data_paths", "folders with copies of public benchmarks", type="paths", default=[])
    parser.addini("evals_max_samples", "a fixed random subset of so many samples of each eval", default="")
    parser.addini("evals_log_dir", "folder of the records", default="")
    parser.addini("evals_wait_s", "seconds to wait while another process makes the same run", default="3600")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    config.stash[RUNNER] = EvalsRunner(config)
    config.stash[RUNNER].check_thresholds(config.getoption("evals_min"))
    files = _yaml_files(config)
    if files:
        explicit = config.args_source is pytest.Config.ArgsSource.ARGS
        config.args = [*(config.args if explicit else []), *map(str, files)]


def pytest_report_header(config: pytest.Config) -> str | None:
    return f"evals: records in {config.stash[RUNNER].log_dir}" if _yaml_files(config) else None


def _yaml_files(config: pytest.Config) -> list[Path]:
    folder = config.invocation_params.dir
    return [(folder / name).resolve() for name in config.getoption("evals")]


# -- the package ----------------------------------------------------------------------------------------------------

_kept: dict[str, ModuleType] = {}
"Our modules, while `evals` means something else to the tests."


@contextmanager
def our_package(config: pytest.Config) -> Iterator[None]:
    """Inside, `evals` is the package beside this file; outside, it is what the tests mean by that name."""
    if not _is_taken(config):
        yield
        return
    theirs = _taken_out()
    sys.modules.update(_kept)
    try:
        _load()
        yield
    finally:
        _kept.update(_taken_out())
        sys.modules.update(theirs)


def _is_taken(config: pytest.Config) -> bool:
    """Whether the tests have, or may soon have, another package of the same name."""
    if "evals" in sys.modules:
        return not _lies_with_us(sys.modules["evals"].__file__)
    roots = (config.rootpath, config.rootpath / "src", config.invocation_params.dir)
    if any((root / "evals").is_dir() and (root / "evals").resolve() != OURS for root in roots):
        return True
    spec = importlib.util.find_spec("evals")
    return spec is None or not _lies_with_us(spec.origin)


def _lies_with_us(file: str | None) -> bool:
    return file is not None and Path(file).resolve().parent == OURS


def _taken_out() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name == "evals" or name.startswith("evals.")]
    return {name: sys.modules.pop(name) for name in names}


def _load() -> None:
    if "evals" in sys.modules:
        return
    spec = importlib.util.spec_from_file_location("evals", OURS / "__init__.py", submodule_search_locations=[str(OURS)])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["evals"] = module
    spec.loader.exec_module(module)


# -- runs -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """A run, or one sample of it."""

    model: Any
    eval_name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    sample_id: str | None = None
    repeat: int = 0

    @property
    def test_id(self) -> str:
        repeat = f"#{self.repeat}" if self.repeat else ""
        return self.eval_name if self.sample_id is None else f"{self.sample_id}{repeat}"


class EvalsRunner:
    """What the fixture `evals_run` gives: `evals_run(model, eval_name, **arguments of evals.run)`.

    With the eval alone, the model is that of `--evals-model` or the ini option `evals_model`.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._runs: SharedRuns | None = None
        self._rows: dict[str, dict[tuple[str, int], SampleRow]] = {}
        self._ids: dict[str, list[str]] = {}
        self.seen: list[RunResult] = []
        "The results that the test at hand has asked for."
        self.told: set[str] = set()
        "What reports have said of results so far."

    def __call__(self, *names: Any, **arguments: Any) -> RunResult:
        """The result of the run, made now or read from its record.

        Raises:
            RunFailed: it could not begin, was cut short, or more samples failed than `max_errors` says.
        """
        check = arguments.pop("check", True)
        result = self.result(self.wanted(names, arguments))
        if check and result.problem is not None:
            raise RunFailed(str(result.problem))
        return result

    @property
    def log_dir(self) -> Path:
        """The folder of the records."""
        named = self._config.getoption("evals_log_dir") or self._config.getini("evals_log_dir")
        if named:
            return Path(self._config.rootpath, named)
        return Path(self._config.rootpath, os.environ.get("EVALS_LOG_DIR") or "evallogs", "pytest")

    def wanted(self, names: Iterable[Any], arguments: dict[str, Any]) -> Wanted:
        """The run that positional names and keywords ask for, with the options of the session filled in."""
        *models, eval_name = [*names, *([arguments.pop("eval")] if "eval" in arguments else [])] or [None]
        model = models[0] if models else arguments.pop("model", None) or self._model()
        if len(models) > 1 or not isinstance(eval_name, str):
            raise RunFailed('write it as ("model", "eval"), or as ("eval") with --evals-model NAME')
        if model is None:
            raise RunFailed(f"no model for {eval_name}: name one, or give --evals-model NAME (ini: evals_model)")
        given = {**arguments, "registry_paths": [*self._registry_paths(), *_listed(arguments.get("registry_paths"))]}
        given["data_paths"] = [*self._config.getini("evals_data_paths"), *_listed(arguments.get("data_paths"))]
        n = self._config.getoption("evals_max_samples") or self._config.getini("evals_max_samples")
        if n and "max_samples" not in given:
            given["max_samples"] = int(n)
        return Wanted(model, eval_name, {name: value for name, value in given.items() if value not in ([], ())})

    def _model(self) -> str | None:
        return self._config.getoption("evals_model") or self._config.getini("evals_model") or None

    def _registry_paths(self) -> list[Path]:
        given = self._config.getoption("evals_registry_path")
        return [*self._config.getini("evals_registry_paths"), *(self._config.invocation_params.dir / p for p in given)]

    def result(self, wanted: Wanted) -> RunResult:
        """The result, whole or not."""
        with self._explained():
            result = self._shared().result(wanted.model, wanted.eval_name, **wanted.arguments)
        self.seen.append(result)
        return result

    def sample(self, wanted: Wanted) -> SampleRow:
        """One sample of a run. Raises RunFailed when it failed or was not reached."""
        result = self.result(wanted)
        with self._explained():
            if result.record_path not in self._rows:
                self._rows[str(result.record_path)] = {(row.sample_id, row.repeat): row for row in result.samples}
            row = self._rows[str(result.record_path)].get((str(wanted.sample_id), wanted.repeat))
        if row is None:
            raise RunFailed(str(result.problem or f"{wanted.sample_id} is not in {result.record_path}"))
        if row.error is not None:
            said = ": ".join(str(row.error[key]) for key in ("type", "message") if row.error.get(key))
            raise RunFailed(f"{row.sample_id} failed and was not scored: {said}\n  record: {result.record_path}")
        return row

    def samples_of(self, wanted: Wanted) -> list[Wanted]:
        """One `Wanted` for each sample of a run. Calls no model."""
        names = ("registry_paths", "data_paths", "eval_args", "max_samples")
        arguments = {name: wanted.arguments[name] for name in names if name in wanted.arguments}
        key = f"{wanted.eval_name} {arguments}"
        if key not in self._ids:
            with self._explained():
                from evals.runner.collect import collect_sample_ids

                self._ids[key] = collect_sample_ids(wanted.eval_name, **arguments)
        repeats = range(wanted.arguments.get("repeats", 1))
        return [
            Wanted(wanted.model, wanted.eval_name, wanted.arguments, sample_id, repeat)
            for sample_id in self._ids[key]
            for repeat in repeats
        ]

    def text_of(self, result: RunResult) -> str:
        """The result for the report of a failed test."""
        with self._explained():
            from evals.report.terminal.wrong_samples import result_text

            return result_text(result)

    def text_of_row(self, row: SampleRow) -> str:
        """A sample for the report of a failed test."""
        with self._explained():
            from evals.report.terminal.wrong_samples import row_text

            return f"{row_text(row)}\n\n{'record':<12} {self.seen[-1].record_path}"

    def evals_in(self, path: Path) -> tuple[Path, list[str]]:
        """The registry around a YAML file, and the names of its evals."""
        with self._explained():
            from evals.runner.collect import collect_eval_names, registry_folder_of

            return registry_folder_of(path), collect_eval_names(path)

    def missed(self, texts: Iterable[str], result: RunResult) -> list[str]:
        """Those of `--evals-min` that a result does not reach, in words."""
        with self._explained():
            from evals.report.terminal.thresholds import missed_text
            from evals.runner.thresholds import threshold

            wanted = [threshold(text) for text in texts]
            return [missed_text(t, result.report) for t in wanted if not t.holds(result.report)]

    def check_thresholds(self, texts: Iterable[str]) -> None:
        """Raise UsageError for a text that is no threshold."""
        for text in texts:
            try:
                with self._explained():
                    from evals.runner.thresholds import threshold

                    threshold(text)
            except RunFailed as error:
                raise pytest.UsageError(str(error).replace("--fail-under", "--evals-min")) from None

    def _shared(self) -> SharedRuns:
        if self._runs is None:
            from evals.runner.shared_runs import SharedRuns

            wait_s = float(self._config.getini("evals_wait_s"))
            fresh = self._config.getoption("evals_fresh")
            self._runs = SharedRuns(self.log_dir, _session_id(self._config), fresh=fresh, wait_s=wait_s)
        return self._runs

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Our package inside; its errors come out as RunFailed, an interrupted run as KeyboardInterrupt."""
        with our_package(self._config):
            from evals.errors import EvalsError, Interrupted

            try:
                yield
            except Interrupted:
                raise KeyboardInterrupt from None
            except EvalsError as error:
                raise RunFailed(str(error)) from None


RUNNER = pytest.StashKey[EvalsRunner]()


def _session_id(config: pytest.Config) -> str:
    """The same in all xdist workers of one session."""
    workerinput = getattr(config, "workerinput", None)
    return str(workerinput["testrunuid"]) if workerinput else uuid.uuid4().hex


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return [value] if isinstance(value, str | Path) else list(value)


# -- fixtures and the marker ----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def evals_run(pytestconfig: pytest.Config) -> EvalsRunner:
    """`evals_run("model", "eval")` runs an eval once a session and returns its result: `.accuracy`, `.samples` ..."""
    return pytestconfig.stash[RUNNER]


@pytest.fixture
def evals_result(request: pytest.FixtureRequest, evals_run: EvalsRunner) -> RunResult:
    """The result of the run that the marker `evals` names; one test for each."""
    wanted = _param(request, '@pytest.mark.evals("model", "eval")')
    result = evals_run.result(wanted)
    if result.problem is not None:
        raise RunFailed(str(result.problem))
    return result


@pytest.fixture
def evals_sample(request: pytest.FixtureRequest, evals_run: EvalsRunner) -> SampleRow:
    """One sample of the run that the marker `evals` names; one test for each."""
    return evals_run.sample(_param(request, '@pytest.mark.evals("model", "eval", per_sample=True)'))


def _param(request: pytest.FixtureRequest, marker: str) -> Wanted:
    if not hasattr(request, "param"):
        pytest.fail(f"{request.fixturename} needs the marker {marker}", pytrace=False)
    wanted: Wanted = request.param
    return wanted


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    markers = list(metafunc.definition.iter_markers("evals"))[::-1]
    names = [name for name in ("evals_sample", "evals_result") if name in metafunc.fixturenames]
    if not markers:
        return
    per_sample = any(marker.kwargs.get("per_sample") for marker in markers)
    if not names or per_sample != (names[0] == "evals_sample"):
        needs = "evals_sample" if per_sample else "evals_result, or per_sample=True and evals_sample"
        _fail(metafunc, f"the marker `evals` gives its runs to a fixture: let the test take {needs}")
    runner = metafunc.config.stash[RUNNER]
    try:
        runs = [wanted for marker in markers for wanted in _runs_of(marker, runner)]
        params = [one for run in runs for one in (runner.samples_of(run) if per_sample else [run])]
    except RunFailed as error:
        _fail(metafunc, str(error))
    metafunc.parametrize(names[0], params, ids=[wanted.test_id for wanted in params], indirect=True)


def _fail(metafunc: pytest.Metafunc, text: str) -> NoReturn:
    pytest.fail(f"{metafunc.definition.nodeid}: {text}", pytrace=False)


def _runs_of(marker: pytest.Mark, runner: EvalsRunner) -> Iterator[Wanted]:
    """The runs of one marker; its eval may be a list of evals."""
    arguments = {name: value for name, value in marker.kwargs.items() if name != "per_sample"}
    *model, eval_names = [*marker.args, *([arguments.pop("eval")] if "eval" in arguments else [])] or [None]
    for eval_name in eval_names if isinstance(eval_names, list | tuple) else [eval_names]:
        yield runner.wanted([*model, eval_name], dict(arguments))


# -- tests collected from YAML --------------------------------------------------------------------------------------


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> EvalsFile | None:
    if file_path.suffix not in (".yaml", ".yml") or file_path.resolve() not in _yaml_files(parent.config):
        return None
    file: EvalsFile = EvalsFile.from_parent(parent, path=file_path)
    return file


class EvalsFile(pytest.File):
    """A YAML file of a registry: an item for each eval in it, or for each of their samples."""

    def collect(self) -> Iterator[pytest.Item]:
        runner, option = self.config.stash[RUNNER], self.config.getoption
        root, names = runner.evals_in(self.path)
        for name in names:
            wanted = runner.wanted([name], {"registry_paths": [root]})
            if option("evals_per_sample"):
                for one in runner.samples_of(wanted):
                    yield EvalItem.from_parent(self, name=f"{name}[{one.test_id}]", wanted=one)
            if option("evals_min") or not option("evals_per_sample"):
                yield EvalItem.from_parent(self, name=name, wanted=wanted)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, RunFailed) else super().repr_failure(excinfo)


class EvalItem(pytest.Item):
    """An eval that must be whole and reach `--evals-min`, or one sample of it that must be right."""

    def __init__(self, *, wanted: Wanted, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.wanted = wanted

    def runtest(self) -> None:
        runner = self.config.stash[RUNNER]
        if self.wanted.sample_id is not None:
            row = runner.sample(self.wanted)
            if row.is_wrong:
                raise Missed(runner.text_of_row(row))
            return
        result = runner.result(self.wanted)
        if result.problem is not None:
            raise RunFailed(str(result.problem))
        missed = runner.missed(self.config.getoption("evals_min"), result)
        if missed:
            raise Missed("\n".join([*missed, "", runner.text_of(result)]))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, Missed) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        return self.path, None, self.name


# -- reports --------------------------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    item.config.stash[RUNNER].seen = []
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report: Any = yield
    if call.excinfo is not None and isinstance(call.excinfo.value, RunFailed):
        _as_error(report, str(call.excinfo.value))
    elif report.when == "call":
        _add_results(report, item)
    return report


def _as_error(report: Any, text: str) -> None:
    """pytest, JUnit files and CI tell errors from failures by the phase, so an error has no other than the setup."""
    report.outcome, report.longrepr = "failed", text
    report.when = "setup" if report.when == "call" else report.when
    vars(report).pop("wasxfail", None)


def _add_results(report: Any, item: pytest.Item) -> None:
    """Numbers of every run that a test used, and what was wrong where it failed."""
    runner = item.config.stash[RUNNER]
    values = list(getattr(item, "funcargs", {}).values())
    results = [*runner.seen, *(value for value in values if type(value).__name__ == "RunResult")]
    unique = {str(result.record_path): result for result in results}
    for path in unique.keys() - runner.told:
        report.user_properties.append(("evals", repr(unique[path])[1:-1].removeprefix("RunResult ")))
    runner.told.update(unique)
    if not report.failed or isinstance(report.longrepr, str):
        return
    rows = [value for value in values if type(value).__name__ == "SampleRow"]
    if rows:
        texts = [(row.sample_id, runner.text_of_row(row)) for row in rows]
    else:
        texts = [(str(result.eval_spec.key), runner.text_of(result)) for result in unique.values()]
    report.sections.extend((f"evals: {name}", text) for name, text in texts)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    properties = [pair for report in reports for pair in getattr(report, "user_properties", ())]
    lines = dict.fromkeys(str(value) for name, value in properties if name == "evals")
    if lines:
        terminalreporter.section("evals")
        for line in lines:
            terminalreporter.write_line(line)
