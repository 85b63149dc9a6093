"""What is notified becomes hints, once each, and what is not right is refused in words that name nobody."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from hubspot.utils.signature import Signature

from holdfast.errors import StorageUnavailable
from holdfast.hints import GONE, PRIVACY, Hint, MemoryHints
from holdfast.settings import Settings, parse_settings
from ingest.webhooks import LARGEST, Desk

NOW = time.time()
DAY = 86_400_000
AT = 1_790_000_000_000
SECRET = "app-secret"
PUBLIC = "https://hooks.example.com/crm"
CONFIGURATION = """
[sources.crm]
kind = "hubspot"
{more}
[sources.desk]
kind = "intercom"
[sources.usage]
kind = "events"
prefix = "usage/"
fields = {{ customer = "u", time = "t" }}
[churn]
kind = "usage"
"""


def settings(more: str = "") -> Settings:
    return parse_settings(CONFIGURATION.format(more=more))


def desk(hints: MemoryHints | None = None, more: str = "", **secrets: str) -> Desk:
    known = {name: json.dumps({"webhook_secret": SECRET}) for name in ("crm", "desk")} | secrets
    return Desk(settings(more), {name: name for name in known}, known.__getitem__, hints or MemoryHints(), lambda: NOW)


def request(source: str, body: bytes, headers: dict[str, str], **more: Any) -> dict[str, Any]:
    """As API Gateway gives it to the function."""
    path = f"/v1/webhooks/{source}"
    context = {"domainName": "abc.execute-api.us-east-1.amazonaws.com", "path": f"/live{path}", "stage": "live"}
    return {"httpMethod": "POST", "path": path, "pathParameters": {"source": source}, "headers": headers,
            "requestContext": context, "body": body.decode(), "isBase64Encoded": False} | more  # fmt: skip


def hubspot(*events: dict[str, Any], uri: str = "", source: str = "crm", at: float = NOW) -> dict[str, Any]:
    body, moment = json.dumps(events), str(int(at * 1000))
    uri = uri or f"https://abc.execute-api.us-east-1.amazonaws.com/live/v1/webhooks/{source}"
    signature = Signature.get_signature(SECRET, body, "v3", uri, "POST", moment)
    headers = {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": moment}
    return request(source, body.encode(), headers)


def intercom(topic: str, **item: Any) -> dict[str, Any]:
    told = {
        "type": "notification_event",
        "id": "notif_1",
        "topic": topic,
        "created_at": AT // 1000,
        "data": {"item": item},
    }
    body = json.dumps(told).encode()
    return request(
        "desk", body, {"X-Hub-Signature": "sha1=" + hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()}
    )


def deleted(
    object_id: int, event: int = 1, at: int = AT, happened: str = "deletion", attempt: int = 0
) -> dict[str, Any]:
    return {
        "eventId": event,
        "subscriptionType": f"contact.{happened}",
        "objectId": object_id,
        "occurredAt": at,
        "attemptNumber": attempt,
    }


def status(answer: dict[str, Any]) -> int:
    return int(answer["statusCode"])


def test_each_object_that_a_batch_names_is_a_hint() -> None:
    hints = MemoryHints()

    answer = desk(hints).answer(hubspot(deleted(5), deleted(6, 2)))

    assert (status(answer), json.loads(answer["body"])) == (200, {"hints": 2})
    found = hints.between("crm", "contacts", 0, int(NOW * 1000), "", 10)
    assert [(h.id, h.kind, h.at) for h in found] == [("5", GONE, AT), ("6", GONE, AT)]


def test_intercom_is_taken_in_as_well() -> None:
    hints = MemoryHints()

    assert status(desk(hints).answer(intercom("contact.deleted", type="contact", id="a1"))) == 200
    assert set(hints.held) == {("desk", "contacts", "a1")}


def test_a_body_that_comes_in_base64_is_the_same() -> None:
    hints, plain = MemoryHints(), hubspot(deleted(5))
    packed = plain | {"body": base64.b64encode(plain["body"].encode()).decode(), "isBase64Encoded": True}

    assert status(desk(hints).answer(packed)) == 200
    assert len(hints.held) == 1
    assert status(desk().answer(packed | {"body": "*"})) == 400


def test_the_address_that_hubspot_was_told_is_the_one_that_is_signed() -> None:
    told = f'webhook_url = "{PUBLIC}"'

    assert status(desk(more=told).answer(hubspot(deleted(5), uri=PUBLIC))) == 200
    assert status(desk(more=told).answer(hubspot(deleted(5)))) == 401
    assert status(desk().answer(hubspot(deleted(5), uri=PUBLIC))) == 401


@pytest.mark.parametrize("again", [deleted(5), deleted(5, attempt=3)], ids=["twice", "another attempt"])
def test_a_notification_that_comes_again_changes_nothing(again: dict[str, Any]) -> None:
    hints = MemoryHints()
    desk(hints).answer(hubspot(deleted(5)))
    before = dict(hints.held)

    answer = desk(hints).answer(hubspot(again, again))

    assert (status(answer), json.loads(answer["body"])) == (200, {"hints": 0})
    assert hints.held == before


def test_what_comes_late_takes_nothing_back_in_time() -> None:
    hints = MemoryHints()

    desk(hints).answer(hubspot(deleted(5, 1, AT + DAY), deleted(5, 2, AT, "propertyChange")))

    (hint,) = hints.held.values()
    assert (hint.at, hint.kind) == (AT + DAY, GONE)


def test_a_wish_to_be_forgotten_is_kept_whatever_else_is_said_of_the_object() -> None:
    hints = MemoryHints()

    desk(hints).answer(hubspot(deleted(5, 1, AT, "privacyDeletion"), deleted(5, 2, AT + 1), deleted(6, 3)))

    assert [(h.id, h.kind) for h in hints.private("crm", "contacts")] == [("5", PRIVACY)]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param(lambda: hubspot(deleted(5)) | {"body": "[]"}, 401, id="another body"),
        pytest.param(lambda: hubspot(deleted(5)) | {"headers": {}}, 401, id="no signature"),
        pytest.param(lambda: hubspot(deleted(5)) | {"headers": None}, 401, id="no headers"),
        pytest.param(lambda: hubspot(deleted(5), at=NOW - 301), 401, id="too old"),
        pytest.param(lambda: hubspot(deleted(5), at=NOW + 301), 401, id="from the future"),
        pytest.param(lambda: hubspot(deleted(5), source="other"), 404, id="unknown source"),
        pytest.param(lambda: hubspot(deleted(5), source="usage"), 404, id="a source of files"),
        pytest.param(lambda: hubspot("x"), 400, id="no events"),  # type: ignore[arg-type]
        pytest.param(lambda: request("crm", b"x" * (LARGEST + 1), {}), 413, id="too large"),
    ],
)
def test_what_is_not_right_is_refused_and_leaves_nothing(made: Any, expected: int) -> None:
    hints = MemoryHints()

    answer = desk(hints).answer(made())

    assert status(answer) == expected
    assert json.loads(answer["body"])["status"] == expected
    assert not hints.held


@pytest.mark.parametrize("held", ['{"token": "t"}', '{"webhook_secret": ""}', "{}", "[]", "not json"])
def test_a_source_without_a_webhook_secret_says_in_the_log_how_to_give_it_one(
    held: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = desk(crm=held).answer(hubspot(deleted(5)))

    assert status(answer) == 409
    assert "holdfast secret set crm --webhook" in said(caplog)


def test_a_storage_that_does_not_answer_makes_the_source_send_it_again() -> None:
    class Broken(MemoryHints):
        def take(self, source: str, stream: str, hint: Hint) -> bool:
            raise StorageUnavailable("throttled")

    assert status(desk(Broken()).answer(hubspot(deleted(5)))) == 503


def test_neither_log_nor_answer_names_anybody(caplog: pytest.LogCaptureFixture) -> None:
    event = deleted(987_654_321) | {"propertyValue": "zoe@example.com"}
    calls = [
        hubspot(event),
        hubspot(event) | {"headers": {}},
        hubspot(event, source="zoe"),
        hubspot(event) | {"body": "zoe@example.com"},
    ]

    answers = [desk().answer(call) for call in calls]

    told = said(caplog) + json.dumps(answers)
    assert len(caplog.records) == len(calls)
    assert not [word for word in ("987654321", "zoe", SECRET) if word in told]


def said(caplog: pytest.LogCaptureFixture) -> str:
    return " ".join(str(record.__dict__) for record in caplog.records)


def test_a_body_that_is_not_packed_as_it_says_is_refused():
    answer = desk().answer(request("crm", "é".encode(), {}, isBase64Encoded=True))

    assert answer["statusCode"] == 400
