from __future__ import annotations

import io
import json

from rich.console import Console

from robomatrix_nodes.benchmark import Line, Report


def test_a_report_says_what_is_reached() -> None:
    fast, slow = Line("factor", 11.0, "x", 10.0), Line("latency", 6.0, "ms", 5.0, at_least=False)
    assert Report((fast,)).reached and not Report((fast, slow)).reached


def test_a_figure_without_a_target_is_shown_and_never_missed() -> None:
    report = Report((Line("bare", 0.8, "ms"),))
    assert report.reached and json.loads(json.dumps(report.to_json()))["lines"][0]["target"] is None
    console = Console(width=100, file=io.StringIO())
    console.print(report.table())
    assert "0.80 ms" in console.file.getvalue()
