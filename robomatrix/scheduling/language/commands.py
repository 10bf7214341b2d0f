"""A command with its parts sorted, and the moves that most commands come down to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from robomatrix.errors import PlanningError
from robomatrix.scheduling.language.chunks import Chunk
from robomatrix.scheduling.language.discourse import Role
from robomatrix.scheduling.language.moves import Move, moves
from robomatrix.scheduling.language.phrases import NounPhrase
from robomatrix.scheduling.language.placing import deliver, place, told_apart
from robomatrix.scheduling.language.session import Session
from robomatrix.scheduling.symbolic import Literal

_PEOPLE = frozenset({"me", "us", "him", "her", "myself"})
_STANDERS = frozenset({"stand", "stay", "wait", "park", "stop", "rest", "go", "return", "walk", "drive", "run"})
_MOVERS = frozenset({"move", "get", "return", "step", "roll", "shift"})
"""Verbs that without a thing move the robot, unless it has something in hand."""
_LOADERS = frozenset({"load", "insert", "pack", "add"})
_STACKERS = frozenset({"stack", "pile", "heap", "stack up", "pile up"})


@dataclass(frozen=True)
class Command:
    """A clause with a verb, its chunks sorted."""

    verb: str
    chunks: tuple[Chunk, ...]
    benefit: bool = False
    """True if "for me" was said."""

    @property
    def things(self) -> tuple[NounPhrase, ...]:
        """All things that stand outside of relations."""
        return tuple(t for c in self.chunks if c.kind == "things" for t in c.things)

    @property
    def relations(self) -> tuple[Chunk, ...]:
        """The relations in order."""
        return tuple(c for c in self.chunks if c.kind == "relation")

    @property
    def particles(self) -> frozenset[str]:
        """Particles, directions and stray words."""
        return frozenset(c.text for c in self.chunks if c.kind in ("particle", "direction", "word"))

    def without(self, *particles: str) -> Command:
        """Returns the command without some particles."""
        kept = tuple(c for c in self.chunks if c.kind == "things" or c.kind == "relation" or c.text not in particles)
        return replace(self, chunks=kept)


Intent = Callable[[Session, Command], bool]
"""Plans a command; False if it is not of this kind after all. Raises PlanningError if it is and cannot be done."""


def put(session: Session, command: Command) -> bool:
    """Handles "put A in B", "put it back", "A in B and C on D"."""
    if command.verb in _STACKERS and not command.relations and command.things:
        return _stack(session, command.things)
    moving = command.verb.split()[0] in _MOVERS if command.verb else False
    if not command.things and (command.verb in _STANDERS or moving and not session.in_hand):
        return False  # "stand there", "move back to the bed": what was moved before is not put there
    if command.verb in _LOADERS and not command.relations and command.things and session.discourse.places:
        there = NounPhrase(pronoun="there", text="there")  # "the washer is open, load the shirt"
        command = replace(command, chunks=(*command.chunks, Chunk("relation", "", (there,), "in", "into")))
    done = False
    for move in told_apart(session, moves(command.chunks)):
        if command.verb == "position" and held_above(session, move):
            done = True
            continue
        person, things = split_person(session, move.things)
        if person and things:
            deliver(session, things, person)
            done = True
            continue
        done = place(session, move) or done
    return done


def held_above(session: Session, move: Move) -> bool:
    """Plans "hold A over B": in the air above it, not on it."""
    above = [c for c in move.relations if c.phrase in ("above", "over") and not c.restrictive]
    if not above:
        return False
    thing = session.resolver.one(move.things[0], "object")
    target = session.resolver.one(above[0].things[0], "place")
    session.flush([thing])
    session.reach([Literal("over", (thing, target))])
    session.discourse.note_objects([thing], move.things[-1])
    session.discourse.note_place(target)
    return True


def _stack(session: Session, things: Sequence[NounPhrase]) -> bool:
    ids = session.resolver.all_of(things, "object")
    if len(ids) < 2:
        return False
    session.flush(ids)
    session.reach(Literal("on", (upper, lower)) for lower, upper in pairwise(ids))
    session.discourse.note_objects(ids)
    return True


def split_person(session: Session, things: Sequence[NounPhrase]) -> tuple[str | None, tuple[NounPhrase, ...]]:
    """Splits "me the can" and "the man the can" into person and things."""
    if not things:
        return None, ()
    first = things[0]
    if first.pronoun in ("him", "her"):
        return session.resolver.one(first, "person"), tuple(things[1:])
    if first.pronoun in _PEOPLE:
        return session.resolver.person(), tuple(things[1:])
    if len(things) > 1 and first.words and fits(session, first, "person") and not fits(session, first, "object"):
        return session.resolver.one(first, "person"), tuple(things[1:])
    return None, tuple(things)


def fits(session: Session, phrase: NounPhrase, role: Role) -> bool:
    """Returns whether a phrase means anything of a role."""
    try:
        return bool(session.resolver.resolve(replace(phrase, quantity="all"), role))
    except PlanningError:
        return False
