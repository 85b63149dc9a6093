"""The lake's tables of one run, lined up on one numbering of the customers."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.cells import Cells, cells
from features.deals import Deals, days, deals_of
from features.definitions import Definitions
from features.grouping import MADE_BY
from features.labels import Ends, column_of
from features.rows import DAY, Floats, Ints, dated, measures, met, splits, texts_before
from holdfast.errors import ConfigurationInvalid
from holdfast.settings import ContractChurn, LabelChurn, Settings
from holdfast.tables import ACTIVITIES

Tables = Mapping[str, pa.Table]


class Vocabulary(NamedTuple):
    """What of an activity table becomes features: the texts of its columns, and the measures that are added up."""

    texts: dict[str, tuple[str, ...]]
    measures: tuple[str, ...]


@dataclass(frozen=True)
class World:
    """All that features and labels are made from. Rows of `customers` and `companies` stand in the order of `ids`.

    `company` numbers each customer's company (-1 = none); `created` is in days since 1970, NaN where unknown.
    """

    ids: pa.Array
    customers: pa.Table
    company: Ints
    created: Floats
    companies: pa.Table | None
    deals: Deals | None
    cells: dict[str, Cells]
    ends: Ends | None

    def __len__(self) -> int:
        return len(self.ids)


def activities(tables: Tables, definitions: Definitions) -> dict[str, pa.Table]:
    """The activity tables that have rows, with day numbers in place of times; what another engine has grouped is as it is.

    Raises:
        ConfigurationInvalid: it was grouped by other parts of the day than the definitions tell apart.
    """
    present = {name: _dated(tables[name], definitions) for name in ACTIVITIES if name in tables}
    return {name: rows for name, rows in present.items() if len(rows)}


def _dated(rows: pa.Table, definitions: Definitions) -> pa.Table:
    if DAY not in rows.column_names:
        return dated(rows, definitions.dayparts)
    told = json.loads((rows.schema.metadata or {}).get(MADE_BY, "{}"))
    if other := [name for name, hours in definitions.dayparts.items() if told.get(name) != list(hours)]:
        raise ConfigurationInvalid(f"the activity was grouped without these hours of the day: {', '.join(other)}")
    return rows


def vocabulary(rows: Mapping[str, pa.Table], definitions: Definitions, before: int) -> dict[str, Vocabulary]:
    """Texts that were met before day `before`, and measures, by table."""
    return {name: _vocabulary(name, part, definitions, before) for name, part in rows.items()}


def gather(
    tables: Tables, rows: Mapping[str, pa.Table], settings: Settings, definitions: Definitions, before: int
) -> World:
    """Number the customers and sum their activity; texts are those met before day `before`."""
    return gathered(tables, rows, settings, definitions, vocabulary(rows, definitions, before))


def gathered(
    tables: Tables,
    rows: Mapping[str, pa.Table],
    settings: Settings,
    definitions: Definitions,
    words: Mapping[str, Vocabulary],
) -> World:
    """Number the customers and line up their activity, of the tables and by the texts of `words`."""
    ids = _ids(tables["customers"], None if isinstance(settings.churn, LabelChurn) else rows.get("events"))
    customers = _aligned(tables["customers"], "customer_id", ids)
    company_ids = pc.unique(customers["company_id"].drop_null()).sort()
    number = pc.fill_null(pc.index_in(customers["company_id"], company_ids), -1).to_numpy().astype(np.int64)
    deals = tables.get("deals")
    companies = tables.get("companies")
    return World(
        ids=ids,
        customers=customers,
        company=number,
        created=days(customers["created_at"]),
        companies=None if companies is None else _aligned(companies, "company_id", customers["company_id"]),
        deals=None if deals is None else deals_of(deals, company_ids, definitions.deals.won),
        cells={
            name: cells(part, ids, *words[name], definitions.dayparts) for name, part in rows.items() if name in words
        },
        ends=_ends(settings.churn, rows.get("events"), ids, customers)
        if isinstance(settings.churn, ContractChurn)
        else None,
    )


def _vocabulary(name: str, rows: pa.Table, definitions: Definitions, before: int) -> Vocabulary:
    never = definitions.never(name)
    texts = {
        column: _texts(name, rows, column, definitions, before)
        for column in in_order(splits(rows.schema))
        if column.lower() not in never
    }
    sums = tuple(measure for measure in measures(rows.schema) if measure.lower() not in never)
    return Vocabulary({column: found for column, found in texts.items() if found}, sums)


def in_order(columns: Collection[str]) -> list[str]:
    """Columns of texts: kind, module, then all others by name."""
    return sorted(columns, key=lambda name: (name != "kind", name != "module", name))


def _texts(table: str, rows: pa.Table, column: str, definitions: Definitions, before: int) -> tuple[str, ...]:
    most = definitions.most(column)
    if most is None and texts_before(rows, column, before) > definitions.categories:
        return ()
    always = definitions.declared_kinds(table) if column == "kind" else ()
    return met(rows, column, before, definitions.categories if most is None else most, always)


def _ids(customers: pa.Table, events: pa.Table | None) -> pa.Array:
    known = [customers["customer_id"], *([] if events is None else [events["customer_id"]])]
    distinct = pa.concat_arrays([pc.unique(column).cast(pa.string()) for column in known]).unique().drop_null()
    return distinct.take(pc.sort_indices(distinct))


def _aligned(table: pa.Table, key: str, order: pa.Array | pa.ChunkedArray) -> pa.Table:
    column = table[key].cast(pa.string()).combine_chunks()
    taken = table.take(pc.index_in(order, column))
    return taken.set_column(taken.column_names.index(key), key, order)


def _ends(churn: ContractChurn, events: pa.Table | None, ids: pa.Array, customers: pa.Table) -> Ends:
    if churn.stage is not None:
        stage = column_of(customers, churn.stage_column, "churn.stage_column").cast(pa.string())
        left = np.flatnonzero(pc.fill_null(pc.equal(pc.utf8_lower(stage), churn.stage.lower()), False).to_numpy())
        return Ends(left, days(column_of(customers, churn.date_column or "", "churn.date_column"))[left])
    if events is None:
        return Ends(np.empty(0, np.int64), np.empty(0))
    chosen = events.filter(pc.fill_null(pc.equal(events["kind"], churn.event), False))
    return Ends(
        pc.index_in(chosen["customer_id"], ids).to_numpy().astype(np.int64),
        chosen[DAY].to_numpy().astype(np.float64),
    )
