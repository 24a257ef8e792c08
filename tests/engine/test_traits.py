"""Traits: defaults for plug-ins, read once for each object, and no object is kept alive."""

from __future__ import annotations

import dataclasses
import gc
import weakref
from pathlib import Path
from typing import Any

import pytest

from evals.completion import Completions
from evals.completion_fns.backend import Backend
from evals.engine import traits
from evals.engine.traits import Traits, traits_of

FIELDS = [field.name for field in dataclasses.fields(Traits)]
SAID_BY_METHODS = [name for name in FIELDS if name.startswith("has_")]


class Plain:
    """A completion function of openai/evals."""

    def __call__(self, prompt: Any, **kwargs: Any) -> Any:
        return Completions([prompt])


class Bare(Backend):
    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        return Completions(["x"])


def test_an_object_with_a_call_and_nothing_else_has_the_default_of_every_trait() -> None:
    found = dataclasses.asdict(traits_of(Plain()))
    assert not any(found[name] for name in SAID_BY_METHODS)
    assert found.pop("limit_key").endswith("test_traits.Plain ")
    backend = {name: getattr(Backend, name) for name in found if name not in SAID_BY_METHODS}
    differing = {name for name in backend if found[name] != backend[name]}
    assert differing == {"gives_results", "can_score"}
    assert (found["can_score"], backend["can_score"]) == (False, None)


def test_every_trait_is_declared_on_the_base_class_with_its_type_or_is_a_method() -> None:
    declared = Backend.__annotations__.keys()
    assert [name for name in FIELDS if name not in declared and name not in SAID_BY_METHODS] == []
    assert [name for name in declared if name not in FIELDS] == []


def test_every_trait_is_described_for_those_who_write_a_backend() -> None:
    page = (Path(__file__).parents[2] / "docs" / "adding-a-backend.md").read_text(encoding="utf-8")
    names = [name.removeprefix("has_") for name in FIELDS]
    asked_each_time = ["preflight", "cache_identity", "n_ctx", "count_tokens", "language_model"]
    assert [name for name in [*names, *asked_each_time] if f"`{name}" not in page] == []


def test_attributes_of_class_and_instance_count_alike() -> None:
    fn = Plain()
    fn.is_local = True  # type: ignore[attr-defined]
    fn.max_concurrency = 3  # type: ignore[attr-defined]
    fn.limit_key = "shared"  # type: ignore[attr-defined]
    found = traits_of(fn)
    assert (found.is_local, found.max_concurrency, found.limit_key) == (True, 3, "shared")


def test_traits_are_read_once_for_each_object() -> None:
    fn, other = Plain(), Plain()
    before = traits_of(fn)
    fn.is_local = True  # type: ignore[attr-defined]
    other.is_local = True  # type: ignore[attr-defined]
    assert traits_of(fn) is before
    assert traits_of(other).is_local


def test_no_object_is_kept_alive_and_none_inherits_the_traits_of_a_dead_one() -> None:
    for k in range(200):
        fn = Plain()
        fn.batch_size = k  # type: ignore[attr-defined]
        assert traits_of(fn).batch_size == (k or None)
    alive = weakref.ref(fn)
    del fn
    gc.collect()
    assert alive() is None


def test_equal_objects_have_traits_of_their_own() -> None:
    @dataclasses.dataclass
    class Named(Plain):
        "Equal by value, and not hashable."

        model: str
        is_local: bool = dataclasses.field(default=False, compare=False)

    here, there = Named("m", True), Named("m", False)
    assert here == there
    assert (traits_of(here).is_local, traits_of(there).is_local) == (True, False)


def test_an_object_that_cannot_be_referred_to_weakly_is_read_each_time() -> None:
    class Slotted:
        __slots__ = ("is_local",)

    fn = Slotted()
    fn.is_local = False
    assert not traits_of(fn).is_local
    fn.is_local = True
    assert traits_of(fn).is_local


@pytest.mark.parametrize(("said", "read"), [("auto", None), ("8", 8), (4, 4), (None, None), (0, None)])
def test_a_batch_size_that_is_no_number_is_none(said: Any, read: int | None) -> None:
    fn = Plain()
    fn.batch_size = said  # type: ignore[attr-defined]
    assert traits_of(fn).batch_size == read


def test_a_complete_that_is_no_coroutine_is_a_method_of_the_plug_in_unless_it_is_all_there_is() -> None:
    class Wizard(Plain):
        def complete(self, prompt: Any) -> str:
            return prompt

    class Uncallable:
        def complete(self, prompt: Any) -> Any: ...

    class NoMethod:
        complete = "yes"

    assert not traits_of(Wizard()).has_complete
    assert traits_of(Uncallable()).has_complete
    assert not traits_of(NoMethod()).has_complete
    assert traits_of(Bare()).has_complete


def test_a_backend_can_score_when_it_has_the_method_unless_it_says_no() -> None:
    class Scores(Bare):
        async def score(self, prompt: Any, continuations: Any) -> list[Any]:
            return []

    class Useless(Scores):
        can_score = False

    assert traits_of(Scores()).can_score
    assert not traits_of(Useless()).can_score
    assert traits_of(Useless()).has_score


def test_what_may_load_a_model_is_not_read_with_the_traits() -> None:
    class Heavy(Bare):
        @property
        def n_ctx(self) -> int:
            raise AssertionError("loaded")

        language_model = n_ctx

    assert traits_of(Heavy()).has_complete
    with pytest.raises(AssertionError, match="loaded"):
        traits.context_length(Heavy())


def test_a_preflight_is_called_where_there_is_one() -> None:
    class Careful(Plain):
        tried = False

        def preflight(self) -> None:
            self.tried = True

    fn = Careful()
    traits.preflight(Plain(), fn, Bare())
    assert fn.tried


def test_facts_that_nobody_states_are_none() -> None:
    fn = Plain()
    assert traits.context_length(fn) is None
    assert traits.token_counter(fn) is None
    assert traits.language_model(fn) is None
    assert traits.cache_identity(fn) is None
    assert traits.cache_identity(Bare()) is None
