"""The door between the functions and the embedded runtime: it knows who asks what, and does to a request what a schedule wants."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import Any

_BLOCK = 1 << 16
_BROKEN = (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError)
_BODILESS = {204, 304}


@dataclass(frozen=True)
class Asked:
    """One request: which process asks, in which state of the chain, and which service."""

    process: int
    state: str
    service: str
    method: str
    target: str


@dataclass(frozen=True)
class Answer:
    """What the door answers in a service's place."""

    status: int
    body: bytes
    content_type: str


class Door:
    """Passes every request on, unless `befall` says otherwise.

    `befall` is asked before a request goes on and, with `after`, when its answer is there. It returns an `Answer`, "cut" (the
    connection ends), "hold" (no answer ever comes), seconds to wait, or None. `whose` tells the process and the state behind a port.
    """

    def __init__(self, port: int, behind: int, whose: Callable[[int], tuple[int, str]]) -> None:
        self.port, self._behind, self._whose = port, behind, whose
        self.befall: Callable[[Asked, bool], Any] = lambda _asked, _after: None
        self.counts: Counter[str] = Counter()
        self._loop = asyncio.new_event_loop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Door":
        Thread(target=self._loop.run_forever, daemon=True).start()
        try:
            self._do(asyncio.start_server(self._passage, "127.0.0.1", self.port))
        except OSError as taken:
            raise SystemExit(
                f'port {self.port} is taken by another program: choose others: make chaos ARGS="--port {self.port + 10}"'
            ) from taken
        return self

    def __exit__(self, *_: object) -> None:
        if not self._loop.is_running():
            return
        self._do(self._closed())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def counted(self) -> Counter[str]:
        """How many requests each state and each service had since the last time that this was asked."""
        told, self.counts = self.counts, Counter()
        return told

    def _do(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(20)

    async def _closed(self) -> None:
        """End every passage."""
        passages = asyncio.all_tasks() - {asyncio.current_task()}
        for each in passages:
            each.cancel()
        await asyncio.gather(*passages, return_exceptions=True)

    async def _passage(self, asker: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        """One connection of a function, and one of ours to the runtime."""
        behind: asyncio.StreamWriter | None = None
        with suppress(*_BROKEN):
            port = answers.get_extra_info("peername")[1]
            process, state = await self._loop.run_in_executor(None, self._whose, port)
            told, behind = await asyncio.open_connection("127.0.0.1", self._behind)
            while await self._passed(Passing(asker, answers, told, behind), process, state):
                pass
        for each in (answers, behind):
            if each is not None:
                each.close()

    async def _passed(self, passing: "Passing", process: int, state: str) -> bool:
        head = Head.of(await passing.asker.readuntil(b"\r\n\r\n"))
        asked = Asked(process, state, head.service, head.words[0], head.words[1])
        self.counts.update((state, head.service, "all"))
        verdict = self.befall(asked, False)
        if isinstance(verdict, int | float):
            await asyncio.sleep(verdict)
        elif verdict == "hold":
            await passing.asker.read()
            return False
        elif verdict == "cut":
            return False
        if isinstance(verdict, Answer):
            await passing.refuse(head, verdict)
            return True
        await passing.ask(head)
        if self.befall(asked, True) == "cut":
            return False
        return await passing.answer(head)


@dataclass(frozen=True)
class Head:
    """First line and headers of a message (RFC 9112), and what is needed of them."""

    raw: bytes
    words: list[str]
    fields: dict[str, str]

    @classmethod
    def of(cls, raw: bytes) -> "Head":
        first, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return cls(raw, first.split(" "), fields)

    @property
    def service(self) -> str:
        """As the signature names it: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`."""
        scope = self.fields.get("authorization", "").partition("Credential=")[2].split(",")[0].split("/")
        return scope[3] if len(scope) > 3 else ""

    @property
    def chunked(self) -> bool:
        return "chunked" in self.fields.get("transfer-encoding", "").lower()

    @property
    def length(self) -> int:
        return int(self.fields.get("content-length", 0))

    def without(self, name: str) -> bytes:
        lines = self.raw.split(b"\r\n")
        return b"\r\n".join(line for line in lines if not line.lower().startswith(name.encode() + b":"))


@dataclass(frozen=True)
class Passing:
    """Both connections of a passage."""

    asker: asyncio.StreamReader
    answers: asyncio.StreamWriter
    told: asyncio.StreamReader
    behind: asyncio.StreamWriter

    async def ask(self, head: Head) -> None:
        """Pass a request on with its body. Who waits to be told to go on with it is told here, at once."""
        self._welcome(head)
        self.behind.write(head.without("expect"))
        await _moved(head, self.asker, self.behind)

    async def refuse(self, head: Head, answer: Answer) -> None:
        """Answer a request that nobody else sees."""
        self._welcome(head)
        await _moved(head, self.asker, None)
        said = f"HTTP/1.1 {answer.status} Refused\r\nContent-Type: {answer.content_type}\r\nContent-Length: {len(answer.body)}\r\n\r\n"
        self.answers.write(said.encode() + (b"" if head.words[0] == "HEAD" else answer.body))
        await self.answers.drain()

    async def answer(self, head: Head) -> bool:
        """Bring the runtime's answer; whether the connection goes on."""
        reply = Head.of(await self.told.readuntil(b"\r\n\r\n"))
        self.answers.write(reply.raw)
        if head.words[0] != "HEAD" and int(reply.words[1]) not in _BODILESS:
            await _moved(reply, self.told, self.answers)
        await self.answers.drain()
        return reply.fields.get("connection", "").lower() != "close"

    def _welcome(self, head: Head) -> None:
        if head.fields.get("expect", "").lower() == "100-continue":
            self.answers.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def _moved(head: Head, source: asyncio.StreamReader, sink: asyncio.StreamWriter | None) -> None:
    """Move the body of a message on, as it comes; without a sink, away."""
    if not head.chunked:
        await _copied(head.length, source, sink)
        return
    size = 1
    while size:
        line = await source.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        _put(sink, line)
        await _copied(size + 2 if size else 0, source, sink)
    while (line := await source.readuntil(b"\r\n")) != b"\r\n":
        _put(sink, line)
    _put(sink, line)
    if sink:
        await sink.drain()


async def _copied(count: int, source: asyncio.StreamReader, sink: asyncio.StreamWriter | None) -> None:
    while count:
        block = await source.read(min(count, _BLOCK))
        if not block:
            raise asyncio.IncompleteReadError(b"", count)
        _put(sink, block)
        if sink:
            await sink.drain()
        count -= len(block)


def _put(sink: asyncio.StreamWriter | None, block: bytes) -> None:
    if sink:
        sink.write(block)
