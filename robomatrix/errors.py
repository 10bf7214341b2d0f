"""Every error that the library raises on purpose.

RobomatrixError
├── ConfigurationError      a file, a parameter or a name is wrong; the message lists what would be right
│   ├── UnknownNameError    a robot, scene, driver, skill or planner that does not exist
│   ├── SceneError          a planning-scene or world description that is malformed
│   └── PolicyError         a checkpoint that is damaged or made for something else
├── DriverError             the robot or simulator cannot be reached or refuses
├── ArgumentsError          a skill was given wrong arguments
├── PreconditionError       a skill cannot start in the present state; says what is missing
└── PlanningError           no executable plan could be made
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class RobomatrixError(Exception):
    """Base of the tree; catch a level of it, never a list."""


class ConfigurationError(RobomatrixError):
    """A file, a parameter or a name is wrong."""


class UnknownNameError(ConfigurationError):
    """A name that is not registered; the message lists the names that are."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        choices = sorted(known)
        close = difflib.get_close_matches(str(name), choices, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        super().__init__(f"unknown {kind} '{name}'{hint} Known: {', '.join(choices) or 'none'}.")
        self.kind, self.name, self.known = kind, name, tuple(choices)


class SceneError(ConfigurationError):
    """A planning-scene or world description that is malformed."""


class PolicyError(ConfigurationError):
    """A checkpoint that is damaged or made for another robot, joint order or observation."""


class DriverError(RobomatrixError):
    """The robot or simulator cannot be reached or refuses; the message says what to check."""


class ArgumentsError(RobomatrixError):
    """A skill was given arguments that do not fit its specification."""


class PreconditionError(RobomatrixError):
    """A skill cannot start in the present state; the message says what is missing."""


class PlanningError(RobomatrixError):
    """No executable plan could be made; the message says why."""
