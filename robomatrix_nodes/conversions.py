"""Between ROS messages and the library's types; pure functions, no node."""

from __future__ import annotations

import array
import math
from collections.abc import Iterable, Mapping

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Twist as TwistMsg
from nav_msgs.msg import Odometry as OdometryMsg
from rcl_interfaces.msg import Parameter as ParameterMsg
from rcl_interfaces.msg import ParameterType, ParameterValue
from sensor_msgs.msg import CameraInfo, Image, Range
from sensor_msgs.msg import Imu as ImuMsg
from sensor_msgs.msg import JointState as JointStateMsg

from robomatrix.errors import ArgumentsError
from robomatrix.hardware.driver import Array, CameraFrame, Imu, JointState, Odometry, RobotCommand, Twist
from robomatrix.robots.spec import RangeSpec
from robomatrix.scheduling.plan import PlanResult, PlanStep
from robomatrix.skills.base import OperatorCommand
from robomatrix.skills.spec import Parameter, SkillSpec, Value, parse_condition
from robomatrix.world import SceneObject, World
from robomatrix_interfaces.msg import PlanStep as PlanStepMsg
from robomatrix_interfaces.msg import SceneObject as SceneObjectMsg
from robomatrix_interfaces.msg import SceneObjectArray, SkillInfo, SkillParameter, TaskPlan


def to_time(seconds: float) -> Time:
    """Seconds to a stamp, rounded to the nanosecond."""
    nanoseconds = round(seconds * 1e9)
    return Time(sec=nanoseconds // 1_000_000_000, nanosec=nanoseconds % 1_000_000_000)


def from_time(stamp: Time) -> float:
    """A stamp to seconds."""
    return stamp.sec + stamp.nanosec * 1e-9


def to_doubles(values: Array) -> array.array:
    """A float array for a ``float64[]`` field, without a Python loop."""
    doubles = array.array("d")
    doubles.frombytes(np.ascontiguousarray(values, dtype=np.float64).tobytes())
    return doubles


def to_joint_state(joints: JointState, stamp: Time, frame: str) -> JointStateMsg:
    """Measured joints to a message."""
    message = JointStateMsg(name=list(joints.names))
    message.header.stamp, message.header.frame_id = stamp, frame
    message.position, message.velocity = to_doubles(joints.position), to_doubles(joints.velocity)
    message.effort = to_doubles(joints.effort)
    return message


def from_joint_state(message: JointStateMsg) -> JointState:
    """A message to measured joints; absent velocities and efforts become zeros."""
    count = len(message.name)
    arrays = [np.array(a, dtype=float) for a in (message.position, message.velocity, message.effort)]
    position, velocity, effort = (a if len(a) == count else np.zeros(count) for a in arrays)
    return JointState(tuple(message.name), position, velocity, effort)


def to_imu(imu: Imu, stamp: Time, frame: str) -> ImuMsg:
    """Inertial measurement to a message."""
    message = ImuMsg()
    message.header.stamp, message.header.frame_id = stamp, frame
    _fill(message.orientation, "xyzw", imu.orientation)
    _fill(message.angular_velocity, "xyz", imu.angular_velocity)
    _fill(message.linear_acceleration, "xyz", imu.linear_acceleration)
    return message


def from_imu(message: ImuMsg) -> Imu:
    """A message to an inertial measurement."""
    return Imu(
        _read(message.orientation, "xyzw"),
        _read(message.angular_velocity, "xyz"),
        _read(message.linear_acceleration, "xyz"),
    )


def to_odometry(odometry: Odometry, stamp: Time, frame: str, child: str) -> OdometryMsg:
    """Pose and velocity of the base to a message."""
    message = OdometryMsg(child_frame_id=child)
    message.header.stamp, message.header.frame_id = stamp, frame
    _fill(message.pose.pose.position, "xyz", odometry.position)
    _fill(message.pose.pose.orientation, "xyzw", odometry.orientation)
    _fill(message.twist.twist.linear, "xyz", odometry.linear_velocity)
    _fill(message.twist.twist.angular, "xyz", odometry.angular_velocity)
    return message


def from_odometry(message: OdometryMsg) -> Odometry:
    """A message to pose and velocity of the base."""
    pose, twist = message.pose.pose, message.twist.twist
    return Odometry(
        _read(pose.position, "xyz"),
        _read(pose.orientation, "xyzw"),
        _read(twist.linear, "xyz"),
        _read(twist.angular, "xyz"),
    )


def to_range(spec: RangeSpec, distance: float, stamp: Time) -> Range:
    """A measured distance to a message."""
    message = Range(radiation_type=Range.INFRARED, field_of_view=math.radians(20.0), range=float(distance))
    message.header.stamp, message.header.frame_id = stamp, spec.link
    message.min_range, message.max_range = spec.minimum, spec.maximum
    return message


def to_image(frame: CameraFrame, optical_frame: str) -> Image:
    """An RGB image to a message."""
    height, width, _ = frame.image.shape
    message = Image(height=height, width=width, encoding="rgb8", step=3 * width)
    message.header.stamp, message.header.frame_id = to_time(frame.stamp), optical_frame
    pixels = array.array("B")
    pixels.frombytes(np.ascontiguousarray(frame.image).tobytes())
    message.data = pixels
    return message


def from_image(message: Image) -> np.ndarray:
    """A message to an RGB image (height, width, 3); ValueError for an encoding that is not rgb8 or bgr8."""
    if message.encoding not in ("rgb8", "bgr8"):
        raise ValueError(f"image encoding '{message.encoding}' is not rgb8 or bgr8")
    image = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)[:, : 3 * message.width]
    image = image.reshape(message.height, message.width, 3)
    return image if message.encoding == "rgb8" else image[:, :, ::-1]


