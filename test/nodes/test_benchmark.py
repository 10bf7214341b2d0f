from __future__ import annotations

import io
import json

from rich.console import Console

from robomatrix_nodes.benchmark import Line, Report, bridge_lines, bridge_overhead


def test_a_report_says_what_is_reached() -> None:
    fast, slow = Line("factor", 11.0, "x", 10.0), Line("latency", 6.0, "ms", 5.0, at_least=False)
    assert Report((fast,)).reached and not Report((fast, slow)).reached


def test_a_figure_without_a_target_is_shown_and_never_missed() -> None:
    report = Report((Line("bare", 0.8, "ms"),))
    assert report.reached and json.loads(json.dumps(report.to_json()))["lines"][0]["target"] is None
    console = Console(width=100, file=io.StringIO())
    console.print(report.table())
    assert "0.80 ms" in console.file.getvalue()


def test_what_the_bridge_adds_is_measured_in_every_control_period() -> None:
    added = bridge_overhead(1)
    assert len(added) > 200 and min(added) > 0.0
    median, worst = bridge_lines(added)
    assert 0.0 < median.value <= worst.value and (median.target, worst.target) == (1.0, 3.0)
