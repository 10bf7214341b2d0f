"""Measurements of the RoboMaster driver against the emulator in a process of its own: latency, cuts, noise, soaking."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import numpy as np

from robomatrix.emulators.ep import ports as emulated_ports
from robomatrix.emulators.ep import server
from robomatrix.emulators.ep.body import KinematicBody, read_time
from robomatrix.errors import DriverError
from robomatrix.hardware.driver import RobotCommand, Twist
from robomatrix.hardware.robomaster import RobomasterDriver, RobomasterSettings
from robomatrix.hardware.robomaster.protocol import AnswerReader, Ports, parse_broadcast, parse_event, parse_push
from robomatrix.robots.loader import load_robot


@dataclass(frozen=True)
class Spread:
    """Percentiles of many measurements [ms]."""

    count: int
    median: float
    p99: float
    worst: float

    @classmethod
    def of(cls, seconds: list[float]) -> Spread:
        """Summarises durations [s]."""
        values = 1e3 * np.asarray(seconds)
        return cls(len(values), *(round(float(np.percentile(values, p)), 3) for p in (50.0, 99.0, 100.0)))


@contextlib.contextmanager
def emulator_process(*options: str) -> Iterator[Ports]:
    """Runs ``robomatrix emulate ep`` without physics on free ports; yields the ports."""
    offset = emulated_ports.free_offset()
    command = [
        sys.executable,
        "-m",
        "robomatrix.emulators.cli",
        "ep",
        "--physics",
        "none",
        "--port-offset",
        str(offset),
    ]
    process = subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL)
    try:
        ports = Ports(**asdict(emulated_ports.Ports.shifted(offset)))
        _await_port(ports.control, process)
        yield ports
    finally:
        process.terminate()
        process.wait(timeout=10.0)


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30.0
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise DriverError("the emulator did not start")


def settings_for(ports: Ports, **changes: object) -> RobomasterSettings:
    """Returns settings for an emulator on this machine."""
    values = {"connection": "address", "host": "127.0.0.1", "listen": "127.0.0.1", "ports": ports, **changes}
    return RobomasterSettings(**values)


@contextlib.contextmanager
def connected(settings: RobomasterSettings, robot: str = "ep") -> Iterator[RobomasterDriver]:
    """Yields a connected driver and closes it."""
    driver = RobomasterDriver(load_robot(robot), settings)
    driver.connect()
    try:
        yield driver
    finally:
        driver.close()


def round_trips(commands: int = 5000) -> Spread:
    """Measures commands and their answers while the driver's own traffic goes on."""
    with emulator_process() as ports, connected(settings_for(ports)) as driver:
        durations = []
        for _ in range(commands):
            began = time.perf_counter()
            driver.ask("chassis", "speed", "x", 0.0, "y", 0.0, "z", 0.0)
            durations.append(time.perf_counter() - began)
            time.sleep(0.001)
    return Spread.of(durations)


def image_ages(images: int = 300) -> Spread:
    """Measures the age of decoded images: the emulator writes the machine's clock into each."""
    with emulator_process() as ports, connected(settings_for(ports)) as driver:
        ages: list[float] = []
        last = None
        deadline = time.monotonic() + 60.0
        while len(ages) < images and time.monotonic() < deadline:
            frame = driver.frame("front")
            if frame is not None and frame.stamp != last:
                last = frame.stamp
                ages.append(time.monotonic() - read_time(frame.image))
            time.sleep(0.001)
    return Spread.of(ages)


@contextlib.contextmanager
def _emulated() -> Iterator[tuple[server.EpEmulator, RobomasterDriver]]:
    ports = emulated_ports.Ports.free()
    with (
        server.EpEmulator(KinematicBody, server.Settings(ports=ports)) as emulator,
        connected(settings_for(Ports(**asdict(ports)))) as driver,
    ):
        yield emulator, driver


