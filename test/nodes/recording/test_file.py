"""The file under a recording, on real disks and limits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from mcap.reader import NonSeekingReader, make_reader

from robomatrix.errors import ConfigurationError
from robomatrix_nodes.recording.file import RecordingFile, whole_length

FULL_DISK = """
import resource, sys
from pathlib import Path
from std_msgs.msg import String
from rclpy.serialization import serialize_message
from robomatrix_nodes.recording import sinks

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
outlet = sinks.Outlet({"/text": String})
writer = sinks.Writer(outlet, Path(sys.argv[1]), {})
for index in range(400):
    text = "".join(map(str, range(index, index + 900)))
    outlet.log("/text", serialize_message(String(data=text)), index)
    writer.flush()
writer.close()
print(writer.error)
"""
"""Writes some 600 kB where only so much fits, as a full disk would have it."""


def count(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in NonSeekingReader(file).iter_messages())


@pytest.fixture
def full(tmp_path: Path) -> tuple[Path, str]:
    path = tmp_path / "full.mcap"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path), "100000"], capture_output=True, text=True, timeout=60, check=True
    )
    return path, done.stdout.strip()


def test_a_full_disk_ends_the_recording_and_leaves_a_whole_file(full: tuple[Path, str]) -> None:
    path, error = full
    assert error == "File too large"
    assert path.stat().st_size <= 100_000
    assert 10 < count(path) < 400
    with path.open("rb") as file:
        assert make_reader(file).get_header().profile == "ros2", "the file has no end"


def test_what_was_whole_before_a_cut_is_found(full: tuple[Path, str], tmp_path: Path) -> None:
    data = full[0].read_bytes()
    end = whole_length(full[0])
    for length in (0, 5, 8, 20, 5_000, 30_001, end - 1):
        cut = tmp_path / f"{length}.mcap"
        cut.write_bytes(data[:length])
        assert whole_length(cut) <= length
    cut.write_bytes(data[:end])
    assert whole_length(cut) == end


@pytest.mark.parametrize(
    ("name", "words"), [("there.mcap", "exists already"), ("there.mcap/inside.mcap", "cannot record")]
)
def test_a_path_that_cannot_be_written_is_told(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "there.mcap").write_bytes(b"precious")
    with pytest.raises(ConfigurationError, match=words):
        RecordingFile(tmp_path / name)
    assert (tmp_path / "there.mcap").read_bytes() == b"precious"


def test_closing_twice_is_no_error(tmp_path: Path) -> None:
    file = RecordingFile(tmp_path / "new" / "a.mcap")
    file.write(b"abc")
    file.close()
    file.close()
    assert (tmp_path / "new" / "a.mcap").read_bytes() == b"abc"
