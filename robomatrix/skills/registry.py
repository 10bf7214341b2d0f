"""Skills by name, our own and those of installed packages (entry-point group ``robomatrix.skills``)."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import entry_points

from robomatrix.errors import ConfigurationError, UnknownNameError
from robomatrix.skills.base import Skill

ENTRY_POINT_GROUP = "robomatrix.skills"


class SkillRegistry:
    """The skills that one robot offers."""

    def __init__(self, skills: Iterable[type[Skill]]) -> None:
        self._skills: dict[str, type[Skill]] = {}
        for skill in skills:
            if self._skills.setdefault(skill.spec.name, skill) is not skill:
                raise ConfigurationError(f"two skills are named '{skill.spec.name}'")

    def __getitem__(self, name: str) -> type[Skill]:
        if name not in self._skills:
            raise UnknownNameError("skill", name, self._skills)
        return self._skills[name]

    @property
    def idle(self) -> type[Skill] | None:
        """The skill that runs while no other is asked for; None for robots that rest by themselves."""
        return next((skill for skill in self._skills.values() if skill.idle), None)

    def __iter__(self) -> Iterable[type[Skill]]:
        return iter(self._skills.values())

    def __len__(self) -> int:
        return len(self._skills)


def registry_for(robot: str) -> SkillRegistry:
    """Returns every registered skill that names the robot."""
    found = (entry.load() for entry in entry_points(group=ENTRY_POINT_GROUP))
    skills = [skill for family in found for skill in family()]
    return SkillRegistry(skill for skill in skills if robot in skill.spec.robots)
