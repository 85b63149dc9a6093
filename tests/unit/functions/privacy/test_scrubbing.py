"""Whoever was forgotten does not come back with what a run pulls anew."""

import gzip
import json
from pathlib import Path

import pytest

from holdfast.reconciliation import kept_out
from holdfast.store import read_json, write_json
from privacy.closure import Sources
from privacy.scrubbing import scrubbed
from privacy.sought import Sought
from tests.doubles.erasure import RING, Estate, estate
from tests.unit.functions.privacy.test_forgetting import EMAIL, USER, found, line, parquet

ACCOUNT = "work/r2/landed/usage-000.json"


@pytest.fixture
def held(tmp_path: Path) -> Estate:
    """A run that landed what sources still have of Ada."""
    made = estate(tmp_path)
    made.register.suppress("receipt", {each for one in (EMAIL, USER) for each in tokens(one)})
    rows = [
        {"id": "7", "external_id": USER, "email": "new@x.org"},
        {"id": "8", "external_id": "u-2", "email": "b@x.org"},
    ]
    made.landing.put("landing/run=r2/crm_contacts/0.parquet", parquet(rows))
    made.landing.put("landing/run=r2/crm_email_events/0.parquet", parquet([{"id": "e", "recipient": "new@x.org"}]))
    made.landing.put("landing/run=r2/usage_events/0.parquet", parquet([{"customer": USER}, {"customer": "u-2"}]))
    made.quarantine.put("run=r2/usage_events/parse-0.parquet", parquet([{"row": f'{{"line": "{USER}', "reason": "x"}]))
    made.uploads.put("usage/b.gz", gzip.compress(line(USER) + line("u-2")))
    file = {"bucket": "memory", "key": "usage/b.gz", "etag": "etag-1", "rows": 2}
    write_json(made.store, ACCOUNT, {"files": [file], "fields": [], "reason": ""})
    made.uploads.put("customers/c.parquet", parquet([{"customer": USER}, {"customer": "u-2"}]))
    write_json(made.store, "work/r2/crm-00000.json", [{"bucket": "memory", "key": "customers/c.parquet"}])
    extract = {"run": "r2", "source": "table", "stream": "customers", "batch": "work/r2/crm-00000.json"}
    write_json(
        made.store, "work/r2/plan.json", {"run": "r2", "extracts": [extract, extract | {"batch": ""}], "tables": []}
    )
    return made


def tokens(identifier: str) -> set[str]:
    made = Sought(RING)
    made.learn(identifier)
    return made.tokens


def scrub(held: Estate) -> int:
    sources = Sources(held.place, held.landing, held.settings)
    sought = Sought(RING, held.register.tokens())
    return scrubbed("r2", sought, held.zones, sources, held.register, held.store).rows


def test_nothing_of_them_is_left_in_what_landed_nor_in_the_files_that_it_came_from(held: Estate) -> None:
    assert scrub(held) == 3

    assert found(held) == []
    assert b"new@x.org" not in b"".join(body for _, body in held.landing.held)
    assert gzip.decompress(next(body for v, body in held.uploads.held if v.key == "usage/b.gz")) == line("u-2")


def test_a_log_file_that_was_written_anew_is_booked_as_what_it_is_now_and_its_rows_are_not_missed(held: Estate) -> None:
    scrub(held)

    (file,) = read_json(held.store, ACCOUNT)["files"]
    assert file["etag"] == next(v.etag for v, _ in held.uploads.held if v.key == "usage/b.gz") != "etag-1"
    assert kept_out(held.store, "r2") == {"crm_contacts": 1, "crm_email_events": 1, "usage_events": 1}


def test_a_second_try_counts_nothing_twice(held: Estate) -> None:
    scrub(held)
    before = json.dumps({key: str(body) for key, body in held.store.objects.items()}, sort_keys=True)

    assert scrub(held) == 0
    assert json.dumps({key: str(body) for key, body in held.store.objects.items()}, sort_keys=True) == before


def test_an_address_that_they_have_had_since_is_kept_out_as_well(held: Estate) -> None:
    scrub(held)

    assert Sought(RING, held.register.tokens()).named(["new@x.org", "b@x.org"]) == {"new@x.org"}
    assert set(held.register.held.values()) == {"receipt"}
