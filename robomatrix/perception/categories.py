"""What perception knows of colours and categories beforehand, read from ``config/perception.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError, UnknownNameError
from robomatrix.hardware.driver import Array
from robomatrix.perception.silhouette import Cuboid, Disc, Lying, Solid, Sphere, Tray, Upright
from robomatrix.resources import load_yaml, resource


@dataclass(frozen=True)
class ColourModel:
    """A named colour as ranges in hue, saturation and value."""

    name: str
    hue: tuple[float, float]
    """[deg]; wraps round where the first is larger."""
    saturation: tuple[float, float]
    """0 to 1."""
    value: tuple[float, float]
    """0 to 1."""

    def covers(self, hue: Array, saturation: Array, value: Array) -> NDArray[np.bool_]:
        """Tells which of many colours, all arrays of one shape, lie in the ranges."""
        low, high = self.hue
        in_hue = (hue >= low) & (hue <= high) if low <= high else (hue >= low) | (hue <= high)
        in_saturation = (saturation >= self.saturation[0]) & (saturation <= self.saturation[1])
        return in_hue & in_saturation & (value >= self.value[0]) & (value <= self.value[1])


@dataclass(frozen=True, eq=False)
class CategoryModel:
    """What a category looks like."""

    name: str
    solid: Solid
    expected: Array
    """Shape parameters after x, y, z: the mean [m], [rad]."""
    deviation: Array
    """Their standard deviations; infinite where free."""
    colours: frozenset[str]
    rests_on: Mapping[str, float]
    """Kinds of surfaces that carry it (floor, top, inside, held), and how far it may be off their height [m]."""
    kind: str = ""
    """Category that others know it by, if it is a variant."""
    rarity: float = 0.0
    """Log-odds against it before anything is seen."""
    base: float = 0.0
    """Height of its coloured part over the surface [m]."""
    whole: tuple[float, float, float] | None = None
    """Size of all of it where only a part is coloured; 0 for what follows from the part [m]."""
    visible_from: frozenset[str] = frozenset()
    """Sides of the outline that the solid explains (top, bottom, left, right); all where empty."""
    covered_by: frozenset[str] = frozenset()
    """Colours next to it that hide it, wherever their foot is."""
    framed_by: frozenset[str] = frozenset()
    """Colours round it that do not hide it."""
    facing: bool = False
    """Its front always looks towards the camera: it stands at a wall, or has no back."""
    slides_in: str = ""
    """Category that it slides out of."""
    travel: float = 0.0
    """How far it slides [m]."""
    restless: float = 0.0
    """How far it may be moved from one sighting to the next: standard deviation [m]."""
    apart: float = 0.05
    """Least distance between the centres of two that look alike [m]."""
    attached_to: frozenset[str] = frozenset()
    """Colours of which it touches at least one."""
    apart_from: frozenset[str] = frozenset()
    """Colours that it never touches, unless it is round and all of its outline shows."""
    lit: str = ""
    """Colour of a target that was hit."""
    graspable: bool = False
    container: float | None = None
    """How high above its bottom things in it lie [m]."""
    surface: bool = False
    """Things stand on it."""

    @property
    def expected_radius(self) -> float:
        """Half the usual width [m]."""
        low, high = self._breadth(0.0)
        return (low + high) / 4.0

    @property
    def public(self) -> str:
        """The category that others know it by."""
        return self.kind or self.name

    @property
    def tapered(self) -> bool:
        """Whether it is narrower above."""
        return isinstance(self.solid, Upright) and self.solid.profile[-1][0] < 1.0

    @property
    def fronted(self) -> bool:
        """Whether its heading is that of its front, and no other tells the same shape."""
        return isinstance(self.solid, Tray)

    @property
    def square(self) -> bool:
        """Whether a quarter turn changes nothing but the heading."""
        size = dict(zip(self.solid.parameters[3:], self.expected, strict=True))
        return bool(size.get("length") == size.get("width")) and "length" in size

    @property
    def period(self) -> float:
        """Turn after which it looks the same [rad]; 0 if it has no heading."""
        if "yaw" not in self.solid.parameters:
            return 0.0
        return 2.0 * np.pi if self.fronted else np.pi / 2.0 if self.square else np.pi

    @property
    def expected_height(self) -> float:
        """Usual height [m]."""
        names = self.solid.parameters[3:]
        return float(self.expected[names.index("height")]) if "height" in names else 2.0 * self.expected_radius

    @property
    def narrowest(self) -> float:
        """Least width that it can show to the camera [m]."""
        return 0.7 * self._breadth(-3.0)[0] if "yaw" not in self.solid.parameters or not self.visible_from else 0.0

    @property
    def widest(self) -> float:
        """Greatest width that it can show to the camera [m]."""
        return 1.4 * self._breadth(3.0)[1]

    def looks(self, colour: str) -> frozenset[str]:
        """Returns the colours that a thing of this category may change between."""
        return self.colours if self.lit else frozenset({colour})

    def _breadth(self, deviations: float) -> tuple[float, float]:
        spread = deviations * np.where(np.isfinite(self.deviation), self.deviation, 0.0)
        size = dict(zip(self.solid.parameters[3:], self.expected + spread, strict=True))
        if "yaw" in size and "radius" in size:
            return 2.0 * float(size["radius"]), float(size["height"])
        if "radius" in size:
            return 2.0 * float(size["radius"]), 2.0 * float(size["radius"])
        if "diameter" in size:
            return 0.0, float(size["diameter"])
        if "depth" in size:
            return float(size["width"]), float(np.hypot(size["depth"], size["width"]))
        sides = sorted((float(size["length"]), float(size["width"])))
        return sides[0], float(np.hypot(*sides))


@dataclass(frozen=True)
class WallModel:
    """What walls and the bare floor look like."""

    wall: ColourModel
    floor: ColourModel


@dataclass(frozen=True)
class PerceptionModel:
    """All of ``config/perception.yaml``."""

    colours: tuple[ColourModel, ...]
    categories: Mapping[str, CategoryModel]
    walls: WallModel
    outline_deviation: float
    """[px]."""


def load_model(path: Path | None = None) -> PerceptionModel:
    """Reads a perception file, the shipped one by default. Raises ConfigurationError naming the place that is wrong."""
    path = path or resource("config", "perception.yaml")
    data = load_yaml(path)
    try:
        colours = tuple(_colour(name, entry) for name, entry in data["colours"].items())
        categories = {name: _category(name, entry) for name, entry in data["categories"].items()}
        walls = WallModel(_colour("wall", data["room"]["wall"]), _colour("floor", data["room"]["floor"]))
        return PerceptionModel(colours, categories, walls, float(data["outline_deviation"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigurationError(f"{path}: missing or malformed entry: {error!r}") from error


def _colour(name: str, entry: Mapping[str, Any]) -> ColourModel:
    (h0, h1), (s0, s1), (v0, v1) = (map(float, entry[key]) for key in ("hue", "saturation", "value"))
    return ColourModel(name, (h0, h1), (s0, s1), (v0, v1))


_PLAIN = (
    *("kind", "rarity", "base", "facing", "slides_in", "travel", "lit"),
    *("graspable", "container", "surface", "restless", "apart"),
)
_SETS = ("visible_from", "covered_by", "framed_by", "attached_to", "apart_from")


def _category(name: str, entry: Mapping[str, Any]) -> CategoryModel:
    unknown = set(entry) - {*_PLAIN, "shape", "profile", "size", "colours", "rests_on", "whole", *_SETS}
    if unknown:
        raise ValueError(f"category {name}: unknown keys {', '.join(sorted(unknown))}")
    solid = _solid(entry)
    sizes = [entry["size"].get(parameter, (0.0, np.inf)) for parameter in solid.parameters[3:]]
    mean, deviation = np.array(sizes, float).T
    return CategoryModel(
        name,
        solid,
        mean,
        deviation,
        frozenset(entry["colours"]),
        {kind: float(lift) for kind, lift in entry["rests_on"].items()},
        whole=tuple(entry["whole"]) if "whole" in entry else None,
        **{key: frozenset(entry[key]) for key in _SETS if key in entry},
        **{key: entry[key] for key in _PLAIN if key in entry},
    )


def _solid(entry: Mapping[str, Any]) -> Solid:
    match entry["shape"]:
        case "upright":
            profile = entry.get("profile", ((1.0, 0.0), (1.0, 1.0)))
            return Upright(tuple((float(r), float(h)) for r, h in profile))
        case "ball":
            return Sphere()
        case "cuboid":
            return Cuboid()
        case "disc":
            return Disc()
        case "tray":
            return Tray()
        case "lying":
            return Lying()
        case other:
            raise UnknownNameError("shape", other, ("upright", "lying", "ball", "cuboid", "tray", "disc"))
