"""Commands that name one of the robot's own skills: "turn left 90 degrees", "squat to half a metre", "dribble forward".

Nothing here knows a particular robot: phrases come from the skill's name and from ``config/commands.yaml``, values from
the measures, directions, choices and things that are said, types, units and ranges from the skill's spec.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from robomatrix.errors import ArgumentsError
from robomatrix.scheduling.language.chunks import Chunk, Chunker
from robomatrix.scheduling.language.discourse import Discourse, Unresolved
from robomatrix.scheduling.language.filling import Filler, Filling
from robomatrix.scheduling.language.lexicon import Lexicon, verb_base
from robomatrix.scheduling.language.phrases import NounPhrase
from robomatrix.scheduling.language.reference import Resolver
from robomatrix.scheduling.language.text import Token, lemmas, word_set
from robomatrix.scheduling.ontology import Ontology
from robomatrix.scheduling.plan import PlanStep
from robomatrix.skills.spec import SkillSpec

CORE = frozenset({"move_to", "grasp", "position_over", "release", "open", "close", "shoot", "cross", "stop"})
"""Skills that goals are reached with; they are not called by name."""
IN_HAND = "in the hand"
"""Says in a skill's text that it is about whatever is held, which a sentence may name or not."""
BODY = word_set("hand arm foot leg knee body finger gripper wrist palm head eye side posture pose step")
_WORDLESS = frozenset({"still", "distance"})
_PERSONS = frozenset({"me", "us", "him", "her"})
_IGNORED_WORDS = word_set(
    "to by for at with your the a an of in for about around on until while it own robot itself yourself from again "
    "some more then body hand hands foot feet arm arms position posture pose down up height level high low"
)


@dataclass(frozen=True)
class Call:
    """A skill that a clause may call, and how many words of it name the skill."""

    spec: SkillSpec
    length: int


@dataclass(frozen=True)
class SkillCalls:
    """The skills of a robot that are called by name."""

    skills: Sequence[SkillSpec]
    lexicon: Lexicon

    def phrases(self) -> frozenset[tuple[str, ...]]:
        """Returns the phrases with which a call may begin, in the forms of commands."""
        return frozenset(phrase for spec in self._callable() for phrase in self._phrases(spec.name))

    def offers(self, skill: str) -> bool:
        """Returns whether a skill is called by name, and not for what it brings about."""
        return any(spec.name == skill for spec in self._callable())

    def calls(self, tokens: Sequence[Token]) -> list[Call]:
        """Returns the skills that a clause may call, the longest phrase first, of equals the one that is named."""
        texts = tuple(t.text for t in tokens)
        found = [
            Call(spec, max(map(len, said))) for spec in self._callable() if (said := self._matches(spec.name, texts))
        ]
        return sorted(found, key=lambda call: (-call.length, call.spec.name not in texts[:1]))

    def of_others(self, tokens: Sequence[Token]) -> str:
        """Returns the words with which tokens call a skill that some robot has and this one has not; "" for none."""
        own, texts = {spec.name for spec in self.skills}, tuple(t.text for t in tokens)
        found = [p for name in self.lexicon.skills if name not in own for p in self._matches(name, texts)]
        return " ".join(max(found, key=len, default=()))

    def _matches(self, name: str, texts: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Returns the phrases for a skill that texts begin with."""
        starts = {(base, *texts[1:]) for base in verb_base(texts[0])} if texts else set()
        return [p for p in self._phrases(name) if any(start[: len(p)] == p for start in starts)]

    def _callable(self) -> Iterable[SkillSpec]:
        return (spec for spec in self.skills if not self._is_core(spec))

    @staticmethod
    def _is_core(spec: SkillSpec) -> bool:
        return spec.name in CORE and (spec.name in ("stop",) or bool(spec.parameters))

    def _phrases(self, name: str) -> set[tuple[str, ...]]:
        return {phrase for phrase in (tuple(name.split("_")), *self.lexicon.skills.get(name, ())) if phrase}

    def _goes_without_saying(self, chunk: Chunk, spec: SkillSpec, discourse: Discourse) -> bool:
        """True for things that the skill is about anyway: its ball, its hoop, a hand, what is in the hand."""
        if not chunk.things or any(thing.modifiers or thing.without for thing in chunk.things):
            return False
        strolling = "vx" in {p.name for p in spec.parameters}
        if strolling and chunk.relation in ("to", "near"):  # where to is no small matter for a walk
            return False
        if IN_HAND in spec.text and chunk.relation == "to":  # "roll it towards the fingers"
            return False
        placed = chunk.relation in ("to", "near", "on", "in")
        return all(self._is_implied(thing, spec, discourse, placed) for thing in chunk.things)

    def _is_implied(self, thing: NounPhrase, spec: SkillSpec, discourse: Discourse, placed: bool) -> bool:
        if thing.head in BODY | _WORDLESS:
            return True
        if thing.pronoun in (
            "it",
            "them",
            "this",
            "that",
            "held",
        ):  # what the skill is about, unless it means something else
            return not discourse.objects
        if IN_HAND in spec.text and not placed:  # not so "(turn it) upside down"
            return thing.definite or thing.head in discourse.index.nouns
        ontology = discourse.index.ontology
        told = {word for text in (spec.text, spec.name) for word in lemmas(text)}
        if thing.pronoun in _PERSONS:
            return any(ontology.kind(word) == "person" for word in told)
        if any(_cluster(ontology, thing.head) & _cluster(ontology, word) for word in told):
            return True
        bare = not discourse.index.scene.objects and not discourse.index.scene.locations
        return (
            bare
            and not placed
            and thing.definite
            and thing.head in self.lexicon.words | discourse.index.nouns
            and (ontology.kind(thing.head) in (None, "person") or thing.head in ("floor", "ground"))
        )

    def step(self, call: Call, tokens: Sequence[Token], discourse: Discourse) -> PlanStep | None:
        """Returns the step that a clause calls for; None if the clause says something that the skill has no use for.

        Raises:
            Unresolved: a value is missing, out of range, or names nothing in the scene.
        """
        chunks = Chunker(tuple(tokens[call.length :]), discourse.index, self.lexicon).run()
        filling = Filling()
        Filler(call.spec, chunks, tokens, Resolver(discourse), filling).fill()
        unused = [c for i, c in enumerate(chunks) if i not in filling.used and not _is_filler(c)]
        left = [c for c in unused if not self._goes_without_saying(c, call.spec, discourse)]
        if left or (not filling.values and call.spec.name == "go_to"):
            return None
        said = {(token.lemma,) for token in tokens[: call.length]}
        discourse.considered.update(e.id for e in discourse.index.entities if said & set(e.heads))
        discourse.considered.update(id_ for chunk in unused for id_ in _meant(chunk, discourse))
        try:
            bound = call.spec.bind(filling.values)
        except ArgumentsError as error:
            raise Unresolved(f"{str(error)[0].upper()}{str(error)[1:]}.") from None
        return PlanStep(call.spec.name, {p.name: bound[p.name] for p in call.spec.parameters})


def _cluster(ontology: Ontology, word: str) -> frozenset[str]:
    return frozenset({word}) | ontology.classes.get(word, frozenset())


def _meant(chunk: Chunk, discourse: Discourse) -> Iterable[str]:
    """Returns what the things of a chunk may stand for; for what goes without saying, that is enough."""
    heads = {(thing.head,) for thing in chunk.things}
    return (e.id for e in discourse.index.entities if heads & set(e.heads))


def _is_filler(chunk: Chunk) -> bool:
    if chunk.kind in ("word", "particle"):
        return chunk.text in _IGNORED_WORDS
    return False
