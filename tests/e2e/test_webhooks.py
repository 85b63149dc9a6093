"""The webhook as HubSpot and Intercom meet it: what they notify of by day is in the lake after the night."""

import json

import httpx
import pytest

from holdfast.lake import glue_lake
from holdfast.locks import Locks
from infra.local import runtime
from tests.e2e.conftest import Day, Demo


@pytest.fixture
def removed(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Ids of the tombstones, by table of the lake."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", runtime.ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", runtime.SECRET_KEY)
    places = {name: demo.outputs[name] for name in ("database", "region", "endpoint")}
    lake = glue_lake(places["database"], demo.outputs["lake_bucket"], places["region"], Locks(), places["endpoint"])
    tables = [f"raw_{name}" for name in ("hubspot_contacts", "intercom_contacts", "intercom_conversations")]
    held = {name: lake.read(name, ("id", "_removed")) for name in tables}
    return {name: {row["id"] for row in rows.to_pylist() if row["_removed"]} for name, rows in held.items() if rows}


def test_every_notification_is_taken_in(day: Day) -> None:
    assert {source: set(answers) for source, answers in day.notified.items()} == {
        "hubspot": {"200"},
        "intercom": {"200"},
    }


def test_contacts_that_were_deleted_for_good_are_tombstones_after_the_night(
    day: Day, removed: dict[str, set[str]]
) -> None:
    contacts = day.changed["hubspot"]["contacts"]

    assert contacts["deleted"]
    assert {*contacts["deleted"], *contacts["merged"]} <= removed["raw_hubspot_contacts"]


def test_what_intercom_deletes_and_merges_are_tombstones_too(day: Day, removed: dict[str, set[str]]) -> None:
    contacts, conversations = day.changed["intercom"]["contacts"], day.changed["intercom"]["conversations"]

    assert contacts["deleted"]
    assert {*contacts["deleted"], *contacts["merged"]} <= removed["raw_intercom_contacts"]
    assert set(conversations["deleted"]) <= removed["raw_intercom_conversations"]


def test_what_only_changed_is_still_there(day: Day, removed: dict[str, set[str]]) -> None:
    assert not set(day.changed["hubspot"]["contacts"]["updated"]) & removed["raw_hubspot_contacts"]
    assert not set(day.changed["intercom"]["contacts"]["updated"]) & removed["raw_intercom_contacts"]


def test_a_wrong_signature_and_an_unknown_source_are_refused_and_a_look_is_answered(demo: Demo, day: Day) -> None:
    url = demo.webhook("hubspot")["url"]

    assert httpx.post(url, json=[{"eventId": 1}]).status_code == 401
    assert httpx.post(demo.webhook("usage")["url"], json=[]).status_code == 404
    assert httpx.head(url).status_code == 200


def test_what_notifications_are_signed_with_is_moved_away_from_the_token_which_is_still_there(
    demo: Demo, day: Day
) -> None:
    secrets = demo.client("secretsmanager")
    held = json.loads(secrets.get_secret_value(SecretId="holdfast/intercom")["SecretString"])
    as_before = json.dumps(held | {"webhook_secret": "old"})
    secrets.put_secret_value(SecretId="holdfast/intercom", SecretString=as_before)

    said = [demo.holdfast("secret", "move") for _ in range(2)]

    apart = json.loads(secrets.get_secret_value(SecretId="holdfast/intercom/webhook")["SecretString"])
    assert ["intercom" in each for each in said] == [True, False]
    assert json.loads(secrets.get_secret_value(SecretId="holdfast/intercom")["SecretString"]) == held
    assert apart["webhook_secret"] == "intercom-signs"
    assert "✗" not in demo.holdfast("sources", "check")


def test_the_log_says_how_many_and_not_who(demo: Demo, day: Day) -> None:
    said = demo.holdfast("logs", "Webhook")

    assert "notification taken" in said
    assert not [one for one in day.changed["hubspot"]["contacts"]["deleted"] if one in said]
