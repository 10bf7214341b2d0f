"""From camera frames to the world: detection, placing, tracking."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from robomatrix.errors import DriverError
from robomatrix.hardware.driver import CameraFrame, Odometry, RobotState
from robomatrix.perception.categories import PerceptionModel, load_model
from robomatrix.perception.colour_shape import ColourShapeDetector
from robomatrix.perception.detector import Detector
from robomatrix.perception.furniture import Furniture
from robomatrix.perception.grip import HELD, Grip, let_go
from robomatrix.perception.history import StateHistory
from robomatrix.perception.placement import Placer
from robomatrix.perception.projection import View, rotation_matrix
from robomatrix.perception.repeats import RepeatedImages
from robomatrix.perception.self_view import SelfView
from robomatrix.perception.settings import TrackerSettings
from robomatrix.perception.splitting import split
from robomatrix.perception.surfaces import FLOOR, Surface
from robomatrix.perception.tracker import Tracker
from robomatrix.perception.tracks import Track
from robomatrix.perception.walls import Walls
from robomatrix.robots.spec import RobotSpec
from robomatrix.world import World

UNSEEN = 0.5
"""How long a thing is believed to be in the gripper that neither the caller nor the image says is there [s]."""
LET_GO = 2.0
"""So long after a thing was let go nothing is taken to be in the gripper by its looks: the fingers leave it [s]."""
LEVEL = 0.02
"""Largest tilt of the base with which images are used [rad]: with a wheel on a bar, places on the floor are far off."""
STEADY = 0.3
"""Largest speed of tilting with which they are [rad/s]: image and odometry are not of the very same moment."""


class Perception:
    """What the robot knows of its surroundings. Deterministic; one instance per robot, used from one thread."""

    def __init__(
        self,
        robot: RobotSpec,
        detector: Detector | None = None,
        model: PerceptionModel | None = None,
        settings: TrackerSettings | None = None,
    ) -> None:
        """Starts without any knowledge; the colour-and-shape detector and the shipped model are the defaults."""
        model = model or load_model()
        self._categories = model.categories
        self._detector = detector or ColourShapeDetector(model)
        settings = settings or TrackerSettings()
        self._placer = Placer(model.categories, model.outline_deviation, settings.misfit, settings.oddity)
        self._tracker = Tracker(model.categories, settings)
        self._walls = Walls(model.walls)
        self._self_view = SelfView(robot)
        self._grip = Grip(self._self_view)
        self._states = StateHistory()
        self._repeats = RepeatedImages()
        self._holding: str | None = None
        self._let_go = -np.inf
        self.world = World()
        """The newest belief."""

    def note(self, state: RobotState) -> None:
        """Remembers a state, so that images that come late still find the odometry of their stamp. Optional."""
        self._states.note(state)

    def update(self, frame: CameraFrame, state: RobotState, holding: str | None = None) -> World:
        """Takes in one image; while the base is tilted or measures nonsense, or the camera hangs, all stays as it was.

        Args:
            frame: the image.
            state: the robot's state, near the image's stamp.
            holding: id of what is in the gripper, from the caller.

        Raises:
            DriverError: the robot gives no odometry.
        """
        self.note(state)
        at = self._states.at(frame.stamp)
        if at.odometry is None:
            raise DriverError("perception needs odometry, and the robot's state has none")
        if not _usable(at) or self._repeats.seen(frame, at.odometry):
            self.world = replace(self.world, stamp=frame.stamp, holding=holding)
            return self.world
        view = View.of(frame, at.odometry)
        own_body = self._self_view.mask(frame, at)
        self._grip.move(at, at.odometry)
        held = self._hold(holding, frame.stamp)
        detections = self._detector.detect(frame, own_body)
        detections = split(detections, self._tracker.containers(view), own_body)
        surfaces = self._surfaces(held, frame.stamp)
        sightings = self._placer.place(view, detections, surfaces, self._tracker.known(view, surfaces))
        pose = np.array([*at.odometry.position[:2], at.odometry.yaw])
        self._tracker.update(view, pose, frame.stamp, sightings, own_body, held)
        scraps = [d for d, readings in zip(detections, sightings, strict=True) if not readings]
        self._tracker.glimpse(view, scraps, frame.stamp)
        self._walls.update(frame.image, view, frame.stamp, own_body, self._tracker.drift)
        if held is not None and held.stamp == frame.stamp:
            self._grip.settle(held)
        walls = self._walls.confirmed()
        furniture = Furniture(self._categories, self._tracker.confirmed(), walls)
        furniture.carry_along(frame.stamp)
        objects = [furniture.scene_object(track) for track in self._tracker.confirmed()]
        objects += [wall.scene_object() for wall in walls]
        self.world = World(frame.stamp, {o.id: o for o in objects}, holding)
        return self.world

    def _hold(self, holding: str | None, stamp: float) -> Track | None:
        """Moves what is in the gripper along, and lets go of what is held no more, by the caller's word or by sight."""
        if holding != self._holding:
            released = self._tracker.find(self._holding)
            if released is not None:
                let_go(released, self._surfaces(None, stamp))
                self._let_go = stamp
            self._holding = holding
        held = self._tracker.find(holding)
        for track in self._tracker.confirmed():
            if track is held or (track.surface.kind == HELD and stamp - track.stamp < UNSEEN):
                self._grip.carry(track)
            elif track.surface.kind == HELD:
                let_go(track, self._surfaces(None, stamp))
        return held

    def _surfaces(self, held: Track | None, stamp: float) -> tuple[Surface, ...]:
        """Returns everything that things can rest on now, the gripper included unless it has just let go."""
        furniture = Furniture(self._categories, self._tracker.confirmed())
        offered = [furniture.surface(track) for track in self._tracker.confirmed() if track is not held]
        grip = self._grip.surface() if stamp - self._let_go > LET_GO else None
        return (FLOOR, *(s for s in (*offered, grip) if s is not None))


def _usable(state: RobotState) -> bool:
    """Tells whether the state has odometry and joints in numbers, and the base is steady."""
    numbers = (state.joints.position, state.odometry.position, state.odometry.orientation)
    return all(bool(np.isfinite(n).all()) for n in numbers) and _steady(state.odometry)


def _steady(odometry: Odometry) -> bool:
    """Tells whether the base stands level and still in roll and pitch."""
    upright = rotation_matrix(odometry.orientation)[2, 2]
    rocking = np.hypot(*np.asarray(odometry.angular_velocity)[:2])
    return bool(upright >= np.cos(LEVEL) and rocking <= STEADY)
