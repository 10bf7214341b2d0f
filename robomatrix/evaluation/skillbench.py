"""SkillBench: errors and feasibility of blended tasks and of their baselines, as the paper measures them.

20 rollouts for each of 5 seeds; no pushes, no noise, one friction, the torso's mass varies. An error is the mean over
coordinates of the absolute difference at the end, of all rollouts, also of those that fell. Tilt is the mean of
absolute roll and pitch, power the product of mean absolute joint speed and mean absolute torque, as in the authors'
code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robomatrix.policies.checkpoint import load_checkpoint
from robomatrix.resources import resource
from robomatrix.skills.skillblender.library import FAMILY, Policy, blended_primitive, load_task, task_policy
from robomatrix.skills.skillblender.views import view_of
from robomatrix.training.skillblender.env import EnvConfig, HumanoidEnv
from robomatrix.training.skillblender.guide import guided_output, sequenced_output
from robomatrix.training.skillblender.imitation import Output, guided_action, running_blend
from robomatrix.training.skillblender.randomisation import NOMINAL
from robomatrix.training.skillblender.task_recipes import METHODS, bench_task, export_task
from robomatrix.training.skillblender.tasks import RULES, task_env

Array = NDArray[np.float64]
SEEDS = (1000, 1001, 1002, 1003, 1004)
"""Training uses seeds below."""
ROLLOUTS = 20
SECONDS = 10.0
SHORT = 2.5
"""Length of the paper's evaluation; its robots walk faster than ours at first [s]."""
Act = Callable[[HumanoidEnv], Array]
"""A policy: the joint action (n, joints) in the environment's present state."""


@dataclass(frozen=True, eq=False)
class Rollout:
    """What 20 worlds of one seed came to."""

    error: Array
    """At the end (n,)."""
    short: Array
    """After 2.5 s (n,)."""
    first: Array
    """Before anything was done (n,)."""
    alive: NDArray[np.bool_]
    feasibility: Array
    """Tilt [rad], height [m], torque [N m], joint speed [rad/s]; means over steps and worlds."""
    track: Array
    """Error over time (steps, n)."""


def roll(
    robot: str,
    name: str,
    act: Act,
    seed: int,
    rollouts: int = ROLLOUTS,
    seconds: float = SECONDS,
    watch: Callable[[HumanoidEnv], None] | None = None,
) -> Rollout:
    """Lets a policy act in fresh worlds; a world that fell or whose object is in the goal keeps its error."""
    config = EnvConfig(worlds=rollouts, episode=1e6, seed=seed, threads=1, randomisation=_even())
    env = task_env(bench_task(robot, name, rollouts), config)
    env.age[:] = 0
    alive, going = np.ones(rollouts, bool), np.ones(rollouts, bool)
    first = error = env.task.error(env)
    sums, track = np.zeros(4), []
    for _ in range(round(seconds / env.dt)):
        env.observations()
        env.advance(np.asarray(act(env), dtype=np.float64))
        alive &= ~env.fallen() | ~going
        going &= alive
        error = np.where(going, env.task.error(env), error)
        going &= ~env.task.finished(env)
        sums += _feasibility(env, alive)
        track.append(error)
        if watch is not None:
            watch(env)
    early = track[min(round(SHORT / env.dt), len(track)) - 1]
    return Rollout(error, early, first, alive, sums / len(track), np.array(track))


def _even() -> Any:
    return replace(NOMINAL, variants=16, mass=3.0)


def _feasibility(env: HumanoidEnv, counted: NDArray[np.bool_]) -> Array:
    if not counted.any():
        return np.zeros(4)
    gravity = env.signals.body.gravity[counted]
    roll, pitch = np.arctan2(-gravity[:, 1], -gravity[:, 2]), np.arcsin(np.clip(gravity[:, 0], -1.0, 1.0))
    tilt = 0.5 * (np.abs(roll).mean() + np.abs(pitch).mean())
    torque, speed = np.abs(env.signals.torque[counted]).mean(), np.abs(env.signals.body.velocity[counted]).mean()
    return np.array([tilt, env.signals.position[counted, 2].mean(), torque, speed])


