"""What "it", "them", "there" and "me" mean."""

from __future__ import annotations

from dataclasses import dataclass

from robomatrix.scheduling.language.discourse import Discourse, Role, Unresolved, fills
from robomatrix.scheduling.language.phrases import NounPhrase
from robomatrix.scheduling.language.text import lemmas
from robomatrix.scheduling.scene import START

_SELF = frozenset({"me", "us", "myself", "i"})
_OTHERS = frozenset({"him", "her"})


@dataclass(frozen=True)
class Pronouns:
    """Finds what pronouns stand for in a discourse."""

    discourse: Discourse

    def meaning(self, phrase: NounPhrase, role: Role) -> list[str]:
        """Returns the ids that a pronoun stands for. Raises Unresolved if it stands for nothing."""
        pronoun = phrase.pronoun
        if pronoun == "held":
            return [self._held()]
        if pronoun in _OTHERS and (person := self._last_mentioned("person")):
            return [person]
        if pronoun in _SELF or role == "person" or pronoun in ("him", "her", "everyone"):
            return [self.person()]
        if pronoun == "here":
            return [self.person()]
        if pronoun == "home":
            return [START]
        if pronoun == "there" or role in ("place", "openable"):
            return [self._last_place(phrase, role)]
        if role in ("target", "obstacle") and (seen := self._last_mentioned(role)):
            return [seen]
        if pronoun == "it" and role == "any" and self.discourse.mentioned:
            return [self.discourse.mentioned[-1]]
        return self._last_objects(phrase)

    def _held(self) -> str:
        held = self.discourse.state.holding
        if held is None:
            raise Unresolved("I am not holding anything.")
        return held

    def person(self) -> str:
        """Returns the person who is asking: the only one, or the one called user; the start where there is none."""
        people = [e for e in self.discourse.index.entities if e.kind == "person"]
        asking = [e for e in people if {"user", "operator", "me"} & {*lemmas(e.name), *lemmas(e.id)}]
        if len(people) > 1 and len(asking) != 1:
            raise Unresolved(f"Who: {' or '.join(e.name for e in people)}?", candidates=[e.id for e in people])
        return (asking or people)[0].id if people else START

    def _last_mentioned(self, role: Role) -> str | None:
        by_id = self.discourse.index.by_id
        recent = (*reversed(self.discourse.mentioned), self.discourse.focus)
        return next((id_ for id_ in recent if id_ in by_id and fills(role, by_id[id_])), None)

    def _last_place(self, phrase: NounPhrase, role: Role) -> str:
        index = self.discourse.index
        objects = [id_ for group in self.discourse.objects for id_ in group]
        for id_ in (*reversed(self.discourse.places), *reversed(objects)):
            if fills(role if role != "place" else "any", index.by_id[id_]) and (
                role != "place" or id_ not in self._recent()
            ):
                return id_
        whence = [self.discourse.initial.resting.get(id_) for id_ in reversed(objects)]
        for id_ in filter(None, whence):  # "take it out of the box and close it"
            if role == "openable" and id_ in index.by_id and fills(role, index.by_id[id_]):
                return id_
        openable = [e.id for e in index.entities if fills("openable", e)]
        if role == "openable" and len(openable) == 1:
            return openable[0]
        raise Unresolved(f"What do you mean by '{phrase.text}'?")

    def _with_bearer(self, ids: list[str]) -> list[str]:
        """Returns "the spoon and the bowl" for a single thing that was put into another: they are "them" together."""
        resting = self.discourse.state.resting
        bearer = resting.get(ids[0]) if len(ids) == 1 else None
        return [*ids, bearer] if bearer in resting else ids

    def _recent(self) -> tuple[str, ...]:
        return self.discourse.objects[-1] if self.discourse.objects else ()

    def _last_objects(self, phrase: NounPhrase) -> list[str]:
        groups = self.discourse.objects
        held = self.discourse.state.holding
        if phrase.plural:
            if groups and len(groups[-1]) == 1:  # "take the can and the ball ... put them": said one after the other
                return self._with_bearer(list(dict.fromkeys(id_ for group in groups for id_ in group)))
            if groups:
                return list(groups[-1])
        if groups:
            return list(groups[-1])
        if held:
            return [held]
        raise Unresolved(f"What do you mean by '{phrase.text}'?")
