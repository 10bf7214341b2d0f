"""The emulator on the network, seen by a client that knows nothing of the driver."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robomatrix.emulators.ep.body import KinematicBody
from robomatrix.emulators.ep.server import EpEmulator, Settings
from robomatrix.errors import DriverError


class Client:
    """A terminal on the control port."""

    def __init__(self, emulator: EpEmulator) -> None:
        self.socket = socket.create_connection(("127.0.0.1", emulator.settings.ports.control), timeout=2.0)

    def ask(self, text: str) -> str:
        self.socket.sendall(f"{text};".encode())
        return self.answer()

    def answer(self) -> str:
        received = b""
        while not received.endswith(b";"):
            chunk = self.socket.recv(1)
            if not chunk:
                raise ConnectionError("closed")
            received += chunk
        return received[:-1].decode("ascii", errors="replace")


def eventually(condition: Callable[[], bool], timeout: float = 2.0) -> bool:
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


@pytest.fixture
def client(emulator: EpEmulator) -> Client:
    return Client(emulator)


def datagrams(port: int) -> socket.socket:
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", port))
    receiver.settimeout(2.0)
    return receiver


def test_a_conversation(client: Client, emulator: EpEmulator) -> None:
    assert client.ask("command") == "ok"
    assert client.ask("version ? seq 3") == "version 00.00.00.60 seq 3"
    assert client.ask("chassis speed x 0.5 y 0 z 0") == "ok"
    assert eventually(lambda: emulator.firmware.sense.vx > 0.4)
    client.socket.sendall(b"chassis speed x 0 y 0 z 0 seq 1;robot mode ? seq 2;\r\nstream on seq 3;")
    assert [client.answer() for _ in range(3)] == ["ok seq 1", "free seq 2", "ok seq 3"]


def test_an_overlong_message_is_refused_and_the_next_one_understood(client: Client) -> None:
    client.socket.sendall(b"x" * 5000 + b";command;")
    while (answer := client.answer()) != "ok":
        assert answer in ("unknown command", "command format error")


def test_quit_ends_the_connection_and_stops_the_robot(client: Client, emulator: EpEmulator) -> None:
    client.ask("command")
    client.ask("chassis speed x 0.5 y 0 z 0")
    assert client.ask("quit") == "ok"
    assert client.socket.recv(1) == b""
    assert eventually(lambda: emulator.firmware.sense.vx == 0.0 and not emulator.firmware.in_sdk_mode)


def test_a_client_that_vanishes_stops_the_robot(client: Client, emulator: EpEmulator) -> None:
    client.ask("command")
    client.ask("chassis speed x 0.5 y 0 z 0")
    client.socket.close()
    assert eventually(lambda: not emulator.firmware.in_sdk_mode)


def test_pushes_broadcasts_and_events(emulator: EpEmulator) -> None:
    ports = emulator.settings.ports
    with datagrams(ports.broadcast) as announcements, datagrams(ports.push) as pushes:
        assert announcements.recv(100) == b"robot ip 127.0.0.1"
        client = Client(emulator)
        client.ask("command")
        client.ask("chassis push attitude on afreq 50")
        assert pushes.recv(200).startswith(b"chassis push attitude ")
        events = socket.create_connection(("127.0.0.1", ports.event), timeout=2.0)
        client.ask("armor event hit on")
        assert eventually(lambda: bool(emulator._events.writers))
        emulator.hit(2, 0)
        assert events.recv(100) == b"armor event hit 2 0 ;"
        events.close()


def test_video_starts_with_a_key_frame_and_audio_with_a_packet(client: Client, emulator: EpEmulator) -> None:
    ports = emulator.settings.ports
    client.ask("command")
    with socket.create_connection(("127.0.0.1", ports.video), timeout=2.0) as video:
        client.ask("stream on")
        head = video.recv(64)
    assert head.startswith(b"\x00\x00\x00\x01")
    assert head[4] & 0x1F in (7, 9), "parameter sets or a delimiter come first"
    with socket.create_connection(("127.0.0.1", ports.audio), timeout=2.0) as audio:
        client.ask("audio on")
        assert 3 <= len(audio.recv(2000)) < 400


def test_a_cut_stops_the_robot_and_late_commands_are_not_obeyed(client: Client, emulator: EpEmulator) -> None:
    client.ask("command")
    client.ask("chassis speed x 0.5 y 0 z 0")
    emulator.network.cut = True
    client.socket.sendall(b"chassis speed x 0.8 y 0 z 0;")
    begun = time.monotonic()
    assert eventually(lambda: emulator.firmware.sense.vx == 0.0 and not emulator.firmware.in_sdk_mode)
    assert time.monotonic() - begun < 0.6
    emulator.network.cut = False
    assert client.answer() == "not in SDK mode"


def test_delay_and_loss(client: Client, emulator: EpEmulator) -> None:
    client.ask("command")
    emulator.network.delay = 0.05
    begun = time.monotonic()
    client.ask("version")
    assert time.monotonic() - begun >= 0.05
    emulator.network.loss = 1.0
    with datagrams(emulator.settings.ports.push) as pushes:
        client.ask("chassis push attitude on afreq 50")
        pushes.settimeout(0.1)
        with pytest.raises(TimeoutError):
            pushes.recv(100)


def test_a_second_emulator_on_the_same_ports_says_so(emulator: EpEmulator) -> None:
    with pytest.raises(DriverError, match="another one running"):
        EpEmulator(KinematicBody, Settings(ports=emulator.settings.ports)).start()


def test_a_body_that_cannot_be_built_is_reported() -> None:
    def broken() -> KinematicBody:
        raise DriverError("no renderer")

    with pytest.raises(DriverError, match="no renderer"):
        EpEmulator(broken, Settings()).start()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(noise=st.binary(min_size=1, max_size=200).filter(lambda noise: b"chassis" not in noise))
def test_noise_on_the_control_port_neither_breaks_nor_moves_it(emulator: EpEmulator, noise: bytes) -> None:
    client = Client(emulator)
    assert client.ask("command") in ("ok", "Already in SDK mode")
    client.socket.sendall(noise + b";version seq 4711;")
    while not client.answer().endswith("seq 4711"):
        pass
    client.socket.close()
    assert emulator.firmware.sense.vx == 0.0
