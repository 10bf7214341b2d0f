"""The scheduler when what it stands on breaks: the task ends with a code, and the next one is taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.ros import Client

from robomatrix.scheduling.audit import AuditLog
from robomatrix.scheduling.plan import PlanRequest, PlanResult
from robomatrix_interfaces.action import ExecuteTask
from robomatrix_nodes.perception import Perception
from robomatrix_nodes.stack import Stack


class Broken:
    """A planner of somebody's that has a bug."""

    def plan(self, request: PlanRequest) -> PlanResult:
        raise KeyError("colour")


def test_a_planner_that_breaks_leaves_no_robot_busy(bring_up: Callable[..., Stack]) -> None:
    stack = bring_up(driver="mock")
    client, planner = Client(stack), stack.scheduler._planner
    stack.scheduler._planner = Broken()
    result = client.run_task("turn left 20 degrees")
    assert (result.error_code, result.error_msg) == (ExecuteTask.Result.ERROR_INTERNAL, "KeyError: 'colour'")
    stack.scheduler._planner = planner
    assert client.run_task("turn left 20 degrees").success


def test_a_full_disk_costs_the_audit_record_and_not_the_task(bring_up: Callable[..., Stack], tmp_path: Path) -> None:
    stack = bring_up(driver="mock")
    blocked = tmp_path / "file"
    blocked.write_text("")
    stack.scheduler._audit = AuditLog(blocked / "audit.jsonl")
    assert Client(stack).run_task("turn left 20 degrees").success


@pytest.mark.parametrize("robot", ["g1", "player", "allegro"])
def test_stop_is_done_by_robots_that_have_no_skill_for_it(bring_up: Callable[..., Stack], robot: str) -> None:
    client = Client(bring_up(robot=robot))
    assert client.run_task("stop").success
    assert client.run_task("stop").success


def test_a_task_of_a_robot_without_odometry_is_timed_on_its_own_clock(bring_up: Callable[..., Stack]) -> None:
    stack = bring_up(robot="allegro")
    result = Client(stack).run_task("hold it for two seconds")
    assert result.success, result.error_msg
    assert 1.9 < result.elapsed < 6.0
    assert stack.scheduler.surroundings.now() == pytest.approx(stack.bridge.stamp, abs=0.1)


def test_what_a_hand_holds_is_turned_though_a_tracker_sees_it(bring_up: Callable[..., Stack]) -> None:
    client = Client(bring_up(robot="allegro"))
    assert client.run_task("hold it for one second").success
    result = client.run_task("rotate the cube in your hand a quarter turn, then hold it", dry_run=True)
    assert result.success, result.error_msg
    assert [step.skill for step in result.plan.steps] == ["rotate", "hold"]


def test_what_a_player_holds_is_known_though_a_node_waits_for_images_that_never_come(
    bring_up: Callable[..., Stack],
) -> None:
    stack = bring_up(robot="player")
    stack.add(Perception)  # as the launch files start it for every robot
    client = Client(stack)
    result = client.run_task("pick up the ball")
    assert result.success, result.error_msg
    assert stack.scheduler.surroundings.scene().robot.holding is not None
    result = client.run_task("pass it", dry_run=True)
    assert [step.skill for step in result.plan.steps] == ["pass_to"]
