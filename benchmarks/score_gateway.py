"""A gateway of two ports: requests of HTTP clients on the one become invocations of a function that asks Lambda's Runtime API on the other."""

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from benchmarks.score_world import event

_ARN = "arn:aws:lambda:eu-west-1:000000000000:function:Api"


class Connection(asyncio.Protocol):
    """One kept-alive connection of HTTP/1.1, just as much of it as curl and the Runtime API client speak."""

    def __init__(self, gateway: "Gateway") -> None:
        self._gateway, self._held = gateway, b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end].decode("latin-1")
            size = _length(head)
            if len(self._held) < end + 4 + size:
                return
            body, self._held = self._held[end + 4 : end + 4 + size], self._held[end + 4 + size :]
            method, path, _ = head.split(" ", 2)
            self._gateway.take(method, path, body, self)

    def answer(self, status: int, body: bytes, headers: str = "") -> None:
        """Send a whole response."""
        self._transport.write(
            f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode()
            + body
        )


def _length(head: str) -> int:
    at = head.lower().find("content-length:")
    return int(head[at + 15 :].split("\r\n", 1)[0]) if at >= 0 else 0


@dataclass
class Gateway:
    """Hands invocations over one at a time, as Lambda does to one environment."""

    waiting: deque[tuple[Connection, str]] = field(default_factory=deque)
    asking: deque[Connection] = field(default_factory=deque)
    running: dict[str, Connection] = field(default_factory=dict)
    count: int = 0

    def take(self, method: str, path: str, body: bytes, connection: Connection) -> None:
        """One request of either side."""
        if path.endswith("/invocation/next"):
            self.asking.append(connection)
        elif "/runtime/invocation/" in path:
            self._finish(path.split("/")[-2], path.endswith("/response"), body)
            connection.answer(202, b"")
        elif method == "GET" and path.startswith("/v1/customers/"):
            self.waiting.append((connection, path.split("/")[3]))
        else:
            connection.answer(500, body)
        while self.waiting and self.asking:
            self._hand_over(self.asking.popleft(), *self.waiting.popleft())

    def _hand_over(self, function: Connection, client: Connection, customer: str) -> None:
        self.count += 1
        name = f"r-{self.count}"
        self.running[name] = client
        said = f"Lambda-Runtime-Aws-Request-Id: {name}\r\nLambda-Runtime-Deadline-Ms: 9999999999999\r\n"
        function.answer(200, event(customer), f"{said}Lambda-Runtime-Invoked-Function-Arn: {_ARN}\r\n")

    def _finish(self, name: str, done: bool, body: bytes) -> None:
        client = self.running.pop(name)
        answer: dict[str, Any] = json.loads(body) if done else {"statusCode": 502, "body": body.decode()}
        client.answer(answer["statusCode"], answer["body"].encode())


async def serve(ports: tuple[int, int]) -> None:
    """Listen for clients on the first port and for the function on the second, until cancelled."""
    gateway, loop = Gateway(), asyncio.get_running_loop()
    for port in ports:
        await loop.create_server(lambda: Connection(gateway), "127.0.0.1", port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    import sys

    import uvloop

    uvloop.run(serve((int(sys.argv[1]), int(sys.argv[2]))))
