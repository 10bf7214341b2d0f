"""Time to drop against goals a minute as a picture: one panel for each corruption, one line for each kind of method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robomatrix.evaluation.dexgen.figures import Summary, summarise
from robomatrix.evaluation.dexgen.protocol import Tally

Image = NDArray[np.uint8]

SIZE = 420
"""Edge of a panel [pixels]."""
MARGIN = 54
SECONDS = (0.5, 500.0)
"""Range of the time to drop, logarithmic [s]."""
GOALS = (0.3, 60.0)
"""Range of the goals a minute, logarithmic; fewer stand at the edge."""
COLOURS: Mapping[str, tuple[int, int, int]] = {
    "direct": (200, 60, 40),
    "freeze": (120, 120, 120),
    "lowpass": (60, 120, 200),
    "oneeuro": (120, 70, 170),
    "nearest": (200, 140, 30),
    "dexgen": (30, 140, 60),
}
"""By the first part of a method's name (red, green, blue)."""
_INK, _FAINT = (30, 30, 30), (225, 225, 225)


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float

    def place(self, value: float) -> float:
        """Returns where a value lies, 0 to 1; beyond the ends at the end."""
        bounded = min(max(value, self.low), self.high)
        return float(np.log(bounded / self.low) / np.log(self.high / self.low))

    def ticks(self) -> list[float]:
        """Returns one, two and five times the powers of ten."""
        decades = range(int(np.floor(np.log10(self.low))), int(np.ceil(np.log10(self.high))) + 1)
        values = [m * 10.0**d for d in decades for m in (1, 2, 5)]
        return [value for value in values if self.low <= value <= self.high]


_ACROSS, _UPWARD = _Axis(*SECONDS), _Axis(*GOALS)


def _pixel(seconds: float, goals: float) -> tuple[int, int]:
    room = SIZE - 2 * MARGIN
    return round(MARGIN + room * _ACROSS.place(seconds)), round(SIZE - MARGIN - room * _UPWARD.place(goals))


def _text(image: Image, text: str, place: tuple[int, int], colour: tuple[int, int, int] = _INK) -> None:
    import cv2

    cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1, cv2.LINE_AA)


def _frame(title: str) -> Image:
    import cv2

    image = np.full((SIZE, SIZE, 3), 255, np.uint8)
    for value in _ACROSS.ticks():
        x = _pixel(value, GOALS[0])[0]
        cv2.line(image, (x, MARGIN), (x, SIZE - MARGIN), _FAINT, 1)
        _text(image, f"{value:g}", (x - 8, SIZE - MARGIN + 15))
    for value in _UPWARD.ticks():
        y = _pixel(SECONDS[0], value)[1]
        cv2.line(image, (MARGIN, y), (SIZE - MARGIN, y), _FAINT, 1)
        _text(image, f"{value:g}", (MARGIN - 30, y + 4))
    _text(image, title, (MARGIN, 20))
    _text(image, "goals a minute", (6, MARGIN - 12))
    _text(image, "mean seconds to a drop", (SIZE // 2 - 70, SIZE - 12))
    return image


def _numbers(method: str) -> tuple[float, ...]:
    """Returns the numbers in a method's name, so that a line goes along its tuning."""
    return tuple(float(part) for part in method.split(":")[1:])


def panel(tallies: Sequence[Tally], title: str) -> Image:
    """Returns a picture (SIZE, SIZE, 3) of one corruption's methods; crosses are 95 % intervals."""
    import cv2

    image = _frame(title)
    families: dict[str, list[Summary]] = {}
    for method in sorted(dict.fromkeys(t.method for t in tallies), key=_numbers):
        families.setdefault(method.split(":")[0], []).append(summarise(t for t in tallies if t.method == method))
    for row, (family, points) in enumerate(families.items()):
        colour = COLOURS.get(family, _INK)
        places = [_pixel(p.drops.mean_time, p.goals.per_minute) for p in points]
        for point, place in zip(points, places, strict=True):
            _cross(image, point, colour)
            cv2.circle(image, place, 4, colour, -1, cv2.LINE_AA)
        cv2.polylines(image, [np.array(places, np.int32)], False, colour, 2, cv2.LINE_AA)
        _text(image, family, (SIZE - MARGIN - 60, MARGIN + 14 * (row + 1)), colour)
    return image


def _cross(image: Image, point: Summary, colour: tuple[int, int, int]) -> None:
    import cv2

    seconds, goals = point.drops.mean_time, point.goals.per_minute
    faint = tuple((channel + 2 * 255) // 3 for channel in colour)
    short, long = point.drops.mean_time_interval()
    few, many = point.goals.per_minute_interval()
    cv2.line(image, _pixel(short, goals), _pixel(min(long, SECONDS[1]), goals), faint, 1, cv2.LINE_AA)
    cv2.line(image, _pixel(seconds, max(few, GOALS[0])), _pixel(seconds, many), faint, 1, cv2.LINE_AA)


def picture(tallies: Sequence[Tally], columns: int = 3) -> Image:
    """Returns the panels of all corruptions, row by row; ValueError if there are no tallies."""
    if not tallies:
        raise ValueError("no tallies to draw")
    names = dict.fromkeys(t.corruption for t in tallies)
    panels = [panel([t for t in tallies if t.corruption == name], name.replace("_", " ")) for name in names]
    panels += [np.full((SIZE, SIZE, 3), 255, np.uint8)] * (-len(panels) % min(columns, len(panels)))
    width = min(columns, len(panels))
    rows = [np.concatenate(panels[i : i + width], axis=1) for i in range(0, len(panels), width)]
    return np.concatenate(rows)
