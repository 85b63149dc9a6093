"""What an operator sees of the sources, from the ledger's notes."""

import pytest

from holdfast.ledger import CURSOR, MemoryLedger, checkpoint
from holdfast.settings import Settings, parse_settings
from holdfast.vendors import streams_of
from infra.cli.sources import Pulling, known, rewound, statuses
from infra.trouble import Trouble

NOON = 1_790_000_000
SETTINGS = parse_settings('[sources.crm]\nkind = "hubspot"\n[sources.desk]\nkind = "intercom"\n[churn]\nkind = "usage"')
NOTE = {"cursor": (NOON - 7200) * 1000, "at": (NOON - 3600) * 1000, "rows": 4321, "full_at": 1, "shape": "[]"}


def ledger_with(**notes: dict) -> MemoryLedger:
    ledger = MemoryLedger()
    for name, note in notes.items():
        ledger.keep(*name.split("_", 1), CURSOR, note)
    return ledger


def shown(ledger: MemoryLedger, settings: Settings, *runs: str) -> dict[str, dict[str, str]]:
    cursors = {key: note for key in [("crm", "deals")] if (note := ledger.note(*key, CURSOR))}
    return {row["stream"]: row for row in statuses(settings, ledger, cursors, list(runs), NOON)}


def test_every_stream_is_shown_with_its_cursor_success_rows_and_lag_and_those_never_pulled_too():
    rows = shown(ledger_with(crm_deals=NOTE), SETTINGS)

    assert list(rows) == [f"{name}/{s}" for name, source in SETTINGS.sources.items() for s in streams_of(source)]
    assert rows["crm/deals"] == {
        "stream": "crm/deals", "changes up to": "2026-09-21 12:13", "last success": "2026-09-21 13:13",
        "rows then": "4,321", "lag": "1.0 h", "now": "",
    }  # fmt: skip
    assert rows["desk/tags"]["changes up to"] == "never pulled"


def test_a_pull_that_is_under_way_is_shown_with_how_far_it_is():
    ledger = ledger_with(crm_deals=NOTE)
    ledger.keep("crm", "deals", checkpoint("nightly-1"), {"rows": 4000, "pages": 40, "waits": 1, "done": False})
    ledger.keep("crm", "owners", checkpoint("nightly-1"), {"rows": 7, "pages": 2, "done": True})

    rows = shown(ledger, SETTINGS, "nightly-1")

    assert rows["crm/deals"]["now"] == "nightly-1: 4,000 rows of 40 pages so far, the source wanted quiet 1 time"
    assert rows["crm/owners"]["now"] == "nightly-1: 7 rows of 2 pages, landed"
    assert rows["crm/contacts"]["now"] == ""
    assert Pulling(ledger, "crm", "contacts", "nightly-1")() == ""


def test_a_stream_begins_again_from_a_day_or_whole_and_nothing_else_of_its_note_changes():
    ledger = ledger_with(crm_deals=NOTE, crm_owners=NOTE)

    assert rewound(SETTINGS, ledger, "crm/deals", "2026-01-31") == "crm/deals is pulled again from 2026-01-31 00:00 on"
    assert ledger.note("crm", "deals", CURSOR) == NOTE | {"cursor": 1_769_817_600_000}
    assert rewound(SETTINGS, ledger, "crm/deals", "everything") == "crm/deals is pulled whole"
    assert ledger.note("crm", "deals", CURSOR) == NOTE | {"cursor": 1_769_817_600_000, "full_at": 0}
    assert rewound(SETTINGS, ledger, "crm/owners", "2026-01-31") == "crm/owners is pulled whole"
    assert "never pulled" in rewound(SETTINGS, ledger, "desk/tags", "2026-01-31")


@pytest.mark.parametrize(
    ("stream", "since"), [("crm/deals", "yesterday"), ("crm/deals", "2027-01-01"), ("crm/x", "2026-01-31")]
)
def test_a_day_or_a_stream_that_makes_no_sense_changes_nothing(stream, since):
    ledger = ledger_with(crm_deals=NOTE)

    with pytest.raises(Trouble):
        rewound(SETTINGS, ledger, stream, since)

    assert ledger.note("crm", "deals", CURSOR) == NOTE


@pytest.mark.parametrize("stream", ["crm/x", "crm", "x/deals", ""])
def test_a_stream_that_there_is_not_is_told_with_those_that_there_are(stream):
    with pytest.raises(Trouble, match=r"there are crm/contacts, .*desk/tags"):
        known(SETTINGS, stream)
