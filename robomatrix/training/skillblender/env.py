"""Batched humanoid on flat ground: actions, signals, randomisation and resets shared by every skill and task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import mujoco
import numpy as np
import torch
from numpy.typing import NDArray
from tensordict import TensorDict

from robomatrix.hardware.mujoco.humanoid import home_pose, humanoid_spec
from robomatrix.robots.humanoid import Humanoid
from robomatrix.skills.skillblender.feedforward import GAIT_FREQUENCY
from robomatrix.skills.skillblender.functions import SkillFunction
from robomatrix.skills.skillblender.mirror import Mirror
from robomatrix.skills.skillblender.observation import ACTION_SCALE, Proprioception, rotate_back
from robomatrix.training.simulation import BatchSimulation
from robomatrix.training.skillblender.randomisation import Randomisation, variants

Array = NDArray[np.float64]
Ids = NDArray[np.intp]


@dataclass(frozen=True)
class EnvConfig:
    """Size and difficulty of a batch."""

    worlds: int = 512
    threads: int = 2
    decimation: int = 3
    episode: float = 20.0
    """[s]."""
    seed: int = 1
    randomisation: Randomisation = Randomisation()
    arm_rate: float = float("inf")
    """Fastest change of the targets of arms and waist [rad/s]; the robot's controller has such a limit."""
    started: float = 0.0
    """Share of episodes that begin in one of the given starts."""


@dataclass
class Signals:
    """All that tasks may use of the true state after a step; n worlds, d policy joints."""

    body: Proprioception
    velocity: Array
    """Of the pelvis in its own frame (n, 3) [m/s]."""
    position: Array
    """Of the pelvis in the world (n, 3) [m]."""
    yaw: Array
    """Heading (n,) [rad]."""
    acceleration: Array
    """Of the joints over the step (n, d) [rad/s^2]."""
    torque: Array
    """Of the servos (n, d) [N m]."""
    contact: Array
    """1 where the left, right foot carries more than 5 N (n, 2)."""
    feet: Array
    """Middle of the soles in the world (n, 2, 3) [m]."""
    feet_velocity: Array
    """(n, 2, 3) [m/s]."""
    hands: Array
    """Reaching points in the world (n, 2, 3) [m]."""


@dataclass(frozen=True, eq=False)
class Starts:
    """States of the frozen model in which episodes may begin; m of them."""

    qpos: Array
    """(m, nq)."""
    qvel: Array
    """(m, nv)."""
    sensors: Array
    """(m, nsensordata)."""
    action: Array
    """Last whole action (m, d), in units of ACTION_SCALE."""


class Task(Protocol):
    """What makes a skill: its function, its goals, its rewards."""

    function: SkillFunction
    privileged_mirror: Mirror
    """Of :meth:`privileged`."""

    def reset(self, env: HumanoidEnv, ids: Ids) -> None:
        """Draws fresh goals for worlds that begin an episode."""

    def advance(self, env: HumanoidEnv) -> None:
        """Changes goals that are due, after a step."""

    def goal(self, env: HumanoidEnv) -> Array:
        """Returns the goal as the policy sees it (n, goal)."""

    def rewards(self, env: HumanoidEnv) -> Mapping[str, Array]:
        """Returns weighted reward rates by name, each (n,) [1/s]."""

    def privileged(self, env: HumanoidEnv) -> Array:
        """Returns what only the critic sees (n, k)."""


