"""One motion clip of a person and a ball: the neutral form that every loader yields and every tool takes.

Frames: z up, floor at z = 0, metres, seconds; quaternions are (w, x, y, z); the pelvis frame has x forward, y left, z
up. The file format ``.npz`` holds the fields of :class:`Clip` under their own names (see docs/skillmimic.md).
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError
from robomatrix.motions.rotations import angular_velocity

Array = NDArray[np.float64]
REQUIRED = ("rate", "bodies", "positions", "pelvis_orientation", "ball_position", "ball_orientation", "contact")


@dataclass(frozen=True, eq=False)
class Clip:
    """A person and a ball over T frames."""

    name: str
    label: str
    """Skill that the clip shows, such as ``catch``."""
    rate: float
    """Frames a second [Hz]."""
    bodies: tuple[str, ...]
    positions: Array
    """(T, B, 3) body positions in the world [m]."""
    pelvis_orientation: Array
    """(T, 4)."""
    ball_position: Array
    """(T, 3) centre of the ball [m]."""
    ball_orientation: Array
    """(T, 4)."""
    contact: NDArray[np.bool_]
    """(T,) whether a hand touches the ball."""

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def duration(self) -> float:
        """Length [s]."""
        return len(self) / self.rate

    def body(self, name: str) -> Array:
        """Returns the (T, 3) track of one body. Raises ConfigurationError naming the bodies there are."""
        if name not in self.bodies:
            raise ConfigurationError(f"{self.name}: no body '{name}'; bodies: {', '.join(self.bodies)}")
        return self.positions[:, self.bodies.index(name)]

    def velocities(self) -> Array:
        """Returns (T, B, 3) body velocities [m/s] by central differences."""
        return np.gradient(self.positions, 1.0 / self.rate, axis=0)

    def ball_velocity(self) -> Array:
        """Returns the (T, 3) ball velocity [m/s]."""
        return np.gradient(self.ball_position, 1.0 / self.rate, axis=0)

    def pelvis_angular_velocity(self) -> Array:
        """Returns the (T, 3) angular velocity in the world [rad/s], differenced on quaternions."""
        return angular_velocity(self.pelvis_orientation, self.rate)


def validate(clip: Clip, source: str) -> Clip:
    """Returns the clip, or raises ConfigurationError naming the file.

    The field, the frame and the entry that is wrong.
    """
    frames = len(clip.positions)
    if frames < 3:
        raise ConfigurationError(f"{source}: {frames} frame(s); a clip needs at least 3 to have velocities")
    if not 10.0 <= clip.rate <= 1000.0:
        raise ConfigurationError(f"{source}: rate is {clip.rate:g} Hz; expected 10 to 1000 Hz")
    if len(set(clip.bodies)) != len(clip.bodies):
        raise ConfigurationError(f"{source}: bodies names a body twice")
    shapes = {
        "positions": (frames, len(clip.bodies), 3),
        "pelvis_orientation": (frames, 4),
        "ball_position": (frames, 3),
        "ball_orientation": (frames, 4),
        "contact": (frames,),
    }
    for field, shape in shapes.items():
        _check_array(source, field, getattr(clip, field), shape)
    return clip


def _check_array(source: str, field: str, array: Array, shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise ConfigurationError(f"{source}: {field} has shape {array.shape}; expected {shape}")
    if array.dtype == bool:
        return
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        where = ", ".join(str(i) for i in bad[0][1:])
        raise ConfigurationError(f"{source}: {field}[{where}] is not finite at frame {bad[0][0]}")
    if field.endswith("orientation") and np.any(np.abs(np.linalg.norm(array, axis=1) - 1.0) > 1e-3):
        frame = int(np.argmax(np.abs(np.linalg.norm(array, axis=1) - 1.0)))
        raise ConfigurationError(f"{source}: {field} is not a unit quaternion at frame {frame}")


def save_npz(clip: Clip, path: Path) -> None:
    """Writes the neutral format; the file appears only once it is complete."""
    part = path.with_suffix(".part.npz")
    np.savez_compressed(part, label=clip.label, **{name: np.asarray(getattr(clip, name)) for name in REQUIRED})
    part.replace(path)


def load_npz(path: Path) -> Clip:
    """Reads the neutral format. Raises ConfigurationError naming the file and what is wrong with it."""
    try:
        with np.load(path, allow_pickle=False) as data:
            fields = {name: data[name] for name in data.files}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise ConfigurationError(f"{path}: not a motion file (.npz): {error}") from error
    missing = [name for name in REQUIRED if name not in fields]
    if missing:
        raise ConfigurationError(f"{path}: lacks {', '.join(missing)}; a clip holds {', '.join(REQUIRED)}")
    clip = Clip(
        name=path.stem,
        label=str(fields.get("label", "")),
        rate=float(fields["rate"]),
        bodies=tuple(str(name) for name in fields["bodies"]),
        positions=fields["positions"].astype(float),
        pelvis_orientation=fields["pelvis_orientation"].astype(float),
        ball_position=fields["ball_position"].astype(float),
        ball_orientation=fields["ball_orientation"].astype(float),
        contact=fields["contact"].astype(bool),
    )
    return validate(clip, str(path))
