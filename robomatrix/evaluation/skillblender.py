"""How well the humanoid skills do on unseen seeds, under the paper's disturbances."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import UnknownNameError
from robomatrix.policies.checkpoint import load_checkpoint
from robomatrix.resources import resource
from robomatrix.robots.humanoid import humanoid
from robomatrix.skills.skillblender.library import FAMILY, Policy, load_policy, policy_from
from robomatrix.training.skillblender import rewards as terms
from robomatrix.training.skillblender.env import EnvConfig, HumanoidEnv, Starts, Task
from robomatrix.training.skillblender.randomisation import NOMINAL, Randomisation
from robomatrix.training.skillblender.standing import Reach, ReachRanges, Squat, SquatRanges, paper_goals
from robomatrix.training.skillblender.starts import after_walking
from robomatrix.training.skillblender.step import Step, StepRanges
from robomatrix.training.skillblender.walk import Walk, WalkRanges

Array = NDArray[np.float64]
Metrics = dict[str, float]
SEED = 1000
"""Training uses seeds below."""
SETTLED = 1.0
"""After a change of the goal, errors count from here [s]."""
DISTURBED = Randomisation()
"""Pushes, delay and noise as in training."""
COMMANDS: Mapping[str, tuple[float, float, float]] = {
    "stand": (0.0, 0.0, 0.0),
    "forward 0.3": (0.3, 0.0, 0.0),
    "forward 0.6": (0.6, 0.0, 0.0),
    "forward 1.0": (1.0, 0.0, 0.0),
    "backward 0.5": (-0.5, 0.0, 0.0),
    "left 0.4": (0.0, 0.4, 0.0),
    "right 0.4": (0.0, -0.4, 0.0),
    "turn left 0.8": (0.0, 0.0, 0.8),
    "turn right 0.8": (0.0, 0.0, -0.8),
}
"""Name to (vx, vy, wz) [m/s, rad/s]."""


class Trial:
    """A batch of worlds in which a fixed policy acts and every world's first fall is kept."""

    def __init__(
        self,
        policy: Policy,
        task: Task,
        worlds: int,
        randomisation: Randomisation,
        seed: int,
        starts: Starts | None = None,
    ) -> None:
        """Begins in the home pose, or in ``starts`` where they are given."""
        config = EnvConfig(worlds=worlds, episode=1e6, seed=seed, randomisation=randomisation, started=1.0)
        self.env = HumanoidEnv(humanoid(policy.spec.robot), task, config, starts=starts)
        self.env.age[:] = 0
        self.policy, self.alive = policy, np.ones(worlds, bool)

    def step(self) -> None:
        """Advances all worlds; the fallen lie where they are and count no more."""
        observation = self.env.observations()["actor"].numpy()
        self.env.advance(np.asarray(self.policy.network(observation), dtype=np.float64))
        self.alive &= ~self.env.fallen()


def evaluate_walk(policy: Policy, episodes: int = 200, seconds: float = 24.0, seed: int = SEED) -> Metrics:
    """Returns errors and falls of walking on random commands under pushes and randomisation.

    Velocities are averaged over one gait cycle before they are compared, as single steps swing about their mean.
    ``feet_apart_p1`` is the first percentile of how far the left foot is to the left of the right one [m]; legs
    cross where it is negative.
    """
    ranges = WalkRanges(hold=(8.0, 8.0), moving_arms=0.0, standing=0.15, ramped=0.0)
    task = Walk(humanoid(policy.spec.robot), episodes, ranges)
    trial = Trial(policy, task, episodes, DISTURBED, seed)
    errors, aside = _walk_errors(trial, task, seconds)
    metrics = {f"error_{axis}": float(value) for axis, value in zip(("vx", "vy", "wz"), errors, strict=True)}
    metrics["feet_apart_p1"] = float(np.percentile(aside, 1))
    return {**metrics, "episodes": episodes, "episode_seconds": seconds, "falls": int((~trial.alive).sum())}


def _walk_errors(trial: Trial, task: Walk, seconds: float) -> tuple[Array, Array]:
    """Returns errors (3,) [m/s, rad/s], and how far the left foot was to the left of the right one (k,) [m]."""
    env, cycle = trial.env, 36
    window: list[Array] = []
    aside: list[Array] = []
    total, count, since = np.zeros(3), 0.0, np.zeros(env.num_envs)
    for _ in range(round(seconds / env.dt)):
        before = task.command.copy()
        trial.step()
        since = np.where((before != task.command).any(-1), 0.0, since + env.dt)
        window = [*window[-cycle + 1 :], planar_velocity(env)]
        counted = trial.alive & (since > SETTLED + cycle * env.dt)
        total += np.abs(np.mean(window, 0) - task.command)[counted].sum(0)
        count += counted.sum()
        aside.append(terms.aside(env.signals.feet, env.signals.yaw)[trial.alive])
    return total / max(count, 1.0), np.concatenate(aside)


