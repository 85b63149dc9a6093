"""However fields come, go, change and collide: no value is lost, no row is, and the order of batches changes nothing."""

import io
import json
import random
from collections.abc import Iterator

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from holdfast.contracts import Extract
from holdfast.fields import EVENT_COLUMNS, KINDS, field_of
from holdfast.schema import Column, Schema
from holdfast.settings import EventsSource
from holdfast.store import MemoryStore, write_json
from ingest.accounts import read_accounts
from ingest.evolution import decided
from ingest.landing import Landing
from ingest.logs import land_logs
from ingest.naming import column_name
from ingest.unmapped import Seen
from validate.unmapped import selected

NAMES = ["n", "N", "a", "a.b", "kind", "customer", "more", "é", "日本", "os version", 'q"', "x/y", "~", ""]
SCALARS = st.sampled_from(
    [None, 1, -3, 2.5, 1e300, 2**53, 2**70, True, False, "", "x", "5", "2026-01-02", "2026-01-02T03:04:05Z"]
)
VALUES = st.recursive(
    SCALARS | st.lists(SCALARS, max_size=2), lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=3), max_leaves=4
)  # fmt: skip
EXTRAS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4)
NIGHTS = st.lists(st.lists(EXTRAS, min_size=1, max_size=3), min_size=1, max_size=3)
TAKEN = dict.fromkeys([*EVENT_COLUMNS, "customer", "more", "line", "source_file", "account"])


def source(contract: str, **more: object) -> EventsSource:
    fields = {"customer": "who", "time": "at", "id": "id"}
    return EventsSource(kind="events", prefix="x/", fields=fields, schema=contract, **more)


def leaves(value: object, before: tuple[str, ...] = ()) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for step, inner in value.items():
            yield from leaves(inner, (*before, step))
    elif value is not None:
        yield field_of(before), value


def landed(lines: list[dict], name: str) -> tuple[list[Seen], duckdb.DuckDBPyConnection]:
    artifacts, landing = MemoryStore(), MemoryStore()
    batch = write_json(artifacts, f"work/{name}/src-00000.json", [{"bucket": "b", "key": "a", "size": 1, "etag": ""}])
    uploads = MemoryStore("b", {"a": "".join(json.dumps(line) + "\n" for line in lines).encode()})
    place = Landing(Extract(name, "src", "events", batch), landing, MemoryStore(), artifacts, lambda bucket: uploads)
    land_logs(place, source("evolve"))
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    (body,) = [body for key, body in landing.objects.items() if key.startswith("landing/")]
    connection.register("landed", pq.read_table(io.BytesIO(body)))
    (account,) = read_accounts(artifacts, name, batch)
    return account.fields, connection


def told(value: object) -> object:
    """A value as a column holds it."""
    if isinstance(value, list):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return value


def same(value: object, held: object) -> bool:
    if isinstance(value, bool) or isinstance(held, bool):
        return held is value or held == str(value).lower()
    if isinstance(held, float):
        return held == value
    if isinstance(value, float):
        return float(str(held)) == value
    if hasattr(held, "isoformat"):
        return held.isoformat().startswith(str(value).removesuffix("Z"))
    if isinstance(value, list):
        return json.loads(str(held)) == value
    return str(value) == held


@pytest.mark.parametrize("contract", ["evolve", "permissive"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nights=NIGHTS)
@example(nights=[[{"n": 1}], [{"n": "x", "N": 2}], [{"n": {"n": 2.5}}]])
@example(nights=[[{f"k{number}": number for number in range(600)}], [{"k5": 1, "other": "x"}]])
def test_every_value_is_in_its_column_or_refused_by_name(contract, nights):
    configured, schema = source(contract), Schema("src")
    for night, extras in enumerate(nights):
        lines = [{"id": f"{n}", "who": "u", "at": "2026-01-01", **extra} for n, extra in enumerate(extras)]
        seen, connection = landed(lines, f"r{night}")
        decision = decided(f"r{night}", configured, schema, seen, TAKEN)
        schema = decision.schema
        query = selected("landed", ["more"], schema, configured)
        rows = {row["event_id"]: row for row in connection.sql(query).to_arrow_table().to_pylist()}
        refused = {each.field for each in decision.refused}

        assert len(rows) == len(lines)
        for number, extra in enumerate(extras):
            for field, value in leaves(
                {name: value for name, value in extra.items() if name not in ("id", "who", "at")}
            ):
                row = rows[str(number)]
                held = [row[each.column] for each in schema.of(field)]
                if not held:
                    assert dict(leaves(json.loads(row["more"])))[field] == value
                else:
                    assert field in refused or any(same(value, each) for each in held if each is not None), (
                        field,
                        value,
                    )
                    assert sum(each is not None for each in held) <= 1
        assert decided(f"r{night}", configured, schema, seen, TAKEN).changes == [
            each for each in decision.changes if each.action == "misfit"
        ]


SEEN = st.builds(
    Seen,
    st.sampled_from(["n", "N", "a.b", "kind", "email", "os"]),
    st.dictionaries(st.sampled_from([*KINDS, "list", "long"]), st.integers(1, 9), min_size=1, max_size=3),
    st.fixed_dictionaries({"e-mail addresses": st.integers(0, 1)}),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(SEEN, max_size=8), st.integers(0, 99), st.sampled_from(["strict", "evolve", "permissive"]))
def test_the_order_of_batches_changes_nothing(seen, seed, contract):
    copies = [Seen(each.field, dict(each.kinds), dict(each.evidence)) for each in seen]
    random.Random(seed).shuffle(copies)

    assert decided("r", source(contract), Schema("src"), copies, TAKEN) == decided(
        "r", source(contract), Schema("src"), seen, TAKEN
    )


@settings(max_examples=200, deadline=None)
@given(st.lists(SEEN, max_size=6), st.lists(SEEN, max_size=6), st.sampled_from(["strict", "evolve", "permissive"]))
def test_no_column_ever_changes_its_type_but_from_whole_to_other_numbers(first, second, contract):
    before = decided("a", source(contract), Schema("src"), first, TAKEN).schema
    after = decided("b", source(contract), before, second, TAKEN).schema

    held = {each.column: each.type for each in after.columns}
    names = [each.column for each in after.columns]
    assert len(set(names)) == len(names)
    assert not set(names) & set(TAKEN)
    for each in before.columns:
        assert held[each.column] in {each.type, *(["number"] if each.type == "integer" else [])}


def test_two_sources_share_the_column_of_a_field_that_both_type_alike():
    theirs = {"os": Column("os", "os", "text", "r"), "n": Column("n", "n", "integer", "r")}
    seen = [Seen("os", {"text": 1}, {}), Seen("n", {"text": 1}, {})]

    decision = decided("r", source("evolve"), Schema("src"), seen, TAKEN | theirs)

    assert {each.field: each.column for each in decision.schema.columns} == {"os": "os", "n": "n_src"}


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("device.OSVersion", "device_os_version"), ("clientID", "client_id"), ("é", "e"), ("日本", "field"), ("1st", "field_1st"),
        ("a\\.b", "a_b"), ("x" * 99, "x" * 60),
    ],
)  # fmt: skip
def test_a_column_is_called_as_its_field(field, column):
    assert column_name(field) == column
