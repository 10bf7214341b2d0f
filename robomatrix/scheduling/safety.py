"""Safety rules outside any model, read from ``config/safety.yaml``: what is refused whoever planned it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from robomatrix.errors import ConfigurationError
from robomatrix.scheduling.data import read_yaml
from robomatrix.scheduling.ontology import load_ontology
from robomatrix.scheduling.plan import PlanStep
from robomatrix.scheduling.scene import Location, Object, PlanningScene
from robomatrix.scheduling.symbolic import Literal, SymbolicState

ANY = "any"
_BEARING = ("surface", "container")


@dataclass(frozen=True)
class Limits:
    """Bounds on what a single instruction may set off."""

    steps: int
    task_time: float
    """[s]"""
    instruction: int
    """Characters that are read."""
    replans: int
    retries: int
    """Of one step."""
    fruitless: int
    """Failures in a row after which a task is given up."""


@dataclass(frozen=True)
class Combination:
    """Things that must not be put into places."""

    objects: frozenset[str]
    places: frozenset[str]
    why: str


@dataclass(frozen=True)
class Rough:
    """What must not be dropped or thrown, and where."""

    verbs: frozenset[str]
    hurling: frozenset[str]
    """Of the verbs, those that are rough wherever a thing lands but in a bin."""
    fragile: frozenset[str]
    beneath: frozenset[str]
    """On what nothing is dropped."""
    hard: frozenset[str]
    """Places that break what falls on them."""


@dataclass(frozen=True)
class SafetyRules:
    """All rules; the checks return the reason for a refusal, or None."""

    stop_words: frozenset[str]
    limits: Limits
    targets: Mapping[str, Mapping[str, frozenset[str]]]
    keep_out: frozenset[str]
    combinations: tuple[Combination, ...]
    admits: Mapping[str, frozenset[str]]
    """Class of a place -> the only known classes that may go there."""
    not_inside: Mapping[str, str]
    """Class of a place -> why nothing is put into it, as against onto it."""
    rough: Rough
    handing_never: frozenset[str]
    handing_to: frozenset[str]
    harm: Mapping[str, Any] = field(default_factory=dict)

    def is_stop(self, instruction: str) -> bool:
        """Returns whether an instruction says to stop and nothing else."""
        words = re.sub(r"[^a-z' -]+", " ", instruction[:200].lower().replace("\u2019", "'")).split()
        text = " ".join(word for word in words if word not in ("please", "robot", "hey", "now", "ok"))
        return bool(words) and (" ".join(words) in self.stop_words or text in self.stop_words)

    def unreadable(self, instruction: str) -> str | None:
        """Returns what to say to an instruction that is too long or holds no words; None for one that can be read."""
        limit = self.limits.instruction
        if len(instruction) > limit:
            return f"The instruction has {len(instruction)} characters; I read at most {limit}. Say it shorter."
        if not any(map(str.isalnum, instruction)):
            return "I see no words in the instruction. What should I do?"
        return None

    def step_fault(self, state: SymbolicState, step: PlanStep, effects: Iterable[Literal]) -> str | None:
        """Returns why a step must not be taken in a state."""
        scene = state.scene
        for value in step.arguments.values():
            entity = scene.entity(value) if isinstance(value, str) else None
            if entity and (fault := self.target_fault(step.skill, entity)):
                return fault
        for literal in effects:
            if literal.predicate in ("over", "on") and not literal.negated:
                return self.placing_fault(scene, *literal.arguments)
        return None

    def placing_fault(self, scene: PlanningScene, object_id: str, place_id: str) -> str | None:
        """Returns why an object must not be put at a place."""
        thing, place = scene.entity(object_id), scene.entity(place_id)
        if thing is None or place is None:
            return None
        what, where = classes_of(thing) | _called(thing), classes_of(place) | _called(place)
        if what & self.handing_never and where & self.handing_to:
            return f"{thing.name} must not be handed to {place.name}"
        for kind in where & self.admits.keys():
            if what & load_ontology().wider_classes and not what & self.admits[kind]:
                return f"{thing.name} must not go to {place.name}: it does not belong there"
        for rule in self.combinations:
            if what & rule.objects and (where & rule.places or ANY in rule.places):
                return f"{thing.name} must not go to {place.name}: {rule.why}"
        return None

    def rough_fault(self, scene: PlanningScene, verb: str, object_id: str, place_id: str | None) -> str | None:
        """Returns why something must not be dropped or thrown, None if it may; a place of None is the floor."""
        thing, place = scene.entity(object_id), scene.entity(place_id) if place_id else None
        if thing is None or verb not in self.rough.verbs:
            return None
        where = classes_of(place) | _called(place) if place is not None else frozenset(self.rough.hard)
        if where & self.rough.beneath:
            return f"I do not drop anything on the {place.name if place else 'floor'}: it could break"
        careless = where & self.rough.hard or (verb in self.rough.hurling and "bin" not in where)
        if careless and classes_of(thing) & self.rough.fragile:
            return f"I do not {verb} the {thing.name}: it could break"
        return None

    def target_fault(self, skill: str, entity: Location | Object) -> str | None:
        """Returns why a skill must not act on a thing or place."""
        classes = classes_of(entity)
        if classes & self.keep_out or entity.id in self.keep_out:
            return f"{entity.name} is in a keep-out zone"
        rule = self.targets.get(skill)
        if rule is None:
            return None
        only, never = rule.get("only", frozenset()), rule.get("never", frozenset())
        if classes & never or (only and not classes & only):
            return f"{skill} must not act on {entity.name}"
        return None


@cache
def classes_of(entity: Location | Object) -> frozenset[str]:
    """Returns kind, class, the class's canonical names and all wider classes of an entity, and what its name says."""
    ontology = load_ontology()
    own = {entity.category.lower().replace("_", " "), (entity.group or "").lower()}
    if isinstance(entity, Location):
        own.add(entity.kind)
    for phrase in (*own, *_phrases(entity.name), *(p for alias in entity.aliases for p in _phrases(alias))):
        own |= {phrase} if phrase in ontology.is_a else frozenset()
    wider = frozenset().union(*(ontology.wider(name) for name in own))
    materials = ontology.materials.get((entity.material or "").lower(), frozenset())
    made = {f"{material} item" for material in materials} & ontology.wider_classes
    return frozenset(own | wider | made) - {""}


