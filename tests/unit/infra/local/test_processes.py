"""Servers are started once, known again, and ended by those who started them."""

import os
import socket
import sys
from pathlib import Path

import pytest

from infra.local.processes import Processes
from infra.trouble import Trouble

SERVING = [
    sys.executable,
    "-c",
    "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); time.sleep(60)",
]
SLEEPING = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_process_is_known_again_and_ended(tmp_path: Path) -> None:
    Processes(tmp_path).start("server", SLEEPING, dict(os.environ), ready=lambda: True)

    again = Processes(tmp_path)

    assert again.running("server")
    assert again.stop_all() == ["server"]
    assert not again.running("server")
    assert again.stop_all() == []


def test_a_process_that_ends_at_once_shows_the_end_of_its_log(tmp_path: Path) -> None:
    failing = [sys.executable, "-c", "raise SystemExit('the disk is full')"]

    with pytest.raises(Trouble, match="the disk is full"):
        Processes(tmp_path).start("server", failing, dict(os.environ), ready=lambda: False)


def test_a_number_that_another_process_has_now_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "processes.json").write_text(f'{{"server": {{"pid": {os.getpid()}, "born": 1.0}}}}')

    assert not Processes(tmp_path).running("server")
    assert Processes(tmp_path).stop_all() == []


def test_a_server_is_ready_when_it_listens_itself_and_not_when_another_one_has_its_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        processes = Processes(tmp_path)

        with pytest.raises(Trouble, match="Address already in use"):
            processes.start("late", [*SERVING, str(taken)], dict(os.environ), lambda: processes.listens("late", taken))

    processes.start("first", [*SERVING, str(taken)], dict(os.environ), lambda: processes.listens("first", taken))
    assert processes.stop("first")
    assert not processes.listens("first", taken)
