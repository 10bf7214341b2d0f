"""Metadata of the ROS package ``robomatrix``; the one source of it."""

from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = "robomatrix"
ROOT = Path(__file__).parent
DATA = ("launch", "urdf", "config", "models")


def share_files() -> list[tuple[str, list[str]]]:
    """Every data file of the package, by the folder under ``share/`` it is installed to."""
    found: dict[str, list[str]] = {}
    for top in DATA:
        for path in sorted((ROOT / top).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                relative = path.relative_to(ROOT)
                found.setdefault(f"share/{PACKAGE}/{relative.parent}", []).append(str(relative))
    return sorted(found.items())


setup(
    name=PACKAGE,
    version="0.1.0",
    description="Tell a robot in plain language what to do; learned skills do it, in simulation and on hardware.",
    license="Apache-2.0",
    author="RoboMatrix maintainers",
    author_email="maintainers@example.com",
    maintainer="RoboMatrix maintainers",
    maintainer_email="maintainers@example.com",
    packages=find_packages(include=["robomatrix", "robomatrix.*", "robomatrix_nodes", "robomatrix_nodes.*"]),
    package_data={"robomatrix": ["py.typed", "**/*.json"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
        *share_files(),
    ],
    python_requires=">=3.11",
    zip_safe=False,
    extras_require={"test": ["pytest"]},
    entry_points={
        "console_scripts": [
            "robomatrix = robomatrix.cli:main",
            "bridge = robomatrix_nodes.bridge:main",
            "dispatcher = robomatrix_nodes.dispatcher:main",
            "perception = robomatrix_nodes.perception:main",
            "recorder = robomatrix_nodes.recording.recorder:main",
            "scheduler = robomatrix_nodes.scheduler:main",
            "skill_server = robomatrix_nodes.skill_server:main",
            "single_process = robomatrix_nodes.single_process:main",
        ],
        "robomatrix.commands": [
            "bench = robomatrix.evaluation.cli:register",
            "emulate = robomatrix.emulators.cli:register",
            "motions = robomatrix.motions.cli:register",
            "nodes = robomatrix_nodes.commands:register",
            "train = robomatrix.training.cli:register",
        ],
        "robomatrix.drivers": [
            "mujoco_court = robomatrix.hardware.court:CourtDriver",
            "mock = robomatrix.hardware.mock:MockDriver",
            "mujoco = robomatrix.hardware.mujoco:MujocoDriver",
            "mujoco_hand = robomatrix.hardware.mujoco.hand_driver:MujocoHandDriver",
            "mujoco_humanoid = robomatrix.hardware.mujoco.humanoid_driver:MujocoHumanoidDriver",
            "pybullet = robomatrix.hardware.pybullet:PybulletDriver",
            "robomaster = robomatrix.hardware.robomaster:make_robomaster",
            "topics = robomatrix_nodes.topics:make_topics",
        ],
        "robomatrix.skills": [
            "dexgen = robomatrix.skills.dexgen:skills",
            "mobile_manipulation = robomatrix.skills.mobile_manipulation:skills",
            "skillblender = robomatrix.skills.skillblender:skills",
            "skillmimic = robomatrix.skills.skillmimic:skills",
        ],
    },
)
