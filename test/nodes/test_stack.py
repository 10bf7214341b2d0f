"""The nodes together over real DDS, on the real simulator, without the camera."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from action_msgs.msg import GoalStatus
from support.ros import Client, wait

from robomatrix.errors import UnknownNameError
from robomatrix_interfaces.action import ExecuteSkill, ExecuteTask
from robomatrix_interfaces.srv import PlanTask
from robomatrix_nodes.stack import Stack, StackSettings

BringUp = Callable[..., Stack]


@pytest.fixture
def stack(bring_up: BringUp) -> Stack:
    return bring_up()


@pytest.fixture
def client(stack: Stack) -> Client:
    return Client(stack)


def speed(stack: Stack) -> float:
    odometry = stack.bridge.driver.read().odometry
    return abs(odometry.angular_velocity[2]) + abs(odometry.linear_velocity[0]) + abs(odometry.linear_velocity[1])


def yaw(stack: Stack) -> float:
    return stack.bridge.driver.read().odometry.yaw


def test_a_sentence_turns_the_robot(stack: Stack, client: Client) -> None:
    result = client.run_task("turn left 90 degrees")
    assert (result.success, result.error_code) == (True, ExecuteTask.Result.ERROR_NONE)
    assert [step.skill for step in result.plan.steps] == ["turn"]
    assert yaw(stack) == pytest.approx(1.571, abs=0.1)
    assert {f.step_state for f in client.feedback} >= {"running", "succeeded"}


def test_dry_run_moves_nothing(stack: Stack, client: Client) -> None:
    result = client.run_task("turn left 90 degrees", dry_run=True)
    assert result.success and len(result.plan.steps) == 1
    assert yaw(stack) == pytest.approx(0.0, abs=0.01)


def test_a_plan_is_given_on_request_and_the_scheduler_stays_awake(stack: Stack, client: Client) -> None:
    plan = client.create_client(PlanTask, "plan_task")
    client.until(plan.service_is_ready)
    asked = [client.get(plan.call_async(PlanTask.Request(instruction="turn left 30 degrees"))) for _ in range(3)]
    assert [[step.skill for step in answer.plan.steps] for answer in asked] == [["turn"]] * 3
    assert yaw(stack) == pytest.approx(0.0, abs=0.01)
    assert client.run_task("turn right 10 degrees").success


@pytest.mark.parametrize("instruction", ["", "x" * 10_000, "§%&/()=", "put the unicorn in the white box"])
def test_what_cannot_be_done_is_answered_and_nothing_moves(stack: Stack, client: Client, instruction: str) -> None:
    result = client.run_task(instruction)
    assert not result.success and result.error_msg
    assert result.error_code in (ExecuteTask.Result.ERROR_CLARIFY, ExecuteTask.Result.ERROR_REFUSED)
    assert client.run_task("turn right 10 degrees").success, "the nodes did not stay up"


@pytest.mark.parametrize(
    ("skill", "arguments", "code", "words"),
    [
        ("fly", {}, ExecuteSkill.Result.ERROR_UNKNOWN_SKILL, "turn"),
        ("turn", {}, ExecuteSkill.Result.ERROR_INVALID_ARGUMENTS, "angle_deg"),
        ("turn", {"angle_deg": "left"}, ExecuteSkill.Result.ERROR_INVALID_ARGUMENTS, "number"),
        ("turn", {"angle_deg": 1e9}, ExecuteSkill.Result.ERROR_INVALID_ARGUMENTS, "from"),
        ("turn", {"speed": 1.0}, ExecuteSkill.Result.ERROR_INVALID_ARGUMENTS, "angle_deg"),
        ("grasp", {"object": "can_99"}, None, "can_99"),
    ],
)
def test_a_wrong_goal_is_told_what_would_be_right(
    client: Client, skill: str, arguments: dict[str, object], code: int | None, words: str
) -> None:
    result = client.run_skill(skill, **arguments)
    assert not result.success and result.error_code != 0
    assert code in (None, result.error_code)
    assert words in result.error_msg


def test_a_second_goal_is_rejected_and_the_first_goes_on(client: Client) -> None:
    first = client.send_skill("turn", angle_deg=170.0)
    second = client.send_skill("turn", angle_deg=-170.0)
    assert first.accepted and not second.accepted
    assert client.result(first).success


def test_cancel_stops_the_wheels_within_a_fifth_of_a_second(stack: Stack, client: Client) -> None:
    handle = client.send_task("turn left 170 degrees")
    wait(stack, lambda: speed(stack) > 0.5, "motion")
    asked = stack.bridge.stamp
    cancel = handle.cancel_goal_async()
    wait(stack, cancel.done, "the cancel")
    # The command is zero at once; the chassis needs its own ramp to come to rest.
    wait(stack, lambda: stack.bridge.driver.read().stamp > asked + 0.2 + 0.25, "the ramp")
    assert speed(stack) < 0.05
    result = client.get(handle.get_result_async())
    assert result.status == GoalStatus.STATUS_CANCELED
    assert result.result.error_code == ExecuteTask.Result.ERROR_CANCELED


def test_stop_is_taken_while_a_task_runs(stack: Stack, client: Client) -> None:
    turning = client.send_task("turn left 170 degrees")
    wait(stack, lambda: speed(stack) > 0.5, "motion")
    stopping = client.send_task("stop")
    assert stopping.accepted
    assert not client.result(turning).success
    assert client.result(stopping).success
    assert speed(stack) < 0.05


def test_a_skill_that_takes_too_long_ends_with_a_code(client: Client) -> None:
    result = client.run_skill("turn", timeout=0.2, angle_deg=170.0)
    assert result.error_code == ExecuteSkill.Result.ERROR_TIMEOUT
    assert result.elapsed == pytest.approx(0.2, abs=0.1)


def test_emergency_stop_latches_until_it_is_reset(stack: Stack, client: Client) -> None:
    handle = client.send_skill("turn", angle_deg=170.0)
    wait(stack, lambda: speed(stack) > 0.5, "motion")
    assert client.call("emergency_stop").success
    assert client.result(handle).error_code == ExecuteSkill.Result.ERROR_EMERGENCY_STOP
    before = yaw(stack)
    blocked = client.run_skill("turn", timeout=1.0, angle_deg=90.0)
    assert not blocked.success
    assert yaw(stack) == pytest.approx(before, abs=0.3), "the ramp-down is all that may still move"
    assert client.call("reset_emergency_stop").success
    assert client.run_skill("turn", angle_deg=30.0).success


def test_the_watchdog_stops_a_base_whose_commands_end(stack: Stack, client: Client) -> None:
    from geometry_msgs.msg import Twist

    publisher = client.create_publisher(Twist, "cmd_vel", 1)
    message = Twist()
    message.angular.z = 1.0

    def driven() -> bool:
        publisher.publish(message)
        return speed(stack) > 0.5

    wait(stack, driven, "motion")
    ended = stack.bridge.stamp
    wait(stack, lambda: stack.bridge.stamp > ended + 0.6, "time")
    assert speed(stack) < 0.02


def test_the_same_seed_runs_the_same_way_twice(bring_up: BringUp) -> None:
    elapsed = []
    for _ in range(2):
        stack = bring_up(seed=5, lockstep_timeout=5.0)
        result = Client(stack).run_skill("turn", angle_deg=120.0)
        elapsed.append((result.elapsed, round(yaw(stack), 6)))
        stack.__exit__(None, None, None)
    assert elapsed[0] == elapsed[1]


@pytest.mark.parametrize(("name", "value"), [("robot", "ep2"), ("driver", "gazebo"), ("planner", "oracle")])
def test_a_name_that_does_not_exist_is_told_what_does(bring_up: BringUp, name: str, value: str) -> None:
    with pytest.raises(UnknownNameError, match=f"'{value}'.*Known: "):
        bring_up(**{name: value})


def test_bring_ups_leave_nothing_behind(domain_id: int) -> None:
    import threading

    before = threading.active_count()
    for _ in range(5):
        with Stack(StackSettings(domain_id=domain_id, camera=False)):
            pass
    assert threading.active_count() <= before + 1


def test_a_plan_can_be_asked_for_and_nothing_moves(stack: Stack, client: Client) -> None:
    service = client.create_client(PlanTask, "plan_task")
    client.until(service.service_is_ready)
    response = client.get(service.call_async(PlanTask.Request(instruction="turn left 90 degrees")))
    assert (response.error_code, response.plan.status) == (PlanTask.Request.ERROR_NONE, "ok")
    assert [step.skill for step in response.plan.steps] == ["turn"]
    assert yaw(stack) == pytest.approx(0.0, abs=0.01)
