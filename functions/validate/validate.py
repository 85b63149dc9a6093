"""State Validate: one table of a run against its suite."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from holdfast.contracts import TableOfRun
from holdfast.observe import step
from holdfast.resources import artifacts, lake, landing, quarantine, settings
from holdfast.vendors import vendor_of
from holdfast.work import named
from validate.contract import contracted
from validate.judgement import verdict
from validate.landed import Subject, Zones
from validate.suites import suite_for


@step
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    what = TableOfRun.parse(event)
    source, stream = named(what.table, settings())
    vendor = vendor_of(settings().sources[source])
    zones = Zones(landing(), quarantine(), artifacts(), _held)
    subject = Subject.of(what.run, what.table, settings())
    suite = contracted(suite_for(source, vendor, stream), artifacts(), what.run, source)
    return verdict(subject, suite, zones, datetime.now(UTC)).to_json()


def _held(table: str, column: str) -> Sequence[str]:
    """A column of what earlier runs pulled of a stream."""
    rows = lake().read(f"raw_{table}", (column,))
    return [] if rows is None else [str(value) for value in rows[column].to_pylist() if value is not None]
