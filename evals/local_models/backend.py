"""The backend for every model that computes in this process: batches, log probabilities, draws that can be repeated."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evals.completion import Completions, ContinuationScore, ContinuationScores
from evals.completion_fns.backend import Backend
from evals.completion_fns.openai.objects import usage_object
from evals.engine.context import SampleCalls, current_calls, current_plan, in_thread
from evals.engine.failures import CallFailed, Kind
from evals.errors import UsageError
from evals.local_models.language_model import (
    ContextExceeded,
    Generated,
    LanguageModel,
    ScoredToken,
    chat_text,
    check_room,
)
from evals.local_models.logprobs import chat_logprobs_of, text_logprobs_of
from evals.local_models.requests import LocalRequest, UpToContext, continuation_start, read_prompt, read_request
from evals.record.current import current_sample_id

Request = tuple[Any, Mapping[str, Any]]


class LocalBackend(Backend):
    """Completions and scores by a `LanguageModel`.

    name: of the model in records. load: makes the model; called once, when it is first needed. batch_size: requests
    computed together at most. seed: base of all draws above temperature 0: the same seed draws the same completions
    for the same samples. temperature, top_p, max_tokens, stop: laid over those of each call.
    """

    model: str
    batch_size: int
    is_local = True
    gives_top_logprobs = True
    most_alternatives = 20

    def __init__(
        self,
        name: str,
        load: Callable[[], LanguageModel],
        *,
        batch_size: int = 32,
        seed: int = 0,
        temperature: float | None = None,
        top_p: float | None = None,
        max_tokens: int | None = None,
        stop: str | Sequence[str] | None = None,
    ) -> None:
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise UsageError(f"batch_size is {batch_size!r}, not a positive whole number", fix="batch_size=32")
        self.model = name
        self.batch_size = batch_size
        self.seed = seed
        given = {"temperature": temperature, "top_p": top_p, "max_tokens": max_tokens, "stop": stop}
        self.options = {key: value for key, value in given.items() if value is not None}
        self._load, self._loaded = load, None
        self._lock = threading.Lock()
        self._calls_by_hand = SampleCalls()

    _loaded: LanguageModel | None

    @property
    def language_model(self) -> LanguageModel:
        """The model, loaded when it is first asked for."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    @property
    def n_ctx(self) -> int:
        return self.language_model.n_ctx

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, exactly."""
        return len(self.language_model.encode(text))

    def preflight(self) -> None:
        """Load the model, so that what is wrong with it is found before the first call."""
        assert self.language_model is not None

    def cache_identity(self) -> dict[str, Any]:
        return {"class": type(self).__qualname__, "model": self.model, "options": self.options, "seed": self.seed}

    def seeded(self, prompt: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The options of a call with a seed of its own, told by sample, repeat, request and draw: never by timing."""
        options, asked = {**kwargs, **self.options}, dict(kwargs)
        if current_plan() is not None and type(kwargs.get("max_tokens")) is int:
            # The cap of an eval suits models of today: a small context ends the answer before it, and is no error.
            asked["max_tokens"] = UpToContext(kwargs["max_tokens"])
        if options.get("seed") is not None or options.get("temperature") == 0:
            return asked
        request = json.dumps([prompt, dict(kwargs)], sort_keys=True, ensure_ascii=False, default=str)
        calls = current_calls() or self._calls_by_hand
        draw = calls.next_draw(f"seed {request}")
        told_by = f"{self.seed}\n{current_sample_id()}\n{calls.repeat}\n{draw}\n{request}"
        digest = hashlib.sha256(told_by.encode("utf-8", "surrogatepass")).digest()
        return {**asked, "seed": int.from_bytes(digest[:7], "big")}

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        """One request by itself; the engine makes batches of what arrives together."""
        options = self.seeded(prompt, kwargs)
        (result,) = await in_thread(lambda: self.complete_batch([(prompt, options)]))
        if isinstance(result, CallFailed):
            raise result
        return result

    def complete_batch(self, requests: Sequence[Request]) -> list[Completions | CallFailed]:
        """Completions for each request, or why there are none."""
        model = self.language_model
        read = [self._read(model, prompt, options) for prompt, options in requests]
        good = [request for request in read if isinstance(request, LocalRequest)]
        drawn = iter(model.generate([(request.ids, request.sampling) for request in good]))
        echoed = iter(self._echoed(model, good))
        return [
            self._completions(model, request, next(drawn), next(echoed))
            if isinstance(request, LocalRequest)
            else request
            for request in read
        ]

    def _read(self, model: LanguageModel, prompt: Any, kwargs: Mapping[str, Any]) -> LocalRequest | CallFailed:
        merged = {**kwargs, **self.options}
        options = {key: value for key, value in merged.items() if value is not None}
        try:
            return read_request(model, prompt, options)
        except CallFailed as failure:
            return failure

    @staticmethod
    def _echoed(model: LanguageModel, requests: Sequence[LocalRequest]) -> list[list[ScoredToken]]:
        """The tokens of the prompts that are echoed with log probabilities; nothing for the others."""
        asked = [k for k, request in enumerate(requests) if request.echo and request.shape is not None]
        most = max((requests[k].sampling.top_logprobs for k in asked), default=0)
        scored = dict(zip(asked, model.score([requests[k].ids for k in asked], most), strict=True)) if asked else {}
        return [scored.get(k, []) for k in range(len(requests))]

    def _completions(
        self,
        model: LanguageModel,
        request: LocalRequest,
        drawn: Sequence[Generated],
        echoed: Sequence[ScoredToken],
    ) -> Completions:
        lead = model.chat_lead if request.is_chat else ""
        before = request.text if request.echo else ""
        return Completions(
            texts=[before + chat_text(each.text, lead) for each in drawn],
            model=self.model,
            usage=usage_object(len(request.ids), sum(each.n_drawn for each in drawn)),
            finish_reasons=[each.finish_reason for each in drawn],
            logprobs=None if request.shape is None else [_logprobs(model, request, each, echoed) for each in drawn],
            cost_usd=0.0,
            request=request.recorded(),
        )

    async def score(self, prompt: Any, continuations: Sequence[str]) -> list[ContinuationScore]:
        """Log probability of each continuation after `prompt`."""
        (result,) = await in_thread(lambda: self.score_batch([(prompt, continuations)]))
        if isinstance(result, CallFailed):
            raise result
        return result

    def score_batch(self, requests: Sequence[tuple[Any, Sequence[str]]]) -> list[ContinuationScores | CallFailed]:
        """Scores for each request, or why there are none. Prompt and continuation are read as one text."""
        model = self.language_model
        read = [_read_texts(model, prompt, continuations) for prompt, continuations in requests]
        texts = [text for each in read if not isinstance(each, CallFailed) for text in each]
        scored = iter(model.score([ids for ids, _ in texts], 1, first=[first for _, first in texts]))
        return [
            each
            if isinstance(each, CallFailed)
            else ContinuationScores(
                [_continuation_score(next(scored)) for _ in each],
                model=self.model,
                usage=usage_object(sum(len(ids) for ids, _ in each), 0),
                cost_usd=0.0,
            )
            for each in read
        ]


