"""ROS parameters from one frozen dataclass a node: type, default, description, range and choices stand in one place."""

from __future__ import annotations

from dataclasses import MISSING, field, fields
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node

from robomatrix.errors import ConfigurationError

T = TypeVar("T")


def parameter(
    default: Any,
    description: str,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """Declares a read-only parameter as a dataclass field."""
    metadata = {"description": description, "minimum": minimum, "maximum": maximum, "choices": choices}
    if isinstance(default, list):
        return field(default_factory=lambda: list(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def declare(node: Node, schema: type[T]) -> T:
    """Declares every field of ``schema`` on the node and returns its values.

    Raises:
        ConfigurationError: a value is not one of the choices; the message lists them.
    """
    values = {}
    for item in fields(schema):  # type: ignore[arg-type]
        default = item.default if item.default is not MISSING else item.default_factory()
        values[item.name] = node.declare_parameter(item.name, default, _descriptor(item.metadata, default)).value
        choices = item.metadata["choices"]
        if choices and values[item.name] not in choices:
            raise ConfigurationError(f"parameter {item.name} is '{values[item.name]}'; choices: {', '.join(choices)}")
    return schema(**values)


def _descriptor(metadata: Any, default: Any) -> ParameterDescriptor:
    choices = metadata["choices"]
    descriptor = ParameterDescriptor(
        description=metadata["description"],
        additional_constraints=f"one of {', '.join(choices)}" if choices else "",
        read_only=True,
    )
    low, high = metadata["minimum"], metadata["maximum"]
    if low is not None and high is not None:
        if isinstance(default, float):
            descriptor.floating_point_range = [FloatingPointRange(from_value=float(low), to_value=float(high))]
        else:
            descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high))]
    return descriptor