def to_camera_info(frame: CameraFrame, optical_frame: str) -> CameraInfo:
    """The pinhole geometry of an image to a message."""
    height, width, _ = frame.image.shape
    message = CameraInfo(height=height, width=width, distortion_model="plumb_bob", d=[0.0] * 5)
    message.header.stamp, message.header.frame_id = to_time(frame.stamp), optical_frame
    message.k = frame.intrinsics.ravel()
    message.r = np.eye(3).ravel()
    message.p = np.hstack([frame.intrinsics, np.zeros((3, 1))]).ravel()
    return message


KINDS = ("position", "velocity", "effort")


def to_joint_command(command: RobotCommand, stamp: float) -> JointStateMsg:
    """The joint part of a command to one message, stamped with the state it answers.

    All arrays of a ``JointState`` share its names; NaN stands where a joint has no target of a kind (the convention of
    ros2_control).
    """
    by_kind = dict(zip(KINDS, (command.positions, command.velocities, command.efforts), strict=True))
    names = list(dict.fromkeys(name for values in by_kind.values() for name in values))
    message = JointStateMsg(name=names)
    message.header.stamp = to_time(stamp)
    for kind, values in by_kind.items():
        if values:
            setattr(message, kind, array.array("d", [values.get(name, math.nan) for name in names]))
    return message


def from_hand_command(message: JointStateMsg, stamp: float) -> OperatorCommand:
    """An operator's joint targets that came at ``stamp`` [s]; the frame id ``direct`` asks for no assistance.

    Positions that do not fit the names become not-a-number, which the skill refuses with a reason.
    """
    fits = len(message.position) == len(message.name)
    positions = message.position if fits else [math.nan] * len(message.name)
    targets = dict(zip(message.name, positions, strict=True))
    return OperatorCommand(stamp, targets, assisted=message.header.frame_id != "direct")


def from_joint_command(message: JointStateMsg) -> RobotCommand:
    """A joint command message to a command; NaN stands for no target of this kind.

    Raises:
        ValueError: an array does not fit the names, or a joint is named without any target.
    """
    targets: dict[str, dict[str, float]] = {kind: {} for kind in KINDS}
    for kind in KINDS:
        values = getattr(message, kind)
        if len(values) not in (0, len(message.name)):
            raise ValueError(f"joint command has {len(message.name)} names but {len(values)} values of {kind}")
        targets[kind] = {n: v for n, v in zip(message.name, values, strict=False) if not math.isnan(v)}
    empty = [name for name in message.name if not any(name in values for values in targets.values())]
    if empty:
        raise ValueError(f"joint command names '{empty[0]}' without a position, velocity or effort")
    return RobotCommand(targets["position"], targets["velocity"], targets["effort"])


def to_twist(twist: Twist) -> TwistMsg:
    """Planar base velocity to a message."""
    message = TwistMsg()
    message.linear.x, message.linear.y, message.angular.z = float(twist.vx), float(twist.vy), float(twist.wz)
    return message


def from_twist(message: TwistMsg) -> Twist:
    """A message to planar base velocity."""
    return Twist(message.linear.x, message.linear.y, message.angular.z)


def to_scene(world: World, frame: str) -> SceneObjectArray:
    """The belief about the scene to a message."""
    message = SceneObjectArray(holding=world.holding or "")
    message.header.stamp, message.header.frame_id = to_time(world.stamp), frame
    message.objects = [_to_object(o) for o in world.objects.values()]
    return message


def _to_object(item: SceneObject) -> SceneObjectMsg:
    message = SceneObjectMsg(id=item.id, name=item.name, category=item.category, colour=item.colour)
    _fill(message.pose.position, "xyz", item.position)
    message.pose.orientation.z, message.pose.orientation.w = math.sin(item.yaw / 2.0), math.cos(item.yaw / 2.0)
    _fill(message.size, "xyz", item.size)
    message.openness = math.nan if item.openness is None else float(item.openness)
    message.hits, message.confidence, message.stamp = item.hits, float(item.confidence), to_time(item.stamp)
    return message


def from_scene(message: SceneObjectArray) -> World:
    """A message to the belief about the scene."""
    objects = {o.id: _from_object(o) for o in message.objects}
    return World(from_time(message.header.stamp), objects, message.holding or None)


