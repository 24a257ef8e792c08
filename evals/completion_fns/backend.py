"""The base class of our backends: implement `complete`, and the synchronous openai/evals call comes with it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from evals.completion import CompletionResult


class Backend(ABC):
    """A completion function whose single attempt is the coroutine `complete`.

    The engine puts limits, retries, cache and recording around it, for `await` and for plain calls alike.

    The attributes below are the traits of a backend (`evals.engine.traits`), with their defaults. Set those that differ
    on the class or in the constructor: the engine reads them once for each object.

    A backend may have further methods, which the engine and the evals use if they are there:

    - `async score(prompt, continuations)`: a list of ContinuationScore, log probabilities in nats.
    - `complete_batch(requests)` and `score_batch(requests)`: plain methods that take a list of the arguments of single
      calls, `(prompt, kwargs)` or `(prompt, continuations)`, and give a list of results; a CallFailed in the list fails
      that request only.
    - `seeded(prompt, kwargs)`: the options of a call with its seed, asked in the context of its sample before the call
      goes into a batch.
    - `async aclose()`: end the clients, at the end of the run.
    - `n_ctx`, an attribute or a property: tokens of prompt and completion together. `count_tokens(text)`: tokens of a
      text. `language_model`: the `LanguageModel` that `evals serve` can serve. All three are asked when they are
      needed, so they may load a model.
    """

    is_local: bool = False
    "It uses no network: it has no limits, and its failures never end the run."
    delegates: bool = False
    "It only calls other completion functions; limits, retries and the cache are theirs."
    records_sampling: bool = True
    "The engine writes a `sampling` event for each call."
    gives_results: bool = True
    "A plain call returns a CompletionResult."
    speaks_openai: bool = False
    "It sends requests of the OpenAI API; a solver around it is an `OpenAISolver`."
    model: str | None = None
    "The name of the model, under which the registry knows its context length and price."
    host: str | None = None
    "`host:port` of the server, for messages."
    prompt_form: str = ""
    "`chat` where prompts are sent as messages, `text` where a chat is sent as one text; empty where it takes both."
    limit_key: str | None = None
    "Backends with equal keys share limits and time-outs. None: those of one class and model do."
    max_concurrency: int | None = None
    "Calls in flight that it takes at most."
    batch_size: int | None = None
    "Requests in a batch, at most, where it has `complete_batch` or `score_batch`; None for 1."
    can_score: bool | None = None
    "False where `score` is there, but useless. None: whether `score` or `score_batch` is there."
    score_way: str = "score"
    "`echo` where `score` asks a server to echo the prompt; it stands in the record."
    gives_top_logprobs: bool = False
    "`complete` takes `logprobs` and `top_logprobs`, and puts the alternatives into `Completions.logprobs`."
    most_alternatives: int | None = None
    "How many `top_logprobs` may be asked for, where that is known."
    min_max_tokens: int = 1
    "The smallest `max_tokens` that is accepted."

    def __deepcopy__(self, memo: dict[int, Any]) -> Backend:
        """Itself: solvers are copied for each sample, and must not copy clients and connections."""
        return self

    @abstractmethod
    async def complete(self, prompt: Any, **kwargs: Any) -> CompletionResult:
        """One attempt. It does not retry and does not record.

        Raises:
            CallFailed: (`evals.engine.failures`) no usable reply.
        """

    def __call__(self, prompt: Any, **kwargs: Any) -> CompletionResult:
        """The completions of `prompt`, for synchronous code on any thread but the engine's.

        Raises:
            CallFailed: no attempt succeeded. RuntimeError: called on the engine's own thread.
        """
        from evals.engine.calls import complete_sync

        return complete_sync(self, prompt, **kwargs)

    def preflight(self) -> None:
        """Find out what must fail, before the first call is made. Called once at the start of a run.

        Raises:
            EvalsError: the run cannot begin, for example without a key.
        """

    def cache_identity(self) -> dict[str, Any] | None:
        """What decides the answers beside the request, without secrets; None: `--cache` has no effect."""
        return None
