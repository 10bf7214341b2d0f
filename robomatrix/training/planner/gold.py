"""What a generated instruction should lead to, worked out from the ids it was made of, without any language.

Independent of linking, grounding and of the rule planner: the room is kept as a few dictionaries and every statement of
the program changes them. What has no single right outcome (where to tidy things away to, "the left one" in a room
without positions) is left out of the test.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from robomatrix.scheduling.compact.program import Condition, Statement, Term, parse
from robomatrix.scheduling.safety import classes_of, load_rules
from robomatrix.training.planner.rooms import Named
from robomatrix.training.planner.samples import Sample

_COUNTED = frozenset(["both", "two", "three", "four", "five"])
_HOLDING = re.compile(r"\b(hold|holding|held|carrying|hand|gripper|grip|you have|claw)\b")
_BROUGHT_BACK = re.compile(r"\bbr(ing|inging|ought)\b(?!.*\b(belongs|its place|came from|it was)\b)")
_UNDECIDED = frozenset(["store", "sort", "group", "drop", "wait"])


@dataclass(frozen=True)
class Outcome:
    """How an instruction is scored, in the terms of the benchmark."""

    goals: tuple[str, ...] = ()
    decline: bool = False
    """A question or refusal is right."""
    only_decline: bool = False
    """Nothing else is right."""
    steps: tuple[str, ...] = ()
    anything_moves: bool = False


class _Declined(Exception):
    """A question or a refusal is the only right answer."""


class _Undecided(Exception):
    """There is no single right outcome."""


def outcome_of(sample: Sample) -> Outcome | None:
    """Returns the right outcome of a sample; None where there is no single one."""
    if "by name" in sample.tags:
        return None  # a skill that the robot may not have
    program = parse(sample.means)
    if program.verdict:
        return Outcome(only_decline=True)
    world = _World(sample)
    if world.condition_is_loose(program.statements):
        return None
    try:
        for statement in program.statements:
            world.keep(statement)
        for number, statement in enumerate(program.statements):
            if statement.condition is None or world.holds(statement.condition):
                world.follow(statement, last=number + 1 == len(program.statements))
    except _Declined:
        return Outcome(only_decline=True)
    except _Undecided:
        return None
    return world.outcome()


@dataclass
class _World:
    sample: Sample
    resting: dict[str, str | None] = field(init=False)
    initial: dict[str, str | None] = field(init=False)
    closed: set[str] = field(init=False)
    goals: dict[tuple[str, str], str] = field(default_factory=dict)
    """(predicate, subject) -> literal."""
    held: str | None = None
    kept: set[str] = field(default_factory=set)
    steps: list[str] = field(default_factory=list)
    judged: dict[Condition, bool] = field(default_factory=dict)
    loose: bool = False
    uncertain: bool = False

    def __post_init__(self) -> None:
        scene = self.sample.room.scene
        self.resting = {o.id: o.at for o in scene.objects}
        self.initial = dict(self.resting)
        self.closed = {p.id for p in scene.locations if p.closed}

    @property
    def _said(self) -> str:
        return self.sample.instruction

    def condition_is_loose(self, statements: Sequence[Statement]) -> bool:
        """Returns whether "A. B, if C" leaves open whether C is a condition of A too."""
        conditions = {s.condition for s in statements}
        if len(statements) < 2 or len(conditions) > 1 or None in conditions or not re.search(r"[.;] \w", self._said):
            return False
        order = [name for name in self.sample.order if name[0] != "N"]
        last = {term.name for term in conditions.pop().terms}
        return bool(order) and order[-1] in last and order[0] not in last

    # --- what phrases mean ---------------------------------------------------------------------------------------

    def _named(self, name: str) -> Named:
        named = self.sample.named[name]
        vague = named.text.split()[-1] in ("one", "ones", "others") or name[0] == "W"
        selected = named.unclear and named.text.split()[1:2] != named.text.split()[-1:]
        if vague or (selected and not self._coloured(named)):
            raise _Undecided
        return named

    def _coloured(self, named: Named) -> bool:
        adjectives = set(self.sample.room.colours.values())
        return len(named.text.split()) > 2 and named.text.split()[1] in adjectives

    def _ids(self, terms: Sequence[Term]) -> list[str]:
        found: list[str] = []
        for term in terms:
            if term.name == "held":  # nobody holds anything at the start of a generated room
                named = any(name[0] in "TUV" for name in self.sample.order) and not _HOLDING.search(self._said)
                raise _Undecided if named else _Declined  # "that" may be what was named
            if term.name in ("me", "start"):
                found += [self._person()] if term.name == "me" else ["start"]
                continue
            found += [id_ for id_ in self._narrowed(term) if id_ not in found]
        return found

    def _narrowed(self, term: Term) -> list[str]:
        named = self._named(term.name)
        if not named.ids:
            raise _Declined
        if named.unclear:
            raise _Declined if self._ambiguous(term) else _Undecided
        ids = list(named.ids)
        for letter in term.at:
            places = self._place_ids(letter)
            if any(self.initial.get(id_) in places and self.resting.get(id_) not in places for id_ in ids):
                raise _Undecided  # it was there before something else that was asked for
            ids = [id_ for id_ in ids if self.resting.get(id_) in places]
        for letter in term.without:
            excluded = self._named(letter)
            if excluded.unclear or not excluded.ids:
                raise _Undecided
            ids = [id_ for id_ in ids if id_ not in excluded.ids]
        if not ids:
            raise _Declined
        if len(ids) < len(named.ids) and _COUNTED & set(named.text.split()):
            self.uncertain = True  # "both cans on the table", where one is: a question is right too
        return [id_ for id_ in ids if id_ not in self.kept or not named.plural]

    def _ambiguous(self, term: Term) -> bool:
        """True where nothing that was said, and no name, tells one of several from the others."""
        plain = not term.at and not term.without and len(self.sample.order) == 1
        named = self.sample.named[term.name]
        alike = [id_ for id_, noun in self.sample.room.nouns.items() if noun == named.text.split()[-1]]
        return plain and all(id_ in self.sample.room.colours for id_ in alike) and not self._coloured(named)

    def _place_ids(self, letter: str) -> tuple[str, ...]:
        named = self._named(letter)
        if named.unclear:
            raise _Undecided
        if not named.ids:
            raise _Declined
        return named.ids

    def _single(self, terms: Sequence[Term]) -> str:
        ids = self._ids(terms)
        if len(ids) != 1:
            raise _Undecided
        return ids[0]

    def _person(self) -> str:
        return self.sample.room.places(("person",))[0]

    # --- conditions ----------------------------------------------------------------------------------------------

    def holds(self, condition: Condition) -> bool:
        """Returns whether a condition was met when it was first looked at."""
        fact = replace(condition, positive=True)
        if fact not in self.judged:
            self.judged[fact] = self._fact(condition)
        return self.judged[fact] == condition.positive

    def _fact(self, condition: Condition) -> bool:
        match condition.predicate:
            case "open":
                return self._single(condition.terms) not in self.closed
            case "held":
                return False
            case "empty":
                return self._single(condition.terms) not in self.resting.values()
            case _:
                return self._is_there(condition.terms[0])

    def _is_there(self, term: Term) -> bool:
        named = self._named(term.name)
        if named.unclear or named.plural:
            raise _Undecided
        if any(not self._named(letter).ids for letter in term.at):
            raise _Undecided
        places = [place for letter in term.at for place in self._place_ids(letter)]
        return bool(named.ids) and (not places or all(self.resting.get(i) in places for i in named.ids))

    # --- statements ----------------------------------------------------------------------------------------------

    def keep(self, statement: Statement) -> None:
        """Notes what must not be touched."""
        if statement.action == "keep":
            named = self._named(statement.arguments[0][0].name)
            if named.unclear:
                raise _Undecided
            self.kept.update(named.ids)

    def follow(self, statement: Statement, *, last: bool) -> None:
        """Changes the room as a statement says."""
        action, arguments = statement.action, statement.arguments
        if action == "drop" and last and self.held is None and self._is_down(arguments):
            self.uncertain = True  # put somewhere and then let go of: that is so, or may be asked about
            return
        if action in _UNDECIDED:
            raise _Declined if action == "drop" and self.held is None and last else _Undecided
        match action:
            case "put" | "back" | "beside" | "give" | "discard" | "clear":
                self._move(action, arguments)
            case "take":
                self._take(self._ids(arguments[0]), last)
            case "open" | "close":
                self._turn(self._single(arguments[0]), action == "open")
            case "go" | "find":
                self._go(self._single(arguments[0]), last)
            case "swap":
                self._swap([id_ for terms in arguments for id_ in self._ids(terms)])
            case "shoot" | "cross":
                self._act(action, arguments)
            case "call":
                if statement.words[1:] == ("stand", "up"):
                    raise _Undecided  # several skills do that
                self.steps.append(f"{statement.words[0]}()")

    def _is_down(self, arguments: Sequence[Sequence[Term]]) -> bool:
        """Returns whether what is to be let go of was put somewhere before."""
        return bool(arguments) and all(("on", id_) in self.goals for id_ in self._ids(arguments[0]))

    def _move(self, action: str, arguments: Sequence[Sequence[Term]]) -> None:
        if action == "clear":
            self._clear(arguments)
            return
        things = self._ids(arguments[0])
        for id_ in things:
            if id_ in self.kept:
                raise _Undecided
            target = self._target(action, arguments, id_)
            if target == id_ and len(things) == 1:
                raise _Undecided
            if target != id_:
                self._put(id_, target)

    def _target(self, action: str, arguments: Sequence[Sequence[Term]], id_: str) -> str:
        match action:
            case "give":
                return self._person()
            case "discard":
                return self._bin()
            case "back":
                if _BROUGHT_BACK.search(self._said):
                    raise _Undecided  # to the asker or to where it was
                return str(self.sample.room.scene.object(id_).at)  # type: ignore[union-attr]
            case "beside":
                ids = self._ids(arguments[1])
                places = {self.resting[other] for other in ids}
                if len(places) != 1 or None in places or id_ in ids:
                    raise _Undecided
                return str(places.pop())
            case _:
                return self._single(arguments[1])

    def _bin(self) -> str:
        bins = [id_ for id_, noun in self.sample.room.nouns.items() if noun == "bin"]
        if len(bins) > 1:
            raise _Undecided
        if not bins:
            raise _Declined
        return bins[0]

    def _must_not_grip(self, id_: str) -> None:
        thing = self.sample.room.scene.object(id_)
        if thing is not None and load_rules().target_fault("grasp", thing):
            raise _Declined

    def _reopen(self, place: str) -> None:
        """What was closed before something is put into it or taken out of it does not stay closed."""
        while place in self.resting:  # in a bowl in it
            place = str(self.resting[place])
        if self.goals.get(("open", place), "").startswith("not"):
            self.goals.pop(("open", place))

    def _put(self, id_: str, target: str) -> None:
        scene = self.sample.room.scene
        self._must_not_grip(id_)
        if self.resting[id_] != target and load_rules().placing_fault(scene, id_, target):
            raise _Declined
        onto = self.goals.get(("on", id_), "").removesuffix(")").split(", ")[-1]
        if onto in self.resting and re.search(r"\b(it|them)\b", self._said):
            raise _Undecided  # "set A on B, and it goes to C"
        location = scene.location(target)
        if location is not None and load_rules().not_inside.keys() & classes_of(location):
            self.uncertain = True  # nothing goes into a toilet, and what is said may be "into" or "onto"
        if target in self.resting:
            self.loose = True
            if self.resting[target] == id_:
                raise _Undecided
        if self.held == id_:
            self.held = None
            self.goals.pop(("holding", ""), None)
        self._reopen(str(self.resting[id_]))
        self._reopen(target)
        self.resting[id_] = target
        self.goals[("on", id_)] = f"on({id_}, {target})"

    def _clear(self, arguments: Sequence[Sequence[Term]]) -> None:
        place = self._single(arguments[0])
        contents = [id_ for id_, at in self.resting.items() if at == place]
        if place in self.resting or set(contents) & self.kept:
            raise _Undecided
        for id_ in contents:
            if len(arguments) > 1:
                self._put(id_, self._single(arguments[1]))
            else:
                self.goals[("on", id_)] = f"not on({id_}, {place})"
                self.loose = self.uncertain = True

    def _take(self, ids: Sequence[str], last: bool) -> None:
        if len(ids) != 1:
            raise _Declined if last else _Undecided
        if self.held is not None or ids[0] in self.kept:
            raise _Undecided
        self._must_not_grip(ids[0])
        self._reopen(str(self.resting[ids[0]]))
        self.held = ids[0]
        self.goals[("holding", "")] = f"holding({ids[0]})"
        self.goals.pop(("on", ids[0]), None)
        self.loose = True

    def _turn(self, door: str, opened: bool) -> None:
        (self.closed.discard if opened else self.closed.add)(door)
        self.goals[("open", door)] = f"open({door})" if opened else f"not open({door})"

    def _go(self, place: str, last: bool) -> None:
        if self.sample.robot not in ("ep", "s1"):
            raise _Declined  # walkers go to points, and a generated room has none
        if last:
            self.goals[("at", "")] = f"at({place})"

    def _swap(self, ids: Sequence[str]) -> None:
        places = [self.resting.get(id_) for id_ in ids]
        if len(ids) != 2 or None in places or set(ids) & self.kept or places[0] in ids or places[1] in ids:
            raise _Undecided
        self._put(ids[0], str(places[1]))
        self._put(ids[1], str(places[0]))

    def _act(self, action: str, arguments: Sequence[Sequence[Term]]) -> None:
        if arguments:
            ids = self._ids(arguments[0])
        else:
            ids = self.sample.room.places(("target",))
            if len(ids) != 1:
                raise _Undecided
        predicate = {"shoot": "shot", "cross": "crossed"}[action]
        for id_ in ids:
            self.goals[(predicate, id_)] = f"{predicate}({id_})"

    def outcome(self) -> Outcome:
        """Returns what should be true in the end."""
        goals = tuple(self.goals.values())
        held_moves = [g for g in goals if self.held is not None and g.startswith(f"on({self.held},")]
        if held_moves:
            raise _Undecided
        steps = tuple(step for step, _ in groupby(self.steps))  # what is called twice alike may be done once
        return Outcome(goals, self.uncertain, False, steps, self.loose)
