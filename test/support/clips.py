"""A clip that the tests make themselves: a person of the player's proportions who squats with a ball in the hands."""

from __future__ import annotations

import mujoco
import numpy as np

from robomatrix.motions.ballplay import BODIES
from robomatrix.motions.clip import Clip
from robomatrix.resources import resource

RATE = 60.0
FOLLOWS = {
    "Pelvis": "pelvis", "Head": "head",
    **{f"{c}_{body}": f"{s}_{frame}" for s, c in (("left", "L"), ("right", "R"))
       for body, frame in (("Hip", "thigh"), ("Knee", "shank"), ("Ankle", "foot"), ("Shoulder", "upper_arm"),
                           ("Elbow", "forearm"), ("Wrist", "hand"))},
}  # fmt: skip


def _pose(model: mujoco.MjModel, bend: float) -> mujoco.MjData:
    data = mujoco.MjData(model)
    data.qpos[2] = 0.114 + 0.036 + 0.827 * np.cos(bend) - 0.002
    for side, sign in (("left", 1.0), ("right", -1.0)):
        data.joint(f"{side}_hip_pitch").qpos = -bend
        data.joint(f"{side}_knee").qpos = 2.0 * bend
        data.joint(f"{side}_ankle_pitch").qpos = -bend
        data.joint(f"{side}_shoulder_pitch").qpos = -0.6
        data.joint(f"{side}_elbow").qpos = -1.0
        data.joint(f"{side}_shoulder_yaw").qpos = -0.45 * sign
    mujoco.mj_forward(model, data)
    return data


def _positions(model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
    found = np.tile(data.body("torso").xpos, (len(BODIES), 1))
    for name, frame in FOLLOWS.items():
        point = data.site("head").xpos if frame == "head" else data.body(frame).xpos
        found[BODIES.index(name)] = point
    for side, c in (("left", "L"), ("right", "R")):
        hand = data.body(f"{side}_hand")
        turn, sign = hand.xmat.reshape(3, 3), 1.0 if side == "left" else -1.0
        found[BODIES.index(f"{c}_Toe")] = data.site(f"{side}_toe").xpos
        for name, local in (("Index1", (0.03, 0, -0.1)), ("Middle1", (0, 0, -0.1)), ("Pinky1", (-0.03, 0, -0.1)),
                            ("Index3", (0.03, -0.02 * sign, -0.17)), ("Middle3", (0, -0.02 * sign, -0.17)),
                            ("Pinky3", (-0.03, -0.02 * sign, -0.17))):  # fmt: skip
            found[BODIES.index(f"{c}_{name}")] = hand.xpos + turn @ local
    return found


def made_clip() -> Clip:
    """Returns half a second of squatting with the ball between the palms; then the ball falls freely."""
    model = mujoco.MjModel.from_xml_path(str(resource("urdf", "player.xml")))
    bends = 0.25 + 0.15 * np.sin(np.linspace(0.0, np.pi, 40))
    poses = [_pose(model, bend) for bend in bends]
    positions = np.array([_positions(model, pose) for pose in poses])
    ball = np.array([(p.site("left_palm").xpos + p.site("right_palm").xpos) / 2 for p in poses])
    time = np.arange(10) / RATE
    ball[30:] = ball[30] - np.outer(0.5 * 9.81 * (time + 0.3) ** 2, [0, 0, 1]) + [0.0, 0.0, 0.44]
    upright = np.tile([1.0, 0.0, 0.0, 0.0], (40, 1))
    return Clip("made", "pick_up", RATE, BODIES, positions, upright, ball, upright.copy(), np.arange(40) < 30)
