from robomatrix.evaluation.dexgen.open_palm import palm_trial, palm_trials
from robomatrix.robots.loader import load_robot

ALLEGRO = load_robot("allegro")


def test_an_opened_palm_looking_down_drops_what_is_not_assisted():
    trials = [palm_trial(ALLEGRO, "can", "down", seed, assisted) for assisted in (True, False) for seed in (1, 2)]
    assert [t.held for t in trials] == [True, True, False, False]


def test_every_attitude_and_object_is_tried_both_ways():
    tried = {(t.category, t.assisted) for t in palm_trials(ALLEGRO, 1, 5, ("up",))}
    assert tried == {(category, way) for category in ("block", "can", "ball") for way in (True, False)}
