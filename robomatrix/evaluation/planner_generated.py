"""The generated test of ``bench planner``: sentence frames and seeds that training never sees."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from robomatrix.evaluation.planner import Item
from robomatrix.training.planner.frames import Split
from robomatrix.training.planner.gold import outcome_of
from robomatrix.training.planner.samples import Sample, draw

TEST_SEED = 1_000_003
"""Training draws from seeds whose remainder by 1000 is the run's; the test has its own."""


def generated(count: int, seed: int = TEST_SEED, split: Split = "test") -> list[Item]:
    """Returns generated instructions with the goals they were made for.

    Args:
        count: how many.
        seed: of the generator.
        split: whose sentence frames.
    """
    return list(islice(_items(seed, split), count))


def _items(seed: int, split: Split) -> Iterator[Item]:
    for sample in draw(seed, split):
        item = _item(sample)
        if item is not None:
            yield item


def _item(sample: Sample) -> Item | None:
    outcome = outcome_of(sample)
    if outcome is None:
        return None
    goals = () if outcome.only_decline else (outcome.goals,)
    moved = frozenset({"*"}) if outcome.anything_moves else frozenset()
    declined = outcome.decline or outcome.only_decline
    return Item(sample.instruction, sample.room.scene, goals, declined, outcome.steps, moved, sample.tags)
