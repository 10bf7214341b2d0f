"""``robomatrix emulate`` as a process of its own."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from robomatrix.emulators.cli import app
from robomatrix.evaluation.hardware import connected, emulator_process, settings_for


def test_it_serves_a_driver_and_ends_when_asked() -> None:
    with emulator_process("--size", "320x180") as ports, connected(settings_for(ports, camera=False)) as driver:
        assert driver.ask("version", "?").body == "version 00.00.00.60"
        assert driver.read().joints.names == driver.spec.joint_names


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--size", "big"], "not a size"), (["--physics", "mock", "--robot", "epp", "--port-offset", "7000"], "epp")],
)
def test_wrong_options_are_explained(options: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["ep", *options])
    assert result.exit_code in (1, 2)
    assert message in result.output
