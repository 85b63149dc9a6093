"""The stand-in biller keeps to what the vendor documents, and the vendor's own client reads from it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.integration.conftest import Biller

NEW = {"Stripe-Version": "2026-03-25.dahlia"}


@pytest.fixture
def http(biller: Biller) -> Iterator[httpx.Client]:
    with biller.client() as made:
        yield made


def listed(http: httpx.Client, path: str, **params: Any) -> dict[str, Any]:
    answer = http.get(path, params=params, headers=NEW)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def refused(http: httpx.Client, path: str, **params: Any) -> dict[str, Any]:
    answer = http.get(path, params=params)
    assert answer.status_code == 400
    assert answer.headers["request-id"].startswith("req_")
    return dict(answer.json()["error"])


def test_a_list_is_newest_first_in_pages_of_ten(http: httpx.Client) -> None:
    first = listed(http, "/v1/customers")
    created = [each["created"] for each in first["data"]]

    second = listed(http, "/v1/customers", starting_after=first["data"][-1]["id"])
    back = listed(http, "/v1/customers", ending_before=second["data"][0]["id"])

    assert {name: first[name] for name in ("object", "has_more", "url")} == {
        "object": "list", "has_more": True, "url": "/v1/customers"
    }  # fmt: skip
    assert len(created) == 10
    assert created == sorted(created, reverse=True)
    assert back["data"] == first["data"]
    assert not {each["id"] for each in first["data"]} & {each["id"] for each in second["data"]}


def test_a_list_is_bounded_by_the_moment_of_creation(http: httpx.Client) -> None:
    moment = listed(http, "/v1/invoices", limit=50)["data"][-1]["created"]
    bounded = {
        bound: [each["created"] for each in listed(http, "/v1/invoices", limit=100, **{f"created[{bound}]": moment})["data"]]
        for bound in ("gt", "gte", "lt", "lte")
    }  # fmt: skip

    assert min(bounded["gt"]) > moment
    assert min(bounded["gte"]) == moment
    assert max(bounded["lt"]) < moment
    assert max(bounded["lte"]) == moment


def test_subscriptions_that_ended_are_listed_only_when_asked_for(http: httpx.Client, biller: Biller) -> None:
    usual = {each["status"] for each in listed(http, "/v1/subscriptions", limit=100)["data"]}
    ended = {each["status"] for each in listed(http, "/v1/subscriptions", limit=100, status="ended")["data"]}
    every = {each["status"] for each in listed(http, "/v1/subscriptions", limit=100, status="all")["data"]}

    assert (usual, ended, every) == ({"active"}, {"canceled"}, {"active", "canceled"})


def test_where_an_invoice_names_its_subscription_depends_on_the_version(http: httpx.Client) -> None:
    new, old = listed(http, "/v1/invoices")["data"][0], http.get("/v1/invoices").json()["data"][0]
    event = listed(http, "/v1/events", **{"types[0]": "invoice.paid"})["data"][0]

    assert new["parent"]["subscription_details"]["subscription"] == old["subscription"]
    assert "subscription" not in new
    assert "parent" not in old
    assert "parent" not in event["data"]["object"]
    assert event["api_version"] == http.get("/v1/invoices").headers["stripe-version"]


@pytest.mark.parametrize(
    ("params", "param", "code"),
    [
        ({"limit": 101}, "limit", None),
        ({"limit": 0}, "limit", None),
        ({"starting_after": "cus_nobody"}, "starting_after", "resource_missing"),
        ({"updated[gte]": 1}, "updated[gte]", "parameter_unknown"),
        ({"created[gte]": "yesterday"}, "created", "parameter_invalid_integer"),
    ],
)
def test_what_a_list_cannot_be_asked_is_refused_by_name(
    http: httpx.Client, params: dict[str, Any], param: str, code: str | None
) -> None:
    error = refused(http, "/v1/customers", **params)

    assert (error["type"], error["param"], error.get("code")) == ("invalid_request_error", param, code)


def test_both_sides_at_once_and_an_unknown_version_are_refused(http: httpx.Client) -> None:
    first = listed(http, "/v1/customers")["data"][0]["id"]

    assert "only specify one" in refused(http, "/v1/customers", starting_after=first, ending_before=first)["message"]
    assert http.get("/v1/customers", headers={"Stripe-Version": "newest"}).status_code == 400


def test_a_stranger_is_refused_and_an_unknown_record_is_not_found(http: httpx.Client, biller: Biller) -> None:
    stranger = httpx.get(f"{biller.url}/v1/customers", headers={"Authorization": "Bearer other"})
    nobody = http.get("/v1/customers/cus_nobody")

    assert (stranger.status_code, stranger.json()["error"]["type"]) == (401, "invalid_request_error")
    assert (nobody.status_code, nobody.json()["error"]["code"]) == (404, "resource_missing")


def test_a_rate_limit_is_told_with_and_without_a_wait(http: httpx.Client, biller: Biller) -> None:
    biller.fault(following=["rate_secondly"] * 4 + ["locked_423"])
    answers = [http.get("/v1/customers") for _ in range(5)]

    assert {answer.status_code for answer in answers} == {429}
    assert {"retry-after" in answer.headers for answer in answers[:4]} == {True, False}
    assert [answer.json()["error"]["code"] for answer in answers] == ["rate_limit"] * 4 + ["lock_timeout"]


def test_what_happens_is_told_by_events_and_a_deleted_customer_leaves_a_stub(
    http: httpx.Client, biller: Biller
) -> None:
    done = biller.advance(days=1, updates=5)["customers"]
    asked = {"types[0]": "customer.updated", "types[1]": "customer.deleted", "limit": 100}
    told = {(each["type"], each["data"]["object"]["id"]) for each in listed(http, "/v1/events", **asked)["data"]}
    stub = http.get(f"/v1/customers/{done['deleted'][0]}")

    assert told == {("customer.updated", one) for one in done["updated"]} | {
        ("customer.deleted", one) for one in done["deleted"]
    }
    assert stub.json() == {"id": done["deleted"][0], "object": "customer", "deleted": True}


def test_events_are_forgotten_after_thirty_days(http: httpx.Client, biller: Biller) -> None:
    done = biller.advance(days=1, updates=3)["customers"]["updated"]
    biller.advance(days=31, updates=0)

    told = [each["data"]["object"]["id"] for each in listed(http, "/v1/events", type="customer.updated")["data"]]

    assert not set(told) & set(done)


def test_the_vendors_own_client_reads_every_page_and_its_errors(biller: Biller) -> None:
    stripe = pytest.importorskip("stripe", reason="stripe is not installed")
    client = stripe.StripeClient(biller.token, base_addresses={"api": biller.url})

    customers = [each.id for each in client.v1.customers.list({"limit": 30}).auto_paging_iter()]
    subscriptions = list(client.v1.subscriptions.list({"limit": 100, "status": "all"}).auto_paging_iter())
    invoices = [each.id for each in client.v1.invoices.list({"limit": 100}).auto_paging_iter()]
    events = list(client.v1.events.list({"limit": 100, "types": ["invoice.paid"]}).auto_paging_iter())

    assert (len(customers), set(customers)) == (len(set(customers)), biller.truth("customers"))
    assert {each.id for each in subscriptions} == biller.truth("subscriptions")
    assert all(each["items"].data[0].price.unit_amount > 0 for each in subscriptions)
    assert set(invoices) == biller.truth("invoices")
    assert {each.type for each in events} == {"invoice.paid"}
    with pytest.raises(stripe.InvalidRequestError) as problem:
        client.v1.customers.retrieve("cus_nobody")
    assert problem.value.code == "resource_missing"
