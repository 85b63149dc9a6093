"""Notifications: what a world's advance changed is told to a webhook, signed as the vendor signs, at least once and in no order."""

import base64
import hashlib
import hmac
import json
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np

from infra.local.standins.hubspot_schema import SINGULAR, TYPE_IDS
from infra.local.standins.moving import MovingWorld

BATCH = 100
"""Events of HubSpot in one notification."""
Headers = dict[str, str]
Changed = Mapping[str, Mapping[str, Any]]
"""By kind what happened: lists of ids, and for merges who went into whom."""


@dataclass(frozen=True)
class Target:
    """Where notifications go. `told` is the address that the vendor was told, if a proxy leads from there to `url`; each
    notification comes once and `repeats` times more, and with `shuffle`, a seed, in another order."""

    url: str
    secret: str
    told: str = ""
    repeats: int = 0
    shuffle: int | None = None


@dataclass(frozen=True)
class Vendor:
    """Bodies of the notifications of an advance, and the headers that sign a body for an address."""

    bodies: Callable[[MovingWorld, Changed], Iterator[Any]]
    signed: Callable[[str, str, bytes], Headers]


class Notifier:
    """Tells one target of what has happened; without one, nobody."""

    def __init__(self, vendor: Vendor, world: MovingWorld) -> None:
        self.vendor, self.world = vendor, world
        self.target: Target | None = None

    async def tell(self, changed: Changed) -> dict[str, int]:
        """Send all of it, and count the answers by status."""
        if self.target is None:
            return {}
        bodies = [json.dumps(body).encode() for body in self.vendor.bodies(self.world, changed)]
        bodies *= 1 + self.target.repeats
        if self.target.shuffle is not None:
            bodies = [bodies[place] for place in np.random.default_rng(self.target.shuffle).permutation(len(bodies))]
        answers: Counter[str] = Counter()
        trusted = (
            ssl.create_default_context()
        )  # whoever this process is told to trust: the runtime may vouch for itself
        async with httpx.AsyncClient(timeout=30, trust_env=False, verify=trusted) as http:
            for body in bodies:
                answers[await self._sent(http, self.target, body)] += 1
        return dict(answers)

    async def _sent(self, http: httpx.AsyncClient, target: Target, body: bytes) -> str:
        signed = self.vendor.signed(target.secret, target.told or target.url, body)
        try:
            answer = await http.post(target.url, content=body, headers={"Content-Type": "application/json"} | signed)
        except httpx.TransportError as error:
            return type(error).__name__
        return str(answer.status_code)


def _hubspot_bodies(world: MovingWorld, changed: Changed) -> Iterator[list[dict[str, Any]]]:
    events = [
        {"eventId": number, "subscriptionId": 1, "portalId": 62_515, "appId": 113, "occurredAt": world.now_ms, "attemptNumber": 0,
         "changeSource": "CRM_UI", "subscriptionType": f"{_noun(kind)}.{happened}"} | _typed(kind) | more
        for number, (kind, happened, more) in enumerate(_hubspot_events(world, changed), world.advances * 1_000_000)
    ]  # fmt: skip
    for first in range(0, len(events), BATCH):
        yield events[first : first + BATCH]


def _hubspot_events(world: MovingWorld, changed: Changed) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for kind, done in changed.items():
        if kind not in SINGULAR:
            continue
        for each in done.get("updated", []):
            yield (
                kind,
                "propertyChange",
                {"objectId": int(each), "propertyName": "hs_lastmodifieddate", "propertyValue": ""},
            )
        yield from ((kind, "creation", {"objectId": int(each)}) for each in done.get("created", []))
        yield from ((kind, "deletion", {"objectId": int(each)}) for each in done.get("archived", []))
        for each in done.get("deleted", []):
            # Contacts go for good when they want to be forgotten, and that is told twice.
            yield kind, "privacyDeletion", {"objectId": int(each)}
            yield kind, "deletion", {"objectId": int(each)}
        for loser, winner in done.get("merged", {}).items():
            left = {"primaryObjectId": int(winner), "newObjectId": int(winner), "objectId": int(winner)}
            yield kind, "merge", left | {"mergedObjectIds": [int(loser)], "numberOfPropertiesMoved": 1}
        for each in done.get("reassociated", []):
            row = world.tables[kind].find(each) or {}
            ends = {"fromObjectId": int(each), "toObjectId": int(row.get("company_id") or 0)}
            yield (
                kind,
                "associationChange",
                ends | {"associationType": "CONTACT_TO_COMPANY", "associationRemoved": False},
            )


def _noun(kind: str) -> str:
    """Engagements are told of in the newer, general form only."""
    return SINGULAR[kind] if kind in ("contacts", "companies", "deals", "tickets") else "object"


def _typed(kind: str) -> dict[str, str]:
    return {"objectTypeId": next(type_id for type_id, named in TYPE_IDS.items() if named == kind)}


def _hubspot_signed(secret: str, address: str, body: bytes) -> Headers:
    moment = str(int(time.time() * 1000))
    made = hmac.new(secret.encode(), b"POST" + address.encode() + body + moment.encode(), hashlib.sha256).digest()
    return {"X-HubSpot-Signature-v3": base64.b64encode(made).decode(), "X-HubSpot-Request-Timestamp": moment}


def _intercom_bodies(world: MovingWorld, changed: Changed) -> Iterator[dict[str, Any]]:
    for number, (topic, item) in enumerate(_intercom_events(changed)):
        yield {
            "type": "notification_event",
            "app_id": "ecahpwf5",
            "id": f"notif_{world.advances}_{number}",
            "topic": topic,
            "created_at": world.now_ms // 1000,
            "delivery_attempts": 1,
            "first_sent_at": int(time.time()),
            "data": {"type": "notification_event_data", "item": item},
        }


def _intercom_events(changed: Changed) -> Iterator[tuple[str, dict[str, Any]]]:
    nouns = {"contacts": "contact", "conversations": "conversation", "companies": "company"}
    for kind, done in changed.items():
        if kind not in nouns:
            continue
        noun = nouns[kind]
        updated = {
            "contact": "contact.user.updated",
            "conversation": "conversation.admin.replied",
            "company": "company.updated",
        }
        yield from ((updated[noun], {"type": noun, "id": each}) for each in done.get("updated", []))
        yield from (
            (f"{noun}.deleted", {"type": noun, "id": each, "deleted": True}) for each in done.get("deleted", [])
        )
        yield from (("contact.merged", {"type": noun, "id": winner}) for winner in done.get("merged", {}).values())


def _intercom_signed(secret: str, _address: str, body: bytes) -> Headers:
    return {"X-Hub-Signature": "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()}


HUBSPOT = Vendor(_hubspot_bodies, _hubspot_signed)
INTERCOM = Vendor(_intercom_bodies, _intercom_signed)
