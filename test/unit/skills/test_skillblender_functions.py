import numpy as np
import pytest
import torch

from robomatrix.robots.humanoid import humanoid
from robomatrix.robots.loader import load_robot
from robomatrix.skills.skillblender.blend import Blend, Primitive
from robomatrix.skills.skillblender.feedforward import walking_gate
from robomatrix.skills.skillblender.functions import SquatFunction, StepFunction, WalkFunction, lift_gates
from robomatrix.skills.skillblender.kinematics import foot_chains, hand_chains
from robomatrix.skills.skillblender.library import both_arms, load_policy
from robomatrix.skills.skillblender.mirror import joined, joint_mirror, signs
from robomatrix.skills.skillblender.observation import ACTION_SCALE, Proprioception, rotate_back
from robomatrix.skills.skillblender.reach_functions import SINK, ReachOverSquat, ReachOverWalk
from robomatrix.skills.skillblender.squats import SquatTable

G1 = humanoid("g1")
RNG = np.random.default_rng(0)
BODY = 0.3 * RNG.normal(size=(6, 6 + 3 * len(G1.joints)))
GOAL = RNG.normal(size=(6, 3))
PHASE = RNG.random(6)


def calm(**apart: float) -> np.ndarray:
    body = np.zeros((1, 6 + 3 * len(G1.joints)))
    body[0, 5] = -1.0
    for joint, angle in apart.items():
        body[0, 6 + G1.index(joint)] = angle
    return body


def linear(function, seed: int = 0):
    weights = 0.05 * np.random.default_rng(seed).normal(
        size=(sum(t.size for t in function.terms), len(function.outputs))
    )

    def network(x):
        if isinstance(x, np.ndarray):
            return np.tanh(x @ weights)
        return torch.tanh(x @ torch.as_tensor(weights, dtype=x.dtype))

    return network


def test_walk_is_symmetric_whatever_its_network_is():
    walk = WalkFunction(G1)
    joints = joint_mirror(G1)
    body = joined(signs(-1, 1, -1), signs(1, -1, 1), joints, joints, joints)
    action = walk.action(linear(walk), BODY, GOAL, PHASE)
    mirrored = walk.action(linear(walk), body(BODY), GOAL * [1, -1, -1], (PHASE + 0.5) % 1)
    assert joints(action) == pytest.approx(mirrored, abs=1e-12)


def test_reaching_over_a_squat_lowers_the_pelvis_for_low_goals_and_turns_goals_back_with_the_waist():
    h1, (walk, squat) = humanoid("h1"), (load_policy("h1", name) for name in ("walk", "squat"))
    arms = lambda points: points @ np.eye(3, 4), lambda goal: np.stack([-5.0 * goal[:, 2], 0.0 * goal[:, 0]], -1)  # noqa: E731
    legs = (walk.function, walk.network), (squat.function, squat.network)
    reach = ReachOverSquat(h1, *both_arms(h1), arms, *legs)
    body = np.zeros((2, 6 + 3 * len(h1.joints)))
    body[:, 5] = -1.0
    assert reach.sunk(body) == pytest.approx(0.0, abs=1e-9)
    goal = np.array([[0.1, 0.0, -0.2] * 2, [0.1, 0.05, 0.1] * 2])
    offsets, knee, none = reach.offsets(body, goal), h1.index("left_knee_joint"), np.zeros(2)
    for row, change in ((0, -SINK), (1, 0.0)):
        told = squat.function.action(squat.network, body, np.full((2, 1), change), none)
        assert offsets[row, knee] == pytest.approx(ACTION_SCALE * told[row, knee], abs=1e-9)
    shoulder = h1.index("left_shoulder_pitch_joint")
    assert offsets[:, shoulder] == pytest.approx([0.14, 0.14])
    body[:, 6 + h1.index("torso_joint")] = 0.3
    held = reach.hands(body)
    aside = reach.offsets(body, held)[0, [shoulder, shoulder + 1, shoulder + 2]]
    assert aside == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)


FEET = 0.1 * np.random.default_rng(4).normal(size=(6, 4))


