from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from robomatrix.motions.rotations import (
    angular_velocity,
    conjugate,
    continuous,
    from_matrix,
    from_rotation_vector,
    from_yaw,
    multiply,
    rotate,
    to_matrix,
    to_rotation_vector,
    yaw_of,
)  # fmt: skip

VECTORS = arrays(float, (4, 3), elements=st.floats(-3.0, 3.0))


@given(VECTORS)
def test_a_rotation_vector_and_its_wrap_are_one_rotation(v: np.ndarray) -> None:
    length = np.linalg.norm(v, axis=1, keepdims=True)
    wrapped = np.where(length > 0.1, v * (1.0 - 2.0 * np.pi / np.maximum(length, 0.1)), v)
    one, other = from_rotation_vector(v), from_rotation_vector(wrapped)
    np.testing.assert_allclose(np.abs(np.sum(one * other, axis=1)), 1.0, atol=1e-9)


@given(VECTORS)
def test_short_rotation_vectors_come_back(v: np.ndarray) -> None:
    v = v / 3.0
    np.testing.assert_allclose(to_rotation_vector(from_rotation_vector(v)), v, atol=1e-9)


@given(VECTORS, VECTORS)
def test_matrices_and_quaternions_agree(a: np.ndarray, b: np.ndarray) -> None:
    p, q = from_rotation_vector(a), from_rotation_vector(b)
    np.testing.assert_allclose(to_matrix(multiply(p, q)), to_matrix(p) @ to_matrix(q), atol=1e-9)
    np.testing.assert_allclose(rotate(conjugate(q), rotate(q, a)), a, atol=1e-9)
    same = np.abs(np.sum(from_matrix(to_matrix(q)) * q, axis=1))
    np.testing.assert_allclose(same, 1.0, atol=1e-9)


def test_velocity_of_a_steady_turn_with_flipped_signs() -> None:
    q = from_yaw(np.linspace(0.0, 3.0, 31))
    q[10:20] *= -1.0
    np.testing.assert_allclose(angular_velocity(continuous(q), 10.0), np.tile([0, 0, 1.0], (31, 1)), atol=1e-9)
    np.testing.assert_allclose(yaw_of(q[5]), 0.5)
