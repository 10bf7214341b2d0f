"""What the emulated robot makes of its documentation, and how it may lie."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Conventions:
    """What the documentation leaves open; see ``docs/drivers.md``."""

    arm_unit: float = 0.01
    """Length of one unit of ``robotic_arm`` [m]: 0.01 as documented, 0.001 as some firmware has it."""
    wheels: tuple[str, str, str, str] = ("fr", "fl", "rr", "rl")
    """Which wheel w1..w4 are: the text SDK's order."""
    move_clockwise: bool = False
    """Sense of ``chassis move z``; ``chassis speed z`` is always clockwise."""
    version: str = "00.00.00.60"


@dataclass
class Faults:
    """Robots that lie; all off by default, switched while running."""

    inert: set[str] = field(default_factory=set)
    """Parts that answer ok and do nothing: chassis, arm, gripper, blaster."""
    frozen_range: float | None = None
    """[m]; a distance that is reported whatever is there."""
    not_a_number: bool = False
    """Pushes and answers hold ``nan``."""
