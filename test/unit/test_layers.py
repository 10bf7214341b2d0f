"""Imports go one way: scheduling, skills, hardware; nothing needs the laboratory; the library never imports ROS."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LABORATORY = ("robomatrix.training", "robomatrix.evaluation", "robomatrix.emulators")
"""What makes and measures the product, which runs without it."""
PLANNING = ("robomatrix.scheduling", "robomatrix.session", *LABORATORY)
ACTING = ("robomatrix.skills", *PLANNING)
SENSING = ("robomatrix.perception", "robomatrix.policies", "robomatrix.motions", *ACTING)
FORBIDDEN = {
    "robots": ("robomatrix.hardware", *SENSING),
    "scenes": ("robomatrix.hardware", *SENSING),
    "motions": ("robomatrix.hardware", "robomatrix.perception", "robomatrix.policies", *ACTING),
    "policies": ("robomatrix.hardware", "robomatrix.perception", *ACTING),
    "hardware": SENSING,
    "perception": ("robomatrix.policies", "robomatrix.motions", *ACTING),
    "skills": ("robomatrix.perception", *PLANNING),
    "scheduling": ("robomatrix.hardware", "robomatrix.perception", "robomatrix.session", *LABORATORY),
    "training": ("robomatrix.perception", "robomatrix.session", "robomatrix.emulators"),
    "emulators": tuple(layer for layer in SENSING if layer != "robomatrix.emulators"),
    "evaluation": ("robomatrix.cli",),
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_every_layer_has_its_rule() -> None:
    assert set(FORBIDDEN) == {p.parent.name for p in (ROOT / "robomatrix").glob("*/*.py")}


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_no_layer_imports_upwards(layer: str) -> None:
    files = list((ROOT / "robomatrix" / layer).rglob("*.py"))
    assert files
    found = [
        (str(f.relative_to(ROOT)), name) for f in files for name in imports(f) if name.startswith(FORBIDDEN[layer])
    ]
    assert found == []


def test_the_library_imports_no_ros() -> None:
    ros = ("rclpy", "robomatrix_nodes", "robomatrix_interfaces", "sensor_msgs", "std_msgs", "geometry_msgs", "nav_msgs")
    files = (ROOT / "robomatrix").rglob("*.py")
    found = [(str(f.relative_to(ROOT)), name) for f in files for name in imports(f) if name.split(".")[0] in ros]
    assert found == []


def test_colcon_knows_every_package() -> None:
    import yaml

    defaults = yaml.safe_load((ROOT / "colcon_defaults.yaml").read_text())
    packages = {p.parent.relative_to(ROOT).as_posix() for p in ROOT.glob("**/package.xml") if ".ws" not in p.parts}
    packages = {p for p in packages if not p.startswith(".")} | {"."}
    for verb in ("list", "graph", "build", "test"):
        assert set(defaults[verb]["base-paths"]) == packages
