"""Runs a small Llama-type checkpoint in numpy: the folder is an ordinary Hugging Face model, no torch is needed.

Importing transformers takes several seconds of processor time, more than a user waits for a plan; a model of this size
decodes faster in numpy than in a framework. A test holds both to the same numbers. Weights are safetensors only.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from robomatrix.errors import ConfigurationError, PlanningError
from robomatrix.scheduling.planners.automaton import Expression, VocabularyTree, may_end

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from threadpoolctl import ThreadpoolController
    from tokenizers import Tokenizer

    Array = NDArray[np.float32]

_MAX_TOKENS = 120
_MOST_READ = 512
"""Tokens of a prompt, four times what training has; other scripts than Latin take a token a byte."""


@dataclass(frozen=True)
class Written:
    """What the model wrote."""

    text: str
    confidence: float
    """Log-probability of the whole text, among all that the grammar allowed."""
    tokens: int
    mask_seconds: float
    """Spent on the grammar."""


@dataclass
class _Cache:
    """Keys and values of the tokens so far, a pair of (heads, tokens, head width) for each layer."""

    keys: list[Array] = field(default_factory=list)
    values: list[Array] = field(default_factory=list)


class TokenStates:
    """The states that a grammar can be in between tokens, numbered, so that a known step costs a look-up."""

    def __init__(self, tree: VocabularyTree, end: int) -> None:
        self._tree, self._end = tree, end
        self._numbers: dict[Expression, int] = {}
        self._expressions: list[Expression] = []
        self._allowed: dict[int, NDArray[np.int64]] = {}
        self._next: dict[tuple[int, int], int] = {}

    def number(self, expression: Expression) -> int:
        """Returns the number of a state."""
        if expression not in self._numbers:
            self._numbers[expression] = len(self._expressions)
            self._expressions.append(expression)
        return self._numbers[expression]

    def allowed(self, state: int) -> NDArray[np.int64]:
        """Returns the tokens that may come next."""
        if state not in self._allowed:
            expression = self._expressions[state]
            tokens = self._tree.allowed(expression)
            ends = [self._end] if may_end(expression) or not tokens else []
            self._allowed[state] = np.array([*tokens, *ends])
        return self._allowed[state]

    def after(self, state: int, token: int) -> int:
        """Returns the state after a token."""
        if (state, token) not in self._next:
            self._next[state, token] = self.number(self._tree.after(self._expressions[state], token))
        return self._next[state, token]


@dataclass(frozen=True)
class LlamaWeights:
    """Configuration and float32 tensors of a checkpoint."""

    config: dict[str, Any]
    tensors: dict[str, Array]

    @classmethod
    def load(cls, folder: Path) -> LlamaWeights:
        """Reads a folder as Hugging Face writes it. Raises ConfigurationError, saying what is wrong with it."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            stored = load_file(folder / "model.safetensors")
        except (OSError, ValueError, SafetensorError) as error:
            raise ConfigurationError(f"{folder}: no planner model can be read: {error}") from None
        if config.get("model_type") != "llama" or config.get("num_key_value_heads") != config["num_attention_heads"]:
            raise ConfigurationError(f"{folder}: not a Llama-type model without grouped heads")
        return cls(config, {name: value.astype(np.float32) for name, value in stored.items()})


