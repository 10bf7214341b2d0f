from robomatrix.scheduling.data import read_yaml
from robomatrix.scheduling.ontology import load_ontology


def test_members_belong_to_their_category_and_all_that_it_lies_in() -> None:
    ontology = load_ontology()
    assert {"footwear", "clothing"} <= ontology.wider("sneaker")
    assert {"spice", "seasoning", "food"} <= ontology.wider("oregano")


def test_categories_of_members_exist() -> None:
    data = read_yaml("ontology.yaml")
    known = {*data["categories"], *data["things"]}
    assert set(data["members"]) <= known
    assert set(data["prefixes"].values()) <= set(data["categories"])


def test_no_plain_thing_ends_in_a_word_that_commands_begin_with() -> None:
    verbs = {"drive", "drop", "set", "extract", "press", "switch", "clutch", "scoop", "put", "move", "bring", "place"}
    ends = {name.split()[-1] for names in read_yaml("ontology.yaml")["members"].values() for name in names}
    assert not ends & verbs
