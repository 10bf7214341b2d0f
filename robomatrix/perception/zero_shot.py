"""Detection by a language-vision model: any class that can be named, through transformers' zero-shot object detection.

The model gives boxes; the colour is that of most pixels in the box, and where one region of that colour fills it, the
region's outline replaces the box, so that placing is as exact as with :mod:`robomatrix.perception.colour_shape`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import ConfigurationError
from robomatrix.hardware.driver import CameraFrame
from robomatrix.perception.categories import PerceptionModel
from robomatrix.perception.colour_shape import ColourTable, Image, Surroundings, outlined
from robomatrix.perception.detector import Detection, PixelBox, boxed
from robomatrix.pretrained import load_pretrained, load_weights

NAMED = 0.15
"""Share of a box that must have one named colour for the box to have a colour."""
FILLED = 0.4
"""Share of a box that one region must cover to stand for it."""
OWN = 0.5
"""Share of a box that may show the robot itself."""


class ZeroShotDetector:
    """A detector of the kinds owlvit, owlv2, grounding-dino, omdet-turbo and their like."""

    def __init__(
        self,
        name: str | Path,
        model: PerceptionModel,
        prompts: Mapping[str, str] | None = None,
        threshold: float = 0.2,
        threads: int | None = None,
        download: bool = False,
    ) -> None:
        """Loads the model; transformers and torch are imported here and not before.

        Args:
            name: the model's folder, or the name of one that was fetched before.
            model: the known colours and categories.
            prompts: category by what the model is asked for; ``a <category>`` for every known category by default.
            threshold: least score, 0 to 1.
            threads: of torch; its own choice when missing.
            download: True fetches a model that is not on this machine.

        Raises:
            ConfigurationError: the model cannot be loaded, or transformers is not installed.
        """
        self._threshold = threshold
        self._prompts = dict(prompts or {f"a {c.public}": c.public for c in model.categories.values()})
        self._variants = {
            kind: MappingProxyType({n: 1.0 for n, c in model.categories.items() if c.public == kind})
            for kind in self._prompts.values()
        }
        self._colours = ColourTable(model.colours)
        self._processor, self._model = _loaded(name, threads, download)

    def detect(self, frame: CameraFrame, own_body: Image | None = None) -> tuple[Detection, ...]:
        """Returns what the model finds, the surest first; see Detector."""
        labels = self._colours.label(frame.image)
        body = own_body if own_body is not None else np.zeros(labels.shape, np.uint8)
        found = sorted(self._found(frame.image), key=lambda f: (-f[1], f[0], f[2]))
        detections = [self._detection(*f, labels, body) for f in found if self._variants.get(f[0])]
        return tuple(d for d in detections if d is not None)

    def _found(self, image: Image) -> list[tuple[str, float, PixelBox]]:
        """Returns category, score and box of everything above the threshold."""
        import torch

        asked = list(self._prompts)
        inputs = self._processor(text=[asked], images=image, return_tensors="pt")
        with torch.no_grad():
            outputs = self._model(**inputs)
        result = self._processor.post_process_grounded_object_detection(
            outputs, threshold=self._threshold, target_sizes=[image.shape[:2]], text_labels=[asked]
        )[0]
        rows = zip(result["text_labels"], result["scores"].tolist(), result["boxes"].tolist(), strict=True)
        found = [(self._category(label), score, _clipped(box, image)) for label, score, box in rows]
        return [(c, s, b) for c, s, b in found if c and b[2] - b[0] >= 2 and b[3] - b[1] >= 2]

    def _category(self, label: str) -> str:
        """Returns the category of an answer; grounding models may answer with a part of the prompt."""
        if label in self._prompts:
            return self._prompts[label]
        return next((c for prompt, c in self._prompts.items() if label and label in prompt), "")

    def _detection(self, category: str, score: float, box: PixelBox, labels: Image, body: Image) -> Detection | None:
        left, top, right, bottom = (int(v) for v in box)
        if np.count_nonzero(body[top:bottom, left:right]) > OWN * (right - left) * (bottom - top):
            return None
        patch = np.where(body[top:bottom, left:right] > 0, 0, labels[top:bottom, left:right])
        index, colour = self._colour(patch)
        likelihoods, height, width = self._variants[category], *labels.shape
        contour = _region(patch, index, (left, top)) if colour else None
        if contour is None:
            return boxed(likelihoods, colour, box, score, width, height)
        around = Surroundings(labels.shape, [(colour, contour)], body)
        return outlined(colour, likelihoods, contour, 0, around, score)

    def _colour(self, patch: Image) -> tuple[int, str]:
        """Returns index and name of the commonest named colour; the name is empty if there is none."""
        counts = np.bincount(patch.ravel(), minlength=len(self._colours.names))
        counts[0] = 0
        index = int(counts.argmax())
        return index, self._colours.names[index] if counts[index] >= NAMED * patch.size else ""


def _region(patch: Image, index: int, corner: tuple[int, int]) -> NDArray[np.int32] | None:
    """Returns the contour of the largest region of a colour, if it stands for the whole box."""
    contours, _ = cv2.findContours(cv2.compare(patch, index, cv2.CMP_EQ), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(contours, key=cv2.contourArea)
    return largest + np.array(corner, np.int32) if cv2.contourArea(largest) >= FILLED * patch.size else None


def _clipped(box: list[float], image: Image) -> PixelBox:
    height, width = image.shape[:2]
    left, top, right, bottom = box
    return (max(left, 0.0), max(top, 0.0), min(right, float(width)), min(bottom, float(height)))


def _loaded(name: str | Path, threads: int | None, download: bool) -> tuple[Any, Any]:
    try:
        import torch
        from transformers import AutoModelForZeroShotObjectDetection, AutoProcessor
    except ImportError as error:
        raise ConfigurationError(f"zero-shot detection needs torch and transformers: {error}") from error
    if threads:
        torch.set_num_threads(threads)
    processor = load_pretrained(AutoProcessor, name, download)
    return processor, load_weights(AutoModelForZeroShotObjectDetection, name, download)
