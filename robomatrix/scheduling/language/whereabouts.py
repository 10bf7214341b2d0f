"""Whether a thing is where words say that it is, as far as the scene tells."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING

from robomatrix.scheduling.language.selectors import within_reach
from robomatrix.scheduling.symbolic import SymbolicState

if TYPE_CHECKING:
    from robomatrix.scheduling.language.discourse import Discourse

_BESIDE = ("near", "side", "at")


def is_at(discourse: Discourse, id_: str, places: Set[str], relation: str) -> bool:
    """Returns whether a thing is in, on or beside one of some places; of a place itself only what is not denied."""
    state = discourse.state
    place = state.resting.get(id_)
    if place in places or (place is not None and state.container_of(id_) in places):
        return True
    if relation in _BESIDE and (id_ in state.resting or any(p in state.resting for p in places)):
        beside = {state.container_of(p) for p in places if p in state.resting and p != id_}
        return place is not None and state.container_of(id_) in beside or _holds_any(state, id_, places)
    things = any(p in state.resting for p in places)
    return id_ not in state.resting and id_ not in places and not things  # where a place is, is not known


def may_be_at(discourse: Discourse, id_: str, places: Set[str], relation: str) -> bool:
    """Returns whether the scene leaves open that a thing is there: which room its table is in, how near it is."""
    by_id, resting = discourse.index.by_id, discourse.state.resting
    if relation in _BESIDE:
        return any(within_reach(discourse, id_, place) for place in places - {id_})
    place = discourse.state.container_of(id_) if id_ in resting else None
    return place in by_id and by_id[place].kind != "region" and all(by_id[p].kind == "region" for p in places)


def is_on_floor(state: SymbolicState, id_: str) -> bool:
    """Returns whether a thing lies on the floor of a scene that does not list it."""
    return state.resting.get(id_) is None and id_ != state.holding


def _holds_any(state: SymbolicState, place: str, things: Set[str]) -> bool:
    return any(state.container_of(t) == place for t in things if t in state.resting)
