import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.hardware.driver import Twist
from robomatrix.hardware.mecanum import WheelServos, base_velocity, ramped, rim_speeds
from robomatrix.robots import load_simulation

SPEC = load_simulation("ep").base
SPEED = st.floats(-3.5, 3.5)


@pytest.mark.parametrize(
    ("twist", "rims"),
    [
        (Twist(vx=1.0), [1, 1, 1, 1]),
        (Twist(vy=1.0), [-1, 1, 1, -1]),
        (Twist(wz=1.0), [-0.2, 0.2, -0.2, 0.2]),
    ],
)
def test_rim_speeds_of_the_published_kinematics(twist: Twist, rims: list[float]) -> None:
    assert rim_speeds(twist, SPEC) == pytest.approx(rims)


@given(SPEED, SPEED, SPEED)
def test_forward_undoes_inverse(vx: float, vy: float, wz: float) -> None:
    back = base_velocity(rim_speeds(Twist(vx, vy, wz), SPEC), SPEC)
    assert (back.vx, back.vy, back.wz) == pytest.approx((vx, vy, wz), abs=1e-9)


def test_ramp_keeps_the_direction_and_the_limit() -> None:
    step = ramped(Twist(), Twist(0.3, 0.4, -9.0), SPEC, 0.02)
    assert np.hypot(step.vx, step.vy) == pytest.approx(SPEC.acceleration * 0.02)
    assert step.vy / step.vx == pytest.approx(4 / 3)
    assert step.wz == pytest.approx(-SPEC.turn_acceleration * 0.02)


def test_a_pushed_wheel_pulls_back_no_harder_than_it_grips() -> None:
    servos = WheelServos(SPEC, weight=3.3)
    for _ in range(1000):
        targets = servos.targets(Twist(), np.full(4, 0.1), 0.02)
    assert targets * 60.0 == pytest.approx(np.full(4, -servos.pull))
    assert 4 * servos.pull == pytest.approx(SPEC.traction * 3.3 * 9.81)
