import pytest

pytest.importorskip("pybullet")

from robomatrix.evaluation.humanoid_transfer import TransferReport, run, walk_in_pybullet
from robomatrix.skills.skillblender.library import load_policy


def test_walk_learnt_in_mujoco_walks_in_pybullet():
    result = walk_in_pybullet(load_policy("g1", "walk"), (0.4, 0.0, 0.0), seconds=4.0)
    assert not result["fell"]
    assert result["vx"] == pytest.approx(0.4, abs=0.15)


def test_the_report_measures_each_speed_and_is_missed_by_a_fall():
    report = run("g1", seconds=1.0, speeds=(0.0,))
    assert report.reached and report.walks[0.0]["seconds"] >= 1.0
    assert not TransferReport("g1", 1.0, {0.4: {"fell": 1.0, "vx": 0.1, "seconds": 0.6}}).reached
