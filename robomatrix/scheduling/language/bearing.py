"""Things that bear things: "the cup with the spoon in it", "the watch in the bowl on the shelf"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from robomatrix.errors import PlanningError
from robomatrix.scheduling.language.moves import Move
from robomatrix.scheduling.language.phrases import Modifier, NounPhrase
from robomatrix.scheduling.language.session import Session
from robomatrix.scheduling.symbolic import Literal


def with_cargo(session: Session, move: Move) -> Move:
    """Reads "(put) the cup with the spoon (on the shelf)" as a cup that is to bear a spoon, if cups can."""
    first = move.relations[0] if len(move.relations) > 1 and len(move.things) == 1 else None
    if first is None or first.phrase != "with":
        return move
    try:
        bearers = session.resolver.resolve(move.things[0], "object")
        session.resolver.all_of(first.things, "object")
    except PlanningError:
        return move
    if not all(session.index.by_id[id_].holds for id_ in bearers):
        return replace(move, things=(*move.things, *first.things), relations=move.relations[1:])
    bearer = replace(move.things[0], bears=(*move.things[0].bears, *first.things))
    return replace(move, things=(bearer,), relations=move.relations[1:])


def load(session: Session, things: Sequence[NounPhrase]) -> tuple[NounPhrase, ...]:
    """Puts what a thing is said to bear into it, unless it is there; returns the phrases, of one thing as "it".

    Raises:
        PlanningError: the thing bears nothing.
    """
    for phrase in (t for t in things if t.bears):
        bearer = session.resolver.one(_loaded(session, phrase), "object")
        if not session.index.by_id[bearer].holds:
            raise PlanningError(f"Nothing can be put into the {session.index.by_id[bearer].name}.")
        outside = {o.id for o in session.request.scene.objects} - set(session.state.contents(bearer))
        cargo = session.resolver.all_of(phrase.bears, "object", outside.__contains__)
        session.reach(Literal("on", (id_, bearer)) for id_ in cargo if id_ != bearer)
        session.discourse.note_objects([bearer, *cargo], phrase)
        if len(things) == 1:
            session.discourse.note_objects([bearer])
            return (NounPhrase(pronoun="it", text=phrase.text),)
    return tuple(things)


def _loaded(session: Session, phrase: NounPhrase) -> NounPhrase:
    """Returns the thing that already bears what it is said to, if there is one."""
    marked = replace(phrase, modifiers=(*phrase.modifiers, Modifier("near", phrase.bears)), bears=())
    try:
        alone = len(session.resolver.resolve(marked, "object")) == 1
    except PlanningError:
        alone = False
    return marked if alone else replace(phrase, bears=())


def nested_moves(session: Session, move: Move) -> tuple[Move, ...]:
    """Returns "A in B" and "B on C" for "put A in B on C" where A is not in B yet nor B on C; nothing for the rest."""
    goals = [c for c in move.relations if c.relation not in ("from", "side", "near", "at") and not c.restrictive]
    if len(goals) != 2 or goals[0].relation not in ("in", "on") or len(goals[0].things) != 1 or not move.things:
        return ()
    try:
        bearers = session.resolver.resolve(goals[0].things[0], "object")
        session.resolver.all_of(move.things, "object")
        session.resolver.all_of(goals[1].things, "place")
    except PlanningError:
        return ()
    if len(bearers) != 1 or not session.index.by_id[bearers[0]].holds:
        return ()
    return Move(move.things, (goals[0],), move.particles), Move(goals[0].things, (goals[1],), move.particles)


def rides(session: Session, id_: str, things: Sequence[str]) -> bool:
    """Returns whether something goes along in a bowl, a box or the like that is moved itself."""
    bearer = session.state.resting.get(id_)
    return bearer is not None and bearer in things and session.index.by_id[bearer].holds
