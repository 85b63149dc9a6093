"""Servers that `make demo` starts and `make down` stops: known by the process id and start time that we wrote down."""

import json
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from infra.trouble import Trouble

_PATIENCE_S = 40.0


class Processes:
    """Detached processes of one folder; their logs lie there too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._book = folder / "processes.json"
        folder.mkdir(parents=True, exist_ok=True)

    def log(self, name: str) -> Path:
        """Where a process writes."""
        return self._folder / f"{name}.log"

    def running(self, name: str) -> bool:
        """Whether the process that we started under this name still runs."""
        entry = self._read().get(name)
        return entry is not None and _birth(entry["pid"]) == entry["born"]

    def listens(self, name: str, *ports: int) -> bool:
        """Whether the process that we started under this name itself listens on all these ports, and not another one in its place."""
        entry = self._read().get(name)
        if entry is None:
            return False
        try:
            connections = psutil.Process(entry["pid"]).net_connections("tcp")
        except psutil.NoSuchProcess:
            return False
        return set(ports) <= {each.laddr.port for each in connections if each.status == psutil.CONN_LISTEN}

    def start(self, name: str, command: list[str], environment: dict[str, str], ready: Callable[[], bool]) -> None:
        """Start a detached process and wait until `ready`.

        Raises:
            Trouble: it ended, or was not ready in time; the message shows the end of its log.
        """
        with self.log(name).open("wb") as log:
            process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._write(self._read() | {name: {"pid": process.pid, "born": _birth(process.pid)}})
        deadline = time.monotonic() + _PATIENCE_S
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop(name)
                raise Trouble(f"{name} did not start; the end of {self.log(name)}:\n{self._tail(name)}")
            time.sleep(0.1)

    def stop(self, name: str) -> bool:
        """End the process and its children; returns whether it was running."""
        was_running = self.running(name)
        if was_running:
            _end(self._read()[name]["pid"])
        self._write({key: value for key, value in self._read().items() if key != name})
        return was_running

    def stop_all(self) -> list[str]:
        """End every process of this folder; returns the names of those that were running."""
        return [name for name in list(self._read()) if self.stop(name)]

    def _tail(self, name: str) -> str:
        return "\n".join(self.log(name).read_text(errors="replace").splitlines()[-8:])

    def _read(self) -> dict[str, dict[str, Any]]:
        return json.loads(self._book.read_text()) if self._book.exists() else {}

    def _write(self, book: dict[str, dict[str, Any]]) -> None:
        fresh = self._book.with_suffix(".new")
        fresh.write_text(json.dumps(book))
        fresh.replace(self._book)


def is_listening(port: int) -> bool:
    """Whether something answers on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end(pid: int) -> None:
    try:
        process = psutil.Process(pid)
        family = [*process.children(recursive=True), process]
    except psutil.NoSuchProcess:
        return
    for end in (psutil.Process.terminate, psutil.Process.kill):
        for member in family:
            with suppress(psutil.NoSuchProcess):
                end(member)
        _, family = psutil.wait_procs(family, timeout=5)


def _birth(pid: int) -> float | None:
    """When a process started: a number that was used again is another process. None when it has ended."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None
