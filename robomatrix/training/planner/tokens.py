"""The tokenizer of the compact planner model: byte-level BPE, learnt from generated pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

END = "<|end|>"
_TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
"""A conversation is its text: the prompt ends where the answer begins."""


def learn_tokenizer(texts: Iterable[str], size: int) -> PreTrainedTokenizerFast:
    """Returns a tokenizer of at most ``size`` tokens, learnt from texts."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    engine = Tokenizer(models.BPE())
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    engine.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    engine.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=engine, eos_token=END, pad_token=END)
    tokenizer.chat_template = _TEMPLATE
    return tokenizer


def words_of(prompts: Iterable[str]) -> list[str]:
    """Returns the words of the instructions of prompts, without letters, that occur more than once."""
    counts = Counter(word for prompt in prompts for word in prompt.rstrip("\n").rpartition("\n")[2].split())
    return sorted(word for word, count in counts.items() if count > 1 and not word.isupper())


def save_tokenizer(tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Writes a tokenizer as Hugging Face's own."""
    tokenizer.save_pretrained(folder)