def cuts(count: int = 20, duration: float = 3.0) -> dict[str, Spread]:
    """Cuts the network while driving: time to the stop command in the robot, to standstill, and to a new connection."""
    commanded, standing, back = [], [], []
    with _emulated() as (emulator, driver):
        for _ in range(count):
            _drive(driver, 0.4)
            emulator.network.cut = True
            began = time.monotonic()
            writing = threading.Thread(target=_drive, args=(driver, duration), daemon=True)
            writing.start()
            commanded.append(_until(lambda: not emulator.firmware.in_sdk_mode, began))
            standing.append(_until(lambda: emulator.firmware.sense.vx == 0.0, began))
            writing.join()
            emulator.network.cut = False
            began = time.monotonic()
            back.append(_until(lambda: driver.lost is None and emulator.firmware.in_sdk_mode, began))
    return {"stop": Spread.of(commanded), "standstill": Spread.of(standing), "reconnected": Spread.of(back)}


def command_losses(count: int = 50) -> Spread:
    """Stops writing while driving: time from the last write to the stop command in the robot (the deadman)."""
    durations = []
    with _emulated() as (emulator, driver):
        for _ in range(count):
            last = _drive(driver, 0.15)
            durations.append(_until(lambda: emulator.firmware.wanted_velocity == (0.0, 0.0, 0.0), last))
    return Spread.of(durations)


def stops(count: int = 200) -> Spread:
    """Calls ``stop`` while driving: time to the stop command in the robot."""
    durations = []
    with _emulated() as (emulator, driver):
        for _ in range(count):
            _drive(driver, 0.06)
            began = time.monotonic()
            driver.stop()
            durations.append(_until(lambda: emulator.firmware.wanted_velocity == (0.0, 0.0, 0.0), began))
    return Spread.of(durations)


def _drive(driver: RobomasterDriver, seconds: float) -> float:
    """Writes a velocity at 100 Hz; returns the time of the last write."""
    end = time.monotonic() + seconds
    while True:
        last = time.monotonic()
        driver.write(RobotCommand(twist=Twist(0.5)))
        if last >= end:
            return last
        time.sleep(0.01)


def _until(condition: Callable[[], bool], began: float, limit: float = 10.0) -> float:
    while not condition():
        if time.monotonic() - began > limit:
            raise DriverError(f"nothing happened for {limit:g} s")
        time.sleep(0.0005)
    return time.monotonic() - began


@dataclass(frozen=True)
class Soak:
    """What happened in a long run."""

    duration: float
    """[s]."""
    reconnections: int
    memory_growth: float
    """Of this process after the first tenth [MB]."""
    threads_growth: int
    odometry_error: float
    """Between the driver's and the emulator's position at the end [m]."""
    oldest_state: float
    """[s]."""


def soak(duration: float = 60.0) -> Soak:
    """Drives in circles over a bad network: 5 % of the datagrams lost, 100 ms jitter, 1 % garbage."""
    with _emulated() as (emulator, driver):
        network = emulator.network
        network.loss, network.jitter, network.garbage = 0.05, 0.1, 0.01
        began, oldest = time.monotonic(), 0.0
        memory = threads = None
        while (elapsed := time.monotonic() - began) < duration:
            driver.write(RobotCommand({"arm_right": 0.3, "arm_left": 0.5}, twist=Twist(0.3, 0.0, 1.0)))
            oldest = max(oldest, time.time() - driver.read().stamp)
            if memory is None and elapsed > 0.1 * duration:
                memory, threads = _memory(), threading.active_count()
            time.sleep(0.02)
        growth = (_memory() - memory, threading.active_count() - threads)
        driver.stop()
        network.loss = network.jitter = network.garbage = 0.0
        time.sleep(0.5)
        sense, seen = emulator.firmware.sense, driver.read().odometry.position
        error = float(np.hypot(sense.x - seen[0], sense.y - seen[1]))
        return Soak(elapsed, driver.counts.get("reconnected", 0), growth[0], growth[1], error, oldest)


def _memory() -> float:
    """Resident memory of this process [MB]."""
    with open("/proc/self/statm", encoding="ascii") as status:
        return int(status.read().split()[1]) * resource.getpagesize() / 1e6


@dataclass(frozen=True)
class Fuzz:
    """What malformed messages did."""

    to_driver: int
    to_emulator: int
    believed: int
    """Malformed messages that the driver took for valid reports."""
    moved: float
    """How far the emulated robot moved [m]."""
    alive: bool


