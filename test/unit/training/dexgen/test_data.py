import json
from dataclasses import replace

import numpy as np
import pytest

from robomatrix.errors import ConfigurationError
from robomatrix.hardware.mujoco.hand import ObjectSpec
from robomatrix.policies.dexgen.kinematics import HandKinematics
from robomatrix.policies.dexgen.observation import HISTORY, MOTION_SIZE
from robomatrix.robots.loader import load_robot
from robomatrix.training.dexgen.data import MANIFEST, DataSettings, generate, grasp_path, shard_name
from robomatrix.training.dexgen.dataset import TransitionSet, split_shards
from robomatrix.training.dexgen.grasps import GraspFinder, Grasps

SETTINGS = DataSettings(objects=(("cube", 0.06),), grasps=6, tries=80, shards=2, hands=3, ticks=30)


@pytest.fixture(scope="module")
def robot():
    return load_robot("allegro")


@pytest.fixture(scope="module")
def folder(robot, tmp_path_factory):
    path = tmp_path_factory.mktemp("data")
    generate(robot, SETTINGS, path, report=lambda line: None)
    return path


def test_grasps_hold_from_all_six_sides_and_store_their_grip(robot, folder):
    grasps = Grasps.load(grasp_path(folder, "cube", 0.06))
    assert len(grasps) == 6
    assert 0.05 < grasps.keep_rate <= 1.0
    assert (np.abs(grasps.targets - grasps.positions).max(axis=1) > 0.05).all()
    finder = GraspFinder(robot, grasps.held, np.random.default_rng(3))
    held = [finder.holds(*row) for row in zip(grasps.positions, grasps.targets, grasps.poses, strict=True)]
    assert sum(held) >= 5, "stored in single precision, a marginal grasp may fail"


def test_positions_alone_lose_the_grip(robot, folder):
    """Why targets are stored: a hand that is sent its own positions presses on nothing."""
    grasps = Grasps.load(grasp_path(folder, "cube", 0.06))
    finder = GraspFinder(robot, grasps.held, np.random.default_rng(3))
    held = [finder.holds(q, q, p) for q, p in zip(grasps.positions, grasps.poses, strict=True)]
    assert sum(held) <= 2


def test_a_damaged_grasp_file_is_an_error(tmp_path):
    path = tmp_path / "grasps.npz"
    path.write_bytes(b"not a grasp set")
    with pytest.raises(ConfigurationError, match=r"grasps\.npz"):
        Grasps.load(path)


def test_the_manifest_counts_what_the_shards_hold(folder):
    manifest = json.loads((folder / MANIFEST).read_text())
    assert manifest["robot"] == "allegro"
    assert list(manifest["shards"]) == ["shard_0000.npz", "shard_0001.npz"]
    for name, counts in manifest["shards"].items():
        with np.load(folder / name) as shard:
            assert counts["kept"] == len(shard["positions"]) == shard["lengths"].sum()
            assert np.abs(np.linalg.norm(shard["gravity"].astype(float), axis=1) - 1.0).max() < 2e-3
        assert counts["simulated"] == 90


def test_generation_goes_on_where_it_stopped(robot, folder):
    lines: list[str] = []
    before = (folder / shard_name(0)).stat().st_mtime_ns
    generate(robot, replace(SETTINGS, shards=3), folder, report=lines.append)
    assert [line.split(":")[0] for line in lines] == ["shard_0002.npz"]
    assert (folder / shard_name(0)).stat().st_mtime_ns == before


def test_the_same_seed_gives_the_same_shard(robot, folder, tmp_path):
    for path in folder.glob("grasps_*.npz"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    generate(robot, replace(SETTINGS, shards=1), tmp_path, report=lambda line: None)
    with np.load(folder / shard_name(0)) as first, np.load(tmp_path / shard_name(0)) as second:
        assert np.array_equal(first["targets"], second["targets"])


def test_other_settings_are_refused(robot, folder):
    with pytest.raises(ConfigurationError, match="settings"):
        generate(robot, replace(SETTINGS, seed=9), folder, report=lambda line: None)


def test_training_without_data_says_what_to_do(tmp_path):
    with pytest.raises(ConfigurationError, match="train dexgen data"):
        split_shards(tmp_path)


def test_samples_tell_history_motion_and_change_of_one_episode(robot, folder):
    kinematics = HandKinematics(robot.urdf)
    data = TransitionSet(kinematics, [folder / shard_name(0), folder / shard_name(1)])
    rows = np.arange(len(data))
    batch = data.batch(rows, np.random.default_rng(0))
    assert batch.history.shape == (len(data), HISTORY, 60)
    assert batch.motion.shape == (len(data), MOTION_SIZE)
    now = data.usable
    start, later = (kinematics.keypoints(t[now].astype(np.float64)) for t in (data.targets, data.intention(2)))
    assert np.allclose(batch.motion[:, 24:], (later - start).reshape(-1, 24), atol=1e-5)
    assert np.allclose(batch.change, data.intention(1)[now] - data.targets[now], atol=1e-6)
    assert np.allclose(batch.history[:, -1, 12:28], data.positions[now], atol=1e-6)
    assert np.allclose(batch.history[0, 0], batch.history[0, -1]), "before the first tick nothing is known"


def test_the_intention_goes_on_while_the_hand_does_something_else(folder):
    with np.load(folder / shard_name(0)) as shard:
        apart = np.abs(shard["wanted"].astype(float) - shard["targets"].astype(float))
        starts = np.concatenate([[0], np.cumsum(shard["lengths"])[:-1]])
        moved = np.abs(np.diff(shard["wanted"].astype(float), axis=0)).max(axis=1)
    assert apart[starts].max() < 1e-3, "an object is placed with the targets of its grasp"
    assert np.median(apart.max(axis=1)) > 0.03
    inside = np.setdiff1d(np.arange(len(moved)), starts - 1)
    assert moved[inside].max() < 0.4, "disturbances make jumps, intentions do not"


def test_no_sample_reaches_into_the_next_episode(robot, folder):
    data = TransitionSet(HandKinematics(robot.urdf), [folder / shard_name(0)])
    with np.load(folder / shard_name(0)) as shard:
        ends = np.cumsum(shard["lengths"])
    assert not np.isin(data.usable, np.concatenate([ends - 1, ends - 2])).any()


def test_held_objects_are_described_once():
    assert ObjectSpec() == ObjectSpec("cube", 0.06, 0.1, 0.8)
