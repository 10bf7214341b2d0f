"""Says turns of phrase more plainly before anything is read: conditions, wishes, narration, what stays where it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from robomatrix.scheduling.data import read_yaml
from robomatrix.scheduling.language.nouns import HELD

_BLANK, _LINES = re.compile(r"[^\S\n]+"), re.compile(r"\s*\n\s*")
"""Long runs of either would be tried at every place in them."""
_PART = re.compile(r"%([a-z_]+)%")
_CHECK = re.compile(r"(?<!to )\b((can|could|would|will) you (please )?)?(please )?(check|see|look) (if|whether)\b")
_HOPED = re.compile(
    r"\b(it would be (great|nice|good|better|lovely|helpful|best)|i would (be (happy|glad|grateful)|like it)) if\b"
)
_GIVEN = re.compile(
    r"\b((provided|assuming|supposing|given|in the event|on condition|on the condition)( that)?"
    r"|as long as|in case(?! of)|if and only if|only if|if (it turns out|you notice|you see|it is true) that)"
    r"\b(?! (is|to|back|away|over)\b)"
)
_FREE = re.compile(r"\b(if|unless) ([^.,;]{2,60}?) (is|are) (not |no longer )?(clear|free)\b(?! (of|to)\b)")
_EXCEPT_WHEN = re.compile(r"\b(except (when|if)|but not (when|if))\b")
_IF_SO = re.compile(
    r"\s*[.,;:]?\s*\b(and )?(then )?if (so|yes|(it is|it does|they are|that is the case)(?=\s*,))\b\s*,?"
)
_IF_NOT = re.compile(
    r"\s*[.,;:]?\s*\b(and |then )?(if (not|it is not|it does not|they are not|that is not the case)\s*,"
    r"|or else\b|(in any other|in the other) case\b\s*,?)"
)
_STATES = ((re.compile(r"\bhappens to be\b"), "is"), (re.compile(r"\b(is|are) no longer\b"), r"\1 not"))
_WONDERING = re.compile(
    r"\bi (was|am|'m|wonder|wondered) ?(just )?(wondering )?(if|whether) (you|u) (could|would|can|might)( please)?\b"
    r"|\b(i|we|it)( would|'d) [a-z ]{0,30}?if (you|u) (could|would|can)( please)?\b"
)
_MADE_OF = re.compile(r"\bmade (out )?(of|from)\b")
_NUMBERED = re.compile(r"\s*\(?1[.):]")
_MARK = re.compile(r"(^|\s)\(?[1-9][.):]\s+(?=[A-Za-z])")
_HOLDING = r"(holding|carrying|gripping|in your (hand|gripper|claw|grip|grasp))"
_HELD = re.compile(
    r"\b(what|whatever|the (thing|object|item)( that)?|everything( that)?)( you are| you're| youre| is)?( currently)? "
    rf"{_HOLDING}\b|\bthe (thing|object|item) in (your|the) (hand|gripper|claw|grip|grasp)\b|\bwhat you have\b(?! to\b)"
)


@cache
def _turns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Returns what is replaced by what, from config/plainer.yaml."""
    words = read_yaml("plainer.yaml")
    parts: dict[str, str] = {}
    for name, part in words["parts"].items():
        parts[name] = _filled(part, parts)
    return tuple((re.compile(_filled(said, parts)), plain) for said, plain in words["turns"])


def _filled(pattern: str, parts: Mapping[str, str]) -> str:
    return _PART.sub(lambda name: parts[name[1]], pattern)


def plainer(text: str, misspellings: Mapping[str, str]) -> str:
    """Returns an instruction in small letters, with turns of phrase said as the reader knows them.

    Args:
        text: the instruction.
        misspellings: frequent slips and what is meant.
    """
    if _NUMBERED.match(text):
        text = _MARK.sub(" . ", text)
    text = _WONDERING.sub("", _LINES.sub("\n", _BLANK.sub(" ", text.lower())))
    for pattern, plain in _turns():
        text = pattern.sub(plain, text)
    text = _HOPED.sub("make sure that", text)
    text = _conditioned(_HELD.sub(HELD, _MADE_OF.sub("that is", text)))
    return re.sub(r"[a-z]+", lambda m: misspellings.get(m[0], m[0]), text) if misspellings else text


def _conditioned(text: str) -> str:
    """Writes the many ways to say a condition as "if", "unless" and "otherwise"."""
    for pattern, plain in _STATES:
        text = pattern.sub(plain, text)
    checked = _CHECK.search(text)
    if checked:
        text = _CHECK.sub("if", text)
        asked = _IF_SO.search(text)
        denied = _IF_NOT.search(text)
        if asked:
            text = _IF_SO.sub(" , ", text, count=1)
        elif denied:  # "check if it is open. If not, ..."
            text = text[: checked.start()] + "unless" + text[checked.start() + 2 :]
            text = _IF_NOT.sub(" , ", text, count=1)
    text = _EXCEPT_WHEN.sub("unless", _GIVEN.sub("if", text))
    text = _FREE.sub(r"\1 \2 \3 \4empty", text)
    return _IF_NOT.sub(" , otherwise ", text) if re.search(r"\b(if|unless)\b", text) else text
