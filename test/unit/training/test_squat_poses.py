import numpy as np
import pytest

from robomatrix.errors import ConfigurationError
from robomatrix.robots.humanoid import humanoid
from robomatrix.skills.skillblender.squats import SQUATS
from robomatrix.training.skillblender.squat_poses import squat_table


def test_the_table_of_the_g1_is_the_one_in_use_within_a_few_degrees():
    found, used = squat_table(humanoid("g1"), 0.40), SQUATS["g1"]
    assert np.abs(found.poses[: len(used.poses)] - used.poses[: len(found.poses)]).max() < 0.07


def test_heights_that_no_balanced_pose_has_are_refused():
    with pytest.raises(ConfigurationError, match="no balanced squat at a pelvis height of 0"):
        squat_table(humanoid("g1"), 0.20)