def _read_texts(
    model: LanguageModel, prompt: Any, continuations: Sequence[str]
) -> list[tuple[list[int], int]] | CallFailed:
    """For each continuation the tokens of the whole text, and the place of the first that counts."""
    try:
        text, _, _ = read_prompt(model, prompt)
        found = []
        for continuation in continuations:
            ids = model.encode(text + continuation)
            check_room(len(ids), 0, model.n_ctx)
            found.append((ids, continuation_start(model, ids, text, text + continuation)))
        return found
    except ContextExceeded as error:
        return CallFailed(Kind.CONTEXT_LENGTH, str(error))
    except ValueError as error:
        return CallFailed(Kind.BAD_REQUEST, str(error))


def _continuation_score(tokens: Sequence[ScoredToken]) -> ContinuationScore:
    known = [token.logprob for token in tokens if token.logprob is not None]
    greedy = all(token.top[0][0] == token.id for token in tokens if token.top)
    return ContinuationScore(sum(known), len(known), greedy)


def _logprobs(
    model: LanguageModel, request: LocalRequest, generated: Generated, echoed: Sequence[ScoredToken]
) -> dict[str, Any]:
    tokens = [*echoed, *generated.tokens]
    if request.shape == "chat":
        return chat_logprobs_of(model, tokens)
    start = 0 if request.echo else len(request.text)
    return text_logprobs_of(model, tokens, request.sampling.top_logprobs, start)
