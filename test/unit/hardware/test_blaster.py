import numpy as np
import pytest

from robomatrix.hardware.blaster import Blaster
from robomatrix.robots import load_robot, load_simulation

SPEC = load_simulation("s1").blaster
JOINT = load_robot("s1").joint("blaster")


def test_fires_what_was_asked_for_and_no_faster_than_it_can() -> None:
    blaster = Blaster(SPEC, JOINT, np.random.default_rng(0))
    blaster.ask(3)
    shots = [k * 0.02 for k in range(100) if blaster.due(k * 0.02)]
    assert blaster.fired == len(shots) == 3
    assert np.diff(shots).min() >= 1.0 / JOINT.velocity - 1e-9


def test_a_lower_count_takes_no_shot_back() -> None:
    blaster = Blaster(SPEC, JOINT, np.random.default_rng(0))
    blaster.ask(1)
    assert blaster.due(0.0)
    blaster.ask(0)
    assert not blaster.due(10.0)
    assert blaster.fired == 1


def test_hold_forgets_the_rest() -> None:
    blaster = Blaster(SPEC, JOINT, np.random.default_rng(0))
    blaster.ask(5)
    blaster.due(0.0)
    blaster.hold()
    assert not blaster.due(10.0)


def test_beads_spread_as_stated() -> None:
    blaster = Blaster(SPEC, JOINT, np.random.default_rng(0))
    ways = np.array([blaster.direction(np.eye(3)) for _ in range(4000)])
    assert ways[:, 1:].std(axis=0) == pytest.approx([SPEC.dispersion] * 2, rel=0.05)
    assert np.linalg.norm(ways, axis=1) == pytest.approx(1.0)