def walk_by_command(policy: Policy, worlds: int = 16, seconds: float = 10.0, seed: int = SEED) -> dict[str, Metrics]:
    """Returns what each of :data:`COMMANDS` leads to without disturbances: mean velocities and falls."""
    wanted = np.repeat(np.array(list(COMMANDS.values())), worlds, 0)
    task = Walk(humanoid(policy.spec.robot), len(wanted), WalkRanges(moving_arms=0.0, ramped=0.0, hold=(1e6, 1e6)))
    trial = Trial(policy, task, len(wanted), NOMINAL, seed)
    task.order(wanted)
    speeds = []
    for step in range(round(seconds / trial.env.dt)):
        trial.step()
        if step * trial.env.dt > 2.0:
            speeds.append(planar_velocity(trial.env))
    mean = np.mean(speeds, 0).reshape(len(COMMANDS), worlds, 3)
    alive = trial.alive.reshape(len(COMMANDS), worlds)
    return {name: _command_metrics(mean[i], alive[i]) for i, name in enumerate(COMMANDS)}


def _command_metrics(mean: Array, alive: NDArray[np.bool_]) -> Metrics:
    vx, vy, wz = mean[alive].mean(0) if alive.any() else np.full(3, np.nan)
    return {"vx": float(vx), "vy": float(vy), "wz": float(wz), "falls": int((~alive).sum())}


def planar_velocity(env: HumanoidEnv) -> Array:
    """Returns (vx, vy, wz) of all worlds (n, 3) [m/s, rad/s]."""
    return np.concatenate([env.signals.velocity[:, :2], env.signals.body.gyro[:, 2:]], -1)


def evaluate_reach(policy: Policy, episodes: int = 200, seconds: float = 3.0, seed: int = SEED) -> Metrics:
    """Returns the error of both hands on the paper's sphere and within 0.25 m, and of doing nothing."""
    metrics: Metrics = {"episodes": episodes, "episode_seconds": seconds}
    for name, share in (("paper", 1.0), ("ball_25cm", 0.0)):
        task = Reach(policy.function, episodes, ReachRanges(paper=share, rest=0.0, hold=(1e6, 1e6)))
        trial = Trial(policy, task, episodes, DISTURBED, seed)
        errors = _held(trial, seconds, lambda task=task, trial=trial: _hand_errors(task, trial))
        metrics |= {f"error_{name}": float(np.mean(errors)), f"falls_{name}": int((~trial.alive).sum())}
        metrics[f"p95_{name}"] = float(np.percentile(errors, 95))
    metrics["falls_after_walk"] = _falls_after_walk(policy, Reach(policy.function, episodes), episodes, seconds, seed)
    goals = paper_goals(policy.function.robot, np.random.default_rng(seed), 10_000).reshape(-1, 3)
    metrics["do_nothing_paper"] = float(np.linalg.norm(goals, axis=-1).mean())
    return metrics


def _falls_after_walk(policy: Policy, task: Task, episodes: int, seconds: float, seed: int) -> int:
    """Counts falls of a skill that takes over from a robot that has just walked and stopped."""
    starts = after_walking(load_policy(policy.spec.robot, "walk"), episodes, seed)
    trial = Trial(policy, task, episodes, DISTURBED, seed, starts)
    for _ in range(round(seconds / trial.env.dt)):
        trial.step()
    return int((~trial.alive).sum())


def _hand_errors(task: Reach, trial: Trial) -> Array:
    return np.linalg.norm(task.error(trial.env), axis=-1).mean(-1)


def evaluate_squat(policy: Policy, episodes: int = 200, seconds: float = 5.0, seed: int = SEED) -> Metrics:
    """Returns the error of the pelvis' height from the lowest of the table to standing, and of doing nothing."""
    ranges = SquatRanges(policy.function.lowest, hold=(1e6, 1e6), standing=0.0)
    busy = Squat(policy.function, episodes, replace(ranges, moving_arms=1.0))
    working = Trial(policy, busy, episodes, DISTURBED, seed)
    errors_working = _held(working, seconds, lambda: np.abs(busy.error(working.env)))
    task = Squat(policy.function, episodes, ranges)
    trial = Trial(policy, task, episodes, DISTURBED, seed)
    errors = _held(trial, seconds, lambda: np.abs(task.error(trial.env)))
    low = task.final[trial.alive] < policy.function.lowest + 0.10 - policy.function.robot.height
    return {
        "error": float(np.mean(errors)),
        "p95": float(np.percentile(errors, 95)),
        "error_lowest_10cm": float(errors[low].mean()) if low.any() else float("nan"),
        "lowest": policy.function.lowest,
        "do_nothing": float(np.abs(task.final).mean()),
        "episodes": episodes,
        "episode_seconds": seconds,
        "falls": int((~trial.alive).sum()),
        "error_moving_arms": float(np.mean(errors_working)),
        "falls_moving_arms": int((~working.alive).sum()),
        "falls_after_walk": _falls_after_walk(policy, Squat(policy.function, episodes), episodes, seconds, seed),
    }


