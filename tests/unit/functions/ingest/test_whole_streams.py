"""Streams that are pulled whole: owners, properties, scrolled companies, and what a token may not read."""

import json

import httpx
import pytest

from holdfast.contracts import DONE, WAIT, manifest_key
from holdfast.errors import SourceGarbled, SourceRefused
from holdfast.ledger import MemoryLedger
from holdfast.privacy import shipped
from holdfast.settings import HubSpotSource, IntercomSource, parse_settings
from holdfast.store import MemoryStore, read_json
from ingest.hubspot import hubspot
from ingest.intercom import intercom
from ingest.pull import land_stream
from tests.doubles.crm import T0, client, place
from tests.unit.functions.ingest.test_increments import ids

DESK = IntercomSource(kind="intercom")
SETTINGS = parse_settings('[sources.crm]\nkind = "hubspot"\n[churn]\nkind = "usage"')
STREAMS = hubspot(HubSpotSource(kind="hubspot"), SETTINGS) | {f"desk_{n}": s for n, s in intercom(DESK).items()}


def pulled(stream: str, server, landing: MemoryStore, ledger: MemoryLedger | None = None, run: str = "r"):
    there = place(stream, run, landing)
    return land_stream(there, STREAMS[stream], client(server), ledger or MemoryLedger(), lambda: T0 / 1000)


class Scroll:
    """Companies behind a scroll that begins anew whenever it is opened, with answers of its own at some calls."""

    def __init__(self, **instead: httpx.Response) -> None:
        self.instead, self.calls, self.opened = {int(n[1:]): a for n, a in instead.items()}, 0, 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        if self.calls in self.instead:
            return self.instead[self.calls]
        if "scroll_param" not in request.url.params:
            self.opened, self.position = self.opened + 1, 0
        page = [{"id": f"c{n}"} for n in range(self.position, min(self.position + 2, 5))]
        self.position += 2
        return httpx.Response(200, json={"data": page, "scroll_param": f"s{self.opened}"})


def test_companies_are_scrolled_to_the_empty_page():
    landing = MemoryStore()

    assert pulled("desk_companies", Scroll(), landing).next == DONE
    assert ids(landing) == ["c0", "c1", "c2", "c3", "c4"]


@pytest.mark.parametrize(
    "lost", [httpx.Response(404), httpx.Response(400, json={"errors": [{"code": "scroll_exists"}]})]
)
def test_a_lost_scroll_waits_a_minute_and_begins_again_and_only_a_complete_one_counts(lost):
    server, landing, ledger = Scroll(n3=lost), MemoryStore(), MemoryLedger()

    first = pulled("desk_companies", server, landing, ledger)
    before = ids(landing)
    second = pulled("desk_companies", server, landing, ledger)

    assert (first.next, second.next) == (WAIT, DONE)
    assert before == []
    assert server.opened == 2
    assert ids(landing) == ["c0", "c1", "c2", "c3", "c4"]


def test_one_run_alone_scrolls():
    server, ledger = Scroll(), MemoryLedger()
    ledger.lock("src#desk_companies", "another run", T0 / 1000, T0 / 1000 + 900)

    answer = pulled("desk_companies", server, MemoryStore(), ledger)

    assert answer.next == WAIT
    assert server.calls == 0


def test_a_scroll_that_failed_does_not_keep_the_next_run_out():
    server, ledger = Scroll(n2=httpx.Response(200, text="garbage")), MemoryLedger()
    with pytest.raises(SourceGarbled):
        pulled("desk_companies", server, MemoryStore(), ledger, "failed")

    assert pulled("desk_companies", server, MemoryStore(), ledger, "next").next == DONE


def test_owners_who_left_are_listed_apart():
    def owners(request: httpx.Request) -> httpx.Response:
        archived = request.url.params["archived"] == "true"
        return httpx.Response(200, json={"results": [{"id": "2" if archived else "1", "archived": archived}]})

    landing = MemoryStore()
    pulled("owners", owners, landing)

    assert ids(landing) == ["1", "2"]


def test_properties_are_one_row_per_kind_and_name():
    def described(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"results": [{"name": "plan", "type": "enumeration"}]})

    landing = MemoryStore()
    pulled("properties", described, landing)

    assert ids(landing) == ["contacts.plan", "companies.plan", "deals.plan", "tickets.plan"]


def test_a_stream_that_no_table_needs_is_skipped_where_the_token_may_not_read_it():
    landing = MemoryStore()

    answer = pulled("calls", lambda request: httpx.Response(403), landing)

    assert answer.next == DONE
    assert read_json(landing, manifest_key("r", "src_calls"))["cursor"] is None
    with pytest.raises(SourceRefused):
        pulled("contacts", lambda request: httpx.Response(403), landing)
    with pytest.raises(SourceRefused):
        pulled("calls", lambda request: httpx.Response(401), landing, run="s")


def test_of_what_people_wrote_nothing_lands_but_what_is_declared_as_that():
    written = {"subject", "content", "body", "hs_note_body", "hs_email_subject", "hs_call_title", "hs_task_subject",
               "hs_meeting_title", "firstname", "lastname", "_default_title_", "_default_description_"}  # fmt: skip
    told = {}

    for name, stream in STREAMS.items():
        relation = name.replace("desk_", "intercom_") if name.startswith("desk_") else f"hubspot_{name}"
        told[relation] = {column for column, what in shipped()[relation].items() if what == "text"}
        landing = {column.name for column in stream.columns if column.path.rpartition(".")[2] in written}
        assert landing == told[relation]

    texts = {relation for relation, columns in told.items() if columns}
    assert texts == {"hubspot_tickets", "intercom_conversations", "intercom_tickets"}


def test_every_call_to_intercom_says_its_version():
    assert {json.dumps(dict(stream.headers)) for stream in intercom(DESK).values()} == {'{"Intercom-Version": "2.16"}'}


def test_custom_attributes_of_intercoms_contacts_land_as_they_are_named():
    source = IntercomSource(kind="intercom", attributes=["seats:number", "tier", "email"])
    named = [each for each in intercom(source)["contacts"].columns if each.path.startswith("custom_attributes.")]
    assert [(each.name, each.path.rpartition(".")[2], each.kind) for each in named] == [
        ("seats", "seats", "number"), ("tier", "tier", "text"), ("attribute_email", "email", "text")]  # fmt: skip
