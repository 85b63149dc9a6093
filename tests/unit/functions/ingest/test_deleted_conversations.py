"""Conversations that Intercom lists as deleted are tombstones the same night."""

import logging
from typing import Any

import httpx
import pytest

from holdfast.errors import SourceRefused
from tests.doubles.crm import T0, Intercom
from tests.doubles.desk import desk, nights, talk
from tests.doubles.nights import DAY, HOUR, Nights, rows


def gone(name: str, at: int) -> dict[str, Any]:
    return {"type": "conversation", "id": name, "metrics_retained": False, "deleted_at": at // 1000}


def removed(pulled: Nights) -> dict[str, int]:
    return {row["id"]: int(row["_updated_at"].timestamp() * 1000) for row in rows(pulled.place.landing, "removed/")}


def pages(server: Intercom) -> list[str]:
    return [each.url.params["page"] for each in server.asked if each.url.path.endswith("/deleted")]


def test_conversations_deleted_since_the_last_night_are_tombstones_of_their_moment():
    server = desk(talk("c1"))
    pulled = nights(server)
    pulled.night("conversations", "a", T0)
    server.deleted = [gone("c3", T0 + HOUR), gone("c2", T0 - HOUR), gone("c0", T0 - 2 * DAY)]

    pulled.night("conversations", "b", T0 + DAY)

    assert removed(pulled) == {"c3": T0 + HOUR, "c2": T0 - HOUR}


def test_of_the_list_of_the_deleted_only_the_pages_of_the_window_are_read():
    server = desk(talk("c1"))
    pulled = nights(server)
    pulled.night("conversations", "a", T0)
    server.deleted = [gone(f"d{n}", T0 + DAY - n * HOUR) for n in range(300)]
    server.asked.clear()

    pulled.night("conversations", "b", T0 + DAY)

    assert pages(server) == ["1"]
    assert len(removed(pulled)) == 49
    assert {each.url.params["per_page"] for each in server.asked if each.url.path.endswith("/deleted")} == {"60"}


def test_where_the_deleted_are_not_listed_in_the_order_of_their_deletion_all_pages_are_read():
    server = desk(talk("c1"))
    pulled = nights(server)
    pulled.night("conversations", "a", T0)
    server.deleted = [gone(f"d{n}", T0 - (9 if n % 2 else 99) * DAY) for n in range(130)] + [gone("late", T0 + HOUR)]
    server.asked.clear()

    pulled.night("conversations", "b", T0 + DAY)

    assert pages(server) == ["1", "2", "3"]
    assert set(removed(pulled)) == {"late"}


def test_beside_a_whole_pull_the_latest_deletions_are_read_too():
    server = desk(talk("c1"))
    server.deleted = [gone("new", T0 - 3 * DAY), gone("old", T0 - 30 * DAY)]
    pulled = nights(server)

    pulled.night("conversations", "a", T0)

    assert set(removed(pulled)) == {"new"}
    assert pulled.manifest("conversations", "a")["complete"] is True


def test_a_token_that_may_not_read_what_is_deleted_still_pulls_the_conversations(caplog):
    server = desk(talk("c1"))
    refused = httpx.Response(403, json={"errors": [{"code": "api_plan_restricted"}]})
    server.fail = lambda _, request: refused if request.url.path.endswith("/deleted") else None

    with caplog.at_level(logging.WARNING):
        landed = nights(server).night("conversations", "a", T0)

    assert [row["id"] for row in landed] == ["c1"]
    assert any("weekly pull finds them" in record.message for record in caplog.records)
    server.fail = lambda _, request: httpx.Response(400) if request.url.path.endswith("/deleted") else None
    with pytest.raises(SourceRefused):
        nights(server).night("conversations", "a", T0)
