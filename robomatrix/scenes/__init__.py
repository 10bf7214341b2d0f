"""Simulated worlds: one description in YAML, sampled into a layout that every simulator builds."""

from robomatrix.scenes.description import SceneSpec, load_scene, scene_names
from robomatrix.scenes.layout import Item, Layout, Light
from robomatrix.scenes.sampling import sample_layout

__all__ = ["Item", "Layout", "Light", "SceneSpec", "load_scene", "sample_layout", "scene_names"]
