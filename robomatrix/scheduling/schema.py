"""The answer of a language model: its JSON Schema, made for each request, and its checked reading.

The schema stays within what grammar engines and servers agree on: object, required, additionalProperties, enum, array,
anyOf. Entities are enumerated from the scene, skills and their arguments from what the robot offers. ``goal`` and
``status`` come before ``steps``: a model that is forced into JSON can decline before it plans.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from robomatrix.errors import ArgumentsError, PlanningError
from robomatrix.scheduling.plan import PlanRequest, PlanResult, PlanStep
from robomatrix.scheduling.scene import START
from robomatrix.skills.spec import Parameter, SkillSpec

STATUSES = ("ok", "clarify", "refuse")
KEYS = ("goal", "status", "message", "missing", "steps")
_JSON_TYPES = {"number": "number", "integer": "integer", "boolean": "boolean", "text": "string"}
_MAX_ANSWER = 100_000


def plan_schema(request: PlanRequest) -> dict[str, Any]:
    """Returns the schema of an answer to a request."""
    text = {"type": "string"}
    properties = {
        "goal": {"type": "array", "items": text},
        "status": {"type": "string", "enum": list(STATUSES)},
        "message": text,
        "missing": {"type": "array", "items": text},
        "steps": {"type": "array", "items": {"anyOf": [_step_schema(request, spec) for spec in request.skills]}},
    }
    return _object(properties)


def _step_schema(request: PlanRequest, spec: SkillSpec) -> dict[str, Any]:
    arguments = {p.name: _argument_schema(request, p) for p in spec.parameters}
    return _object({"skill": {"type": "string", "enum": [spec.name]}, "arguments": _object(arguments)})


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _argument_schema(request: PlanRequest, parameter: Parameter) -> dict[str, Any]:
    if parameter.type in _JSON_TYPES:
        return {"type": _JSON_TYPES[parameter.type]}
    return {"type": "string", "enum": choices(request, parameter) or ["none"]}


def choices(request: PlanRequest, parameter: Parameter) -> list[str]:
    """Returns the values that a parameter with a closed set of values may take in a scene."""
    scene = request.scene
    if parameter.type == "choice":
        return list(parameter.choices)
    objects = [o.id for o in scene.objects]
    if parameter.type == "object":
        return objects
    kinds = parameter.kinds
    places = [p.id for p in scene.locations if not kinds or p.kind in kinds]
    start = [START] if not kinds and START not in places else []
    return [*places, *start, *(objects if not kinds or "object" in kinds else [])]


def read_answer(text: str, request: PlanRequest) -> PlanResult:
    """Returns the plan, question or refusal that a model has written.

    Raises:
        PlanningError: it is no JSON, does not have the schema's form, or calls a skill wrongly; the message says where.
    """
    data = _loads(text)
    _check_keys(data)
    if data["status"] not in STATUSES:
        raise PlanningError(f"status must be one of {', '.join(STATUSES)}, not {data['status']!r}")
    steps = tuple(_read_step(request, index, step) for index, step in enumerate(_list(data, "steps")))
    if data["status"] == "ok" and not steps and not data["goal"]:
        raise PlanningError("status is ok, but there are neither steps nor a goal")
    goal = tuple(str(literal) for literal in _list(data, "goal"))
    missing = tuple(str(name) for name in _list(data, "missing"))
    message = str(data.get("message") or "")
    if data["status"] != "ok" and not message:
        message = "Please say it in other words." if data["status"] == "clarify" else "I cannot do that."
    return PlanResult(data["status"], message, missing, steps, goal)


def _loads(text: str) -> dict[str, Any]:
    if len(text) > _MAX_ANSWER:
        raise PlanningError(f"the answer has {len(text)} characters")
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        raise PlanningError("the answer holds no JSON object")
    try:
        data = json.loads(text[start : end + 1])
    except (ValueError, RecursionError) as error:
        raise PlanningError(f"the answer is no JSON: {error}") from None
    return data


def _check_keys(data: Any) -> None:
    missing = [key for key in KEYS if key not in data]
    if missing:
        raise PlanningError(f"the answer lacks {', '.join(missing)}")
    unknown = sorted(set(data) - set(KEYS))
    if unknown:
        raise PlanningError(f"the answer has unknown keys: {', '.join(unknown)}; keys: {', '.join(KEYS)}")


def _list(data: Mapping[str, Any], key: str) -> Iterable[Any]:
    if not isinstance(data[key], list):
        raise PlanningError(f"{key} must be a list, not {data[key]!r}")
    return data[key]


def _read_step(request: PlanRequest, index: int, step: Any) -> PlanStep:
    where = f"steps[{index}]"
    if not isinstance(step, dict) or not isinstance(step.get("skill"), str):
        raise PlanningError(f"{where} must be an object with skill and arguments")
    specs = {spec.name: spec for spec in request.skills}
    if step["skill"] not in specs:
        raise PlanningError(f"{where}: there is no skill '{step['skill']}'; skills: {', '.join(sorted(specs))}")
    arguments = step.get("arguments", {})
    if not isinstance(arguments, dict):
        raise PlanningError(f"{where}.arguments must be an object, not {arguments!r}")
    try:
        bound = specs[step["skill"]].bind(arguments)
    except ArgumentsError as error:
        raise PlanningError(f"{where}: {error}") from None
    return PlanStep(step["skill"], bound)