def policy_act(policy: Policy) -> Act:
    """Returns a task's policy as it runs on the robot."""

    def act(env: HumanoidEnv) -> Array:
        return policy.network(env.task.function.input(env.felt, env.task.goal(env), env.phase).astype(np.float32))

    return act


def guide_act(robot: str, name: str, output: Output = guided_output) -> Act:
    """Returns a task's guide alone, nothing learnt above the primitives; or its skills in sequence."""
    task = bench_task(robot, name, 1)
    blend = running_blend(task.robot, task.skills)
    return lambda env: guided_action(env, blend, output)


def standing_act(robot: str) -> Act:
    """Returns the walking primitive at zero command: doing nothing, upright."""
    walk = blended_primitive(robot, "walk")

    def act(env: HumanoidEnv) -> Array:
        felt, still = env.felt.astype(np.float32), np.zeros((env.num_envs, walk.function.goal_size), np.float32)
        return walk.function.action(walk.network, felt, still, env.phase.astype(np.float32))

    return act


def measure(
    robot: str, name: str, act: Act, seeds: Sequence[int] = SEEDS, rollouts: int = ROLLOUTS, seconds: float = SECONDS
) -> dict[str, float]:
    """Returns a policy's figures on a task: error, its deviation over rollouts and over seeds, success, feasibility."""
    runs = [roll(robot, name, act, seed, rollouts, seconds) for seed in seeds]
    return summary(runs, view_of(name).threshold, seconds)


def summary(runs: Sequence[Rollout], threshold: float, seconds: float) -> dict[str, float]:
    """Returns the figures of several seeds' rollouts."""
    error, alive = np.concatenate([r.error for r in runs]), np.concatenate([r.alive for r in runs])
    tilt, height, torque, speed = np.mean([r.feasibility for r in runs], 0)
    return {
        "error": float(error.mean()),
        "error_std": float(error.std()),
        "error_std_of_seeds": float(np.std([r.error.mean() for r in runs])),
        "error_median": float(np.median(error)),
        "error_after_2.5_s": float(np.mean([r.short.mean() for r in runs])),
        "before": float(np.mean([r.first.mean() for r in runs])),
        "threshold": threshold,
        "success_rate": float((alive & (error <= threshold)).mean()),
        "falls": int((~alive).sum()),
        "rollouts": len(error),
        "seeds": len(runs),
        "rollout_seconds": seconds,
        "tilt": float(tilt),
        "height": float(height),
        "torque": float(torque),
        "power": float(speed * torque),
    }


def evaluate_task_folder(folder: Path, robot: str, name: str) -> dict[str, float]:
    """Evaluates a task's policy folder that need not ship."""
    return measure(robot, name, policy_act(task_policy(load_checkpoint(folder), robot)))


def shipped_tasks(robot: str) -> tuple[str, ...]:
    """Returns the tasks whose policies ship for a robot, in the paper's order."""
    folder = resource("models", FAMILY, robot)
    return tuple(name for name in RULES if (folder / name / "spec.yaml").exists())


def methods(robot: str, name: str, runs: Path | None) -> dict[str, Act]:
    """Returns a task's policy, and with ``runs`` everything else that can do the task, by method.

    Standing still, the guide, and the skills in sequence need no training; the baselines that learn are taken from the
    checkpoints ``runs/<robot>_<task>_<method>`` as far as there are any.
    """
    acts: dict[str, Act] = {"blend": policy_act(load_task(robot, name))}
    if runs is None:
        return acts
    acts["standing"], acts["guide"] = standing_act(robot), guide_act(robot, name)
    acts["sequence"] = guide_act(robot, name, sequenced_output)
    for method in METHODS:
        folder = runs / f"{robot}_{name}_{method}"
        if (folder / "checkpoint.pt").exists():
            export_task(robot, name, folder, folder / "policy", {}, method)
            acts[method] = policy_act(task_policy(load_checkpoint(folder / "policy"), robot))
    return acts


