"""Where the files that ship beside the code are: urdf/, config/ and models/, in the source tree or installed."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from robomatrix.errors import ConfigurationError


@cache
def share() -> Path:
    """Returns the folder that holds ``urdf/`` and ``config/``.

    The repository's root when run from sources, else ``<prefix>/share/robomatrix`` of the install prefix above this
    file or of the interpreter.

    Raises:
        ConfigurationError: none of these places has the files.
    """
    package = Path(__file__).resolve().parent
    prefixes = [*package.parents, Path(sys.prefix)]
    candidates = [package.parent, *(p / "share" / "robomatrix" for p in prefixes)]
    for folder in candidates:
        if (folder / "urdf").is_dir() and (folder / "config").is_dir():
            return folder
    raise ConfigurationError(f"urdf/ and config/ are missing; reinstall robomatrix (looked beside {package})")


def resource(*parts: str) -> Path:
    """Returns the path of a shipped file, which need not exist."""
    return share().joinpath(*parts)


def names(folder: str, suffix: str = ".yaml") -> tuple[str, ...]:
    """Returns the stems of the files with ``suffix`` in a folder such as ``config/robots``, sorted."""
    return tuple(sorted(path.stem for path in resource(folder).glob(f"*{suffix}")))


def load_yaml(path: Path) -> dict[str, Any]:
    """Returns the mapping in a YAML file.

    Raises:
        ConfigurationError: the file cannot be read, is not YAML or holds no mapping.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    if not isinstance(data, dict):
        raise ConfigurationError(f"{path}: must hold a mapping")
    return data


def parse_mapping(text: str, what: str) -> dict[str, Any]:
    """Returns a mapping written as YAML on one line, such as ``{host: 127.0.0.1}``; empty for empty text.

    Raises:
        ConfigurationError: it is no mapping; names ``what``.
    """
    try:
        data = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{what}: {error}") from error
    if not isinstance(data, dict):
        raise ConfigurationError(f"{what} must be a mapping such as {{host: 127.0.0.1}}, not '{text}'")
    return data
