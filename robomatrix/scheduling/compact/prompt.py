"""What the small planner model is told: the letters' meanings, the skills that are called by name, the instruction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from robomatrix.scheduling.compact.linking import Linked
from robomatrix.scheduling.language.calls import CORE
from robomatrix.skills.spec import SkillSpec


def called_skills(skills: Iterable[SkillSpec]) -> tuple[SkillSpec, ...]:
    """Returns the skills that no goal needs and that are called by name."""
    return tuple(spec for spec in skills if spec.name not in CORE or (spec.name != "stop" and not spec.parameters))


def compact_prompt(linked: Linked, skills: Sequence[str]) -> str:
    """Returns the prompt; the answer follows it at once."""
    known = ", ".join(map(str, linked.slots))
    return f"{' '.join(skills)}\n{known}\n{linked.text}\n"
