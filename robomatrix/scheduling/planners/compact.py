"""The compact planner: a small model of our own reads what is asked for, the rules read it too, and they compare.

Where both come to the same end, that is done. Where they differ, or where the rules read a plan and the model is sure
that it is none, nothing is done before the user has said which is meant. Where the rules understand nothing, the model
may plan alone if it is sure enough and everything that it uses was named.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from robomatrix.errors import PlanningError
from robomatrix.resources import resource
from robomatrix.scheduling.compact.grounding import Grounding
from robomatrix.scheduling.compact.linking import LETTERS, Linked, Linker
from robomatrix.scheduling.compact.program import Program, grammar, parse
from robomatrix.scheduling.compact.prompt import called_skills, compact_prompt
from robomatrix.scheduling.compact.runtime import SmallModel, Written
from robomatrix.scheduling.compact.wording import in_known_words, known_words
from robomatrix.scheduling.language.entities import CLASS, EntityIndex
from robomatrix.scheduling.language.lexicon import Lexicon, load_lexicon
from robomatrix.scheduling.language.reading import read
from robomatrix.scheduling.language.screening import screened
from robomatrix.scheduling.language.session import Session
from robomatrix.scheduling.language.text import Token, lemmas, singular, word_set
from robomatrix.scheduling.plan import PlanRequest, PlanResult
from robomatrix.scheduling.planners.rules import RulePlanner
from robomatrix.scheduling.safety import SafetyRules, load_rules
from robomatrix.scheduling.symbolic import SymbolicState, simulate
from robomatrix.scheduling.validator import STOP, validate
from robomatrix.skills.spec import SkillSpec

_LOG = logging.getLogger(__name__)
_LETTER = re.compile(rf"\b[{LETTERS}]\b")
_DO_YOU_MEAN = "Do you mean: "
_CHOICES = ("Which ", "Who: ", "Do you mean ")
"""Questions of the rules with which the user chooses between things that fit."""
_FORMER = word_set("yes y first former 1 ok sure right exactly correct")
_LATTER = word_set("second latter 2 other no")


@dataclass(frozen=True)
class Thresholds:
    """Log-probabilities of a whole answer from which on the model is listened to."""

    sure: float = -0.02
    """It may plan where the rules only did not understand."""
    certain: float = -0.1
    """It may plan where the rules think that something is missing."""
    contradicts: float = -0.0001
    """It may object to a plan of the rules, which are rarely wrong where they understand everything."""


def default_model() -> Path:
    """Returns the folder of the model that ships."""
    return resource("models", "planner", "compact")


@dataclass(frozen=True)
class Reading:
    """What the model made of a request."""

    result: PlanResult
    confidence: float
    """Log-probability of its whole answer."""
    program: str = ""
    linked: Linked | None = None
    unread: tuple[str, ...] = ()
    """Words that the model was not trained on, or that it cannot know the weight of: "tomorrow"."""


@dataclass
class CompactModel:
    """The model alone: linking, goal program, grounding, validation."""

    folder: Path = field(default_factory=default_model)
    rules: SafetyRules = field(default_factory=load_rules)
    constrained: bool = True
    """False lets it write anything; what is no program is then a refusal."""
    budget: float = 2.0
    """[s]"""
    name = "compact model"
    last: Written | None = None
    """For measuring."""

    def __post_init__(self) -> None:
        self._model = SmallModel(Path(self.folder))
        self._words = known_words(Path(self.folder))

    def load(self) -> None:
        """Loads the model. Raises ConfigurationError if it is not there."""
        self._model.load()

    def plan(self, request: PlanRequest) -> PlanResult:
        """Returns what the model makes of a request, valid and safe, without a second opinion."""
        if self.rules.is_stop(request.instruction):
            return PlanResult("ok", "Stopping.", steps=(STOP,))
        return self.read(request).result

    def read(self, request: PlanRequest) -> Reading:
        """Returns the model's reading of a request; raises nothing for any instruction."""
        fault = screened(request, self.rules)
        if fault is not None:
            return Reading(fault, 0.0)
        index = EntityIndex(request.scene)
        lexicon = load_lexicon()
        tokens = read(request.instruction, index, lexicon, self.rules)
        linked = Linker(tokens, index, lexicon).run()
        plain = in_known_words(linked, self._words, lexicon)
        try:
            written = self._written(plain, request)
            program = parse(written.text)
        except PlanningError as error:
            return Reading(PlanResult("clarify", f"I did not understand that: {error}"), float("-inf"), "", linked)
        result = self._grounded(request, index, linked, program)
        return Reading(result, written.confidence, written.text, linked, self._unread(plain, lexicon))

    def _unread(self, plain: Linked, lexicon: Lexicon) -> tuple[str, ...]:
        words = (word for word in plain.words if word.islower() and word.isalpha())
        return tuple(word for word in words if word in lexicon.times_of_day or self._words and word not in self._words)

    def _written(self, plain: Linked, request: PlanRequest) -> Written:
        names = tuple(spec.name for spec in called_skills(request.skills))
        excluded = LETTERS[len(plain.slots) :]
        held = partial(grammar, LETTERS, names) if self.constrained else None
        deadline = time.monotonic() + self.budget
        self.last = self._model.write(compact_prompt(plain, names), names, held, deadline, excluded)
        return self.last

    def _grounded(self, request: PlanRequest, index: EntityIndex, linked: Linked, program: Program) -> PlanResult:
        result = Grounding(Session.of(request, index, request.answers), linked).run(program)
        return validate(request, result, self.rules)


