"""Words that tell commands, wishes, states and remarks apart."""

from __future__ import annotations

from robomatrix.scheduling.language.text import phrase_list, word_set

NEGATIONS = (
    ("do", "not"),
    ("never",),
    ("must", "not"),
    ("should", "not"),
    ("can", "not"),
    ("avoid",),
    ("without",),
    ("please", "not"),
    ("be", "careful", "not", "to"),
    ("you", "must", "not"),
    ("you", "may", "not"),
    ("you", "should", "not"),
    ("not",),
)
WISHES = phrase_list(
    "i would love to have|i want to have|i would like to have|i need to have|i want|i need|i would like|i would love|"
    "i wish for|need|"
    "i prefer|we want|we need|we would like|can i have|could i have|may i have|can i get|could i get|"
    "can we have|i could use|i will have|i will take|i would prefer|i am looking for|i wish|i require|id like|"
    "i feel like|i expect|i would rather have|it would be nice to have|it would be better to have|the goal is to have|"
    "the plan is to have|we require|we would love"
)
ENSURE = phrase_list(
    "make sure that there is|make sure there is|make sure that|make sure|ensure that|ensure|see to it that|"
    "be sure that|be certain that|make certain that|make certain|i want|i would like|i need|have|get|let|"
    "so that|such that|check that|verify that|confirm that|leave|keep|take care that|see that|"
    "in the end|at the end"
)
ENSURING = phrase_list(
    "make sure|ensure|see to it|make certain|take care that|be sure that|be certain that|verify that"
)
"""Those of them that mean nothing else."""
MODALS = word_set("belong belongs can gets go goes has have may must need needs ought shall should want wants will")
STATE_WORDS = word_set(
    "be go goes put placed moved belong belongs end ends up get gets stay set located kept stored sitting laid "
    "returned transferred have has been being always both dropped brought taken carried positioned thrown tossed "
    "inserted stacked were"
)
BEING = word_set("to be is are was were been being get gets got has have should must")
PARTICIPLES = word_set(
    "put laid brought sent hung slid swept given thrown gotten taken hidden driven found kept shut swapped cut dug"
)
"""Irregular ones; the others end in "ed"."""
OWN_PLANS = {("i", "want", "to"), ("i", "have", "to"), ("i", "need", "to"), ("i", "must"), ("we", "want", "to")}
"""Said of what the speaker does himself, unless a robot's verb follows."""
PERSONS = frozenset({"i", "we", "he", "she", "they"})
REMARKS = word_set(
    "love like likes hate hates bought forgot remember remembers have has lost know knows forget own ran saw"
)
LIKES = frozenset({"likes", "loves", "hates", "bought", "forgot", "dislikes"})
ALONE = frozenset({"alone", "untouched", "undisturbed", "unmoved"})
TOUCHES = frozenset({"touch", "disturb", "bother", "mess with"})
"""What is not to be done with something that is to be left alone."""
LINKS = frozenset({"is", "are", "was", "were", "looks", "look", "seems", "seem", "fell"})
DOORS = frozenset({"open", "closed", "close", "shut", "clear", "empty"})
WHERE_IT_IS = {("where", "it", "is"), ("where", "they", "are"), ("where", "it", "stands")}
ASKING = frozenset(["is", "are", "was", "were", "does", "did"])
QUESTIONS = frozenset(["what", "where", "who", "whom", "why", "how", "when", "which", "whose"])
OPENERS = word_set(
    "the a an my your his her our their this that these those it them him me us all every each any some both "
    "everything anything whatever one two three four five another something yourself nothing to"
)
DETERMINERS = word_set("the a an my your his her our its quarter half full whole complete")


def is_participle(word: str) -> bool:
    """Returns whether a word may be what "be" or "have" asks for after it."""
    return word.endswith("ed") or word in PARTICIPLES
