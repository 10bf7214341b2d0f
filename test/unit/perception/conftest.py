from __future__ import annotations

from pathlib import Path

import pytest
from support.stage import Stage

from robomatrix.perception.categories import PerceptionModel, load_model
from robomatrix.robots.spec import RobotSpec


@pytest.fixture(scope="session")
def model() -> PerceptionModel:
    return load_model()


@pytest.fixture
def stage(model: PerceptionModel) -> Stage:
    return Stage(model)


@pytest.fixture
def robot() -> RobotSpec:
    """A robot that sees nothing of itself."""
    return RobotSpec("test", "a camera on wheels", Path("none.xml"), "base_link", (), 50.0, (), ())
