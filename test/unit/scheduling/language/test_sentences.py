import pytest

from robomatrix.scheduling.language.clauses import ClauseReader
from robomatrix.scheduling.language.entities import EntityIndex
from robomatrix.scheduling.language.lexicon import load_lexicon
from robomatrix.scheduling.language.sentences import ClauseParser
from robomatrix.scheduling.language.text import tokenise


@pytest.fixture
def said(office):
    parser = ClauseParser(ClauseReader(EntityIndex(office), load_lexicon()))

    def read(text):
        clauses = parser.parse(tokenise(text))
        return [(c.form, c.verb.value.base if c.verb else "", " ".join(t.text for t in c.tokens)) for c in clauses]

    return read


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("Could you please put the can in the box?", [("command", "put", "the can in the box")]),
        (
            "pick up the can and put it in the bin, then go back",
            [("command", "pick up", "the can"), ("command", "put", "it in the bin"), ("command", "go back", "")],
        ),
        (
            "go to the table pick up the can put it in the box",
            [("command", "go", "to the table"), ("command", "pick up", "the can"), ("command", "put", "it in the box")],
        ),
        ("put the can and the ball in the box", [("command", "put", "the can and the ball in the box")]),
        ("I want the can on the table", [("wish", "", "the can on the table")]),
        ("the can should be in the bin", [("state", "", "the can in the bin")]),
        ("There is a can on the table.", [("information", "", "a can on the table")]),
        ("the can should be thrown away", [("command", "throw away", "the can")]),
        ("I want the drawer to be pulled open", [("command", "pull open", "the drawer")]),
        ("make sure the can is handed to me", [("command", "hand", "the can to me")]),
        (
            "before you close the drawer, put the can in it",
            [
                ("information", "close", "the drawer"),
                ("command", "put", "the can in it"),
                ("command", "close", "the drawer"),
            ],
        ),
        (
            "take the can so nobody trips over it",
            [("command", "take", "the can"), ("information", "", "nobody trips over it")],
        ),
        ("I have to work now", []),
        ("I have to read the book", [("information", "", "to read the book")]),
        ("I love the can", [("information", "", "the can")]),
        ("is the can on the table", [("question", "", "is the can on the table")]),
        (
            "put the can in the bin after opening the drawer",
            [("command", "open", "the drawer"), ("command", "put", "the can in the bin")],
        ),
        (
            "from the table take the can to the bin",
            [("command", "take", "the can to the bin from the table")],
        ),
        ("what is on the table?", [("question", "", "what is on the table")]),
    ],
)
def test_what_is_said_is_cut_and_put_in_order(said, text, clauses):
    assert said(text) == clauses


def test_conditions_hang_on_their_clauses(office):
    parser = ClauseParser(ClauseReader(EntityIndex(office), load_lexicon()))
    clauses = parser.parse(tokenise("if the drawer is open, close it, otherwise open it"))
    assert [[(str(g.tokens[0]), g.positive) for g in c.guards] for c in clauses] == [[("the", True)], [("the", False)]]


def test_corrections_and_prohibitions_are_marked(office):
    parser = ClauseParser(ClauseReader(EntityIndex(office), load_lexicon()))
    clauses = parser.parse(tokenise("put the can in the bin, no wait, the ball. don't touch the knife"))
    assert [(c.correction, c.negated) for c in clauses] == [(False, False), (True, False), (False, True)]
