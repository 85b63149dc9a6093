"""HubSpot is read at the version that the configuration says."""

import httpx
import pytest

from tests.doubles.crm import T0, HubSpot, Thing
from tests.doubles.nights import DAY, HOUR, Nights, streams, things

PATHS = {
    "2026-09": {
        "/crm/objects/2026-09/contacts",
        "/crm/objects/2026-09/contacts/search",
        "/crm/objects/2026-09/contacts/batch/read",
        "/crm/associations/2026-09/contacts/companies/batch/read",
        "/crm/properties/2026-09/contacts",
    },
    "v3": {
        "/crm/v3/objects/contacts",
        "/crm/v3/objects/contacts/search",
        "/crm/v3/objects/contacts/batch/read",
        "/crm/v4/associations/contacts/companies/batch/read",
        "/crm/v3/properties/contacts",
    },
}


@pytest.mark.parametrize("version", PATHS)
def test_every_path_is_of_that_version(version):
    server = HubSpot({"contacts": things(Thing(1, links=[7]))})
    nights = Nights(server, streams(api_version=version))

    for stream in ("contacts", "contacts_history"):
        nights.night(stream, f"{stream}-a", T0)
        server.objects["contacts"][1].at = T0 + HOUR
        nights.night(stream, f"{stream}-b", T0 + DAY)

    assert {request.url.path for request in server.asked} == PATHS[version]


@pytest.mark.parametrize(("version", "path"), [("2026-09", "/crm/owners/2026-09"), ("v3", "/crm/v3/owners")])
def test_owners_are_of_that_version_too(version, path):
    server = HubSpot(fail=lambda _, request: httpx.Response(200, json={"results": []}))

    Nights(server, streams(api_version=version)).night("owners", "a", T0)

    assert {request.url.path for request in server.asked} == {path}
