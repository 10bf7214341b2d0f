"""Instructions that ask for harm, by the words of ``config/safety.yaml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from robomatrix.scheduling.language.entities import EntityIndex
from robomatrix.scheduling.language.lexicon import PhraseTable, load_lexicon, verb_base
from robomatrix.scheduling.language.reading import read
from robomatrix.scheduling.language.text import Token
from robomatrix.scheduling.safety import SafetyRules
from robomatrix.scheduling.scene import PlanningScene

_NEGATIONS = frozenset({"not", "never", "without", "avoid", "dont"})
_TOWARDS = frozenset({"at", "onto", "on", "over", "against"})


def instruction_hazard(instruction: str, scene: PlanningScene, rules: SafetyRules) -> str | None:
    """Returns why an instruction about a scene is refused for what it asks, None if it is not."""
    index = EntityIndex(scene)
    return hazard(read(instruction[: rules.limits.instruction], index, load_lexicon(), rules), index, rules)


def hazard(
    tokens: Sequence[Token], index: EntityIndex, rules: SafetyRules, own: frozenset[str] = frozenset()
) -> str | None:
    """Returns why an instruction is refused for what it asks, None if it is not.

    Args:
        tokens: the instruction.
        index: the scene's entities.
        rules: what is harmful.
        own: verbs that the robot has a skill for ("kick"), which are harmful only to the living.
    """
    harmful = _table(rules)
    for at, token in enumerate(tokens):
        match = harmful.verb_at(tokens, at)
        if match is None or _negated(tokens, at) or _allowed(tokens, at, match.length, match.value, rules.harm):
            continue
        if at and (taken_back := load_lexicon().corrections.at(tokens, at)) and taken_back.length > match.length:
            continue  # "strike that"
        if match.value in own and not any(_is_living(t, index) for t in tokens[at + 1 : at + 7]):
            continue
        noun = token.text in rules.harm["nouns"] and at and tokens[at - 1].text in ("a", "the", "my", "your", "our")
        if match.length == 1 and (
            token.lemma in index.words or noun or token.text != token.lemma and at and not _verb_place(tokens, at)
        ):
            continue
        return f"I will not do that: {rules.harm['flaw']} ('{match.value}')."
    return _aimed_at_somebody(tokens, index, rules.harm)


@cache
def _tables(phrases: tuple[str, ...]) -> PhraseTable[str]:
    return PhraseTable((phrase, phrase) for phrase in phrases)


def _table(rules: SafetyRules) -> PhraseTable[str]:
    return _tables(tuple(rules.harm["verbs"]))


def _negated(tokens: Sequence[Token], at: int) -> bool:
    return any(t.text in _NEGATIONS for t in tokens[max(0, at - 4) : at])


def _verb_place(tokens: Sequence[Token], at: int) -> bool:
    return tokens[at - 1].text in ("to", "and", "then", ",", "you", "it", "please", "by")


def _allowed(tokens: Sequence[Token], at: int, length: int, verb: str, harm: Mapping[str, Any]) -> bool:
    words = harm["allowed"].get(verb, ())
    following = {t.lemma for t in tokens[at + length : at + length + 8]}
    if following and tokens[at + length].text == "it":  # what was spoken of before
        following = {t.lemma for t in tokens[max(0, at - 8) : at]}
    return any(set(word.split()) <= following for word in words)


def _aimed_at_somebody(tokens: Sequence[Token], index: EntityIndex, harm: Mapping[str, Any]) -> str | None:
    projectile = set(harm["projectile"])
    for at, token in enumerate(tokens):
        if not projectile & set(verb_base(token.text)) or _negated(tokens, at):
            continue
        rest = tokens[at + 1 :]
        victim = _victim(
            rest, index, direct=token.text in ("shoot", "fire", "aim"), sharp=_names_sharp_thing(rest, index)
        )
        if victim:
            return f"I will not {token.text} anything at {victim}: {harm['flaw']}."
    return None


def _victim(tokens: Sequence[Token], index: EntityIndex, *, direct: bool, sharp: bool) -> str | None:
    """Returns who stands after "at" (or right after "shoot", or after "to" where something sharp is thrown)."""
    towards = _TOWARDS | {"to", "for"} if sharp else _TOWARDS
    for i, token in enumerate(tokens[:12]):
        if token.text in (".", ";", "then", "before", "because"):
            return None
        if token.text in ("me", "us") and i and tokens[i - 1].text == "for":  # as a favour
            continue
        aimed = any(t.text in towards for t in tokens[max(0, i - 3) : i]) or (direct and i < 4)
        if aimed and _is_living(token, index):
            return token.text
    return None


def _names_sharp_thing(tokens: Sequence[Token], index: EntityIndex) -> bool:
    ontology = index.ontology
    named = {c for t in tokens[:8] for c in (t.lemma, *ontology.classes.get(t.lemma, ()))}
    return any(ontology.wider(c) & {"sharp thing", "weapon", "fire source"} for c in named)


def _is_living(token: Token, index: EntityIndex) -> bool:
    if token.text in (
        "me",
        "him",
        "her",
        "us",
        "them",
        "someone",
        "somebody",
        "people",
        "everyone",
        "yourself",
        "myself",
    ):
        return token.text != "them"
    classes = index.ontology.classes.get(token.lemma, frozenset())
    living = {"person"} | {c for c in classes if "animal" in index.ontology.is_a.get(c, ())}
    named = any(e.kind == "person" and token.lemma in e.attributes for e in index.entities)
    return bool(classes & living) or named
