import pytest

pytest.importorskip("pybullet")

from robomatrix.evaluation.humanoid_transfer import walk_in_pybullet
from robomatrix.skills.skillblender.library import load_policy


def test_walk_learnt_in_mujoco_walks_in_pybullet():
    result = walk_in_pybullet(load_policy("g1", "walk"), (0.4, 0.0, 0.0), seconds=4.0)
    assert not result["fell"]
    assert result["vx"] == pytest.approx(0.4, abs=0.15)
