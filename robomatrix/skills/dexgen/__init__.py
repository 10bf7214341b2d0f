"""In-hand skills: hold, rotate, translate, regrasp, follow an operator, release (DexGen, arXiv 2502.04307).

Only :mod:`specs` is needed to plan; the code of the skills comes with :func:`skills`.
"""

from __future__ import annotations

from robomatrix.skills.base import Skill


def skills() -> tuple[type[Skill], ...]:
    """Returns the family, for the entry-point group ``robomatrix.skills``."""
    from robomatrix.skills.dexgen.follow import Follow
    from robomatrix.skills.dexgen.hold import Hold, Release
    from robomatrix.skills.dexgen.rotate import Regrasp, Rotate
    from robomatrix.skills.dexgen.translate import Translate

    return (Hold, Rotate, Translate, Regrasp, Follow, Release)
