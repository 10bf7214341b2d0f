from __future__ import annotations

import numpy as np
from support.stage import Stage

from robomatrix.perception.categories import PerceptionModel
from robomatrix.perception.colour_shape import ColourShapeDetector
from robomatrix.perception.projection import View
from robomatrix.perception.splitting import Silhouette, split

BODY = np.zeros((360, 640), np.uint8)
BOX = (0.9, 0.0, 0.0, 0.3, 0.2, 0.2, 0.065)


def silhouette(stage: Stage, colour: str) -> Silhouette:
    view = View.of(stage.look(), stage.state().odometry)
    return Silhouette(colour, view.project(stage.model.categories["box"].solid.points(np.array(BOX), view.position)))


def test_a_can_sticks_out_of_a_box_of_its_colour(stage: Stage, model: PerceptionModel) -> None:
    stage.add("can", "blue", 0.92, 0.02, 0.008, 0.031, 0.11).add("box", "blue", *BOX)
    (merged,) = ColourShapeDetector(model).detect(stage.look())
    box, can = split([merged], [silhouette(stage, "blue")], BODY)
    assert box.box[3] == merged.box[3]
    assert can.box[1] == merged.box[1]
    assert can.beyond[6] == "blue"
    assert can.beyond[18] == ""


def test_a_box_alone_stays_whole(stage: Stage, model: PerceptionModel) -> None:
    (alone,) = ColourShapeDetector(model).detect(stage.add("box", "blue", *BOX).look())
    assert split([alone], [silhouette(stage, "blue")], BODY) == (alone,)


def test_another_colour_is_left_alone(stage: Stage, model: PerceptionModel) -> None:
    stage.add("can", "blue", 0.92, 0.02, 0.008, 0.031, 0.11).add("box", "blue", *BOX)
    (merged,) = ColourShapeDetector(model).detect(stage.look())
    assert split([merged], [silhouette(stage, "red")], BODY) == (merged,)


def test_what_only_stands_near_is_no_part(stage: Stage, model: PerceptionModel) -> None:
    (can,) = ColourShapeDetector(model).detect(stage.add("can", "blue", 0.8, 0.3, 0.0, 0.031, 0.11).look())
    assert split([can], [silhouette(stage, "blue")], BODY) == (can,)
