"""``/tf`` from odometry, where the messages for it are installed (they are not among the ROS wheels)."""

from __future__ import annotations

from nav_msgs.msg import Odometry
from rclpy.node import Node

from robomatrix_nodes import qos

try:
    from geometry_msgs.msg import TransformStamped
    from tf2_msgs.msg import TFMessage
except ImportError:
    TFMessage = None


class TransformPublisher:
    """Publishes odom -> base_link; does nothing where tf2_msgs is missing."""

    def __init__(self, node: Node) -> None:
        self._publisher = node.create_publisher(TFMessage, "/tf", qos.STATE) if TFMessage else None

    def publish(self, odometry: Odometry) -> None:
        """Sends the pose of ``odometry`` as a transform."""
        if self._publisher is None:
            return
        pose, transform = odometry.pose.pose, TransformStamped(header=odometry.header)
        transform.child_frame_id = odometry.child_frame_id
        transform.transform.translation.x = pose.position.x
        transform.transform.translation.y = pose.position.y
        transform.transform.translation.z = pose.position.z
        transform.transform.rotation = pose.orientation
        self._publisher.publish(TFMessage(transforms=[transform]))
