"""Supervised execution of one instruction, without threads, clocks or ROS.

:class:`TaskExecution` is told what happened (a scene, a skill's outcome, an answer, a cancel) and says what to do next
(run a step, ask, wait for approval, finish). Scheduler node and in-process runner drive the same object. It trusts
perception where something was seen since the step began, and the skills' own success checks where it was not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from time import time

from robomatrix.errors import PlanningError
from robomatrix.scheduling.actions import Action, Approve, Ask, Finished, Options, RunStep, StepOutcome, TaskError
from robomatrix.scheduling.belief import Belief
from robomatrix.scheduling.expansion import Expansion
from robomatrix.scheduling.language.answers import answered
from robomatrix.scheduling.language.questions import about, with_report
from robomatrix.scheduling.ontology import load_ontology
from robomatrix.scheduling.owing import LASTING, still_owed
from robomatrix.scheduling.perceived import NOTHING_BELIEVED, Believed
from robomatrix.scheduling.plan import ANSWERED, Planner, PlanRequest, PlanResult, PlanStep
from robomatrix.scheduling.safety import SafetyRules, load_rules
from robomatrix.scheduling.scene import PlanningScene
from robomatrix.scheduling.symbolic import Literal
from robomatrix.scheduling.validator import STOP, planned, repair, safety_fault
from robomatrix.skills.base import ErrorCode
from robomatrix.skills.spec import SkillSpec

_EXPLORE = PlanStep("look_around")
_APPROACH = "move_to"
_VIEWS = 2
"""What was named and not seen is looked for from where the robot stands, then from one other place."""


@dataclass
class TaskExecution:
    """One instruction, from the sentence to the end. Every method that takes news returns the next :data:`Action`."""

    planner: Planner
    skills: Sequence[SkillSpec]
    instruction: str
    options: Options = field(default_factory=Options)
    rules: SafetyRules = field(default_factory=load_rules)
    clock: Callable[[], float] = time
    """[s]; for the time limit and the audit record."""

    plan: tuple[PlanStep, ...] = ()
    """The plan in force: what was done so far, then what is to come."""
    index: int = 0
    """Of the step in hand."""
    replans: int = 0
    result: PlanResult | None = None
    """The planner's newest answer."""
    history: list[str] = field(default_factory=list)
    """What the planner is told of earlier attempts."""
    events: list[dict[str, object]] = field(default_factory=list)
    """For the audit log."""
    finished: Finished | None = None
    _failures: dict[str, int] = field(default_factory=dict)
    """How often each step has failed under the plan in force; an approach that worked does not forgive the grasp."""
    _fruitless: int = 0
    """How often something failed since a step last worked."""
    _search: list[PlanStep] = field(default_factory=list)
    """What is still to be done to find what was named."""
    _views: int = 0
    """From how many places it was looked for."""
    _report: str = ""
    """The question that follows the command, to be answered in the end."""
    _refused: PlanStep | None = None
    """What the robot has just refused to begin; a new plan that begins with it is of no use."""
    _approved: bool = False
    _started: float = 0.0
    _belief: Belief | None = None
    _asked: PlanningScene | None = None
    """What was known when the plan in force was made."""

    def begin(self, scene: PlanningScene) -> Action:
        """Plans. ``stop`` is matched before anything else, and nothing holds it up."""
        self._started = self.clock()
        self._belief = Belief.of(scene)
        _, self._report = with_report(self.instruction)
        if self.rules.is_stop(self.instruction):
            self.result = PlanResult("ok", "stopping", steps=(STOP,))
            self.plan, self._approved = (STOP,), True
            # A robot without this skill stands as soon as nothing else runs, which the caller has seen to.
            return self._next() if STOP.skill in self._skills else self._finish(True, "stopped")
        return self._replan()

    def on_result(self, outcome: StepOutcome, scene: PlanningScene, seen: Iterable[str] | None = None) -> Action:
        """Takes the outcome of the step that was asked for.

        Args:
            outcome: what the skill reported.
            scene: what is perceived now.
            seen: ids perceived since the step began; None for all. What was not seen is believed from effects.
        """
        if self.finished:
            return self.finished
        if self._search:
            self._belief = Belief.of(scene)
            self._search.pop(0)
            return RunStep(-1, self._search[0]) if self._search else self._replan()
        step = self.plan[self.index]
        self._refused = step if outcome.code == ErrorCode.PRECONDITION else None
        before = self._known
        self._belief = before.after(step, self._skills[step.skill], scene, seen, taken=outcome.success)
        missed = self._belief.unmet(self._skills[step.skill], step) if outcome.success else ()
        self._note(
            "step", step=str(step), success=outcome.success, message=outcome.message, missed=list(map(str, missed))
        )
        if outcome.success and not missed:
            self.index += 1
            self._fruitless = 0
            self._failures.pop(str(step), None)
            return self._next()
        reason = outcome.message if not outcome.success else f"afterwards {', '.join(map(str, missed))} did not hold"
        if outcome.code == ErrorCode.TIMEOUT:  # it had all of its time, and would take all of it again
            self._failures[str(step)] = self.rules.limits.retries
        return self._recover(f"{step} failed: {reason or 'no reason given'}")

    def answer(self, text: str, scene: PlanningScene) -> Action:
        """Takes the answer to a question and plans again with it."""
        if self.finished:
            return self.finished
        if self.rules.is_stop(text):
            return self.cancel("stopped by the answer")
        question = self.result.message if self.result else ""
        self._note("answer", question=question, answer=text)
        self.history += [f"asked: {question}", f"{ANSWERED}{text}"]
        self._belief = Belief.of(scene)
        return self._replan()

    def approve(self, yes: bool) -> Action:
        """Takes the decision on a plan that was shown."""
        if self.finished:
            return self.finished
        self._approved = yes
        return self._next() if yes else self._finish(False, "the plan was not approved", TaskError.CANCELED)

    def cancel(self, reason: str = "cancelled") -> Finished:
        """Ends the task; the caller stops the robot."""
        return self.finished or self._finish(False, reason, TaskError.CANCELED)

    def give_up(self, reason: str) -> Finished:
        """Ends the task because the robot or what drives it is gone, so that no other plan would help."""
        return self.finished or self._finish(False, reason, TaskError.FAILED)

    def record(self) -> dict[str, object]:
        """Returns the audit record of the task as plain data."""
        result, end = self.result, self.finished
        return {
            "time": self._started,
            "duration": self.clock() - self._started,
            "instruction": self.instruction,
            "planner": getattr(self.planner, "name", type(self.planner).__name__),
            "status": result.status if result else None,
            "message": end.message if end else "",
            "success": bool(end and end.success),
            "error": end.error.value if end else None,
            "goal": list(result.goal) if result else [],
            "plan": [str(step) for step in self.plan],
            "replans": self.replans,
            "history": list(self.history),
            "events": list(self.events),
        }

    @property
    def believed(self) -> Believed:
        """What is known before the next look."""
        return self._belief.settled if self._belief else NOTHING_BELIEVED

    @property
    def _skills(self) -> dict[str, SkillSpec]:
        return {spec.name: spec for spec in self.skills}

    @property
    def _known(self) -> Belief:
        if self._belief is None:
            raise PlanningError("the execution has not begun")
        return self._belief

    def _replan(self) -> Action:
        request = PlanRequest(self.instruction, self._known.scene, tuple(self.skills), tuple(self.history))
        started, before, asked, self._asked = self.clock(), self.result, self._asked, request.scene
        self.result = planned(self.planner, request, self.rules)
        self._note("plan", status=self.result.status, message=self.result.message, seconds=self.clock() - started)
        if self.result.status == "ok":
            if before is not None and asked is not None and before.status == "ok":
                owed = still_owed(before.goal, asked, self.result.goal, self._known.scene)
                self.result = replace(self.result, goal=(*owed, *self.result.goal))
            return self._adopt(self.result.steps)
        self.plan, self.index = (), 0
        self._search = self._next_view()
        if self._search:
            return RunStep(-1, self._search[0])
        if self.result.status == "clarify" and self.options.clarify and not self.options.dry_run:
            return Ask(self.result.message)
        error = TaskError.UNCLEAR if self.result.status == "clarify" else TaskError.REFUSED
        return self._finish(False, self.result.message, error)

    def _next_view(self) -> list[PlanStep]:
        """Returns the steps that may show what was named and is not in the scene; none where all was tried."""
        able = _EXPLORE.skill in self._skills and self.options.explore and not self.options.dry_run
        if not able or not self._worth_looking() or self._views >= _VIEWS:
            return []
        self._views += 1
        if self._views == 1:
            return [_EXPLORE]
        far = self._known.scene.farthest_place()
        return [PlanStep(_APPROACH, {"target": far}), _EXPLORE] if far and _APPROACH in self._skills else []

    def _worth_looking(self) -> bool:
        """Tells whether a look could help: something was asked for, and it is of a kind that there is."""
        if not self._known.scene.objects:
            return self.rules.unreadable(self.instruction) is None
        missing = self.result.missing if self.result else ()
        known = load_ontology().classes
        nouns = (noun for phrase in missing for noun in (phrase, *phrase.split()[-1:]))
        return any(noun in known or noun.removesuffix("s") in known for noun in nouns)

    def _adopt(self, steps: tuple[PlanStep, ...]) -> Action:
        done = self.plan[: self.index] if self.replans else ()
        self.plan, self.index, self._failures = (*done, *self._without_done(done, steps)), len(done), {}
        if self._refused is not None and self.plan[self.index :][:1] == (self._refused,):
            return self._finish(False, f"gave up: {self._reasons()}", TaskError.FAILED)
        if self.options.dry_run:
            return self._finish(True, self.result.message if self.result else "")
        if self.options.ask_before_run and not self._approved:
            return Approve(self.plan)
        return self._next()

    def _without_done(self, done: Sequence[PlanStep], steps: Sequence[PlanStep]) -> tuple[PlanStep, ...]:
        """Drops from a new plan what was done already and leaves no trace in the scene, such as a turn."""
        passed = [step for step in done if not self._skills[step.skill].effects]
        left = []
        for step in steps:
            if step in passed:
                passed.remove(step)
            else:
                left.append(step)
        return tuple(left)

    def _next(self) -> Action:
        if self.clock() - self._started > self.rules.limits.task_time:
            return self._finish(False, "the task took too long", TaskError.TIMEOUT)
        if self.index >= len(self.plan):
            self._reconsider()
            unmet = self._unmet()
            if unmet:
                return self._recover(f"in the end {', '.join(map(str, unmet))} did not hold")
            message = self._reported() or (self.result.message if self.result else "")
            return self._finish(True, message or "done")
        step = self.plan[self.index]
        fault = None if step == STOP else self._known.fault(self._skills, step)
        return RunStep(self.index, step) if fault is None else self._recover(fault)

    def _reported(self) -> str:
        """Answers what was asked for in the end; "it" is what the plan was about last."""
        if not self._report:
            return ""
        scene = self._known.scene
        named = [scene.name_of(str(v)) for s in self.plan for v in s.arguments.values() if scene.entity(str(v))]
        text = about(self._report, named[-1]) if named else self._report
        answer = answered(PlanRequest(text, scene, tuple(self.skills)), self.rules)
        return answer.message if answer else ""

    def _recover(self, reason: str) -> Action:
        """Tries the rest of the plan again from the present state, then a new plan, then gives up; all bounded."""
        step = str(self.plan[self.index]) if self.index < len(self.plan) else ""
        self._failures[step] = self._failures.get(step, 0) + 1
        self.history.append(reason)
        self._fruitless += 1
        if self._fruitless > self.rules.limits.fruitless:
            return self._finish(False, f"gave up, nothing works any more: {reason}", TaskError.FAILED)
        if self._failures[step] <= self.rules.limits.retries and self._mend():
            return self._next()
        if self.replans >= self.rules.limits.replans:
            return self._finish(False, f"gave up after {self.replans} new plans: {reason}", TaskError.FAILED)
        self.replans += 1
        return self._replan()

    def _reasons(self) -> str:
        """Returns why the last two steps failed that did."""
        steps = [event for event in self.events if event["event"] == "step" and not event["success"]]
        last = {event["step"]: event["message"] for event in steps}
        return "; then ".join(f"{step} failed: {message}" for step, message in [*last.items()][-2:])

    def _reconsider(self) -> None:
        """Asks what the plan had aimed at, had all been known that was seen since: "the cans" means those too."""
        asked, result = self._asked, self.result
        moved = {value for step in self.plan for value in step.arguments.values()}
        new = [o for o in self._known.scene.elsewhere(asked) if o.id not in moved] if asked else []
        if asked is None or result is None or not new:
            return
        self._asked = asked.also(new)
        request = PlanRequest(self.instruction, self._asked, tuple(self.skills), tuple(self.history))
        hindsight = planned(self.planner, request, self.rules)
        if hindsight.status == "ok" and set(hindsight.goal) > set(result.goal):
            self.result = hindsight
            self._note("reconsidered", goal=list(hindsight.goal))

    def _unmet(self) -> list[Literal]:
        goals = [Literal.parse(goal) for goal in self.result.goal] if self.result else []
        return [g for g in goals if g.predicate in LASTING and not self._known.state.holds(g)]

    def _mend(self) -> bool:
        done, rest = self.plan[: self.index], self.plan[self.index :]
        known = self._known
        try:
            mended = repair(known.state, self._skills, rest).steps if rest else self._towards_goals()
        except PlanningError:
            return False
        if safety_fault(self.rules, known.scene, self._skills, mended):
            return False
        self._note("mend", steps=[str(step) for step in mended])
        self.plan = (*done, *mended)
        return True

    def _towards_goals(self) -> tuple[PlanStep, ...]:
        plan = Expansion(self._known.state, self._skills)
        for goal in self._unmet():
            plan.reach(goal)
        return tuple(plan.steps)

    def _finish(self, success: bool, message: str, error: TaskError = TaskError.NONE) -> Finished:
        self.finished = Finished(success, message, error, self.plan)
        self._note("finished", success=success, message=message, error=error.value)
        return self.finished

    def _note(self, event: str, **details: object) -> None:
        self.events.append({"event": event, "at": round(self.clock() - self._started, 6), **details})
