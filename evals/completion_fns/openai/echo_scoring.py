"""Scores continuations by a server that echoes prompts, after a test that it says of them what its model says."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.completion import ContinuationScore
from evals.completion_fns.cost import summed_usage
from evals.completion_fns.openai.scores import EchoedTokens, echoed_tokens, read_scores, score_options
from evals.completion_fns.openai.token_spans import byte_length
from evals.engine.failures import CallFailed, Kind

Json = dict[str, Any]
Ask = Callable[[str | list[str], Mapping[str, Any]], Awaitable[Json]]
"Sends one request for a prompt or several with these parameters; the JSON of the reply."

PROBE_CHARS = (240, 120, 60)
"Lengths of the texts that are continued in the test. Short ones fit into any context; several, as one may not tell."
MOST_PROBES = 4
N_GENERATED = 8
TOLERANCE_NATS, TOLERANCE_SHARE = 0.5, 0.1
"""How far a token's two log probabilities may lie apart. Servers compute in 16 bits, and generate by other kernels than
they read prompts: seen are 0.05 nats. A shift by one token makes several nats."""
FAILED_LISTS = 2
"Server errors to several prompts at once after which each prompt is sent by itself."

logger = logging.getLogger(__name__)


@dataclass
class ScoredReply:
    """The scores of one call, with what the server says about it."""

    scores: list[ContinuationScore]
    model: str | None
    usage: dict[str, Any] | None


class EchoScoring:
    """Scores by one server and model. ask: sends a request. options: further parameters of each. host: for messages.

    What it learns holds for all later calls: whether the server scores at all, and whether it takes several prompts.
    """

    def __init__(self, ask: Ask, options: Mapping[str, Any], host: str) -> None:
        self._ask, self._host = ask, host
        self._options = {name: value for name, value in options.items() if name != "stop"}
        self._was_tested = False
        self._problem: str | None = None
        self._takes_lists: bool | None = None
        "None until the server has answered several prompts, or been asked for one of them instead."
        self._n_failed_lists = 0

    async def score(self, prompt: str, continuations: Sequence[str]) -> ScoredReply:
        """The score of each continuation after `prompt`, in order.

        Raises:
            CallFailed: no usable reply, or the log probabilities of this server cannot be used.
        """
        texts = [prompt + continuation for continuation in continuations]
        await self._test(texts[0])
        replies = await self._replies(texts)
        choices = [choice for reply in replies for choice in _in_order(reply)]
        usages = [reply["usage"] if isinstance(reply.get("usage"), dict) else None for reply in replies]
        scores = read_scores(
            {"choices": [{**choice, "index": k} for k, choice in enumerate(choices)]}, prompt, continuations
        )
        return ScoredReply(scores, replies[0].get("model"), summed_usage(usages))

    async def _replies(self, texts: list[str]) -> list[Json]:
        if len(texts) > 1 and self._takes_lists is not False:
            try:
                reply = await self._echo(texts)
                if len(_in_order(reply)) == len(texts):
                    self._takes_lists = True
                    return [reply]
            except CallFailed as failure:
                if not self._may_be_the_list(failure):
                    raise
            first = await self._echo(texts[0])
            logger.warning("%s takes one prompt a request: several are sent one after the other", self._host)
            self._takes_lists = False
            return [first, *[await self._echo(text) for text in texts[1:]]]
        return [await self._echo(text) for text in texts]

    def _may_be_the_list(self, failure: CallFailed) -> bool:
        """Whether a server that fails so may take the same prompts one by one."""
        if self._takes_lists or failure.kind not in (Kind.SERVER, Kind.BAD_REQUEST):
            return False
        self._n_failed_lists += 1
        return failure.kind is Kind.BAD_REQUEST or self._n_failed_lists >= FAILED_LISTS

    async def _echo(self, prompt: str | list[str], n_generated: int = 1) -> Json:
        try:
            return await self._ask(prompt, score_options(self._options, n_generated))
        except CallFailed as failure:
            if failure.kind is not Kind.CONTEXT_LENGTH or n_generated == 0:
                raise
            # A text that fills the context leaves no room for a token to generate, whatever 0 means to the server.
            return await self._echo(prompt, 0)

    async def _test(self, text: str) -> None:
        """Compare the log probabilities of generated tokens with those of the same tokens echoed. Once.

        Raises:
            CallFailed: they differ, the server does not score, or no usable reply.
        """
        if self._problem is None and not self._was_tested:
            self._problem = await self._problem_with(text)
            self._was_tested = True
            if self._problem is not None:
                logger.warning("%s cannot be used to score: %s", self._host, self._problem)
        if self._problem is not None:
            raise CallFailed(Kind.OTHER, self._problem, host=self._host)

    async def _problem_with(self, text: str) -> str | None:
        for probe, temperature in _probes(text):
            pairs, echoed = await self._pairs(probe, temperature)
            far = next((pair for pair in pairs if pair.is_far), None)
            if far is not None and await self._is_cut_alike(probe, echoed):
                return (
                    f"the server's log probabilities of echoed texts are not its model's: after {probe[-20:]!r} it "
                    f"generates {far.token!r} with {far.generated:.2f} nats and echoes it with {far.echoed:.2f}"
                )
            if far is None and any(pair.tells for pair in pairs):
                return None
        logger.warning("%s: its log probabilities of echoed texts could not be tested", self._host)
        return None

    async def _pairs(self, probe: str, temperature: float) -> tuple[list[_Pair], EchoedTokens]:
        """Tokens that are generated after a text, each with its log probability then and when it is echoed, in nats.

        Only tokens that the server cuts the same way both times, up to the first that it does not. They are generated
        without `echo`: with it, llama-cpp-python shifts those of generated tokens too.
        """
        generated = _generated(await self._write(probe, temperature))
        whole = probe + "".join(token for token, _ in generated)
        again = _in_order(await self._echo(probe if "\ufffd" in whole else whole))
        echoed = echoed_tokens(again[0] if again else {}, probe if "\ufffd" in whole else whole)
        border = byte_length(probe)
        n_before = sum(end <= border for _, end in echoed.spans)
        before = echoed.tokens[n_before - 1] if n_before else ""
        return _alike(generated, echoed, before, n_before, border), echoed

    async def _is_cut_alike(self, probe: str, echoed: EchoedTokens) -> bool:
        """Whether the tokens of a text are the same where more follows it; else its log probabilities may differ."""
        alone = _in_order(await self._echo(probe))
        tokens = echoed_tokens(alone[0] if alone else {}, probe).tokens
        return list(echoed.tokens[: len(tokens)]) == list(tokens)

    async def _write(self, probe: str, temperature: float) -> Json:
        options = {**score_options(self._options, N_GENERATED, temperature), "echo": False}
        try:
            return await self._ask(probe, options)
        except CallFailed as failure:
            if failure.kind is not Kind.CONTEXT_LENGTH:
                raise
            return {}


@dataclass(frozen=True)
class _Pair:
    """One token, with its log probability when it was generated and when it was echoed, in nats."""

    token: str
    generated: float
    echoed: float
    tells: bool
    "Whether a shift by one would show: after itself a token may be as likely as before."

    @property
    def is_far(self) -> bool:
        """Whether the two lie further apart than servers' arithmetic explains."""
        return abs(self.generated - self.echoed) > TOLERANCE_NATS + TOLERANCE_SHARE * abs(self.generated)


