import pytest
from hypothesis import given
from hypothesis import strategies as st

from robomatrix.errors import PlanningError
from robomatrix.scheduling.compact.program import Condition, Program, Statement, Term, grammar, parse
from robomatrix.scheduling.planners.automaton import NOTHING, derivative, may_end


def matches(text: str, letters: str = "ABC", skills: tuple[str, ...] = ("turn",)) -> bool:
    rest = grammar(letters, skills)
    for character in text:
        rest = derivative(rest, character)
        if rest == NOTHING:
            return False
    return may_end(rest)


PROGRAMS = [
    "put A B",
    "put A@B-C+held start",
    "if not open A: open A; if not open A: put B A",
    "call turn turn left A",
    "keep C; clear A B",
    "drop",
    "ask",
    "no",
]


@pytest.mark.parametrize("text", PROGRAMS)
def test_programs_are_of_the_grammar_and_can_be_read(text: str) -> None:
    assert matches(text)
    assert parse(text) != Program()


@pytest.mark.parametrize(
    "text", ["put A", "put A D", "fly A", "call walk", "put A B;", "if open A", "put A@ B", "", "no; ask"]
)
def test_what_is_no_program_is_not_of_the_grammar(text: str) -> None:
    assert not matches(text)


def test_reads_conditions_modifiers_and_lists() -> None:
    statement = parse("if not there A@B: put A@B-C+D start").statements[0]
    assert statement.condition == Condition("there", (Term("A", ("B",)),), positive=False)
    assert statement.arguments == ((Term("A", ("B",), ("C",)), Term("D")), (Term("start"),))


def test_calls_keep_their_words() -> None:
    assert parse("call turn turn left A") == Program((Statement("call", (), None, ("turn", "turn", "left", "A")),))


@pytest.mark.parametrize("text", ["put", "fly A", "if open A put B C", "put A@ B", "if loud A: wait"])
def test_complains_about_what_it_cannot_read(text: str) -> None:
    with pytest.raises(PlanningError):
        parse(text)


@given(st.text(alphabet="putabsenoifcl AB@-+:;", max_size=40))
def test_reads_or_complains_about_anything(text: str) -> None:
    try:
        parse(text)
    except PlanningError as error:
        assert str(error)
