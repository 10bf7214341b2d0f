from __future__ import annotations

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from robomatrix.errors import ConfigurationError, UnknownNameError
from robomatrix.motions.clip import Clip
from robomatrix.motions.edit import relabel_contact
from robomatrix.motions.retarget import PLAYER, RobotMotion, mapping_for, retarget, save_motion
from robomatrix.resources import resource, share


@pytest.fixture(scope="module")
def motion(clip: Clip) -> RobotMotion:
    return retarget(relabel_contact(clip), PLAYER, share())


def test_the_robot_follows_the_points(motion: RobotMotion) -> None:
    assert motion.body_error < 0.045
    assert motion.qpos.shape == (40, 7 + 31)
    assert len(motion.joints) == 31


def test_joints_stay_within_their_limits(motion: RobotMotion) -> None:
    model = mujoco.MjModel.from_xml_path(str(resource("urdf", "player.xml")))
    joints = motion.qpos[:, 7:]
    assert np.all(joints > model.jnt_range[1:, 0] - 0.02)
    assert np.all(joints < model.jnt_range[1:, 1] + 0.02)


def test_both_palms_hold_the_ball_while_the_clip_says_so(motion: RobotMotion) -> None:
    assert motion.contact[:26].all()
    assert not motion.contact[-5:].any()
    assert motion.hold_error < 0.01


def test_the_knees_bend_and_stretch_with_the_clip(motion: RobotMotion) -> None:
    knee = motion.qpos[:, 7 + motion.joints.index("left_knee")]
    assert knee[20] - knee[2] == pytest.approx(0.3, abs=0.12)


def test_the_heading_does_not_change_the_joints(motion: RobotMotion, turned: Clip) -> None:
    other = retarget(relabel_contact(turned), PLAYER, share())
    np.testing.assert_allclose(other.qpos[5:, 7:], motion.qpos[5:, 7:], atol=0.08)


def test_bodies_that_cannot_be_mapped_are_named(clip: Clip) -> None:
    without = replace(clip, bodies=clip.bodies[:-1] + ("Hat",), positions=clip.positions)
    retargetable = replace(without, bodies=tuple("X" if b == "L_Elbow" else b for b in without.bodies))
    with pytest.raises(ConfigurationError, match="cannot map to player, the clip has no body L_Elbow"):
        retarget(retargetable, PLAYER, share())
    with pytest.raises(UnknownNameError, match="Known: player"):
        mapping_for("g1")


def test_a_saved_motion_holds_plain_arrays(motion: RobotMotion, tmp_path) -> None:
    save_motion(motion, tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz", allow_pickle=False) as data:
        assert data["qpos"].shape == (40, 38)
        assert str(data["robot"]) == "player"
