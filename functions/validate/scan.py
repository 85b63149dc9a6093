"""A whole suite as one scan: every count and measure that its expectations ask for comes out of one query.

Where keys repeat that should not, the next thing is a table of those keys, by which their rows are found.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb

from holdfast.errors import ConfigurationInvalid
from holdfast.sql import quoted
from validate import rows
from validate.conditions import compiled as condition_sql
from validate.expectations import WHOLES, Expectation
from validate.rows import RowRule
from validate.shortcuts import by_value, dense, few_valued, repeating_blocks, values, weight
from validate.sql import Types, UnjudgeableError, column
from validate.wholes import Around, WholeRule, of


@dataclass(frozen=True)
class Outcome:
    """What came of one expectation.

    `counted` rows were asked and `unexpected` of them fail; an expectation of a whole has what was `observed` instead.
    """

    expectation: Expectation
    holds: bool
    counted: int = 0
    unexpected: int = 0
    observed: Any = None
    problem: str = ""
    """Why it could not be asked, where the column's type is of another kind than the question."""


@dataclass(frozen=True)
class Asked:
    """One expectation as SQL over the relation `rows`."""

    expectation: Expectation
    where: str = "true"
    row: RowRule = field(default_factory=lambda: RowRule("true"))
    whole: WholeRule | None = None
    problem: str = ""
    dense: bool = False
    """Whether its key is a column of whole numbers that lie closely together."""
    valued: str = ""
    """The column of few values that alone decides it: each is asked once, with as many rows as have it."""

    @property
    def counts(self) -> str:
        """SQL that is true for a row that counts."""
        return _and(self.where, self.row.counts)

    @property
    def fails(self) -> str:
        """SQL that is true for a row that fails, and false or null for another."""
        if self.row.key:
            return f"({self.counts} AND {self.row.key} IN (SELECT key FROM {self.repeated}))"
        return f"({_and(self.where if self.row.value else self.counts, self.row.fails)})"

    @property
    def repeated(self) -> str:
        """Name of the table of keys that several rows have; it is made once it is known that there are any."""
        return quoted(f"repeated {self.row.key} {self.where}")

    @property
    def groups(self) -> str:
        """Query for the keys that several rows have."""
        asked = _and(self.counts, repeating_blocks(self.row.key, self.counts) if self.dense else "true")
        return (
            f"SELECT {self.row.key} AS key, count(*) AS times FROM rows WHERE {asked} GROUP BY ALL HAVING count(*) > 1"
        )

    @property
    def measures(self) -> dict[str, str]:
        """Aggregates that say what comes of it."""
        if self.whole:
            return dict(self.whole.measures)
        if self.valued:
            return {"counted": self._weighed(self.counts), "unexpected": self._weighed(self.fails)}
        unexpected = f"count(*) FILTER (WHERE {self.fails})"
        if self.row.key:
            unexpected = f"(SELECT coalesce(sum(times), 0)::BIGINT FROM ({self.groups}))"
        counted = of(f"count({self.row.value})", self.where) if self.row.value else of("count(*)", self.counts)
        return {"counted": counted, "unexpected": unexpected}

    @property
    def column(self) -> str:
        """The one column of text that decides about a row, or nothing."""
        names = set(self.expectation.columns)
        return names.pop() if len(names) == 1 and not (self.whole or self.row.key) else ""

    def _weighed(self, condition: str) -> str:
        rows_ = f"coalesce(sum({weight(self.valued)}), 0)::BIGINT"
        return f"(SELECT {rows_} FROM {by_value(self.valued)} WHERE {condition})"


def asked(expectations: Sequence[Expectation], types: Types, around: Around, suite: str) -> list[Asked]:
    """Expectations as SQL over a table with these columns; those for optional columns that are not there are left out.

    Raises:
        ConfigurationInvalid: one asks for a column that is not there.
    """
    made = []
    for each in expectations:
        missing = [name for name in each.columns if name not in types]
        if missing and not each.if_present:
            raise ConfigurationInvalid(
                f"suite {suite}: {each.rule}: there is no column {missing[0]!r}; there are {', '.join(types)}"
            )
        if not missing:
            made.append(_asked(each, types, around))
    return made


def outcomes(connection: duckdb.DuckDBPyConnection, questions: Sequence[Asked]) -> tuple[int, list[Outcome]]:
    """How many rows the relation `rows` has, and what comes of each expectation there."""
    questions = _cheaper(connection, questions)
    sql = [f"{measure}" for each in questions for measure in each.measures.values()]
    parts = [values(name) for name in sorted({each.valued for each in questions if each.valued})]
    beside = f"WITH {', '.join(parts)} " if parts else ""
    query = f"{beside}SELECT {', '.join(['count(*)', *sql])} FROM rows"
    found: list[Any] = list(connection.execute(query).fetchall()[0])
    total, measured = found[0], iter(found[1:])
    results = [_outcome(each, {name: next(measured) for name in each.measures}) for each in questions]
    return total, results


def types_of(connection: duckdb.DuckDBPyConnection, relation: str = "rows") -> Types:
    """Columns of a relation and DuckDB's names of their types."""
    return {name: declared for name, declared, *_ in connection.execute(f"DESCRIBE {relation}").fetchall()}


def _cheaper(connection: duckdb.DuckDBPyConnection, questions: Sequence[Asked]) -> list[Asked]:
    """The same questions, those marked that can be answered with less work."""
    types = types_of(connection)
    few = few_valued(connection, (each.column for each in questions if types.get(each.column) == "VARCHAR"))
    keys = {each.expectation.column for each in questions if each.row.key and len(each.expectation.columns) == 1}
    close = dense(connection, keys, types)
    return [replace(each, valued=each.column if each.column in few else "",
                    dense=bool(each.row.key) and each.expectation.column in close) for each in questions]  # fmt: skip


def _asked(each: Expectation, types: Types, around: Around) -> Asked:
    where = "true"
    try:
        where = condition_sql(each.condition, types) if each.condition else "true"
        if each.asks_rows:
            return Asked(each, where, rows.ASKED[each.rule](each.kwargs, types))
        return Asked(each, where, whole=WHOLES[each.rule](each.kwargs, types, around, where))
    except UnjudgeableError as error:
        there = " OR ".join(f"{column(name, types)} IS NOT NULL" for name in each.columns) or "true"
        return Asked(each, where, RowRule(f"({there})", "true"), problem=str(error))


def _outcome(each: Asked, found: dict[str, Any]) -> Outcome:
    if each.whole:
        holds, observed = each.whole.judge(found)
        return Outcome(each.expectation, holds, observed=observed)
    counted, unexpected = found["counted"], found["unexpected"]
    holds = not counted or (counted - unexpected) / counted >= each.expectation.mostly
    if each.problem and not each.expectation.asks_rows:
        return Outcome(each.expectation, False, problem=each.problem)
    return Outcome(each.expectation, holds, counted, unexpected, problem=each.problem if unexpected else "")


def _and(*conditions: str) -> str:
    return " AND ".join(f"({each})" for each in conditions if each != "true") or "true"
