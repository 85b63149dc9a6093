"""Parts of a pull that are written again after the function died before its checkpoint."""

import io

import httpx
import pyarrow.parquet as pq
import pytest

from holdfast.contracts import DONE
from holdfast.errors import StorageUnavailable
from holdfast.ledger import MemoryLedger
from holdfast.settings import HubSpotSource, parse_settings
from holdfast.store import MemoryStore
from ingest.hubspot import hubspot
from ingest.pull import land_stream
from tests.doubles.crm import T0, HubSpot, Thing, client, place

SETTINGS = parse_settings('[sources.crm]\nkind = "hubspot"\n[churn]\nkind = "usage"')
STREAM = hubspot(HubSpotSource(kind="hubspot"), SETTINGS)["companies"]


class Forgetting(MemoryLedger):
    """Keeps no checkpoint the first time."""

    forgot = False

    def keep(self, source, stream, name, value):
        if not self.forgot:
            self.forgot = True
            raise StorageUnavailable("the ledger does not answer")
        super().keep(source, stream, name, value)


def test_what_a_part_that_was_never_noted_removed_does_not_stay_beside_what_replaces_it():
    winner = Thing(150, properties={"hs_merged_object_ids": "7"})
    server = HubSpot({"companies": {n: Thing(n) for n in range(1, 150)} | {150: winner}})
    ledger, landing = Forgetting(), MemoryStore()

    def invoked():
        return land_stream(place("companies", "r", landing), STREAM, client(server), ledger, lambda: T0 / 1000)

    with pytest.raises(StorageUnavailable):
        invoked()
    busy = httpx.Response(429, headers={"Retry-After": "600"})
    server.fail = lambda number, request: busy if request.url.params.get("after") == "100" else None
    invoked()
    server.fail = lambda number, request: None
    assert invoked().next == DONE

    removed = [io.BytesIO(body) for key, body in landing.objects.items() if key.startswith("removed/")]
    assert [row["id"] for body in removed for row in pq.read_table(body).to_pylist()] == ["7"]
