"""Skills of the mobile manipulators (EP and S1), the meta-skills of RoboMatrix and a few of our own.

Only :mod:`specs` is needed to plan; the code of the skills comes with :func:`skills`.
"""

from __future__ import annotations

from robomatrix.skills.base import Skill


def skills() -> tuple[type[Skill], ...]:
    """Returns the family, for the entry-point group ``robomatrix.skills``."""
    from robomatrix.skills.mobile_manipulation.basic import GoTo, LookAround, Stop, Turn
    from robomatrix.skills.mobile_manipulation.cross import Cross
    from robomatrix.skills.mobile_manipulation.drawer import Close, Open
    from robomatrix.skills.mobile_manipulation.grasp import Grasp
    from robomatrix.skills.mobile_manipulation.move_to import MoveTo
    from robomatrix.skills.mobile_manipulation.place import PositionOver, Release
    from robomatrix.skills.mobile_manipulation.shoot import Shoot

    return (MoveTo, Grasp, PositionOver, Release, Open, Close, Shoot, Cross, Turn, GoTo, LookAround, Stop)
