"""What ``robomatrix plan`` does: one instruction, or a batch of them, over planning scenes; nothing moves."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from robomatrix.errors import RobomatrixError, SceneError
from robomatrix.resources import names
from robomatrix.robots.loader import load_robot
from robomatrix.scheduling.plan import PlanRequest, PlanResult
from robomatrix.scheduling.planners import make_planner
from robomatrix.scheduling.safety import load_rules
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.scheduling.validator import planned
from robomatrix.skills.registry import registry_for


class PlanCommand:
    """Plans over scenes with one planner, which is loaded once."""

    def __init__(self, planner: str, model: str | None = None, robot: str | None = None) -> None:
        self._planner = make_planner(planner, **({"model": model} if model else {}))
        self._rules = load_rules()
        self._robot = robot

    def load_scene(self, scene: str, seed: int = 0) -> PlanningScene:
        """Returns the scene of a file, or of a simulated scene by name, as it stands at the start.

        Raises:
            SceneError: there is neither such a file nor such a scene, or the file is wrong.
        """
        if Path(scene).is_file():
            return PlanningScene.load(scene)
        known = names("config/scenes")
        if scene not in known:
            raise SceneError(f"'{scene}' is neither a file nor a scene; scenes: {', '.join(known)}")
        from robomatrix.scheduling.simulated import planning_scene_of

        return planning_scene_of(scene, self._robot or "ep", seed)

    def run(self, instruction: str, scene: PlanningScene) -> dict[str, Any]:
        """Returns the answer as plain data: status, message, missing, goal, steps."""
        robot = load_robot(self._robot or scene.robot.name).name
        skills = tuple(skill.spec for skill in registry_for(robot))
        request = PlanRequest(instruction, scene, skills)
        return to_json(planned(self._planner, request, self._rules))

    def run_batch(self, source: Path, target: Path | None) -> None:
        """Answers each line of a JSON lines file; a line that is wrong gets a refusal that says why.

        Raises:
            SceneError: the file cannot be read.
        """
        with target.open("w", encoding="utf-8") if target else nullcontext(sys.stdout) as stream:
            for answer in self._answers(source):
                stream.write(json.dumps(answer, ensure_ascii=False) + "\n")

    def _answers(self, source: Path) -> Iterator[dict[str, Any]]:
        try:
            lines = source.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise SceneError(f"{source}: cannot be read: {error.strerror}") from None
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield self._answer(f"{source}:{number}", line)

    def _answer(self, where: str, line: str) -> dict[str, Any]:
        identity: Any = None
        try:
            task = json.loads(line)
            identity = task.get("id") if isinstance(task, dict) else None
            scene, instruction = task["scene"], str(task["instruction"])
            loaded = PlanningScene.parse(scene, where) if isinstance(scene, dict) else self.load_scene(scene)
            answer = self.run(instruction, loaded)
        except (ValueError, KeyError, TypeError) as error:
            answer = to_json(PlanResult("refuse", f"{where}: not a task with instruction and scene: {error}"))
        except RobomatrixError as error:
            answer = to_json(PlanResult("refuse", str(error)))
        return {"id": identity, **answer}


def to_json(result: PlanResult) -> dict[str, Any]:
    """Returns a planner's answer as plain data."""
    return {
        "status": result.status,
        "message": result.message,
        "missing": list(result.missing),
        "goal": list(result.goal),
        "steps": [{"skill": step.skill, "arguments": dict(step.arguments)} for step in result.steps],
    }