@dataclass(frozen=True)
class Report:
    """What was measured."""

    robot: str
    tasks: dict[str, dict[str, dict[str, float]]]
    """By task and method."""
    primitives: dict[str, dict[str, float]]
    """By primitive."""

    @property
    def reached(self) -> bool:
        """Whether every task's blend is under the paper's threshold."""
        return all(found["blend"]["error"] <= found["blend"]["threshold"] for found in self.tasks.values())

    def to_json(self) -> dict[str, Any]:
        """Returns plain data."""
        return {"suite": "skillblender", **asdict(self)}

    def table(self) -> Any:
        """Returns the tasks' table for people: ours beside the paper's."""
        from rich.table import Table

        columns = (
            "task",
            "method",
            "error",
            "threshold",
            "paper",
            "success",
            "falls",
            "tilt",
            "height",
            "torque",
            "power",
        )
        table = Table(*columns, title=f"SkillBench, {self.robot}")
        for task, found in self.tasks.items():
            for method, m in found.items():
                paper = PAPER.get((self.robot, task, method))
                figures = [f"{m[k]:.2f}" for k in ("tilt", "height", "torque", "power")]
                error = f"{m['error']:.3f} ± {m['error_std']:.3f}"
                row = (task, method, error, f"{m['threshold']:g}", f"{paper:.3f}" if paper is not None else "")
                table.add_row(*row, f"{100 * m['success_rate']:.0f} %", f"{m['falls']} of {m['rollouts']}", *figures)
        for name, m in self.primitives.items():
            error = ", ".join(f"{key} {value:.3f}" for key, value in m.items() if key.startswith("error"))
            table.add_row(name, "primitive", error, "", "", "", ", ".join(f"{v}" for k, v in m.items() if "falls" in k))
        return table


PAPER: Mapping[tuple[str, str, str], float] = MappingProxyType(
    {
        (robot, task, method): error
        for (robot, method), errors in {
            ("g1", "ppo"): (0.019, 0.014, 0.622, 1.733, 0.075, 0.226, 0.489, 0.291),
            ("g1", "blend"): (0.023, 0.032, 0.000, 1.476, 0.039, 0.074, 0.340, 0.058),
            ("h1", "ppo"): (0.016, 0.019, 0.000, 1.773, 0.184, 0.026, 0.433, 0.020),
            ("h1", "scalar"): (0.045, 0.005, 0.001, 1.604, 0.037, 0.485, 0.421, 0.152),
            ("h1", "sequence"): (0.247, 0.132, 0.052, 1.802, 0.112, 0.618, 0.458, 0.428),
            ("h1", "blend"): (0.021, 0.009, 0.000, 1.109, 0.009, 0.024, 0.007, 0.013),
            ("h1_2", "ppo"): (0.013, 0.027, 0.001, 1.569, 0.040, 0.470, 0.397, 0.373),
            ("h1_2", "blend"): (0.049, 0.023, 0.000, 1.400, 0.050, 0.557, 0.315, 0.051),
        }.items()
        for task, error in zip(RULES, errors, strict=True)
    }
)
"""The paper's errors by robot, task and method."""


def report(
    robot: str = "g1", names: Sequence[str] = (), runs: Path | None = None, pictures: Path | None = None
) -> Report:
    """Measures tasks (all that ship when ``names`` is empty), with ``runs`` beside the baselines."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name in [n for n in names or shipped_tasks(robot) if n in RULES]:
        acts = methods(robot, name, runs)
        found[name] = {method: measure(robot, name, act) for method, act in acts.items()}
        if pictures is not None:
            from robomatrix.evaluation.skillbench_pictures import picture

            picture(robot, name, acts["blend"], pictures)
    return Report(robot, found, {})
