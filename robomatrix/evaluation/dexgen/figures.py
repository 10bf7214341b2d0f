"""Time to drop and goals a minute with their uncertainty, from the tallies of single hands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from robomatrix.evaluation.dexgen.protocol import Tally

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Rate:
    """Something counted over time."""

    events: int
    seconds: float

    @property
    def per_minute(self) -> float:
        """Events a minute."""
        return 60.0 * self.events / self.seconds

    @property
    def mean_time(self) -> float:
        """Seconds for one event; where there was none the observed time, which is a lower bound."""
        return self.seconds / max(self.events, 1)

    @property
    def censored(self) -> bool:
        """True where nothing happened, so that :attr:`mean_time` is a lower bound."""
        return self.events == 0

    def mean_time_interval(self) -> tuple[float, float]:
        """Returns the confidence interval of the mean time [s] of an exponential law, open above without events.

        Source: B. Epstein and M. Sobel, Journal of the American Statistical Association 48 (1953): time-censored tests.
        """
        tail = (1.0 - CONFIDENCE) / 2.0
        low = 2.0 * self.seconds / stats.chi2.ppf(1.0 - tail, 2 * self.events + 2)
        high = 2.0 * self.seconds / stats.chi2.ppf(tail, 2 * self.events) if self.events else np.inf
        return float(low), float(high)

    def per_minute_interval(self) -> tuple[float, float]:
        """Returns the exact Poisson confidence interval of the events a minute."""
        low, high = self.mean_time_interval()
        return (0.0 if np.isinf(high) else 60.0 / high), 60.0 / low


@dataclass(frozen=True)
class Summary:
    """One line of a table: time to drop and goals belong together, since freezing alone holds long."""

    drops: Rate
    goals: Rate
    following: float
    """Mean cosine between commanded and executed motion."""

    def text(self) -> str:
        """Returns the line without its label: mean time to drop and goals a minute, each with its interval."""
        low, high = self.drops.mean_time_interval()
        few, many = self.goals.per_minute_interval()
        sign = ">" if self.drops.censored else " "
        upper = "inf" if np.isinf(high) else f"{high:.1f}"
        return (
            f"{sign}{self.drops.mean_time:7.1f} s [{low:.1f}, {upper}]  "
            f"{self.goals.per_minute:5.2f} goals/min [{few:.2f}, {many:.2f}]  following {self.following:+.2f}"
        )


def summarise(tallies: Iterable[Tally]) -> Summary:
    """Pools hands; ValueError if there are none."""
    pool = list(tallies)
    if not pool:
        raise ValueError("no tallies to summarise")
    seconds = sum(t.seconds for t in pool)
    return Summary(
        drops=Rate(sum(t.drops for t in pool), seconds),
        goals=Rate(sum(t.goals for t in pool), seconds),
        following=float(np.average([t.following for t in pool], weights=[t.seconds for t in pool])),
    )


def table(tallies: Sequence[Tally], label: Callable[[Tally], str]) -> str:
    """Returns one line for each label in the order of their first appearance."""
    groups: dict[str, list[Tally]] = {}
    for tally in tallies:
        groups.setdefault(label(tally), []).append(tally)
    width = max(map(len, groups), default=0)
    return "\n".join(f"{name:<{width}}  {summarise(group).text()}" for name, group in groups.items())
