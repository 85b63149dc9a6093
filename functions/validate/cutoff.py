"""The moment that a run looks from."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from holdfast.lake import Lake
from holdfast.settings import Settings
from holdfast.tables import ACTIVITIES


def as_of(lake: Lake, settings: Settings, now: datetime) -> datetime:
    """Midnight UTC of the day of the run, or with `as_of = "data"` the one after the last thing in the lake."""
    last = _last_moment(lake) if settings.run.as_of == "data" else None
    return midnight(now) if last is None else midnight(last) + timedelta(days=1)


def midnight(moment: datetime) -> datetime:
    """The start of its day in UTC."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _last_moment(lake: Lake) -> datetime | None:
    moments = [latest for name in ACTIVITIES if (latest := _latest(lake, name, ["event_time"]))]
    customers = lake.table("customers")
    if moments or customers is None:
        return max(moments, default=None)
    times = [f.name for f in customers.schema().as_arrow() if pa.types.is_timestamp(f.type)]
    return _latest(lake, "customers", times)


def _latest(lake: Lake, table: str, columns: list[str]) -> datetime | None:
    rows = lake.read(table, columns) if columns else None
    found = [pc.max(rows[name]).as_py() for name in columns] if rows is not None else []
    return max((moment for moment in found if moment is not None), default=None)