class HumanoidEnv:
    """A batch of humanoids that learn one task; the interface that the learner drives."""

    def __init__(
        self,
        robot: Humanoid,
        task: Task,
        config: EnvConfig,
        spec: mujoco.MjSpec | None = None,
        starts: Starts | None = None,
    ) -> None:
        """Builds the models, one per variant of the randomisation, and starts every world.

        The share ``config.started`` of the episodes begins in one of ``starts``, the others at home.
        """
        self.robot, self.task, self.config = robot, task, config
        self.num_envs, self.num_actions = config.worlds, len(task.function.outputs)
        self.rng, self._starts = np.random.default_rng(config.seed), starts
        model_spec = spec or humanoid_spec(robot, freeze=True)
        self.simulation = BatchSimulation(
            variants(model_spec, config.randomisation, config.seed), config.worlds, config.decimation, config.threads
        )
        self.dt = self.simulation.timestep
        self.max_episode_length = round(config.episode / self.dt)
        self._index(self.simulation.model)
        n, d = config.worlds, len(robot.joints)
        self.level = 1.0
        """How much of the pushes, delay and noise applies, 0 to 1; a curriculum may raise it."""
        self.strictness = 1.0
        """Share of the penalties that counts, 0 to 1; a curriculum may raise it."""
        self.age = np.zeros(n, dtype=np.int64)
        """Control steps since the episode began."""
        self.phase = np.zeros(n)
        """Of the gait's clock, in cycles."""
        self.action, self.previous_action = np.zeros((n, d)), np.zeros((n, d))
        """Last and last but one whole action, in units of ACTION_SCALE."""
        self.older_action = np.zeros((n, d))
        self.residual = np.zeros((n, self.num_actions))
        """Last output of the network."""
        self.override = np.full((n, d), np.nan)
        """Joint offsets [rad] that a task imposes; NaN where the policy is free."""
        self._velocity = np.zeros((n, d))
        self.felt: Array = np.zeros((n, 6 + 3 * d))
        """State of the body as the policy sees it, noise included."""
        self._goal: Array = np.zeros((n, task.function.goal_size))
        self._reset(np.arange(n))
        self.age[:] = self.rng.integers(0, self.max_episode_length, n)
        self.observe()
        self.observations()

    def _index(self, model: mujoco.MjModel) -> None:
        self.home = home_pose(self.robot)
        joints = [model.joint(name) for name in self.robot.joints]
        self._q = np.array([int(j.qposadr[0]) for j in joints])
        self._v = np.array([int(j.dofadr[0]) for j in joints])
        names = [model.actuator(i).name for i in range(model.nu)]
        self._u = np.array([names.index(j) for j in self.robot.joints])
        self._arms = [i for i in range(len(joints)) if i not in self.robot.legs]
        self._base_qpos = model.qpos0.copy()
        self._base_qpos[self._q] = self.home
        self._base_qpos[2] = self.robot.height
        self._control = np.zeros((self.config.worlds, model.nu))
        self._kp = model.actuator_gainprm[self._u, 0]
        self._kd = -model.actuator_biasprm[self._u, 2]
        self._torque_limit = model.actuator_forcerange[self._u, 1]

    # The learner's interface.

    def step(self, action: torch.Tensor) -> tuple[TensorDict, torch.Tensor, torch.Tensor, dict]:
        """Advances every world; returns observations, rewards (n,), dones (n,) and extras."""
        self.advance(action.numpy().astype(np.float64))
        terms = self.task.rewards(self)
        fallen = self.fallen()
        reward = sum(t * np.where(t < 0, self.strictness, 1.0) for t in terms.values()) * self.dt
        reward = np.where(fallen, -1.0, np.nan_to_num(reward, nan=0.0, posinf=0.0, neginf=0.0))
        expired = (self.age >= self.max_episode_length) & ~fallen
        done = fallen | expired
        log = {name: float(np.nanmean(value)) for name, value in terms.items()}
        log["episode"] = float(self.age[done].mean()) if done.any() else float("nan")
        if done.any():
            self._reset(np.flatnonzero(done))
            self.observe()
        extras = {"time_outs": torch.from_numpy(expired.astype(np.float32)), "log": log, "fallen": fallen}
        return self.observations(), _tensor(reward), torch.from_numpy(done.astype(np.int64)), extras

    def advance(self, residual: Array) -> None:
        """Advances every world by one control step under a network's output (n, outputs); resets nothing."""
        self._act(residual)
        self._push()
        self.simulation.step(self._control)
        self.age += 1
        self.phase = (self.phase + GAIT_FREQUENCY * self.dt) % 1.0
        self.observe()
        self.task.advance(self)

    def observations(self) -> TensorDict:
        """Returns the groups ``actor`` (n, observed) and ``critic`` (n, observed + privileged)."""
        function, body = self.task.function, self.signals.body
        goal, noise = self.task.goal(self), self.config.randomisation.noise * self.level
        clean = body.vector()
        self.felt = body.disturbed(self.rng, noise).vector() if noise > 0 else clean
        self._goal = goal
        away = function.faces_away(self.felt, goal, self.phase)[:, None]
        privileged = self.task.privileged(self)
        privileged = np.where(away, self.task.privileged_mirror(privileged), privileged)
        actor = function.input(self.felt, goal, self.phase)
        critic = np.concatenate([function.input(clean, goal, self.phase), privileged], -1)
        return TensorDict({"actor": _tensor(actor), "critic": _tensor(critic)}, batch_size=[self.num_envs])

    def fallen(self) -> NDArray[np.bool_]:
        """Returns which worlds have a pelvis too low, a tilt over 53 degrees or a state that is not finite (n,)."""
        tilted = -self.signals.body.gravity[:, 2] < 0.6
        broken = ~np.isfinite(self.simulation.qvel).all(-1)
        return tilted | broken | (self.signals.position[:, 2] < self.lowest())

    def lowest(self) -> float | Array:
        """Returns the pelvis height under which a world counts as fallen [m]."""
        return getattr(self.task, "lowest", 0.64 * self.robot.height)

    # Actions.

    def _act(self, residual: Array) -> None:
        self.residual = residual
        offset = self.task.function.whole(self.felt, self._goal, self.phase, np.clip(residual, -10.0, 10.0))
        forced = ~np.isnan(self.override)
        offset[forced] = self.override[forced] / ACTION_SCALE
        step = self.config.arm_rate * self.dt / ACTION_SCALE
        offset[:, self._arms] = self.action[:, self._arms] + np.clip((offset - self.action)[:, self._arms], -step, step)
        self.older_action, self.previous_action, self.action = self.previous_action, self.action, offset
        applied = self._delayed(offset)
        self._control[:, self._u] = self.home + ACTION_SCALE * applied

    def _delayed(self, action: Array) -> Array:
        strength = self.config.randomisation.delay * self.level
        if strength <= 0:
            return action
        late = strength * self.rng.random((self.num_envs, 1))
        return (1.0 - late) * action + late * self.previous_action

    def _push(self) -> None:
        pushes = self.config.randomisation
        if pushes.push_speed <= 0 or self.level <= 0:
            return
        due = np.flatnonzero(self.rng.random(self.num_envs) < self.dt / pushes.push_interval)
        if due.size:
            scale = self.level * np.array([pushes.push_speed] * 2 + [0.0] + [pushes.push_spin] * 3)
            self.simulation.qvel[due, :6] += self.rng.uniform(-1, 1, (due.size, 6)) * scale

    # State.

    def observe(self) -> None:
        """Reads the simulation into :attr:`signals`."""
        sim, qpos, qvel = self.simulation, self.simulation.qpos, self.simulation.qvel
        orientation = qpos[:, 3:7]
        velocity = qvel[:, self._v]
        body = Proprioception(
            gyro=qvel[:, 3:6].copy(),
            gravity=rotate_back(orientation, np.array([0.0, 0.0, -1.0])),
            position=qpos[:, self._q] - self.home,
            velocity=velocity,
            action=self.action,
        )
        pair = lambda name: np.stack([sim.sensor(f"left_{name}"), sim.sensor(f"right_{name}")], 1)  # noqa: E731
        w, x, y, z = orientation.T
        target = self._control[:, self._u]
        wanted = self._kp * (target - qpos[:, self._q]) - self._kd * velocity
        torque = np.clip(wanted, -self._torque_limit, self._torque_limit)
        self.signals = Signals(
            body=body,
            velocity=rotate_back(orientation, qvel[:, :3]),
            position=qpos[:, :3].copy(),
            yaw=np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z)),
            acceleration=(velocity - self._velocity) / self.dt,
            torque=torque,
            contact=(pair("touch")[..., 0] > 5.0).astype(float),
            feet=pair("foot_position"),
            feet_velocity=pair("foot_velocity"),
            hands=pair("hand_position"),
        )
        self._velocity = velocity

    def _reset(self, ids: Ids) -> None:
        n, spread = ids.size, self.config.randomisation.reset_angle
        qpos = np.tile(self._base_qpos, (n, 1))
        qpos[:, self._q] += self.rng.uniform(-spread, spread, (n, len(self._q)))
        qvel = np.zeros((n, self.simulation.model.nv))
        qvel[:, :3] = self.rng.uniform(-1, 1, (n, 3)) * self.config.randomisation.reset_speed
        self.simulation.reset(ids, qpos, qvel)
        self.simulation.sensors[ids] = self._rest_sensors(qpos[0] * 0 + self._base_qpos)
        self.age[ids] = 0
        self.phase[ids] = self.rng.random(n)
        self._velocity[ids] = 0.0
        self.action[ids] = 0.0
        self._begin(ids)
        self.previous_action[ids] = self.older_action[ids] = self.action[ids]
        self._control[ids] = 0.0
        self._control[np.ix_(ids, self._u)] = self.home + ACTION_SCALE * self.action[ids]
        self.override[ids] = np.nan
        self.task.reset(self, ids)

    def _begin(self, ids: Ids) -> None:
        """Puts some of the worlds into given starts, if there are any."""
        starts = self._starts
        if starts is None or self.config.started <= 0:
            return
        chosen = ids[self.rng.random(ids.size) < self.config.started]
        pick = self.rng.integers(0, len(starts.qpos), chosen.size)
        self.simulation.reset(chosen, starts.qpos[pick], starts.qvel[pick])
        self.simulation.sensors[chosen] = starts.sensors[pick]
        self.action[chosen] = starts.action[pick]
        self._velocity[chosen] = starts.qvel[pick][:, self._v]

    def _rest_sensors(self, qpos: Array) -> Array:
        """Sensor data of the home pose: what a world shows before its first step."""
        if not hasattr(self, "_rest"):
            data = mujoco.MjData(self.simulation.model)
            data.qpos[:] = qpos
            mujoco.mj_forward(self.simulation.model, data)
            self._rest = data.sensordata.copy()
        return self._rest


def _tensor(value: Array) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(value, dtype=np.float32))
