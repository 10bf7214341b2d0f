"""What a robot knows of its surroundings: the vocabulary that perception, skills and scheduling share.

Positions are in the ``odom`` frame, whose origin is where the robot was switched on (REP-105); metres, radians,
seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

Vector3 = tuple[float, float, float]


@dataclass(frozen=True)
class SceneObject:
    """One thing in the scene, perceived or (for evaluation only) true."""

    id: str
    """Stable name of this instance, such as ``can_1``."""
    name: str
    """What a person would call it, such as ``red can``."""
    category: str
    """Class in the ontology: can, bottle, ball, box, bin, table, drawer, bar, target, ..."""
    colour: str
    position: Vector3
    """Centre of the bounding box [m]."""
    yaw: float = 0.0
    """Heading of its front [rad]; 0 where it has none."""
    size: Vector3 = (0.0, 0.0, 0.0)
    """Extent along its own x, y, z [m]."""
    openness: float | None = None
    """0 closed to 1 open; None for what does not open."""
    hits: int = 0
    """Beads that struck it (targets)."""
    confidence: float = 1.0
    """0 to 1."""
    stamp: float = 0.0
    """When it was last seen [s]."""


@dataclass(frozen=True)
class World:
    """The belief a skill works on: objects by id, and what the gripper is believed to hold."""

    stamp: float = 0.0
    objects: Mapping[str, SceneObject] = field(default_factory=dict)
    holding: str | None = None
    """Id of the object in the gripper."""

    def of_category(self, *categories: str) -> tuple[SceneObject, ...]:
        """Returns the objects of the given categories, in the order of their ids."""
        found = (o for o in self.objects.values() if o.category in categories)
        return tuple(sorted(found, key=lambda o: o.id))

    def with_holding(self, object_id: str | None) -> World:
        """Returns the same belief with another content of the gripper."""
        return replace(self, holding=object_id)
