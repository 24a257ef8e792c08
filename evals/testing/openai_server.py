"""A local HTTP server that speaks the OpenAI API, with the answers, latency, limits and faults that a test wants.

`with LoopbackServer("42") as server:` in a test; `python -m evals.testing.openai_process` as a process of its own.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from evals.testing.faults import Faults
from evals.testing.http_server import ServerThread
from evals.testing.openai_app import DEFAULT_ANSWER, Answering, Call, OpenAIApp, Seen, ServerRules, last_user_text
from evals.testing.openai_replies import Answer

__all__ = ["Answer", "Answering", "Call", "LoopbackServer", "Seen", "ServerRules", "last_user_text", "read_answers"]


def read_answers(path: str | Path) -> dict[str, str]:
    """The completion for each prompt, from a file of JSON lines.

    A row has `prompt`, `input` or `question` (a text, or messages of which the last user message counts), and
    `completion`, `answer` or `ideal` (a text, or a list of which the first one counts).

    Raises:
        ValueError: a row has neither of one kind.
    """
    answers = {}
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            row = json.loads(line)
            prompt = next((row[key] for key in ("prompt", "input", "question") if key in row), None)
            said = next((row[key] for key in ("completion", "answer", "ideal") if key in row), None)
            if prompt is None or said is None:
                raise ValueError(f"{path}:{number}: needs 'prompt' and 'completion', has {', '.join(row)}")
            answers[last_user_text(prompt)] = str(said[0] if isinstance(said, list) else said)
    return answers


class LoopbackServer:
    """The server on a thread of this process, as a context manager.

    answering: a text or an `Answer` for every prompt, a mapping from prompt to text, or a function of a `Call`, which
    runs on the server's thread and must be quick. port: 0 takes a free one. error_rate, faults, fail_first_n, seed,
    retry_after_s: as of `FaultPlan`. keep: requests that `seen` and `bodies` keep. stall_after: as of `OpenAIApp`.
    rules: fields of `ServerRules`. The counters may be read at any time, from any thread.
    """

    def __init__(
        self,
        answering: Answering = DEFAULT_ANSWER,
        *,
        port: int = 0,
        error_rate: float = 0.0,
        faults: Sequence[str] | None = None,
        fail_first_n: int = 0,
        seed: int = 0,
        retry_after_s: float = 0.05,
        keep: int = 10_000,
        stall_after: int | None = None,
        **rules: Any,
    ) -> None:
        mix = {} if faults is None else {"names": faults}
        chosen = Faults(error_rate, fail_first_n=fail_first_n, seed=seed, retry_after_s=retry_after_s, **mix)
        self.app = OpenAIApp(answering, ServerRules(**rules), chosen, keep)
        self.app.stall_after = stall_after
        self._thread = ServerThread(self.app, port=port)
        self.port = port

    def __enter__(self) -> LoopbackServer:
        self.port = self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.stop()

    def stall_no_more(self) -> None:
        """Answer new calls again, after `stall_after`; calls that were left without an answer get none."""
        self.app.stall_after = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def n_requests(self) -> int:
        return self.app.n_requests

    @property
    def n_refused(self) -> int:
        """Requests that the profile refused with status 400."""
        return self.app.n_refused

    @property
    def n_in_flight(self) -> int:
        return self.app.n_in_flight

    @property
    def max_in_flight(self) -> int:
        return self.app.max_in_flight

    @property
    def asked(self) -> Counter[str]:
        """How often each prompt was asked, calls that got a fault included."""
        return self.app.asked

    @property
    def answered(self) -> Counter[str]:
        """How often each prompt got a whole reply."""
        return self.app.answered

    @property
    def faults_sent(self) -> Counter[str]:
        return self.app.faults_sent

    @property
    def seen(self) -> list[Seen]:
        """The last requests, oldest first."""
        return list(self.app.seen)

    @property
    def bodies(self) -> list[Any]:
        """The JSON bodies of the last requests, oldest first."""
        return [seen.body for seen in self.app.seen]
