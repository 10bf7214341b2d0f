"""What is believed while a plan runs: perception where something was seen, the skills' effects where it was not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from robomatrix.scheduling.perceived import Believed
from robomatrix.scheduling.plan import PlanStep
from robomatrix.scheduling.scene import START, PlanningScene
from robomatrix.scheduling.symbolic import BALL, HAS_BALL, Literal, SymbolicState, diagnose, effects, take
from robomatrix.skills.spec import SkillSpec

_VERIFIABLE = ("holding", "hand_empty", "on", "open")


@dataclass(frozen=True)
class Belief:
    """The symbolic state during execution, and the perceived scene brought in line with it."""

    state: SymbolicState
    seen: frozenset[str] = frozenset()
    """Ids perceived since the last step began."""
    perceived: SymbolicState | None = None
    """What perception alone says after the last step."""

    @classmethod
    def of(cls, scene: PlanningScene) -> Belief:
        """Returns the belief at the start: what is perceived."""
        return cls(SymbolicState.of(scene))

    @property
    def scene(self) -> PlanningScene:
        """The perceived scene with what is believed written into it: the present state for a new plan."""
        state = self.state
        locations = [_located(data, state) for data in _entities(state.scene, "locations")]
        objects = [{**data, "at": self._resting(data["id"])} for data in _entities(state.scene, "objects")]
        robot = {**state.scene.robot.model_dump(by_alias=True), "at": state.place, "holding": state.holding}
        if state.place is not None and state.scene.entity(state.place) is None:
            robot["at"] = state.scene.robot.at
        return PlanningScene.parse({"robot": robot, "locations": locations, "objects": objects}, "belief")

    @property
    def settled(self) -> Believed:
        """Returns what a new sighting has to overturn."""
        places = {place.id for place in self.state.scene.locations if place.openable}
        return Believed(self.state.resting, frozenset(places - self.state.closed))

    def _resting(self, object_id: str) -> str | None:
        place = self.state.resting.get(object_id)
        return place if place is None or self.state.scene.entity(place) or place == START else None

    def after(
        self, step: PlanStep, spec: SkillSpec, scene: PlanningScene, seen: Iterable[str] | None, *, taken: bool
    ) -> Belief:
        """Returns the belief after a step: its effects if it succeeded, overruled by what was seen since."""
        perceived = SymbolicState.of(scene)
        ids = frozenset(seen) if seen is not None else frozenset(e.id for e in scene.entities())
        # where a failed step left the robot is not known, so what follows approaches anew
        uncertain = replace(self.state, place=None, over=None)
        state = take(self.state, spec, spec.bind(step.arguments)) if taken else uncertain
        holding = perceived.holding
        doubted = frozenset() if taken else frozenset(place.id for place in scene.locations) - ids
        resting = {o.id: self._rests(state, perceived, o.id, ids, doubted) for o in scene.objects}
        if holding is not None:
            resting[holding] = None
        closed = {place for place in state.closed if scene.location(place)} - ids | (perceived.closed & ids)
        merged = replace(
            state,
            scene=scene,
            holding=holding,
            resting=MappingProxyType(resting),
            closed=frozenset(closed),
            facts=_facts(state, perceived),
            over=state.over if holding is not None and state.over and state.over[0] == holding else None,
        )
        return Belief(merged, ids, perceived)

    @staticmethod
    def _rests(
        state: SymbolicState, perceived: SymbolicState, id_: str, seen: frozenset[str], doubted: frozenset[str]
    ) -> str | None:
        """Returns where a thing is; a place that is ``doubted`` to be there still carries nothing new."""
        place = perceived.resting.get(id_)
        believed = state.resting.get(id_)
        if id_ in seen and not (place in doubted and id_ in state.resting):
            # the start has no outline to be seen in
            return believed if place is None and believed == START else place
        return believed if believed is not None or id_ in state.resting else place

    def fault(self, skills: Mapping[str, SkillSpec], step: PlanStep) -> str | None:
        """Returns why a step cannot be taken now."""
        diagnostic = diagnose(self.state, skills, 0, step)
        return f"before {step}: {diagnostic.reason}" if diagnostic else None

    def unmet(self, spec: SkillSpec, step: PlanStep) -> tuple[Literal, ...]:
        """Returns the effects of a step that perception contradicts."""
        wanted = [e for e in effects(spec, spec.bind(step.arguments)) if e.predicate in _VERIFIABLE]
        return tuple(literal for literal in wanted if not self.state.holds(literal))


def _facts(state: SymbolicState, perceived: SymbolicState) -> frozenset[Literal]:
    """Returns what else is true; whether a ball that is in sight is in the hands is seen, not believed."""
    if not any(thing.category == BALL for thing in perceived.scene.objects):
        return state.facts
    return (state.facts - {HAS_BALL}) | (perceived.facts & {HAS_BALL})


def _entities(scene: PlanningScene, key: str) -> list[dict[str, Any]]:
    return [entity.model_dump(by_alias=True, exclude_none=True) for entity in getattr(scene, key)]


def _located(data: dict[str, Any], state: SymbolicState) -> dict[str, Any]:
    return {**data, "open": data["id"] not in state.closed} if data.get("openable") else data
