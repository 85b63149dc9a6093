"""Faults on demand: each kind as the vendor shows it, and schedules that are the same for the same seed."""

from typing import Any

import httpx
import pytest

from tests.integration.standins.conftest import Standins

CONTACTS = "/crm/objects/2026-09/contacts"


def put(server: httpx.Client, **faults: Any) -> None:
    server.post("/_standin/faults", json=faults).raise_for_status()


def asked(server: httpx.Client, kind: str, method: str = "GET", path: str = CONTACTS, **more: Any) -> httpx.Response:
    """The answer to one request that a fault befalls."""
    put(server, following=[kind], retry_after=7)
    return server.request(method, path, **more)


@pytest.mark.parametrize(
    ("kind", "status", "told"),
    [
        ("rate_ten_secondly", 429, {"policyName": "TEN_SECONDLY_ROLLING", "errorType": "RATE_LIMIT"}),
        ("rate_daily", 429, {"policyName": "DAILY", "message": "You have reached your daily limit."}),
        ("locked_423", 423, {"status": "error"}),
        ("migrating_477", 477, {"status": "error"}),
        ("timeout_504", 504, {"status": "error"}),
        ("expired_token", 401, {"category": "EXPIRED_AUTHENTICATION"}),
    ],
)
def test_hubspot_shows_each_kind_in_its_own_words(
    standins: Standins, kind: str, status: int, told: dict[str, Any]
) -> None:
    answer = asked(standins.hubspot, kind)

    assert answer.status_code == status
    assert answer.json().items() >= told.items()


def test_a_bad_gateway_does_not_speak_json(standins: Standins) -> None:
    for server, path in ((standins.hubspot, CONTACTS), (standins.intercom, "/contacts")):
        answer = asked(server, "bad_gateway_502", path=path)

        assert (answer.status_code, answer.headers["content-type"][:9]) == (502, "text/html")


def test_a_migration_says_how_long_to_wait(standins: Standins) -> None:
    assert asked(standins.hubspot, "migrating_477").headers["Retry-After"] == "7"


def test_the_limit_of_a_second_is_that_of_searches(standins: Standins) -> None:
    search = asked(standins.hubspot, "rate_secondly", "POST", f"{CONTACTS}/search", json={})

    assert (search.status_code, search.json()["policyName"]) == (429, "SECONDLY")
    assert asked(standins.hubspot, "rate_secondly").status_code == 200


def test_a_batch_answers_in_part_and_the_rest_can_be_asked_for_again(standins: Standins) -> None:
    ids = standins.ids("hubspot_contacts")[:4]
    body = {"inputs": [{"id": each} for each in ids], "properties": []}
    for path in (f"{CONTACTS}/batch/read", "/crm/associations/2026-09/contacts/companies/batch/read"):
        answer = asked(standins.hubspot, "partial_207", "POST", path, json=body)

        assert answer.status_code == 207
        assert len(answer.json()["results"]) == 2
        assert answer.json()["errors"][0]["context"]["ids"] == [ids[0], ids[2]]
        assert len(standins.hubspot.post(path, json=body).json()["results"]) == 4


def test_a_cut_answer_promises_more_than_it_brings(standins: Standins) -> None:
    put(standins.hubspot, following=["cut"])

    with pytest.raises(httpx.RemoteProtocolError):
        standins.hubspot.get(CONTACTS)

    assert standins.hubspot.get(CONTACTS).json()["results"]


def test_an_expired_token_stays_expired_until_the_faults_are_put_again(standins: Standins) -> None:
    assert asked(standins.intercom, "expired_token", path="/admins").json()["errors"][0]["code"] == "token_expired"
    assert standins.intercom.get("/admins").status_code == 401

    put(standins.intercom)

    assert standins.intercom.get("/admins").status_code == 200


def test_intercom_tells_when_the_limit_resets(standins: Standins) -> None:
    answer = asked(standins.intercom, "rate_ten_secondly", path="/admins")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (429, "rate_limit_exceeded")
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert "Retry-After" not in answer.headers


def test_a_scroll_that_exists_or_has_expired_is_told_apart(standins: Standins) -> None:
    exists = asked(standins.intercom, "scroll_exists", path="/companies/scroll")
    opened = asked(standins.intercom, "scroll_expired", path="/companies/scroll").json()["scroll_param"]
    expired = asked(standins.intercom, "scroll_expired", path=f"/companies/scroll?scroll_param={opened}")

    assert (exists.status_code, exists.json()["errors"][0]["code"]) == (400, "scroll_exists")
    assert (expired.status_code, expired.json()["errors"][0]["code"]) == (404, "not_found")


def test_a_stale_search_shows_the_world_before_it_moved(standins: Standins) -> None:
    moved = standins.hubspot.post("/_standin/advance", json={}).json()["changed"]["contacts"]
    rule = {"propertyName": "hs_object_id", "operator": "EQ", "value": moved["created"][0]}
    body = {"filterGroups": [{"filters": [rule]}]}

    stale = asked(standins.hubspot, "search_lag", "POST", f"{CONTACTS}/search", json=body).json()

    assert stale["total"] == 0
    assert standins.hubspot.post(f"{CONTACTS}/search", json=body).json()["total"] == 1


def outcomes(server: httpx.Client, seed: int, count: int = 30) -> list[int]:
    kinds = ["rate_ten_secondly", "locked_423", "migrating_477", "bad_gateway_502", "timeout_504", "cut"]
    put(server, schedule={"seed": seed, "share": 0.4, "kinds": kinds}, paths="/crm/")
    return [status(server) for _ in range(count)]


def status(server: httpx.Client) -> int:
    try:
        return server.get(CONTACTS).status_code
    except httpx.RemoteProtocolError:
        return 0


def test_a_schedule_is_the_same_for_the_same_seed_and_another_for_another(standins: Standins) -> None:
    first, again, other = (outcomes(standins.hubspot, seed) for seed in (5, 5, 6))

    assert first == again != other
    assert set(first) == {200, 0, 423, 429, 477, 502, 504}


def test_what_happened_is_counted(standins: Standins) -> None:
    seen = outcomes(standins.hubspot, 5)

    told = standins.hubspot.get("/_standin/faults").json()

    assert told["requests"] == len(seen)
    assert sum(told["drawn"].values()) == sum(each != 200 for each in seen)


def test_a_schedule_leaves_other_paths_alone(standins: Standins) -> None:
    put(standins.hubspot, schedule={"seed": 1, "share": 1.0, "kinds": ["locked_423"]}, paths="/batch/")

    assert standins.hubspot.get(CONTACTS).status_code == 200


@pytest.mark.parametrize(
    "wanted",
    [
        {"schedule": {"seed": 1, "kinds": ["rain"]}},
        {"schedule": {"seed": 1, "shares": 0.2}},
        {"following": ["rain"]},
        {"retry_after": "soon"},
    ],
)
def test_faults_that_are_not_known_are_refused(standins: Standins, wanted: dict[str, Any]) -> None:
    assert standins.hubspot.post("/_standin/faults", json=wanted).status_code == 400