def _probes(text: str) -> list[tuple[str, float]]:
    """Texts to be continued, each with a temperature: a model that repeats itself at 0 may not at 1."""
    lengths = [*(n for n in PROBE_CHARS if n < len(text)), len(text) * 2 // 3, len(text) // 3]
    texts = dict.fromkeys(text[:n].rstrip() for n in [min(len(text), PROBE_CHARS[0]), *lengths])
    short = [probe for probe in texts if probe][:MOST_PROBES]
    return [(probe, temperature) for temperature in (0.0, 1.0) for probe in short]


def _generated(reply: Json) -> list[tuple[str, float]]:
    """The tokens of a reply with their log probabilities, up to one without text; none where it has none of them."""
    choices = _in_order(reply)
    found = choices[0].get("logprobs") if choices else None
    if not isinstance(found, Mapping):
        return []
    kept: list[tuple[str, float]] = []
    for token, logprob in zip(found.get("tokens") or [], found.get("token_logprobs") or [], strict=False):
        if not isinstance(token, str) or not token or not isinstance(logprob, int | float):
            break
        kept.append((token, float(logprob)))
    return kept


def _alike(
    generated: Sequence[tuple[str, float]], echoed: EchoedTokens, before: str, n_before: int, place: int
) -> list[_Pair]:
    pairs = []
    for k, (token, logprob) in enumerate(generated, start=n_before):
        end = place + byte_length(token)
        if k >= len(echoed.tokens) or echoed.tokens[k] != token or echoed.spans[k] != (place, end):
            break
        own = echoed.logprobs[k]
        if own is not None:
            pairs.append(_Pair(token, logprob, own, tells=token != before))
        place, before = end, token
    return pairs


def _in_order(reply: Json) -> list[Json]:
    choices = [choice for choice in reply.get("choices") or [] if isinstance(choice, dict)]
    return sorted(choices, key=lambda choice: choice.get("index", 0))
