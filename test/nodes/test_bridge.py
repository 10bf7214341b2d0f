"""The bridge when its driver or what it is told fails: it goes on, says so, and the emergency stop is served."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from sensor_msgs.msg import JointState
from support.ros import Client

from robomatrix.errors import ConfigurationError, DriverError
from robomatrix.hardware.driver import RobotCommand
from robomatrix_nodes import diagnostics
from robomatrix_nodes.bridge import _polygon
from robomatrix_nodes.stack import Stack


def silent(command: RobotCommand) -> RobotCommand:
    raise DriverError("the robot may not move: no state for 0.3 s")


@pytest.fixture
def stack(bring_up: Callable[..., Stack]) -> Stack:
    return bring_up(robot="s1", speed=10.0)


def test_a_driver_that_takes_no_command_leaves_bridge_and_emergency_stop_alive(stack: Stack) -> None:
    client, bridge = Client(stack), stack.bridge
    write, bridge.driver.write = bridge.driver.write, silent
    stamp = bridge.stamp
    client.until(lambda: bridge.stamp > stamp + 0.2)
    level, message, _ = bridge._status()
    assert (level, "no state for 0.3 s" in message) == (diagnostics.ERROR, True)
    assert client.call("emergency_stop").success
    assert bridge.gate.tripped
    bridge.driver.write = write
    assert client.call("reset_emergency_stop").success
    assert client.run_skill("turn", angle_deg=20.0).success


def test_a_reset_of_the_scene_fires_no_shot_and_moves_no_joint(stack: Stack) -> None:
    client, bridge = Client(stack), stack.bridge
    assert client.run_skill("shoot_once").error_msg  # there is no such skill: the stack is up
    for shots in (1.0, 2.0):
        stamp = bridge.stamp
        bridge._on_joints(JointState(name=["blaster", "gimbal_yaw"], position=[shots, 0.4]))
        client.until(lambda stamp=stamp: bridge.stamp > stamp + 1.5)
    assert bridge.driver.read().joints["blaster"] == 2.0
    assert client.call("reset").success
    client.until(lambda: 0.5 < bridge.stamp < 5.0)
    joints = bridge.driver.read().joints
    assert (joints["blaster"], abs(joints["gimbal_yaw"]) < 0.02) == (0.0, True)


def test_a_command_that_cannot_be_read_ends_the_one_before(stack: Stack) -> None:
    bridge = stack.bridge
    bridge.gate.filter(RobotCommand(), bridge.driver.read(), bridge.stamp)
    assert not bridge.gate.standing
    bridge._on_joints(JointState(name=["gimbal_yaw"], position=[0.1, 0.2]))
    bridge.gate.filter(None, bridge.driver.read(), bridge.stamp)
    assert bridge.gate.standing


def test_lockstep_waits_for_a_busy_machine(bring_up: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch) -> None:
    stack = bring_up(lockstep_timeout=0.01)
    client, bridge, commands = Client(stack), stack.bridge, []
    take = bridge._take_command

    def watch(now: float) -> object:
        commands.append(take(now))
        return commands[-1]

    monkeypatch.setattr(bridge, "_take_command", watch)
    bridge.on_step = lambda: time.sleep(0.03)  # whatever runs in this process is late by more than the timeout
    handle = client.send_skill("turn", angle_deg=20.0)
    began = len(commands)
    assert client.result(handle).success
    assert all(command is not None for command, _ in commands[began + 1 : -1])


def test_a_zone_with_a_number_too_many_is_refused() -> None:
    assert _polygon("keep_out", [0.0]) is None
    with pytest.raises(ConfigurationError, match="keep_out has 7 numbers"):
        _polygon("keep_out", [0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0])
