"""The live view, seen by an independent WebSocket client."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from mcap.records import Schema
from mcap_ros2.decoder import DecoderFactory
from support.ros import Client, wait
from websockets.sync.client import connect

from robomatrix.errors import ConfigurationError
from robomatrix_nodes.stack import Stack

WANTED = {"/ep/odom", "/ep/joint_states", "/ep/front/image_raw/compressed"}


def look(port: int, wanted: set[str]) -> dict[str, Any]:
    """Connects as a viewer, subscribes, and returns the first message of each topic, decoded by the sent schema."""
    found: dict[str, Any] = {}
    with connect(f"ws://127.0.0.1:{port}", subprotocols=["foxglove.sdk.v1"], max_size=None) as viewer:
        channels: dict[int, dict[str, Any]] = {}
        while len(found) < len(wanted):
            data = viewer.recv(timeout=20.0)
            if isinstance(data, str):
                message = json.loads(data)
                new = [c for c in message.get("channels", []) if c["topic"] in wanted]
                channels |= {c["id"]: c for c in new}
                asked = [{"id": c["id"], "channelId": c["id"]} for c in new]
                viewer.send(json.dumps({"op": "subscribe", "subscriptions": asked}))
            elif data[0] == 1:
                channel = channels[struct.unpack_from("<I", data, 1)[0]]
                schema = Schema(1, channel["schema"].encode(), channel["schemaEncoding"], channel["schemaName"])
                decode = DecoderFactory().decoder_for(channel["encoding"], schema)
                found[channel["topic"]] = decode(data[13:])
    return found


@pytest.fixture
def background() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def test_a_viewer_sees_the_robot(bring_up: Callable[..., Stack], background: ThreadPoolExecutor) -> None:
    stack = bring_up(view=True, view_port=0, camera=True)
    client = Client(stack)
    viewer = background.submit(look, stack.recorder.port, WANTED)
    for _ in range(10):
        client.run_skill("turn", angle_deg=30.0)
        if viewer.done():
            break
    wait(stack, viewer.done, "what the viewer wants")
    seen = viewer.result()
    assert seen["/ep/odom"].child_frame_id == "base_link"
    assert "gripper" in seen["/ep/joint_states"].name
    assert bytes(seen["/ep/front/image_raw/compressed"].data[:2]) == b"\xff\xd8", "no JPEG"


def test_only_this_machine_may_look(bring_up: Callable[..., Stack]) -> None:
    stack = bring_up(view=True, view_port=0)
    port = stack.recorder.port
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()]
    listening = {row[1] for row in rows if row[3] == "0A"}
    assert f"0100007F:{port:04X}" in listening
    assert f"00000000:{port:04X}" not in listening


def test_a_port_that_is_taken_is_told(bring_up: Callable[..., Stack]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}.*name another port"):
            bring_up(view=True, view_port=port)
