"""Message definitions as text, as MCAP's ``ros2msg`` encoding wants them, from the generated Python classes.

From the classes and not from the ``.msg`` files, because actions' feedback messages have none.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from rosidl_parser.definition import (
    AbstractNestedType,
    Array,
    BasicType,
    BoundedSequence,
    BoundedString,
    NamespacedType,
)

_RULE = "=" * 80
_BASIC = {"double": "float64", "float": "float32", "boolean": "bool", "octet": "byte"}
"""Names of the interface language that .msg files spell differently."""


def type_name(kind: type) -> str:
    """The full name of a message class, such as ``sensor_msgs/msg/JointState``.

    The parts of an action are written without the underscore that generated code has in them: it is no part of a
    message's name, and readers refuse it.
    """
    package, group = kind.__module__.split(".")[:2]
    return f"{package}/{group}/{kind.__name__.replace('_', '')}"


def message_class(name: str) -> type:
    """The class of a full name.

    Raises:
        LookupError: the package is not installed, or has no such message.
    """
    package, group, kind = name.split("/")
    try:
        module = import_module(f"{package}.{group}")
    except ImportError as error:
        raise LookupError(f"message package '{package}' is not installed") from error
    if hasattr(module, kind):
        return getattr(module, kind)
    for action, part in _splits(kind):
        for place in (getattr(module, action, None), getattr(getattr(module, action, None), "Impl", None)):
            if hasattr(place, part):
                return getattr(place, part)
    raise LookupError(f"'{name}' does not exist")


def _splits(kind: str) -> Iterator[tuple[str, str]]:
    """The ways to take a name apart into an action and its part: ``MoveFeedback`` into ``Move`` and ``Feedback``."""
    kind = kind.replace("_", "")
    return ((kind[:i], kind[i:]) for i in range(1, len(kind)) if kind[i].isupper())


def definition(kind: type) -> str:
    """The fields of a message class, followed by the definitions of all that it is made of."""
    found: dict[str, str] = {}
    fields = _fields(kind, found)
    parts = [f"{_RULE}\nMSG: {name}\n{text}" for name, text in found.items()]
    return "\n".join([fields, *parts])


def _fields(kind: type, found: dict[str, str]) -> str:
    names = kind.get_fields_and_field_types()  # type: ignore[attr-defined]
    types = kind.SLOT_TYPES  # type: ignore[attr-defined]
    return "\n".join(f"{_spell(slot, found)} {name}" for name, slot in zip(names, types, strict=True))


def _spell(slot: Any, found: dict[str, str]) -> str:
    """Spells a field's type, and adds the definitions that it needs to ``found``."""
    if isinstance(slot, AbstractNestedType):
        return _spell(slot.value_type, found) + _brackets(slot)
    if isinstance(slot, BasicType):
        return _BASIC.get(slot.typename, slot.typename)
    if isinstance(slot, NamespacedType):
        return _nested(slot, found)
    return f"string<={slot.maximum_size}" if isinstance(slot, BoundedString) else "string"


def _brackets(slot: AbstractNestedType) -> str:
    if isinstance(slot, Array):
        return f"[{slot.size}]"
    return f"[<={slot.maximum_size}]" if isinstance(slot, BoundedSequence) else "[]"


def _nested(slot: NamespacedType, found: dict[str, str]) -> str:
    name = f"{slot.namespaces[0]}/{slot.name.replace('_', '')}"
    if name not in found:
        found[name] = ""  # holds its place: what it is made of comes after it
        found[name] = _fields(message_class("/".join(slot.namespaced_name())), found)
    return name