def evaluate_step(policy: Policy, episodes: int = 200, seconds: float = 12.0, seed: int = SEED) -> Metrics:
    """Returns errors of the moving and of the standing foot, clearance and falls, with a goal every 3 s.

    On the paper's circle, and anywhere within 0.25 m. Errors are averaged over a goal's last half second; clearance is
    the greatest height of the moving foot's sole.
    """
    metrics: Metrics = {"episodes": episodes, "episode_seconds": seconds, "goal_seconds": 3.0}
    robot = humanoid(policy.spec.robot)
    for name, share in (("paper", 1.0), ("ball_25cm", 0.0)):
        task = Step(robot, episodes, StepRanges(paper=share, home=0.0, hold=(3.0, 3.0)))
        trial = Trial(policy, task, episodes, DISTURBED, seed)
        steps = _steps(trial, task, seconds)
        moving, standing, clearance, way = steps.T
        metrics |= {f"error_{name}": float(moving.mean()), f"p95_{name}": float(np.percentile(moving, 95))}
        metrics |= {f"standing_foot_{name}": float(standing.mean()), f"clearance_{name}": float(clearance.mean())}
        metrics |= {f"cleared_5cm_{name}": float((clearance >= 0.05).mean()), f"do_nothing_{name}": float(way.mean())}
        metrics |= {f"falls_{name}": int((~trial.alive).sum()), f"steps_{name}": len(steps)}
    metrics["falls_after_walk"] = _falls_after_walk(policy, Step(robot, episodes), episodes, seconds, seed)
    return metrics


def _steps(trial: Trial, task: Step, seconds: float) -> Array:
    """Returns, for each finished goal of a robot on its feet, both errors, clearance and the first error (k, 4) [m]."""
    env, worlds = trial.env, np.arange(trial.env.num_envs)
    started, first, height = np.zeros(len(worlds), bool), np.zeros(len(worlds)), np.zeros(len(worlds))
    before, late, done = task.moving.copy(), [], []
    for _ in range(round(seconds / env.dt)):
        trial.step()
        late = [*late[-24:], np.linalg.norm(task.error(env), axis=-1)]
        fresh = task.due > 3.0 - 0.5 * env.dt
        ended = fresh & started & trial.alive
        if ended.any():
            held, foot = np.mean(late[:-1], 0)[ended], before[ended]
            rows = np.arange(len(foot))
            done.append(np.stack([held[rows, foot], held[rows, 1 - foot], height[ended], first[ended]], -1))
        started |= fresh
        before = task.moving.copy()
        sole = env.signals.feet[worlds, before, 2]
        first = np.where(fresh, late[-1][worlds, before], first)
        height = np.where(fresh, sole, np.maximum(height, sole))
    return np.concatenate(done)


def _held(trial: Trial, seconds: float, error: Callable[[], Array]) -> Array:
    """Errors averaged over the last half second, of the worlds that still stand."""
    steps, last = round(seconds / trial.env.dt), []
    for step in range(steps):
        trial.step()
        if (steps - step) * trial.env.dt <= 0.5:
            last.append(error())
    return np.mean(last, 0)[trial.alive]


EVALUATIONS: Mapping[str, Callable[..., Metrics]] = {
    "walk": evaluate_walk,
    "reach": evaluate_reach,
    "squat": evaluate_squat,
    "step": evaluate_step,
}


def evaluate(policy: Policy, episodes: int = 200, seed: int = SEED) -> Metrics:
    """Returns the figures of a primitive; UnknownNameError if it is none."""
    if policy.spec.name not in EVALUATIONS:
        raise UnknownNameError("primitive", policy.spec.name, EVALUATIONS)
    return EVALUATIONS[policy.spec.name](policy, episodes=episodes, seed=seed)


def run(robot: str = "g1", names: tuple[str, ...] = (), episodes: int = 200, seed: int = SEED) -> dict[str, Metrics]:
    """Evaluates shipped primitives (all that ship when ``names`` is empty), by name."""
    return {name: evaluate(load_policy(robot, name), episodes, seed) for name in names or shipped(robot)}


def evaluate_folder(folder: Path, robot: str, episodes: int) -> Metrics:
    """Evaluates a primitive's policy folder that need not ship."""
    return evaluate(policy_from(load_checkpoint(folder), robot), episodes)


def shipped(robot: str) -> tuple[str, ...]:
    """Returns the primitives that ship for a robot, sorted."""
    folder = resource("models", FAMILY, robot)
    return tuple(sorted(name for path in folder.glob("*/spec.yaml") if (name := path.parent.name) in EVALUATIONS))
