import json
from dataclasses import replace

import pytest
from support.playground import can, thing

from robomatrix.errors import ConfigurationError, UnknownNameError
from robomatrix.evaluation import mobile_manipulation, mobile_skills
from robomatrix.evaluation.episodes import Episode, Stage, Unprepared, play
from robomatrix.evaluation.mobile_manipulation import CASES, SKILLS, TASKS, Report, run, summarise
from robomatrix.evaluation.mobile_skills import is_beyond, is_held, is_hit, rests_on, stands_before
from robomatrix.evaluation.mobile_tasks import all_of, draw
from robomatrix.skills.mobile_manipulation.geometry import Pose2


def episode(success, claimed=True, case="grasp", seed=1):
    return Episode(case, seed, success, claimed, "", 2.0)


class Truth:
    """A stage with nothing but the truth."""

    def __init__(self, *things, pose=(0.0, 0.0, 0.0), pads=0.1):
        self.things, self.pose = {t.id: t for t in things}, pose
        self.driver = self.session = self.state = self
        self.joints = {"gripper": pads}

    def objects(self):
        return tuple(self.things.values())

    def base_pose(self):
        return self.pose

    def true(self, name):
        return self.things[name]


def test_every_skill_and_task_of_the_goal_is_measured_somewhere():
    assert set(SKILLS) >= {"move_to", "grasp", "position_over", "release", "open", "close", "shoot", "cross"}
    assert len(TASKS) == 6
    assert {m for case in CASES.values() for m in case.measures} == {*SKILLS, *TASKS}


def test_a_claim_that_the_truth_denies_is_a_false_success():
    line = summarise("grasp", [episode(True), episode(False), episode(False, claimed=False)])
    assert (line.episodes, line.successes, line.false_successes) == (3, 1, 1)
    assert line.low < 1 / 3 < line.high
    assert line.mean_duration == 2.0


def test_report_is_json_and_says_whether_the_goal_was_reached():
    good = summarise("grasp", [episode(True)] * 20)
    bad = summarise("open", [episode(False, claimed=False, case="open")])
    report = Report((good, bad), (episode(False, claimed=False, case="open"),), 7, "mujoco", 1.0)
    assert not report.reached
    assert Report((good,), (), 7, "mujoco", 1.0).reached
    data = json.loads(json.dumps(report.to_json()))
    assert data["cases"][0]["rate"] == 1.0
    assert data["failures"][0]["case"] == "open"
    assert report.table().row_count == 2


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"cases": ["fly"]}, UnknownNameError),
        ({"driver": "real"}, UnknownNameError),
        ({"episodes": 0}, ConfigurationError),
        ({"processes": 0}, ConfigurationError),
    ],
)
def test_refuses_what_does_not_exist(arguments, error):
    with pytest.raises(error):
        run(**arguments)


def test_seeds_go_on_until_there_are_enough_episodes():
    class Pool:
        def map(self, function, seeds):
            return [(episode(True, seed=s),) if s % 2 else () for s in seeds]

    played = list(mobile_manipulation._until_enough(Pool(), "Carry", {"grasp": 5}, 100, "mujoco", 1))
    assert [e.seed for e in played] == [101, 103, 105, 107, 109]


def test_what_was_measured_on_the_way_is_not_measured_again():
    played = [episode(True, case="move_to")] * 3
    case = CASES["Carry"]
    assert mobile_manipulation._wanted("Carry", case, ["move_to", "grasp"], played, 3) == {"grasp": 3}
    assert mobile_manipulation._wanted("Carry", case, ["open"], played, 3) == {}


def test_judges_ask_the_truth():
    box = thing("box_1", 1.0, 0.0, (0.2, 0.2, 0.07))
    inside = replace(can(x=1.05), position=(1.05, 0.0, 0.065))
    assert rests_on("can_1", "box_1")(Truth(box, inside)) is None
    assert "is not at" in rests_on("can_1", "box_1")(Truth(box, can(x=1.2)))
    before = (0.77, 0.0, 0.0)
    assert "still in the gripper" in rests_on("can_1", "box_1")(Truth(box, inside, pose=before, pads=0.066))
    assert rests_on("can_1", "box_1")(Truth(box, inside, pose=before, pads=0.1)) is None
    assert "does not rest" in rests_on("can_1", "box_1")(Truth(box, can(x=1.0, z=0.4)))


def test_judge_of_standing_before():
    assert stands_before("can_1")(Truth(can(x=0.5))) is None
    assert "m from" in stands_before("can_1")(Truth(can(x=1.5)))
    assert "rad past" in stands_before("can_1")(Truth(can(x=0.5), pose=(0.0, 0.0, 1.0)))


def test_judge_of_holding():
    assert is_held("can_1")(Truth(can(x=0.28, z=0.12))) is None
    assert "above what" in is_held("can_1")(Truth(can(x=0.28)))
    assert "not in the gripper" in is_held("can_1")(Truth(can(x=0.9, z=0.12)))


def test_judge_of_crossing_wants_the_way_over_the_bar():
    bar = thing("bar_1", 1.0, 0.0, (0.08, 0.9, 0.012))
    judge = is_beyond(bar, Pose2(0.5, 0.0))
    assert judge(Truth(bar, pose=(1.4, 0.0, 0.0))) is None
    assert "beyond" in judge(Truth(bar, pose=(0.9, 0.0, 0.0)))
    assert "went round" in judge(Truth(bar, pose=(1.4, 0.9, 0.0)))


def test_judge_of_shooting_wants_one_target_only():
    first = thing("target_1", 2.0, 0.0, (0.16, 0.16, 0.34), hits=1)
    other = thing("target_2", 2.0, 1.0, (0.16, 0.16, 0.34))
    assert is_hit("target_1")(Truth(first, other)) is None
    assert is_hit("target_2")(Truth(first, other)) is not None
    assert is_hit("target_1")(Truth(first, replace(other, hits=1))) == "a bead struck another target"


def test_all_of_names_the_first_fault():
    assert all_of([lambda s: None, lambda s: "b", lambda s: "c"])(Truth()) == "b"


def test_draw_wants_a_name_of_its_own():
    stage = Truth(can("can_1"), can("can_2"), thing("ball_1", 0.0, 0.0, (0.06, 0.06, 0.06)))
    stage.rng = __import__("numpy").random.default_rng(0)
    assert draw(stage, ("can", "ball")).id == "ball_1"
    with pytest.raises(Unprepared, match="no can"):
        draw(stage, ("can",))


@pytest.fixture
def truthful():
    """Sessions in MuJoCo whose perception is perfect: for the machinery of the benchmark, not for its figures."""
    pytest.importorskip("mujoco")
    from support.truth import open_truthful

    return open_truthful


@pytest.mark.parametrize("name", list(mobile_skills.CASES))
def test_skills_succeed_with_perfect_sight(name, truthful):
    episodes = play(CASES[name](), 3, truthful)
    assert {e.case for e in episodes} >= set(CASES[name].measures), episodes
    assert all(e.success for e in episodes), episodes


def test_ends_after_what_was_asked_for(truthful):
    assert [e.case for e in play(CASES["Carry"](), 3, truthful, last="grasp")] == ["move_to", "grasp"]


def test_a_whole_task_with_perfect_sight_repeats_exactly(truthful):
    first, second = (play(CASES["fetch"](), 4, truthful) for _ in range(2))
    assert first[0].success, first
    assert first == second


def test_what_cannot_be_prepared_counts_neither_way(truthful):
    class Empty(CASES["Carry"]):
        def play(self, stage: Stage):
            raise Unprepared("nothing there")

    assert play(Empty(), 1, truthful) == ()