def _from_object(message: SceneObjectMsg) -> SceneObject:
    position, orientation, size = message.pose.position, message.pose.orientation, message.size
    return SceneObject(
        id=message.id,
        name=message.name,
        category=message.category,
        colour=message.colour,
        position=(position.x, position.y, position.z),
        yaw=2.0 * math.atan2(orientation.z, orientation.w),
        size=(size.x, size.y, size.z),
        openness=None if math.isnan(message.openness) else message.openness,
        hits=message.hits,
        confidence=message.confidence,
        stamp=from_time(message.stamp),
    )


def to_parameters(arguments: Mapping[str, Value]) -> list[ParameterMsg]:
    """Skill arguments to parameters."""
    return [ParameterMsg(name=name, value=_to_value(value)) for name, value in arguments.items()]


def _to_value(value: Value | None) -> ParameterValue:
    if value is None:
        return ParameterValue(type=ParameterType.PARAMETER_NOT_SET)
    if isinstance(value, bool):
        return ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=value)
    if isinstance(value, int):
        return ParameterValue(type=ParameterType.PARAMETER_INTEGER, integer_value=value)
    if isinstance(value, float):
        return ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value)
    return ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=str(value))


def from_parameters(parameters: Iterable[ParameterMsg]) -> dict[str, Value]:
    """Parameters to skill arguments; ArgumentsError for arrays, for names given twice and for empty values."""
    arguments: dict[str, Value] = {}
    for item in parameters:
        if item.name in arguments:
            raise ArgumentsError(f"argument '{item.name}' is given twice")
        arguments[item.name] = _from_value(item.name, item.value)
    return arguments


def _from_value(name: str, value: ParameterValue) -> Value:
    scalars = {
        ParameterType.PARAMETER_BOOL: value.bool_value,
        ParameterType.PARAMETER_INTEGER: value.integer_value,
        ParameterType.PARAMETER_DOUBLE: value.double_value,
        ParameterType.PARAMETER_STRING: value.string_value,
    }
    if value.type not in scalars:
        raise ArgumentsError(f"argument '{name}' must be a bool, an integer, a double or a string")
    return scalars[value.type]


def to_plan(plan: PlanResult) -> TaskPlan:
    """A planner's answer to a message."""
    steps = [PlanStepMsg(skill=s.skill, arguments=to_parameters(s.arguments)) for s in plan.steps]
    return TaskPlan(
        status=plan.status, message=plan.message, missing=list(plan.missing), goal=list(plan.goal), steps=steps
    )


def from_plan(message: TaskPlan) -> PlanResult:
    """A message to a planner's answer."""
    steps = tuple(PlanStep(s.skill, from_parameters(s.arguments)) for s in message.steps)
    return PlanResult(message.status, message.message, tuple(message.missing), steps, tuple(message.goal))


def to_skill_info(spec: SkillSpec) -> SkillInfo:
    """A skill's specification to a message."""
    return SkillInfo(
        name=spec.name,
        text=spec.text,
        robots=list(spec.robots),
        parameters=[_to_skill_parameter(p) for p in spec.parameters],
        preconditions=[str(c) for c in spec.preconditions],
        effects=[str(c) for c in spec.effects],
        rate=spec.rate,
        timeout=spec.timeout,
    )


def _to_skill_parameter(item: Parameter) -> SkillParameter:
    return SkillParameter(
        name=item.name,
        type=item.type,
        text=item.text,
        unit=item.unit,
        required=item.default is None,
        minimum=math.nan if item.minimum is None else float(item.minimum),
        maximum=math.nan if item.maximum is None else float(item.maximum),
        choices=list(item.choices),
        kinds=list(item.kinds),
        default_value=_to_value(item.default),
    )


def from_skill_info(message: SkillInfo) -> SkillSpec:
    """A message to a skill's specification; conditions are parsed back from their text."""
    return SkillSpec(
        name=message.name,
        text=message.text,
        robots=tuple(message.robots),
        parameters=tuple(_from_skill_parameter(p) for p in message.parameters),
        preconditions=tuple(parse_condition(c) for c in message.preconditions),
        effects=tuple(parse_condition(c) for c in message.effects),
        rate=message.rate,
        timeout=message.timeout,
    )


def _from_skill_parameter(message: SkillParameter) -> Parameter:
    return Parameter(
        name=message.name,
        type=message.type,
        text=message.text,
        unit=message.unit,
        default=None if message.required else _from_value(message.name, message.default_value),
        minimum=None if math.isnan(message.minimum) else message.minimum,
        maximum=None if math.isnan(message.maximum) else message.maximum,
        choices=tuple(message.choices),
        kinds=tuple(message.kinds),
    )


def _fill(message: object, names: str, values: Iterable[float]) -> None:
    for name, value in zip(names, values, strict=True):
        setattr(message, name, float(value))


def _read(message: object, names: str) -> Array:
    return np.array([getattr(message, name) for name in names], dtype=float)
