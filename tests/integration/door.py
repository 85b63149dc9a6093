"""A door between a program and the embedded runtime: it counts requests, and at the n-th the program is killed."""

import http.client
import os
import signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from urllib.parse import urlsplit

NEVER = 0
_OWN = {"transfer-encoding", "connection", "content-length"}


class Door(ThreadingHTTPServer):
    """Passes every request on. `kill_at` is a number, from one, or a part of the first request to kill at; `swallow` names a target of which the first answer is lost on its way."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, endpoint: str, kill_at: int | str = NEVER, swallow: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Passage)
        self.behind = urlsplit(endpoint)
        self.kill_at, self.swallow = kill_at, swallow
        self.asked: list[str] = []
        self._victim: int | None = None
        self._over = False
        self._known, self._turn = Event(), Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> "Door":
        Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def let_in(self, victim: int) -> None:
        """Say who it is that asks. Before that nobody passes."""
        self._victim = victim
        self._known.set()

    def passes(self, what: str) -> bool:
        """Whether a request goes on; where not, who asked is dead already."""
        self._known.wait()
        with self._turn:
            self.asked.append(what)
            if not self._over and self._is_time(what):
                self._over = True
                os.kill(self._victim or 0, signal.SIGKILL)
            return not self._over

    def _is_time(self, what: str) -> bool:
        return self.kill_at in what if isinstance(self.kill_at, str) else len(self.asked) == self.kill_at

    def loses(self, what: str) -> bool:
        if not self.swallow or self.swallow not in what:
            return False
        self.swallow = ""
        return True

    def handle_error(self, request: object, client_address: object) -> None:
        """The dead hang up."""


class _Passage(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Door

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = self._body()
        what = f"{self.headers.get('X-Amz-Target', self.command)} {self.path}"
        if not self.server.passes(what):
            self.close_connection = True
            return
        answer, content = self._ask(body)
        if self.server.loses(what):
            self.close_connection = True
            return
        self._give(answer, content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _ask(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        behind = http.client.HTTPConnection(self.server.behind.hostname or "", self.server.behind.port, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OWN | {"expect"}}
        behind.request(self.command, self.path, body, headers | {"Content-Length": str(len(body))})
        answer = behind.getresponse()
        return answer, answer.read()

    def _give(self, answer: http.client.HTTPResponse, content: bytes) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _OWN:
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        self.wfile.write(content)
