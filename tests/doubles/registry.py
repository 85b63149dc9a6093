"""A registry of container images on this machine, instead of a public one, which no test may ask: the API's v2 with tokens."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.served import Answering, served

ARM = {"os": "linux", "architecture": "arm64"}


@dataclass
class ImageRegistry:
    """Manifests by `repository:tag`. Asks for a token, which it gives to anybody or, `private`, to who has that Basic credential;
    with `tokens` off, for the credential itself.
    """

    manifests: dict[str, bytes] = field(default_factory=dict)
    private: str = ""
    tokens: bool = True
    realm: str = ""
    """What it says instead to who does not say who they are."""
    address: str = ""
    asked: list[str] = field(default_factory=list)

    def holds(self, name: str, *, platforms: tuple[dict[str, str], ...] = (ARM,), note: str = "") -> str:
        """Put an index under `repository:tag`; returns its digest."""
        index = {"schemaVersion": 2, "note": note, "manifests": [{"platform": each} for each in platforms]}
        return self.puts(name, index)

    def puts(self, name: str, manifest: Any) -> str:
        """Put any manifest under `repository:tag`, with spaces that nobody else would write; returns its digest."""
        self.manifests[name] = json.dumps(manifest, indent=3).encode()
        return f"sha256:{hashlib.sha256(self.manifests[name]).hexdigest()}"

    def challenge(self) -> str:
        if self.realm or not self.tokens:
            return self.realm or 'Basic realm="images"'
        return f'Bearer realm="http://{self.address}/token",service="{self.address}",scope="repository:x:pull"'

    def answered(self, path: str, credential: str) -> tuple[int, bytes]:
        """Status and body."""
        self.asked.append(path)
        if path.startswith("/token"):
            known = not self.private or credential == f"Basic {self.private}"
            return (200, b'{"token": "t"}') if known else (401, b"{}")
        if credential != ("Bearer t" if self.tokens else f"Basic {self.private}"):
            return 401, b"{}"
        repository, _, tag = path.removeprefix("/v2/").partition("/manifests/")
        found = self.manifests.get(f"{repository}:{tag}")
        return (404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}') if found is None else (200, found)


@contextmanager
def serving() -> Iterator[ImageRegistry]:
    """One that answers on a free port, and holds nothing."""
    registry = ImageRegistry()

    class Registry(Answering):
        def do_GET(self) -> None:
            status, body = registry.answered(self.path, self.headers.get("Authorization", ""))
            self.say(status, body, {"WWW-Authenticate": registry.challenge()} if status == 401 else None)

    with served(Registry) as registry.address:
        yield registry
