"""Usage logs: good lines land, bad ones are told apart alone."""

import gzip
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.contracts import Extract, Landed
from holdfast.settings import EventsSource
from holdfast.store import MemoryStore, write_json
from ingest.landing import Landing
from ingest.logs import land_logs

SOURCE = EventsSource(
    kind="events",
    prefix="x/",
    fields={"customer": "who.id", "time": "at", "id": "id", "arrival": "got", "kind": "what", "module": "where"},
    measures={"minutes": "spent"},
)
GOOD = {
    "id": "e1",
    "who": {"id": 7},
    "at": "2026-01-02T03:04:05Z",
    "got": 1767323105000,
    "what": "login",
    "spent": "2.5",
}


def lines(*values: object) -> bytes:
    return "".join((v if isinstance(v, str) else json.dumps(v)) + "\n" for v in values).encode()


def test_any_field_names_become_the_columns_of_an_event(place, rows):
    there = place(a=lines(GOOD))

    landed = land_logs(there, SOURCE)

    assert landed == Landed("src_events", 1)
    assert rows(there.landing) == [
        {"event_id": "e1", "customer": "7", "event_time": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
         "known_at": datetime(2026, 1, 2, 3, 5, 5, tzinfo=UTC), "kind": "login", "module": None, "minutes": 2.5,
         "source_file": "a", "line": 1, "more": None}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "not JSON"),
        ('{"id": "cut sho', "not JSON"),
        ("[1, 2]", "not a JSON object"),
        ({"at": "2026-01-01"}, "no customer in field who.id"),
        ({"who": {"id": " "}, "at": "2026-01-01"}, "no customer in field who.id"),
        ({"who": {"id": 1}}, "no time in field at"),
        ({"who": {"id": 1}, "at": "yesterday"}, "not a time in field at: yesterday"),
        ({"who": {"id": 1}, "at": "infinity"}, "not a time in field at: infinity"),
    ],
)
def test_a_bad_line_is_rejected_alone_with_reason_and_line(place, rows, line, reason):
    there = place(a=lines(GOOD, "", line, GOOD))

    landed = land_logs(there, SOURCE)

    told = rows(there.quarantine)
    assert (landed.rows, landed.rejected) == (2, 1)
    assert [(row["rule"], row["reason"], row["source_file"], json.loads(row["row"])["line"]) for row in told] == [
        ("parse", reason, "a", 3)
    ]


def test_a_truncated_gzip_is_quarantined_whole_and_the_others_are_used(place, rows):
    body = gzip.compress(lines(*[GOOD | {"id": str(n)} for n in range(1000)]))
    there = place(cut=body[: len(body) // 2], whole=gzip.compress(lines(GOOD)), nothing=b"", none=gzip.compress(b""))

    landed = land_logs(there, SOURCE)

    assert (landed.rows, landed.rejected) == (1, 1)
    assert rows(there.quarantine)[0]["reason"].startswith("truncated or damaged gzip")


def test_empty_files_are_no_error(place):
    there = place(a=b"", b=b"\n\n")

    assert land_logs(there, SOURCE).rows == 0
    assert there.landing.objects == {}


def test_lines_without_an_id_are_the_same_event_when_all_mapped_fields_are(place, rows):
    bare = {"who": {"id": 1}, "at": "2026-01-01"}
    there = place(a=lines(bare, bare | {"unmapped": 1}, bare | {"spent": 1}))

    land_logs(there, SOURCE)

    ids = [row["event_id"] for row in rows(there.landing)]
    assert ids[0] == ids[1] != ids[2]


def test_customer_and_time_are_enough(place, rows):
    there = place(a=lines({"c": 1, "d": "19970101"}))

    land_logs(there, EventsSource(kind="events", prefix="x/", fields={"customer": "c", "time": "d"}))

    (row,) = rows(there.landing)
    assert (row["customer"], row["event_time"], row["known_at"]) == ("1", *[datetime(1997, 1, 1, tzinfo=UTC)] * 2)
    assert (row["kind"], row["module"]) == (None, None)


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-01",
        "20260101",
        "2026-01-01T02:00:00+02:00",
        1767225600,
        1767225600000,
        "1767225600000000",
        1767225600.0,
    ],
)
def test_times_come_in_many_forms(place, rows, time):
    there = place(a=lines({"who": {"id": 1}, "at": time}))

    land_logs(there, SOURCE)

    assert rows(there.landing)[0]["event_time"] == datetime(2026, 1, 1, tzinfo=UTC)


def test_nothing_is_known_before_it_happened(place, rows):
    there = place(a=lines(GOOD | {"got": "2025-01-01"}, GOOD | {"got": None}))

    land_logs(there, SOURCE)

    assert all(row["known_at"] == row["event_time"] for row in rows(there.landing))


def test_the_same_input_gives_the_same_bytes(place):
    first, second = place(a=lines(GOOD, "bad")), place(a=lines(GOOD, "bad"))

    land_logs(first, SOURCE)
    land_logs(second, SOURCE)

    assert first.landing.objects == second.landing.objects
    assert first.quarantine.objects == second.quarantine.objects


@settings(max_examples=25, deadline=None)
@given(noise=st.lists(st.binary(max_size=80).filter(lambda b: b"\n" not in b), max_size=8))
def test_no_noise_harms_the_good_line_after_it(noise):
    artifacts = MemoryStore()
    body = b"".join(b"~" + each + b"\n" for each in noise) + lines(GOOD)
    batch = write_json(artifacts, "work/r/src-000.json", [{"bucket": "b", "key": "a", "size": 1, "etag": ""}])
    stores = MemoryStore("b", {"a": body})
    there = Landing(
        Extract("r", "src", "events", batch), MemoryStore(), MemoryStore(), artifacts, lambda bucket: stores
    )

    landed = land_logs(there, SOURCE)

    assert (landed.rows, landed.rejected) == (1, len(noise))


def test_a_line_nested_without_end_is_rejected_alone(place, rows):
    deep = '{"a":' * 500 + "1" + "}" * 500
    there = place(a=lines(GOOD, json.dumps(GOOD)[:-1] + f', "x": {deep}}}', GOOD | {"x": 1}))

    landed = land_logs(there, SOURCE)

    assert (landed.rows, landed.rejected) == (2, 1)
    (told,) = rows(there.quarantine)
    assert "nested too deeply" in told["reason"]
    assert json.loads(told["row"])["line"] == 2


@pytest.mark.parametrize("length", [9 << 20, 20 << 20])
@pytest.mark.parametrize("ends", [True, False])
def test_a_line_without_end_is_rejected_alone_and_says_why(place, rows, length, ends):
    endless = json.dumps(GOOD | {"what": "x" * length})
    there = place(a=lines(GOOD, endless, GOOD) if ends else lines(GOOD, GOOD) + endless.encode())

    landed = land_logs(there, SOURCE)

    (told,) = rows(there.quarantine)
    assert (landed.rows, landed.rejected) == (2, 1)
    assert (told["reason"], json.loads(told["row"])["line"]) == ("not JSON", 2 if ends else 3)
    assert "a line of more than 8,388,544 bytes" in told["row"]
    assert len(told["row"]) < 3000
