"""The emulated robot on the network: control, push, event, broadcast, video and audio channels."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from robomatrix.emulators.ep.body import Body
from robomatrix.emulators.ep.conventions import Conventions, Faults
from robomatrix.emulators.ep.firmware import Firmware
from robomatrix.emulators.ep.network import Network
from robomatrix.emulators.ep.ports import Ports
from robomatrix.emulators.ep.runner import BodyRunner
from robomatrix.emulators.ep.video import H264Encoder, OpusTone
from robomatrix.errors import DriverError

logger = logging.getLogger(__name__)

LONGEST_MESSAGE = 1024
"""Bytes without a semicolon after which a client is told that it talks nonsense."""


@dataclass(frozen=True)
class Settings:
    """How the emulator presents itself."""

    host: str = "127.0.0.1"
    ports: Ports = Ports()
    broadcast_to: str = "127.0.0.1"
    """Address that ``robot ip`` datagrams go to until a client connects."""
    broadcast_period: float = 1.0
    """[s]."""
    rate: int = 30
    """Images a second."""
    speed: float = 1.0
    """Simulated seconds per second."""
    timestep: float = 0.01
    """Of the body and the firmware's controllers [s]."""
    conventions: Conventions = Conventions()


@dataclass
class EpEmulator:
    """An emulated EP; a context manager that serves from its own threads.

    Args:
        build: Makes the body; called on the thread that will run it (a renderer belongs to one thread).
        settings: Addresses and rates.
        network: Impairments; may be changed while running.
        faults: Ways to lie; may be changed while running.
    """

    build: Callable[[], Body]
    settings: Settings = Settings()
    network: Network = field(default_factory=Network)
    faults: Faults = field(default_factory=Faults)
    _loop: asyncio.AbstractEventLoop = field(init=False, repr=False)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def firmware(self) -> Firmware:
        """The emulated robot's brain, for looking into it."""
        return self._runner.firmware

    @property
    def runner(self) -> BodyRunner:
        """The thread on which the body lives."""
        return self._runner

    def start(self) -> None:
        """Listens; raises DriverError when a port is taken."""
        self._runner = BodyRunner(self.build, self.settings, self.faults)
        self._runner.start()
        ready: list[OSError | None] = []
        done = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready, done), name="ep-emulator", daemon=True)
        self._thread.start()
        done.wait()
        if ready[0] is not None:
            self._runner.stop()
            raise DriverError(
                f"the emulator cannot listen on {self.settings.host}: {ready[0]}; is another one running?"
            )

    def stop(self) -> None:
        """Closes every connection and ends the threads; idempotent."""
        if self._thread is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()
        self._runner.stop()

    @property
    def stopping(self) -> bool:
        """True once :meth:`stop` was called."""
        return self._stopping.is_set()

    def emit(self, text: str) -> None:
        """Sends an event such as ``armor event hit 1 0`` to the client that listens."""
        self._loop.call_soon_threadsafe(self._events.send, f"{text} ;".encode())

    def hit(self, armor: int, kind: int) -> None:
        """Emulates a hit on an armour plate, reported where the client asked for it."""
        if "armor" in self.firmware.events:
            self.emit(f"armor event hit {armor} {kind}")

    def _serve(self, ready: list[OSError | None], done: threading.Event) -> None:
        try:
            asyncio.run(self._main(ready, done))
        finally:
            done.set()

    async def _main(self, ready: list[OSError | None], done: threading.Event) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._push = _DatagramOut()
        self._control = _Control(self)
        self._events, self._video, self._audio = _Listeners(), _Listeners(), _Listeners()
        host, ports = self.settings.host, self.settings.ports
        try:
            servers = [
                await asyncio.start_server(self._control.serve, host, ports.control, limit=LONGEST_MESSAGE),
                await asyncio.start_server(self._events.serve, host, ports.event),
                await asyncio.start_server(self._video.serve, host, ports.video),
                await asyncio.start_server(self._audio.serve, host, ports.audio),
            ]
        except OSError as error:
            ready.append(error)
            return
        ready.append(None)
        done.set()
        tasks = [asyncio.create_task(c) for c in (self._send_pushes(), self._broadcast(), self._watch_link())]
        tasks += [asyncio.create_task(c) for c in (self._send_video(), self._send_audio())]
        await self._stopping.wait()
        await self._shut_down(servers, tasks)

    async def _shut_down(self, servers: list[asyncio.Server], tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for listeners in (self._control, self._events, self._video, self._audio):
            listeners.close()
        for server in servers:
            server.close()
        self._push.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=1.0)

    async def _send_pushes(self) -> None:
        while True:
            await asyncio.sleep(0.004)
            client = self._control.client
            for text in self.firmware.due(self._loop.time()):
                if client is not None:
                    self._datagram(text.encode(), (client, self.settings.ports.push))

    def _datagram(self, payload: bytes, address: tuple[str, int]) -> None:
        sent = self.network.datagram(payload)
        if sent is None:
            return
        if sent[1] > 0.0:
            self._loop.call_later(sent[1], self._push.send, sent[0], address)
        else:
            self._push.send(sent[0], address)

    async def _broadcast(self) -> None:
        while True:
            if self._control.client is None:
                address = (self.settings.broadcast_to, self.settings.ports.broadcast)
                # As robots in the field send it: without the semicolon of the documentation.
                self._datagram(f"robot ip {self._push.address_towards(address)}".encode(), address)
            await asyncio.sleep(self.settings.broadcast_period)

    async def _watch_link(self) -> None:
        """Lets the robot notice a lost link, as it would lose the Wi-Fi association."""
        since = None
        while True:
            await asyncio.sleep(0.01)
            since = (since or time.monotonic()) if self.network.cut else None
            if since is not None and time.monotonic() - since > self.network.link_loss and self.firmware.in_sdk_mode:
                logger.info("link lost: stopping and leaving SDK mode")
                self.firmware.leave()

    async def _send_video(self) -> None:
        encoder: H264Encoder | None = None
        number = 0
        while True:
            number, image = await self._loop.run_in_executor(None, self._runner.next_image, number, 0.2)
            if image is None or not self.firmware.outbox.stream or not self._video.writers:
                continue
            encoder = encoder or H264Encoder(self.settings.rate)
            key, self._video.joined = self._video.joined, False
            packet = await self._loop.run_in_executor(None, encoder.encode, image, key)
            if not self.network.silent:
                self._video.send(packet)

    async def _send_audio(self) -> None:
        tone: OpusTone | None = None
        while True:
            await asyncio.sleep(0.02)
            if self.firmware.outbox.audio and self._audio.writers and not self.network.silent:
                tone = tone or OpusTone()
                self._audio.send(tone.packet())