class Decoder:
    """The forward pass with a cache."""

    def __init__(self, weights: LlamaWeights) -> None:
        config, self._tensors = weights.config, weights.tensors
        self._layers = int(config["num_hidden_layers"])
        self._heads = int(config["num_attention_heads"])
        self._epsilon = float(config["rms_norm_eps"])
        self._width = int(config.get("head_dim") or config["hidden_size"] // self._heads)
        theta = float((config.get("rope_parameters") or config).get("rope_theta", 10_000.0))
        self._frequencies = theta ** (-np.arange(0, self._width, 2, dtype=np.float32) / self._width)
        self._embedding = self._tensors["model.embed_tokens.weight"]
        matrices = (name for name, value in self._tensors.items() if value.ndim == 2 and value is not self._embedding)
        self._columns = {name: np.ascontiguousarray(self._tensors[name].T) for name in matrices}

    def forward(self, tokens: Sequence[int], cache: _Cache) -> Array:
        """Returns the logits (vocabulary,) after some tokens, which are added to the cache."""
        start = cache.keys[0].shape[1] if cache.keys else 0
        hidden = self._embedding[list(tokens)]
        angles = np.arange(start, start + len(tokens), dtype=np.float32)[:, None] * self._frequencies
        turn = np.cos(angles), np.sin(angles)
        for layer in range(self._layers):
            prefix = f"model.layers.{layer}."
            normed = self._norm(hidden, f"{prefix}input_layernorm.weight")
            hidden = hidden + self._attend(normed, f"{prefix}self_attn.", layer, turn, cache)
            normed = self._norm(hidden, f"{prefix}post_attention_layernorm.weight")
            hidden = hidden + self._feed(normed, f"{prefix}mlp.")
        return self._embedding @ self._norm(hidden[-1], "model.norm.weight")

    def _linear(self, x: Array, name: str) -> Array:
        return x @ self._columns[f"{name}.weight"]

    def _norm(self, x: Array, name: str) -> Array:
        scale = np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + self._epsilon)
        return x / scale * self._tensors[name]

    def _feed(self, x: Array, prefix: str) -> Array:
        gate = self._linear(x, f"{prefix}gate_proj")
        return self._linear(gate / (1.0 + np.exp(-gate)) * self._linear(x, f"{prefix}up_proj"), f"{prefix}down_proj")

    def _attend(self, x: Array, prefix: str, layer: int, turn: tuple[Array, Array], cache: _Cache) -> Array:
        query, key, value = (self._split(self._linear(x, f"{prefix}{name}_proj")) for name in "qkv")
        query, key = _rotated(query, *turn), _rotated(key, *turn)
        if len(cache.keys) > layer:
            key = np.concatenate([cache.keys[layer], key], axis=1)
            value = np.concatenate([cache.values[layer], value], axis=1)
            cache.keys[layer], cache.values[layer] = key, value
        else:
            cache.keys.append(key)
            cache.values.append(value)
        scores = query @ key.transpose(0, 2, 1) / np.float32(np.sqrt(self._width))
        length, known = scores.shape[1:]
        if length > 1:
            later = np.arange(known)[None, :] > np.arange(known - length, known)[:, None]
            scores = np.where(later, np.float32(-1e30), scores)
        mixed = _softmax(scores) @ value
        return self._linear(mixed.transpose(1, 0, 2).reshape(length, -1), f"{prefix}o_proj")

    def _split(self, x: Array) -> Array:
        return x.reshape(len(x), self._heads, self._width).transpose(1, 0, 2)


def _rotated(x: Array, cosine: Array, sine: Array) -> Array:
    """Turns the halves of each head by the position (rotary embedding; Su et al. 2021, section 3.2)."""
    first, second = np.split(x, 2, axis=-1)
    return np.concatenate([first * cosine - second * sine, second * cosine + first * sine], axis=-1)


