import numpy as np
import pytest

pytest.importorskip("mujoco")

import mujoco

from robomatrix.errors import UnknownNameError
from robomatrix.hardware.driver import TrackingDriver
from robomatrix.hardware.mujoco.humanoid_driver import MujocoHumanoidDriver
from robomatrix.hardware.mujoco.skillbench import ESTIMATE_NOISE, bench_spec
from robomatrix.robots.humanoid import humanoid
from robomatrix.robots.loader import load_robot
from robomatrix.scenes import skillbench as bench
from robomatrix.scenes.skillbench import DOORS

G1 = humanoid("g1")


def driven(scene: str, seed: int = 1) -> MujocoHumanoidDriver:
    driver = MujocoHumanoidDriver(load_robot("g1"), scene)
    driver.reset(seed)
    return driver


@pytest.mark.parametrize(
    ("scene", "categories"),
    [
        ("plain", set()),
        ("bench_button", {"button"}),
        ("bench_cabinet", {"cabinet", "door"}),
        ("bench_football", {"ball", "goal"}),
        ("bench_table", {"table", "box"}),
        ("bench_two_tables", {"table", "box"}),
        ("bench_package", {"package"}),
    ],
)
def test_every_scene_of_the_humanoid_names_its_things(scene, categories):
    driver = driven(scene)
    assert isinstance(driver, TrackingDriver) and {o.category for o in driver.objects()} == categories
    driver.close()


def test_starts_come_from_the_seed_and_lie_in_the_papers_range():
    places = []
    for seed in (1, 1, 2):
        driver = driven("bench_table", seed)
        places.append(driver.objects()[0].position)
        driver.close()
    assert places[0] == places[1] != places[2]
    assert 0.55 <= places[0][0] <= 0.65 and abs(places[0][1]) <= 0.3 and places[0][2] == pytest.approx(0.775, abs=1e-3)


def test_the_tracker_is_noisy_about_the_truth():
    driver = driven("bench_table")
    true = np.array(driver.objects()[0].position)
    readings = np.array([driver.tracked()[0].position for _ in range(200)]) - true
    assert np.abs(readings.mean(0)).max() < 0.002 and readings.std() == pytest.approx(ESTIMATE_NOISE, rel=0.15)
    driver.close()


def test_doors_stand_open_towards_the_robot_and_shut_under_a_push():
    model = bench_spec(G1, "cabinet", freeze=True).compile()
    data = mujoco.MjData(model)
    data.joint("left_door").qpos[0] = data.joint("right_door").qpos[0] = bench.DOOR_START
    mujoco.mj_kinematics(model, data)
    front = bench.CABINET_DISTANCE - bench.HINGE_LEAD
    for name, side in zip(DOORS, (1.0, -1.0), strict=True):
        x, y, _ = data.geom(name).xpos
        assert x < front - 0.1 and 0 < side * y < bench.HINGE_ASIDE
    before = data.geom("left_door").xpos.copy()
    data.joint("left_door").qpos[0] = 0.0
    mujoco.mj_kinematics(model, data)
    assert data.geom("left_door").xpos[0] == pytest.approx(front) and before[0] < front


def bits(model, body: str) -> tuple[int, int]:
    chosen = [i for i in range(model.ngeom) if model.geom_bodyid[i] == model.body(body).id]
    kinds = model.geom_contype[chosen], model.geom_conaffinity[chosen]
    return tuple(int(np.bitwise_or.reduce(kind)) for kind in kinds)


@pytest.mark.parametrize("part", ["left_hand_link", "torso_link", "right_knee_link"])
def test_all_of_the_robot_meets_the_table_and_never_itself(part):
    model = bench_spec(G1, "table", freeze=True).compile()
    kind, affinity = bits(model, part)
    assert kind == 0 and affinity & int(model.geom("table").contype[0])


def test_unknown_scene_lists_those_that_exist():
    with pytest.raises(UnknownNameError, match="button, cabinet, empty"):
        bench_spec(G1, "kitchen")
