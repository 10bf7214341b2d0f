"""Where the emulated robot listens and sends: the real ports, or the same moved by an offset."""

from __future__ import annotations

import random
import socket
from dataclasses import dataclass

from robomatrix.errors import DriverError

QUIET_PORTS = range(2100, 7300, 6)
"""First ports of the blocks that :func:`free_offset` chooses from."""


@dataclass(frozen=True)
class Ports:
    """Where the emulated robot listens and sends."""

    video: int = 40921
    audio: int = 40922
    control: int = 40923
    push: int = 40924
    event: int = 40925
    broadcast: int = 40926

    @classmethod
    def shifted(cls, offset: int) -> Ports:
        """Returns the real ports, each moved by ``offset``."""
        real = cls()
        return cls(**{name: getattr(real, name) + offset for name in cls.__dataclass_fields__})

    @classmethod
    def free(cls) -> Ports:
        """Returns ports that nobody uses, for tests.

        Raises:
            DriverError: None were found.
        """
        return cls.shifted(free_offset())


def free_offset() -> int:
    """Returns an offset for :meth:`Ports.shifted` that leads to ports which nobody uses, over TCP and UDP.

    They lie under those that the system hands out for outgoing connections and those of DDS, so that none is taken
    between this look and the emulator's start.

    Raises:
        DriverError: None were found.
    """
    for first in random.sample(QUIET_PORTS, 50):
        offset = first - Ports().video
        if all(_is_free(port) for port in vars(Ports.shifted(offset)).values()):
            return offset
    raise DriverError(f"six free ports in a row were not found between {QUIET_PORTS.start} and {QUIET_PORTS.stop}")


def _is_free(port: int) -> bool:
    try:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as one:
                one.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True
