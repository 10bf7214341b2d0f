import math
import re
from dataclasses import replace

import pytest
from support.playground import PERIOD, Playground

from robomatrix.skills.base import ErrorCode, Failed, Succeeded
from robomatrix.world import World


@pytest.mark.parametrize("angle", [-540.0, -90.0, 10.0, 180.0, 400.0])
def test_turn_counts_full_turns(angle):
    ground = Playground()
    assert isinstance(ground.run("turn", angle_deg=angle), Succeeded)
    assert ground.pose.yaw == pytest.approx(math.radians(angle), abs=0.05)


def test_turn_that_is_held_is_blocked():
    ground = Playground(free=lambda pose: abs(pose.yaw) < 0.1)
    outcome = ground.run("turn", angle_deg=90.0)
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.BLOCKED


def test_look_around_turns_once_round():
    ground = Playground()
    assert isinstance(ground.run("look_around"), Succeeded)
    assert ground.pose.yaw == pytest.approx(2.0 * math.pi, abs=0.16)


def test_look_around_stands_still_to_look_in_five_directions():
    ground = Playground()
    ground.run("look_around")
    still = "".join("." if abs(t.wz) < 0.01 else "t" for t in ground.twists)
    looks = [len(rest) * PERIOD for rest in re.findall(r"\.+", still)]
    assert sum(rest >= 0.4 for rest in looks) == 5


def test_a_look_without_images_is_none():
    ground = Playground()
    observe = ground.observe
    ground.observe = lambda: replace(observe(), world=World())
    outcome = ground.run("look_around")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.NOT_FOUND


def test_a_look_waits_for_slow_images():
    ground, images = Playground(), []
    observe = ground.observe

    def every_half_second():
        if not images or ground.time >= images[-1] + 0.5:
            images.append(ground.time)
        return replace(observe(), world=World(images[-1]))

    ground.observe = every_half_second
    assert isinstance(ground.run("look_around"), Succeeded)
    assert ground.time > 5 * 3 * 0.5


def test_stop_succeeds_at_rest():
    assert isinstance(Playground().run("stop"), Succeeded)
