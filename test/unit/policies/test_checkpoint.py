from dataclasses import replace

import numpy as np
import pytest
import yaml

from robomatrix.errors import PolicyError
from robomatrix.policies.checkpoint import load_checkpoint, save_checkpoint
from robomatrix.policies.network import Mlp
from robomatrix.policies.spec import PolicySpec, Term
from robomatrix.robots.spec import JointSpec, RobotSpec

SIZES = (5, 8, 2)


def spec() -> PolicySpec:
    return PolicySpec(
        family="skillblender",
        name="walk",
        robot="toy",
        rate=50.0,
        joints=("a", "b"),
        observation=(Term("command", 3, "m/s", 2.0), Term("position", 2, "rad")),
        outputs=("a", "b"),
        action_scale=0.25,
        hidden=(8,),
        home=(0.1, -0.2),
    )


def tensors() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    shapes = {"mean": (5,), "w0": (8, 5), "b0": (8,), "w1": (2, 8), "b1": (2,)}
    return {"std": np.ones(5, np.float32), **{k: rng.normal(size=s).astype(np.float32) for k, s in shapes.items()}}


def robot(name: str = "toy", joints: tuple[str, ...] = ("a", "b", "c"), home: float = 0.1) -> RobotSpec:
    homes = {"a": home, "b": -0.2}
    made = tuple(JointSpec(j, "revolute", -1, 1, 1, 1, home=homes.get(j, 0.0)) for j in joints)
    return RobotSpec(name, "", None, "base", made, 50.0, (), ())


def test_what_is_saved_is_loaded_and_computes_the_same(tmp_path):
    saved = save_checkpoint(tmp_path, spec(), tensors(), {"error": 0.1}, "# toy")
    loaded = load_checkpoint(tmp_path)
    assert loaded.spec == saved
    x = np.linspace(-1, 1, 5)
    t = tensors()
    hidden = t["w0"] @ ((x - t["mean"]) / t["std"]) + t["b0"]
    expected = t["w1"] @ np.where(hidden > 0, hidden, np.exp(hidden) - 1) + t["b1"]
    assert Mlp(loaded.tensors, SIZES)(x) == pytest.approx(expected, abs=1e-5)


def test_network_treats_a_batch_as_its_rows(tmp_path):
    network, x = Mlp(tensors(), SIZES), np.random.default_rng(1).normal(size=(4, 5))
    assert network(x)[2] == pytest.approx(network(x[2]), abs=1e-6)


@pytest.mark.parametrize("cut", [0, 10, -1])
def test_truncated_weights_are_refused(tmp_path, cut):
    save_checkpoint(tmp_path, spec(), tensors())
    path = tmp_path / "policy.safetensors"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(PolicyError, match="damaged or altered"):
        load_checkpoint(tmp_path)


def test_altered_byte_is_refused(tmp_path):
    save_checkpoint(tmp_path, spec(), tensors())
    path = tmp_path / "policy.safetensors"
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    with pytest.raises(PolicyError, match="altered"):
        load_checkpoint(tmp_path)


def test_weights_that_are_not_finite_are_refused(tmp_path):
    save_checkpoint(tmp_path, spec(), {**tensors(), "b1": np.array([np.nan, 0], np.float32)})
    with pytest.raises(PolicyError, match="'b1'"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize(("key", "value", "said"), [("rates", 1, "unknown key 'rates'"), ("format", 2, "format 2")])
def test_spec_that_does_not_fit_is_refused(tmp_path, key, value, said):
    save_checkpoint(tmp_path, spec(), tensors())
    path = tmp_path / "spec.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), key: value}))
    with pytest.raises(PolicyError, match=said):
        load_checkpoint(tmp_path)


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(PolicyError, match="cannot be read"):
        load_checkpoint(tmp_path / "nothing")


def test_layer_of_another_size_is_named():
    with pytest.raises(PolicyError, match=r"'w0' has shape \(8, 5\), the spec says \(8, 6\)"):
        Mlp({**tensors(), "mean": np.zeros(6, np.float32), "std": np.ones(6, np.float32)}, (6, 8, 2))


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (robot("g1"), "made for robot 'toy', not 'g1'"),
        (robot(joints=("a", "c")), "no joint 'b'"),
        (robot(home=0.3), "a rests at 0.1 in the policy, at 0.3 here"),
    ],
)
def test_first_difference_to_the_robot_is_named(other, said):
    with pytest.raises(PolicyError, match=said):
        spec().require(other)


def test_first_difference_in_joints_and_observation_is_named():
    with pytest.raises(PolicyError, match="joint 0 is a in the policy and b here"):
        spec().require_joints(("b", "a"))
    with pytest.raises(PolicyError, match="1 observation terms here|2 observation terms in the policy and 1 here"):
        spec().require(robot(), spec().observation[:1])
    other = (replace(spec().observation[0], scale=1.0), spec().observation[1])
    with pytest.raises(PolicyError, match="observation term 0"):
        spec().require(robot(), other)
