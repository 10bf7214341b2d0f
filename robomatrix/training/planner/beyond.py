"""Adds to an instruction what no skill does: a part that cannot be done declines the whole."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from robomatrix.training.planner.frames import Frames
from robomatrix.training.planner.phrasing import Draft
from robomatrix.training.planner.rooms import nonce

SHARE = 0.05
"""Of the instructions of training that have such a part."""
_INVENTED = 0.3
_JOINTS = (
    "and",
    "and then",
    ", then",
    ". then",
    ", and",
    ".",
    ", and then",
    ". also ,",
    "while you",
    ". after that ,",
    "before you",
)
_LEADS = ("and then", ", then", "and", ". then", ", and then")


def with_more(draft: Draft, frames: Frames, rng: Random) -> Draft:
    """Returns a draft with something before or behind it that nothing can be done about."""
    what = [nonce(rng)] if rng.random() < _INVENTED else frames.listed("beyond", rng)
    if rng.random() < 0.3 and draft.order:
        words = (*what, *rng.choice(_LEADS).split(), *draft.words)
    else:
        said = draft.words[:-1] if draft.words[-1] in (".", "!", "?") else draft.words
        words = (*said, *rng.choice(_JOINTS).split(), *what)
    return replace(draft, words=words, means="no", tags=(*draft.tags, "decline"))
