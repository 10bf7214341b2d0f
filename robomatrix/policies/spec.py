"""What a checkpoint says of itself: ``spec.yaml`` beside ``policy.safetensors``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from robomatrix.errors import PolicyError
from robomatrix.robots.spec import RobotSpec

FORMAT = 1
"""Of spec.yaml; a newer one is refused."""


@dataclass(frozen=True)
class Term:
    """One part of the observation vector."""

    name: str
    size: int
    unit: str = ""
    """Of the value before scaling."""
    scale: float = 1.0
    """The network sees value * scale."""


@dataclass(frozen=True)
class PolicySpec:
    """All that a policy assumes of the robot and of the code that feeds it."""

    family: str
    """Such as ``skillblender``."""
    name: str
    robot: str
    rate: float
    """Of the actions [Hz]."""
    joints: tuple[str, ...]
    """The whole action, in order."""
    observation: tuple[Term, ...]
    """In the order of the network's input."""
    outputs: tuple[str, ...]
    """What the network's output moves, in order."""
    action_scale: float
    """Joint offset per unit of output [rad]."""
    hidden: tuple[int, ...]
    """Widths of the network's hidden layers."""
    activation: str = "elu"
    home: tuple[float, ...] = ()
    """Pose that offsets count from, by :attr:`joints` [rad]; empty where actions are absolute."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What a family needs besides, such as the feed-forward's name and figures."""
    training: Mapping[str, Any] = field(default_factory=dict)
    """How it was made: command, seed, samples, seconds, machine, date, result."""
    weights: str = ""
    """SHA-256 of policy.safetensors, so that an altered file is noticed."""
    format: int = FORMAT

    @property
    def observation_size(self) -> int:
        """Length of the network's input."""
        return sum(term.size for term in self.observation)

    def to_dict(self) -> dict[str, Any]:
        """Returns plain lists and mappings for YAML."""
        return _plain(asdict(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], where: str) -> PolicySpec:
        """Builds a spec; PolicyError names the place and the first key that is unknown or missing."""
        known = {f.name for f in fields(cls)}
        unknown = [key for key in data if key not in known]
        if unknown:
            raise PolicyError(f"{where}: unknown key '{unknown[0]}'; keys: {', '.join(sorted(known))}")
        if data.get("format") != FORMAT:
            raise PolicyError(f"{where}: format {data.get('format')} is not format {FORMAT}, which this version reads")
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
        try:
            return cls(**{**values, "observation": tuple(Term(**term) for term in data["observation"])})
        except (KeyError, TypeError) as error:
            raise PolicyError(f"{where}: {error}") from error

    def require(self, robot: RobotSpec, observation: Sequence[Term] | None = None) -> None:
        """Checks that the policy fits a robot and the observation that the code makes.

        Raises:
            PolicyError: names the first difference: robot, a joint, the home pose, a term.
        """
        where = f"{self.family}/{self.robot}/{self.name}"
        if self.robot != robot.name:
            raise PolicyError(f"{where} was made for robot '{self.robot}', not '{robot.name}'")
        lacking = [joint for joint in self.joints if joint not in robot.joint_names]
        if lacking:
            raise PolicyError(f"{where}: the robot has no joint '{lacking[0]}'")
        for joint, angle in zip(self.joints, self.home, strict=False):
            here = robot.joint(joint).home
            if abs(here - angle) > 1e-6:
                raise PolicyError(f"{where}: {joint} rests at {angle:g} in the policy, at {here:g} here")
        _same_order(where, "observation term", self.observation, tuple(observation or self.observation))

    def require_joints(self, joints: Sequence[str]) -> None:
        """Raises PolicyError naming the first joint whose place differs."""
        _same_order(f"{self.family}/{self.robot}/{self.name}", "joint", self.joints, tuple(joints))


def _same_order(where: str, kind: str, ours: Sequence[Any], theirs: Sequence[Any]) -> None:
    for place, (mine, other) in enumerate(zip(ours, theirs, strict=False)):
        if mine != other:
            raise PolicyError(f"{where}: {kind} {place} is {mine} in the policy and {other} here")
    if len(ours) != len(theirs):
        raise PolicyError(f"{where}: {len(ours)} {kind}s in the policy and {len(theirs)} here")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
