"""State Validate: one table of a run against its suite."""

from typing import Any

from holdfast.contracts import TableOfRun
from holdfast.observe import step
from holdfast.resources import artifacts, landing, quarantine, settings
from holdfast.vendors import vendor_of
from validate import parquet
from validate.judgement import Zones, verdict
from validate.suites import suite_for
from validate.work import named


@step
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    what = TableOfRun.parse(event)
    source, stream = named(what.table, settings())
    suite = suite_for(source, vendor_of(settings().sources[source]), stream)
    return verdict(what, suite, Zones(landing(), quarantine(), artifacts(), parquet.read, parquet.write)).to_json()