@cache
def _called(place: Location | Object) -> frozenset[str]:
    """Returns the classes that class and name are words for: a "garbage can" is a bin, a "soap bottle" is soap."""
    ontology = load_ontology()
    if not isinstance(place, Location):
        return frozenset().union(*(ontology.classes.get(p.lower(), ()) for p in (place.category, place.name)))
    phrases = (place.category.lower(), *_phrases(place.name))
    if place.kind not in _BEARING:
        return frozenset()
    fitting = (p for p in phrases if p not in ontology.kinds and ontology.kind(p) in _BEARING)
    return frozenset().union(*(ontology.classes[p] for p in fitting))


def _phrases(name: str) -> Sequence[str]:
    """Returns the tails of a name: "red hand bag" -> "red hand bag", "hand bag", "bag"; its head is its last word."""
    words = re.findall(r"[a-z'-]+", name.lower().replace("_", " "))[-6:]
    return [" ".join(words[start:]) for start in range(len(words))]


@cache
def load_rules() -> SafetyRules:
    """Returns the shipped rules. Raises ConfigurationError if the file is missing or malformed."""
    data = read_yaml("safety.yaml")
    try:
        return _build(data)
    except (KeyError, TypeError) as error:
        raise ConfigurationError(f"safety.yaml: {type(error).__name__} {error}") from None


def _build(data: Mapping[str, Any]) -> SafetyRules:
    return SafetyRules(
        stop_words=frozenset(data["stop"]),
        limits=Limits(**data["limits"]),
        targets={skill: {k: frozenset(v) for k, v in rule.items()} for skill, rule in data["targets"].items()},
        keep_out=frozenset(data["keep_out"]),
        combinations=tuple(
            Combination(frozenset(rule["object"]), frozenset(rule["place"]), rule["why"])
            for rule in data["combinations"]
        ),
        admits={place: frozenset(classes) for place, classes in data["admits"].items()},
        not_inside=data["not_inside"],
        rough=Rough(**{name: frozenset(words) for name, words in data["rough"].items()}),
        handing_never=frozenset(data["handing"]["never"]),
        handing_to=frozenset(data["handing"]["to"]),
        harm=data["harm"],
    )
