import math

from support.playground import Playground, thing

from robomatrix.skills.base import ErrorCode, Failed, Succeeded
from robomatrix.skills.mobile_manipulation.shoot import BEADS, plate

TARGET = thing("target_1", 1.5, 0.6, (0.16, 0.16, 0.34), yaw=math.pi)


def test_hits():
    ground = Playground("s1").add(TARGET)
    outcome = ground.run("shoot", target="target_1")
    assert isinstance(outcome, Succeeded)
    assert outcome.metrics["beads"] == 1.0
    assert ground.things["target_1"].hits == 1


def test_fires_again_after_a_miss():
    outcome = Playground("s1", misses=2).add(TARGET).run("shoot", target="target_1")
    assert isinstance(outcome, Succeeded)
    assert outcome.metrics["beads"] == 3.0


def test_gives_up_after_a_bounded_number_of_beads():
    ground = Playground("s1", misses=100).add(TARGET)
    outcome = ground.run("shoot", target="target_1")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.TARGET_MISSED
    assert ground.joints["blaster"] == BEADS


def test_never_shoots_at_anything_else():
    ground = Playground("s1").add(thing("person_1", 1.0, 0.0, (0.4, 0.4, 1.7)))
    outcome = ground.run("shoot", target="person_1")
    assert isinstance(outcome, Failed)
    assert outcome.code == ErrorCode.PRECONDITION
    assert ground.joints["blaster"] == 0.0


def test_the_plate_is_at_the_upper_end():
    assert plate(TARGET)[2] == 0.17 + 0.09
