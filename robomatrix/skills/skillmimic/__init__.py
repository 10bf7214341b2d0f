"""Basketball skills of the player, learnt from motion clips (after SkillMimic, arXiv 2408.15270).

Only :mod:`specs` is needed to plan; the code of the skills comes with :func:`skills`.
"""

from __future__ import annotations

from robomatrix.skills.base import Skill


def skills() -> tuple[type[Skill], ...]:
    """Returns the family, for the entry-point group ``robomatrix.skills``."""
    from robomatrix.skills.skillmimic.ball_in_hand import BounceBall, PassTo, ShootBall
    from robomatrix.skills.skillmimic.basketball import Catch, PickUpBall, Stand

    return (Stand, PickUpBall, Catch, PassTo, ShootBall, BounceBall)
