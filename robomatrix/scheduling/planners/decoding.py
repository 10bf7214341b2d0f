"""Keeps a generating model inside the grammar of plans: by llguidance where it is installed, else by an automaton."""

from __future__ import annotations

import json
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

import torch
from transformers import LogitsProcessor, PreTrainedTokenizerBase, StoppingCriteria

from robomatrix.scheduling.planners.automaton import Expression, VocabularyTree, may_end

if TYPE_CHECKING:
    from llguidance import LLTokenizer


class TokenMask(Protocol):
    """Says after each token which may come next."""

    def allowed(self, size: int) -> torch.Tensor:
        """Returns a boolean mask over the vocabulary (size,)."""

    def advance(self, token: int) -> None:
        """Takes the token that was chosen."""


def has_llguidance() -> bool:
    """Returns whether the grammar engine is installed."""
    return find_spec("llguidance") is not None


class Unmasked:
    """Allows everything, for comparison."""

    def allowed(self, size: int) -> torch.Tensor:
        """Returns a boolean mask over the vocabulary (size,)."""
        return torch.ones(size, dtype=torch.bool)

    def advance(self, token: int) -> None:
        """Takes the token that was chosen."""


class SchemaMask:
    """A JSON Schema enforced by llguidance."""

    def __init__(self, tokenizer: LLTokenizer, schema: dict[str, Any]) -> None:
        """Compiles the grammar. Raises ValueError if the engine does not take it."""
        from llguidance import LLMatcher

        style = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
        grammar = LLMatcher.grammar_from_json_schema(json.dumps(schema), style)
        self._matcher = LLMatcher(tokenizer, grammar)
        if self._matcher.is_error():
            raise ValueError(self._matcher.get_error())

    def allowed(self, size: int) -> torch.Tensor:
        """Returns a boolean mask over the vocabulary (size,)."""
        packed = torch.frombuffer(bytearray(self._matcher.compute_bitmask()), dtype=torch.uint8)
        bits = (packed.unsqueeze(-1) >> torch.arange(8, dtype=torch.uint8)) & 1
        mask = torch.zeros(size, dtype=torch.bool)
        flat = bits.flatten().bool()[:size]
        mask[: len(flat)] = flat
        return mask

    def advance(self, token: int) -> None:
        """Takes the token that was chosen."""
        if not self._matcher.is_stopped():
            self._matcher.consume_token(token)


class AutomatonMask:
    """A plan grammar enforced by derivatives over the tree of the vocabulary."""

    def __init__(self, tree: VocabularyTree, grammar: Expression, end: int) -> None:
        """Takes the vocabulary, the grammar and the id of the end token."""
        self._tree, self._rest, self._end = tree, grammar, end

    def allowed(self, size: int) -> torch.Tensor:
        """Returns a boolean mask over the vocabulary (size,)."""
        mask = torch.zeros(size, dtype=torch.bool)
        tokens = self._tree.allowed(self._rest)
        mask[tokens] = True
        if may_end(self._rest) or not tokens:
            mask[self._end] = True
        return mask

    def advance(self, token: int) -> None:
        """Takes the token that was chosen."""
        if token != self._end:
            self._rest = self._tree.after(self._rest, token)


class Masked(LogitsProcessor):
    """Applies a mask to the logits of one sequence, and sums the log-probabilities of what is chosen."""

    def __init__(self, mask: TokenMask, prompt: int) -> None:
        """Takes the mask and the length of the prompt [tokens]."""
        self._mask, self._prompt = mask, prompt
        self._log_probabilities: torch.Tensor | None = None
        self.total, self.count = 0.0, 0
        self.seconds = 0.0
        """Spent on masking."""

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Returns the logits (1, vocabulary) with what is not allowed at minus infinity."""
        started = time.perf_counter()
        if input_ids.shape[1] > self._prompt:
            self._chosen(int(input_ids[0, -1]))
        mask = self._mask.allowed(scores.shape[-1]).to(scores.device)
        masked = scores.masked_fill(~mask, float("-inf"))
        self._log_probabilities = torch.log_softmax(masked.float(), dim=-1)[0]
        self.seconds += time.perf_counter() - started
        return masked

    def _chosen(self, token: int) -> None:
        if self._log_probabilities is not None:
            self.total += float(self._log_probabilities[token])
            self.count += 1
        self._mask.advance(token)

    @property
    def confidence(self) -> float:
        """Mean log-probability of the tokens so far, among those that were allowed."""
        return self.total / max(self.count, 1)


class Deadline(StoppingCriteria):
    """Ends the generation when the time is over."""

    def __init__(self, deadline: float) -> None:
        """Takes the end on :func:`time.monotonic` [s]."""
        self._deadline = deadline
        self.passed = False

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor, **_: Any) -> torch.BoolTensor:
        """Returns for each sequence whether to stop."""
        self.passed = time.monotonic() >= self._deadline
        return torch.full((input_ids.shape[0],), self.passed, dtype=torch.bool, device=input_ids.device)


def vocabulary(tokenizer: PreTrainedTokenizerBase, size: int) -> list[str]:
    """Returns the text of each token as it appears inside a text; empty for special tokens."""
    special = set(tokenizer.all_special_ids)
    anchor = tokenizer.encode("{", add_special_tokens=False)
    start = len(tokenizer.decode(anchor))
    known = min(size, len(tokenizer))
    texts = [tokenizer.decode([*anchor, i])[start:] if i not in special else "" for i in range(known)]
    return ["" if "\ufffd" in text else text for text in texts] + [""] * (size - known)
