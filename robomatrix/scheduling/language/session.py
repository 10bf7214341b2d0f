"""The state of interpreting one instruction: what was said, what is planned so far, and how to take it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from robomatrix.scheduling.expansion import Expansion
from robomatrix.scheduling.language.calls import SkillCalls
from robomatrix.scheduling.language.chunks import Chunk, Chunker
from robomatrix.scheduling.language.clauses import Clause
from robomatrix.scheduling.language.discourse import Discourse, Unresolved
from robomatrix.scheduling.language.entities import EntityIndex
from robomatrix.scheduling.language.lexicon import Lexicon, load_lexicon
from robomatrix.scheduling.language.reference import Resolver
from robomatrix.scheduling.language.text import Token
from robomatrix.scheduling.plan import PlanRequest, PlanStep
from robomatrix.scheduling.symbolic import Literal, SymbolicState
from robomatrix.skills.spec import SkillSpec


@dataclass(frozen=True)
class Snapshot:
    """What a correction goes back to."""

    state: SymbolicState
    steps: tuple[PlanStep, ...]
    goals: tuple[Literal, ...]
    pending: tuple[str, ...]
    handled: frozenset[str]
    acts: int


@dataclass
class Session:
    """Interprets into a growing plan."""

    request: PlanRequest
    index: EntityIndex
    discourse: Discourse
    plan: Expansion
    calls: SkillCalls
    lexicon: Lexicon = field(default_factory=load_lexicon)
    goals: list[Literal] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    """Taken, as far as words go; gripped when it is clear what becomes of them."""
    held: str | None = None
    """What was to be held and should be in the end."""
    acts: int = 0
    """Clauses that were understood as something to do."""

    @classmethod
    def of(cls, request: PlanRequest, index: EntityIndex, answers: tuple[str, ...] = ()) -> Session:
        """Returns a fresh session for a request."""
        state = SymbolicState.of(request.scene)
        discourse = Discourse(index, state, state, answers=answers)
        skills: Mapping[str, SkillSpec] = {spec.name: spec for spec in request.skills}
        # where the robot stands is a rough guess; every plan approaches what it works on
        plan = Expansion(replace(state, place=None), skills)
        return cls(request, index, discourse, plan, SkillCalls(request.skills, load_lexicon()))

    @property
    def state(self) -> SymbolicState:
        """The state that the plan so far leads to."""
        return self.plan.state

    @property
    def in_hand(self) -> bool:
        """Whether something is held or taken, as far as words go."""
        return bool(self.pending) or self.state.holding is not None

    @property
    def resolver(self) -> Resolver:
        """Finds entities in the state that the plan so far leads to."""
        self.discourse.state = self.plan.state
        return Resolver(self.discourse)

    def chunks(self, tokens: Sequence[Token]) -> list[Chunk]:
        """Returns the chunks of a clause without its verb."""
        return Chunker(tuple(tokens), self.index, self.lexicon).run()

    def can(self, predicate: str, negated: bool = False) -> bool:
        """Returns whether some skill of the robot brings a predicate about."""
        effects = (effect for spec in self.request.skills for effect in spec.effects)
        return any(e.predicate == predicate and e.negated == negated for e in effects)

    def reach(self, literals: Iterable[Literal]) -> None:
        """Appends what makes literals true, and makes them goals."""
        for literal in literals:
            self.goals = [g for g in self.goals if not _contradict(g, literal)]
            self.plan.reach(literal)
            self.goals.append(literal)
        self.acts += 1

    def step(self, step: PlanStep) -> None:
        """Appends a skill that was called by name."""
        self.flush()
        self.plan.add(step)
        self.acts += 1

    def take(self, ids: Sequence[str]) -> None:
        """Notes that things are to be taken; the next words say what for."""
        self.flush(ids)
        self.pending = list(ids)
        self.acts += 1

    def flush(self, moved: Sequence[str] = ()) -> None:
        """Grips what is pending unless the next command moves it anyway."""
        pending, self.pending = self.pending, []
        if not pending or set(pending) <= set(moved) or (len(pending) > 1 and set(pending) & set(moved)):
            return
        if len(pending) > 1:
            raise Unresolved("I can hold one thing at a time; where should they go?", candidates=pending)
        self.held = pending[0]
        self.reach([Literal("holding", (pending[0],))])

    def finish(self) -> None:
        """Grips what is to be held in the end."""
        self.flush()
        held = self.held
        if held and self.state.holding != held and Literal("holding", (held,)) in self.goals:
            self.plan.reach(Literal("holding", (held,)))

    def snapshot(self) -> Snapshot:
        """Returns what :meth:`restore` goes back to."""
        return Snapshot(
            self.plan.state,
            tuple(self.plan.steps),
            tuple(self.goals),
            tuple(self.pending),
            frozenset(self.discourse.handled),
            self.acts,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Takes back what was planned since; what was mentioned stays mentioned."""
        self.plan.state, self.plan.steps = snapshot.state, list(snapshot.steps)
        self.goals, self.pending = list(snapshot.goals), list(snapshot.pending)
        self.discourse.handled = set(snapshot.handled)
        self.acts = snapshot.acts


@dataclass(frozen=True)
class Said:
    """A clause and what it would take to take it back."""

    clause: Clause
    chunks: tuple[Chunk, ...]
    before: Snapshot
    start: Snapshot
    """Before what it goes on with: "take A and bring it to B"."""


def _contradict(old: Literal, new: Literal) -> bool:
    if old == new:
        return True
    if old.predicate == new.predicate == "open":
        return old.arguments == new.arguments
    if old.predicate in ("on", "holding") and new.predicate in ("on", "holding"):
        return old.arguments[0] == new.arguments[0] or old.predicate == new.predicate == "holding"
    return old.predicate == new.predicate == "at"
