"""What was said before, which later words may refer to; and what it means that words refer to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from robomatrix.errors import PlanningError
from robomatrix.scheduling.language.entities import Described, EntityIndex
from robomatrix.scheduling.language.phrases import NounPhrase
from robomatrix.scheduling.symbolic import SymbolicState

Role = Literal["object", "place", "any", "openable", "target", "obstacle", "person"]


class Unresolved(PlanningError):
    """A phrase that means nothing here, or more than one thing."""

    def __init__(
        self, message: str, missing: Sequence[str] = (), candidates: Sequence[str] = (), refuse: bool = False
    ) -> None:
        super().__init__(message)
        self.missing, self.candidates, self.refuse = tuple(missing), tuple(candidates), refuse


@dataclass
class Discourse:
    """What later words may refer to."""

    index: EntityIndex
    state: SymbolicState
    initial: SymbolicState
    objects: list[tuple[str, ...]] = field(default_factory=list)
    """Things that were acted on, the newest last."""
    places: list[str] = field(default_factory=list)
    """Places that were mentioned, the newest last."""
    mentioned: list[str] = field(default_factory=list)
    handled: set[str] = field(default_factory=set)
    """Objects that an earlier clause dealt with."""
    untouchable: set[str] = field(default_factory=set)
    """Objects that something was said not to be done with: others are taken first."""
    forbidden: set[str] = field(default_factory=set)
    """Objects that are to be left alone, whatever else is said."""
    shut: set[str] = field(default_factory=set)
    """Places that are not to be opened."""
    scope: tuple[str, ...] = ()
    """What "everything" means after "clear the table"."""
    focus: str = ""
    """The place that was gone to or opened last: "go to the table and take the can"."""
    head: str = ""
    """The last head noun, for "the blue one"."""
    place_head: str = ""
    """The last head noun of a place, for "on the right one"."""
    considered: set[str] = field(default_factory=set)
    """Everything that a phrase was found to mean."""
    answers: tuple[str, ...] = ()
    """Replies to earlier questions."""
    listed: bool = False
    """True in a list of steps, whose author saw the room: what the scene cannot tell apart may be any of its kind."""

    def note_objects(self, ids: Sequence[str], phrase: NounPhrase | None = None) -> None:
        """Remembers what was acted on."""
        if ids:
            self.objects.append(tuple(ids))
            self.mentioned += ids
            self.handled.update(ids)
        if phrase and phrase.head and phrase.head not in ("one", "thing"):
            self.head = phrase.head

    def note_place(self, place: str) -> None:
        """Remembers a place."""
        self.places.append(place)
        self.mentioned.append(place)


def fills(role: Role, entity: Described) -> bool:
    """Returns whether an entity is of the sort that is looked for."""
    location = None if entity.is_object else entity.entity
    match role:
        case "object":
            return entity.is_object
        case "place":
            return entity.kind in ("surface", "container", "person", "region", "object", "target")
        case "openable":
            return location is not None and bool(location.openable)
        case "target" | "obstacle" | "person":
            return entity.kind == role
        case _:
            return True
