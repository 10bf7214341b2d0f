"""Any causal language model of Hugging Face, by name or from a folder, held to the grammar of plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

from robomatrix.errors import ConfigurationError, PlanningError
from robomatrix.pretrained import load_pretrained, load_weights
from robomatrix.scheduling.planners.model import Completion, ModelPlanner
from robomatrix.scheduling.prompt import Message

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from robomatrix.scheduling.planners.decoding import TokenMask

_MAX_TOKENS = 1024


@dataclass
class TransformersBackend:
    """Generates greedily under a grammar. The model loads on first use, or ahead with :meth:`load`."""

    model: str
    """Folder, or name of a model that was fetched before."""
    device: str = "auto"
    """cpu, cuda, cuda:1, mps; auto takes a GPU if there is one."""
    dtype: str = "auto"
    """float32, float16, bfloat16; auto takes what the checkpoint says."""
    threads: int | None = None
    """CPU threads; None leaves torch's choice."""
    grammar: str = "auto"
    """llguidance, automaton or none; auto takes llguidance where it is installed and knows the tokenizer."""
    download: bool = False
    """True fetches a model that is not on this machine."""
    mask_seconds: float = 0.0
    """Of the last answer, for measuring."""
    tokens: int = 0
    """Of the last answer."""
    _lock: Lock = field(default_factory=Lock, repr=False)
    """One answer at a time."""

    @property
    def name(self) -> str:
        """For the audit log."""
        return f"transformers:{self.model}"

    def load(self) -> None:
        """Loads the model; call it off the executor's thread. Raises ConfigurationError if it is not there."""
        _ = self._loaded

    @cached_property
    def _loaded(self) -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        if self.threads:
            torch.set_num_threads(self.threads)
        tokenizer = load_pretrained(AutoTokenizer, self.model, self.download)
        model = load_weights(AutoModelForCausalLM, self.model, self.download, dtype=self.dtype)
        return tokenizer, model.to(self._device())

    def _device(self) -> str:
        import torch

        if self.device != "auto":
            return self.device
        return "cuda" if torch.cuda.is_available() else "cpu"

    def complete(self, told: Sequence[Message], schema: dict[str, Any], deadline: float) -> Completion:
        """Returns the model's answer. Raises PlanningError if it is cut off or the model cannot be loaded."""
        try:
            tokenizer, model = self._loaded
        except ConfigurationError as error:
            raise PlanningError(str(error)) from None
        with self._lock:
            return self._generate(tokenizer, model, told, schema, deadline)

    def _generate(
        self,
        tokenizer: PreTrainedTokenizerBase,
        model: PreTrainedModel,
        told: Sequence[Message],
        schema: dict[str, Any],
        deadline: float,
    ) -> Completion:
        import torch
        from transformers import LogitsProcessorList, StoppingCriteriaList

        from robomatrix.scheduling.planners.decoding import Deadline, Masked

        prompt = self._prompt(tokenizer, told).to(model.device)
        masked = Masked(self._mask(tokenizer, model, schema), prompt.shape[1])
        timer = Deadline(deadline)
        with torch.inference_mode():
            output = model.generate(
                prompt,
                attention_mask=torch.ones_like(prompt),
                max_new_tokens=_MAX_TOKENS,
                do_sample=False,
                logits_processor=LogitsProcessorList([masked]),
                stopping_criteria=StoppingCriteriaList([timer]),
                pad_token_id=self._end(tokenizer),
                eos_token_id=self._end(tokenizer),
            )
        written = output[0, prompt.shape[1] :]
        self.mask_seconds, self.tokens = masked.seconds, len(written)
        if timer.passed:
            raise PlanningError("the model did not finish in time")
        if len(written) >= _MAX_TOKENS:
            raise PlanningError(f"the model's answer was cut off after {_MAX_TOKENS} tokens")
        return Completion(tokenizer.decode(written, skip_special_tokens=True), masked.confidence)

    @staticmethod
    def _prompt(tokenizer: PreTrainedTokenizerBase, told: Sequence[Message]) -> Any:
        if tokenizer.chat_template:
            text = tokenizer.apply_chat_template(list(told), tokenize=False, add_generation_prompt=True)
            return tokenizer(text, return_tensors="pt", add_special_tokens=False).input_ids
        text = "\n\n".join(message["content"] for message in told) + "\n\nAnswer: "
        return tokenizer(text, return_tensors="pt").input_ids

    @staticmethod
    def _end(tokenizer: PreTrainedTokenizerBase) -> int:
        return tokenizer.eos_token_id if tokenizer.eos_token_id is not None else 0

    def _mask(self, tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel, schema: dict[str, Any]) -> TokenMask:
        from robomatrix.scheduling.planners.automaton import schema_grammar
        from robomatrix.scheduling.planners.decoding import AutomatonMask, SchemaMask, Unmasked, has_llguidance

        if self.grammar == "none":
            return Unmasked()
        if self.grammar != "automaton" and has_llguidance():
            try:
                return SchemaMask(self._engine_tokenizer, schema)
            except ValueError:
                if self.grammar == "llguidance":
                    raise
        return AutomatonMask(self._tree, schema_grammar(schema), self._end(tokenizer))

    @cached_property
    def _engine_tokenizer(self) -> Any:
        from llguidance.hf import from_tokenizer

        return from_tokenizer(self._loaded[0], n_vocab=self._vocabulary_size)

    @property
    def _vocabulary_size(self) -> int:
        return self._loaded[1].config.get_text_config().vocab_size

    @cached_property
    def _tree(self) -> Any:
        from robomatrix.scheduling.planners.automaton import VocabularyTree
        from robomatrix.scheduling.planners.decoding import vocabulary

        return VocabularyTree(vocabulary(self._loaded[0], self._vocabulary_size))


def transformers_planner(
    model: str, *, retries: int = 2, budget: float = 30.0, load: bool = False, **options: Any
) -> ModelPlanner:
    """Returns a planner over a Hugging Face model.

    Args:
        model: folder, or name of a model that was fetched before.
        retries: further attempts after an answer that cannot be used.
        budget: for all attempts [s].
        load: True loads now instead of on first use.
        **options: of :class:`TransformersBackend`.
    """
    backend = TransformersBackend(model, **options)
    if load:
        backend.load()
    return ModelPlanner(backend, retries=retries, budget=budget)
