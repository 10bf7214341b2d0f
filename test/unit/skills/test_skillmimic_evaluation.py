"""The success rules on tracks that are written by hand, and the court driver."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from robomatrix.errors import ConfigurationError, DriverError, PolicyError, UnknownNameError
from robomatrix.evaluation.skillmimic import (
    Arena,
    Track,
    bounced,
    dribbled,
    evaluate,
    held_at_end,
    landing,
    passed,
    picked_up,
    rises,
    share,
    shot,
)
from robomatrix.evaluation.skillmimic_pictures import CELL, heat_map
from robomatrix.hardware.court import LOB_FROM, LOB_VELOCITY, CourtDriver
from robomatrix.hardware.driver import RobotCommand, RobotState, SimulatedDriver, TrackingDriver
from robomatrix.robots.loader import load_robot
from robomatrix.scenes.court import court
from robomatrix.skills.base import ErrorCode, Observation, Outcome, Running, Skill, Succeeded
from robomatrix.skills.skillmimic import basketball
from robomatrix.skills.skillmimic.ball_in_hand import BounceBall, PassTo
from robomatrix.skills.skillmimic.basketball import Catch, PickUpBall
from robomatrix.skills.skillmimic.observation import heading, into_heading
from robomatrix.skills.skillmimic.policy import PlayerPolicy
from robomatrix.world import World

STEPS = 90
PLAYER = load_robot("player")


def track(
    ball: tuple[float, float, float], velocity: tuple[float, float, float] = (0, 0, 0), pelvis: float = 0.95,
    steps: int = STEPS,
) -> Track:  # fmt: skip
    """One player at the origin looking along x; the ball moves evenly from a place."""
    time = np.arange(steps)[:, None, None] / 60.0
    return Track(
        ball=np.array(ball) + time * np.array(velocity, float),
        ball_velocity=np.tile(np.array(velocity, float), (steps, 1, 1)),
        pelvis=np.tile([0.0, 0.0, pelvis], (steps, 1, 1)),
        forward=np.array([[1.0, 0.0]]),
        hoop=np.array(court()["hoop"]["position"]),
    )


def test_picked_up_is_held_above_one_metre_at_the_end() -> None:
    assert picked_up(track((0.3, 0, 1.1)))[0]
    assert not picked_up(track((0.3, 0, 0.9)))[0]
    assert not picked_up(track((0.8, 0, 1.1)))[0]
    assert not picked_up(track((0.3, 0, 1.1), pelvis=0.4))[0]


def test_a_ball_that_was_held_only_for_a_moment_is_not_held() -> None:
    dropped = track((0.3, 0, 1.2))
    dropped.ball[-10:, :, 2] = 0.3
    assert not held_at_end(dropped)[0]


@pytest.mark.parametrize(
    ("velocity", "good"),
    [((5, 0, 1), True), ((5, 2, 1), True), ((5, 4, 1), False), ((1.2, 0, 1), False), ((-5, 0, 1), False)],
)
def test_a_pass_is_fast_and_straight(velocity: tuple[float, float, float], good: bool) -> None:
    assert passed(track((0.3, 0, 1.2), velocity))[0] == good


def test_a_shot_rises_and_leaves() -> None:
    assert rises(track((0.3, 0, 1.8), (2.0, 0, 1.0)))[0]
    assert not rises(track((0.3, 0, 1.2), (2.0, 0, 0.2)))[0]


def test_a_shot_scores_where_it_comes_down() -> None:
    hoop = court()["hoop"]["position"]

    def thrown(lateral: float) -> Track:
        time = np.arange(STEPS)[:, None] / 60.0
        flight = track((0.3, lateral, 1.8), (1.75, 0.0, 0.0))
        flight.ball[..., 2] = 1.8 + 7.0 * time - 4.905 * time**2
        return flight

    fall = (7.0 + np.sqrt(49.0 - 19.62 * (hoop[2] - 1.8))) / 9.81
    expected = abs(0.3 + 1.75 * fall - hoop[0])
    assert landing(thrown(0.0))[0] == pytest.approx(expected, abs=0.04)
    assert landing(thrown(0.5))[0] > 0.45
    assert shot(thrown(0.0))[0]
    assert not shot(thrown(0.5))[0]
    assert np.isinf(landing(track((0.3, 0, 1.2), (2.0, 0, 0.2)))[0])


def test_a_dribble_is_kept_up_near_the_player() -> None:
    bouncing = track((0.4, -0.25, 0.0))
    bouncing.ball[..., 2] = 0.12 + 0.7 * np.abs(np.sin(np.arange(STEPS) / 12.0))[:, None]
    assert dribbled(bouncing)[0]
    assert not dribbled(track((0.4, -0.25, 0.12)))[0]
    bouncing.ball[-1, :, 0] = 1.5
    assert not dribbled(bouncing)[0]


def test_a_bounced_ball_meets_the_floor_again_and_again() -> None:
    bouncing = track((0.35, 0.0, 0.0), steps=300)
    phase = np.arange(300) % 106
    bouncing.ball[..., 2] = np.where(np.abs(phase - 55) < 4, 0.15, 1.1)[:, None]
    assert bounced(bouncing)[0]
    bouncing.ball[150:, :, 2] = 1.1
    assert not bounced(bouncing)[0]
    assert not bounced(track((0.35, 0.0, 1.1), steps=300))[0]
    assert not bounced(track((0.35, 0.0, 0.12), steps=300))[0]


def test_shares_carry_their_interval() -> None:
    result = share(np.arange(100) < 90)
    assert (result["rate"], result["trials"]) == (0.9, 100)
    assert result["interval"] == [0.826, 0.945]


def test_the_heat_map_is_green_where_it_works_and_white_where_there_is_nothing() -> None:
    image = heat_map({"pick_up -> pass": {"rate": 1.0}, "catch -> stand": {"rate": 0.0}, "catch -> pass": None})
    assert image.shape == (3 * CELL, 3 * CELL, 3)
    assert list(image[CELL + 8, CELL + 8]) == [100, 200, 90]
    assert list(image[2 * CELL + 8, 2 * CELL + 8]) == [230, 90, 90]
    assert list(image[CELL + 8, 2 * CELL + 8]) == [255, 255, 255]


def test_bad_requests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Known: pushes, skills, transitions"):
        evaluate(only="dunks")
    with pytest.raises(ConfigurationError, match="0 trials"):
        evaluate(trials=0)
    with pytest.raises(PolicyError, match="cannot be read"):
        evaluate(tmp_path)


def test_the_court_is_a_simulated_driver_that_repeats_with_its_seed() -> None:
    driver = CourtDriver(PLAYER)
    assert isinstance(driver, SimulatedDriver)

    def places(seed: int) -> tuple[float, ...]:
        driver.reset(seed)
        for _ in range(3):
            driver.step()
        return driver.objects()[0].position

    assert places(1) == places(1) != places(2)


def test_the_court_has_the_ball_where_the_shipped_policy_learnt_to_take_it() -> None:
    qpos, _ = PlayerPolicy(PLAYER).starts("pick_up")
    learnt = into_heading(heading(qpos[:, 3:7]), qpos[:, -7:-4] - qpos[:, :3] * [1.0, 1.0, 0.0])[-1]
    np.testing.assert_allclose(court()["ball"]["position"][:2], learnt[:2], atol=0.01)


def test_the_player_leans_little_in_half_a_second_of_its_home_pose_with_nobody_balancing_it() -> None:
    driver = CourtDriver(PLAYER)
    before = driver.reset(0).odometry.position
    for _ in range(30):
        after = driver.step()
    assert after.stamp == pytest.approx(0.5)
    assert np.abs(after.odometry.position - before).max() < 0.04


def test_a_thrown_ball_arrives_where_it_was_aimed() -> None:
    driver = CourtDriver(PLAYER)
    driver.reset(0)
    driver.throw(np.array([3.0, 2.0, 1.5]), np.array([3.5, 0.0, 1.2]), 0.5)
    for _ in range(30):
        driver.step()
    np.testing.assert_allclose(driver.objects()[0].position, [3.5, 0.0, 1.2], atol=0.03)


def carry_out(driver: CourtDriver, state: RobotState, skill: Skill) -> tuple[Outcome, RobotState]:
    """Runs a skill to its end."""
    while True:
        world = World(state.stamp, {o.id: o for o in driver.tracked()})
        result = skill.tick(Observation(state, world))
        if not isinstance(result, Running):
            return result, state
        driver.write(result.command)
        state = driver.step()


def test_the_shipped_policy_picks_the_ball_up_and_passes_it() -> None:
    driver = CourtDriver(PLAYER)
    state = driver.reset(0)
    assert isinstance(driver, TrackingDriver)
    for skill in (PickUpBall(PLAYER, {}), PassTo(PLAYER, {"distance": 3.0})):
        result, state = carry_out(driver, state, skill)
        assert isinstance(result, Succeeded), result
    assert result.metrics["speed"] > 2.0
    assert 3.0 < state.stamp < 6.0


def test_a_throw_comes_to_where_the_shipped_policy_learnt_to_begin_its_catch() -> None:
    qpos, qvel = PlayerPolicy(PLAYER).starts("catch")
    frame = heading(qpos[:, 3:7])
    place = into_heading(frame, qpos[:, -7:-4] - qpos[:, :3] * [1.0, 1.0, 0.0])[0]
    velocity = into_heading(frame, qvel[:, -6:-3])[0]
    flown, fall = 8 / 60, np.array([0.0, 0.0, 9.81])
    np.testing.assert_allclose(LOB_FROM + LOB_VELOCITY * flown - 0.5 * fall * flown**2, place, atol=0.01)
    np.testing.assert_allclose(LOB_VELOCITY - fall * flown, velocity, atol=0.01)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_ball_that_is_thrown_is_waited_for_and_caught(seed: int) -> None:
    driver = CourtDriver(PLAYER, throws=[1.5])
    result, state = carry_out(driver, driver.reset(seed), Catch(PLAYER, {}))
    assert isinstance(result, Succeeded), result
    assert 2.0 < state.stamp < 4.0


def test_a_ball_that_was_caught_on_the_court_can_be_passed() -> None:
    driver = CourtDriver(PLAYER, throws=[0.5])
    state = driver.reset(31)
    for skill in (Catch(PLAYER, {}), PassTo(PLAYER, {})):
        result, state = carry_out(driver, state, skill)
        assert isinstance(result, Succeeded), result


def test_a_picked_up_ball_is_bounced_and_held_again() -> None:
    driver = CourtDriver(PLAYER)
    state = driver.reset(3)
    for skill in (PickUpBall(PLAYER, {}), BounceBall(PLAYER, {"times": 2})):
        result, state = carry_out(driver, state, skill)
        assert isinstance(result, Succeeded), result
        assert result.holding == "ball"
    assert result.metrics["bounces"] == 2


def test_a_player_stands_while_the_ball_rolls_far_away() -> None:
    arena = Arena(PlayerPolicy(PLAYER), 3)
    qpos, qvel = (np.repeat(state[-1:], 3, axis=0) for state in arena.policy.starts("pick_up"))
    angle = np.array([0.5, 1.6, 5.2])
    qpos[:, -7:-5] = 0.3 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    qvel[:] = 0.0
    qvel[:, -6:-4] = 4.0 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    arena.sim.reset(np.arange(3), qpos, qvel)
    track = arena.run("stand", 10.0)
    assert (track.away()[-1] > 5.0).all()
    assert track.upright().all()


def test_where_nobody_throws_the_player_goes_on_standing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(basketball, "EXPECTING", 1.5)
    driver = CourtDriver(PLAYER)
    result, state = carry_out(driver, driver.reset(0), Catch(PLAYER, {}))
    assert (result.code, result.message) == (ErrorCode.TIMEOUT, "nobody threw the ball within 1.5 s")
    assert state.odometry.position[2] > 0.9


@pytest.mark.parametrize("throws", [["soon"], [3.0, 1.0], [-1.0]])
def test_throws_are_rising_times(throws: list) -> None:
    with pytest.raises(DriverError, match="rising times in seconds"):
        CourtDriver(PLAYER, throws=throws)


def test_commands_are_clamped_and_what_does_not_fit_is_refused() -> None:
    driver = CourtDriver(PLAYER)
    with pytest.raises(DriverError, match="not connected"):
        driver.write(RobotCommand({"left_knee": 1.0}))
    driver.connect()
    assert driver.write(RobotCommand({"left_knee": 9.0})).positions["left_knee"] == PLAYER.joint("left_knee").upper
    with pytest.raises(DriverError, match="no commands for 'tail'"):
        driver.write(RobotCommand({"tail": 1.0}))
    with pytest.raises(DriverError, match="drives 'player' on scene 'court'"):
        CourtDriver(replace(PLAYER, name="ep"))
    with pytest.raises(DriverError, match="the player has none"):
        driver.frame("front")
    driver.close()
    driver.close()
