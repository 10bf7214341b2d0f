"""A network that is not perfect: delay, loss, reordering, garbage, half-open connections and cuts."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass
class Network:
    """Impairments between robot and client; the defaults are a perfect link."""

    delay: float = 0.0
    """[s] on every answer and datagram."""
    jitter: float = 0.0
    """Further delay drawn from 0 to this [s]; datagrams overtake each other by it."""
    loss: float = 0.0
    """Fraction of the datagrams that is lost (a stream loses nothing, it is only late)."""
    reorder: float = 0.0
    """Fraction of the datagrams that is held back by 50 ms."""
    garbage: float = 0.0
    """Probability of nonsense before an answer or in place of a datagram."""
    half_open: bool = False
    """Connections are taken but nothing is read or answered."""
    cut: bool = False
    """Nothing passes in either direction, and no connection is closed."""
    link_loss: float = 0.15
    """After this long a cut makes the robot notice that its client is gone [s]; it then stops and leaves SDK mode. The
    documentation says that it does, not how soon."""
    seed: int = 0
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    @property
    def silent(self) -> bool:
        """True while nothing is answered."""
        return self.cut or self.half_open

    def latency(self) -> float:
        """Draws the delay of one message [s]."""
        return self.delay + (self._random.uniform(0.0, self.jitter) if self.jitter else 0.0)

    def datagram(self, payload: bytes) -> tuple[bytes, float] | None:
        """Returns what becomes of a datagram and its delay [s]; None when it is lost."""
        if self.silent or self._random.random() < self.loss:
            return None
        held_back = 0.05 if self._random.random() < self.reorder else 0.0
        return self._spoil(payload), self.latency() + held_back

    def answer(self, payload: bytes) -> bytes:
        """Returns an answer with what may come before it on the wire."""
        return self._noise() + payload if self._random.random() < self.garbage else payload

    def _spoil(self, payload: bytes) -> bytes:
        return self._noise() if self._random.random() < self.garbage else payload

    def _noise(self) -> bytes:
        return self._random.randbytes(self._random.randint(1, 40)) + b";"
