import json

import numpy as np
import pytest

from robomatrix.errors import ConfigurationError
from robomatrix.evaluation.dexgen.nearest import NearestMotion
from robomatrix.policies.dexgen.kinematics import HandKinematics
from robomatrix.robots.loader import load_robot

ROBOT = load_robot("allegro")
KINEMATICS = HandKinematics(ROBOT.urdf)
HOME = np.array([j.home for j in ROBOT.joints])


@pytest.fixture
def data(tmp_path):
    """Two grasps; in the first the index finger is bent further, in the second the middle finger."""
    rng = np.random.default_rng(0)
    length = 40
    rows = {"positions": [], "targets": [], "wanted": []}
    for joint, start in ((1, HOME), (5, HOME + 0.2)):
        targets = start + rng.normal(0.0, 0.001, (length, 16))
        wanted = targets.copy()
        wanted[:, joint] += 0.1
        rows["positions"].append(targets - 0.02)
        rows["targets"].append(targets)
        rows["wanted"].append(wanted)
    columns = {name: np.concatenate(parts).astype(np.float32) for name, parts in rows.items()}
    for name in ("shard_0000.npz", "shard_0001.npz"):
        lengths, survival = np.full(2, length, dtype=np.int32), np.full(2 * length, 999, np.uint16)
        np.savez(tmp_path / name, lengths=lengths, survival=survival, **columns)
    (tmp_path / "manifest.json").write_text(json.dumps({"shards": {"shard_0000.npz": {}, "shard_0001.npz": {}}}))
    return tmp_path


def test_the_change_is_that_of_the_grasp_that_is_nearest(data):
    motions = NearestMotion(KINEMATICS, data, weight=0.01)
    targets = np.stack([HOME, HOME + 0.2])
    change = motions.change(targets - 0.02, targets, targets)
    assert change.argmax(axis=1).tolist() == [1, 5]
    assert change.max(axis=1) == pytest.approx([0.1, 0.1], abs=0.01)


def test_with_much_weight_the_command_decides(data):
    motions = NearestMotion(KINEMATICS, data, weight=1e4)
    command = HOME + 0.1 * np.eye(16)[5]
    assert motions.change(HOME[None] - 0.02, HOME[None], command[None]).argmax() == 5


def test_without_data_it_says_what_to_run(tmp_path):
    with pytest.raises(ConfigurationError, match="train dexgen data"):
        NearestMotion(KINEMATICS, tmp_path, weight=1.0)
