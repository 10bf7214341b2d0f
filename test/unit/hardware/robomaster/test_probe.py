"""What ``robomatrix doctor`` finds out about an emulated robot, and about one that means something else."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from robomatrix.emulators.ep.body import KinematicBody
from robomatrix.emulators.ep.conventions import Conventions
from robomatrix.emulators.ep.ports import Ports
from robomatrix.emulators.ep.server import EpEmulator, Settings
from robomatrix.hardware.robomaster import RobomasterSettings, protocol
from robomatrix.hardware.robomaster.probe import Probe, probe
from robomatrix.robots.loader import load_robot

ROBOT = load_robot("ep")


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("robomatrix.hardware.robomaster.probe.OBSERVED", 0.4)


def examine(conventions: Conventions, motion: bool = False) -> dict[str, Probe]:
    ports = Ports.free()
    settings = RobomasterSettings(
        connection="address", host="127.0.0.1", listen="127.0.0.1", ports=protocol.Ports(**asdict(ports))
    )
    with EpEmulator(KinematicBody, Settings(ports=ports, conventions=conventions)):
        return {found.name: found for found in probe(ROBOT, settings, motion)}


def test_a_robot_as_documented_is_found_in_order() -> None:
    found = examine(Conventions(), motion=True)
    assert found["connection"].detail == "firmware 00.00.00.60"
    assert found["arm unit"].detail.endswith("is in cm")
    assert found["wheel order"].detail == "w3 is rear_right"
    assert found["sense of move"].ok
    assert found["range 'front'"].detail == "sensor 1 reads 3.00 m"
    assert not found["range 'palm'"].ok, "the kinematic body has one sensor only"
    assert all(p.ok for name, p in found.items() if name != "range 'palm'"), found


def test_other_firmware_is_told_apart_with_what_to_set() -> None:
    found = examine(Conventions(arm_unit=0.001, wheels=("fr", "fl", "rl", "rr"), move_clockwise=True), motion=True)
    assert (found["arm unit"].ok, found["arm unit"].remedy) == (False, "set arm_unit to 0.001")
    assert (found["wheel order"].ok, found["wheel order"].detail) == (False, "w3 is rear_left")
    assert not found["sense of move"].ok


def test_nobody_there_is_a_finding() -> None:
    settings = RobomasterSettings(connection="address", host="127.0.0.1", ports=protocol.Ports(**asdict(Ports.free())))
    assert [p.ok for p in probe(ROBOT, settings)] == [False]


def test_the_look_alone_does_not_move_anything() -> None:
    ports = Ports.free()
    settings = RobomasterSettings(
        connection="address", host="127.0.0.1", listen="127.0.0.1", ports=protocol.Ports(**asdict(ports))
    )
    with EpEmulator(KinematicBody, Settings(ports=ports)) as emulator:
        before = emulator.firmware.sense
        probe(ROBOT, settings)
        after = emulator.firmware.sense
    assert (after.x, after.yaw, after.arm, after.opening) == (before.x, before.yaw, before.arm, before.opening)
