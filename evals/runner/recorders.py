"""Where the events of a run go: a file, an HTTP server beside it, or nowhere."""

from __future__ import annotations

from evals.errors import UsageError
from evals.record.local import LocalRecorder
from evals.record.recorders import DummyRecorder, RecorderBase
from evals.runner.request import RunRequest
from evals.runner.resume import Earlier
from evals.specs import RunSpec


def open_recorder(request: RunRequest, run_spec: RunSpec, earlier: Earlier | None) -> RecorderBase:
    """The recorder of a run: a new one, or that of the record which is gone on with."""
    if earlier is not None and request.http_url is not None:
        raise UsageError(
            "--resume goes on with a local record, and --http-run sends events away", fix="use one of them"
        )
    if earlier is not None and not request.dry_run:
        return LocalRecorder.resume(str(earlier.path), run_spec, rotate_bytes=request.rotate_bytes)
    return make_recorder(
        request, run_spec, request.record_path or str(request.records_folder / _record_name(run_spec, request))
    )


def make_recorder(request: RunRequest, run_spec: RunSpec, path: str) -> RecorderBase:
    """The recorder that a request asks for: none for a dry run, HTTP, else a file at `path`."""
    if request.dry_run:
        return DummyRecorder(run_spec, log=request.dry_run_logging)
    if request.http_url is None:
        return LocalRecorder(path, run_spec, rotate_bytes=request.rotate_bytes)
    from evals.record.http import HttpRecorder  # urllib.request costs 10 ms, and few runs need it

    return HttpRecorder(
        url=request.http_url,
        run_spec=run_spec,
        local_fallback_path=path,
        fail_percent_threshold=int(request.http_fail_percent_threshold),
        batch_size=request.http_batch_size,
    )


def path_of(recorder: RecorderBase) -> str | None:
    """Where the record lies on this machine; None where events are kept elsewhere."""
    path = getattr(recorder, "event_file_path", None)
    return None if path is None else str(path)


def _record_name(run_spec: RunSpec, request: RunRequest) -> str:
    """`<UTC time>_<completion fn>_<eval>.jsonl`; the random tail of the run id keeps runs of one second apart."""
    run_id = str(run_spec.run_id)
    names = "_".join([",".join(request.completion_fn_names), request.eval_name])
    safe = "".join(c if c.isalnum() or c in "._-+" else "-" for c in names)[:150]
    return f"{run_id[:6]}T{run_id[6:12]}{run_id[12:16].lower()}_{safe}.jsonl"
