"""Facts of the invented world, stated and asked for; some wordings of each fact are kept for evaluation."""

from __future__ import annotations

import random

from pocket_corpus.items import Item, pick, question, zipf_weights
from pocket_corpus.world import N_PEOPLE, N_TOWNS, PERSON_ATTRIBUTES, TOWN_ATTRIBUTES, Attribute, Entity, people, towns

KINDS = ("town", "person")
ZIPF_EXPONENT = 0.7
_TOWN_WEIGHTS = zipf_weights(N_TOWNS, ZIPF_EXPONENT)
_PERSON_WEIGHTS = zipf_weights(N_PEOPLE, ZIPF_EXPONENT)


def draw_entity(rng: random.Random, kind: str) -> Entity:
    """A town or person, by how well it is known."""
    if kind == "town":
        return pick(rng, towns(), _TOWN_WEIGHTS)
    return pick(rng, people(), _PERSON_WEIGHTS)


def attributes(kind: str) -> tuple[Attribute, ...]:
    return TOWN_ATTRIBUTES if kind == "town" else PERSON_ATTRIBUTES


def asked(entity: Entity, attribute: Attribute, wording: int, kind: str) -> Item:
    """The fact as a question in one of its wordings."""
    text = question(attribute.questions[wording].format(x=entity.name))
    return Item(f"fact {entity.name} {attribute.name} asked {wording}", text, entity.facts[attribute.name], kind)


def stated(entity: Entity, attribute: Attribute, wording: int, kind: str) -> Item:
    """The fact as a sentence."""
    text = attribute.statements[wording].format(x=entity.name)
    key = f"fact {entity.name} {attribute.name} stated {wording}"
    return Item(key, text, f"{entity.facts[attribute.name]}.", kind)


def draw(rng: random.Random, kind: str) -> Item:
    """A fact of a town or person: a question in three cases of four, else a sentence."""
    entity, attribute = draw_entity(rng, kind), rng.choice(attributes(kind))
    if rng.random() < 0.75:
        return asked(entity, attribute, rng.randrange(len(attribute.questions)), kind)
    return stated(entity, attribute, rng.randrange(len(attribute.statements)), kind)


def all_questions() -> list[Item]:
    """Every fact in every wording as a question, the best known entities first."""
    return [
        asked(entity, attribute, wording, kind)
        for kind, entities in (("town", towns()), ("person", people()))
        for entity in entities
        for attribute in attributes(kind)
        for wording in range(len(attribute.questions))
    ]
