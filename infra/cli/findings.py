"""What a check of `holdfast doctor` finds, and where it looks."""

from dataclasses import dataclass
from typing import Any

from holdfast.settings import Settings
from infra.cli.deployment import session


@dataclass(frozen=True)
class Finding:
    """One check: whether all is well, what was found, and what to do."""

    check: str
    well: bool
    found: str
    mend: str = ""


@dataclass(frozen=True)
class Place:
    """Where is looked: a region of AWS, or the embedded runtime at its endpoint."""

    settings: Settings
    region: str
    endpoint: str | None
    authority: str = ""
    """File of whoever vouches for the runtime, where it is asked over TLS."""

    def client(self, service: str) -> Any:
        return session(self.region, self.endpoint, self.authority).client(service, endpoint_url=self.endpoint)
