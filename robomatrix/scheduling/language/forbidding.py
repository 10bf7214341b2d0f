"""What must not be done: noted before anything is planned, and held to in the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from robomatrix.errors import PlanningError
from robomatrix.scheduling.language.clause_words import ALONE, TOUCHES
from robomatrix.scheduling.language.clauses import Clause
from robomatrix.scheduling.language.discourse import Role
from robomatrix.scheduling.language.phrases import NounPhrase
from robomatrix.scheduling.language.session import Session

_OTHERS = frozenset({"other", "others", "rest", "remaining"})


def note_prohibitions(session: Session, clauses: Sequence[Clause]) -> None:
    """Notes what is not to be moved, touched or opened: "but not the red one", "leave it alone", "don't open A"."""
    opened = any(_opens(clause) for clause in clauses if not clause.negated)
    for clause in (c for c in clauses if c.negated):
        things = _things(session, clause)
        if _opens(clause):
            session.discourse.shut.update(() if opened else _meant(session, things, "openable"))
            continue
        found = _meant(session, things, "object")
        session.discourse.untouchable.update(found)
        if clause.unable in TOUCHES or ALONE & {t.text for t in clause.whole}:
            session.discourse.forbidden.update(found)


def obey(session: Session) -> None:
    """Refuses what was forbidden in the same breath: "don't touch the can, and put the can in the box".

    Raises:
        PlanningError: something is to be left alone or shut, and the plan would move or open it.
    """
    discourse, steps = session.discourse, session.plan.steps
    brought = {spec.name: spec.effects for spec in session.request.skills}
    opening = {name for name, ends in brought.items() if any(e.predicate == "open" and not e.negated for e in ends)}
    taken = {str(value) for step in steps for value in step.arguments.values()}
    opened = {str(value) for step in steps if step.skill in opening for value in step.arguments.values()}
    for id_ in sorted(taken & discourse.forbidden | opened & discourse.shut):
        kept = "left alone" if id_ in discourse.forbidden else "kept shut"
        called = session.index.by_id[id_].name
        raise PlanningError(f"The {called} is to be {kept}, you said, and something is to be done with it, too.")


def _opens(clause: Clause) -> bool:
    return clause.verb is not None and "open" in clause.verb.value.intents


def _things(session: Session, clause: Clause) -> list[NounPhrase]:
    wide = clause.verb is None  # "do not tamper with the can"
    chunks = session.chunks(clause.objects)
    named = (t for c in chunks if wide or c.kind == "things" for t in c.things if not t.pronoun)
    return [t for t in named if not _OTHERS & set(t.selectors)][:3]  # whatever else there is, is not asked for


def _meant(session: Session, things: Iterable[NounPhrase], role: Role) -> set[str]:
    found: set[str] = set()
    for thing in things:
        try:
            found.update(session.resolver.resolve(replace(thing, quantity="all"), role))
        except PlanningError:
            continue  # what is not here need not be left alone
    return found
