"""The perception node: camera images in, the belief about the scene out.

Images come from any camera and detectors may be somebody else's: an image that cannot be used is left out, with its
reason in the log and in the diagnostics, for the process may hold the bridge and the emergency stop.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import String
from std_srvs.srv import Trigger
from visualization_msgs.msg import MarkerArray

from robomatrix.errors import ConfigurationError
from robomatrix.hardware.driver import CameraFrame, RobotState
from robomatrix.perception.categories import load_model
from robomatrix.perception.detector import Detector
from robomatrix.perception.pipeline import Perception as Pipeline
from robomatrix.robots.kinematics import link_pose
from robomatrix.robots.loader import load_robot
from robomatrix_interfaces.msg import SceneObjectArray
from robomatrix_nodes import conversions, diagnostics, qos
from robomatrix_nodes.markers import to_markers
from robomatrix_nodes.parameters import declare, parameter
from robomatrix_nodes.process import run
from robomatrix_nodes.state import StateSubscriber


@dataclass(frozen=True)
class PerceptionParameters:
    """Parameters of the perception node."""

    robot: str = parameter("ep", "Robot whose camera is looked through; `robomatrix robots` lists them.")
    detector: str = parameter("colour_shape", "How objects are found.", choices=("colour_shape", "zero_shot"))
    model: str = parameter("", "Zero-shot detection model: a folder, or the name of one that was fetched before.")
    download: bool = parameter(False, "Fetch a model that is not on this machine.")


class Perception(Node):
    """Subscribes to the robot's cameras and state, publishes ``scene/objects``."""

    def __init__(self, **options: Any) -> None:
        super().__init__("perception", **options)
        self.settings = declare(self, PerceptionParameters)
        self.robot = load_robot(self.settings.robot)
        self._detector = _detector(self.settings)
        self._make()
        self._holding: str | None = None
        self._infos: dict[str, CameraInfo] = {}
        self._state: RobotState | None = None
        self._pending: tuple[str, Image] | None = None
        self._count = self._unusable = 0
        self._reason = ""
        self._scene = self.create_publisher(SceneObjectArray, "scene/objects", qos.LATCHED)
        self._markers = self.create_publisher(MarkerArray, "scene/markers", qos.LATCHED)
        self.create_subscription(String, "holding", self._on_holding, qos.LATCHED)
        for camera in self.robot.cameras:
            self.create_subscription(
                CameraInfo, f"{camera.name}/camera_info", partial(self._on_info, camera.name), qos.STATE
            )
            self.create_subscription(Image, f"{camera.name}/image_raw", partial(self._on_image, camera.name), qos.IMAGE)
        self._subscriber = StateSubscriber(self, self.robot, self._on_state, inertial=False, ranges=False)
        self.create_service(Trigger, "forget_scene", self._on_forget)
        self._diagnostics = diagnostics.Diagnostics(self, self.robot.name, self._status)

    def _make(self) -> None:
        self._perception = Pipeline(self.robot, self._detector)
        self._world_size = 0

    def _on_holding(self, message: String) -> None:
        self._holding = message.data or None

    def _on_info(self, camera: str, message: CameraInfo) -> None:
        self._infos[camera] = message

    def _on_image(self, camera: str, message: Image) -> None:
        self._pending = (camera, message)
        self._look()

    def _on_state(self, state: RobotState) -> None:
        if self._state is not None and state.stamp < self._state.stamp:  # the scene was reset
            self._make()
        self._state = state
        self._perception.note(state)
        self._look()

    def _look(self) -> None:
        """Looks at the newest image once the state of its moment, or a later one, is known."""
        if self._pending is None or self._state is None:
            return
        camera, message = self._pending
        if camera not in self._infos or self._state.stamp < conversions.from_time(message.header.stamp):
            return
        self._pending = None
        try:
            world = self._perception.update(self._frame(camera, message, self._state), self._state, self._holding)
        except Exception as error:  # noqa: BLE001  # see the module's description
            self._leave_out(camera, error)
            return
        self._world_size, self._count = len(world.objects), self._count + 1
        self._scene.publish(conversions.to_scene(world, "odom"))
        if self._markers.get_subscription_count():
            self._markers.publish(to_markers(world, "odom"))

    def _leave_out(self, camera: str, error: Exception) -> None:
        self._unusable, self._reason = self._unusable + 1, f"{camera}: {error}"
        trace = "".join(traceback.format_exception(error))
        self.get_logger().error(f"image of {camera} left out: {error}\n{trace}", throttle_duration_sec=5.0)

    def _frame(self, camera: str, message: Image, state: RobotState) -> CameraFrame:
        link = next(c.link for c in self.robot.cameras if c.name == camera)
        joints = dict(zip(state.joints.names, state.joints.position, strict=True))
        position, rotation = link_pose(self.robot, link, joints)
        intrinsics = np.array(self._infos[camera].k, dtype=float).reshape(3, 3)
        stamp = conversions.from_time(message.header.stamp)
        return CameraFrame(stamp, camera, conversions.from_image(message), intrinsics, position, rotation)

    def _on_forget(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._make()
        response.success, response.message = True, "the scene is forgotten"
        return response

    def _status(self) -> diagnostics.Status:
        images, unusable, self._count, self._unusable = self._count, self._unusable, 0, 0
        values = {
            "images per second": images,
            "unusable images per second": unusable,
            "objects": self._world_size,
            "holding": self._holding or "",
        }
        if unusable:
            return diagnostics.ERROR, f"image left out: {self._reason}", values
        if images == 0:
            return diagnostics.WARN, "no image in the last second", values
        return diagnostics.OK, "looking", values


def _detector(settings: PerceptionParameters) -> Detector | None:
    """The detector of the parameters; None for the pipeline's own."""
    if settings.detector == "colour_shape":
        return None
    if not settings.model:
        raise ConfigurationError("the detector zero_shot needs the parameter model: a folder or a name")
    from robomatrix.perception.zero_shot import ZeroShotDetector

    return ZeroShotDetector(settings.model, load_model(), download=settings.download)


def main(args: list[str] | None = None) -> None:
    """Entry point of ``ros2 run robomatrix perception``."""
    run(Perception, args=args)
