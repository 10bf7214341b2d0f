"""How long one control step of the foundation controller takes on one thread, from joint positions to servo targets."""

from __future__ import annotations

import time

import numpy as np

from robomatrix.policies.dexgen.controller import ControllerSettings, DexGenController
from robomatrix.robots.spec import RobotSpec


def control_step_times(robot: RobotSpec, count: int = 500, steps: int = 8) -> np.ndarray:
    """Returns wall and processor times (count, 2) of single control steps with ``steps`` of denoising [s].

    The robot's home pose moves a little from step to step, and so does the command.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    controller = DexGenController.load(robot, settings=ControllerSettings(steps=steps))
    rng = np.random.default_rng(0)
    home = np.array([[joint.home for joint in robot.joints]])
    controller.reset(home)
    taken = []
    for _ in range(count + 20):
        positions, command = home + rng.normal(0.0, 0.05, (2, 1, 16))
        began = time.perf_counter(), time.process_time()
        controller.act(positions, command)
        taken.append((time.perf_counter() - began[0], time.process_time() - began[1]))
    torch.set_num_threads(threads)
    return np.array(taken[20:])
