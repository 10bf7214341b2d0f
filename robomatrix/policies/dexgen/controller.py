"""The foundation controller at run time: coarse commands in, servo targets out, for one hand or many side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from robomatrix.errors import PolicyError
from robomatrix.policies.checkpoint import load_checkpoint, policy_folder
from robomatrix.policies.dexgen.diffusion import GuidedSampler, execution
from robomatrix.policies.dexgen.grip import keep_grip
from robomatrix.policies.dexgen.kinematics import HandKinematics
from robomatrix.policies.dexgen.network import ControllerNetwork, NetworkSizes
from robomatrix.policies.dexgen.observation import HISTORY, MODES, TERMS, commanded_motion, state_vector
from robomatrix.policies.spec import PolicySpec
from robomatrix.robots.mirror import trained_hand
from robomatrix.robots.spec import RobotSpec

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ControllerSettings:
    """How the controller weighs command against safety."""

    strength: float = 8.0
    """Of the guidance; 0 ignores commands, large values follow them blindly."""
    tolerance: float = 1.0
    """A finger's command that is so many standard deviations from what the data suggest counts a quarter, one that is
    much further hardly at all: wild commands are not believed."""
    radius: float = 0.85
    """A finger's command that is hardly further than so many standard deviations from what the data suggest is executed
    as it is."""
    loosening: float = 0.1
    """A command that gives away this share of the grip in one step is believed for a quarter of that, and one that
    gives away much more hardly at all."""
    temperature: float = 0.0
    """Size of the noise that sampling starts from: 0 takes the most typical motion, 1 draws one as in the paper."""
    steps: int = 8
    """Of denoising."""
    mode: str = "careful"
    """One of :data:`MODES`."""

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise PolicyError(f"no mode '{self.mode}'; modes: {', '.join(MODES)}")
        if not self.strength >= 0.0:
            raise PolicyError(f"strength must be 0 or more, not {self.strength}")
        for name in ("tolerance", "radius", "loosening"):
            if not getattr(self, name) > 0.0:
                raise PolicyError(f"{name} must be more than 0, not {getattr(self, name)}")
        if not 0.0 <= self.temperature <= 1.0:
            raise PolicyError(f"temperature must be 0 to 1, not {self.temperature}")
        if not 1 <= self.steps <= 100:
            raise PolicyError(f"steps must be 1 to 100, not {self.steps}")


def controller_folder(robot: str, name: str = "controller") -> Path:
    """Returns where a hand's shipped controller lies."""
    return policy_folder("dexgen", robot, name)


def load_network(folder: Path, robot: RobotSpec) -> tuple[ControllerNetwork, PolicySpec]:
    """Reads a controller and checks it against the hand.

    Raises:
        PolicyError: the checkpoint is damaged, or was made for another hand, joint order or observation.
    """
    checkpoint = load_checkpoint(folder)
    checkpoint.spec.require(robot, TERMS)
    checkpoint.spec.require_joints(robot.joint_names)
    network = ControllerNetwork(_sizes(checkpoint.spec.parameters, folder))
    try:
        network.load_state_dict({name: torch.from_numpy(v.copy()) for name, v in checkpoint.tensors.items()})
    except RuntimeError as error:
        raise PolicyError(f"{folder}: {error}") from error
    return network.eval(), checkpoint.spec


def _sizes(parameters: Mapping[str, Any], folder: Path) -> NetworkSizes:
    try:
        return NetworkSizes(**parameters["network"])
    except (KeyError, TypeError) as error:
        raise PolicyError(f"{folder}/spec.yaml: parameters.network: {error}") from error


