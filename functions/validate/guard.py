"""Stands between landing and lake for one run: knows what is declared, and what was decided on what is not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from holdfast.privacy import Declared
from holdfast.pseudonym import Pseudonymiser
from holdfast.schema import decided_schema
from holdfast.store import Store
from holdfast.work import Passed
from validate import protect, text


@dataclass(frozen=True)
class Guard:
    """One run's."""

    run: str
    declared: Mapping[tuple[str, str], Declared]
    artifacts: Store
    key: Pseudonymiser

    def over(self, table: Passed, rows: pa.Table) -> pa.Table:
        """Rows that landed, as they may be stored."""
        declared = self.declared[table.source, table.stream]
        if declared.relation == "hubspot_contacts_history":
            contacts = self.declared[table.source, "contacts"]
            rows = protect.past(rows, contacts, self._clear(contacts), self.key)
        return protect.protected(rows, declared, self._clear(declared), self.key)

    def still(self, table: Passed, held: pa.Table | None) -> pa.Table | None:
        """What is held of a stream, without columns that the user has declared away since."""
        if held is None:
            return None
        declared = self.declared[table.source, table.stream]
        gone = [n for n in held.column_names if declared.own.get(n) == "drop" and not declared.structural(n)]
        return held.drop_columns(gone)

    def names(self, table: Passed, landed: Iterable[str]) -> set[str]:
        """Columns that follow from those that landed."""
        declared = self.declared[table.source, table.stream]
        texts = {name for name in landed if declared.of(name) == "text"}
        return {*landed} - texts | (set(text.names()) if texts else set())

    def _clear(self, declared: Declared) -> frozenset[str]:
        schema = decided_schema(self.artifacts, self.run, declared.name)
        return frozenset(each.field for each in schema.columns)
