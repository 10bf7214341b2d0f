"""The meta-skills of the mobile manipulators as benchmark cases; the truth is asked only to prepare and to judge."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from robomatrix.evaluation.episodes import Case, Judge, Stage, Unprepared
from robomatrix.skills.mobile_manipulation.approach import SMALL
from robomatrix.skills.mobile_manipulation.geometry import Footprint, Pose2, wrap
from robomatrix.world import SceneObject

GRASPABLE = tuple(sorted(SMALL))
PADS_FREE = 0.01
"""Pads further apart than a thing is wide, and this, do not hold it [m]."""
ANGLES = (-180.0, 180.0)
"""Of the turns that are measured [deg]."""


class Carry(Case):
    """Takes a thing from the floor or the table and puts it into or onto something."""

    measures = ("move_to", "grasp", "position_over", "release")

    def play(self, stage: Stage) -> None:
        """Draws a thing and a place; in a quarter of the scenes that is the open drawer."""
        wide = stage.rng.random() < 0.25
        if wide:
            open_drawer(stage)
        stage.look()
        seen = stage.pick(*GRASPABLE)
        place = stage.pick("drawer") if wide else stage.pick("box", "bin", "table")
        true, true_place = true_of(stage, seen).id, true_of(stage, place).id
        stage.measure("move_to", stands_before(true), target=seen.id)
        stage.measure("grasp", is_held(true), object=seen.id)
        stage.measure("move_to", stands_before(true_place), target=place.id)
        stage.measure("position_over", is_over(true, true_place), object=seen.id, target=place.id)
        stage.measure("release", rests_on(true, true_place), object=seen.id)


class PullAndPush(Case):
    """Opens the drawer and closes it again."""

    measures = ("open", "close")

    def play(self, stage: Stage) -> None:
        """In half of the scenes the drawer is not quite shut at first."""
        if stage.rng.random() < 0.5:
            open_drawer(stage, float(stage.rng.uniform(0.0, 0.4)))
        stage.look()
        seen = stage.pick("drawer")
        true = true_of(stage, seen).id
        stage.measure("move_to", stands_before(true), target=seen.id)
        stage.measure("open", has_openness(true, 0.8, 1.0), target=seen.id)
        stage.measure("close", has_openness(true, 0.0, 0.1), target=seen.id)


class Roam(Case):
    """Crosses a bar, turns and drives to a point."""

    measures = ("cross", "turn", "go_to")

    def play(self, stage: Stage) -> None:
        """Draws the bar, the angle and the point."""
        stage.look()
        seen = stage.pick("bar")
        true = true_of(stage, seen)
        stage.measure("move_to", stands_before(true.id), target=seen.id)
        stage.measure("cross", is_beyond(true, base_pose(stage)), obstacle=seen.id)
        angle = float(stage.rng.uniform(*ANGLES))
        stage.measure("turn", has_heading(wrap(base_pose(stage).yaw + math.radians(angle))), angle_deg=angle)
        x, y = free_point(stage)
        stage.measure("go_to", is_near((x, y)), x=x, y=y, frame="start")


class Blast(Case):
    """Shoots a target."""

    measures = ("shoot",)
    robot = "s1"

    def play(self, stage: Stage) -> None:
        """Draws the target."""
        stage.look()
        seen = stage.pick("target")
        true = true_of(stage, seen).id
        stage.measure("move_to", stands_before(true), target=seen.id)
        stage.measure("shoot", is_hit(true), target=seen.id)


def free_point(stage: Stage) -> tuple[float, float]:
    """Returns a point that is truly free, between the start and something; Unprepared where none is drawn."""
    things = stage.driver.objects()
    for _ in range(200):
        corner = things[stage.rng.integers(len(things))].position
        point = np.array(corner[:2]) * stage.rng.uniform(0.2, 0.8)
        if all(Footprint.of(o).distance(point[None])[0] > 0.4 for o in things):
            return (float(point[0]), float(point[1]))
    raise Unprepared("no free point was drawn")


def base_pose(stage: Stage) -> Pose2:
    """Returns where the base truly is."""
    return Pose2(*stage.driver.base_pose())


def true_of(stage: Stage, seen: SceneObject) -> SceneObject:
    """Returns the true thing behind a perceived one; Unprepared where there is none."""
    found = stage.truth(seen)
    if found is None:
        raise Unprepared(f"'{seen.id}' does not exist")
    return found


def open_drawer(stage: Stage, openness: float = 1.0) -> str | None:
    """Opens the scene's drawer; returns its true id."""
    found = next((o.id for o in stage.driver.objects() if o.category == "drawer"), None)
    if found is not None:
        stage.driver.slide(found, openness)
    return found


def stands_before(true_id: str, furthest: float = 0.75) -> Judge:
    """The base is near the thing, does not touch it, and faces it."""

    def judge(stage: Stage) -> str | None:
        thing, pose = stage.true(true_id), base_pose(stage)
        gap = float(Footprint.of(thing).distance(np.array([pose.point]))[0])
        limit = 2.2 if thing.category == "target" else furthest
        bearing = _bearing_to(pose, thing)
        if not 0.12 < gap < limit:
            return f"stands {gap:.2f} m from '{true_id}'"
        return None if bearing < 0.3 else f"looks {bearing:.2f} rad past '{true_id}'"

    return judge


