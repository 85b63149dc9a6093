"""Rows of a source out of chunks of lines, layout by layout; lines with a value that is not plain are left to others."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.arrays import arrow, arrow_where
from holdfast.settings import EventsSource
from holdfast.tables import NUMBER, TEXT, TIME
from ingest.layout import Flags, Layout, Longs, Path, Span
from ingest.layouts import Group, Layouts
from ingest.spans import Column, moment, number, other, text
from ingest.statements import mapped

_READERS: dict[pa.DataType, Callable[[Span], Column]] = {TEXT: text, TIME: moment, NUMBER: number}
_NO_LINES = np.zeros(0, np.int64)
_NEEDED = ("event_id", "customer", "event_time")
"""A line without one of these is not for here: it gets its id from all its values, or is no event."""


class Parsed(NamedTuple):
    """Rows in the order of their lines, and the lines' numbers in the chunk, from 0; how many lines it has, and how many with a value in each field that nobody mapped."""

    rows: pa.Table
    lines: Longs
    total: int
    beside: Longs
    """Those of the lines that may hold something beside what is mapped."""
    unmapped: Counter[str]


class _Plan(NamedTuple):
    """Holes of a layout: by the columns that they fill, and by names of fields that nobody mapped; objects and lists among these."""

    columns: dict[str, int]
    others: list[tuple[str | None, int]]
    containers: list[str]


class Parser:
    """Reads one chunk after the other, and knows the layouts that it met."""

    def __init__(self, source: EventsSource) -> None:
        self._layouts = Layouts()
        self._plans: dict[int, tuple[Layout, _Plan | None]] = {}
        self._paths = {name: tuple(path.split(".")) for name, _, path in _columns(source) if path}
        self._schema = pa.schema([(name, kind) for name, kind, _ in _columns(source)])
        self._read = _with_ancestors(mapped(source))

    def parse(self, chunk: bytes) -> Parsed:
        """Rows of a text that stands between margins (`ingest.layout.MARGIN`) and ends in a newline."""
        groups, count = self._layouts.groups(chunk)
        found = [parsed for group in groups if (parsed := self._parsed(group, count))]
        if len(found) == 1:
            return found[0]
        unmapped = sum((each.unmapped for each in found), Counter[str]())
        rows = pa.concat_tables([self._schema.empty_table(), *(each.rows for each in found)])
        lines = np.concatenate([_NO_LINES, *(each.lines for each in found)])
        order = np.argsort(lines)
        beside = np.concatenate([_NO_LINES, *(each.beside for each in found)])
        return Parsed(rows.take(arrow(order)), lines[order], count, beside, unmapped)

    def _parsed(self, group: Group, count: int) -> Parsed | None:
        plan = self._plan(group.layout)
        if plan is None:
            return None
        columns = {
            name: _READERS[self._schema.field(name).type](group.spans[hole]) for name, hole in plan.columns.items()
        }
        others = [(name, other(group.spans[hole])) for name, hole in plan.others]
        sure = np.logical_and.reduce([*(each.sure for each in columns.values()), *(each.sure for _, each in others),
                                      *(columns[name].there for name in _NEEDED)])  # fmt: skip
        rows, lines = self._table(columns, len(sure)), group.lines
        if not sure.all():
            rows, lines = rows.filter(arrow(sure)), lines[sure]
        beside = lines if plan.others or plan.containers else _NO_LINES
        return Parsed(rows, lines, count, beside, _counted(plan, others, sure))

    def _table(self, columns: dict[str, Column], count: int) -> pa.Table:
        known = columns["event_time"].values
        if "known_at" in columns:
            arrival = columns["known_at"]
            known = np.where(arrival.there, np.maximum(arrival.values, known), known)
        columns = columns | {"known_at": columns["event_time"]._replace(values=known)}
        return pa.table(
            [_array(columns[field.name], field.type) if field.name in columns else pa.nulls(count, field.type) for field in self._schema],
            schema=self._schema,
        )  # fmt: skip

    def _plan(self, layout: Layout) -> _Plan | None:
        if id(layout) not in self._plans:
            self._plans[id(layout)] = layout, self._planned(layout)
        return self._plans[id(layout)][1]

    def _planned(self, layout: Layout) -> _Plan | None:
        """None where a column has no hole that it needs, or would have to be told from an object or a list."""
        holes = {path: number for number, (path, _) in enumerate(layout.holes)}
        columns = {name: holes[path] for name, path in self._paths.items() if path in holes}
        if not columns.keys() >= set(_NEEDED) or set(self._paths.values()).intersection(layout.containers):
            return None
        read = set(columns.values())
        others = [(self._unmapped(path), number) for number, (path, _) in enumerate(layout.holes) if number not in read]
        return _Plan(
            columns, others, sorted({name for path in layout.containers if (name := self._unmapped(path)) is not None})
        )

    def _unmapped(self, path: Path) -> str | None:
        """A field's name as `ingest.drift` writes it; None for items of a list and for what is mapped or leads there."""
        name = "".join("[]" if step is None else f".{step}" for step in path).removeprefix(".")
        return None if not path or path[-1] is None or name in self._read else name


def _columns(source: EventsSource) -> list[tuple[str, pa.DataType, str | None]]:
    """Name, type and field of each column of a row, in the order of `ingest.statements.names`."""
    fields = source.fields
    account = [("account", TEXT, fields.account)] if fields.account else []
    return [
        ("event_id", TEXT, fields.id), ("customer", TEXT, fields.customer), *account,
        ("event_time", TIME, fields.time), ("known_at", TIME, fields.arrival), ("kind", TEXT, fields.kind),
        ("module", TEXT, fields.module), *((name, NUMBER, path) for name, path in source.measures.items()),
    ]  # fmt: skip


def _with_ancestors(fields: list[str]) -> set[str]:
    steps = [field.split(".") for field in fields]
    return {".".join(path[:depth]) for path in steps for depth in range(1, len(path) + 1)}


def _counted(plan: _Plan, others: list[tuple[str | None, Column]], sure: Flags) -> Counter[str]:
    """Lines by field of those that nobody mapped; items of a list count once."""
    there: dict[str, Flags] = dict.fromkeys(plan.containers, sure)
    for name, column in others:
        if name is not None:
            there[name] = there.get(name, np.zeros(len(sure), bool)) | column.there & sure
    return Counter({name: count for name, each in there.items() if (count := int(np.count_nonzero(each)))})


def _array(column: Column, kind: pa.DataType) -> pa.Array:
    if kind == TEXT:
        return column.values if column.there.all() else pc.if_else(arrow(column.there), column.values, None)
    return arrow(column.values, kind) if column.there.all() else arrow_where(column.there, column.values, kind)
