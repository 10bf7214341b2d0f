"""Imports go one way: scheduling, skills, hardware; the library never imports ROS or the nodes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FORBIDDEN = {
    "hardware": ("robomatrix.skills", "robomatrix.scheduling"),
    "skills": ("robomatrix.scheduling",),
    "perception": ("robomatrix.skills", "robomatrix.scheduling"),
    "robots": ("robomatrix.hardware", "robomatrix.skills", "robomatrix.scheduling"),
    "scenes": ("robomatrix.hardware", "robomatrix.skills", "robomatrix.scheduling"),
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


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
