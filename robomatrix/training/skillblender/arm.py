"""Inverse kinematics of an arm as a small network, trained against the arm's own forward kinematics."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from robomatrix.robots.humanoid import Humanoid
from robomatrix.skills.skillblender.kinematics import Chain
from robomatrix.skills.skillblender.reach_functions import DEEPEST, TURN, WIDER

HIDDEN = (64, 64)
RANGE = WIDER
"""Half edge of the cube round the resting hand in which targets are drawn [m]."""
CUBE = ((-RANGE,) * 3, (RANGE,) * 3)
"""Lower and upper corner of the box in which an arm's targets are drawn, from the resting hand [m]."""


def train_arm(
    robot: Humanoid,
    chain: Chain,
    home: NDArray[np.float64],
    limits: NDArray[np.float64],
    sag: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    steps: int = 4000,
    seed: int = 1,
    box: Sequence[Sequence[float]] = CUBE,
) -> dict[str, NDArray[np.float32]]:
    """Returns tensors mean, std, w0, b0, ... of a network from hand offsets (n, 3) [m] to joint offsets (n, 4) [rad].

    Args:
        robot: Names the arm's joints.
        chain: To the left hand.
        home: Home angles of all policy joints (d,) [rad].
        limits: Of all policy joints (d, 2) [rad].
        sag: Gives how far the servos give way under the arm's weight, (n, d) -> (n, d) [rad]; the network leads by it.
        steps: Of Adam, with 1024 targets each.
        seed: Of weights and targets.
        box: Where the left hand's targets are drawn, lower and upper corner from where it rests [m].
    """
    torch.manual_seed(seed)
    low, high = torch.tensor(box)
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    arm = [i for i, j in enumerate(robot.joints) if j.startswith("left") and ("shoulder" in j or "elbow" in j)]
    layers, network = _network(3, len(arm))
    rest = torch.as_tensor(home, dtype=torch.float32)
    lower, upper = torch.as_tensor(limits[arm].T, dtype=torch.float32)
    start = chain.position(rest[None])
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        share = 2.0 * torch.rand(1024, 3) - 1.0
        target, offset = middle + half * share, network(share)
        angles = rest.expand(1024, -1).clone()
        angles[:, arm] = rest[arm] + offset
        miss = torch.linalg.norm(chain.position(angles) - start - target, dim=-1)
        outside = torch.relu(angles[:, arm] - upper + 0.02) + torch.relu(lower + 0.02 - angles[:, arm])
        loss = miss.mean() + outside.sum(-1).mean() + 2e-4 * offset.square().sum(-1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    _lead(network, rest, arm, sag, steps // 2)
    return _tensors(layers, middle, half)


def train_stoop(
    robot: Humanoid,
    chains: tuple[Chain, Chain],
    home: NDArray[np.float64],
    limits: NDArray[np.float64],
    steps: int = 3000,
    seed: int = 1,
) -> dict[str, NDArray[np.float32]]:
    """Returns tensors of a network from both hands' goals (n, 6) [m] to how far to squat and to turn the waist (n, 2).

    Learnt together with arm angles that it does not keep. Arguments as :func:`train_arm`.
    """
    torch.manual_seed(seed)
    upper = [i for i in range(len(robot.joints)) if i not in robot.legs]
    layers, network = _network(6, len(upper) + 1)
    rest = torch.as_tensor(home, dtype=torch.float32)
    low, high = torch.as_tensor(limits[upper].T, dtype=torch.float32)
    start = torch.cat([chain.position(rest[None]) for chain in chains], -1)
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        target = _ball(1024)
        out = network(target / RANGE)
        deep, turn = out[:, :1].clamp(0.0, 1.0), out[:, 1:2].clamp(-1.0, 1.0)
        angles = rest.expand(1024, -1).clone()
        angles[:, upper] = rest[upper] + torch.cat([TURN * turn, out[:, 2:]], -1)
        sunk = torch.cat([0.0 * deep, 0.0 * deep, DEEPEST * deep] * 2, -1)
        hands = torch.cat([chain.position(angles) for chain in chains], -1) - start - sunk
        miss = torch.linalg.norm((hands - target).reshape(-1, 2, 3), dim=-1).mean()
        outside = torch.relu(angles[:, upper] - high + 0.02) + torch.relu(low + 0.02 - angles[:, upper])
        effort = 3e-3 * out[:, 0].abs().mean() + 1e-3 * turn.square().mean() + 1e-4 * out[:, 2:].square().sum(-1).mean()
        loss = miss + outside.sum(-1).mean() + effort + 1e-2 * torch.relu(out[:, :2].abs() - 1.0).sum(-1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    tensors = _tensors(layers, torch.zeros(6), torch.full((6,), RANGE))
    return {**tensors, **{name: tensors[name][:2] for name in ("w2", "b2")}}


def _ball(n: int) -> torch.Tensor:
    """Goals of both hands (n, 6), each within :data:`RANGE`, more of them far than near."""
    points = torch.randn(n, 2, 3)
    points *= RANGE * torch.rand(n, 2, 1) ** (1 / 3) / torch.linalg.norm(points, dim=-1, keepdim=True)
    return points.reshape(n, 6)


def _network(inputs: int, outputs: int) -> tuple[list[torch.nn.Linear], torch.nn.Sequential]:
    sizes = (inputs, *HIDDEN, outputs)
    layers = [torch.nn.Linear(n, o) for n, o in zip(sizes, sizes[1:], strict=False)]
    return layers, torch.nn.Sequential(layers[0], torch.nn.ELU(), layers[1], torch.nn.ELU(), layers[2])


def _tensors(layers: list[torch.nn.Linear], mean: torch.Tensor, std: torch.Tensor) -> dict[str, NDArray[np.float32]]:
    tensors = {"mean": mean.numpy(), "std": std.numpy()}
    for i, layer in enumerate(layers):
        tensors |= {f"w{i}": layer.weight.detach().numpy().copy(), f"b{i}": layer.bias.detach().numpy().copy()}
    return tensors


def _lead(
    network: torch.nn.Module,
    rest: torch.Tensor,
    arm: list[int],
    sag: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    steps: int,
) -> None:
    """Teaches the network its own angles plus the sag at them."""
    target = 2.0 * torch.rand(8192, 3) - 1.0
    angles = rest.expand(8192, -1).clone()
    with torch.no_grad():
        angles[:, arm] = rest[arm] + network(target)
    lead = torch.as_tensor(sag(angles.double().numpy())[:, arm], dtype=torch.float32)
    wanted = angles[:, arm] - rest[arm] + lead
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        batch = torch.randint(0, 8192, (1024,))
        loss = (network(target[batch]) - wanted[batch]).square().sum(-1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