class DexGenController:
    """Realises commanded joint targets as far as the training data says that the object stays in the hand.

    Sees only joint positions and its own targets. Call :meth:`reset`, then :meth:`act` every 0.1 s.
    """

    def __init__(
        self,
        network: ControllerNetwork,
        kinematics: HandKinematics,
        settings: ControllerSettings | None = None,
        seed: int = 0,
    ) -> None:
        self.settings = settings or ControllerSettings()
        self.kinematics = kinematics
        self._network = network
        self._sampler = GuidedSampler(network.denoiser, self.settings.steps)
        self._random = torch.Generator().manual_seed(seed)
        self._history = np.zeros((0, HISTORY, 60))
        self._targets = np.zeros((0, 16))
        self._fresh = np.zeros(0, dtype=bool)

    @classmethod
    def load(cls, robot: RobotSpec, folder: Path | None = None, **options: Any) -> DexGenController:
        """Reads the shipped controller of a hand, or another one; PolicyError if it does not fit."""
        hand = trained_hand(robot)
        network, _ = load_network(folder or controller_folder(hand.name), hand)
        return cls(network, HandKinematics(hand.urdf), **options)

    def reset(self, targets: Array) -> None:
        """Starts anew with the servo targets now in force (B, 16) [rad]."""
        self._targets = np.array(targets, dtype=np.float64)
        self._history = np.zeros((len(targets), HISTORY, 60))
        self._fresh = np.ones(len(targets), dtype=bool)

    def reset_row(self, row: int, targets: Array) -> None:
        """Starts one hand of the batch anew with its targets (16,) [rad]."""
        self._targets[row], self._fresh[row] = targets, True

    @torch.inference_mode()
    def act(self, positions: Array, command: Array | None) -> Array:
        """Returns servo targets for the next 0.1 s.

        Args:
            positions: (B, 16) measured joint positions [rad], in the order of the kinematics.
            command: (B, 16) commanded servo targets [rad]; None to follow nothing.

        Returns:
            (B, 16) [rad], inside the joint limits.
        """
        history = self._observe(positions)
        condition = self._network.denoiser.encode(history, self._mode(len(positions)))
        wanted = None
        if command is not None:
            command = keep_grip(positions, self._targets, command, self.settings.loosening)
            wanted = self._wanted(command)
        change = self._network.restore("change", self._network.dynamics(history, self._motion(condition, wanted)))
        moved = self._targets + change.numpy().astype(np.float64)
        if command is not None and wanted is not None:
            moved += self._executed(condition, wanted) * (command - moved)
        self._targets = np.clip(moved, self.kinematics.lower, self.kinematics.upper)
        return self._targets.copy()

    def _motion(self, condition: torch.Tensor, wanted: torch.Tensor | None) -> torch.Tensor:
        noise = torch.randn((len(condition), self._network.sizes.motion), generator=self._random)
        s = self.settings
        return self._sampler.sample(condition, wanted, s.strength, s.tolerance, s.temperature * noise)

    def _executed(self, condition: torch.Tensor, wanted: torch.Tensor) -> Array:
        """Returns (B, 16): how much of each joint's command is executed as it is."""
        start = torch.zeros((len(condition), self._network.sizes.motion))
        distance = wanted - self._sampler.suggest(condition, start)
        share = execution(distance, self.settings.strength, self.settings.radius)
        return np.repeat(share.numpy().astype(np.float64), 4, axis=1)

    def _observe(self, positions: Array) -> torch.Tensor:
        state = state_vector(self.kinematics, positions, self._targets)
        self._history = np.concatenate([self._history[:, 1:], state[:, None]], axis=1)
        self._history[self._fresh] = state[self._fresh][:, None]
        self._fresh[:] = False
        stacked = torch.from_numpy(self._history).float()
        return self._network.normalise("state", stacked).flatten(1)

    def _wanted(self, command: Array) -> torch.Tensor:
        motion = commanded_motion(self.kinematics, self._targets, command)
        return self._network.normalise("motion", self._network.pick(torch.from_numpy(motion).float()))

    def _mode(self, count: int) -> torch.Tensor:
        mode = torch.zeros(count, len(MODES))
        mode[:, MODES.index(self.settings.mode)] = 1.0
        return mode
