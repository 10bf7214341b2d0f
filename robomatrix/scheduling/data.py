"""Reads the scheduling layer's data files in ``config/``."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from robomatrix.errors import ConfigurationError
from robomatrix.resources import resource


@cache
def read_yaml(name: str) -> Any:
    """Returns the content of a YAML file in ``config/``. Raises ConfigurationError if it is missing or malformed."""
    path = resource("config", name)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where libyaml is there
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - safe in both variants
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}: {error}") from None
