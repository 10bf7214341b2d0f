"""``rotate``: what it needs, what it does when the object or its tracker is gone, and that it turns objects."""

import math
from dataclasses import replace

import numpy as np
import pytest

from robomatrix.hardware.driver import TrackingDriver
from robomatrix.hardware.mujoco.hand_driver import TRACKING_NOISE, MujocoHandDriver
from robomatrix.robots.loader import load_robot
from robomatrix.skills.base import ErrorCode, Failed, Observation, Running, Succeeded
from robomatrix.skills.dexgen.rotate import EARLY, SETTLE, TOLERANCE, Course, Rotate, Tracked
from robomatrix.world import World

ALLEGRO = load_robot("allegro")


def hand(seed=0, category="block"):
    driver = MujocoHandDriver(ALLEGRO, overrides={"objects": [{"category": category, "colours": ["red"]}]})
    driver.reset(seed)
    for _ in range(10):
        driver.step()
    return driver


def seen(driver, things=None):
    state = driver.read()
    tracked = driver.tracked() if things is None else things
    return Observation(state, World(state.stamp, {thing.id: thing for thing in tracked}))


def spin(driver, angle):
    """Turns the object in place about the palm's normal."""
    half = angle / 2.0
    turn = np.array([math.cos(half), math.sin(half), 0.0, 0.0])
    w, x, y, z = driver._data.qpos[19:]
    a, b = turn[:2]
    driver._data.qpos[19:] = [a * w - b * x, a * x + b * w, a * y - b * z, a * z + b * y]
    import mujoco

    mujoco.mj_forward(driver._model, driver._data)


def test_the_tracker_sees_turns_with_its_noise():
    driver = hand()
    assert isinstance(driver, TrackingDriver)
    before = driver.objects()[0].yaw
    spin(driver, 0.7)
    true = driver.objects()[0]
    assert true.yaw - before == pytest.approx(0.7, abs=0.05)
    assert driver.tilt == pytest.approx(0.0, abs=0.1), "turning is no tipping"
    reports = [driver.tracked()[0] for _ in range(200)]
    errors = np.array([[*np.subtract(r.position, true.position), r.yaw - true.yaw] for r in reports])
    assert errors.std(axis=0) == pytest.approx([TRACKING_NOISE[0]] * 3 + [TRACKING_NOISE[1]], rel=0.25)


def test_headings_go_on_past_half_a_turn():
    driver = hand()
    thing = Tracked(seen(driver))
    for _ in range(8):
        spin(driver, 0.6)
        thing.update(seen(driver))
    assert thing.heading == pytest.approx(4.8, abs=0.1)


def a_course(wanted):
    """A course after the first rest."""
    course = Course(wanted)
    course.update(0.0, True, 0.9 * SETTLE)
    assert (course.direction, course.done) == (0.0, False), "a new grip first"
    course.update(0.0, True, SETTLE)
    return course


def test_the_course_stops_shortly_before_the_angle_and_judges_it_at_rest():
    course = a_course(-1.0)
    assert (course.direction, course.rest, course.done) == (-1.0, 0.0, False)
    course.update(-1.0 + 0.9 * EARLY, True, 2.0)
    assert course.direction == 0.0
    course.update(-1.0, True, 2.0 + 0.9 * SETTLE)
    assert not course.done
    course.update(-1.0, False, 2.0 + SETTLE)
    assert not course.done, "loose"
    course.update(-1.0, True, 2.5 + SETTLE)
    assert course.done


@pytest.mark.parametrize(("reached", "then"), [(1.0 - 1.1 * TOLERANCE, 1.0), (1.0 + 1.1 * TOLERANCE, -1.0)])
def test_the_course_goes_on_or_back_if_the_angle_is_wrong_at_rest(reached, then):
    course = a_course(1.0)
    course.update(1.0, True, 2.0)
    course.update(reached, True, 2.0 + SETTLE)
    assert (course.direction, course.done, course.rest) == (then, False, 0.0)


def test_without_an_angle_there_is_only_the_new_grip():
    course = Course(None)
    course.update(0.4, False, SETTLE)
    assert (course.direction, course.done) == (0.0, False)
    course.update(0.5, True, SETTLE + 0.1)
    assert course.done


def test_it_needs_a_tracked_object_in_the_hand():
    driver = hand()
    far = replace(driver.tracked()[0], position=(1.0, 0.0, 0.0))
    for things in ((), (far,)):
        outcome = Rotate(ALLEGRO, {}).tick(seen(driver, things))
        assert isinstance(outcome, Failed)
        assert outcome.code == ErrorCode.PRECONDITION
        assert "tracked" in outcome.message


def test_a_lost_object_is_noticed():
    driver = hand()
    skill = Rotate(ALLEGRO, {})
    assert isinstance(skill.tick(seen(driver)), Running)
    driver.step()
    gone = replace(driver.tracked()[0], position=(0.3, 0.0, 0.0))
    outcome = skill.tick(seen(driver, (gone,)))
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.OBJECT_LOST
    assert outcome.holding is None


def test_a_silent_tracker_stops_the_fingers_and_then_ends_the_skill():
    driver = hand()
    skill = Rotate(ALLEGRO, {})
    last = driver.tracked()
    targets, result = [], None
    while not isinstance(result, Failed):
        result = skill.tick(seen(driver, last))
        if isinstance(result, Running):
            driver.write(result.command)
            targets.append((driver.read().stamp, np.array(list(result.command.positions.values()))))
        driver.step()
        driver.step()
    assert result.code == ErrorCode.NOT_FOUND
    late = np.array([t for stamp, t in targets if stamp - last[0].stamp > 0.6])
    assert len(late) > 5
    assert np.ptp(late, axis=0).max() == 0.0
    assert driver.holds


@pytest.mark.parametrize("angle", [60.0, -60.0])
def test_a_ball_is_turned(angle):
    driver = hand(seed=2, category="ball")
    before = driver.objects()[0].yaw
    skill = Rotate(ALLEGRO, {"angle_deg": angle})
    result = skill.tick(seen(driver))
    while isinstance(result, Running):
        driver.write(result.command)
        driver.step()
        driver.step()
        result = skill.tick(seen(driver))
    assert isinstance(result, Succeeded), result
    assert math.degrees(driver.objects()[0].yaw - before) == pytest.approx(angle, abs=15.0)
    assert driver.holds
