import pytest

pytest.importorskip("mujoco")

from robomatrix.evaluation.humanoid_sessions import BOX_TOLERANCE, HumanoidEpisode, SessionReport, play, pushed_off
from robomatrix.robots.loader import load_robot
from robomatrix.scenes.skillbench import things
from robomatrix.scheduling.plan import PlanStep
from robomatrix.skills.skillblender.bench_skills import EDGE


def test_an_instruction_is_planned_and_carried_out_in_lockstep():
    episode = play("g1", "plain", "walk backwards for 1 second, then walk to 0.6 metres ahead", seed=5)
    assert episode.success, episode.message
    assert [step.split("(")[0] for step in episode.steps] == ["walk", "walk_to"]
    assert "frame=robot" in episode.steps[1] and 3.0 < episode.seconds < 15.0


def test_the_h1_walks_too():
    episode = play("h1", "plain", "walk forward for 2 seconds, then walk to 0.6 metres ahead", seed=10)
    assert episode.success, episode.message


def test_the_h1_squats_and_rises_to_walk():
    episode = play("h1", "plain", "squat down to 80 cm, then walk forward for 1 second", seed=10)
    assert episode.success, episode.message
    assert [step.split("(")[0] for step in episode.steps] == ["squat", "walk"]


def test_what_is_not_there_ends_the_episode_with_the_question():
    episode = play("g1", "plain", "close the cabinet", seed=5)
    assert not episode.success and episode.steps == () and "cabinet" in episode.message


def test_the_report_counts_and_wants_nine_of_ten():
    episodes = [HumanoidEpisode(seed, seed > 0, "", 4.0, (), ()) for seed in range(10)]
    report = SessionReport("g1", "plain", "stand", tuple(episodes))
    assert report.successes == 9 and report.reached and report.to_json()["successes"] == 9
    assert not SessionReport("g1", "plain", "stand", tuple(episodes[:5])).reached


def test_a_pushed_box_is_judged_by_where_it_truly_is():
    robot, edge = load_robot("g1"), 0.75 - EDGE
    before = things("table", "g1", (0.7, -0.2, 0.775), ())
    push = (PlanStep("box_push", {"box": "box_1", "side": "left"}), before)
    there, short, floor = (
        things("table", "g1", place, ()) for place in ((0.7, edge, 0.775), (0.7, edge - 0.3, 0.775), (0.4, edge, 0.05))
    )
    assert pushed_off(robot, [push], there) == pytest.approx([0.0])
    assert pushed_off(robot, [push], short) == pytest.approx([0.1]) and BOX_TOLERANCE < 0.1
    assert pushed_off(robot, [push], floor)[0] > BOX_TOLERANCE
    back = (PlanStep("box_push", {"box": "box_1", "side": "right", "distance": 0.3}), there)
    assert pushed_off(robot, [push, back], short) == pytest.approx([0.0])
    assert pushed_off(robot, [(PlanStep("walk", {"duration": 2.0}), before)], floor) == ()


def test_the_h1_2_walks_and_squats():
    episode = play("h1_2", "plain", "squat down to 80 cm, then walk forward for 1 second", seed=10)
    assert episode.success and len(episode.steps) == 2


def test_the_h1_shuts_a_cabinet_and_reaches_far():
    episode = play("h1", "bench_cabinet", "close the cabinet", seed=10)
    assert episode.success and episode.steps[0].startswith("cabinet_close"), episode.message
    episode = play("h1", "plain", "reach far forward 1.6 m", seed=10)
    assert episode.success and "forward=1.6" in episode.steps[0], episode.message
