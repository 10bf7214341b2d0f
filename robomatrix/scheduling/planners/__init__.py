"""Planners by name, our own and those of installed packages (entry-point group ``robomatrix.planners``)."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from robomatrix.errors import UnknownNameError

if TYPE_CHECKING:
    from robomatrix.scheduling.plan import Planner

ENTRY_POINT_GROUP = "robomatrix.planners"
DEFAULT = "compact"
"""What plans where nothing else is asked for; the launch files and config/robomatrix.yaml say the same."""

_OWN = {
    "compact": "robomatrix.scheduling.planners.compact:compact_planner",
    "rules": "robomatrix.scheduling.planners.rules:RulePlanner",
    "transformers": "robomatrix.scheduling.planners.transformers_backend:transformers_planner",
    "openai": "robomatrix.scheduling.planners.openai_backend:openai_planner",
}
"""Imported on demand, so that one planner does not pay for another's libraries."""


def planner_names() -> tuple[str, ...]:
    """Returns the names that :func:`make_planner` takes."""
    return tuple(sorted({*_OWN, *(entry.name for entry in entry_points(group=ENTRY_POINT_GROUP))}))


def make_planner(name: str = DEFAULT, **options: object) -> Planner:
    """Returns a planner.

    Args:
        name: one of :func:`planner_names`.
        **options: what that planner's constructor takes.

    Raises:
        UnknownNameError: there is no such planner; the message lists what exists.
    """
    return _factory(name)(**options)


def _factory(name: str) -> Callable[..., Planner]:
    if name in _OWN:
        module, _, attribute = _OWN[name].partition(":")
        return getattr(import_module(module), attribute)
    for entry in entry_points(group=ENTRY_POINT_GROUP, name=name):
        return entry.load()
    raise UnknownNameError("planner", name, planner_names())