_Timed = tuple[float, bytes | None] | None
"""When a message is due on the monotonic clock [s], and the message, None for an overlong one; or the stream's end."""


class _Control:
    """The control channel: one client at a time; a newer one takes over."""

    def __init__(self, emulator: EpEmulator) -> None:
        self._emulator = emulator
        self._writer: asyncio.StreamWriter | None = None
        self.client: str | None = None

    def close(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.close()
        self._writer, self.client = writer, writer.get_extra_info("peername")[0]
        try:
            await self._talk(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()
            if self._writer is writer:
                self._writer = self.client = None
                self._emulator.firmware.leave()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        network, firmware = self._emulator.network, self._emulator.firmware
        waiting: asyncio.Queue[_Timed] = asyncio.Queue(maxsize=1000)
        receiving = asyncio.create_task(self._receive(reader, waiting))
        try:
            while not firmware.outbox.quit and (timed := await waiting.get()) is not None:
                due, raw = timed
                await self._wait_for_link(receiving)
                if due > time.monotonic():
                    await asyncio.sleep(due - time.monotonic())
                text = "?" if raw is None else raw.decode("ascii", errors="replace").lstrip(" \r\n")
                writer.write(network.answer(f"{firmware.answer(text)};".encode()))
                await writer.drain()
        finally:
            receiving.cancel()

    async def _receive(self, reader: asyncio.StreamReader, waiting: asyncio.Queue[_Timed]) -> None:
        """Reads messages as they come, so that a delay holds each back but does not slow the stream down."""
        due = 0.0
        try:
            while True:
                raw = await self._next_message(reader)
                due = max(due, time.monotonic() + self._emulator.network.latency())
                await waiting.put((due, raw))
        except (ConnectionError, asyncio.IncompleteReadError):
            await waiting.put(None)

    async def _wait_for_link(self, receiving: asyncio.Task[None]) -> None:
        """Holds what was sent during a cut back until it ends, as a stream does.

        A client that goes away is noticed on a half-open connection, but not through a cut.
        """
        network = self._emulator.network
        while network.cut or (network.half_open and not receiving.done()):
            if self._emulator.stopping:
                return
            await asyncio.sleep(0.01)

    async def _next_message(self, reader: asyncio.StreamReader) -> bytes | None:
        """Returns one message without semicolon, None for an overlong one."""
        try:
            return (await reader.readuntil(b";"))[:-1]
        except asyncio.LimitOverrunError as overrun:
            await reader.readexactly(max(overrun.consumed, 1))
            return None


class _Listeners:
    """Clients of a channel that only sends."""

    backlog = 1_000_000
    """Bytes a slow client may lag behind before what is new is dropped for it."""

    def __init__(self) -> None:
        self.writers: set[asyncio.StreamWriter] = set()
        self.joined = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        self.joined = True
        try:
            while await reader.read(1024):
                pass
        except ConnectionError:
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    def send(self, payload: bytes) -> None:
        for writer in self.writers:
            if writer.transport.get_write_buffer_size() < self.backlog:
                writer.write(payload)
            else:
                self.joined = True  # what was dropped leaves the client without a reference: begin anew

    def close(self) -> None:
        for writer in self.writers:
            writer.transport.abort()


class _DatagramOut:
    """Sends datagrams and never waits."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._socket.setblocking(False)

    def send(self, payload: bytes, address: tuple[str, int]) -> None:
        try:
            self._socket.sendto(payload, address)
        except OSError as error:
            logger.debug("datagram to %s not sent: %s", address, error)

    def address_towards(self, address: tuple[str, int]) -> str:
        """Returns this machine's address as the receiver sees it."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            try:
                probe.connect(address)
            except OSError as error:
                logger.debug("no way to %s: %s", address, error)
                return "127.0.0.1"
            return probe.getsockname()[0]

    def close(self) -> None:
        self._socket.close()