def fuzz(messages: int = 100_000, seed: int = 0) -> Fuzz:
    """Feeds malformed messages to both sides: half to the driver's readers, half to the emulator's control port."""
    rng = random.Random(seed)
    half = messages // 2
    believed = sum(_believed(_mutated(rng, rng.choice(_TO_DRIVER))) for _ in range(half))
    moved, alive = _fuzz_emulator(rng, messages - half)
    return Fuzz(half, messages - half, believed, moved, alive)


_TO_DRIVER = (
    b"chassis push position 1.0 2.0 3.0 ;attitude 1 2 3 ;status 1 0 0 0 0 0 0 0 0 0 0 ;",
    b"gimbal push attitude 1.0 2.0 ;", b"robot ip 192.168.2.1", b"armor event hit 1 0 ;", b"ok seq 5;",
)  # fmt: skip
_TO_EMULATOR = (
    b"chassis speed x 0.5 y 0.5 z 90;", b"chassis wheel w1 100 w2 100 w3 100 w4 100;", b"chassis move x 1 y 1 z 90;",
    b"robotic_arm moveto x 10 y 10;", b"robot mode free;", b"chassis push position on pfreq 50;", b"stream on;",
)  # fmt: skip


def _mutated(rng: random.Random, message: bytes) -> bytes:
    """Returns a message that differs from a valid one: bytes changed, dropped, doubled or cut, or noise altogether."""
    kind = rng.randrange(4)
    if kind == 0:
        return rng.randbytes(rng.randrange(1, 80))
    spoilt = bytearray(message)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(spoilt))
        if kind == 1:
            spoilt[at] = rng.randrange(128, 256)
        elif kind == 2:
            spoilt.insert(at, rng.choice(b"\x00\xff\x07?@{"))
        else:
            spoilt[at : at + 1] = rng.choice((b"nan", b"inf", b"--", b"1e999"))
    return bytes(spoilt)


def _believed(message: bytes) -> bool:
    """Whether any reader finds an unreasonable report; none may raise."""
    list(AnswerReader().feed(message))
    parse_event(message)
    parse_broadcast(message)
    push = parse_push(message)
    values = [v for part in push.values.values() for v in part] if push is not None else []
    return not np.isfinite(values).all() if values else False


def _fuzz_emulator(rng: random.Random, count: int) -> tuple[float, bool]:
    with server.EpEmulator(KinematicBody, server.Settings(ports=emulated_ports.Ports.free())) as emulator:
        control = socket.create_connection(("127.0.0.1", emulator.settings.ports.control), timeout=20.0)
        control.sendall(b"command;")
        for number in range(count):
            # A semicolon first: what was spoilt by being cut must not merge with the next message into a valid one.
            control.sendall(b";" + _refused(rng) + b";")
            if number % 500 == 499:
                _drain(control, number)
        alive = _drain(control, count)
        sense = emulator.firmware.sense
        control.close()
        return float(np.hypot(sense.x, sense.y)), alive


def _refused(rng: random.Random) -> bytes:
    """Returns a message for the robot that is surely malformed, without semicolons."""
    return b"\x01" + _mutated(rng, rng.choice(_TO_EMULATOR)).replace(b";", b"")


def _drain(control: socket.socket, number: int) -> bool:
    """Waits until everything that was sent is answered."""
    marker = f"version ? seq {number};".encode()
    control.sendall(marker)
    received, end = b"", f"seq {number};".encode()
    while not received.endswith(end):
        chunk = control.recv(65536)
        if not chunk:
            return False
        received = (received + chunk)[-100:]
    return True


def report(quick: bool = False) -> dict[str, object]:
    """Runs every measurement; ``quick`` takes about a minute, else the soak lasts an hour."""
    scale = 10 if quick else 1
    return {
        "command_round_trip_ms": asdict(round_trips(5000 // scale)),
        "image_age_ms": asdict(image_ages(1000 // scale)),
        "stop_ms": asdict(stops(200 // scale)),
        "command_loss_ms": asdict(command_losses(50 // scale)),
        "cut_ms": {key: asdict(value) for key, value in cuts(20 // scale).items()},
        "fuzz": asdict(fuzz(100_000 // scale)),
        "soak": asdict(soak(20.0 if quick else 3600.0)),
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0],
    }
