"""The network that nearly every policy is: normaliser and multi-layer perceptron, in numpy, far below a millisecond."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from robomatrix.errors import PolicyError, UnknownNameError

Array = NDArray[np.float32]


def elu(x: Array) -> Array:
    """Returns x where positive, exp(x) - 1 elsewhere."""
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def relu(x: Array) -> Array:
    """Returns x where positive, 0 elsewhere."""
    return np.maximum(x, 0)


ACTIVATIONS: Mapping[str, Callable[[Array], Array]] = MappingProxyType({"elu": elu, "relu": relu, "tanh": np.tanh})


class Mlp:
    """(x - mean) / std through dense layers; tensors are named mean, std, w0, b0, w1, b1, ..."""

    def __init__(
        self, tensors: Mapping[str, Array], sizes: Sequence[int], activation: str = "elu", prefix: str = ""
    ) -> None:
        """Takes the tensors under ``prefix`` for layer ``sizes`` (input, hidden ..., output).

        Raises:
            PolicyError: a tensor is missing or has another shape; names the first.
        """
        if activation not in ACTIVATIONS:
            raise UnknownNameError("activation", activation, ACTIVATIONS)
        self.input_size, self.output_size = sizes[0], sizes[-1]
        self._activation = ACTIVATIONS[activation]
        self._mean = tensor(tensors, f"{prefix}mean", (sizes[0],))
        self._inverse = 1.0 / tensor(tensors, f"{prefix}std", (sizes[0],))
        pairs = list(zip(sizes, sizes[1:], strict=False))
        self._weights = [tensor(tensors, f"{prefix}w{i}", (o, n)).T.copy() for i, (n, o) in enumerate(pairs)]
        self._biases = [tensor(tensors, f"{prefix}b{i}", (o,)) for i, (_, o) in enumerate(pairs)]

    def __call__(self, observation: NDArray[np.floating]) -> Array:
        """Returns (n, outputs) for (n, inputs), or (outputs,) for (inputs,)."""
        x = (np.asarray(observation, dtype=np.float32) - self._mean) * self._inverse
        last = len(self._weights) - 1
        for i, (weight, bias) in enumerate(zip(self._weights, self._biases, strict=True)):
            x = x @ weight + bias
            if i < last:
                x = self._activation(x)
        return x


def tensor(tensors: Mapping[str, Array], name: str, shape: tuple[int, ...]) -> Array:
    """Returns one tensor; PolicyError if it is missing or has another shape."""
    if name not in tensors:
        raise PolicyError(f"tensor '{name}' is missing; there are: {', '.join(sorted(tensors))}")
    if tensors[name].shape != shape:
        raise PolicyError(f"tensor '{name}' has shape {tensors[name].shape}, the spec says {shape}")
    return tensors[name].astype(np.float32)