def _bearing_to(pose: Pose2, thing: SceneObject) -> float:
    """Returns by how much the heading misses the thing [rad]; 0 where it points at any part of it."""
    footprint = Footprint.of(thing)
    ahead = np.array([pose.ahead(d).point for d in np.linspace(0.1, 2.5, 60)])
    if float(footprint.distance(ahead).min()) < 0.03:
        return 0.0
    return abs(pose.bearing((thing.position[0], thing.position[1])))


def is_held(true_id: str) -> Judge:
    """The thing hangs in the air before the base."""

    def judge(stage: Stage) -> str | None:
        thing = stage.true(true_id)
        point = (thing.position[0], thing.position[1])
        tables = [o for o in stage.driver.objects() if o.category == "table" and Footprint.of(o).contains(point)]
        ground = max((o.position[2] + o.size[2] / 2.0 for o in tables), default=0.0)
        lifted = thing.position[2] - thing.size[2] / 2.0 - ground
        ahead, left = base_pose(stage).local(point)
        if lifted < 0.02:
            return f"'{true_id}' is only {lifted:.3f} m above what it stood on"
        return None if 0.1 < ahead < 0.4 and abs(left) < 0.06 else f"'{true_id}' is not in the gripper"

    return judge


def is_over(true_id: str, place_id: str) -> Judge:
    """The thing is inside the outline of the place, with its foot above what it has to clear."""

    def judge(stage: Stage) -> str | None:
        thing, place = stage.true(true_id), stage.true(place_id)
        if not Footprint.of(place).contains((thing.position[0], thing.position[1])):
            return f"'{true_id}' is not over '{place_id}'"
        foot = thing.position[2] - thing.size[2] / 2.0
        top = place.position[2] + place.size[2] / 2.0
        return None if foot > top - 0.005 else f"the foot of '{true_id}' is {top - foot:.3f} m too low"

    return judge


def rests_on(true_id: str, place_id: str) -> Judge:
    """The thing lies in or on the place and not in the gripper."""

    def judge(stage: Stage) -> str | None:
        thing, place = stage.true(true_id), stage.true(place_id)
        if not Footprint.of(place).contains((thing.position[0], thing.position[1])):
            return f"'{true_id}' is not at '{place_id}'"
        bottom = thing.position[2] - max(thing.size) / 2.0
        top = place.position[2] + place.size[2] / 2.0
        ahead, left = base_pose(stage).local((thing.position[0], thing.position[1]))
        pads = stage.session.state.joints["gripper"]
        if 0.15 < ahead < 0.36 and abs(left) < 0.08 and pads < min(thing.size) + PADS_FREE:
            return f"'{true_id}' is still in the gripper"
        return None if bottom < top + 0.06 else f"'{true_id}' does not rest"

    return judge


def has_openness(true_id: str, low: float, high: float) -> Judge:
    """The drawer is open by the right share."""

    def judge(stage: Stage) -> str | None:
        openness = stage.true(true_id).openness or 0.0
        return None if low <= openness <= high else f"'{true_id}' is open by {openness:.2f}"

    return judge


def is_hit(true_id: str) -> Judge:
    """A bead struck this target, and no other."""

    def judge(stage: Stage) -> str | None:
        targets = [o for o in stage.driver.objects() if o.category == "target"]
        if not stage.true(true_id).hits:
            return f"no bead struck '{true_id}'"
        return None if sum(t.hits > 0 for t in targets) == 1 else "a bead struck another target"

    return judge


def is_beyond(bar: SceneObject, before: Pose2) -> Judge:
    """The whole base is on the other side of the bar."""

    def judge(stage: Stage) -> str | None:
        middle = Pose2(bar.position[0], bar.position[1], bar.yaw)
        was, now = middle.local(before.point), middle.local(base_pose(stage).point)
        beyond = -math.copysign(1.0, was[0]) * now[0]
        if beyond < 0.2:
            return f"the base is {beyond:.2f} m beyond the bar's middle"
        return None if abs(now[1]) < bar.size[1] / 2.0 + 0.1 else "the base went round the bar"

    return judge


def has_heading(yaw: float) -> Judge:
    """The base truly points where it should."""

    def judge(stage: Stage) -> str | None:
        error = abs(wrap(base_pose(stage).yaw - yaw))
        return None if error < 0.1 else f"{error:.2f} rad off"

    return judge


def is_near(point: tuple[float, float]) -> Judge:
    """The base truly stands at the point, within what its odometry allows."""

    def judge(stage: Stage) -> str | None:
        error = base_pose(stage).distance(point)
        return None if error < 0.15 else f"{error:.2f} m off"

    return judge


CASES: Mapping[str, type[Case]] = {case.__name__: case for case in (Carry, PullAndPush, Roam, Blast)}
"""Every way through a scene on which skills are measured."""
