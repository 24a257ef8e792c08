"""The loopback server as a process of its own, for benchmarks and for tests that kill the client."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from evals.errors import did_you_mean
from evals.testing.faults import DEFAULT_FAULTS, FAULTS, Faults
from evals.testing.http_server import serve
from evals.testing.model_profiles import PROFILES
from evals.testing.openai_app import DEFAULT_ANSWER, Answering, OpenAIApp, ServerRules
from evals.testing.openai_server import read_answers


def parser() -> argparse.ArgumentParser:
    """The options of `python -m evals.testing.openai_process`."""
    p = argparse.ArgumentParser(
        prog="python -m evals.testing.openai_process",
        description="Serve the OpenAI API on this machine with made-up answers. Prints its base URL, then serves "
        "until it is stopped. GET /stats shows the counters.",
    )
    p.add_argument("--port", type=int, default=0, help="0 takes a free one")
    p.add_argument("--answer", default=DEFAULT_ANSWER, help="the answer to every prompt")
    p.add_argument("--answers", help="JSONL file of prompts and completions; other prompts get --answer")
    p.add_argument("--latency", type=float, default=0.0, metavar="SECONDS")
    p.add_argument("--max-concurrency", type=int, help="more in flight are refused with 429")
    p.add_argument("--hold-until", type=int, metavar="N", help="answer nothing before N calls are in flight at once")
    p.add_argument("--api-key", help="calls without it are refused with 401")
    p.add_argument("--models", help="comma-separated name patterns; other models are refused with 404")
    p.add_argument("--profile", choices=tuple(PROFILES), help="refuse and reason as this model or server does")
    p.add_argument("--error-rate", type=float, default=0.0, help="chance that an attempt fails")
    p.add_argument("--faults", type=_faults, default=list(DEFAULT_FAULTS), help=f"of {', '.join(FAULTS)}")
    p.add_argument("--fail-first-n", type=int, default=0, help="failing attempts at each prompt")
    p.add_argument("--retry-after", type=float, default=0.05, metavar="SECONDS")
    p.add_argument("--seed", type=int, default=0)
    return p


def _faults(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in FAULTS:
            hint = did_you_mean(name, FAULTS) or f"there are: {', '.join(FAULTS)}"
            raise argparse.ArgumentTypeError(f"there is no fault {name!r} ({hint})")
    return names


def app_from(args: argparse.Namespace) -> OpenAIApp:
    """The app that the parsed options describe."""
    answering: Answering = args.answer
    if args.answers:
        answers = read_answers(args.answers)
        answering = lambda call: answers.get(call.prompt, args.answer)  # noqa: E731
    rules = ServerRules(
        latency_s=args.latency,
        max_concurrency=args.max_concurrency,
        api_key=args.api_key,
        hold_until=args.hold_until,
        models=args.models.split(",") if args.models else None,
        profile=args.profile,
    )
    faults = Faults(args.error_rate, args.faults, args.fail_first_n, args.seed, args.retry_after)
    return OpenAIApp(answering, rules, faults, keep=100)


async def _serve(app: OpenAIApp, port: int) -> None:
    loop = asyncio.get_running_loop()

    def started(port: int, stop: Callable[[], None]) -> None:
        if sys.platform != "win32":
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, stop)
        print(f"http://127.0.0.1:{port}/v1", flush=True)

    await serve(app, "127.0.0.1", port, started)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; the exit code."""
    args = parser().parse_args(argv)
    asyncio.run(_serve(app_from(args), args.port))
    return 0


class ServerProcess:
    """The server in another process, as a context manager. options: as on its command line.

    Raises:
        RuntimeError: (on entering) the process did not start to serve.
    """

    def __init__(self, *options: str) -> None:
        self._options = options
        self._process: subprocess.Popen[str]
        self.base_url = ""

    def __enter__(self) -> ServerProcess:
        command = [sys.executable, "-m", "evals.testing.openai_process", *self._options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8")
        assert self._process.stdout is not None
        self.base_url = self._process.stdout.readline().strip()
        if not self.base_url:
            self._process.stdout.close()
            self._process.wait()
            raise RuntimeError(f"the loopback server did not start: {' '.join(command)}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def stats(self) -> dict[str, Any]:
        """The counters so far, as of `OpenAIApp.stats`."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.base_url.removesuffix("/v1") + "/stats") as reply:
            stats: dict[str, Any] = json.load(reply)
        return stats


if __name__ == "__main__":
    raise SystemExit(main())
