"""What the documents point at exists: links, commands, scripts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert missing == []


def test_every_command_that_is_shown_exists() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    shown = {match for match in re.findall(r"robomatrix ((?:bench |train |emulate |motions )?[a-z][a-z-]+)", text)}
    code = (
        "from robomatrix import cli; from importlib.metadata import entry_points\n"
        "[e.load()(cli.app) for e in entry_points(group=cli.ENTRY_POINT_GROUP)]\n"
        "import typer; root = typer.main.get_command(cli.app)\n"
        "for n, c in root.commands.items():\n"
        "    print(n); [print(n, k) for k in getattr(c, 'commands', {})]\n"
    )
    known = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split("\n")
    )
    words = {"run", "plan", "up", "skills", "robots", "scenes", "drivers", "doctor", "bench", "train"}
    wrong = {s for s in shown if s.split()[0] in words | {"emulate", "motions"} and s not in known}
    assert wrong == set()


def test_scripts_are_executable() -> None:
    for name in ("scripts/setup", "scripts/demo", "scripts/test", ".ci/run"):
        assert (ROOT / name).stat().st_mode & 0o111, name
