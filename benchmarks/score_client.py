"""Clients of `benchmarks.score`: bare sockets, so that what is measured is the server."""

import socket
import subprocess
import threading
import time
from pathlib import Path

import numpy as np

from benchmarks.score_world import CUSTOMERS

_PATIENCE_S = 30.0
_WARM, _CALLS = 300, 3_000


class Client:
    """One kept-alive connection; made as soon as somebody listens."""

    def __init__(self, port: int) -> None:
        began = time.perf_counter()
        self.port = port
        self._socket = self.reachable(port)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.get("u-0")
        self.first_s = time.perf_counter() - began
        """Seconds until the first answer."""

    @staticmethod
    def reachable(port: int) -> socket.socket:
        """A connection, tried until it is accepted."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port))
            except ConnectionRefusedError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.005)

    def get(self, customer: str) -> bytes:
        """One score's body. Raises RuntimeError for anything but 200."""
        self._socket.sendall(f"GET /v1/customers/{customer}/score HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
        held = b""
        while (end := held.find(b"\r\n\r\n")) < 0:
            held += self._received()
        head = held[:end].lower()
        size = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        while len(held) < end + 4 + size:
            held += self._received()
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise RuntimeError(held.decode())
        return held[end + 4 :]

    def _received(self) -> bytes:
        data = self._socket.recv(65_536)
        if not data:
            raise RuntimeError("the server closed the connection")
        return data


def latencies(client: Client) -> dict[str, float]:
    """Milliseconds of one call after another, of ever other customers."""
    for number in range(_WARM):
        client.get(f"u-{number % CUSTOMERS}")
    spent = np.empty(_CALLS)
    for number in range(_CALLS):
        began = time.perf_counter()
        client.get(f"u-{number % CUSTOMERS}")
        spent[number] = time.perf_counter() - began
    return {"p50": float(np.median(spent) * 1e3), "p99": float(np.quantile(spent, 0.99) * 1e3)}


def crowd(port: int, clients: int, calls: int) -> tuple[int, float]:
    """Errors and seconds of so many calls by clients at the same time."""
    errors: list[Exception] = []

    def run(first: int) -> None:
        client = Client(port)
        for number in range(first, calls, clients):
            try:
                client.get(f"u-{number % CUSTOMERS}")
            except RuntimeError as error:
                errors.append(error)

    threads = [threading.Thread(target=run, args=(first,)) for first in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(errors), time.perf_counter() - began


def alive(process: subprocess.Popen[bytes]) -> float:
    """Megabytes of memory of a process that runs."""
    said = Path(f"/proc/{process.pid}/status").read_text()
    return int(said.partition("VmRSS:")[2].split()[0]) / 1024
