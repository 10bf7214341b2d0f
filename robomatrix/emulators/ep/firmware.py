"""The emulated robot's own brain: SDK mode, settings, chassis controllers, and an answer to every message."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from robomatrix.emulators.ep.body import Body, Sense
from robomatrix.emulators.ep.chassis import Goal, Velocity, revolutions, status_flags, velocity_of
from robomatrix.emulators.ep.conventions import Conventions, Faults
from robomatrix.emulators.ep.grammar import GrammarError, Message, parse, sequence_of

Values = Mapping[str, Any]
"""Parameters of a message; the grammar has checked their types and ranges."""
PUSH_RATE = 5
"""Default of every push [Hz]."""


@dataclass
class Push:
    """One periodic report."""

    rate: int = 0
    """[Hz]; 0 is off."""
    due: float = 0.0


@dataclass
class Outbox:
    """Side effects of a message, carried out by the server."""

    stream: bool = False
    audio: bool = False
    quit: bool = False


class Firmware:
    """Answers messages and drives the body; :meth:`answer` and :meth:`advance` may be called from two threads."""

    def __init__(self, body: Body, conventions: Conventions | None = None, faults: Faults | None = None) -> None:
        self.body = body
        self.conventions = conventions or Conventions()
        self.faults = faults or Faults()
        self.lock = threading.Lock()
        self.sense: Sense = body.sense()
        self.fired = 0
        self._pending_shots = 0
        self._power_on()

    def _power_on(self) -> None:
        self.in_sdk_mode = False
        self.outbox = Outbox()
        self.mode = "free"
        self.pushes = {"position": Push(), "attitude": Push(), "status": Push(), "gimbal": Push()}
        self.events: set[str] = set()
        self.lights: dict[str, tuple[float, float, float, str]] = {}
        self._bead, self._armor, self._measuring = 1, 5, False
        self._servos = {1: 0.0, 2: 0.0, 3: 0.0}
        self._velocity = (0.0, 0.0, 0.0)
        self._goal: Goal | None = None
        self._arm_target: tuple[float, float] | None = None
        self._closing = 0.0
        self._gimbal = (0.0, 0.0)

    @property
    def wanted_velocity(self) -> Velocity:
        """What the chassis is asked for: forward, left [m/s] and counter-clockwise [rad/s]."""
        return self._velocity

    def leave(self) -> None:
        """Stops and forgets all settings, as the robot does on ``quit`` and when the client is lost."""
        with self.lock:
            self._power_on()

    def answer(self, text: str) -> str:
        """Returns the answer to one message (both without semicolon)."""
        try:
            message = parse(text)
            with self.lock:
                result = self._execute(message)
            seq = message.seq
        except GrammarError as error:
            result, seq = str(error), sequence_of(text)
        return result if seq is None else f"{result} seq {seq}"

    def _execute(self, message: Message) -> str:
        if message.name == "command":
            known, self.in_sdk_mode = self.in_sdk_mode, True
            return "Already in SDK mode" if known else "ok"
        if not self.in_sdk_mode:
            raise GrammarError("not in SDK mode")
        handler: Callable[[Values], str | None] = getattr(self, f"_on_{message.name}")
        return handler(message.values) or "ok"

    def advance(self, seconds: float) -> None:
        """Runs the controllers and the body for one tick."""
        with self.lock:
            velocity = self._chassis_velocity()
            shots, self._pending_shots = self._pending_shots, 0
            arm, closing, gimbal = self._arm_target, self._closing, self._gimbal
        inert = self.faults.inert
        self.body.drive(*((0.0, 0.0, 0.0) if "chassis" in inert else velocity))
        if arm is not None and "arm" not in inert:
            self.body.arm_to(*arm)
        self.body.grip(0.0 if "gripper" in inert else closing)
        self.body.aim(*gimbal)
        if shots and "blaster" not in inert:
            self.body.fire(shots)
        self.body.advance(seconds)
        sense = self.body.sense()
        with self.lock:
            self.sense = sense

    def due(self, now: float) -> list[str]:
        """Returns the push messages that are due at a time [s]."""
        with self.lock:
            chassis = [self._report(key) for key in ("position", "attitude", "status") if self._is_due(key, now)]
            found = ["chassis push " + " ;".join(chassis) + " ;"] if chassis else []
            if self._is_due("gimbal", now):
                found.append(f"gimbal push attitude {self._on_get_gimbal_attitude({})} ;")
            return found

    def _is_due(self, key: str, now: float) -> bool:
        push = self.pushes[key]
        if push.rate == 0 or now < push.due:
            return False
        push.due = max(push.due + 1.0 / push.rate, now)
        return True

    def _report(self, key: str) -> str:
        readers = {
            "position": self._on_get_chassis_position, "attitude": self._on_get_chassis_attitude,
            "status": self._on_get_chassis_status,
        }  # fmt: skip
        return f"{key} {readers[key]({})}"

    def _number(self, value: float) -> str:
        return "nan" if self.faults.not_a_number else f"{value:.3f}"

    def _line(self, *values: float) -> str:
        return " ".join(map(self._number, values))

    # Chassis. The SDK's y points right and its yaw turns clockwise.

    def _chassis_velocity(self) -> Velocity:
        if self._goal is None:
            return self._velocity
        velocity = self._goal.velocity(self.sense)
        if velocity is None:
            self._goal, self._velocity = None, (0.0, 0.0, 0.0)
            return self._velocity
        return velocity

    def _on_quit(self, values: Values) -> None:
        self._power_on()
        self.outbox.quit = True

    def _on_version(self, values: Values) -> str:
        return f"version {self.conventions.version}"

    def _on_set_mode(self, values: Values) -> None:
        self.mode = str(values["mode"])

    def _on_get_mode(self, values: Values) -> str:
        return self.mode

    def _on_get_battery(self, values: Values) -> str:
        # A full battery lasts about two hours; 26 Wh at a mean of 13 W.
        return str(max(1, round(100 - self.sense.time / 72.0)))

    def _on_chassis_speed(self, values: Values) -> None:
        self._goal = None
        self._velocity = (values["x"], -values["y"], -math.radians(values["z"]))

    def _on_chassis_wheel(self, values: Values) -> None:
        turned = {name: values[f"w{i + 1}"] for i, name in enumerate(self.conventions.wheels)}
        self._goal, self._velocity = None, velocity_of(turned)

    def _on_chassis_move(self, values: Values) -> None:
        if not {"x", "y", "z"} & set(values):
            raise GrammarError("command format error")
        turn = math.radians(values.get("z", 0.0)) * (-1.0 if self.conventions.move_clockwise else 1.0)
        x, y = values.get("x", 0.0), -values.get("y", 0.0)
        speed, rate = values.get("vxy", 0.5), math.radians(values.get("vz", 30.0))
        self._goal = Goal.ahead(self.sense, x, y, turn, speed, rate)

    def _on_get_chassis_speed(self, values: Values) -> str:
        s, wheels = self.sense, revolutions(self.sense, self.conventions.wheels)
        return self._line(s.vx, -s.vy, -math.degrees(s.wz)) + " " + " ".join(str(round(w)) for w in wheels)

    def _on_get_chassis_position(self, values: Values) -> str:
        return self._line(self.sense.x, -self.sense.y, -math.degrees(self.sense.yaw))

    def _on_get_chassis_attitude(self, values: Values) -> str:
        yaw = -math.degrees(math.remainder(self.sense.yaw, math.tau))
        return self._line(-math.degrees(self.sense.pitch), math.degrees(self.sense.roll), yaw)

    def _on_get_chassis_status(self, values: Values) -> str:
        return " ".join(str(int(flag)) for flag in status_flags(self.sense))

    def _on_chassis_push(self, values: Values) -> None:
        keys = [key for key in ("position", "attitude", "status") if key in values]
        if not keys:
            raise GrammarError("command format error")
        for key in keys:
            rate = values.get("freq", values.get(f"{key[0]}freq", PUSH_RATE))
            self.pushes[key] = Push(int(rate) if values[key] == "on" else 0)

    # Gimbal, blaster, lights.

    def _on_gimbal_speed(self, values: Values) -> None:
        """The EP with an arm has no gimbal; the speed is accepted and has no effect."""

    def _on_gimbal_move(self, values: Values) -> None:
        pitch, yaw = self._gimbal
        self._aim(math.degrees(pitch) + values.get("p", 0.0), -math.degrees(yaw) + values.get("y", 0.0))

    def _on_gimbal_moveto(self, values: Values) -> None:
        pitch, yaw = self._gimbal
        self._aim(values.get("p", math.degrees(pitch)), values.get("y", -math.degrees(yaw)))

    def _aim(self, pitch: float, yaw: float) -> None:
        self._gimbal = (math.radians(min(max(pitch, -25.0), 30.0)), -math.radians(min(max(yaw, -250.0), 250.0)))

    def _on_gimbal_suspend(self, values: Values) -> None:
        """The motors go limp; nothing to emulate without a load."""

    _on_gimbal_resume = _on_gimbal_suspend

    def _on_gimbal_recenter(self, values: Values) -> None:
        self._gimbal = (0.0, 0.0)

    def _on_get_gimbal_attitude(self, values: Values) -> str:
        pitch, yaw = self.sense.gimbal
        return self._line(math.degrees(pitch), -math.degrees(yaw))

    def _on_gimbal_push(self, values: Values) -> None:
        on = values["attitude"] == "on"
        self.pushes["gimbal"] = Push(int(values.get("afreq", PUSH_RATE)) if on else 0)

    def _on_set_bead(self, values: Values) -> None:
        self._bead = int(values["count"])

    def _on_get_bead(self, values: Values) -> str:
        return str(self._bead)

    def _on_fire(self, values: Values) -> None:
        self.fired += self._bead
        self._pending_shots += self._bead

    def _on_set_armor(self, values: Values) -> None:
        self._armor = int(values["level"])

    def _on_get_armor(self, values: Values) -> str:
        return str(self._armor)

    def _switch_event(self, name: str, values: Values) -> None:
        (self.events.add if values["switch"] == "on" else self.events.discard)(name)

    def _on_armor_event(self, values: Values) -> None:
        self._switch_event("armor", values)

    def _on_sound_event(self, values: Values) -> None:
        self._switch_event("sound", values)

    def _on_sensor_event(self, values: Values) -> None:
        self._switch_event("sensor_adapter", values)

    def _on_led(self, values: Values) -> None:
        self.lights[str(values["comp"])] = (values["r"], values["g"], values["b"], str(values["effect"]))

    # Sensors, servos, arm, gripper.

    def _on_measure(self, values: Values) -> None:
        self._measuring = values["switch"] == "on"

    def _on_get_distance(self, values: Values) -> str:
        index = int(values["id"]) - 1
        if not self._measuring or index >= len(self.sense.ranges):
            raise GrammarError("error")
        distance = self.faults.frozen_range if self.faults.frozen_range is not None else self.sense.ranges[index]
        return str(round(1e3 * min(max(distance, 0.1), 10.0)))

    def _on_get_adc(self, values: Values) -> str:
        return "0"

    _on_get_io = _on_get_adc

    def _on_servo_angle(self, values: Values) -> None:
        self._servos[int(values["id"])] = float(values["angle"])

    def _on_servo_speed(self, values: Values) -> None:
        """Accepted; the EP's servos belong to the arm."""

    _on_servo_stop = _on_servo_speed
    _on_pwm = _on_servo_speed
    _on_ai_attribute = _on_servo_speed
    _on_ai_push = _on_servo_speed
    _on_exposure = _on_servo_speed
    _on_game_msg = _on_servo_speed

    def _on_get_servo_angle(self, values: Values) -> str:
        return self._number(self._servos[int(values["id"])])

    def _on_arm_move(self, values: Values) -> None:
        unit = self.conventions.arm_unit
        x, z = self._arm_target or self.sense.arm
        self._arm_target = (x + unit * values["x"], z + unit * values["y"])

    def _on_arm_moveto(self, values: Values) -> None:
        unit = self.conventions.arm_unit
        self._arm_target = (unit * values["x"], unit * values["y"])

    def _on_arm_recenter(self, values: Values) -> None:
        self._arm_target = (0.100, 0.057)

    def _on_arm_stop(self, values: Values) -> None:
        self._arm_target = self.sense.arm

    def _on_get_arm(self, values: Values) -> str:
        return self._line(*(v / self.conventions.arm_unit for v in self.sense.arm))

    def _on_gripper_open(self, values: Values) -> None:
        self._closing = -values.get("level", 2.0) / 4.0

    def _on_gripper_close(self, values: Values) -> None:
        self._closing = values.get("level", 2.0) / 4.0

    _on_gripper_open_bare = _on_gripper_open
    _on_gripper_close_bare = _on_gripper_close

    def _on_get_gripper(self, values: Values) -> str:
        return "0" if self.sense.opening < 0.03 else "2" if self.sense.opening > 0.97 else "1"

    def _on_stream(self, values: Values) -> None:
        self.outbox.stream = values["switch"] == "on"

    def _on_audio(self, values: Values) -> None:
        self.outbox.audio = values["switch"] == "on"
