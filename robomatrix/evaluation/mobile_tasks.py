"""Six multi-step tasks of the mobile manipulators, from the sentence to what is true in the end."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from robomatrix.evaluation.episodes import Case, Judge, Stage, Unprepared
from robomatrix.evaluation.mobile_skills import GRASPABLE, base_pose, rests_on
from robomatrix.resources import load_yaml, resource
from robomatrix.scheduling.actions import RunStep
from robomatrix.scheduling.execution import TaskExecution
from robomatrix.scheduling.planners import make_planner
from robomatrix.skills.mobile_manipulation import specs
from robomatrix.skills.mobile_manipulation.geometry import Pose2
from robomatrix.world import SceneObject

PLANNER = "rules"
AT_START = 0.8
"""A thing that was brought to the start lies no further from it [m]."""


class TaskCase(Case):
    """Gives an instruction about the true scene and lets the whole stack carry it out."""

    def play(self, stage: Stage) -> None:
        """Looks around, then executes the instruction."""
        instruction, judge = self.instruct(stage)
        stage.trace.append(f"instruction: {instruction}")
        stage.look()
        began = stage.session.time
        offered = tuple(s for s in specs.SPECS if self.robot in s.robots)
        task = TaskExecution(make_planner(PLANNER), offered, instruction, clock=lambda: stage.session.time)

        def note(action: RunStep) -> None:
            stage.trace.append(f"{stage.session.time:.1f} s step {action.index}: {action.step}")

        finished = stage.session.run_task(task, note)
        stage.trace += task.history
        stage.note(self.measures[0], finished.success, finished.message, judge, began)

    @abstractmethod
    def instruct(self, stage: Stage) -> tuple[str, Judge]:
        """Returns a sentence that fits the true scene, and its judge; Unprepared where none does."""


class Fetch(TaskCase):
    """Puts one thing into one box or bin."""

    measures = ("fetch",)

    def instruct(self, stage: Stage) -> tuple[str, Judge]:
        """Draws the thing and the place."""
        thing, place = draw(stage, GRASPABLE), draw(stage, ("box", "bin"))
        return f"put the {thing.name} in the {place.name}", rests_on(thing.id, place.id)


class Sort(TaskCase):
    """Puts two things into the boxes of their colours."""

    measures = ("sort",)

    def __init__(self) -> None:
        """Takes boxes and things of three colours."""
        colours = ["red", "blue", "green"]
        self.overrides = {
            "fixtures": _fixtures(box={"count": [3, 3], "colours": colours}),
            "objects": [
                {"category": "can", "count": [2, 2], "colours": colours, "places": ["floor", "table"]},
                {"category": "bottle", "count": [1, 1], "colours": colours, "places": ["floor"]},
            ],
        }

    def instruct(self, stage: Stage) -> tuple[str, Judge]:
        """Draws two things of different colours."""
        first = draw(stage, GRASPABLE)
        second = draw(stage, GRASPABLE, avoid=first.colour)
        boxes = {o.colour: o for o in stage.driver.objects() if o.category == "box"}
        parts = [f"the {o.name} in the {boxes[o.colour].name}" for o in (first, second)]
        judges = [rests_on(o.id, boxes[o.colour].id) for o in (first, second)]
        return f"put {' and '.join(parts)}", all_of(judges)


class IntoDrawer(TaskCase):
    """Opens the drawer, puts a thing in and closes it."""

    measures = ("into_drawer",)

    def instruct(self, stage: Stage) -> tuple[str, Judge]:
        """Draws the thing."""
        thing = draw(stage, GRASPABLE)
        drawer = draw(stage, ("drawer",))
        return f"put the {thing.name} into the drawer and close it", all_of([is_inside(thing.id, drawer.id)])


class BringBack(TaskCase):
    """Fetches a thing and brings it to where the robot started."""

    measures = ("bring_back",)

    def instruct(self, stage: Stage) -> tuple[str, Judge]:
        """Draws the thing."""
        thing = draw(stage, GRASPABLE)
        return f"bring the {thing.name} back to the start", is_at_start(thing.id)


class CrossAndShoot(TaskCase):
    """Drives over a bar and shoots a target."""

    measures = ("cross_and_shoot",)
    robot = "s1"

    def __init__(self) -> None:
        """Takes a room with one bar and one target."""
        self.overrides = {"fixtures": _fixtures(bar={"count": [1, 1]}, target={"count": [1, 1]})}

    def instruct(self, stage: Stage) -> tuple[str, Judge]:
        """There is one of each."""
        bar, target = draw(stage, ("bar",)), draw(stage, ("target",))
        passed: list[bool] = []

        def watch(session: object) -> None:
            ahead, left = Pose2(bar.position[0], bar.position[1], bar.yaw).local(base_pose(stage).point)
            passed.append(abs(ahead) < 0.05 and abs(left) < bar.size[1] / 2.0)

        stage.session.watchers.append(watch)

        def judge(stage: Stage) -> str | None:
            if not any(passed):
                return "the base did not drive over the bar"
            return None if stage.true(target.id).hits else "no bead struck the target"

        return "cross the bar and shoot the target", judge


class ClearTable(TaskCase):
    """Puts everything that stands on the table into a box."""

    measures = ("clear_table",)

    def __init__(self) -> None:
        """Takes one or two things on the table, and one box that is easy to name."""
        self.overrides = {
            "fixtures": _fixtures(box={"count": [1, 1]}),
            "objects": [
                {"category": "can", "count": [1, 1], "colours": ["red", "green", "blue"], "places": ["table"]},
                {"category": "bottle", "count": [1, 1], "colours": ["yellow", "orange", "purple"], "places": ["table"]},
                {"category": "ball", "count": [1, 1], "colours": ["red", "green"], "places": ["floor"]},
            ],
        }

    def instruct(self, stage: Stage) -> tuple[str, Judge]:
        """Names the box."""
        box = draw(stage, ("box",))
        table = draw(stage, ("table",))
        top = table.position[2] + table.size[2] / 2.0
        there = [o for o in stage.driver.objects() if o.category in GRASPABLE and o.position[2] > top]
        return f"clear the table into the {box.name}", all_of([rests_on(o.id, box.id) for o in there])


def draw(stage: Stage, categories: Sequence[str], avoid: str = "") -> SceneObject:
    """Returns a true thing that its name singles out, drawn at random."""
    things = stage.driver.objects()
    names = Counter(o.name for o in things)
    found = [o for o in things if o.category in categories and names[o.name] == 1 and o.colour != avoid]
    if not found:
        raise Unprepared(f"no {' or '.join(categories)} with a name of its own")
    return found[stage.rng.integers(len(found))]


def all_of(judges: Sequence[Judge]) -> Judge:
    """Returns the judge who asks for everything."""

    def judge(stage: Stage) -> str | None:
        return next((wrong for j in judges if (wrong := j(stage)) is not None), None)

    return judge


def is_inside(thing_id: str, drawer_id: str) -> Judge:
    """The thing lies in the drawer, and the drawer is shut."""

    def judge(stage: Stage) -> str | None:
        drawer = stage.true(drawer_id)
        if (drawer.openness or 0.0) > 0.1:
            return f"the drawer is open by {drawer.openness:.2f}"
        return rests_on(thing_id, drawer_id)(stage)

    return judge


def is_at_start(thing_id: str) -> Judge:
    """The thing lies on the floor near the origin, where the robot started."""

    def judge(stage: Stage) -> str | None:
        thing = stage.true(thing_id)
        distance = math.hypot(thing.position[0], thing.position[1])
        if distance > AT_START:
            return f"'{thing_id}' lies {distance:.2f} m from the start"
        return None if thing.position[2] < max(thing.size) else f"'{thing_id}' was not put down"

    return judge


def _fixtures(**changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns the office's fixtures; of the categories in ``changes`` only the first entry stays, with keys changed."""
    office = load_yaml(resource("config", "scenes", "office.yaml"))["fixtures"]
    first = {fixture["category"]: fixture for fixture in reversed(office)}
    kept = [f for f in office if f["category"] not in changes or f is first[f["category"]]]
    return [{**fixture, **changes.get(fixture["category"], {})} for fixture in kept]


CASES: Mapping[str, type[Case]] = {
    case.measures[0]: case for case in (Fetch, Sort, IntoDrawer, BringBack, CrossAndShoot, ClearTable)
}
"""Every task by name."""
