import pytest

pytest.importorskip("mujoco")

from robomatrix.evaluation.humanoid_sessions import HumanoidEpisode, SessionReport, play


def test_an_instruction_is_planned_and_carried_out_in_lockstep():
    episode = play("g1", "plain", "walk backwards for 1 second, then walk to 0.6 metres ahead", seed=5)
    assert episode.success, episode.message
    assert [step.split("(")[0] for step in episode.steps] == ["walk", "walk_to"]
    assert "frame=robot" in episode.steps[1] and 3.0 < episode.seconds < 15.0


def test_the_h1_walks_too():
    episode = play("h1", "plain", "walk forward for 2 seconds, then walk to 0.6 metres ahead", seed=10)
    assert episode.success, episode.message


def test_what_is_not_there_ends_the_episode_with_the_question():
    episode = play("g1", "plain", "close the cabinet", seed=5)
    assert not episode.success and episode.steps == () and "cabinet" in episode.message


def test_the_report_counts_and_wants_nine_of_ten():
    episodes = [HumanoidEpisode(seed, seed > 0, "", 4.0, (), ()) for seed in range(10)]
    report = SessionReport("g1", "plain", "stand", tuple(episodes))
    assert report.successes == 9 and report.reached and report.to_json()["successes"] == 9
    assert not SessionReport("g1", "plain", "stand", tuple(episodes[:5])).reached