@dataclass
class CompactPlanner:
    """Two opinions on each instruction, the rules' and the model's."""

    model: CompactModel = field(default_factory=CompactModel)
    rules: RulePlanner = field(default_factory=RulePlanner)
    thresholds: Thresholds = field(default_factory=Thresholds)
    name = "compact"

    def plan(self, request: PlanRequest) -> PlanResult:
        """Returns a plan, a question or a refusal; raises nothing for any instruction."""
        ruled = self.rules.plan(request)
        if ruled.steps == (STOP,):
            return ruled
        reading = self.model.read(request)
        if ruled.status == "ok":
            return self._weighed(request, ruled, reading)
        if self._may_plan(request, ruled, reading):
            return replace(reading.result, message=f"{reading.result.message} (as the model reads it)")
        return ruled

    def _weighed(self, request: PlanRequest, ruled: PlanResult, reading: Reading) -> PlanResult:
        """A plan of the rules, unless the model is rather sure of something else."""
        if reading.confidence < self.thresholds.contradicts or same_end(request, ruled, reading.result):
            return ruled
        asked = f"{_DO_YOU_MEAN}{_said(ruled)}"
        if reading.result.status == "ok":
            asked += f" Or: {_said(reading.result)}"
        chosen = _choice(request, asked)
        if chosen is None:
            return PlanResult("clarify", asked, reading.result.missing)
        if chosen == 0:
            return ruled
        return reading.result if reading.result.status == "ok" else PlanResult("refuse", "Then I do nothing.")

    def _may_plan(self, request: PlanRequest, ruled: PlanResult, reading: Reading) -> bool:
        """The model may plan where the rules only did not understand, if its program is about all that was named.

        It does not answer what only the user can: which of several is meant.
        """
        result, linked = reading.result, reading.linked
        if (
            ruled.status != "clarify"
            or ruled.message.startswith(_CHOICES)
            or linked is None
            or result.status != "ok"
            or not result.steps
            or reading.unread
        ):
            return False
        enough = self.thresholds.certain if ruled.missing else self.thresholds.sure
        if reading.confidence < enough or overlooked(linked, reading.program, EntityIndex(request.scene)):
            return False
        return all(is_named(spec.name, linked.words) for spec in _called(request, result))


def _called(request: PlanRequest, result: PlanResult) -> list[SkillSpec]:
    """Returns the skills of a plan that are called by name, and not for what they bring about."""
    steps = {step.skill for step in result.steps}
    return [spec for spec in called_skills(request.skills) if spec.name in steps]


