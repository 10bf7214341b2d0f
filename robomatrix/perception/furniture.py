"""What is known of a thing from what belongs to it: a drawer and its cabinet, a plate and its post."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from robomatrix.hardware.driver import Array
from robomatrix.perception.categories import CategoryModel
from robomatrix.perception.surfaces import Surface
from robomatrix.perception.tracks import Track
from robomatrix.perception.walls import Wall
from robomatrix.world import SceneObject

NEAR = 0.6
"""Between the centres of a drawer and its cabinet [m]."""
AT_WALL = 0.5
"""What stands no further from a wall has its back to it [m]."""
ASKEW = 1.0
"""A heading that is further off that is not believed: what is seen from the side tells little of it [rad]."""

ASTRAY = 0.3
"""A cabinet whose sides are further off those of its drawer is seen wrongly, or the drawer is [rad]."""
STANDS_OUT = 0.08
"""A drawer that stands out by more shows its sides, and with them where it looks [m]."""


class Furniture:
    """Completes tracks to whole things."""

    def __init__(
        self, categories: Mapping[str, CategoryModel], tracks: Sequence[Track], walls: Sequence[Wall] = ()
    ) -> None:
        """Takes what is known and what is seen now."""
        self._categories = categories
        self._tracks = tracks
        self._walls = walls
        self._opened = {model.slides_in for model in categories.values()}

    def scene_object(self, track: Track) -> SceneObject:
        """Returns a track as others see it."""
        center, size = self._whole(track)
        yaw, kind = self._heading(track), self._categories[track.category].public
        return SceneObject(
            id=track.id or "",
            name=f"{track.colour} {kind}",
            category=kind,
            colour=track.colour,
            position=(float(center[0]), float(center[1]), float(center[2])),
            yaw=float(np.arctan2(np.sin(yaw), np.cos(yaw))),
            size=(float(size[0]), float(size[1]), float(size[2])),
            openness=self._openness(track),
            hits=track.hits,
            confidence=track.confidence,
            stamp=track.stamp,
        )

    def surface(self, track: Track) -> Surface | None:
        """Returns what a thing offers to others to rest on; None if nothing."""
        model = self._categories[track.category]
        if not model.surface and model.container is None:
            return None
        center, size = self._whole(track)
        bottom = center[2] - size[2] / 2.0
        kind, height = ("top", center[2] + size[2] / 2.0) if model.surface else ("inside", bottom + model.container)
        place = (float(center[0]), float(center[1]))
        length, width = float(size[0]), float(size[1])
        return Surface(track.id, kind, float(height), place, self._heading(track), length, width, track.colour)

    def carry_along(self, stamp: float) -> None:
        """Moves what lies unseen in a thing along with it; what was seen at ``stamp`` tells how it lies there."""
        owners = {t.id: t for t in self._tracks}
        for track in self._tracks:
            owner = owners.get(track.surface.owner) if track.surface.kind == "inside" else None
            if owner is None:
                track.rest = None
                continue
            center = self._whole(owner)[0][:2]
            if track.rest is None or track.stamp == stamp:
                track.rest = track.estimate.parameters[:2] - center
            for estimate in track.estimates.values():
                estimate.parameters = np.concatenate([center + track.rest, estimate.parameters[2:]])

    def _whole(self, track: Track) -> tuple[Array, Array]:
        """Returns centre (3,) and size (3,) of all of a thing [m]."""
        model, parameters = self._categories[track.category], track.estimate.parameters
        size = np.array(model.solid.extent(parameters))
        foot = np.array(parameters[:3], float)
        if self._quarter_off(track):
            size[[0, 1]] = size[[1, 0]]
        if model.whole is not None:
            whole = np.where(np.array(model.whole) > 0.0, model.whole, (size[0], size[1], size[2] + model.base))
            if model.fronted:
                foot[:2] = self._front(track) - whole[0] / 2.0 * _direction(self._heading(track))
            foot[2] -= model.base if model.whole[2] == 0.0 else 0.0
            size = whole
        guide = self._guide(track)
        if guide is not None:
            depth = size[0] / 2.0 + float(guide.estimate.parameters[4])
            foot[:2] = guide.estimate.parameters[:2] - depth * _direction(self._heading(track))
        return foot + (0.0, 0.0, size[2] / 2.0), size

    def _front(self, drawer: Track) -> Array:
        """Returns the middle (2,) of a drawer's front: it slides along the middle of its cabinet."""
        front, cabinet = drawer.estimate.parameters[:2], self._cabinet(drawer)
        if cabinet is None or self._guide(cabinet) is drawer:
            return front
        center, ahead = cabinet.estimate.parameters[:2], _direction(self._heading(cabinet))
        return center + ahead * float((front - center) @ ahead)

    def _heading(self, track: Track) -> float:
        """Returns where a thing's front looks [rad]; a drawer shows its cabinet's, and looks the same way."""
        model = self._categories[track.category]
        if "yaw" not in model.solid.parameters:
            return 0.0
        cabinet = self._cabinet(track) if model.slides_in else None
        if cabinet is not None:
            return self._heading(cabinet)
        guide = self._guide(track)
        if guide is not None:
            return float(guide.estimate.parameters[3])
        yaw = self._away_from_wall(track) if model.facing else float(track.estimate.parameters[3])
        drawer = self._drawer(track) if track.category in self._opened else None
        if drawer is None:
            return yaw
        x, y = drawer.estimate.parameters[:2] - track.estimate.parameters[:2]
        return yaw + np.pi / 2.0 * float(np.round((np.arctan2(y, x) - yaw) / (np.pi / 2.0)))

    def _guide(self, cabinet: Track) -> Track | None:
        """Returns the drawer that its cabinet is known by: it stands out, is seen better, and looks another way."""
        drawer = self._drawer(cabinet) if cabinet.category in self._opened else None
        if drawer is None or drawer.estimate.parameters[4] < STANDS_OUT:
            return None
        front, back = drawer.estimate, cabinet.estimate
        off = float(np.remainder(front.parameters[3] - back.parameters[3] + np.pi / 4.0, np.pi / 2.0) - np.pi / 4.0)
        better = front.covariance[3, 3] < back.covariance[3, 3]
        return drawer if better and abs(off) > ASTRAY else None

    def _away_from_wall(self, track: Track) -> float:
        """Returns the heading that turns the back to a wall near by: seen from the side, front and back look alike."""
        point, yaw = track.estimate.parameters[:2], float(track.estimate.parameters[3])
        offsets = [wall.offset(point) for wall in self._walls]
        nearest = min(offsets, key=lambda o: float(np.hypot(*o)), default=np.full(2, np.inf))
        if float(np.hypot(*nearest)) > AT_WALL:
            return yaw
        out = float(np.arctan2(nearest[1], nearest[0]))
        off = float(np.remainder(yaw - out + np.pi / 2.0, np.pi) - np.pi / 2.0)
        return out + off if abs(off) < ASKEW else out

    def _quarter_off(self, track: Track) -> bool:
        if track.category not in self._opened:
            return False
        turn = self._heading(track) - float(track.estimate.parameters[3])
        return int(np.round(turn / (np.pi / 2.0))) % 2 == 1

    def _openness(self, track: Track) -> float | None:
        """Returns how far a drawer stands out of its cabinet, 0 to 1; None for other things, or before it is known."""
        model, cabinet = self._categories[track.category], self._cabinet(track)
        if cabinet is None:
            return None
        center, size = self._whole(cabinet)
        displacement = float(np.hypot(*(self._front(track) - center[:2]))) - size[0] / 2.0
        return float(np.clip(displacement / model.travel, 0.0, 1.0))

    def _cabinet(self, drawer: Track) -> Track | None:
        slides_in = self._categories[drawer.category].slides_in
        return self._nearest(drawer, [t for t in self._tracks if slides_in and t.category == slides_in])

    def _drawer(self, cabinet: Track) -> Track | None:
        drawers = [t for t in self._tracks if self._categories[t.category].slides_in == cabinet.category]
        return self._nearest(cabinet, drawers)

    def _nearest(self, track: Track, others: Sequence[Track]) -> Track | None:
        here = track.estimate.parameters[:2]
        gaps = [(float(np.hypot(*(t.estimate.parameters[:2] - here))), i) for i, t in enumerate(others)]
        gap, index = min(gaps, default=(np.inf, 0))
        return others[index] if gap < NEAR else None


def _direction(yaw: float) -> Array:
    return np.array([np.cos(yaw), np.sin(yaw)])
