import numpy as np
import pytest

from robomatrix.hardware.driver import CameraFrame, Odometry
from robomatrix.perception.repeats import RepeatedImages


def frame(value: int, stamp: float) -> CameraFrame:
    image = np.full((4, 6, 3), value, np.uint8)
    return CameraFrame(stamp, "front", image, np.eye(3), np.zeros(3), np.eye(3))


def odometry(x: float = 0.0, yaw: float = 0.0) -> Odometry:
    turned = np.array([0.0, 0.0, np.sin(yaw / 2), np.cos(yaw / 2)])
    return Odometry(np.array([x, 0.0, 0.0]), turned, np.zeros(3), np.zeros(3))


@pytest.mark.parametrize("moved", [odometry(x=0.05), odometry(yaw=3.1), odometry(yaw=-3.1)])
def test_an_image_that_stays_while_the_base_moves_is_not_believed_until_a_new_one_comes(moved: Odometry) -> None:
    repeats = RepeatedImages()
    assert not repeats.seen(frame(7, 0.0), odometry())
    assert repeats.seen(frame(7, 0.1), moved)
    assert repeats.seen(frame(7, 0.2), moved)
    assert not repeats.seen(frame(8, 0.3), moved)
    assert not repeats.seen(frame(8, 0.4), moved)


def test_a_robot_that_stands_sees_the_same() -> None:
    repeats = RepeatedImages()
    assert not any(repeats.seen(frame(7, 0.1 * i), odometry(x=0.001 * i)) for i in range(10))
