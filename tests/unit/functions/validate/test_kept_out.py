"""Rows that were kept out on purpose are not missed; any other that is not accounted for is."""

import pytest

from holdfast.reconciliation import keep_out
from holdfast.settings import parse_settings
from holdfast.store import MemoryStore, write_json
from validate.reconciliation import counted
from validate.results import result_key

SETTINGS = parse_settings(
    '[sources.usage]\nkind = "events"\nprefix = "usage/"\nfields = { customer = "user", time = "ts" }\n[churn]\nkind = "usage"'
)


@pytest.mark.parametrize(("out", "gap"), [(3, 0), (2, 1), (0, 3)])
def test_the_gap_is_what_neither_landed_nor_was_kept_out(out: int, gap: int) -> None:
    store = MemoryStore()
    write_json(store, "reconciliation/run=r/files/usage.json", {"rows": 10})
    write_json(store, result_key("r", "usage_events"), {"rows": 7, "quarantined": 0, "landed": 7})
    keep_out(store, "r", "usage_events", out)

    assert counted("r", SETTINGS, store, 7, 7, 7).gap == gap
