"""The skill server: hosts the skills of one robot behind one action.

A skill is ticked in the callback that delivers the state, so that a command answers the newest state at once; the
action's coroutine only waits for the end. Policy: one skill in flight; a second goal is rejected while one runs, with
the reason in the log.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from geometry_msgs.msg import Twist as TwistMsg
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node
from rclpy.task import Future
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import JointState as JointStateMsg
from std_msgs.msg import String

from robomatrix.errors import ArgumentsError
from robomatrix.hardware.driver import CameraFrame, RobotCommand, RobotState, Twist
from robomatrix.robots.loader import load_robot
from robomatrix.skills.base import ErrorCode, Failed, Observation, OperatorCommand, Outcome, Succeeded
from robomatrix.skills.registry import registry_for
from robomatrix.skills.runner import SkillRunner
from robomatrix.world import World
from robomatrix_interfaces.action import ExecuteSkill
from robomatrix_interfaces.msg import SceneObjectArray
from robomatrix_interfaces.srv import ListSkills
from robomatrix_nodes import conversions, diagnostics, qos
from robomatrix_nodes.heartbeat import PERIOD, Heart, Silence, Watch
from robomatrix_nodes.parameters import declare, parameter
from robomatrix_nodes.process import run
from robomatrix_nodes.state import StateSubscriber
from robomatrix_nodes.waiting import steady


@dataclass(frozen=True)
class SkillServerParameters:
    """Parameters of the skill server node."""

    robot: str = parameter("ep", "Robot whose skills are hosted; `robomatrix robots` lists them.")
    feedback_rate: float = parameter(10.0, "Feedback messages a second of simulated time [Hz].", 0.1, 100.0)
    wait_for_perception: bool = parameter(
        False, "Answer a state only when the scene of the last announced image is known (lockstep)."
    )
    settle: float = parameter(
        0.5, "How long standing still is commanded after a skill, or until the scene was seen again [s].", 0.0, 10.0
    )
    state_timeout: float = parameter(
        2.0, "Silence of the robot's state after which a running skill fails [s of wall time].", 0.1, 60.0
    )
    heartbeat_timeout: float = parameter(
        2.0, "Silence of the scheduler after which the skill that it asked for is ended [s of wall time].", 0.5, 60.0
    )
    patience: float = parameter(
        1.0, "How old the scene may get before a state is answered all the same [s].", 0.0, 60.0
    )


class SkillServer(Node):
    """See the module's description."""

    def __init__(self, **options: Any) -> None:
        super().__init__("skill_server", **options)
        self.settings = declare(self, SkillServerParameters)
        self.robot = load_robot(self.settings.robot)
        self.runner = SkillRunner(self.robot, registry_for(self.robot.name))
        self._world = World()
        self._tracked = World()
        self._frames: dict[str, CameraFrame] = {}
        self._operator: OperatorCommand | None = None
        self._state: RobotState | None = None
        self._announced = float("-inf")
        self._told: str | None = None
        self._goal: ServerGoalHandle | None = None
        self._ended: Future | None = None
        self._accepted = False
        self._waiting = False
        self._answer_until = self._ended_at = float("-inf")
        self._next_feedback = float("-inf")
        self._create_topics()
        self._silence = Silence(self)
        self._heart = Heart(self)
        self._scheduler = Watch(self, "scheduler", self.settings.heartbeat_timeout)
        self.create_timer(PERIOD, self._look_after, clock=steady())
        self._diagnostics = diagnostics.Diagnostics(self, self.robot.name, self._status)

    def _create_topics(self) -> None:
        self._twists = self.create_publisher(TwistMsg, "cmd_vel", qos.COMMAND)
        self._joints = self.create_publisher(JointStateMsg, "joint_commands", qos.COMMAND)
        self._holding = self.create_publisher(String, "holding", qos.LATCHED)
        for camera in self.robot.cameras:
            self.create_subscription(CameraInfo, f"{camera.name}/camera_info", self._on_announcement, qos.STATE)
        self.create_subscription(SceneObjectArray, "scene/objects", self._on_scene, qos.LATCHED)
        self.create_subscription(SceneObjectArray, "tracker/objects", self._on_tracked, qos.LATCHED)
        self.create_subscription(String, "emergency_stop_state", self._on_stop_state, qos.LATCHED)
        if any(skill.spec.name == "follow" for skill in self.runner.registry):
            self.create_subscription(JointStateMsg, "hand_command", self._on_hand_command, qos.COMMAND)
        self._states = StateSubscriber(self, self.robot, self._on_state)
        self.create_service(ListSkills, "list_skills", self._on_list)
        self._server = ActionServer(
            self,
            ExecuteSkill,
            "execute_skill",
            execute_callback=self._execute,
            goal_callback=self._on_goal,
            cancel_callback=self._on_cancel,
        )
        self._holding.publish(String(data=""))

    def _on_announcement(self, message: CameraInfo) -> None:
        self._announced = conversions.from_time(message.header.stamp)

    def _on_scene(self, message: SceneObjectArray) -> None:
        self._world = conversions.from_scene(message)
        if not self.runner.busy and self._world.stamp > self._ended_at:
            self._answer_until = float("-inf")
        if self._state is not None and self._waiting:
            self._answer(self._state)

    def _on_tracked(self, message: SceneObjectArray) -> None:
        self._tracked = conversions.from_scene(message)

    def _known(self) -> World:
        """What the robot sees, and what a tracking system of its place adds."""
        return replace(self._world, objects={**self._world.objects, **self._tracked.objects})

    def _on_hand_command(self, message: JointStateMsg) -> None:
        if self._state is not None:
            self._operator = conversions.from_hand_command(message, self._state.stamp)

    def _on_stop_state(self, message: String) -> None:
        if message.data and self.runner.busy:
            self._end(ErrorCode.EMERGENCY_STOP, f"emergency stop: {message.data}")

    def _look_after(self) -> None:
        """Ends the running skill when those are gone who feed it or wait for it."""
        if not self.runner.busy or self._goal is None:
            return
        silence = self._silence.seconds
        if silence > self.settings.state_timeout:
            self._end(ErrorCode.DRIVER, f"no state has come for {silence:.1f} s; is the bridge alive?")
        elif self._scheduler.gone and self._scheduler.work == bytes(self._goal.goal_id.uuid).hex():
            self._end(ErrorCode.CANCELED, "the scheduler, which asked for this, has fallen silent")

    def _end(self, code: ErrorCode, message: str) -> None:
        self.get_logger().error(message)
        self._send(self.runner.fail(code, message))
        self._finish()

    def _on_state(self, state: RobotState) -> None:
        self._state = state
        self._silence.end()
        self._answer_or_wait(state)

    def _answer_or_wait(self, state: RobotState) -> None:
        late = self._world.stamp < self._announced and state.stamp - self._world.stamp < self.settings.patience
        self._waiting = self.settings.wait_for_perception and late
        if not self._waiting:
            self._answer(state)

    def _answer(self, state: RobotState) -> None:
        self._waiting = False
        if self.runner.busy:
            command = self.runner.tick(Observation(state, self._known(), self._frames, self._operator))
            self._ended_at, self._answer_until = state.stamp, state.stamp + self.settings.settle
            self._tell_holding()
            self._send(command)
            self._finish() if self.runner.outcome is not None else self._give_feedback(state.stamp)
        elif (rest := self.runner.rest(Observation(state, self._known(), self._frames, self._operator))) is not None:
            self._tell_holding()
            self._send(rest)
        elif state.stamp < self._answer_until:
            self._send(RobotCommand(twist=Twist()))

    def _send(self, command: RobotCommand) -> None:
        stamp = self._state.stamp if self._state else 0.0
        if self.robot.base is not None:
            self._twists.publish(conversions.to_twist(command.twist or Twist()))
        self._joints.publish(conversions.to_joint_command(command, stamp))

    def _give_feedback(self, stamp: float) -> None:
        if self._goal is None or self.runner.feedback is None or stamp < self._next_feedback:
            return
        self._next_feedback = stamp + 1.0 / self.settings.feedback_rate
        feedback = self.runner.feedback
        self._goal.publish_feedback(ExecuteSkill.Feedback(phase=feedback.phase, progress=float(feedback.progress)))

    def _finish(self) -> None:
        """Wakes the action's coroutine."""
        self._tell_holding()
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(self.runner.outcome)

    def _tell_holding(self) -> None:
        """Tells perception, which follows what is held, as soon as the belief changes."""
        if self.runner.holding != self._told:
            self._told = self.runner.holding
            self._holding.publish(String(data=self._told or ""))

    def _on_goal(self, request: ExecuteSkill.Goal) -> GoalResponse:
        """Accepts every goal while idle, so that a wrong one gets its reason in the result; rejects while busy."""
        if self._accepted:
            self.get_logger().warning(f"goal {request.skill} rejected: a skill is running; cancel it first")
            return GoalResponse.REJECT
        self._accepted = True
        return GoalResponse.ACCEPT

    def _on_cancel(self, goal: ServerGoalHandle) -> CancelResponse:
        if self.runner.busy:
            self._send(self.runner.cancel())
            self._finish()
        return CancelResponse.ACCEPT

    async def _execute(self, goal: ServerGoalHandle) -> ExecuteSkill.Result:
        self._goal, self._ended, self._next_feedback = goal, Future(), float("-inf")
        self._heart.beat()  # whoever waits for the end shall have heard it from the beginning
        try:
            refusal = self._start(goal.request)
            if refusal is None and self._state is not None:
                self._answer_or_wait(self._state)
            outcome = refusal or await self._ended
        finally:
            self._goal, self._accepted = None, False
        return self._conclude(goal, outcome)

    def _start(self, request: ExecuteSkill.Goal) -> Failed | None:
        if self._state is None:
            return Failed(ErrorCode.DRIVER, "no state has come from the robot; is the bridge active?")
        if (silence := self._silence.seconds) > self.settings.state_timeout:
            return Failed(
                ErrorCode.DRIVER, f"no state has come from the robot for {silence:.1f} s; is the bridge alive?"
            )
        try:
            arguments = conversions.from_parameters(request.arguments)
        except ArgumentsError as error:
            return Failed(ErrorCode.INVALID_ARGUMENTS, str(error))
        return self.runner.start(request.skill, arguments, request.timeout or None)

    def _conclude(self, goal: ServerGoalHandle, outcome: Outcome) -> ExecuteSkill.Result:
        result = ExecuteSkill.Result(
            success=isinstance(outcome, Succeeded),
            elapsed=float(self.runner.elapsed),
            metrics=conversions.to_parameters({k: float(v) for k, v in outcome.metrics.items()}),
        )
        if isinstance(outcome, Failed):
            result.error_code, result.error_msg = int(outcome.code), outcome.message
            self.get_logger().info(f"{goal.request.skill}: {outcome.code.name}: {outcome.message}")
        if isinstance(outcome, Succeeded):
            goal.succeed()
        elif outcome.code == ErrorCode.CANCELED and goal.is_cancel_requested:
            goal.canceled()
        else:
            goal.abort()
        return result

    def _on_list(self, request: ListSkills.Request, response: ListSkills.Response) -> ListSkills.Response:
        response.robot = self.robot.name
        offered = (skill for skill in self.runner.registry if skill.offered(self.robot))
        response.skills = [conversions.to_skill_info(skill.spec) for skill in offered]
        return response

    def _status(self) -> diagnostics.Status:
        running = self._goal.request.skill if self._goal else ""
        values = {"skill": running, "holding": self.runner.holding or "", "skills": len(self.runner.registry)}
        if self._state is None:
            return diagnostics.WARN, "no state from the robot yet", values
        if (silence := self._silence.seconds) > self.settings.state_timeout:
            return diagnostics.ERROR, f"no state from the robot for {silence:.1f} s", values
        return diagnostics.OK, f"running {running}" if running else "idle", values


def main(args: list[str] | None = None) -> None:
    """Entry point of ``ros2 run robomatrix skill_server``."""
    run(SkillServer, args=args)
