import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from robomatrix.hardware.driver import Twist
from robomatrix.hardware.mecanum import rim_speeds
from robomatrix.hardware.odometry import WheelOdometry, quaternion, roll_pitch_yaw
from robomatrix.robots import load_simulation
from robomatrix.robots.simulation import NoiseSpec

SPEC = load_simulation("ep").base


def drive(odometry: WheelOdometry, twist: Twist, seconds: float) -> None:
    for _ in range(round(seconds / 0.02)):
        odometry.advance(rim_speeds(twist, SPEC), twist.wz, 0.02)


def test_a_full_circle_ends_where_it_began() -> None:
    odometry = WheelOdometry(SPEC, NoiseSpec(), np.random.default_rng(0))
    drive(odometry, Twist(0.3, 0.0, math.tau / 10), 10.0)
    assert (odometry.x, odometry.y, odometry.yaw) == pytest.approx((0, 0, 0), abs=1e-6)


def test_errors_are_as_large_as_asked_for() -> None:
    runs = [WheelOdometry(SPEC, NoiseSpec(odometry_scale=0.01), np.random.default_rng(s)) for s in range(200)]
    for run in runs:
        drive(run, Twist(0.5), 2.0)
    assert np.std([run.x for run in runs]) == pytest.approx(0.01 / math.sqrt(4), rel=0.2)


def test_angles_agree_with_scipy() -> None:
    rotation = Rotation.from_euler("xyz", [0.1, -0.4, 2.0])
    assert quaternion(0.1, -0.4, 2.0) == pytest.approx(rotation.as_quat())
    assert roll_pitch_yaw(rotation.as_matrix()) == pytest.approx((0.1, -0.4, 2.0))
