"""Says turns of phrase more plainly before anything is read: conditions, wishes, narration, what stays where it is."""

from __future__ import annotations

import re
from collections.abc import Mapping

from robomatrix.scheduling.language.nouns import HELD

_CHECK = re.compile(r"\b((can|could|would|will) you (please )?)?(please )?(check|see|look) (if|whether)\b")
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
_PLAINER = (
    (re.compile(r"\b(rather than|as opposed to)\b"), "instead of"),
    (
        re.compile(
            r"\b(that|which) (lies?|stands?|sits?|rests?|(i|we|you|someone|somebody) (left|put|placed))"
            r"(?= (on|in|at|inside|within|next|near|under|upon|atop|over|there|here|beside|behind|between)\b)"
        ),
        "that is",
    ),
    (re.compile(r"\bover (a distance of )?(?=(\d\S*|one|two|three|four|five|six|ten) ?(m|cm|met|cent))"), ""),
    (re.compile(r"\b(would )?(looks?|be|fits?) better (?=(on|in|at|under|inside|over)\b)"), "belongs "),
    (re.compile(r"\bwould be safer (?=(on|in|inside|over)\b)"), "belongs "),
    (re.compile(r"\bstill (?=(needs?|has|have) to\b)"), ""),
    (re.compile(r"\b(wide|completely|fully) (?=(open|closed|shut|empty)\b)"), ""),
)
_NAMED = r"([a-z0-9' ]{3,50}?)"
_PLACED = r"((over |back )?(in|on|inside|at|with|under|by|next to)\b)"
_TURNED = (
    (re.compile(rf"\bthe (right|best|proper) place for {_NAMED} is {_PLACED}"), r"\2 belongs \3"),
    (
        re.compile(rf"(?:^|(?<=[.,;:]))\s*{_NAMED} is where {_NAMED} (goes|go|belongs|belong|should (go|be))\b"),
        r" put \2 in \1",
    ),
    (re.compile(r"\bthe (one|thing) (i (need|want|would like)|you should bring me|to bring me) is\b"), "bring me"),
    (re.compile(r"\bwhat i (need|want|would like) is (?=(the|a|an|my|all|each|every|both|this|that)\b)"), "i want "),
    (re.compile(r"\b(no one|nobody) (may|should|must|is allowed to|can)\b"), "do not"),
    (re.compile(r"\bfollowed by( which)?\b"), "then"),
    (re.compile(r"\bprior to\b"), "before"),
    (re.compile(r"\bthats\b"), "that is"),
    (
        re.compile(
            r"(?<!\bif),? so (?=(can|could|would|will|please)\b)|"
            r", so (?=(you|i want|i need|i would|make sure|ensure)\b)"
        ),
        " . ",
    ),
    (
        re.compile(
            r",? (so|and|then) "
            r"(?=(if(?! (so|yes|not|it is|it does|they are)\b)|unless|in case|provided|assuming|given that|as long as|"
            r"before|once|after (?!that))\b)"
        ),
        " . ",
    ),
    (
        re.compile(
            r"\b(back up|back off|reverse|retreat)( by)? (?=(\d|one|two|three|four|five|six|ten|half|a )\S* ?\S)"
        ),
        "drive backward ",
    ),
)
"""Turned round, or said in words that are read elsewhere."""
_STATES = ((re.compile(r"\bhappens to be\b"), "is"), (re.compile(r"\b(is|are) no longer\b"), r"\1 not"))
_WONDERING = re.compile(
    r"\bi (was|am|'m|wonder|wondered) ?(just )?(wondering )?(if|whether) (you|u) (could|would|can|might)( please)?\b"
    r"|\b(i|we|it)( would|'d) [a-z ]{0,30}?if (you|u) (could|would|can)( please)?\b"
)
_MADE_OF = re.compile(r"\bmade (out )?(of|from)\b")
_DOES = (
    "(picks|puts|places|takes|moves|grabs|carries|brings|opens|closes|walks|goes|lifts|drops|sets|lays|throws|gets|"
    "removes)"
)
_STARTS = "(clean up|tidy up|clean|tidy|cook|get ready|start cleaning)"
_SO = r" ?[,.;]? ?(so )?"
_TOLD = (
    "(the boss|my friend|he|she|somebody|someone|i|we) (likes?|loves?|hates?|bought|forgot|remembers?|wants to see) "
)
_MANY = "(the|my|a|all|each|every|both|this|that)"
_TO_THE_END = r"[^.,;!?]*?(?=\s*([.,;!?]|$|(and|then)\b))"
_REASON = (
    "(because|as (it is late|we agreed|usual)|like yesterday|since (nobody|my|i)|before (somebody|someone|anybody)|"
    "so nobody)"
)
_WHERETO = "(in|on|inside|within|at|atop|upon|into|next|over)"
_TAKEN_BACK = (
    "(no wait|scratch that|strike that|forget that|i take that back|on second thought|no sorry|sorry|wait|actually|"
    "hold on|oh no|hmm no|no)"
)
_ANEW = "(before|after|once|when|if|unless|i (need|want|would|expect)|could you|can you|would you|will you|please)"
_OUR = "(the|my|our)"
_NARRATED = (
    (re.compile(rf"\b(the |a )?(person|agent|robot|human|he|she|someone) (then )?(?={_DOES}\b)"), ""),
    (re.compile(rf"\bin a (moment|minute|second) (i|we) (have to|must|need to|will) (leave|go)( now)?{_SO}"), ""),
    (re.compile(rf"\b(i|we) (have )?just (came|got|come|arrived) (home|here|back){_SO}"), ""),
    (
        re.compile(
            rf"\b{_OUR} (guests?|visitors?|friends?|kids|boss) (will |is |are )?(arriv|com|be )[a-z]*( soon| now)?{_SO}"
        ),
        "",
    ),
    (re.compile(r"\bhere comes (the|a|your) [a-z]+ ?[,.!]? ?"), ""),
    (re.compile(rf"\b(today )?(we|i) (need|have|want) to {_STARTS}( (today|here|a bit|now))? ?[.,;!] ?(?=\w)"), ""),
    (re.compile(r"\b(lets|let us|let's) get (this|the) [a-z]+ (cleaned|tidied|sorted)( up)? ?[.,;!] ?(?=\w)"), ""),
    (re.compile(r"\b(hi|hello|hey) ?, ?(?=\w)"), ""),
    (re.compile(r"^\s*should (.{3,40}?) be ([a-z]+) ?,"), r"if \1 is \2 ,"),
    (
        re.compile(
            rf"\blet ([a-z]+|(?:the|my) [a-z]+) have {_MANY} ([a-z ]+?)(?=\s*([.,;!?]|$|(after|before|and|if|then)\b))"
        ),
        r"give \2 \3 to \1",
    ),
    (re.compile(r",? (and|so|then) (check|see|look) (?=(if|whether)\b)"), r" . \2 "),
    (re.compile(rf"(?<=\w)\s*,?\s+{_REASON}\b{_TO_THE_END}"), ""),
    (re.compile(r"\b(closed|opened) up\b"), r"\1"),
    (re.compile(r"\b(slid|pulled|pushed) open\b"), "opened"),
    (re.compile(r"\b(slid|pulled|pushed) shut\b"), "closed"),
    (
        re.compile(
            r"\b(bring|take|move|put|place|carry) ([^.,;]{3,40}?) back where (it|they) "
            r"(belongs?|goes|go|was|were|came from)\b"
        ),
        r"put \2 back",
    ),
    (re.compile(r"\bwe have [a-z ]+? today ?,? ?(so )?"), ""),
    (re.compile(r"\b(tak|gett)ing hold of\b"), "taking"),
    (re.compile(r"\b(taken|gotten|got) hold of\b"), "taken"),
    (re.compile(r"\b(run|running) over to\b"), "go to"),
    (re.compile(r"\b(gets?|be|been) left (?=(in|on|inside|within|at|atop|upon|into|next|over)\b)"), r"\1 put "),
    (
        re.compile(rf"\b(have|want|need|like|love|prefer|expect) ([^.,;]{{3,40}}?) left (?={_WHERETO}\b)"),
        r"\1 \2 put ",
    ),
    (re.compile(r"\band (then )?also (?=(the|my|a|that|this|all|each|every|both)\b)"), "and "),
    (re.compile(r"\b(can|may|should|could|must) now be\b"), r"\1 be"),
    (re.compile(r"\bi (think|believe|guess)( that)? (?=the|my|a|all|it|they|this|that)"), ""),
    (re.compile(r"\bwould look (nice|good|great|best) (?=(on|in|at|under|inside|over)\b)"), "belongs "),
    (re.compile(r"\s(->|=>|-->)\s|\s?\u2192\s?"), " to "),
    (re.compile(r"\bto wherever\b"), "to where"),
    (re.compile(r"\bteam mate"), "teammate"),
    (
        re.compile(
            r"\bwhere (it|they) (should|must|can|will|has to|have to) (be|stay) (kept )?[a-z]+(?=\s*([.,;!]|$))"
        ),
        "",
    ),
    (re.compile(r",? ?\b(when|once|as soon as|after) you (have )?(found|got|picked up|see|spot) (it|them) ?,?"), " "),
    (re.compile(r"\b(give|bring|get|hand|fetch) me one(?=\s*([.,;!?]|$))"), r"\1 it to me"),
    (re.compile(r"\b(oh |hmm )?(wait|hold on) ?, ?no ?,?|\bno ?, ?wait ?,?"), ", no wait , "),
    (re.compile(rf"[,.] ?{_TAKEN_BACK} ?,? ?(?={_ANEW}\b)"), r" . \1 , "),
    (re.compile(r"\byour (next )?(task|mission|job|goal) ?: ?"), ""),
    (
        re.compile(r"\b(your|the) (gripper|hand|claw|hands) (is|are) (still )?(empty|free)\b"),
        "you are not holding anything",
    ),
    (re.compile(rf"^\s*({_TOLD}[^.,;]{{3,40}}?) ?(, so|,|so) (?=\w)"), r"\1 . "),
    (re.compile(r"(?<!is )(?<!are )(?<!was )(?<!there )\bno (?=(the|my|that|this|your) )"), ", no , "),
    (
        re.compile(
            r"\bsorry (?!to (bother|trouble|interrupt))(?=(the|my|a|this|that|all|both|each|on|in|to|into|onto)\b)"
        ),
        ", sorry , ",
    ),
    (
        re.compile(
            r"\b(that|which) (is not|are not|isn'?t|aren'?t) (?!on|in|at|under|by|next|t?here)([a-z]+)\b(?! (on|in|to))"
        ),
        r"except all \3 things",
    ),
)
"""What happens told instead of asked for, what is said before anything is asked for, signs and slips."""
_STAYING = r"(stays?|remains?)( put| there| here| in place| as is| where (it|they) (is|are))?"
_NAME = r"((?:the|my|your|all|every|both|any)(?: (?!and\b|but\b|or\b|in\b|to\b|so\b|then\b)[a-z']+){1,5}?)"
_MAY = "(?:can |may |should |must |has to |have to )?"
_FOR_LONG = r"(?= (for )?(a |one |two|three|four|five|six|ten|half|\d))"
_SUBJECT = r"(the|my|a|this|that|your|each|all|every) [^.,;]{2,40} (is|are|happens? to be) (not |still |no longer )?"
_IS_SO = r"(open|closed|shut|empty|clear|free|on|in|lying|sitting|standing)\b"
_TOUCH = "(touch|disturb|bother|move|take|pick up|grab|displace|remove)"
_LATER = r"(in|on|into|onto|to|inside|within|atop|upon|be|is|are|were|should|must|has|have|needs?|goes)"
_GOES_ON = rf"(?=[^.,;!?]{{3,60}}?\b{_LATER}\b)"
_WANTING = "(make sure|see to it|take care|ensure|would like|would love|want|need|expect|have)"
_LIES = "(lying |sitting |standing |located |placed |resting |kept |stored )?"
_A = "(the|my|a|that|this)"
_HERE = "(where you are|in place|on the spot|put|there|here|still)"
_PLAIN_NAME = r"([a-z]+(?: (?!(?:with|in|on|at|to|by|inside|under|for|next|near|onto|into|alone)\b)[a-z]+){0,4}?)"
_STAND = "(stand|wait|park|stop|position yourself|place yourself)"
_TO = "(into|onto|in|on|to)"
_CALLED = (
    (
        re.compile(rf"\b(put|place|move|set|store) {_A} ([a-z ]{{2,25}}?) with {_A} (?=[a-z ]{{2,25}}? {_TO}\b)"),
        r"\1 \2 \3 and \4 ",
    ),
    (re.compile(r", ?(that|which) (is|are) ([^,.;]{3,40}), ?(?=(to|into|in|onto|on)\b)"), r" \3 "),
    (re.compile(rf"\b{_STAND} (at|by|next to|near|in front of|beside|close to|near to) (?={_A}\b)"), "go to "),
    (re.compile(rf"\b(along with|together with)\b{_GOES_ON}"), "and"),
    (
        re.compile(rf"\b{_WANTING}\b([^.,;!?]{{3,50}}?) (that|which) (is|are) (?={_LIES}(on|in|at|inside|within)\b)"),
        r"\1\2 ",
    ),
    (re.compile(r"\b(go|come) and (?!then\b)(?=[a-z])"), ""),
    (re.compile(r"\b(he|she|the boss|my friend|someone|somebody) wants to see\b"), r"\1 likes"),
    (
        re.compile(
            rf"\bto {_A} ([a-z ]{{2,25}}?) (via|by way of) {_A} ([a-z ]{{2,25}}?)(?=\s*[.,;!?]|$| and\b| then\b)"
        ),
        r"to \4 \5 , then go to \1 \2",
    ),
    (
        re.compile(rf"(?<![.,;!?]) (?=(you (must|may|should|can) not|never|do not|dont|don't) (ever )?{_TOUCH}\b)"),
        " . ",
    ),
    (re.compile(rf"[,;]?\s*\bleave {_A} {_PLAIN_NAME}(?=\s*([.,;!?]|$|but\b))"), r" . leave \1 \2 alone . "),
    (re.compile(r"\b(leave|keep) ([^.,;]{3,40}?) (in place|as (it|they) (is|are)|as is)\b"), r"\1 \2 alone"),
    (
        re.compile(
            rf"\bwhen (?=({_SUBJECT}{_IS_SO}|there (is|are)\b|you (see|find|hold|cannot|can not)\b|nothing is\b))"
        ),
        "if ",
    ),
    (re.compile(r"[.;,]?\s*\bcorrection ?:"), " , correction "),
    (re.compile(r"\btake care of (?=[a-z]+ing\b)"), ""),
    (
        re.compile(
            r"\b(i|we) (would like|want|need|would love) to (see|find) (?=(the|my|a|all|each|both|this|that)\b)"
        ),
        r"\1 want ",
    ),
    (re.compile(r"\bback where (it|they) (belongs?|goes|go|was|were|came from)\b"), "back"),
    (
        re.compile(
            r"\b(is|are) (not where (it|they) should be|in the wrong place) ?, ?(it|they) (should be|belongs?|goes?)\b"
        ),
        "belongs",
    ),
    (
        re.compile(
            r"\blet ([^.,;]{3,50}?) and ([^.,;]{3,40}?) (trade|switch|change|swap|exchange) (places?|positions?)\b"
        ),
        r"swap \1 and \2",
    ),
    (re.compile(r"\bso that each (one )?is where the other( one)? was\b"), ""),
    (re.compile(r"(?<!you )\bhad better (?=(be|get)\b)"), "should "),
    (re.compile(r"\bupon (?=[a-z]+ing\b)"), "after "),
    (re.compile(r"\b(over |back )?to where i am\b"), "to me"),
    (re.compile(r"(?<!from )(?<!is )(?<!are )(?<!out )(?<!what )\binside(?=\s*([.,;!?]|$|and\b|then\b))"), "into it"),
    (re.compile(r"(,|;|\.|and then|then|and) (stand|stay|wait|remain|stop) (right )?there(?=\s*([.,;!?]|$))"), ""),
    (re.compile(r"\b(with|in) (the|a) (?!same)([a-z]+) colou?r\b"), r"that is \3"),
    (re.compile(rf"[,;.]?\s*\b(but |and |while )?{_NAME} {_MAY}{_STAYING}(?=\s*([.,;!]|$))"), r" . leave \2 alone"),
    (
        re.compile(rf"\b(stay|stand|balance|wait|remain|hold)( still)? {_HERE}{_FOR_LONG}"),
        "stand still",
    ),
    (re.compile(r"\b(any ?more|any longer)\b"), ""),
    (re.compile(r"\bgive (it|the \w+|this|that) (a )?half( a)? (turn|rotation|spin)\b"), r"rotate \1 by 180 degrees"),
    (re.compile(r"\bgive (it|the \w+|this|that) a (full )?(turn|rotation|spin)\b"), r"rotate \1 by 360 degrees"),
    (
        re.compile(r"\b(turn|rotate|spin) (it|the \w+|this|that) (all the way )?(around|round) once\b"),
        r"rotate \2 by 360 degrees",
    ),
    (re.compile(r"\bgive (me|him|her|them|your teammate|the teammate) (a|the) pass\b"), r"pass the ball to \1"),
    (
        re.compile(
            r"\b(dont|don't|do not|never) (drop|let go of|release) (it|the \w+) for (the next )?(?=\d|\w+ (s|m|h))"
        ),
        r"hold \3 for ",
    ),
    (re.compile(r"\b(out )?in front of (you|yourself)\b"), "forward"),
    (re.compile(r"\buntil (you are|you're|youre|it is)( down)? at\b"), "to"),
)
"""Whatever only some robots are told, and what is to stay as it is."""
_NUMBERED = re.compile(r"\s*\(?1[.):]")
_MARK = re.compile(r"(^|\s)\(?[1-9][.):]\s+(?=[A-Za-z])")
_HOLDING = r"(holding|carrying|gripping|in your (hand|gripper|claw|grip|grasp))"
_HELD = re.compile(
    r"\b(what|whatever|the (thing|object|item)( that)?|everything( that)?)( you are| you're| youre| is)?( currently)? "
    rf"{_HOLDING}\b|\bthe (thing|object|item) in (your|the) (hand|gripper|claw|grip|grasp)\b|\bwhat you have\b(?! to\b)"
)


def plainer(text: str, misspellings: Mapping[str, str]) -> str:
    """Returns an instruction in small letters, with turns of phrase said as the reader knows them.

    Args:
        text: the instruction.
        misspellings: frequent slips and what is meant.
    """
    if _NUMBERED.match(text):
        text = _MARK.sub(" . ", text)
    text = _WONDERING.sub("", text.lower())
    for pattern, plain in (*_NARRATED, *_PLAINER, *_TURNED, *_CALLED):
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
