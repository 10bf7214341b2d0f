import mujoco
import numpy as np
import pytest

from robomatrix.training.simulation import BatchSimulation

PENDULUM = """
<mujoco><option timestep="0.005"/><worldbody><body><joint name="hinge" type="hinge" axis="0 1 0" damping="0.1"/>
<geom type="capsule" fromto="0 0 0 0 0 -0.5" size="0.02"/></body></worldbody>
<actuator><position name="servo" joint="hinge" kp="5"/></actuator>
<sensor><jointpos name="angle" joint="hinge"/></sensor></mujoco>
"""


def test_a_batch_moves_as_single_worlds_do():
    model = mujoco.MjModel.from_xml_string(PENDULUM)
    batch = BatchSimulation([model], worlds=3, decimation=4, threads=2)
    start = np.array([[0.1], [-0.4], [1.0]])
    batch.reset(np.arange(3), start, np.zeros((3, 1)))
    control = np.array([[0.3], [0.0], [-0.5]])
    for _ in range(5):
        batch.step(control)
    for world in range(3):
        data = mujoco.MjData(model)
        data.qpos[:], data.ctrl[:] = start[world], control[world]
        mujoco.mj_step(model, data, 20)
        assert batch.qpos[world] == pytest.approx(data.qpos, abs=1e-12)
        assert batch.qvel[world] == pytest.approx(data.qvel, abs=1e-12)
    batch.close()


def test_reset_touches_only_the_named_worlds():
    batch = BatchSimulation([mujoco.MjModel.from_xml_string(PENDULUM)], worlds=3, decimation=1, threads=1)
    batch.step(np.ones((3, 1)))
    moved = batch.qpos[[0, 2]].copy()
    batch.reset(np.array([1]), np.array([0.7]), np.array([0.0]))
    assert batch.qpos[1] == 0.7
    assert (batch.qpos[[0, 2]] == moved).all()
    assert batch.timestep == pytest.approx(0.005)
    batch.close()


def test_variants_of_a_model_are_dealt_in_turn():
    light, heavy = (mujoco.MjModel.from_xml_string(PENDULUM) for _ in range(2))
    heavy.body_mass[1] *= 5.0
    heavy.body_inertia[1] *= 5.0
    batch = BatchSimulation([light, heavy], worlds=4, decimation=4, threads=2)
    batch.reset(np.arange(4), np.full((4, 1), 0.5), np.zeros((4, 1)))
    for _ in range(10):
        batch.step(np.full((4, 1), 0.5))
    assert batch.qpos[0] == batch.qpos[2] != batch.qpos[1] == batch.qpos[3]
    batch.close()
