"""Words that show what a piece of a sentence is: a wish, a remark, a reason, a courtesy."""

from __future__ import annotations

from robomatrix.scheduling.language.clause_words import LIKES, WISHES
from robomatrix.scheduling.language.courtesies import Tokens, texts
from robomatrix.scheduling.language.text import phrase_list

_AUXILIARIES = frozenset(["you", "have", "has", "had", "are", "is", "been", "being", "the", "robot", "we", "it"])
_REASONS = phrase_list(
    "because|since|so i|so we|so nobody|so no one|so that nobody|so that no one|so that i can|so that we can|"
    "so it does|so it will|before somebody|before someone|before anyone|to make some|to make room|to keep it safe|"
    "as i|as we|as it is"
)
_ABLE = (("can",), ("could",), ("would",), ("please",), ("do",), ("have",))
_COURTEOUS = frozenset({"time", "a", "the", "not", "mind", "please", "so", "be"})


def wishes(tokens: Tokens, at: int) -> bool:
    """Returns whether "I want" or the like begins at a position."""
    return any(texts(tokens, at, at + len(wish)) == wish for wish in WISHES)


def is_remark(tokens: Tokens) -> bool:
    """Returns whether a piece says how somebody or something is: "my hands are full"."""
    said = texts(tokens, 1, 5)
    return len(tokens) > 2 and (
        "been" in said
        or bool(LIKES & set(texts(tokens, 0, 4)))
        or bool({"am", "is", "are", "was", "were"} & set(said[:2]))
        or bool({"looks", "look", "seems", "seem"} & set(said[1:]))
    )


def gives_reason(tokens: Tokens, at: int) -> bool:
    """Returns whether "because ...", "so nobody ..." or "to make some room" begins at a position."""
    if tokens[at].text == "so" and wishes(tokens, at + 1):  # "so I would like ..."
        return False
    return any(texts(tokens, at, at + len(phrase)) == phrase for phrase in _REASONS)


def polite(tokens: Tokens, at: int) -> bool:
    """Returns whether "if possible", "if you can" and the like stand at a position: no conditions."""
    following = texts(tokens, at + 1, at + 3)
    if following[:1] in (("possible",), ("necessary",), ("needed",), ("not",)) or following == ("that", "is"):
        return True
    ended = at + 3 >= len(tokens) or not tokens[at + 3].is_word or tokens[at + 3].text in _COURTEOUS
    return ended and following[:1] == ("you",) and following[1:] in _ABLE


def subjectless(tokens: Tokens) -> Tokens:
    """Returns a piece without "you have", "the robot has" and the like at its beginning."""
    at = 0
    while at < len(tokens) and tokens[at].text in _AUXILIARIES - {"is", "are", "the", "it"}:
        at += 1
    if texts(tokens, at, at + 2) == ("the", "robot"):
        return subjectless(tokens[at + 2 :])
    return tokens[at:]


def auxiliary_before(tokens: Tokens, at: int) -> bool:
    """Returns whether a verb at a position hangs on what stands before it: "could | bring", "to | take"."""
    before, earlier = tokens[at - 1].text, tokens[at - 2].text if at > 1 else ""
    return (
        before in ("to", "not", "could", "would", "will", "should", "must", "be", "been", "being")
        or before == "can"
        and earlier in ("you", "we", "i", "u", "")
    )
