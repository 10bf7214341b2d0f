"""The audit log: one JSON line for every task, in the order of their ends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class AuditLog:
    """Appends records to a file of JSON lines."""

    path: Path

    def write(self, record: Mapping[str, object]) -> None:
        """Appends one record; makes the folder if it is missing."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(record, ensure_ascii=False, default=str) + "\n")
