"""The scene as markers, and the files that tell viewers what to draw."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from visualization_msgs.msg import Marker

from robomatrix.resources import resource
from robomatrix.robots.loader import load_robot
from robomatrix.world import SceneObject, World
from robomatrix_nodes.markers import to_markers
from robomatrix_nodes.recording.channels import channels


def test_every_thing_gets_a_box_and_its_name() -> None:
    can = SceneObject("can_1", "red can", "can", "red", (1.0, 2.0, 0.5), 1.57, (0.06, 0.06, 0.12))
    spot = SceneObject("spot_1", "", "spot", "mauve", (0.0, 0.0, 0.0), 0.0, (0.4, 0.4, 0.0))
    markers = to_markers(World(3.5, {o.id: o for o in (can, spot)}), "odom").markers
    assert markers[0].action == Marker.DELETEALL
    box, name, flat, unnamed = markers[1:]
    assert (box.pose.position.x, box.scale.z, box.color.r) == pytest.approx((1.0, 0.12, 0.85))
    assert box.pose.orientation.z == pytest.approx(0.707, abs=0.01)
    assert (name.text, unnamed.text) == ("red can", "spot_1")
    assert name.pose.position.z > 0.56 and flat.scale.z > 0.0
    assert {m.header.frame_id for m in markers} == {"odom"} and markers[1].header.stamp.sec == 3


def test_the_layouts_name_topics_that_exist() -> None:
    known = {f"/ep/{c.name}" for c in channels(load_robot("ep"))} | {"/diagnostics", "/ep/front/image_raw"}
    layout = resource("config/foxglove_layout.json").read_text()
    assert set(json.loads(layout)["configById"]) == set(re.findall(r'"(\w+!\w+)": {', layout))
    rviz = resource("config/robomatrix.rviz").read_text()
    displays = yaml.safe_load(rviz)["Visualization Manager"]["Displays"]
    named = {t.split(".")[0] for t in re.findall(r'"(/[a-z_/]+[^"]*)"', layout)}
    named |= {display["Topic"]["Value"] for display in displays if "Topic" in display}
    assert named and named <= known
