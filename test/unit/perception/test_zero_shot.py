"""The language-vision detector, with a tiny model of random weights made here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.stage import PAINT, Stage

from robomatrix.errors import ConfigurationError
from robomatrix.hardware.driver import CameraFrame
from robomatrix.perception.categories import PerceptionModel
from robomatrix.perception.detector import BACKGROUND
from robomatrix.perception.pipeline import Perception
from robomatrix.perception.zero_shot import ZeroShotDetector
from robomatrix.robots.spec import RobotSpec

CAN = (300.0, 100.0, 330.0, 160.0)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole OWL-ViT of 16 channels: weights, tokenizer and image processor."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from transformers.models.owlvit.image_processing_pil_owlvit import OwlViTImageProcessorPil

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("owlvit")
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["!", "<|startoftext|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    (path / "vocab.json").write_text(json.dumps({word: index for index, word in enumerate(words)}))
    (path / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.CLIPTokenizer(
        str(path / "vocab.json"), str(path / "merges.txt"), model_max_length=16, pad_token="!"
    )
    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {**small, "vocab_size": 64, "max_position_embeddings": 16, "bos_token_id": 1, "eos_token_id": 2}
    config = transformers.OwlViTConfig(
        text_config={**text, "pad_token_id": 0},
        vision_config={**small, "image_size": 32, "patch_size": 8},
        projection_dim=16,
    )
    image_processor = OwlViTImageProcessorPil(size={"height": 32, "width": 32}, do_center_crop=False)
    transformers.OwlViTProcessor(image_processor, tokenizer).save_pretrained(path)
    network = transformers.OwlViTForObjectDetection(config)
    torch.nn.init.zeros_(network.box_head.dense2.weight)  # else its boxes have no width at all
    torch.nn.init.zeros_(network.box_head.dense2.bias)
    network.save_pretrained(path)
    return path


@pytest.fixture
def detector(folder: Path, model: PerceptionModel) -> ZeroShotDetector:
    return ZeroShotDetector(folder, model, {"a can": "can", "a ball": "ball"}, threshold=0.0, threads=1)


def answering(
    monkeypatch: pytest.MonkeyPatch, detector: ZeroShotDetector, *found: tuple[str, float, tuple[float, ...]]
) -> None:
    """Lets the model answer as a trained one would."""
    monkeypatch.setattr(detector, "_found", lambda image: list(found))


def test_a_model_from_a_folder_answers_with_boxes_in_the_image(detector: ZeroShotDetector, stage: Stage) -> None:
    detections = detector.detect(stage.add("can", "red", 0.8, 0.0, 0.0, 0.031, 0.11).look())
    assert detections
    for detection in detections:
        left, top, right, bottom = detection.box
        assert 0 <= left < right <= 640 and 0 <= top < bottom <= 360
        assert detection.category in ("can", "fallen_can", "ball")
        assert 0.0 <= detection.confidence <= 1.0


def test_the_threshold_holds_back(folder: Path, model: PerceptionModel, stage: Stage) -> None:
    strict = ZeroShotDetector(folder, model, threshold=0.999, threads=1)
    assert strict.detect(stage.look()) == ()


def test_answers_are_the_same_every_time(detector: ZeroShotDetector, stage: Stage) -> None:
    first, second = detector.detect(stage.look()), detector.detect(stage.look())
    assert [(d.box, d.confidence) for d in first] == [(d.box, d.confidence) for d in second]


def test_colour_and_outline_come_from_the_pixels(
    monkeypatch: pytest.MonkeyPatch, detector: ZeroShotDetector, stage: Stage
) -> None:
    frame = stage.look()
    frame.image[105:155, 305:325] = PAINT["green"]
    answering(monkeypatch, detector, ("can", 0.8, CAN))
    (found,) = detector.detect(frame)
    assert found.colour == "green"
    assert found.box == (305.0, 105.0, 325.0, 155.0)
    assert found.measured.all()
    assert found.confidence == 0.8


def test_without_a_named_colour_the_box_itself_counts(
    monkeypatch: pytest.MonkeyPatch, detector: ZeroShotDetector, stage: Stage
) -> None:
    answering(monkeypatch, detector, ("can", 0.8, CAN))
    (found,) = detector.detect(stage.look())
    assert found.colour == BACKGROUND
    assert found.box == CAN
    assert found.measured.sum() == 4


def test_the_robots_own_body_is_left_out(
    monkeypatch: pytest.MonkeyPatch, detector: ZeroShotDetector, stage: Stage
) -> None:
    body = np.zeros((360, 640), np.uint8)
    body[90:150, 290:340] = 255
    answering(monkeypatch, detector, ("can", 0.8, CAN))
    assert detector.detect(stage.look(), body) == ()


def test_the_tracker_cannot_tell_it_from_the_other_detector(
    monkeypatch: pytest.MonkeyPatch, detector: ZeroShotDetector, stage: Stage, robot: RobotSpec
) -> None:
    stage.add("can", "red", 0.8, 0.1, 0.0, 0.031, 0.11)
    frame = stage.look()
    rows, columns = np.nonzero(frame.image[..., 0] > 150)
    box = (columns.min() - 2.0, rows.min() - 2.0, columns.max() + 3.0, rows.max() + 3.0)
    answering(monkeypatch, detector, ("can", 0.9, box))
    perception = Perception(robot, detector)
    for index in range(5):
        perception.update(stage.look(stamp=0.2 * index), stage.state(stamp=0.2 * index))
    (can,) = perception.world.objects.values()
    assert (can.name, can.category) == ("red can", "can")
    assert can.position[:2] == pytest.approx((0.8, 0.1), abs=0.01)


def test_grounding_models_may_answer_with_part_of_a_prompt(detector: ZeroShotDetector) -> None:
    assert detector._category("ball") == "ball"
    assert detector._category("a can") == "can"
    assert detector._category("") == ""


def test_a_model_that_is_not_there_is_told(tmp_path: Path, model: PerceptionModel) -> None:
    with pytest.raises(ConfigurationError, match="nothing' is not on this machine"):
        ZeroShotDetector(tmp_path / "nothing", model)


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    import subprocess
    import sys

    code = "import sys, robomatrix.perception.zero_shot; print('torch' in sys.modules, 'transformers' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.split() == ["False", "False"]


def test_an_image_of_another_size_is_no_trouble(detector: ZeroShotDetector) -> None:
    frame = CameraFrame(0.0, "front", np.zeros((120, 200, 3), np.uint8), np.eye(3), np.zeros(3), np.eye(3))
    for detection in detector.detect(frame):
        assert detection.box[2] <= 200 and detection.box[3] <= 120
