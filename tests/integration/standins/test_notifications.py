"""The stand-ins notify as the vendors do: what they send is taken in, and what a hint leads to is what they answer."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from holdfast.contracts import Extract
from holdfast.hints import CHANGED, GONE, MERGED, PRIVACY, MemoryHints
from holdfast.settings import HubSpotSource, IntercomSource, parse_settings
from holdfast.vendors import INTERCOM_VERSION
from ingest.hinted import with_hints
from ingest.http import ApiClient
from ingest.streams import Column, Page, Pass, Stream, Window
from ingest.webhooks import Desk
from tests.doubles.served import Answering, served
from tests.integration.standins.conftest import Standins

SETTINGS = parse_settings('[sources.crm]\nkind = "hubspot"\n[sources.desk]\nkind = "intercom"\n[churn]\nkind = "usage"')
NOTHING = Pass(lambda fetch, window, cursor: Page([], None))


@dataclass
class Hook:
    """The webhook, served as API Gateway does, with the clock of this machine and hints in memory."""

    hints: MemoryHints = field(default_factory=MemoryHints)
    secret: str = "shared"
    url: str = ""

    def answer(self, path: str, headers: dict[str, str], body: str) -> int:
        held = f'{{"webhook_secret": "{self.secret}"}}'
        desk = Desk(SETTINGS, {"crm": "a", "desk": "b"}, lambda _: held, self.hints, time.time)
        event = {"httpMethod": "POST", "headers": headers, "body": body, "pathParameters": {"source": path.rpartition("/")[2]},
                 "requestContext": {"domainName": "api.example.com", "path": f"/live{path}"}}  # fmt: skip
        return int(desk.answer(event)["statusCode"])

    def kinds(self, source: str, stream: str) -> dict[str, str]:
        return {key[2]: hint.kind for key, hint in self.hints.held.items() if key[:2] == (source, stream)}


@contextmanager
def serving(hook: Hook) -> Iterator[Hook]:
    class Notified(Answering):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.say(hook.answer(self.path, dict(self.headers), body))

    with served(Notified) as place:
        hook.url = f"http://{place}/v1/webhooks"
        yield hook


@pytest.fixture
def hook(standins: Standins) -> Iterator[Hook]:
    with serving(Hook()) as there:
        yield there
    for server in (standins.hubspot, standins.intercom):
        server.post("/_standin/webhooks", json={}).raise_for_status()


def notify(server: httpx.Client, hook: Hook, source: str, **more: Any) -> None:
    told = f"https://api.example.com/live/v1/webhooks/{source}"
    target = {"url": f"{hook.url}/{source}", "secret": "shared", "told": told} | more
    server.post("/_standin/webhooks", json=target).raise_for_status()


def advance(server: httpx.Client) -> dict[str, Any]:
    body: dict[str, Any] = server.post("/_standin/advance", json={"updates": 5, "seed": 3}).raise_for_status().json()
    return body


def lost(server: httpx.Client, hook: Hook, source: str, stream: str) -> set[str]:
    """What a night's pass over the hints finds gone."""
    configured = SETTINGS.sources[source]
    assert isinstance(configured, HubSpotSource | IntercomSource)
    plain = Stream((Column("id", "id"),), "updated_at", (NOTHING,), (NOTHING,))
    whole = with_hints(plain, Extract("r", source, stream), configured, hook.hints, by_data=True)
    headers = {**server.headers, "Intercom-Version": INTERCOM_VERSION}
    with httpx.Client(base_url=server.base_url, headers=headers) as http:  # its own: other tests ask without a version
        page = whole.changed[-1].read(ApiClient(source, http, "secret").fetch, Window(0, 2**62), {})
    return {record["id"] for record in page.records}


def test_hubspot_tells_of_everything_that_an_advance_changed(standins: Standins, hook: Hook) -> None:
    notify(standins.hubspot, hook, "crm")

    done = advance(standins.hubspot)

    contacts = done["changed"]["contacts"]
    assert set(done["notified"]) == {"200"}
    kinds = hook.kinds("crm", "contacts")
    assert {one for one, kind in kinds.items() if kind == PRIVACY} == set(contacts["deleted"])
    assert {one for one, kind in kinds.items() if kind == GONE} == set(contacts["archived"])
    assert {one for one, kind in kinds.items() if kind == MERGED} == set(contacts["merged"])
    assert {*contacts["updated"], *contacts["reassociated"]} <= {one for one, kind in kinds.items() if kind == CHANGED}
    assert {*done["changed"]["notes"]["archived"]} <= set(hook.kinds("crm", "notes"))


def test_what_is_sent_twice_and_in_another_order_is_the_same_in_the_end(standins: Standins, hook: Hook) -> None:
    notify(standins.hubspot, hook, "crm")
    advance(standins.hubspot)
    once = {key: (hint.at, hint.kind) for key, hint in hook.hints.held.items()}
    standins.hubspot.post("/_standin/reset").raise_for_status()
    hook.hints = MemoryHints()
    notify(standins.hubspot, hook, "crm", repeats=2, shuffle=5)

    advance(standins.hubspot)

    assert {key: (hint.at, hint.kind) for key, hint in hook.hints.held.items()} == once


def test_hubspots_objects_that_are_gone_are_told_from_those_that_are_there(standins: Standins, hook: Hook) -> None:
    notify(standins.hubspot, hook, "crm")
    contacts = advance(standins.hubspot)["changed"]["contacts"]

    found = lost(standins.hubspot, hook, "crm", "contacts")

    assert found == {*contacts["deleted"], *contacts["archived"], *contacts["merged"]}


def test_intercoms_deleted_and_merged_contacts_are_found_the_same_night(standins: Standins, hook: Hook) -> None:
    notify(standins.intercom, hook, "desk", repeats=1, shuffle=1)
    done = advance(standins.intercom)
    contacts, conversations = done["changed"]["contacts"], done["changed"]["conversations"]

    assert set(done["notified"]) == {"200"}
    assert lost(standins.intercom, hook, "desk", "contacts") == {*contacts["deleted"], *contacts["merged"]}
    assert lost(standins.intercom, hook, "desk", "conversations") == set(conversations["deleted"])


def test_a_wrong_secret_is_refused_each_time(standins: Standins, hook: Hook) -> None:
    for server, source in ((standins.hubspot, "crm"), (standins.intercom, "desk")):
        notify(server, hook, source, secret="another")

        assert set(advance(server)["notified"]) == {"401"}

    assert not hook.hints.held


def test_without_a_target_nobody_is_told(standins: Standins) -> None:
    assert "notified" not in advance(standins.hubspot)
    assert standins.hubspot.post("/_standin/webhooks", json={"urls": 1}).status_code == 400


def test_a_merged_contact_of_intercom_says_into_whom(standins: Standins) -> None:
    ((loser, winner),) = advance(standins.intercom)["changed"]["contacts"]["merged"].items()

    old, new = (standins.intercom.get(f"/contacts/{loser}", headers={"Intercom-Version": v}) for v in ("2.15", "2.16"))

    assert (old.status_code, new.status_code) == (404, 410)
    assert new.headers["Link"] == f'</contacts/{winner}>; rel="canonical"'