def is_named(skill: str, words: Sequence[str]) -> bool:
    """Returns whether an instruction has all words of one of the phrases that call a skill."""
    said = {form for word in words for form in (word, singular(word))}
    return any(set(phrase) <= said for phrase in (tuple(skill.split("_")), *load_lexicon().skills.get(skill, ())))


def overlooked(linked: Linked, program: str, index: EntityIndex) -> list[str]:
    """Returns what an instruction names that a program is not about: linked phrases, and nouns that were not linked.

    What is taken back ("the can, no, the ball") need not be in it.
    """
    used = set(_LETTER.findall(program))
    anything = index.ontology.anything
    said = [slot for slot in linked.slots if slot.kind != "measure" and slot.phrase.head not in anything]
    meant = {id_ for slot in said if slot.letter in used for id_ in slot.candidates}
    taken_back = set(linked.words[: _last_correction(linked)])
    idle = [
        slot
        for slot in said
        if slot.letter not in used | taken_back and not (slot.candidates and slot.candidates <= meant)
    ]
    names = {
        phrase for entity in index.entities if entity.entity for phrase, fit in entity.heads.items() if fit >= CLASS
    }
    loose = [word for word in linked.words if (singular(word),) in names]
    return [" ".join(slot.phrase.words) for slot in idle] + loose


def _last_correction(linked: Linked) -> int:
    """Returns where the last correction stands in an instruction; 0 if there is none."""
    tokens = [Token(word, singular(word)) for word in linked.words]
    marks = load_lexicon().corrections
    return max((at for at in range(len(tokens)) if marks.at(tokens, at) is not None), default=0)


def _said(result: PlanResult) -> str:
    called = not result.goal and result.steps
    return f"{', '.join(map(str, result.steps))}." if called else result.message


def _choice(request: PlanRequest, asked: str) -> int | None:
    """Returns which of the two plans that were asked about the user has chosen; None if there is no clear answer."""
    if f"asked: {asked}" not in request.history:
        return None
    words = set(lemmas(request.answers[-1])) if request.answers else set()
    if words & _LATTER:
        return 1
    if words & _FORMER:
        return 0
    first, _, second = asked.removeprefix(_DO_YOU_MEAN).partition(" Or: ")
    scores = [len(words & (set(lemmas(one)) - set(lemmas(other)))) for one, other in ((first, second), (second, first))]
    return None if scores[0] == scores[1] else scores.index(max(scores))


def same_end(request: PlanRequest, one: PlanResult, other: PlanResult) -> bool:
    """Returns whether two plans lead to the same state and call the same skills by name.

    With which arguments is no matter: measures and directions are read alike, but the model may leave one out.
    """
    if one.status != "ok" or other.status != "ok":
        return False
    skills = {spec.name: spec for spec in request.skills}
    ends = [simulate(request.scene, skills, result.steps).final for result in (one, other)]
    named = {spec.name for spec in called_skills(request.skills)}
    calls = [[s.skill for s in result.steps if s.skill in named] for result in (one, other)]
    visits = [{goal for goal in result.goal if goal.startswith("at(")} for result in (one, other)]
    return _shape(ends[0]) == _shape(ends[1]) and calls[0] == calls[1] and visits[0] == visits[1]


def _shape(state: SymbolicState) -> tuple[object, ...]:
    return state.holding, dict(state.resting), state.closed, state.facts


def compact_planner(model: str | None = None, *, thresholds: Thresholds | None = None) -> CompactPlanner | RulePlanner:
    """Returns the compact planner, its model loaded; the rules alone, with a warning, if no model was installed.

    Args:
        model: folder of another checkpoint than the one that ships.
        thresholds: from when on the model is listened to.

    Raises:
        ConfigurationError: a folder was given, or one is installed, and it holds no such model.
    """
    if model is None and not default_model().is_dir():
        _LOG.warning("%s is missing: planning by rules alone; reinstall robomatrix for the model", default_model())
        return RulePlanner()
    reader = CompactModel(Path(model)) if model else CompactModel()
    reader.load()
    return CompactPlanner(reader, thresholds=thresholds or Thresholds())
