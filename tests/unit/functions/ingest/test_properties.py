"""Properties that a user names: found in the account, typed as it declares them, and no reason to fail."""

import logging
from datetime import UTC, datetime

import httpx
import pytest

from tests.doubles.crm import T0, HubSpot, Thing
from tests.doubles.nights import DAY, HOUR, Nights, streams, things

DECLARED = {"external_id": "string", "mrr": "number", "vip": "bool", "since": "date", "seen": "datetime", "tier": "enumeration",
            "phone_line": "phone_number", "company_id": "string", "customer_id": "string", "lifecyclestage": "enumeration"}  # fmt: skip


def described(request: httpx.Request) -> bool:
    return "properties" in request.url.path.split("/")


def test_values_are_typed_as_the_account_declares_their_properties():
    said = {"mrr": "1,234.50", "vip": "true", "since": "2026-01-31", "seen": "1767225600000", "tier": "gold"}
    server = HubSpot({"contacts": things(Thing(1, properties=said))}, declared={"contacts": DECLARED})

    (row,) = Nights(server, streams(properties={"contacts": list(said)})).night("contacts", "a", T0)

    assert {name: row[name] for name in said} == {
        "mrr": 1234.5,
        "vip": True,
        "since": datetime(2026, 1, 31, tzinfo=UTC),
        "seen": datetime(2026, 1, 1, tzinfo=UTC),
        "tier": "gold",
    }


def test_a_property_that_the_account_lacks_is_told_with_its_nearest_names_and_left_out(caplog):
    server = HubSpot({"contacts": things(Thing(1))}, declared={"contacts": DECLARED})
    nights = Nights(server, streams(properties={"contacts": ["mmr", "tier"]}, customer_property="extrenal_id"))

    with caplog.at_level(logging.WARNING):
        (row,) = nights.night("contacts", "a", T0)

    told = {each.property: each.nearest for each in caplog.records if "no such property" in each.message}
    assert told == {"mmr": "mrr", "extrenal_id": "external_id"}
    assert "mmr" not in row
    assert "tier" in row


@pytest.mark.parametrize("name", ["company_id", "customer_id"])
def test_a_property_whose_name_is_taken_lands_under_another(name):
    server = HubSpot(
        {"contacts": things(Thing(1, properties={name: "own"}, links=[7]))}, declared={"contacts": DECLARED}
    )

    (row,) = Nights(server, streams(properties={"contacts": [name]})).night("contacts", "a", T0)

    assert row[f"property_{name}"] == "own"
    assert row["company_id"] == "7"


def test_the_property_that_holds_the_own_user_id_lands_once_and_where_it_becomes_a_pseudonym():
    server = HubSpot({"contacts": things(Thing(1, properties={"external_id": "u-1"}))}, declared={"contacts": DECLARED})

    (row,) = Nights(server, streams(properties={"contacts": ["external_id"]})).night("contacts", "a", T0)

    assert [name for name, value in row.items() if value == "u-1"] == ["external_id"]


def test_a_token_that_may_not_read_declarations_pulls_texts():
    server = HubSpot({"contacts": things(Thing(1, properties={"mrr": "12"}))})
    server.fail = lambda _, request: httpx.Response(403) if described(request) else None

    (row,) = Nights(server, streams(properties={"contacts": ["mrr"]})).night("contacts", "a", T0)

    assert row["mrr"] == "12"


def test_another_type_or_another_property_is_pulled_whole():
    server = HubSpot({"contacts": things(Thing(1, properties={"mrr": "12"}))}, declared={"contacts": {"mrr": "string"}})
    nights = Nights(server, streams(properties={"contacts": ["mrr"]}))

    (text,) = nights.night("contacts", "a", T0 + HOUR)
    server.declared["contacts"]["mrr"] = "number"
    (number,) = nights.night("contacts", "b", T0 + DAY)
    unchanged = nights.night("contacts", "c", T0 + 2 * DAY)
    nights.streams = streams()
    (dropped,) = nights.night("contacts", "d", T0 + 3 * DAY)

    assert (text["mrr"], number["mrr"]) == ("12", 12.0)
    assert unchanged == []
    assert "mrr" not in dropped


def test_a_run_asks_once_and_goes_on_with_the_same_columns():
    server = HubSpot({"contacts": things(*map(Thing, range(1, 301)))}, declared={"contacts": {"mrr": "string"}})

    def waits(number: int, _: httpx.Request) -> httpx.Response | None:
        if number == 3:
            server.declared["contacts"]["mrr"] = "number"
            return httpx.Response(477, headers={"Retry-After": "600"})
        return None

    server.fail = waits
    nights = Nights(server, streams(properties={"contacts": ["mrr"]}))
    landed = nights.night("contacts", "a", T0)

    assert nights.waits == ["wait"]
    assert len(landed) == 300
    assert sum(map(described, server.asked)) == 1


def test_a_refusal_of_the_declarations_for_long_is_handed_to_the_chain():
    server = HubSpot({"contacts": things(Thing(1))})
    server.fail = lambda number, _: httpx.Response(429, headers={"Retry-After": "600"}) if number == 1 else None
    nights = Nights(server, streams())

    assert len(nights.night("contacts", "a", T0)) == 1
    assert nights.waits == ["wait"]


def test_of_kinds_for_which_nothing_is_named_nothing_is_asked():
    server = HubSpot({"deals": things(Thing(1))}, declared={"deals": {"margin": "number"}})

    Nights(server, streams()).night("deals", "a", T0)
    assert not any(map(described, server.asked))

    (row,) = Nights(server, streams(properties={"deals": ["margin"]})).night("deals", "a", T0)
    assert row["margin"] is None
