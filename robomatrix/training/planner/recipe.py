"""Trains the compact planner model: answers only, on pairs that never repeat; resumable, the same for the same seed."""

from __future__ import annotations

import json
import math
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import torch

from robomatrix.scheduling.compact.linking import LETTERS
from robomatrix.scheduling.compact.wording import WORDS_FILE
from robomatrix.training.planner.growth import doubled
from robomatrix.training.planner.samples import Pair, pairs
from robomatrix.training.planner.tokens import END, learn_tokenizer, save_tokenizer, words_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

_IGNORED = -100
_TOKENIZER_PAIRS = 3000
_DRAWN = 2048
"""Pairs that are drawn together."""
_WIDE = 256
_KEPT_EVERY = 100
"""Steps, after which a run that is cut off goes on."""
_CHECKED = 384
"""Pairs of the frames for tuning that the model is checked on, every so many steps."""
_PASSES = 4
"""How often pairs are used, each time with other letters."""
_LETTER = re.compile(rf"\b[{LETTERS}]\b")
Encoded = tuple[list[int], list[int]]
"""Tokens of prompt and answer, and what is to be predicted."""


@dataclass(frozen=True)
class Recipe:
    """All that decides what comes out."""

    steps: int = 12000
    batches: int = 32
    """Of equal length in tokens, that the pairs drawn together are cut into."""
    rate: float = 2e-3
    warm_up: int = 200
    seed: int = 1
    vocabulary: int = 1024
    width: int = 128
    layers: int = 4
    heads: int = 4
    threads: int = 1
    start: str = ""
    """Folder of a model of this kind to begin with, doubled if it is half as wide; empty for none."""


@dataclass(frozen=True)
class Progress:
    """What is told while training."""

    step: int
    loss: float
    exact: float
    """Share of answers all tokens of which were the likeliest."""
    seconds: float
    unseen: float | None = None
    """The same on sentence frames that training never sees; where it was checked."""


