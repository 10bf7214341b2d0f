"""Scene descriptions: ``config/scenes/<name>.yaml`` as frozen data, checked on loading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from robomatrix.errors import SceneError, UnknownNameError
from robomatrix.resources import load_yaml, names, resource
from robomatrix.scenes.catalogue import COLOURS, PARTS

Range = tuple[float, float]
"""Lowest and highest value of a uniform draw."""


@dataclass(frozen=True)
class Fixture:
    """Furniture and other things on the floor, one entry of ``fixtures``."""

    category: str
    colours: tuple[str, ...]
    """Drawn without repeating within the entry."""
    size: tuple[Range, Range, Range]
    """Along its own x, y, z [m]."""
    x: Range
    """[m]."""
    y: Range
    yaw: Range
    """[rad]."""
    clearance: float
    """Free floor all round [m]."""
    front: float = 0.0
    """Free floor before its front [m]."""
    count: tuple[int, int] = (1, 1)
    mass: Range = (0.0, 0.0)
    """[kg]; 0 for what does not move."""


@dataclass(frozen=True)
class Graspable:
    """Things the gripper can hold, one entry of ``objects``."""

    category: str
    colours: tuple[str, ...]
    places: tuple[str, ...] = ("floor",)
    """Categories of support, or ``floor``; one is drawn for each thing."""
    count: tuple[int, int] = (1, 1)
    x: Range | None = None
    """Where on the floor [m]; anywhere when missing."""
    y: Range | None = None


@dataclass(frozen=True)
class LightSpec:
    """How the light varies."""

    ambient: Range = (0.4, 0.4)
    diffuse: Range = (0.4, 0.4)
    tint: float = 0.0
    """Largest relative change of a colour channel."""


@dataclass(frozen=True)
class StartSpec:
    """Where the robot may start."""

    x: Range
    y: Range
    yaw: Range


@dataclass(frozen=True)
class SceneSpec:
    """A world before chance decides."""

    name: str
    text: str
    size: tuple[float, float]
    """[m]."""
    start: StartSpec
    wall_height: float = 0.0
    """[m]."""
    light: LightSpec = LightSpec()
    fixtures: tuple[Fixture, ...] = ()
    objects: tuple[Graspable, ...] = ()


def scene_names() -> tuple[str, ...]:
    """Returns the scenes that ``config/scenes`` describes, sorted."""
    return names("config/scenes")


def load_scene(name: str, overrides: Mapping[str, Any] | None = None) -> SceneSpec:
    """Returns a scene; ``overrides`` replaces top-level keys of its YAML, such as ``objects`` or ``start``.

    Raises:
        UnknownNameError: there is no such scene; lists those that are.
        SceneError: the description or an override is malformed; names the place.
    """
    if name not in scene_names():
        raise UnknownNameError("scene", name, scene_names())
    data = {**load_yaml(resource("config", "scenes", f"{name}.yaml")), **(overrides or {})}
    try:
        return _scene(data)
    except (TypeError, ValueError, KeyError) as error:
        raise SceneError(f"scene {name}: {error}") from error


def _scene(data: Mapping[str, Any]) -> SceneSpec:
    values = dict(data)
    width, depth = data["size"]
    values["size"] = (float(width), float(depth))
    values["start"] = StartSpec(**_ranges(data["start"]))
    values["light"] = LightSpec(**_ranges(data.get("light", {}), plain=("tint",)))
    values["fixtures"] = tuple(_fixture(f) for f in data.get("fixtures", ()))
    values["objects"] = tuple(_graspable(o) for o in data.get("objects", ()))
    return SceneSpec(**values)


def _fixture(data: Mapping[str, Any]) -> Fixture:
    values = _ranges(data, plain=("category", "colours", "size", "clearance", "front"))
    values["size"] = tuple(_range(v) for v in data["size"])
    return Fixture(**_entry(values))


def _graspable(data: Mapping[str, Any]) -> Graspable:
    values = _ranges(data, plain=("category", "colours", "places"))
    return Graspable(**_entry(values) | ({"places": tuple(values["places"])} if "places" in values else {}))


def _entry(values: dict[str, Any]) -> dict[str, Any]:
    """Checks what fixtures and graspables share."""
    colours = tuple(values["colours"])
    for colour in colours:
        if colour not in COLOURS:
            raise ValueError(f"unknown colour '{colour}'; colours: {', '.join(COLOURS)}")
    if values["category"] not in PARTS:
        raise ValueError(f"unknown category '{values['category']}'; categories: {', '.join(PARTS)}")
    if "count" in values:
        low, high = values["count"]
        values["count"] = (int(low), int(high))
    return values | {"colours": colours}


def _ranges(data: Mapping[str, Any], plain: Sequence[str] = ()) -> dict[str, Any]:
    return {key: value if key in plain else _range(value) for key, value in data.items()}


def _range(value: float | Sequence[float]) -> Range:
    low, high = value if isinstance(value, Sequence) else (value, value)
    if not low <= high:
        raise ValueError(f"range [{low}, {high}] is empty")
    return (float(low), float(high))