def _softmax(x: Array) -> Array:
    raised = np.exp(x - x.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


@dataclass(frozen=True)
class SmallModel:
    """A checkpoint with its tokenizer, decoding greedily under a grammar. Loads on first use."""

    folder: Path
    _starts: dict[Hashable, int] = field(default_factory=dict, repr=False)
    _offered: dict[str, NDArray[np.bool_]] = field(default_factory=dict, repr=False)

    def load(self) -> None:
        """Loads now. Raises ConfigurationError if the folder holds no model."""
        _ = self._decoder, self._states

    @cached_property
    def _decoder(self) -> Decoder:
        return Decoder(LlamaWeights.load(self.folder))

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        path = self.folder / "tokenizer.json"
        if not path.is_file():
            raise ConfigurationError(f"{path} is missing")
        return Tokenizer.from_file(str(path))

    @cached_property
    def _threads(self) -> ThreadpoolController:
        from threadpoolctl import ThreadpoolController

        return ThreadpoolController()

    @cached_property
    def _end(self) -> int:
        return int(LlamaWeights.load(self.folder).config["eos_token_id"])

    @cached_property
    def _texts(self) -> list[str]:
        tokenizer = self._tokenizer
        texts = (tokenizer.decode([i], skip_special_tokens=False) for i in range(tokenizer.get_vocab_size()))
        return ["" if "\ufffd" in text or i == self._end else text for i, text in enumerate(texts)]

    @cached_property
    def _states(self) -> TokenStates:
        return TokenStates(VocabularyTree(self._texts), self._end)

    def write(
        self,
        prompt: str,
        form: Hashable,
        grammar: Callable[[], Expression] | None,
        deadline: float,
        excluded: str = "",
    ) -> Written:
        """Returns what the model writes after a prompt.

        Args:
            prompt: text.
            form: tells one grammar from another.
            grammar: makes the grammar of what it may write; None for anything.
            deadline: on :func:`time.monotonic` [s].
            excluded: letters that it must not write though the grammar has them; so one grammar serves all prompts.

        Raises:
            PlanningError: it did not come to an end in time, or the prompt is too long.
        """
        with self._threads.limit(limits=1):  # threads cost more than they bring at this size
            return self._written(prompt, form, grammar, deadline, excluded)

    def _written(
        self, prompt: str, form: Hashable, grammar: Callable[[], Expression] | None, deadline: float, excluded: str
    ) -> Written:
        cache, written = _Cache(), []
        began = time.perf_counter()
        state = None if grammar is None else self._start(form, grammar)
        offered = self._without(excluded)
        total, spent = 0.0, time.perf_counter() - began
        tokens = self._tokenizer.encode(prompt).ids
        if len(tokens) > _MOST_READ:
            raise PlanningError("that is longer than the model reads")
        logits = self._decoder.forward(tokens, cache)
        while len(written) < _MAX_TOKENS:
            if time.monotonic() >= deadline:
                raise PlanningError("the model did not finish in time")
            began = time.perf_counter()
            allowed = None if state is None else self._states.allowed(state)
            allowed = allowed[offered[allowed]] if allowed is not None else None
            spent += time.perf_counter() - began
            chosen, log_probability = _likeliest(logits, allowed)
            total += log_probability
            if chosen == self._end:
                text = self._tokenizer.decode(written, skip_special_tokens=True)
                return Written(text, total, len(written) + 1, spent)
            began = time.perf_counter()
            state = None if state is None else self._states.after(state, chosen)
            spent += time.perf_counter() - began
            written.append(chosen)
            logits = self._decoder.forward([chosen], cache)
        raise PlanningError(f"the model's answer was cut off after {_MAX_TOKENS} tokens")

    def _without(self, letters: str) -> NDArray[np.bool_]:
        """Returns which tokens hold none of some letters, (vocabulary,)."""
        if letters not in self._offered:
            self._offered[letters] = np.array([not set(letters) & set(text) for text in self._texts])
        return self._offered[letters]

    def _start(self, form: Hashable, grammar: Callable[[], Expression]) -> int:
        if form not in self._starts:
            self._starts[form] = self._states.number(grammar())
        return self._starts[form]


def _likeliest(logits: Array, allowed: NDArray[np.int64] | None) -> tuple[int, float]:
    """Returns the likeliest allowed token and its log-probability among the allowed ones."""
    offered = logits if allowed is None else logits[allowed]
    best = int(offered.argmax())
    token = best if allowed is None else int(allowed[best])
    return token, -float(np.log(np.exp(offered - offered[best]).sum()))
