"""``translate``: where it moves objects, and what it says when it cannot."""

import numpy as np
import pytest

from robomatrix.evaluation.dexgen.rotation import Rig
from robomatrix.evaluation.dexgen.translation import ShiftTrial, shift_trial, summary
from robomatrix.policies.dexgen.kinematics import HandKinematics
from robomatrix.robots.loader import load_robot
from robomatrix.skills.base import ErrorCode, Failed
from robomatrix.skills.dexgen.palm import from_mount

ALLEGRO = load_robot("allegro")


def test_tips_are_carried_together():
    kinematics = HandKinematics(ALLEGRO.urdf)
    home = np.array([joint.home for joint in ALLEGRO.joints])
    step = np.array([0.0, 0.0006, 0.0008])
    moved = kinematics.keypoints(home + kinematics.carry(home, step)) - kinematics.keypoints(home)
    along = moved[1::2] @ step / (step @ step)
    assert along.min() > 0.5
    assert along.max() < 1.1


def test_forward_left_and_up_are_those_of_the_palm_up():
    assert np.allclose(from_mount(np.array([1.0, 0.0, 0.0])), [0.0, 0.0, 1.0]), "along the fingers"
    assert np.allclose(from_mount(np.array([0.0, 0.0, 1.0])), [1.0, 0.0, 0.0]), "the palm's normal"


@pytest.mark.parametrize(("robot", "way"), [("allegro", "left"), ("allegro", "backward"), ("allegro_left", "left")])
def test_an_object_arrives(robot, way):
    trial = shift_trial(load_robot(robot), "ball", way, 0.008, 1, "up")
    assert trial.succeeded
    assert trial.error < 0.004


def test_an_object_that_is_taken_away_ends_the_skill():
    rig = Rig(ALLEGRO, "block", 1)
    step = rig.step

    def taken():
        step()
        if rig.state.stamp > 2.0:
            rig.driver._data.qpos[16:19] = [0.5, 0.0, 0.0]

    rig.step = taken
    outcome = rig.perform("translate", forward=0.015, up=0.015)
    assert isinstance(outcome, Failed)
    assert outcome.code is ErrorCode.OBJECT_LOST


def test_the_summary_counts_ways_and_objects():
    trials = [
        ShiftTrial("ball", "left", 0, True, True, 0.001, 5.0, 2.0),
        ShiftTrial("ball", "up", 0, True, True, 0.005, 5.0, 2.0),
        ShiftTrial("can", "up", 0, False, False, 0.05, 5.0, 2.0),
    ]
    report = summary(trials)
    assert set(report) == {"all", "ball", "can", "left", "up"}
    assert (report["all"]["succeeded"], report["all"]["drops"], report["all"]["claimed_wrongly"]) == (1, 1, 1)
    assert report["up"]["mean_error_mm"] is None
