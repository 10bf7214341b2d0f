"""Emulated robots on free ports of this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from robomatrix.emulators.ep.body import KinematicBody
from robomatrix.emulators.ep.ports import Ports
from robomatrix.emulators.ep.server import EpEmulator, Settings


@pytest.fixture
def emulator() -> Iterator[EpEmulator]:
    with EpEmulator(KinematicBody, Settings(ports=Ports.free(), broadcast_period=0.02)) as running:
        yield running
