"""Python objects as completion functions: plain and coroutine functions, and objects with `complete`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from evals.completion import CompletionResult, Completions, without_thoughts
from evals.engine.calls import complete_sync
from evals.engine.traits import traits_of
from evals.errors import UsageError
from evals.record.current import record_sampling
from evals.registry.classes import accepts
from evals.registry.typed_arguments import typed_arguments


@typed_arguments
class FunctionCompletionFn:
    """A callable as a completion function. It takes a prompt and returns a text, a list of texts or a CompletionResult.

    It may be a coroutine function. Of the sampling arguments that an eval sends (`temperature`, `max_tokens`, ...) it
    gets those that its signature has. Texts are recorded here; a function that returns a CompletionResult records by
    itself, as plug-ins of openai/evals do. Other attributes are those of the function.

    Raises:
        TypeError: (at a call) the function returned something else.
    """

    gives_results = True

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, prompt: Any, **kwargs: Any) -> CompletionResult | Awaitable[CompletionResult]:
        given = {name: value for name, value in kwargs.items() if accepts(self.function, name)}
        answer = self.function(prompt, **given)
        if inspect.isawaitable(answer):
            return self._later(prompt, answer)
        return self._result(prompt, answer)

    def __getattr__(self, name: str) -> Any:
        if name == "function" or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.function, name)

    async def _later(self, prompt: Any, answer: Awaitable[Any]) -> CompletionResult:
        return self._result(prompt, await answer)

    def _result(self, prompt: Any, answer: Any) -> CompletionResult:
        if hasattr(answer, "get_completions"):
            return without_thoughts(answer)  # type: ignore[no-any-return]
        texts = [answer] if isinstance(answer, str) else answer
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise TypeError(f"{name_of(self.function)} gave a {type(answer).__name__}, not a text")
        record_sampling(prompt=prompt, sampled=texts)
        answers: CompletionResult = without_thoughts(Completions(texts))
        return answers


class _WithCall:
    """Adds `__call__` to an object that only has `complete`. The traits are those of the object."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __call__(self, prompt: Any, **kwargs: Any) -> CompletionResult:
        return complete_sync(self, prompt, **kwargs)

    def __deepcopy__(self, memo: dict[int, Any]) -> _WithCall:
        return self

    async def complete(self, prompt: Any, **kwargs: Any) -> CompletionResult:
        result: CompletionResult = await self.inner.complete(prompt, **kwargs)
        return result

    def __getattr__(self, name: str) -> Any:
        if name == "inner" or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.inner, name)


def as_completion_fn(given: Any) -> Any:
    """`given` as a completion function. Functions, and objects with nothing but `complete`, are wrapped.

    Raises:
        UsageError: it is a class, or it has neither `__call__` nor `complete`.
    """
    if inspect.isclass(given):
        raise UsageError(f"{given.__name__} is a class, not a completion function", fix=f"write {given.__name__}(...)")
    traits = traits_of(given)
    if traits.has_complete:
        return given if callable(given) else _WithCall(given)
    if not callable(given):
        raise UsageError(
            f"a {type(given).__name__} is no completion function",
            fix="give a model's name, a function of a prompt, or an object with 'async complete(prompt, **kwargs)'",
        )
    return given if traits.gives_results else FunctionCompletionFn(given)


def unwrapped(fn: Any) -> Any:
    """The object that `as_completion_fn` wrapped; any other one comes back as it is."""
    if isinstance(fn, FunctionCompletionFn):
        return fn.function
    return fn.inner if isinstance(fn, _WithCall) else fn


def name_of(fn: Any) -> str:
    """The name of a completion function in records: that of the function, or of the object's class."""
    fn = unwrapped(fn)
    while isinstance(fn, functools.partial):
        fn = fn.func
    name = getattr(fn, "__qualname__", None) or type(fn).__qualname__
    return str(name).rpartition("<locals>.")[2]
