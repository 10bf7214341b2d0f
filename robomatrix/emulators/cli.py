"""``robomatrix emulate``: robots on the network that are not there."""

from __future__ import annotations

import signal
import sys
import threading
from typing import Annotated

import typer

from robomatrix.emulators.ep.body import Body, KinematicBody
from robomatrix.emulators.ep.conventions import Conventions
from robomatrix.emulators.ep.network import Network
from robomatrix.emulators.ep.ports import Ports
from robomatrix.emulators.ep.server import EpEmulator, Settings
from robomatrix.errors import ConfigurationError, RobomatrixError

app = typer.Typer(help="Robots that speak their real protocol without being there.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    """Hangs ``emulate`` into the ``robomatrix`` command."""
    application.add_typer(app, name="emulate")


@app.callback()
def _emulate() -> None:
    """Robots that speak their real protocol without being there."""


@app.command()
def ep(
    robot: Annotated[str, typer.Option(help="ep (arm and gripper) or s1 (gimbal and blaster).")] = "ep",
    scene: Annotated[str | None, typer.Option(help="Room around the robot; its first scene when missing.")] = None,
    seed: Annotated[int, typer.Option(help="Which layout of the room.")] = 0,
    physics: Annotated[str, typer.Option(help="mujoco, pybullet, or none: a point in an empty room.")] = "mujoco",
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 opens it to the network.")] = "127.0.0.1",
    announce: Annotated[str, typer.Option(help="Where `robot ip` datagrams go.")] = "127.0.0.1",
    port_offset: Annotated[int, typer.Option(help="Added to every port (40921 to 40926).")] = 0,
    rate: Annotated[int, typer.Option(help="Images a second.")] = 30,
    size: Annotated[str, typer.Option(help="Size of the images, such as 1280x720.")] = "640x360",
    speed: Annotated[float, typer.Option(help="Simulated seconds per second.")] = 1.0,
    delay: Annotated[float, typer.Option(help="Of every answer and datagram [ms].")] = 0.0,
    jitter: Annotated[float, typer.Option(help="Further random delay [ms].")] = 0.0,
    loss: Annotated[float, typer.Option(help="Lost datagrams [%].")] = 0.0,
    arm_unit: Annotated[float, typer.Option(help="Length of one unit of robotic_arm [m]: 0.01 or 0.001.")] = 0.01,
) -> None:
    """Emulates a RoboMaster on the real ports of the plaintext SDK until it is interrupted."""
    settings = Settings(
        host=host,
        broadcast_to=announce,
        ports=Ports.shifted(port_offset),
        rate=rate,
        speed=speed,
        timestep=0.01 if physics == "none" else 0.02,
        conventions=Conventions(arm_unit=arm_unit),
    )
    network = Network(delay=delay / 1e3, jitter=jitter / 1e3, loss=loss / 100.0)
    width, height = _size(size)
    sys.setswitchinterval(5e-4)  # answers must not wait for the body's thread

    def build() -> Body:
        return make_body(robot, physics, scene, seed, (width, height))

    try:
        with EpEmulator(build, settings, network):
            typer.echo(
                f"emulated {robot} ({physics}) listens on {host}:{settings.ports.control}; Ctrl-C ends it", err=True
            )
            wait_for_signal()
    except RobomatrixError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None


def make_body(robot: str, physics: str, scene: str | None, seed: int, size: tuple[int, int]) -> Body:
    """Builds the body: ``mujoco`` or ``pybullet`` physics, or ``none``. Call it on the thread that will run it."""
    if physics == "none":
        return KinematicBody(*size)
    from robomatrix.emulators.ep.simulated import SimulatedBody
    from robomatrix.hardware.driver import SimulatedDriver
    from robomatrix.hardware.registry import make_driver
    from robomatrix.robots.loader import load_robot

    driver = make_driver(physics, load_robot(robot), scene)
    if not isinstance(driver, SimulatedDriver):
        raise ConfigurationError(f"'{physics}' is no physics; choose mujoco, pybullet or none")
    driver.reset(seed)
    return SimulatedBody(driver, size=size)


def wait_for_signal() -> None:
    """Blocks until the process is asked to end by SIGINT or SIGTERM."""
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    asked.wait()


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and 64 <= int(width) <= 1920 and 64 <= int(height) <= 1080):
        raise typer.BadParameter(f"'{text}' is not a size such as 1280x720", param_hint="--size")
    return int(width) // 2 * 2, int(height) // 2 * 2


if __name__ == "__main__":
    app()
