from collections.abc import Iterator
from pathlib import Path

import pytest

from robomatrix import resources
from robomatrix.errors import ConfigurationError


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    resources.share.cache_clear()
    yield
    resources.share.cache_clear()


def test_the_source_tree_is_found() -> None:
    assert (resources.share() / "setup.py").is_file()
    assert resources.resource("urdf", "ep.urdf").is_file()


def test_an_installed_prefix_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    share = tmp_path / "share" / "robomatrix"
    for folder in ("urdf", "config"):
        (share / folder).mkdir(parents=True)
    module = tmp_path / "lib" / "python3.12" / "site-packages" / "robomatrix" / "resources.py"
    monkeypatch.setattr(resources, "__file__", str(module))
    assert resources.share() == share


def test_nothing_found_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "__file__", str(tmp_path / "robomatrix" / "resources.py"))
    monkeypatch.setattr(resources.sys, "prefix", str(tmp_path))
    with pytest.raises(ConfigurationError, match="urdf/ and config/ are missing"):
        resources.share()


@pytest.mark.parametrize("text", ["[1, 2", "- a\n- b\n", ""])
def test_a_bad_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "robot.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"robot\.yaml"):
        resources.load_yaml(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml"):
        resources.load_yaml(tmp_path / "nowhere.yaml")
