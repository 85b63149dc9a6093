"""The lake's tables that features are made from, read when they are asked for."""

from collections import ChainMap
from collections.abc import Iterator, Mapping, MutableMapping
from typing import cast

import pyarrow as pa

from features.rows import splits
from holdfast.errors import NoData
from holdfast.lake import Lake
from holdfast.tables import ACTIVITIES

_READ = ("customers", "companies", "deals", *ACTIVITIES)
_NEWEST: Mapping[str, int] = {}


class Held(Mapping[str, pa.Table]):
    """Tables by name, at their snapshots.

    Activity is read each time, and held by nobody but who asked: it is larger than all that is made of it. The others are kept.
    """

    def __init__(self, source: Lake, snapshots: Mapping[str, int]) -> None:
        wanted = [name for name in _READ if name in snapshots or not snapshots]
        self._source, self._snapshots = source, snapshots
        self._columns = {name: found for name in wanted if (found := source.columns(name, snapshots.get(name)))}
        self._kept: dict[str, pa.Table] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __getitem__(self, name: str) -> pa.Table:
        if name in self._kept:
            return self._kept[name]
        rows = self._read(name, [column for column in self._columns[name] if column != "event_id"])
        if name not in ACTIVITIES:
            self._kept[name] = rows
        return rows

    def _read(self, name: str, columns: list[str]) -> pa.Table:
        snapshot = self._snapshots.get(name)
        texts = ["customer_id", *splits(self._source.schema(name, snapshot))] if name in ACTIVITIES else []
        rows = self._source.read(name, columns, snapshot_id=snapshot, coded=texts)
        if rows is None:
            raise NoData(f"table {name} is gone although its columns were just read")
        return rows


def tables_of(source: Lake, snapshots: Mapping[str, int] = _NEWEST) -> Held:
    """The lake's tables that features are made from, as far as they exist, at these snapshots.

    Raises:
        NoData: a snapshot is gone.
    """
    return Held(source, snapshots)


def over(first: dict[str, pa.Table], others: Mapping[str, pa.Table]) -> Mapping[str, pa.Table]:
    """Some tables in the place of those of the same names; nothing is read for that."""
    return ChainMap(first, cast(MutableMapping[str, pa.Table], others))
