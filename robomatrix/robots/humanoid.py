"""What policies must know of a humanoid beyond its URDF: body names, joint order, proportions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from robomatrix.errors import UnknownNameError

Pair = tuple[str, str]
"""Names of the left and the right one."""


@dataclass(frozen=True)
class Humanoid:
    """Names and proportions; joints in the policies' order, left before right."""

    name: str
    joints: tuple[str, ...]
    """Joints that the policies move; the others hold their home position."""
    feet: Pair
    """Links of the feet."""
    hands: Pair
    """Links of the hands."""
    hand_point: tuple[float, float, float]
    """Point of the hand that reaches, in the hand's link [m]."""
    torso: str
    height: float
    """Of the pelvis over the floor in the home pose [m]."""
    leg: float
    """Hip to ankle in the home pose [m]."""
    reach_radius: float
    """Of the sphere round the resting hand on which reaching goals lie (paper, section III) [m]."""

    @property
    def legs(self) -> tuple[int, ...]:
        """Indices of the leg joints in :attr:`joints`."""
        return tuple(i for i, j in enumerate(self.joints) if any(k in j for k in ("hip", "knee", "ankle")))

    def ankle(self, side: str) -> int:
        """Returns the place of a foot's pitch joint."""
        name = f"{side}_ankle_pitch_joint"
        return self.index(name if name in self.joints else f"{side}_ankle_joint")

    def ankle_roll(self, side: str) -> int | None:
        """Returns the place of a foot's roll joint; None where the robot has none."""
        name = f"{side}_ankle_roll_joint"
        return self.index(name) if name in self.joints else None

    def index(self, joint: str) -> int:
        """Returns the place of a joint in the policies' order."""
        return self.joints.index(joint)


def _sided(*names: str) -> tuple[str, ...]:
    return tuple(f"{side}_{name}_joint" for side in ("left", "right") for name in names)


_G1 = Humanoid(
    name="g1",
    joints=(
        *_sided("hip_pitch", "hip_roll", "hip_yaw", "knee", "ankle_pitch", "ankle_roll"),
        "waist_yaw_joint",
        *_sided("shoulder_pitch", "shoulder_roll", "shoulder_yaw", "elbow"),
    ),
    feet=("left_ankle_roll_link", "right_ankle_roll_link"),
    hands=("left_hand_link", "right_hand_link"),
    hand_point=(0.0415, 0.0, 0.0),
    torso="torso_link",
    height=0.778,
    leg=0.62,
    reach_radius=0.15,
)
_H1 = Humanoid(
    name="h1",
    joints=(
        *_sided("hip_yaw", "hip_roll", "hip_pitch", "knee", "ankle"),
        "torso_joint",
        *_sided("shoulder_pitch", "shoulder_roll", "shoulder_yaw", "elbow"),
    ),
    feet=("left_ankle_link", "right_ankle_link"),
    hands=("left_elbow_link", "right_elbow_link"),
    hand_point=(0.28, 0.0, -0.015),
    torso="torso_link",
    height=1.027,
    leg=0.78,
    reach_radius=0.25,
)
_H1_2 = Humanoid(
    name="h1_2",
    joints=(
        *_sided("hip_yaw", "hip_pitch", "hip_roll", "knee", "ankle_pitch", "ankle_roll"),
        "torso_joint",
        *_sided("shoulder_pitch", "shoulder_roll", "shoulder_yaw", "elbow"),
    ),
    feet=("left_ankle_roll_link", "right_ankle_roll_link"),
    hands=("left_hand_link", "right_hand_link"),
    hand_point=(0.04, 0.0, 0.0),
    torso="torso_link",
    height=1.016,
    leg=0.78,
    reach_radius=0.25,
)

HUMANOIDS: Mapping[str, Humanoid] = MappingProxyType({h.name: h for h in (_G1, _H1, _H1_2)})


def humanoid(name: str) -> Humanoid:
    """Returns the description of a humanoid; UnknownNameError lists those that exist."""
    if name not in HUMANOIDS:
        raise UnknownNameError("humanoid", name, HUMANOIDS)
    return HUMANOIDS[name]
