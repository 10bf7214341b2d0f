"""The planning scene: what a planner sees, and what ``robomatrix plan --scene FILE`` reads.

JSON by a published schema (``planning_scene.schema.json`` beside this module). Unknown keys, duplicate ids and dangling
references are errors that name the place.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from robomatrix.errors import SceneError

Kind = Literal["surface", "container", "person", "region", "obstacle", "target"]
KINDS: tuple[Kind, ...] = ("surface", "container", "person", "region", "obstacle", "target")
START = "start"
"""Where the robot was switched on; a location of every scene, listed or not."""

Id = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Position = Annotated[tuple[float, ...], Field(min_length=2, max_length=3)]
"""(x, y) or (x, y, z) [m] in ``odom``: x forward, y left of the robot's start."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Entity(_Model):
    id: Id
    name: Text
    category: Text = Field(alias="class")
    """What it is: can, box, table, ..."""
    colour: Text | None = None
    size: Text | tuple[float, ...] | None = None
    """In words (small, large, tall, ...) or extents [m]."""
    material: Text | None = None
    group: Text | None = Field(default=None, alias="category")
    """A wider class such as drink, fruit or tool."""
    aliases: tuple[Text, ...] = ()
    """Other names that people use for it."""
    position: Position | None = None


class Location(_Entity):
    """A place: something that stays where it is."""

    kind: Kind
    openable: bool = False
    open: bool | None = None
    """None where it does not open or is not known."""

    @property
    def closed(self) -> bool:
        """True if it must be opened before anything goes in or out."""
        return self.openable and not self.open


class Object(_Entity):
    """A thing that can be carried."""

    at: Id | None = None
    """Id of the location it is on or in (or of the object it stands on); None where that is not known."""


class Robot(_Model):
    """The robot that is asked."""

    name: Text
    at: Id | None = START
    """Id of the location or object it stands at."""
    holding: Id | None = None
    """Id of the object in its gripper."""
    position: Position | None = None


class PlanningScene(_Model):
    """Robot, places and things. Ids are unique over all of them."""

    robot: Robot
    locations: tuple[Location, ...] = ()
    objects: tuple[Object, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        counted = Counter(entity.id for entity in self.entities())
        for id_, times in counted.items():
            if times > 1:
                raise ValueError(f"id '{id_}' is used {times} times")
        known = {*counted, START}
        for index, thing in enumerate(self.objects):
            if thing.at == thing.id:
                raise ValueError(f"objects[{index}].at: '{thing.at}' is the object itself")
            _must_exist(f"objects[{index}].at", thing.at, known)
        _must_exist("robot.at", self.robot.at, known)
        _must_exist("robot.holding", self.robot.holding, {o.id for o in self.objects})
        return self

    def entities(self) -> Iterator[Location | Object]:
        """Yields the locations, then the objects."""
        yield from self.locations
        yield from self.objects

    def entity(self, id_: str) -> Location | Object | None:
        """Returns what has an id; None for ``start`` where it is not listed, and for unknown ids."""
        return next((entity for entity in self.entities() if entity.id == id_), None)

    def location(self, id_: str | None) -> Location | None:
        """Returns a location by id, None if there is none."""
        return next((place for place in self.locations if place.id == id_), None)

    def object(self, id_: str | None) -> Object | None:
        """Returns an object by id, None if there is none."""
        return next((thing for thing in self.objects if thing.id == id_), None)

    def also(self, things: Iterable[Object]) -> PlanningScene:
        """Returns the scene with further things, and with what is in it already as it is given.

        What is at a place unknown here is nowhere in particular.
        """
        known = {*(e.id for e in self.entities()), START}
        placed = {t.id: t if t.at in known else t.model_copy(update={"at": None}) for t in things}
        kept = tuple(t for t in self.objects if t.id not in placed)
        return self.model_copy(update={"objects": (*kept, *placed.values())})

    def elsewhere(self, earlier: PlanningScene) -> tuple[Object, ...]:
        """Returns the things that an earlier scene does not have, or not where they are here."""
        before = {t.id: t.at for t in earlier.objects}
        return tuple(t for t in self.objects if t.id not in before or t.at not in (None, before[t.id]))

    def farthest_place(self) -> str | None:
        """Returns the piece of furniture that is farthest from the robot, None where nothing of the kind is known."""
        here = self.robot.position
        seen = [p for p in self.locations if p.position is not None and p.kind in ("surface", "container")]
        if here is None or not seen:
            return None
        return max(seen, key=lambda p: (math.dist(here[:2], p.position[:2]) if p.position else 0.0, p.id)).id

    def name_of(self, id_: str) -> str:
        """Returns what a person would call an entity."""
        entity = self.entity(id_)
        return entity.name if entity else id_

    def to_json(self) -> dict[str, Any]:
        """Returns the scene as plain data, without what is not set."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)

    @classmethod
    def parse(cls, data: Any, source: str = "scene") -> PlanningScene:
        """Returns a checked scene from plain data.

        Raises:
            SceneError: something is wrong; the message names ``source`` and each place in it.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise SceneError("; ".join(_complaint(source, e) for e in error.errors())) from None

    @classmethod
    def load(cls, path: Path | str) -> PlanningScene:
        """Returns the scene in a JSON file. Raises SceneError for a missing file, bad JSON or a bad scene."""
        try:
            data = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise SceneError(f"{path}: cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise SceneError(f"{path}: is not JSON: {error}") from None
        return cls.parse(data, str(path))


def json_schema() -> dict[str, Any]:
    """Returns the JSON Schema of a scene file; the packaged copy is written from it."""
    schema = PlanningScene.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _must_exist(place: str, id_: str | None, known: set[str]) -> None:
    if id_ is not None and id_ not in known:
        raise ValueError(f"{place}: there is no '{id_}'; ids: {', '.join(sorted(known))}")


def _complaint(source: str, error: Any) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        message = f"unknown key '{error['loc'][-1]}'"
    return f"{source}: {path + ': ' if path else ''}{message}"
