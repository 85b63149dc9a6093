"""Whose a connection is: told by the process that holds it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from benchmarks.chaos_workers import JOB, Workers

URL = "http://127.0.0.1:9"
_ASKS = "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); print('there', flush=True); s.recv(1)"


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def worker(server: socket.socket) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A process with a function's environment, and the port that it asks from."""
    named = {"AWS_ENDPOINT_URL": URL, "AWS_LAMBDA_FUNCTION_NAME": "f", "POWERTOOLS_SERVICE_NAME": "Validate"}
    command = [sys.executable, "-c", _ASKS, str(server.getsockname()[1])]
    with subprocess.Popen(command, env=os.environ | named, stdout=subprocess.PIPE) as process:
        connection, (_, port) = server.accept()
        assert process.stdout is not None
        process.stdout.readline()
        yield process, port
        connection.close()
        process.kill()


def test_a_connection_is_a_workers(worker: tuple[subprocess.Popen[bytes], int]) -> None:
    process, port = worker
    workers = Workers(URL)

    assert workers.whose(port) == (process.pid, "Validate")
    assert workers.whose(port) == (process.pid, "Validate")


def test_a_connection_of_somebody_else_is_nobodys(server: socket.socket) -> None:
    with socket.create_connection(server.getsockname()) as own:
        assert Workers(URL).whose(own.getsockname()[1]) == (0, "")


def test_only_who_serves_the_state_is_killed(worker: tuple[subprocess.Popen[bytes], int]) -> None:
    process, _ = worker
    workers = Workers(URL)

    assert workers.kill(JOB, "Features") == 0
    assert process.poll() is None
    assert workers.kill("Validate") == 1
    assert process.wait(10) < 0
