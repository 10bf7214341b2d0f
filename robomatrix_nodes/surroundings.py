"""What the scheduler knows of the world: what is perceived or tracked, what is held, where the robot is, the time."""

from __future__ import annotations

from dataclasses import replace

from nav_msgs.msg import Odometry as OdometryMsg
from rclpy.node import Node
from rclpy.task import Future
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from robomatrix.robots.loader import load_robot
from robomatrix.scheduling.perceived import NOTHING_BELIEVED, Believed, planning_scene
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.world import World
from robomatrix_interfaces.msg import SceneObjectArray
from robomatrix_nodes import conversions, qos
from robomatrix_nodes.waiting import resolve, within


class Surroundings:
    """Subscribes to all of it for a node."""

    def __init__(self, node: Node, robot: str) -> None:
        """Subscribes for a robot, by name."""
        spec = load_robot(robot)
        self._node, self._robot, self._sees = node, robot, bool(spec.cameras)
        self.world = World()
        """As perception has it."""
        self._tracked, self._holding = World(), ""
        self._position: tuple[float, float] = (0.0, 0.0)
        self._stamp: float | None = None
        self._fresh: tuple[float, Future] | None = None
        node.create_subscription(SceneObjectArray, "scene/objects", self._on_scene, qos.LATCHED)
        node.create_subscription(SceneObjectArray, "tracker/objects", self._on_tracked, qos.LATCHED)
        node.create_subscription(String, "holding", self._on_holding, qos.LATCHED)
        if spec.odometry:
            node.create_subscription(OdometryMsg, "odom", self._on_odometry, qos.STATE)
        else:
            node.create_subscription(JointState, "joint_states", self._on_joint_states, qos.STATE)

    def now(self) -> float:
        """Time on the robot's clock [s], from its newest state; the node's own clock before there is one."""
        return self._node.get_clock().now().nanoseconds * 1e-9 if self._stamp is None else self._stamp

    def scene(self, believed: Believed = NOTHING_BELIEVED) -> PlanningScene:
        """Returns the newest scene as planners see it; ``believed`` as in :func:`planning_scene`."""
        known = replace(self.world, objects={**self.world.objects, **self._tracked.objects})
        if not self._perceived:  # nobody else says what is held
            known = known.with_holding(self._holding or None)
        return planning_scene(known, self._robot, self._position, believed)

    async def renewed(self, seconds: float) -> None:
        """Waits for what is perceived or tracked after this moment, but not for ever, and not where nobody looks."""
        if not self._perceived and not self._tracked.objects:
            return
        self._fresh = (self.now(), Future(executor=self._node.executor))
        await within(self._node, self._fresh[1], seconds)
        self._fresh = None

    @property
    def _perceived(self) -> bool:
        """Whether somebody perceives; a perception node that launched for a robot without a camera never does."""
        return self._sees and self._node.count_publishers("scene/objects") > 0

    def _on_scene(self, message: SceneObjectArray) -> None:
        self.world = conversions.from_scene(message)
        self._came(self.world.stamp)

    def _on_tracked(self, message: SceneObjectArray) -> None:
        self._tracked = conversions.from_scene(message)
        if not self._perceived:
            self._came(self._tracked.stamp)

    def _came(self, stamp: float) -> None:
        if self._fresh is not None and stamp >= self._fresh[0]:
            resolve(self._fresh[1], True)

    def _on_holding(self, message: String) -> None:
        self._holding = message.data

    def _on_odometry(self, message: OdometryMsg) -> None:
        self._position = (message.pose.pose.position.x, message.pose.pose.position.y)
        self._stamp = conversions.from_time(message.header.stamp)

    def _on_joint_states(self, message: JointState) -> None:
        self._stamp = conversions.from_time(message.header.stamp)
