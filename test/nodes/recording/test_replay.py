"""One recorded run, read back, replayed and filmed; also when it was cut in half or damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.domains import Domains
from support.ros import Client

from robomatrix.errors import ConfigurationError
from robomatrix_nodes.recording.reader import Recording
from robomatrix_nodes.recording.replay import replay
from robomatrix_nodes.recording.story import story
from robomatrix_nodes.recording.video import film
from robomatrix_nodes.stack import Stack, StackSettings


@pytest.fixture(scope="module")
def recorded(domains: Domains, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recorded") / "run.mcap"
    with Stack(StackSettings(domain_id=domains.take(), speed=0.0, lockstep_timeout=5.0, record=str(path))) as stack:
        assert Client(stack).run_task("turn left 170 degrees").success
    return path


def test_messages_come_in_the_order_of_their_time(recorded: Path) -> None:
    recording = Recording(recorded)
    times = [message.time for message in recording.messages()]
    assert len(times) > 300 and times == sorted(times)
    assert recording.note == ""
    assert (recording.metadata["robot"], recording.metadata["driver"]) == ("ep", "mujoco")


def test_the_story_tells_plan_and_steps(recorded: Path) -> None:
    moments = list(story(Recording(recorded)))
    assert moments[-1].plan == ("turn(angle_deg=170.0)",)
    assert moments[-1].step == "turn(angle_deg=170.0)"
    assert [m.state for m in moments][-1] == "succeeded"


@pytest.mark.parametrize("share", [0.3, 0.7, 0.999])
def test_half_a_recording_is_read_as_far_as_it_goes(recorded: Path, tmp_path: Path, share: float) -> None:
    data = recorded.read_bytes()
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(data[: int(share * len(data))])
    recording, whole = Recording(cut), sum(1 for _ in Recording(recorded).messages())
    count = sum(1 for _ in recording.messages())
    assert 0 < count <= whole
    assert count > (share - 0.3) * whole
    assert "is cut off; read as far as" in recording.note


def test_damage_in_the_middle_is_told(recorded: Path, tmp_path: Path) -> None:
    data = bytearray(recorded.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 400] = b"\x55" * 400
    bad = tmp_path / "bad.mcap"
    bad.write_bytes(data)
    recording = Recording(bad)
    assert sum(1 for _ in recording.messages()) > 50
    assert "bad.mcap" in recording.note


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot read"), (b"", "breaks off"), (b"no recording at all", "no MCAP recording")]
)
def test_what_is_no_recording_is_told(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "x.mcap"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=words):
        Recording(path)


def test_perception_and_scheduler_make_the_same_of_it(recorded: Path, domain_id: int) -> None:
    report = replay(recorded, domain_id=domain_id)
    assert report.images >= 5 and report.unanswered == 0
    assert report.recorded_things > 0
    assert report.found_again / report.recorded_things > 0.95
    assert [(plan["instruction"], plan["same"]) for plan in report.plans] == [("turn left 170 degrees", True)]


def test_a_video_shows_the_whole_run(recorded: Path, tmp_path: Path) -> None:
    import av

    times = [message.time * 1e-9 for message in Recording(recorded).messages()]
    frames = film(Recording(recorded), tmp_path / "run.mp4")
    assert frames == pytest.approx(15.0 * (times[-1] - times[0]), abs=3)
    with av.open(str(tmp_path / "run.mp4")) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(pictures) == frames
    caption = pictures[-2][-198:]
    assert (caption.max(axis=-1) > 180).mean() > 0.001, "there is no text below the picture"


def test_a_recording_without_images_makes_no_video(bring_up: object, tmp_path: Path) -> None:
    stack = bring_up(record=str(tmp_path / "a.mcap"))
    Client(stack).run_skill("turn", angle_deg=10.0)
    stack.__exit__(None, None, None)
    with pytest.raises(ConfigurationError, match="no camera images"):
        film(Recording(tmp_path / "a.mcap"), tmp_path / "a.mp4")
    assert not (tmp_path / "a.mp4").exists()
