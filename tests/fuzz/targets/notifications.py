"""What sources send by themselves: request and body, signed as they have to be or not at all."""

import base64
import hashlib
import hmac
import json
from functools import lru_cache

from holdfast.hints import MemoryHints
from holdfast.settings import Settings, parse_settings
from ingest.webhooks import Desk

ALLOWED = ()
SECRET = json.dumps({"webhook_secret": "app-secret"})
SEEDS = [
    {"type": "notification_event", "topic": "contact.deleted", "id": "n1", "created_at": 1767225600, "data": {"item": {"type": "contact", "id": "c1"}}},
    [{"subscriptionType": "contact.merge", "objectId": 1, "mergedObjectIds": [2, 3], "newObjectId": 4, "occurredAt": 1767225600000, "eventId": 9}],
    [{"subscriptionType": "object.associationChange", "associationType": "CONTACT_TO_COMPANY", "fromObjectId": 1, "toObjectId": "2"}],
]  # fmt: skip


@lru_cache
def settings() -> Settings:
    return parse_settings('[sources.a]\nkind = "intercom"\n[sources.b]\nkind = "hubspot"\n[churn]\nkind = "usage"')


def seeds() -> list[bytes]:
    return [source + json.dumps(body).encode() for source in (b"a", b"b", b"?") for body in SEEDS]


def once(data: bytes) -> None:
    source, body = ("b" if data[:1] == b"b" else "a" if data[:1] == b"a" else "x"), data[1:]
    uri, moment = "https://h.test/live/v1/webhooks/b", "1800000000000"
    intercom = hmac.new(b"app-secret", body, hashlib.sha1).hexdigest()
    hubspot = hmac.new(b"app-secret", b"POST" + uri.encode() + body + moment.encode(), hashlib.sha256).digest()
    headers = {"X-Hub-Signature": f"sha1={intercom}", "X-HubSpot-Signature-v3": base64.b64encode(hubspot).decode(),
               "X-HubSpot-Request-Timestamp": moment, "Host": "h.test"}  # fmt: skip
    event = {
        "httpMethod": "POST", "pathParameters": {"source": source}, "headers": headers, "requestContext": {"path": "/live/v1/webhooks/b"},
        "body": base64.b64encode(body).decode() if len(data) % 5 else data.decode("latin1"), "isBase64Encoded": bool(len(data) % 7),
    }  # fmt: skip
    answer = Desk(settings(), {"a": "s", "b": "s"}, lambda name: SECRET, MemoryHints(), lambda: 1_800_000_000.0).answer(
        event
    )
    assert answer["statusCode"] < 500, answer
    assert "Traceback" not in answer["body"]
