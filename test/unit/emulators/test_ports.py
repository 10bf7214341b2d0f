import socket

import pytest

from robomatrix.emulators.ep import ports
from robomatrix.emulators.ep.ports import Ports


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_free_ports_avoid_what_is_in_use(kind: socket.SocketKind, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = ports.QUIET_PORTS
    blocks = range(quiet.start, quiet.start + 2 * quiet.step, quiet.step)
    monkeypatch.setattr(ports.random, "sample", lambda _population, _count: list(blocks))
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", blocks[0] + 3))
        assert Ports.free().video == blocks[1]
    assert Ports.free() == Ports(*range(blocks[0], blocks[1]))
