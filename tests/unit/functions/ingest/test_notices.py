"""Notifications name objects: which, of which stream, what happened to them and when."""

import json
from typing import Any

import pytest

from holdfast.hints import CHANGED, GONE, MERGED, PRIVACY
from ingest.notices import MalformedError, hubspot_said, intercom_said

RECEIVED = 1_790_000_009_000


def hubspot(**event: Any) -> set[tuple[str, str, str, int]]:
    whole = {"eventId": 7, "occurredAt": 1_790_000_000_000, "attemptNumber": 0, "objectId": 12} | event
    return {(stream, h.id, h.kind, h.at) for stream, h in hubspot_said(json.dumps([whole]).encode(), RECEIVED)}


def intercom(topic: str, **item: Any) -> set[tuple[str, str, str, int]]:
    told = {"type": "notification_event", "id": "notif_1", "topic": topic, "created_at": 1_790_000_000,
            "data": {"type": "notification_event_data", "item": item}}  # fmt: skip
    return {(stream, h.id, h.kind, h.at) for stream, h in intercom_said(json.dumps(told).encode(), RECEIVED)}


@pytest.mark.parametrize(
    ("happened", "kind"),
    [
        ("creation", CHANGED),
        ("propertyChange", CHANGED),
        ("restore", CHANGED),
        ("deletion", GONE),
        ("privacyDeletion", PRIVACY),
    ],
)
def test_each_kind_of_event_of_hubspot_has_its_meaning(happened: str, kind: str) -> None:
    assert hubspot(subscriptionType=f"contact.{happened}") == {("contacts", "12", kind, 1_790_000_000_000)}


@pytest.mark.parametrize(("type_id", "stream"), [("0-1", "contacts"), ("0-2", "companies"), ("0-46", "notes")])
def test_events_of_any_object_say_by_type_id_what_it_is(type_id: str, stream: str) -> None:
    assert {each[0] for each in hubspot(subscriptionType="object.deletion", objectTypeId=type_id)} == {stream}


def test_a_merge_names_those_who_are_gone_and_the_one_that_is_left() -> None:
    kept = hubspot(subscriptionType="contact.merge", primaryObjectId=1, mergedObjectIds=[2, 3], newObjectId=1)
    new = hubspot(subscriptionType="company.merge", primaryObjectId=1, mergedObjectIds=[2], newObjectId=9)

    assert {(each[1], each[2]) for each in kept} == {("1", CHANGED), ("2", MERGED), ("3", MERGED)}
    assert {(each[1], each[2]) for each in new} == {("9", CHANGED), ("1", MERGED), ("2", MERGED)}


def test_an_association_names_both_its_ends() -> None:
    named = hubspot(
        subscriptionType="contact.associationChange", associationType="CONTACT_TO_COMPANY", fromObjectId=1, toObjectId=2
    )
    generic = hubspot(subscriptionType="object.associationChange", fromObjectTypeId="0-1", toObjectTypeId="0-3",
                      fromObjectId=1, toObjectId=2)  # fmt: skip

    assert {each[:3] for each in named} == {("contacts", "1", CHANGED), ("companies", "2", CHANGED)}
    assert {each[:3] for each in generic} == {("contacts", "1", CHANGED), ("deals", "2", CHANGED)}


@pytest.mark.parametrize(
    "event",
    [
        {"subscriptionType": "conversation.newMessage"},
        {"subscriptionType": "object.deletion", "objectTypeId": "2-999"},
        {"subscriptionType": "contact.deletion", "objectId": None},
        {"subscriptionType": "contact.deletion", "objectId": "../1"},
        {"subscriptionType": "contact.deletion", "objectId": True},
        {"subscriptionType": 4},
    ],
)
def test_what_names_nothing_that_is_pulled_is_passed_over(event: dict[str, Any]) -> None:
    assert hubspot(**event) == set()


@pytest.mark.parametrize(
    ("topic", "item", "stream", "kind"),
    [
        ("contact.deleted", {"type": "contact", "id": "a1"}, "contacts", GONE),
        ("contact.merged", {"type": "contact", "id": "a1"}, "contacts", MERGED),
        ("contact.user.created", {"type": "contact", "id": "a1"}, "contacts", CHANGED),
        ("conversation.deleted", {"type": "conversation", "id": "215"}, "conversations", GONE),
        ("conversation.user.replied", {"type": "conversation", "id": 215}, "conversations", CHANGED),
        ("contact.deleted", {"id": "a1"}, "contacts", GONE),
    ],
)
def test_each_topic_of_intercom_has_its_meaning(topic: str, item: dict[str, Any], stream: str, kind: str) -> None:
    assert intercom(topic, **item) == {(stream, str(item["id"]), kind, 1_790_000_000_000)}


@pytest.mark.parametrize(
    ("topic", "item"),
    [
        ("ping", {"type": "ping", "message": "x"}),
        ("contact.user.tag.deleted", {"type": "contact_tag", "id": "5"}),
        ("contact.deleted", {}),
    ],
)
def test_a_ping_or_a_tag_that_is_taken_off_says_nothing_of_anybody(topic: str, item: dict[str, Any]) -> None:
    assert intercom(topic, **item) == set()


@pytest.mark.parametrize("moment", [None, "yesterday", -5, True])
def test_without_a_moment_it_happened_when_it_was_received(moment: Any) -> None:
    assert {each[3] for each in hubspot(subscriptionType="contact.deletion", occurredAt=moment)} == {RECEIVED}


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"[1]", b"\xff\xfe", b"null"])
def test_what_is_no_batch_of_events_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError):
        hubspot_said(body, RECEIVED)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"type": "contact"}'])
def test_what_is_no_notification_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError):
        intercom_said(body, RECEIVED)
