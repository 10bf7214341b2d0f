"""Signals while the nodes run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from robomatrix_nodes.interrupts import Interrupts
from robomatrix_nodes.stack import Stack


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts_at_the_next_check_and_once(number: int) -> None:
    before = signal.getsignal(number)
    with Interrupts() as interrupts:
        interrupts.check()
        os.kill(os.getpid(), number)
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()
        interrupts.check()
    assert signal.getsignal(number) is before


def test_what_was_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGINT)
        interrupts.check()
    signal.signal(signal.SIGINT, before)


def test_a_stack_is_taken_down_in_order(bring_up: Callable[..., Stack]) -> None:
    stack = bring_up(speed=1.0)
    began = time.monotonic()
    timer = stack.bridge.create_timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        stack.spin_until(lambda: time.monotonic() > began + 20.0)
    timer.cancel()
    stack.__exit__(None, None, None)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_node_ends_well_on_both_signals(domain_id: int, number: int) -> None:
    code = "import sys; from robomatrix_nodes.scheduler import main; print('up', flush=True); main(sys.argv)"
    node = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "ROS_DOMAIN_ID": str(domain_id)},
    )
    assert node.stdout.readline() == "up\n"
    time.sleep(2.0)
    node.send_signal(number)
    _, errors = node.communicate(timeout=20.0)
    assert node.returncode == 0, errors
