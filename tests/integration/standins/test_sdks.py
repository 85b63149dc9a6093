"""The vendors' own clients for Python read from the stand-ins."""

from datetime import datetime
from typing import Any

import pytest

from tests.integration.standins.conftest import Standins


@pytest.fixture
def hubspot(standins: Standins) -> Any:
    package = pytest.importorskip("hubspot", reason="hubspot-api-client is not installed")
    return package.Client.create(access_token="hs", host=str(standins.hubspot.base_url))


@pytest.fixture
def intercom(standins: Standins) -> Any:
    package = pytest.importorskip("intercom", reason="python-intercom is not installed")
    return package.Intercom(token="ic", base_url=str(standins.intercom.base_url))


@pytest.mark.parametrize("kind", ["contacts", "companies", "deals", "tickets"])
def test_hubspots_client_reads_every_object_by_list_and_by_search(standins: Standins, hubspot: Any, kind: str) -> None:
    api = getattr(hubspot.crm, kind)
    seen, after = [], None
    while True:
        page = api.basic_api.get_page(limit=100, after=after, associations=["companies"])
        seen += page.results
        if page.paging is None:
            break
        after = page.paging.next.after
    found = api.search_api.do_search(public_object_search_request={"limit": 1})

    assert [each.id for each in seen] == standins.ids(f"hubspot_{kind}")
    assert all(isinstance(each.updated_at, datetime) for each in seen)
    assert found.total == len(seen)


@pytest.mark.parametrize("kind", ["calls", "emails", "meetings", "notes", "tasks"])
def test_hubspots_client_reads_engagements_and_archived_objects(standins: Standins, hubspot: Any, kind: str) -> None:
    page = hubspot.crm.objects.basic_api.get_page(kind, limit=100)
    archived = hubspot.crm.contacts.basic_api.get_page(limit=100, archived=True)

    assert [each.id for each in page.results] == standins.ids(f"hubspot_{kind}")
    assert all(isinstance(each.archived_at, datetime) for each in archived.results)


def test_hubspots_client_reads_batches_and_associations(standins: Standins, hubspot: Any) -> None:
    ids = standins.ids("hubspot_contacts")[:3]
    inputs = {"inputs": [{"id": each} for each in ids]}

    read = hubspot.crm.contacts.batch_api.read(
        batch_read_input_simple_public_object_id=inputs | {"properties": ["email"], "propertiesWithHistory": []}
    )
    links = hubspot.crm.associations.v4.batch_api.get_page(
        "contacts", "companies", batch_input_public_fetch_associations_batch_request=inputs
    )

    assert [each.id for each in read.results] == ids
    assert {each._from.id for each in links.results} == set(ids)
    assert all(to.association_types[0].type_id == 1 for each in links.results for to in each.to)


def test_hubspots_client_reads_what_describes_the_account(standins: Standins, hubspot: Any) -> None:
    owners = hubspot.crm.owners.owners_api.get_page().results
    properties = hubspot.crm.properties.core_api.get_all("contacts").results
    pipelines = hubspot.crm.pipelines.pipelines_api.get_all("deals").results

    assert [owner.id for owner in owners] == standins.ids("hubspot_owners")
    assert {each.name for each in properties} >= {"email", "lastmodifieddate"}
    assert pipelines[0].stages[0].metadata["isClosed"] == "false"


def searched(search: Any) -> list[str]:
    """Ids of all records newer than nothing; paged by hand, as the client's own pager asks for the same page again."""
    query, seen, pagination = {"field": "created_at", "operator": ">", "value": 0}, list[str](), {"per_page": 150}
    for _ in range(20):
        answer = search(query=query, pagination=pagination).response
        seen += [each.id for each in getattr(answer, "data", None) or answer.tickets]
        if answer.pages.next is None:
            break
        pagination |= {"starting_after": answer.pages.next.starting_after}
    return seen


def test_intercoms_client_reads_contacts_and_tickets(standins: Standins, intercom: Any) -> None:
    listed = [contact.id for contact in intercom.contacts.list(per_page=50)]

    assert sorted(listed) == sorted(standins.ids("intercom_contacts"))
    assert sorted(searched(intercom.contacts.search)) == sorted(listed)
    assert sorted(searched(intercom.tickets.search)) == sorted(standins.ids("intercom_tickets"))


def test_intercoms_client_reads_companies_and_conversations(standins: Standins, intercom: Any) -> None:
    companies = [company.id for company in intercom.companies.scroll()]
    conversation = next(iter(intercom.conversations.list(per_page=20)))
    whole = intercom.conversations.find(conversation_id=conversation.id)

    assert companies == standins.ids("intercom_companies")
    assert whole.conversation_parts.total_count == whole.statistics.count_conversation_parts


def test_intercoms_client_reads_what_a_workspace_has_few_of(standins: Standins, intercom: Any) -> None:
    contact = standins.ids("intercom_contacts")[0]

    assert intercom.tags.list().data
    assert intercom.admins.list().admins
    assert intercom.segments.list().segments
    assert intercom.data_attributes.list().data
    assert intercom.events.list(type="user", intercom_user_id=contact).events is not None
    assert intercom.events.list(type="user", intercom_user_id=contact, summary=True).type == "event.summary"
