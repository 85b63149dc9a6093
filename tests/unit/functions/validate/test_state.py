"""What a stream holds: pulls merged by id, tombstones, and nothing changed by merging again."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from holdfast.pseudonym import Pseudonymiser
from tests.doubles.stored import stored
from validate.state import Pull, merged, present

TIME = pa.timestamp("us", tz="UTC")
KEY = Pseudonymiser(b"k" * 32)


def at(hour: int) -> datetime:
    return datetime(2026, 1, 1, hour, tzinfo=UTC)


def landed(*rows: tuple[str, str, int]) -> pa.Table:
    ids, plans, hours = zip(*rows, strict=True)
    return pa.table({"id": ids, "plan": plans, "_updated_at": pa.array([at(h) for h in hours], TIME)})


def gone(*rows: tuple[str, int]) -> pa.Table:
    ids, hours = zip(*rows, strict=True)
    return pa.table({"id": ids, "_updated_at": pa.array([at(h) for h in hours], TIME)})


def pulled(hour: int = 20, *, complete: bool = False) -> Pull:
    return Pull(complete, {"cursor": int(at(hour).timestamp() * 1000)})


def kept_back(*ids: str) -> Pull:
    return Pull(True, pulled().cursor, ids)


def plans(held: pa.Table) -> dict[str, str]:
    return {row["id"]: row["plan"] for row in present(held).to_pylist()}


def test_of_two_versions_the_newer_one_is_held_and_of_equal_ones_the_later():
    held = merged(None, landed(("1", "a", 1), ("2", "a", 5), ("3", "a", 1)), None, pulled(complete=True))

    held = merged(held, landed(("1", "b", 2), ("2", "b", 4), ("3", "b", 1), ("4", "b", 1)), None, pulled())

    assert plans(held) == {"1": "b", "2": "a", "3": "b", "4": "b"}


def test_what_is_gone_stays_gone_and_comes_back_only_when_it_changes_after_that():
    held = merged(None, landed(("1", "a", 1), ("2", "a", 1)), None, pulled(complete=True))
    held = merged(held, None, gone(("1", 3)), pulled())

    older = merged(held, landed(("1", "b", 2)), None, pulled())
    newer = merged(held, landed(("1", "b", 4)), None, pulled())

    assert plans(held) == plans(older) == {"2": "a"}
    assert plans(newer) == {"1": "b", "2": "a"}


def test_what_a_complete_pull_lacks_is_gone_and_what_it_has_is_there():
    held = merged(None, landed(("1", "a", 1), ("2", "a", 1)), None, pulled(complete=True))
    held = merged(held, None, gone(("2", 9)), pulled())

    held = merged(held, landed(("2", "a", 1), ("3", "a", 1)), None, pulled(10, complete=True))

    assert plans(held) == {"2": "a", "3": "a"}


def test_a_pull_with_a_gap_takes_nothing_away():
    held = merged(None, landed(("1", "a", 1), ("2", "a", 1)), None, pulled(complete=True))

    held = merged(held, landed(("2", "b", 2)), None, pulled(complete=False))

    assert plans(held) == {"1": "a", "2": "b"}


def test_merging_the_same_pull_again_changes_nothing():
    first = merged(None, landed(("2", "a", 1), ("1", "a", 1), ("1", "b", 1)), gone(("9", 1)), pulled(complete=True))
    for complete in (True, False):
        pull = landed(("1", "c", 2), ("4", "c", 2)), gone(("2", 3)), pulled(5, complete=complete)
        once = merged(first, *pull)

        assert once.equals(merged(once, *pull))
        assert once["id"].to_pylist() == sorted(once["id"].to_pylist())


def test_what_was_never_held_leaves_no_trace_when_it_goes():
    held = merged(None, landed(("1", "a", 1)), None, pulled(complete=True))

    assert merged(held, None, gone(("7", 3)), pulled()).equals(held)


def test_a_stream_without_anything_is_nothing():
    assert merged(None, None, gone(("1", 1)), pulled()) is None


def wide(**columns: list) -> pa.Table:
    return pa.table({"id": ["1", "2"], **columns, "_updated_at": pa.array([at(2)] * 2, TIME)})


def test_a_column_that_no_longer_lands_keeps_what_it_held():
    held = merged(None, wide(plan=["a", "b"], mrr=[1.0, 2.0]), None, pulled(complete=True))

    without = merged(held, wide(plan=["c", "d"]), None, pulled(complete=True))
    again = merged(without, wide(plan=["e", "f"], mrr=[9.0, None]), None, pulled(complete=True))

    assert without.select(["id", "plan", "mrr"]).to_pylist() == [
        {"id": "1", "plan": "c", "mrr": 1.0},
        {"id": "2", "plan": "d", "mrr": 2.0},
    ]
    assert again["mrr"].to_pylist() == [9.0, None]
    assert merged(without, wide(plan=["c", "d"]), None, pulled(complete=True)).equals(without)


@pytest.mark.parametrize(
    ("before", "now", "kept"),
    [
        (["12", "many"], [1.0, 2.0], [12.0, None]),
        ([1.5, None], ["x", "y"], ["1.5", None]),
        (["2026-01-01T05:00:00Z", "soon"], pa.array([at(1), at(1)], TIME), [at(5), None]),
        ([3.0, 4.0], pa.array([at(1), at(1)], TIME), [None, None]),
        ([True, None], ["x", "y"], ["true", None]),
    ],
)
def test_a_column_of_another_type_takes_that_type_and_what_was_held_is_read_as_it(before, now, kept):
    held = merged(None, wide(value=before), None, pulled(complete=True))
    fresh = wide(value=now)

    partly = merged(held, fresh.slice(0, 1), None, pulled(complete=False))
    whole = merged(partly, fresh, None, pulled(complete=True))

    first = fresh["value"].to_pylist()
    assert partly["value"].type == whole["value"].type == fresh["value"].type
    assert partly["value"].to_pylist() == [first[0], kept[1]]
    assert whole["value"].to_pylist() == first
    assert merged(held, fresh.slice(1, 1), None, pulled(complete=False))["value"].to_pylist() == [kept[0], first[1]]


def test_whoever_is_named_is_held_as_a_pseudonym():
    rows = pa.table({"id": ["1", "2"], "external_id": ["u-1", None], "email": ["ada@x.test", "ada@x.test"]})

    held = stored(rows, "hubspot_contacts", KEY)

    assert held["external_id"].to_pylist() == [KEY.one("u-1"), None]
    assert held["email"].to_pylist() == [KEY.one("ada@x.test")] * 2
    assert stored(rows, "hubspot_companies", KEY).equals(rows)


def test_a_record_that_did_not_pass_stays_as_it_was_until_it_is_mended():
    held = merged(None, landed(("1", "a", 1), ("2", "a", 1), ("3", "a", 1)), None, pulled(complete=True))

    after = merged(held, landed(("1", "b", 2)), None, kept_back("1", "2"))

    assert plans(after) == {"1": "b", "2": "a"}