def build_model(recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    """Returns a model of the Llama family, untrained or as the recipe's start left it."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(recipe.seed)
    if recipe.start:
        model = LlamaForCausalLM.from_pretrained(recipe.start).float()
        return doubled(model, recipe.seed) if recipe.width == 2 * model.config.hidden_size else model
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe.width,
        intermediate_size=recipe.width * 5 // 2,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.eos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return LlamaForCausalLM(config)


def _tokenizer(recipe: Recipe, folder: Path) -> PreTrainedTokenizerFast:
    """Returns the run's tokenizer: its start's, or one learnt from pairs that training does not begin with.

    The words of these pairs are written beside it: what a model was trained on is known to it.
    """
    from transformers import PreTrainedTokenizerFast

    if folder.is_dir():
        return PreTrainedTokenizerFast.from_pretrained(folder)
    drawn = list(islice(pairs(recipe.seed * 1000 + 999), _TOKENIZER_PAIRS))
    if recipe.start:
        tokenizer = PreTrainedTokenizerFast.from_pretrained(recipe.start)
    else:
        tokenizer = learn_tokenizer((pair.prompt + pair.answer for pair in drawn), recipe.vocabulary)
    save_tokenizer(tokenizer, folder)
    (folder / WORDS_FILE).write_text(json.dumps(words_of(pair.prompt for pair in drawn)) + "\n", encoding="utf-8")
    return tokenizer


def batches(recipe: Recipe, tokenizer: PreTrainedTokenizerFast, start: int) -> Iterator[dict[str, torch.Tensor]]:
    """Yields batches from a step on; they depend on the step alone, so that a resumed run goes on the same."""
    group, skip = divmod(start, recipe.batches * _PASSES)
    while True:
        drawn = list(islice(pairs(recipe.seed * 1000 + group * 1_000_000), _DRAWN))
        rng = Random(group)
        for _ in range(_PASSES):
            cut = _cut([_encoded(relettered(pair, rng), tokenizer) for pair in drawn], recipe.batches)
            order = rng.sample(range(len(cut)), len(cut))
            for number in order[min(skip, len(cut)) :]:
                yield _collated(cut[number])
            skip = max(skip - len(cut), 0)
        group += 1


def _cut(items: list[Encoded], count: int) -> list[list[Encoded]]:
    """Returns so many batches of about as many tokens each, of items of about the same length each."""
    items = sorted(items, key=lambda item: len(item[0]))
    total, so_far = sum(len(item[0]) for item in items), 0
    cut: list[list[Encoded]] = [[] for _ in range(count)]
    for item in items:
        cut[so_far * count // total].append(item)
        so_far += len(item[0])
    return cut


def relettered(pair: Pair, rng: Random) -> Pair:
    """Returns a pair with its letters exchanged for others."""
    letters = dict(zip(LETTERS, rng.sample(LETTERS, len(LETTERS)), strict=True))
    return Pair(*(_LETTER.sub(lambda m: letters[m[0]], text) for text in (pair.prompt, pair.answer)))


def _encoded(pair: Pair, tokenizer: PreTrainedTokenizerFast) -> Encoded:
    prompt = tokenizer.encode(pair.prompt, add_special_tokens=False)
    answer = tokenizer.encode(pair.answer + END, add_special_tokens=False)
    return prompt + answer, [_IGNORED] * len(prompt) + answer


def _collated(items: list[Encoded]) -> dict[str, torch.Tensor]:
    """Returns a batch; what is filled up at the end needs no mask, nothing before it can see it."""
    longest = max(len(ids) for ids, _ in items)
    ids = torch.zeros(len(items), longest, dtype=torch.long)
    labels = torch.full((len(items), longest), _IGNORED)
    for row, (tokens, wanted) in enumerate(items):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        labels[row, : len(wanted)] = torch.tensor(wanted)
    return {"input_ids": ids, "labels": labels}


def rate_at(recipe: Recipe, step: int) -> float:
    """Returns the learning rate: linear warm-up, then a cosine down to a fiftieth."""
    if step < recipe.warm_up:
        return recipe.rate * (step + 1) / recipe.warm_up
    done = min((step - recipe.warm_up) / max(recipe.steps - recipe.warm_up, 1), 1.0)
    return recipe.rate * (0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * done)))


def train(recipe: Recipe, run: Path, out: Path, tell: Callable[[Progress], None]) -> dict[str, Any]:
    """Trains, or goes on where a run stopped, and writes the model in half precision.

    Args:
        recipe: what to do.
        run: folder of the checkpoint and log.
        out: folder of the finished model.
        tell: called every fifty steps.

    Returns:
        steps, seconds of training, loss and share of exact answers over the last steps, parameters.
    """
    torch.set_num_threads(recipe.threads)
    run.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(recipe, run / "tokenizer")
    model = build_model(recipe, tokenizer)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    checked = _checked(recipe, tokenizer)
    state = run / "state.safetensors"
    step, spent = _resume(state, model, optimizer) if state.exists() else (0, 0.0)
    began = time.monotonic() - spent
    recent: list[tuple[float, float]] = []
    for batch in batches(recipe, tokenizer, step):
        if step >= recipe.steps:
            break
        recent.append(_step(model, optimizer, batch, rate_at(recipe, step)))
        step += 1
        if step % 50 == 0:
            loss, exact = (sum(values) / len(recent) for values in zip(*recent, strict=True))
            unseen = exactness(model, checked) if step % 500 == 0 else None
            tell(Progress(step, loss, exact, time.monotonic() - began, unseen))
            recent = [] if step < recipe.steps else recent
        if step % _KEPT_EVERY == 0:
            _keep(state, model, optimizer, step, time.monotonic() - began)
            _export(model, tokenizer, out)
    _export(model, tokenizer, out)
    shutil.copy(run / "tokenizer" / WORDS_FILE, out / WORDS_FILE)
    loss, exact = (sum(values) / max(len(recent), 1) for values in zip(*recent, strict=True)) if recent else (0.0, 0.0)
    parameters = sum(p.numel() for p in model.parameters())
    facts = {**asdict(recipe), "seconds": time.monotonic() - began, "loss": loss, "exact": exact}
    (out / "training.json").write_text(json.dumps({**facts, "parameters": parameters}, indent=1) + "\n")
    return {**facts, "parameters": parameters}


def _checked(recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> list[dict[str, torch.Tensor]]:
    drawn = islice(pairs(recipe.seed * 1000 + 998, "tune"), _CHECKED)
    return [_collated(items) for items in _cut([_encoded(pair, tokenizer) for pair in drawn], _CHECKED // 32)]


def exactness(model: PreTrainedModel, checked: list[dict[str, torch.Tensor]]) -> float:
    """Returns the share of answers that the model would give exactly."""
    with torch.no_grad():
        right = [_answered(model, batch)[1] for batch in checked]
    return float(torch.cat(right).float().mean())


def _answered(model: PreTrainedModel, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the loss, and for each answer whether all its tokens were the likeliest."""
    labels = batch["labels"][:, 1:]
    asked = labels != _IGNORED
    with torch.autocast("cpu", torch.bfloat16, enabled=_in_half(model)):
        hidden = model.model(input_ids=batch["input_ids"], use_cache=False).last_hidden_state
        logits = model.lm_head(hidden[:, :-1][asked]).float()
    right = torch.ones_like(labels, dtype=torch.bool)
    right[asked] = logits.argmax(-1) == labels[asked]
    return torch.nn.functional.cross_entropy(logits, labels[asked]), right.all(dim=1)


def _in_half(model: PreTrainedModel) -> bool:
    """Returns whether half precision is faster: on this processor, for a model of this width."""
    return model.config.hidden_size >= _WIDE and bool(torch.cpu.get_capabilities().get("avx512_bf16"))


def _step(
    model: PreTrainedModel, optimizer: torch.optim.Optimizer, batch: dict[str, torch.Tensor], rate: float
) -> tuple[float, float]:
    for group in optimizer.param_groups:
        group["lr"] = rate
    loss, right = _answered(model, batch)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach()), float(right.float().mean())


def _keep(path: Path, model: PreTrainedModel, optimizer: torch.optim.Optimizer, step: int, spent: float) -> None:
    from safetensors.torch import save_file

    tensors = {f"model.{name}": value.detach().contiguous() for name, value in model.named_parameters()}
    for number, (_, entry) in enumerate(optimizer.state.items()):
        tensors |= {f"adam.{number}.{name}": value.clone() for name, value in entry.items()}
    save_file(tensors, path.with_suffix(".new"), metadata={"step": str(step), "seconds": str(spent)})
    path.with_suffix(".new").rename(path)


def _resume(path: Path, model: PreTrainedModel, optimizer: torch.optim.Optimizer) -> tuple[int, float]:
    from safetensors import safe_open

    with safe_open(path, "pt") as stored:
        facts = stored.metadata()
        with torch.no_grad():
            for number, (name, value) in enumerate(model.named_parameters()):
                value.copy_(stored.get_tensor(f"model.{name}"))
                moments = ("step", "exp_avg", "exp_avg_sq")
                optimizer.state[value] = {key: stored.get_tensor(f"adam.{number}.{key}") for key in moments}
    return int(facts["step"]), float(facts["seconds"])


def _export(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, out: Path) -> None:
    import copy

    out.mkdir(parents=True, exist_ok=True)
    copy.deepcopy(model).half().save_pretrained(out)
    save_tokenizer(tokenizer, out)
