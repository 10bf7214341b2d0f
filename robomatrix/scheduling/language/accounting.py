"""What of an instruction was understood: nothing that was named may be passed over in silence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from robomatrix.scheduling.language.calls import BODY
from robomatrix.scheduling.language.chunks import Chunk
from robomatrix.scheduling.language.clauses import Tokens
from robomatrix.scheduling.language.commands import fits
from robomatrix.scheduling.language.discourse import Unresolved
from robomatrix.scheduling.language.entities import CLASS
from robomatrix.scheduling.language.noun_words import VESSELS
from robomatrix.scheduling.language.phrases import NounPhrase
from robomatrix.scheduling.language.reading import ENGLISH
from robomatrix.scheduling.language.reference import STATES
from robomatrix.scheduling.language.session import Session
from robomatrix.scheduling.language.text import Token

_COLOUR = (("colour",), ("color",))


def account_for(session: Session, verbs: Sequence[Token], tokens: Tokens) -> None:
    """Asks where something in the scene was named and nothing came of it: then a part was not understood."""
    used = {
        *session.discourse.mentioned,
        *session.discourse.places,
        *session.discourse.untouchable,
        session.discourse.focus,
    }
    used.update(str(v) for step in session.plan.steps for v in step.arguments.values())
    used.update(id_ for group in session.discourse.objects for id_ in group)
    used.update(session.discourse.initial.container_of(id_) or "" for id_ in tuple(used))
    used.update(session.discourse.considered)
    names = {word for e in session.index.entities if e.id in used for phrase in e.heads for word in phrase}
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        after = following.text if following is not None else ""
        compound = following is not None and following.lemma in session.index.nouns
        compound = compound or (token.text == "can" and after in ("you", "we", "i", "u", "not"))
        compound = compound or (token.text in VESSELS and after == "of")  # "a glass of water" is water
        if token.lemma in names or compound or any(token is verb for verb in verbs):
            continue
        called = [e.id for e in session.index.entities if e.entity and e.heads.get((token.lemma,), 0.0) >= CLASS]
        if called:
            raise Unresolved(f"I did not understand what to do with '{token.text}'.", candidates=called)


def understood(session: Session, chunks: Iterable[Chunk]) -> None:
    """Asks where a piece of what was planned means nothing here: "(put it in the box) with a ribbon"."""
    for chunk in chunks:
        for thing in chunk.things:
            if chunk.relation != "via" and not _means_something(session, thing):
                said = f"{chunk.phrase} {thing.text}".strip()
                raise Unresolved(f"I do not know what to make of '{said}'.", [thing.text])


def _means_something(session: Session, thing: NounPhrase) -> bool:
    lexicon, index = session.lexicon, session.index
    if thing.pronoun or thing.alternative or not thing.words or thing.head in ("one", "thing"):
        return True
    if thing.head in lexicon.parts | lexicon.tails | lexicon.surroundings | lexicon.manners | BODY:
        return True
    if index.is_bare_floor(thing.words) or index.ontology.kind(thing.head) == "region":
        return True
    words = tuple(word for word in thing.words if word not in STATES)  # it may no longer be so
    plain = replace(thing, words=words, modifiers=(), without=(), selectors=(), bears=(), count=1)
    considered = set(session.discourse.considered)
    known = words[-1:] in _COLOUR or fits(session, plain, "any")
    session.discourse.considered = considered  # to be known is not to be made use of
    return known or any(index.fit(index.by_id[id_], words) for id_ in session.discourse.untouchable)


def unknown_words(session: Session, tokens: Sequence[Token]) -> list[str]:
    """Returns the first words that mean nothing here."""
    known = session.index.words | session.index.nouns | session.lexicon.words | ENGLISH
    return [t.text for t in tokens if t.is_word and len(t.text) > 2 and t.text not in known and t.lemma not in known][
        :3
    ]
