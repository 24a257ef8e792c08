"""What the graders of a run ask for: grader models, embeddings, the sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evals.engine import calls
from evals.engine.calls import first_completion
from evals.record.current import record_embedding
from evals.sandbox.problem import Problem
from evals.sandbox.verdict import Verdict
from evals.suite.code.judge import Judge
from evals.suite.graders.grade import Grader
from evals.suite.graders.model_graders import LabelModelGrader, ScoreModelGrader
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


class RunHelpers:
    """The helpers of one eval.

    given: the completion function that stands for all grader models; None: each is looked up by its name. evaluated:
    the evaluated model, which grades where a definition names `EVALUATED`.
    embedding_model: the model at `/embeddings` of the endpoint that the environment names.
    """

    def __init__(
        self,
        graders: Sequence[Grader],
        registry: Registry,
        given: Any,
        evaluated: Any,
        embedding_model: str,
        judge: Judge,
    ) -> None:
        self._graders = list(every(graders))
        kinds = (ScoreModelGrader, LabelModelGrader)
        models = dict.fromkeys(one.call.model for one in self._graders if isinstance(one, kinds))
        self._models = {model: given or evaluated if model == EVALUATED else given for model in models}
        for model in models:
            if self._models[model] is None:
                self._models[model] = registry.make_completion_fn(model)
        self._judge = judge
        self._embedder: Any = None
        if any(isinstance(one, TextSimilarityGrader) and one.metric == COSINE for one in self._graders):
            from evals.completion_fns.openai.embeddings import OpenAIEmbeddingFn

            self._embedder = OpenAIEmbeddingFn(embedding_model, registry=registry)

    @property
    def completion_fns(self) -> list[Any]:
        """The models that graders call."""
        return [*self._models.values(), *([] if self._embedder is None else [self._embedder])]

    def preflight(self) -> None:
        """Try what is no model once, before the first call. Raises EvalsError for a missing package or sandbox."""
        for grader in self._graders:
            if isinstance(grader, TextSimilarityGrader):
                grader.try_out()
        if any(isinstance(grader, PythonGrader) for grader in self._graders):
            self._judge.open()

    async def ask(self, model: str, messages: list[dict[str, Any]], options: Mapping[str, Any]) -> str:
        """The answer of the grader that stands for `model`; a `sampling` event is recorded."""
        result = await calls.complete(self._models[model], messages, grading=True, **options)
        return first_completion(result)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """The embedding of each text; an `embedding` event has texts, model, usage and cost, not the numbers."""
        from evals.completion_fns.openai.embeddings import vectors_of

        result = await calls.complete(self._embedder, list(texts), grading=True)
        record_embedding(list(texts), self._embedder.model, **_costs(result))
        return vectors_of(result, len(texts))  # type: ignore[arg-type]

    async def run_program(self, problem: Problem, program: str) -> Verdict:
        """What came of a program in the sandbox. Raises HarnessFailed if the sandbox failed."""
        (verdict,) = await self._judge.start(problem, [program]).results()
        return verdict


def _costs(result: Any) -> dict[str, Any]:
    """What a call used and cost, for its event; the cost of a hit of the cache is that of the first call."""
    known = {"usage": result.usage, "cached_cost_usd" if result.cached else "cost_usd": result.cost_usd}
    return {key: value for key, value in known.items() if value is not None}
