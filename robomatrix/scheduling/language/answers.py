"""Questions about what is here and what the robot can do: answered in words, from the scene, with nothing done."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from robomatrix.errors import PlanningError
from robomatrix.scheduling.language.discourse import Role, Unresolved
from robomatrix.scheduling.language.entities import EntityIndex
from robomatrix.scheduling.language.lexicon import load_lexicon
from robomatrix.scheduling.language.phrases import NounPhrase
from robomatrix.scheduling.language.questions import Question, question
from robomatrix.scheduling.language.reading import read
from robomatrix.scheduling.language.session import Session
from robomatrix.scheduling.plan import PlanRequest, PlanResult
from robomatrix.scheduling.safety import SafetyRules
from robomatrix.scheduling.scene import START, Location, Object

_DETERMINERS = ("the ", "my ", "all ", "a ", "an ", "any ", "this ", "that ", "these ", "those ", "both ", "it", "them")
_FLOOR = "floor"
"""Stands for the floor, which scenes do not list: what is nowhere else lies there."""
_HELLO = "Hello. What should I do?"
_NOT_LOOKED = "I see nothing yet. Should I look around?"


def answered(request: PlanRequest, rules: SafetyRules) -> PlanResult | None:
    """Returns the answer to a question; None for whatever is none, or is not understood as one.

    What is asked about and not in view is reported as missing, so that it is looked for before that is the answer.
    """
    asked = question(request.instruction)
    return _Answers(request, rules).give(asked) if asked else None


@dataclass(frozen=True)
class _Answers:
    """Answers one request."""

    request: PlanRequest
    rules: SafetyRules

    def give(self, asked: Question) -> PlanResult | None:
        scene = self.request.scene
        if asked.kind == "greeting":
            return PlanResult("clarify", _HELLO)
        about_me = self._about_me(asked)
        if about_me is not None:
            return PlanResult("ok", about_me)
        if not (scene.objects or scene.locations):
            return PlanResult("clarify", _NOT_LOOKED)
        try:
            said = self._about_the_scene()[asked.kind](asked)
        except Unresolved as error:
            return PlanResult("clarify", str(error), error.missing)
        except PlanningError as error:
            return PlanResult("clarify", str(error))
        return None if said is None else PlanResult("ok", said)

    def _about_me(self, asked: Question) -> str | None:
        robot = self.request.scene.robot
        match asked.kind:
            case "thanks":
                return "You are welcome."
            case "self":
                return f"I am the robot '{robot.name}'. {self._skills()}"
            case "skills":
                return self._skills()
            case "holding":
                return f"I hold {self._the(robot.holding)}." if robot.holding else "I hold nothing."
            case "place_of_robot":
                return f"I am at {self._the(robot.at)}." if robot.at else "I stand away from every place that I know."
            case _:
                return None

    def _skills(self) -> str:
        skills = (f"{s.name} ({s.text[:1].lower()}{s.text[1:].rstrip('.')})" for s in self.request.skills)
        return f"I can: {'; '.join(skills)}."

    def _about_the_scene(self) -> Mapping[str, Callable[[Question], str | None]]:
        return {
            "seen": self._seen,
            "contents": self._contents,
            "colour": self._colour,
            "count": self._count,
            "where": self._where,
            "openness": self._openness,
            "whether_at": self._whether_at,
            "whether_seen": self._whether_seen,
        }

    # --- what is here --------------------------------------------------------------------------------------------

    def _seen(self, asked: Question) -> str:
        scene = self.request.scene
        things = [f"{_a(thing.name)} {self._where_is(thing)}" for thing in scene.objects]
        places = [_a(place.name) for place in scene.locations if place.id != START and place.kind != "region"]
        return f"I see {_listed([*things, *places])}."

    def _contents(self, asked: Question) -> str | None:
        places = self._meant(asked["place"], "place")
        if places is None:
            return None
        if asked["relation"] in ("empty", "full"):
            return " ".join(self._empty(place) for place in places)
        return " ".join(self._carried(place) for place in places)

    def _empty(self, place: str) -> str:
        if self._on(place):
            return f"No. {self._carried(place)}"
        return f"{self._unseen(place)}I see nothing {self._at(place)}."

    def _carried(self, place: str) -> str:
        inside = [_a(self.request.scene.name_of(id_)) for id_ in self._on(place)]
        return f"{self._unseen(place)}{_capital(self._at(place))} I see {_listed(inside) or 'nothing'}."

    def _unseen(self, place: str) -> str:
        location = self.request.scene.location(place)
        return f"{_capital(self._the(place))} is closed. " if location is not None and location.closed else ""

    def _colour(self, asked: Question) -> str | None:
        things = self._meant(asked["thing"], "any")
        if things is None:
            return None
        colours = {id_: entity.colour for id_ in things if (entity := self.request.scene.entity(id_)) is not None}
        known = (f"{_capital(self._the(id_))} is {colour}." for id_, colour in colours.items() if colour)
        return " ".join(known) or "I do not know."

    def _count(self, asked: Question) -> str | None:
        things = self._meant(asked["thing"], "any", absent=True)
        places = self._meant(asked["place"], "place") if asked["place"] else []
        if things is None or places is None:
            return None
        if places:
            things = [id_ for id_ in things if self._carrier(id_) in places]
        where = f" {self._at(places[0])}" if places else ""
        names = _listed([f"the {name}" for name in self._names(things)])
        return f"I see {len(things)}{where}{f': {names}' if things else ''}."

    def _where(self, asked: Question) -> str | None:
        things = self._meant(asked["thing"], "any")
        return None if things is None else " ".join(f"{self._placed(id_)}." for id_ in things)

    def _openness(self, asked: Question) -> str | None:
        places = self._meant(asked["place"], "any")
        if places is None:
            return None
        return " ".join(f"{_capital(self._the(place))} {self._opened(place)}." for place in places)

    def _opened(self, place: str) -> str:
        location = self.request.scene.location(place)
        if location is None or not location.openable:
            return "is nothing that I know to open or close"
        if location.open is None:
            return "may be open or closed, I have not seen it yet"
        return "is open" if location.open else "is closed"

    def _whether_at(self, asked: Question) -> str | None:
        things = self._meant(asked["thing"], "any", absent=True)
        places = self._meant(asked["place"], "any")
        if things is None or places is None:
            return None
        there = [self._placed(id_) for id_ in things if self._carrier(id_) in places]
        if there or things:
            return f"{'Yes' if there else 'No'}. {'. '.join(there or map(self._placed, things))}."
        return f"No. {self._carried(places[0])}"

    def _whether_seen(self, asked: Question) -> str | None:
        things = self._meant(asked["thing"], "any")
        return None if things is None else f"Yes. {'. '.join(map(self._placed, things))}."

    # --- words and things ----------------------------------------------------------------------------------------

    def _meant(self, words: str, role: Role, absent: bool = False) -> list[str] | None:
        """Returns the ids that a noun phrase means, all that fit it; None if it is no noun phrase.

        Raises:
            Unresolved: nothing here fits, and ``absent`` does not say that this is an answer.
        """
        index = EntityIndex(self.request.scene)
        session = Session.of(self.request, index, self.request.answers)
        named = words if words.startswith(_DETERMINERS) else f"the {words}"  # else "cans" could be a verb
        chunks = session.chunks(read(named, index, load_lexicon(), self.rules))
        if len(chunks) != 1 or chunks[0].kind != "things":
            return None
        phrases = [_all_of(phrase) for phrase in chunks[0].things]
        if all(index.is_bare_floor(phrase.words) for phrase in phrases):
            return [_FLOOR]
        try:
            return session.resolver.all_of(phrases, role)
        except Unresolved:
            if absent:
                return []
            raise

    def _carrier(self, id_: str) -> str | None:
        thing = self.request.scene.object(id_)
        if thing is None or id_ == self.request.scene.robot.holding:
            return None
        return thing.at or _FLOOR

    def _on(self, place: str) -> list[str]:
        return [thing.id for thing in self.request.scene.objects if self._carrier(thing.id) == place]

    def _names(self, ids: Iterable[str]) -> list[str]:
        return [self.request.scene.name_of(id_) for id_ in ids]

    def _the(self, id_: str) -> str:
        return "my start" if id_ == START else f"the {self.request.scene.name_of(id_)}"

    def _at(self, place: str) -> str:
        if place == _FLOOR:
            return "on the floor"
        location = self.request.scene.location(place)
        relation = {"surface": "on", "container": "in"}.get(location.kind if location else "", "at")
        return f"{relation} {self._the(place)}"

    def _placed(self, id_: str) -> str:
        scene = self.request.scene
        thing = scene.object(id_)
        where = self._where_is(thing) if thing is not None else "here"
        return f"{_capital(self._the(id_))} is {where}{self._distance(thing or scene.location(id_))}"

    def _where_is(self, thing: Object) -> str:
        carrier = self._carrier(thing.id)
        return self._at(carrier) if carrier else "in my gripper"

    def _distance(self, entity: Object | Location | None) -> str:
        here = self.request.scene.robot.position
        if entity is None or entity.position is None or here is None:
            return ""
        return f", {math.dist(here[:2], entity.position[:2]):.1f} m from me"


def _all_of(phrase: NounPhrase) -> NounPhrase:
    return replace(phrase, quantity="all", count=0)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _a(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _listed(parts: Iterable[str]) -> str:
    """Returns "a can, two boxes and a table"."""
    counted = [part if many == 1 else f"{part} ({many} times)" for part, many in Counter(parts).items()]
    return " and ".join([", ".join(counted[:-1]), counted[-1]]) if len(counted) > 1 else "".join(counted)
