"""Which entities a noun phrase means, given the scene, the state and what was said before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from robomatrix.scheduling.language.discourse import Discourse, Role, Unresolved, fills
from robomatrix.scheduling.language.entities import CLASS, NAME, PART, SYNONYM, WIDER, Described, Fit, name_words
from robomatrix.scheduling.language.lexicon import load_lexicon
from robomatrix.scheduling.language.naming import ambiguous, missing, name, say
from robomatrix.scheduling.language.noun_words import PACKAGES
from robomatrix.scheduling.language.phrases import Modifier, NounPhrase, rivals
from robomatrix.scheduling.language.pronouns import Pronouns
from robomatrix.scheduling.language.selectors import alike, nearest, select
from robomatrix.scheduling.language.text import lemmas
from robomatrix.scheduling.language.whereabouts import is_at, is_on_floor, may_be_at

STATES = {"open": "open", "opened": "open", "closed": "closed", "shut": "closed", "empty": "empty", "full": "full"}


@dataclass(frozen=True)
class Resolver:
    """Finds the entities that noun phrases mean."""

    discourse: Discourse

    def all_of(
        self, phrases: Iterable[NounPhrase], role: Role, wanted: Callable[[str], bool] | None = None
    ) -> list[str]:
        """Returns the ids that several phrases mean together, without repetition."""
        found: list[str] = []
        single: list[tuple[NounPhrase, list[str]]] = []
        for phrase in phrases:
            if phrase.alternative and found:
                self.consider(phrase)
                continue
            meant = self.resolve(phrase, role, wanted)
            if any(meant == ids and rivals(phrase, other) for other, ids in single):
                raise Unresolved(f"I find only one {phrase.head}.", [say(phrase)])
            single.append((phrase, meant))
            found += [id_ for id_ in meant if id_ not in found]
        return found

    def one(self, phrase: NounPhrase, role: Role, wanted: Callable[[str], bool] | None = None) -> str:
        """Returns the single id that a phrase means. Raises Unresolved for none or several."""
        found = self.resolve(phrase, role, wanted)
        if len(found) > 1:
            raise ambiguous(self.discourse, phrase, found)
        return found[0]

    def resolve(self, phrase: NounPhrase, role: Role, wanted: Callable[[str], bool] | None = None) -> list[str]:
        """Returns the ids that a phrase means, at least one.

        Args:
            phrase: the words.
            role: what is looked for.
            wanted: holds for ids that make sense for the command (not already where they should go); used to choose
                between several, never to exclude the only one.

        Raises:
            Unresolved: nothing fits, or a phrase for one thing fits several.
        """
        if phrase.pronoun:
            found = Pronouns(self.discourse).meaning(phrase, role)
            excluded = self._excluded(phrase) if phrase.without else set()
            if not set(found) - excluded:
                raise Unresolved(f"Nothing is left of {say(phrase)}.")
            return [id_ for id_ in found if id_ not in excluded]
        found = self._matching(phrase, role)
        self.discourse.considered.update(found)
        if phrase.quantity in ("all", "each"):
            return self._every(phrase, found)
        if phrase.quantity == "any":
            return [self._best(found, wanted)]
        if phrase.quantity == "count":
            return self._some(phrase, found, wanted)
        return [self._single(phrase, found, wanted)]

    def consider(self, phrase: NounPhrase) -> None:
        """Notes everything that a phrase might mean."""
        for excluded in phrase.without:
            self.consider(excluded)
        words = tuple(word for word in phrase.words if word not in STATES) or phrase.words
        fits = self._fits(words, "any") if words else []
        self.discourse.considered.update(entity.id for entity, _ in fits)

    # --- candidates ----------------------------------------------------------------------------------------------

    def _matching(self, phrase: NounPhrase, role: Role) -> list[str]:
        if phrase.words in (("thing",), ("stuff",)) and not phrase.modifiers and self.discourse.scope:
            return [id_ for id_ in self.discourse.scope if id_ not in self.discourse.untouchable]
        fits = self._described(phrase, role)
        found = list(fits)
        for modifier in phrase.modifiers:
            found = self._narrowed(phrase, found, modifier)
        best = max((fit.directness for fit in fits.values()), default=0.0)  # where there is wine, a wine glass is none
        found = [id_ for id_ in found if best < CLASS or not WIDER + 0.9 < fits[id_].directness <= PART + 0.5]
        if phrase.without:
            excluded = self._excluded(phrase)
            found = [id_ for id_ in found if id_ not in excluded]
        if found and min(fits[id_].doubts for id_ in found) > min(fit.doubts for fit in fits.values()) == 0:
            found = []  # "the red can in the box", where the red can is elsewhere
        found = self._closest(phrase, {id_: fits[id_] for id_ in found})
        if phrase.quantity in ("all", "each"):
            found = [id_ for id_ in found if id_ not in self.discourse.untouchable]
        found = self._selected(phrase, found) if phrase.selectors else found
        if not found:
            raise Unresolved(f"I find no {say(phrase)}.", [say(phrase)])
        found = [id_ for id_ in found if id_ not in self.discourse.untouchable] or found
        if role == "place" and phrase.head not in ("one", "thing"):
            self.discourse.place_head = phrase.head
        return found

    def _selected(self, phrase: NounPhrase, found: list[str]) -> list[str]:
        if self.discourse.listed:  # "(put the book there ...) take the book on the left": another one
            found = [id_ for id_ in found if id_ not in self.discourse.handled] or found
            if alike(self.discourse, found):
                return found
        return select(self.discourse, phrase, found)

    def _described(self, phrase: NounPhrase, role: Role) -> dict[str, Fit]:
        """Returns every entity that the words fit at all."""
        stateful = [w for w in phrase.words[:-1] if w in STATES]
        if stateful and not self._named_so(stateful[0], role):
            plain = replace(phrase, words=tuple(w for w in phrase.words if w not in stateful))
            described = self._described(plain, role)
            return {id_: fit for id_, fit in described.items() if all(self._is_so(id_, w) for w in stateful)}
        fits = self._fits(phrase.words, role)
        if phrase.head == "one":
            head = self.discourse.place_head if role == "place" else self.discourse.head
            inherited = (*phrase.words[:-1], head or self.discourse.head)
            kind = self._fits(inherited, role) if inherited[-1] else []
            kind = [(e, fit) for e, fit in kind if fit.doubts == 0 or e.id not in self.discourse.untouchable]
            fits = kind or fits or self._bare(phrase, role)
        if not fits and phrase.fallback:
            return self._described(replace(phrase, words=phrase.fallback, fallback=()), role)
        fits = fits or self._plainly_named(phrase, role)
        if not fits or self._other_colours(phrase, role, fits):
            raise missing(phrase, self._fits((phrase.head,), role) if phrase.head else ())
        return {entity.id: fit for entity, fit in fits}

    def _plainly_named(self, phrase: NounPhrase, role: Role) -> list[tuple[Described, Fit]]:
        """Returns what is only called a "jar" for a "cookie jar", where there is but one and nothing else is a jar."""
        index = self.discourse.index
        head = phrase.words[-1:]
        packed = self._fits(phrase.words[:-1], role) if phrase.head in PACKAGES else []
        named = len(packed) == 1 and packed[0][0].is_object and packed[0][1].directness >= CLASS
        if named and packed[0][1].doubts == 0:
            return packed  # "the cream cheese box" where there is cream cheese
        told = any(index.is_attribute(word) or word in STATES for word in phrase.words[:-1])
        if told or len(phrase.words) < 2 or phrase.quantity == "count":
            return []
        called = [e for e in index.entities if head in e.heads]
        plain = len(called) == 1 and called[0].entity is not None and name_words(called[0].name) == head
        return [(called[0], Fit(SYNONYM, 1))] if plain and fills(role, called[0]) else []

    def _other_colours(self, phrase: NounPhrase, role: Role, fits: list[tuple[Described, Fit]]) -> bool:
        """True where nothing is known to have a colour that is asked for, while things of the kind have others."""
        colours = self.discourse.index.ontology.colours
        if min(fit.doubts for _, fit in fits) == 0 or not any(w in colours for w in phrase.words):
            return False
        plain = tuple(w for w in phrase.words if w not in colours)
        coloured = (*(w for w in phrase.words[:-1] if w in colours), phrase.head)
        if any(fit.doubts == 0 for _, fit in self._fits(coloured, role)):
            return False
        return bool(plain) and any(e.colours for e, _ in self._fits(plain, role))

    def _closest(self, phrase: NounPhrase, fits: dict[str, Fit]) -> list[str]:
        """Returns those that the words fit best; for "all" also those that they fit less directly."""
        if not fits:
            return []
        fewest = min(fit.doubts for fit in fits.values())
        most = max(fit.directness for fit in fits.values() if fit.doubts == fewest)
        floor = most - 0.5
        near = [id_ for id_, fit in fits.items() if fit.doubts == fewest and fit.directness >= floor]
        if phrase.quantity == "count" and len(near) < phrase.count:
            floor = SYNONYM
        if phrase.quantity == "all" and phrase.count > 1:  # both of them: the two that the words fit best
            ranked = sorted((id_ for id_ in fits if fits[id_].doubts == fewest), key=lambda id_: -fits[id_].directness)
            least = fits[ranked[: phrase.count][-1]].directness - 0.5
            if len(ranked) >= phrase.count and all(fits[id_].directness < least for id_ in ranked[phrase.count :]):
                return [id_ for id_ in fits if id_ in ranked[: phrase.count]]
        if phrase.quantity in ("all", "each"):  # "all the shirts": the shirt and the pink shirt
            floor = min(floor, NAME)
        if phrase.quantity in ("all", "each") and most < NAME + 1.0:
            floor = WIDER if phrase.head in self.discourse.index.ontology.categories else min(SYNONYM, floor)
        return [id_ for id_, fit in fits.items() if fit.doubts == fewest and fit.directness >= floor]

    def _named_so(self, word: str, role: Role) -> bool:
        """True if a state is part of a name ("empty glass")."""
        return any(word in e.attributes for e in self.discourse.index.entities if fills(role, e))

    def _is_so(self, id_: str, word: str) -> bool:
        state = self.discourse.state
        if STATES[word] == "empty":
            return not state.contents(id_)
        if STATES[word] == "full":
            return bool(state.contents(id_))
        location = state.scene.location(id_)
        return location is not None and location.openable and (id_ in state.closed) == (STATES[word] == "closed")

    def _bare(self, phrase: NounPhrase, role: Role) -> list[tuple[Described, Fit]]:
        """Returns what "the red one" or "the left one" may be where nothing was named: the verb tells its sort."""
        if len(phrase.words) > 1:
            return self._fits(phrase.words[:-1], role)
        told = role in ("openable", "target", "obstacle", "person")
        return [(e, Fit(CLASS, 0)) for e in self.discourse.index.entities if fills(role, e)] if told else []

    def _fits(self, words: tuple[str, ...], role: Role) -> list[tuple[Described, Fit]]:
        index = self.discourse.index
        fits = [(e, fit) for e in index.entities if fills(role, e) and (fit := index.fit(e, words))]
        if role in ("place", "any"):
            return self._placed(fits, role)
        return fits

    @staticmethod
    def _placed(fits: list[tuple[Described, Fit]], role: Role) -> list[tuple[Described, Fit]]:
        """Prefers places to objects where a place is asked for and both fit about equally well."""
        still = [(e, fit) for e, fit in fits if not e.is_object]
        if role == "any" or not still:
            return fits
        best = max(fit.directness - 3 * fit.doubts for _, fit in still)
        better = [(e, fit) for e, fit in fits if e.is_object and fit.directness - 3 * fit.doubts > best + 1.5]
        return better or still

    def _narrowed(self, phrase: NounPhrase, found: list[str], modifier: Modifier) -> list[str]:
        if any(self.discourse.index.is_bare_floor(place.words) for place in modifier.places):
            kept, names, places = [id_ for id_ in found if is_on_floor(self.discourse.state, id_)], "the floor", set()
        else:
            places = self._modifying_all(modifier)
            if places is None:
                return found
            unlisted = all(map(self._is_room, modifier.places))
            if unlisted and (named := [id_ for id_ in found if id_ in places]):
                return named  # "the table in the kitchen" is the kitchen table
            kept = [id_ for id_ in found if is_at(self.discourse, id_, places, modifier.relation)]
            kept = kept or [id_ for id_ in found if may_be_at(self.discourse, id_, places, modifier.relation)]
            if not kept and unlisted:  # where only furniture is listed
                return found
            names = " or ".join(name(self.discourse, place) for place in sorted(places))
        if not kept:
            raise Unresolved(
                f"There is no {say(replace(phrase, modifiers=()))} {modifier.relation} {names}.",
                [say(replace(phrase, modifiers=()))],
            )
        return nearest(self.discourse, kept, sorted(places)) if modifier.relation == "near" else kept

    def _modifying_all(self, modifier: Modifier) -> set[str] | None:
        """Returns the places a modifier may mean; None for rooms, of which the scene does not say what is in them."""
        places: set[str] = set()
        for place in modifier.places:
            try:
                places.update(self._modifying(place))
            except Unresolved:
                if not self._is_room(place):
                    raise
        by_id, resting = self.discourse.index.by_id, self.discourse.state.resting
        told = any(place in by_id and by_id[place].kind == "region" for place in resting.values())
        self.discourse.considered.update(places)
        regions = all(by_id[id_].kind == "region" for id_ in places)
        return None if regions and not told else places

    def _is_room(self, place: NounPhrase) -> bool:
        """True for a room, a wall or a floor that the scene does not list."""
        index = self.discourse.index
        listed = any(e.kind == "region" and index.fit(e, place.words) for e in index.entities)
        room = index.ontology.kind(" ".join(place.words)) == "region" or place.head in load_lexicon().surroundings
        return room and not listed

    def _modifying(self, place: NounPhrase) -> list[str]:
        """Returns every entity that a modifier's place may mean: the narrowed noun decides between them."""
        if place.pronoun:
            return Pronouns(self.discourse).meaning(place, "any")
        plural = replace(place, quantity="all", count=1)
        try:
            return self._matching(plural, "place")
        except Unresolved:
            return self._matching(plural, "any")

    def _excluded(self, phrase: NounPhrase) -> set[str]:
        excluded = set(self.discourse.untouchable)
        for other in phrase.without:
            inherited = replace(other, quantity="all")
            if other.head == "one" and phrase.head not in ("one", "thing"):
                inherited = replace(inherited, words=(*other.words[:-1], phrase.head))
            try:
                excluded.update(self.resolve(inherited, "any"))
            except Unresolved:
                continue  # what is not here need not be left out
        return excluded

    # --- choosing ------------------------------------------------------------------------------------------------

    def _every(self, phrase: NounPhrase, found: list[str]) -> list[str]:
        if phrase.count > 1 and phrase.quantity == "all" and len(found) < phrase.count:
            raise Unresolved(f"I find only {len(found)} of {phrase.count} {say(phrase)}.", [say(phrase)])
        lifeless = [id_ for id_ in found if not self._alive(id_)]
        return lifeless or found

    def _alive(self, id_: str) -> bool:
        entity = self.discourse.index.by_id[id_]
        return entity.is_object and ("animal",) in entity.heads

    def _some(self, phrase: NounPhrase, found: list[str], wanted: Callable[[str], bool] | None) -> list[str]:
        if len(found) == 1 and "pair" in phrase.text.split():  # a pair of jeans is one thing
            return found
        if len(found) < phrase.count:
            raise Unresolved(f"I find only {len(found)} of {phrase.count} {say(phrase)}.", [say(phrase)])
        resting = self.discourse.state.resting
        single = "single" in phrase.text.split()  # not part of a stack
        ranked = sorted(
            found,
            key=lambda id_: (
                single and (resting.get(id_) in resting or self._covered(id_)),
                not _sensible(wanted, id_),
            ),
        )
        return ranked[: phrase.count]

    def _best(self, found: list[str], wanted: Callable[[str], bool] | None) -> str:
        state = self.discourse.state

        def cost(id_: str) -> tuple[bool, ...]:
            hidden = state.container_of(id_) in state.closed if id_ in state.resting else False
            unwanted = wanted is not None and not wanted(id_)
            return (unwanted, id_ in self.discourse.handled, self._covered(id_), hidden)

        return min(found, key=cost)

    def _single(self, phrase: NounPhrase, found: list[str], wanted: Callable[[str], bool] | None) -> str:
        if len(found) == 1:
            return found[0]
        answered = self._answered(found)
        if answered:
            return answered
        if self.discourse.initial.holding in found and self.discourse.state.holding in found and phrase.definite:
            return str(self.discourse.state.holding)  # what was in the hand all along needs no name
        said = [id_ for id_ in reversed(self.discourse.mentioned) if id_ in found]
        fresh = [id_ for id_ in found if _sensible(wanted, id_)]  # "take the soap ... take the soap": another one
        if said and len(fresh) == 1 and not _sensible(wanted, said[0]):
            return fresh[0]
        if said and (phrase.head != "one" or phrase.text.split()[0] in ("that", "this")):
            return said[0]
        found = self._shared(phrase, found)
        if len(found) == 1:
            return found[0]
        focused = [id_ for id_ in found if self.discourse.state.container_of(id_) == self.discourse.focus]
        if len(focused) == 1:
            return focused[0]
        if wanted is not None:
            sensible = [id_ for id_ in found if wanted(id_)]
            if len(sensible) == 1:
                return sensible[0]
            found = sensible or found
        bare = [id_ for id_ in found if not self._covered(id_)]
        if len(bare) == 1:
            return bare[0]
        if (self.discourse.listed or not phrase.definite) and alike(self.discourse, bare):
            return self._best(bare, wanted)
        raise ambiguous(self.discourse, phrase, bare or found)

    def _covered(self, id_: str) -> bool:
        """Returns whether something stands on a thing, so that it can neither be lifted nor bear more."""
        state = self.discourse.state
        bears = id_ in state.resting and not self.discourse.index.by_id[id_].holds
        return bears and bool(state.contents(id_))

    def _shared(self, phrase: NounPhrase, found: list[str]) -> list[str]:
        if not phrase.shared:
            return found
        index = self.discourse.index
        fits = {id_: index.fit(index.by_id[id_], (*phrase.shared, *phrase.words)) for id_ in found}
        return [id_ for id_, fit in fits.items() if fit is not None and fit.doubts == 0] or found

    def _answered(self, found: list[str]) -> str | None:
        """Returns the candidate that an answer to an earlier question picks out."""
        for answer in reversed(self.discourse.answers):
            words = set(lemmas(answer))
            scores = {id_: self._overlap(id_, words) for id_ in found}
            best = max(scores.values())
            if best > 0 and list(scores.values()).count(best) == 1:
                return max(scores, key=scores.__getitem__)
        return None

    def _overlap(self, id_: str, words: set[str]) -> int:
        entity = self.discourse.index.by_id[id_]
        own = {*entity.attributes, *entity.colours, *lemmas(id_)}
        place = self.discourse.state.resting.get(id_)
        if place:
            own |= set(lemmas(name(self.discourse, place)))
        return len(own & words)

    def person(self) -> str:
        """Returns the person who is asking: the only one, or the one called user; the start where there is none."""
        return Pronouns(self.discourse).person()


def _sensible(wanted: Callable[[str], bool] | None, id_: str) -> bool:
    return wanted is None or wanted(id_)
