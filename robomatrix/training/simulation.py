"""Many worlds stepped in C: :mod:`mujoco.rollout` with worker threads behind plain arrays."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np
from mujoco.rollout import Rollout
from numpy.typing import NDArray

Array = NDArray[np.float64]


class BatchSimulation:
    """``worlds`` copies of one model's world, or of variants of it with equal sizes, stepped together.

    Control is held constant over the ``decimation`` physics steps of a control step; the servos belong to the model, so
    no Python runs in the inner loop.
    """

    def __init__(self, models: Sequence[mujoco.MjModel], worlds: int, decimation: int, threads: int = 2) -> None:
        """Assigns the models to the worlds in turn, all in the model's reset state."""
        self.model = models[0]
        self.worlds, self.decimation = worlds, decimation
        self.timestep = self.model.opt.timestep * decimation
        """Length of a control step [s]."""
        self._models = [models[i % len(models)] for i in range(worlds)]
        self._rollout = Rollout(nthread=threads)
        self._datas = [mujoco.MjData(self.model) for _ in range(max(1, threads))]
        size = mujoco.mj_stateSize(self.model, mujoco.mjtState.mjSTATE_FULLPHYSICS)
        self._state = np.zeros((worlds, size))
        self._states = np.zeros((worlds, decimation, size))
        self._sensors = np.zeros((worlds, decimation, self.model.nsensordata))
        self._control = np.zeros((worlds, decimation, self.model.nu))
        self.reset(np.arange(worlds), *self._home())

    def _home(self) -> tuple[Array, Array]:
        data = self._datas[0]
        mujoco.mj_resetData(self.model, data)
        return data.qpos.copy(), data.qvel.copy()

    @property
    def qpos(self) -> Array:
        """Generalised positions (worlds, nq); a view that may be written."""
        return self._state[:, 1 : 1 + self.model.nq]

    @property
    def qvel(self) -> Array:
        """Generalised velocities (worlds, nv); a view that may be written."""
        return self._state[:, 1 + self.model.nq : 1 + self.model.nq + self.model.nv]

    @property
    def sensors(self) -> Array:
        """Sensor data (worlds, nsensordata) at the end of the last control step."""
        return self._sensors[:, -1]

    def sensor(self, name: str) -> Array:
        """Returns a view (worlds, dim) of one sensor's data after the last control step."""
        return self.sensors[:, self.sensor_slice(name)]

    def sensor_slice(self, name: str) -> slice:
        """Returns where a sensor lies in the sensor data; KeyError lists what exists."""
        sensor = self.model.sensor(name)
        return slice(int(sensor.adr[0]), int(sensor.adr[0] + sensor.dim[0]))

    def reset(self, ids: NDArray[np.intp], qpos: Array, qvel: Array) -> None:
        """Puts some worlds into a state: (len(ids), nq) and (len(ids), nv), or one state for all."""
        self._state[ids] = 0.0
        self.qpos[ids] = qpos
        self.qvel[ids] = qvel

    def step(self, control: Array) -> None:
        """Advances every world by one control step under ``control`` (worlds, nu)."""
        self._control[:] = control[:, None]
        self._rollout.rollout(
            self._models,
            self._datas,
            self._state,
            self._control,
            state=self._states,
            sensordata=self._sensors,
            skip_checks=True,
            nstep=self.decimation,
        )
        self._state[:] = self._states[:, -1]

    def close(self) -> None:
        """Ends the worker threads."""
        self._rollout.close()