def test_step_is_symmetric_whatever_its_network_is():
    step, joints = StepFunction(G1), joint_mirror(G1)
    body = joined(signs(-1, 1, -1), signs(1, -1, 1), joints, joints, joints)
    action = step.action(linear(step), BODY, FEET, PHASE)
    mirrored = step.action(linear(step), body(BODY), step.goal_mirror(FEET), (PHASE + 0.5) % 1)
    assert joints(action) == pytest.approx(mirrored, abs=1e-12)


def test_reaching_leaves_the_legs_to_the_walk_when_it_must_step_and_follows_goals_that_are_too_far():
    reach, walk = load_policy("g1", "reach").function, load_policy("g1", "walk")
    assert isinstance(reach, ReachOverWalk)
    goal, legs, residual = np.full((6, 6), 0.05), list(G1.legs), np.zeros((6, len(reach.outputs)))
    stride = np.repeat(calm(left_hip_pitch_joint=-0.3), 6, 0)
    action = reach.whole(stride, goal, PHASE, residual)
    walking = walk.function.action(walk.network, stride, np.zeros((6, 3)), PHASE)
    assert action[:, legs] == pytest.approx(walking[:, legs], abs=1e-12)
    assert reach.whole(stride, goal, PHASE, residual + 1.0)[:, legs] == pytest.approx(action[:, legs], abs=1e-12)
    quiet = np.repeat(calm(), 6, 0)
    assert reach.whole(quiet, goal, PHASE, residual)[:, legs] == pytest.approx(
        reach.balance(quiet)[:, legs] / ACTION_SCALE, abs=1e-12
    )
    far = np.tile([0.5, 0.0, 0.0, 0.5, 0.0, 0.0], (1, 1))
    assert reach.command(far)[0] == pytest.approx([0.4, 0.0, 0.0]) and (reach.command(goal) == 0.0).all()


def test_a_foot_that_lacks_nothing_stays_down():
    left, right = lift_gates(np.array([[0.1, 0.0, 0.005, 0.0], [0.0, 0.026, 0.0, -0.2]]))
    assert left == pytest.approx([1.0, 0.5]) and right == pytest.approx([0.0, 1.0])


def test_numpy_and_torch_give_the_same_action():
    squatting = (SquatFunction(G1), -0.3 * RNG.random((6, 1)))
    for function, goal in ((WalkFunction(G1), GOAL), squatting, (StepFunction(G1), FEET)):
        network = linear(function)
        tensors = [torch.tensor(v) for v in (BODY, goal, PHASE)]
        expected = function.action(network, BODY, goal, PHASE)
        assert function.action(network, *tensors).numpy() == pytest.approx(expected, abs=1e-12)


def test_standing_hides_the_clock():
    walk = WalkFunction(G1)
    network, still = linear(walk), np.zeros((6, 3))
    calm = np.concatenate([np.zeros((6, 3)), np.tile([0.0, 0.0, -1.0], (6, 1)), np.zeros((6, 63))], -1)
    actions = walk.action(network, calm, still, PHASE)
    assert actions == pytest.approx(np.tile(actions[0], (6, 1)), abs=1e-12)
    assert walking_gate(np.array([[0.0, 0.0, 0.0], [0.1, 0.0, 0.0], [0.5, 0.0, 0.0]])).tolist() == [0.0, 0.15625, 1.0]


def test_a_standing_robot_steps_when_its_feet_are_apart_or_it_tilts():
    walk, still, phase = WalkFunction(G1), np.zeros((1, 3)), np.array([0.2])
    tilted = calm()
    tilted[0, 3] = 0.2
    stride = calm(left_hip_pitch_joint=-0.3)
    assert [float(walk.sense(body, still, phase).gate[0]) for body in (calm(), tilted, stride)] == [0.0, 1.0, 1.0]


def test_squat_table_is_linear_between_entries_and_stops_at_its_ends():
    table = SquatTable(0.1, np.array([[0.0] * 4, [1.0] * 4, [3.0] * 4]))
    assert table(np.array([0.2, 0.0, -0.05, -0.15, -9.0]))[:, 0] == pytest.approx([0.0, 0.0, 0.5, 2.0, 3.0])


