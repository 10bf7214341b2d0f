from __future__ import annotations

import numpy as np
import pytest

from robomatrix.perception.categories import PerceptionModel
from robomatrix.perception.furniture import Furniture
from robomatrix.perception.surfaces import FLOOR, Surface
from robomatrix.perception.tracks import Estimate, Track


def track(category: str, colour: str, *parameters: float, kind: str = "") -> Track:
    values = np.array(parameters, float)
    estimate = Estimate(values, np.eye(len(values)) * 1e-6)
    kind = kind or category
    return Track(colour, {category: estimate}, {category: 0.0}, FLOOR, 3.0, 4.0, category, {}, f"{kind}_1", kind)


def cabinet(yaw: float = np.pi, length: float = 0.36, width: float = 0.4) -> Track:
    return track("cabinet", "brown", 1.0, 0.0, 0.0, yaw, length, width, 0.24)


def drawer(front: float, yaw: float = np.pi) -> Track:
    return track("drawer", "beige", front, 0.02, 0.03, yaw, 0.05, 0.35, 0.1)


@pytest.mark.parametrize(("front", "openness"), [(0.82, 0.0), (0.72, 0.5), (0.62, 1.0), (0.9, 0.0)])
def test_openness_is_how_far_the_front_stands_before_the_cabinet(
    model: PerceptionModel, front: float, openness: float
) -> None:
    tracks = [cabinet(), drawer(front)]
    assert Furniture(model.categories, tracks).scene_object(tracks[1]).openness == pytest.approx(openness, abs=1e-6)


def test_a_drawer_looks_as_its_cabinet_does_and_slides_along_its_middle(model: PerceptionModel) -> None:
    tracks = [cabinet(), drawer(0.72, yaw=2.6)]
    seen = Furniture(model.categories, tracks).scene_object(tracks[1])
    assert abs(seen.yaw) == pytest.approx(np.pi)
    assert seen.position == pytest.approx((0.72 + 0.165, 0.0, 0.08), abs=1e-6)
    assert seen.size == pytest.approx((0.33, 0.35, 0.1))


def open_drawer_beside(turn: float, depth: float) -> list[Track]:
    """A cabinet seen badly, and a drawer seen well that looks another way."""
    front = track("drawer", "beige", 0.62, 0.02, 0.03, np.pi + turn, depth, 0.35, 0.1)
    box = cabinet()
    box.estimate.covariance[3, 3] = 1e-2
    return [box, front]


def test_a_drawer_that_stands_out_tells_where_a_badly_seen_cabinet_looks(model: PerceptionModel) -> None:
    tracks = open_drawer_beside(turn=0.6, depth=0.2)
    furniture = Furniture(model.categories, tracks)
    box, front = furniture.scene_object(tracks[0]), furniture.scene_object(tracks[1])
    ahead = np.array([np.cos(np.pi + 0.6), np.sin(np.pi + 0.6)])
    assert box.yaw == front.yaw == pytest.approx(0.6 - np.pi)
    assert np.array(front.position[:2]) == pytest.approx(np.array([0.62, 0.02]) - 0.165 * ahead)
    assert np.array(box.position[:2]) == pytest.approx(np.array([0.62, 0.02]) - 0.38 * ahead)
    assert front.openness == pytest.approx(1.0)


@pytest.mark.parametrize(("turn", "depth"), [(0.2, 0.2), (0.6, 0.05), (np.pi / 2.0, 0.2)])
def test_it_does_not_where_both_agree_or_its_sides_do_not_show(
    model: PerceptionModel, turn: float, depth: float
) -> None:
    tracks = open_drawer_beside(turn, depth)
    assert abs(Furniture(model.categories, tracks).scene_object(tracks[1]).yaw) == pytest.approx(np.pi)


def test_a_cabinet_looks_to_where_its_drawer_is(model: PerceptionModel) -> None:
    tracks = [cabinet(yaw=np.pi / 2, length=0.4, width=0.36), drawer(0.72)]
    seen = Furniture(model.categories, tracks).scene_object(tracks[0])
    assert abs(seen.yaw) == pytest.approx(np.pi)
    assert seen.size[:2] == pytest.approx((0.36, 0.4))


def test_a_drawer_without_a_cabinet_has_no_openness(model: PerceptionModel) -> None:
    tracks = [drawer(0.72)]
    assert Furniture(model.categories, tracks).scene_object(tracks[0]).openness is None


def test_the_whole_of_a_table_reaches_to_the_floor(model: PerceptionModel) -> None:
    tracks = [track("table", "brown", 1.0, 0.0, 0.09, np.pi, 0.4, 1.05, 0.02)]
    furniture = Furniture(model.categories, tracks)
    seen, top = furniture.scene_object(tracks[0]), furniture.surface(tracks[0])
    assert (seen.position[2], seen.size[2]) == pytest.approx((0.055, 0.11))
    assert top is not None and (top.kind, top.height) == ("top", pytest.approx(0.11))


def test_a_box_offers_its_inside_and_a_can_nothing(model: PerceptionModel) -> None:
    tracks = [
        track("box", "white", 1.0, 0.0, 0.0, 0.3, 0.2, 0.21, 0.065),
        track("can", "red", 0.5, 0.0, 0.0, 0.031, 0.11),
    ]
    furniture = Furniture(model.categories, tracks)
    inside = furniture.surface(tracks[0])
    assert inside is not None and (inside.kind, inside.owner, inside.height) == ("inside", "box_1", 0.008)
    assert furniture.surface(tracks[1]) is None


def test_what_lies_unseen_in_a_drawer_goes_with_it(model: PerceptionModel) -> None:
    tracks = [cabinet(), drawer(0.62), track("ball", "red", 0.75, 0.03, 0.04, 0.03)]
    tracks[2].surface = Surface("drawer_1", "inside", 0.038)
    Furniture(model.categories, tracks).carry_along(3.0)
    tracks[1].estimate.parameters[0] = 0.82
    Furniture(model.categories, tracks).carry_along(4.0)
    assert tracks[2].estimate.parameters[:2] == pytest.approx([0.95, 0.03])


def test_a_fallen_can_is_called_a_can(model: PerceptionModel) -> None:
    tracks = [track("fallen_can", "red", 0.5, 0.0, 0.0, 0.3, 0.031, 0.11, kind="can")]
    seen = Furniture(model.categories, tracks).scene_object(tracks[0])
    assert (seen.name, seen.category) == ("red can", "can")
    assert seen.size == pytest.approx((0.11, 0.062, 0.062))
