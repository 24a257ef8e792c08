"""What the graders of a run ask for: grader models, embeddings, the sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

from evals.completion_fns.graders import NamedGrader, make_graders
from evals.engine import calls
from evals.engine.calls import first_completion, grader_name
from evals.record.current import record_embedding
from evals.sandbox.problem import Problem
from evals.sandbox.verdict import Verdict
from evals.suite.code.judge import Judge
from evals.suite.graders.grade import Grader
from evals.suite.graders.model_graders import LabelModelGrader, ScoreModelGrader, asked_in_words
from evals.suite.graders.multi import MultiGrader
from evals.suite.graders.python_grader import PythonGrader
from evals.suite.graders.similarity import COSINE
from evals.suite.graders.text_similarity import TextSimilarityGrader

if TYPE_CHECKING:
    from evals.registry.lookup import Registry

EVALUATED = "(the evaluated model)"
"The name of a grader model that is the evaluated model itself, unless the command line names a grader."


def every(graders: Sequence[Grader]) -> Iterator[Grader]:
    """All graders, also those inside others."""
    for grader in graders:
        yield grader
        if isinstance(grader, MultiGrader):
            yield from grader.graders.values()


def asks_a_model(grader: Grader) -> bool:
    """Whether a grader asks a model, itself or by those inside it."""
    return any(isinstance(one, ScoreModelGrader | LabelModelGrader) for one in every([grader]))


class RunHelpers:
    """The helpers of one eval.

    given: graders that stand for all grader models, several of them as a panel; empty: each model is looked up by its
    name. evaluated: the evaluated model, which grades where a definition names `EVALUATED`. structured_outputs: False
    asks for the form of answers in words. embedding_model: the model at `/embeddings` of the endpoint that the
    environment names.
    """

    def __init__(
        self,
        graders: Sequence[Grader],
        registry: Registry,
        given: Sequence[NamedGrader],
        evaluated: Any,
        embedding_model: str,
        judge: Judge,
        *,
        structured_outputs: bool = True,
    ) -> None:
        self._graders = list(every(graders))
        self._structured_outputs = structured_outputs
        kinds = (ScoreModelGrader, LabelModelGrader)
        models = dict.fromkeys(one.call.model for one in self._graders if isinstance(one, kinds))
        own = [NamedGrader(grader_name(evaluated), evaluated)]
        self._models: dict[str, Sequence[NamedGrader]] = {
            model: given or (own if model == EVALUATED else make_graders({"model": model}, registry, evaluated))
            for model in models
        }
        self._place = 0
        self._judge = judge
        self._embedder: Any = None
        if any(isinstance(one, TextSimilarityGrader) and one.metric == COSINE for one in self._graders):
            from evals.completion_fns.openai.embeddings import OpenAIEmbeddingFn

            self._embedder = OpenAIEmbeddingFn(embedding_model, registry=registry)

    @property
    def completion_fns(self) -> list[Any]:
        """The models that graders call."""
        return [*(one.fn for one in self.named_graders), *([] if self._embedder is None else [self._embedder])]

    @property
    def named_graders(self) -> list[NamedGrader]:
        """All graders that may be asked, each once."""
        return list({one.name: one for graders in self._models.values() for one in graders}.values())

    @property
    def panel(self) -> Sequence[NamedGrader]:
        """The graders that are all asked for each grade; empty where one is."""
        most: Sequence[NamedGrader] = max(self._models.values(), key=len, default=())
        return most if len(most) > 1 else ()

    def of_panel(self, place: int) -> RunHelpers:
        """The same helpers, with one grader of the panel for all grader models."""
        others = copy(self)
        others._place = place
        return others

    def preflight(self) -> None:
        """Try what is no model once, before the first call. Raises EvalsError for a missing package or sandbox."""
        for grader in self._graders:
            if isinstance(grader, TextSimilarityGrader):
                grader.try_out()
        if any(isinstance(grader, PythonGrader) for grader in self._graders):
            self._judge.open()

    async def ask(self, model: str, messages: list[dict[str, Any]], options: Mapping[str, Any]) -> str:
        """The answer of the grader that stands for `model`; a `sampling` event is recorded."""
        if not self._structured_outputs:
            messages, options = asked_in_words(messages, options)
        return first_completion(await self._models[model][self._place].ask(messages, **options))

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """The embedding of each text; an `embedding` event has texts, model, usage and cost, not the numbers."""
        from evals.completion_fns.openai.embeddings import vectors_of

        result = await calls.complete(self._embedder, list(texts), grading=True)
        record_embedding(list(texts), self._embedder.model, grader=self._embedder.model, **_costs(result))
        return vectors_of(result, len(texts))  # type: ignore[arg-type]

    async def run_program(self, problem: Problem, program: str) -> Verdict:
        """What came of a program in the sandbox. Raises HarnessFailed if the sandbox failed."""
        (verdict,) = await self._judge.start(problem, [program]).results()
        return verdict


def _costs(result: Any) -> dict[str, Any]:
    """What a call used and cost, for its event; the cost of a hit of the cache is that of the first call."""
    known = {"usage": result.usage, "cached_cost_usd" if result.cached else "cost_usd": result.cost_usd}
    return {key: value for key, value in known.items() if value is not None}