def test_chains_agree_with_the_simulator():
    mujoco = pytest.importorskip("mujoco")
    from robomatrix.hardware.mujoco.humanoid import humanoid_spec

    for name in ("g1", "h1", "h1_2"):
        robot, urdf = humanoid(name), load_robot(name).urdf
        model = humanoid_spec(robot, freeze=True).compile()
        data = mujoco.MjData(model)
        angles = np.random.default_rng(1).uniform(-0.5, 0.5, len(robot.joints))
        data.qpos[[int(model.joint(j).qposadr[0]) for j in robot.joints]] = angles
        mujoco.mj_forward(model, data)
        for side, chain in zip(("left", "right"), hand_chains(robot, urdf), strict=True):
            true = data.sensor(f"{side}_hand_position").data - data.qpos[:3]
            assert chain.position(angles[None])[0] == pytest.approx(true, abs=1e-9)


def test_leg_odometry_sees_the_body_move_over_a_standing_foot():
    """Rates that a rigid leg would have under a pelvis moving forwards at 0.4 m/s give 0.4 m/s back."""
    walk, d = WalkFunction(G1), len(G1.joints)
    odometry, step = walk.gait.odometry, 1e-6
    home = odometry.home[None]
    foot = foot_chains(G1, load_robot("g1").urdf)[0]
    jacobian = np.array([(foot.position(home + step * np.eye(d)[i]) - foot.position(home))[0] / step for i in range(d)])
    rates = np.linalg.lstsq(jacobian.T, np.array([-0.4, 0.0, 0.0]), rcond=None)[0]
    body = np.concatenate([np.zeros(3), [0, 0, -1.0], np.zeros(d), 0.05 * rates, np.zeros(d)])[None]
    assert odometry.sense(body, np.array([True])).velocity[0] == pytest.approx([0.4, 0.0], abs=2e-3)


def test_gravity_points_forwards_when_pitched_forwards():
    angle = 0.3
    quaternion = np.array([[np.cos(angle / 2), 0.0, np.sin(angle / 2), 0.0]])
    assert rotate_back(quaternion, np.array([0, 0, -1.0]))[0] == pytest.approx([np.sin(0.3), 0.0, -np.cos(0.3)])


def test_noise_leaves_the_last_action_alone():
    state = Proprioception(*(np.ones((2, k)) for k in (3, 3, 4, 4, 4)))
    noisy = state.disturbed(np.random.default_rng(0), 0.6)
    assert (noisy.action == state.action).all() and (noisy.gyro != state.gyro).all()


def blend() -> Blend:
    functions = (WalkFunction(G1), SquatFunction(G1))
    return Blend(tuple(Primitive(f, linear(f, seed)) for seed, f in enumerate(functions)))


def test_blend_is_the_weighted_sum_of_its_skills():
    mixed, output = blend(), np.random.default_rng(2).normal(size=(6, 3 + 1 + 2 * 21))
    assert mixed.size == 46
    walk, squat = mixed.skills
    goals = np.clip(output[:, :3], -1, 1), np.clip(output[:, 3:4], -1, 1)
    actions = [s.function.action(s.network, BODY, g, PHASE) for s, g in zip((walk, squat), goals, strict=True)]
    raised = np.exp(output[:, 4:].reshape(6, 2, 21))
    weights = raised / raised.sum(1, keepdims=True)
    expected = weights[:, 0] * actions[0] + weights[:, 1] * actions[1]
    assert mixed.action(output, BODY, PHASE) == pytest.approx(expected, abs=1e-12)
    assert mixed.weights(output).sum(1) == pytest.approx(np.ones((6, 21)))


def test_weights_do_not_overflow():
    output = np.zeros((1, 46))
    output[0, 4:25] = 2000.0
    assert blend().weights(output)[0, 0] == pytest.approx(np.ones(21))


def test_gradients_pass_through_the_frozen_skills_into_goals_and_weights():
    output = torch.zeros(6, 46, dtype=torch.float64, requires_grad=True)
    torch.manual_seed(0)
    action = blend().action(output + 0.1, torch.tensor(BODY), torch.tensor(PHASE))
    action.square().sum().backward()
    assert (output.grad[:, :3].abs().sum(0) > 0).all() and (output.grad[:, 3].abs() >= 0).all()
    assert (output.grad[:, 4:].abs().sum(0) > 0).all()
