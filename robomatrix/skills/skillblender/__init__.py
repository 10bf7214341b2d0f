"""Humanoid skills after SkillBlender (arXiv 2506.09366): walk, reach, squat, step, and tasks blended of them.

Only :mod:`specs` is needed to plan; the code of the skills comes with :func:`skills`.
"""

from __future__ import annotations

from robomatrix.skills.base import Skill


def skills() -> tuple[type[Skill], ...]:
    """Returns the family, for the entry-point group ``robomatrix.skills``."""
    from robomatrix.skills.skillblender.bench_skills import BENCH_SKILLS
    from robomatrix.skills.skillblender.primitives import Reach, Squat, SquatH1, SquatH12, Stand, Walk, WalkTo
    from robomatrix.skills.skillblender.stepping import Step

    return (Stand, Walk, WalkTo, Reach, Squat, SquatH1, SquatH12, Step, *BENCH_SKILLS)
