"""An Intercom in memory with conversations of parts, contacts of events, and what is asked of it one by one."""

from typing import Any

from holdfast.settings import IntercomSource
from ingest.intercom import intercom
from ingest.pull import Limits
from tests.doubles.crm import T0, Intercom
from tests.doubles.nights import DAY, Nights

SECOND = T0 // 1000


class Pulls(Nights):
    """Nights that can be taken up again after a death."""

    def resume(self, stream: str, now: int) -> str:
        """One more invocation of the same run; says what the chain does next."""
        return self._invoked(stream, now)


def talk(name: str, at: int = T0 - DAY, count: int | None = 1, **more: Any) -> dict[str, Any]:
    counted = {} if count is None else {"statistics": {"count_conversation_parts": count}}
    return {"id": name, "created_at": SECOND - 99 * 86_400, "updated_at": at // 1000, **counted, **more}


def part(name: str, at: int = T0 - DAY, **more: Any) -> dict[str, Any]:
    return {"id": name, "part_type": "comment", "created_at": at // 1000, "updated_at": at // 1000, **more}


def desk(*talks: dict[str, Any], **parts: list[dict[str, Any]]) -> Intercom:
    return Intercom({"conversations": list(talks)}, parts=parts)


def person(name: str, at: int = T0 - DAY) -> dict[str, Any]:
    return {"id": name, "created_at": SECOND - 99 * 86_400, "updated_at": at // 1000}


def asked_of(server: Intercom) -> list[str]:
    """Conversations or contacts that were asked for one by one."""
    reads = [each for each in server.asked if each.method == "GET" and not each.url.path.endswith("/deleted")]
    return [each.url.params.get("intercom_user_id") or each.url.path.rpartition("/")[2] for each in reads]


def nights(server: Any, limits: Limits | None = None, **configured: Any) -> Pulls:
    return Pulls(server, intercom(IntercomSource(kind="intercom", **configured)), limits)
