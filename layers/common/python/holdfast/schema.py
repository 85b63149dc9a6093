"""What is remembered of the fields in a source's usage logs: which column each has, since when, and what is kept out and why.

It lies in the artifacts bucket: the newest version, and for every run that changed something what it changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from holdfast.fields import Type
from holdfast.reading import known
from holdfast.store import Store, read_json, write_json


@dataclass(frozen=True)
class Column:
    """A column of the table `events` that a field fills. `beside` is the type of the field's other column, whose misfits this one takes."""

    field: str
    column: str
    type: Type
    since: str
    """The run that made it."""
    beside: Type | None = None


@dataclass(frozen=True)
class Schema:
    """A source's fields by now. `withheld` fields look like personal data: field -> what was seen."""

    source: str
    version: int = 0
    columns: tuple[Column, ...] = ()
    withheld: Mapping[str, str] = field(default_factory=dict)
    retired: tuple[str, ...] = ()
    """Names of columns that nothing fills any more."""
    folded: int = 0
    """How many columns the table might have when there were too many: fields that are new since then go to `more`."""

    @classmethod
    def parse(cls, said: Mapping[str, Any]) -> Self:
        """From its JSON."""
        columns = tuple(known(Column, each) for each in said["columns"])
        return known(cls, {**said, "columns": columns, "retired": tuple(said["retired"])})

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    def of(self, name: str) -> list[Column]:
        """The columns of a field."""
        return [each for each in self.columns if each.field == name]

    def names(self) -> set[str]:
        """Every column that it has or had in the table."""
        return {each.column for each in self.columns} | set(self.retired)


@dataclass(frozen=True)
class Change:
    """One change of a schema: `new`, `widened`, `misfit`, `withheld`, `withheld_column`, `undeclared`, `folded` or `retired`, and in `why` the rest."""

    run: str
    source: str
    field: str
    column: str
    before: str
    after: str
    action: str
    why: str = ""

    @property
    def sentence(self) -> str:
        """For people."""
        return _SENTENCES[self.action].format(**asdict(self))


_SENTENCES = {
    "new": "{field} is new: column {column} ({after})",
    "widened": "{field} no longer fits {before}: column {column} takes it as {after}",
    "misfit": "{field} has values that are no {before}: they are in quarantine ({why})",
    "withheld": "{field} is kept out of the lake, since it may be personal data ({why}): declare it under columns or ignore",
    "withheld_column": "{field} is kept out of the lake, since it may be personal data ({why}): declare it under [privacy.columns]",
    "undeclared": "{field} is not declared: its rows are in quarantine",
    "folded": "{why}: they are kept together in column more",
    "retired": "column {column} is filled no more, since {field} is declared otherwise",
}


def schema_key(source: str) -> str:
    """Where the newest version lies."""
    return f"schema/{source}.json"


def history_key(source: str, run: str = "") -> str:
    """Where a run's changes lie with the schema that they made, or those of all runs."""
    return f"schema/history/{source}/" + (f"{run}.json" if run else "")


def decision_key(run: str, source: str) -> str:
    """Where a run's decision lies, which Validate and Transform follow."""
    return f"work/{run}/schema-{source}.json"


def remembered(artifacts: Store, source: str) -> Schema:
    """The newest version; an empty one where there is none."""
    try:
        return Schema.parse(read_json(artifacts, schema_key(source)))
    except KeyError:
        return Schema(source)


def remember(artifacts: Store, run: str, schema: Schema, changes: Iterable[Change]) -> None:
    """Make a schema the newest, and keep it with the changes that the run made to it."""
    said = {"schema": schema.to_json(), "changes": [asdict(each) for each in changes]}
    write_json(artifacts, history_key(schema.source, run), said)
    write_json(artifacts, schema_key(schema.source), schema.to_json())


def decided_schema(artifacts: Store, run: str, source: str) -> Schema:
    """As the run decided it, or else the newest."""
    try:
        return Schema.parse(read_json(artifacts, decision_key(run, source))["schema"])
    except KeyError:
        return remembered(artifacts, source)


def history(artifacts: Store, source: str) -> list[tuple[Schema, list[Change]]]:
    """Every run that changed something: the schema after it and its changes, the oldest first."""
    kept = [read_json(artifacts, item.key) for item in artifacts.list(history_key(source))]
    found = [(Schema.parse(said["schema"]), [known(Change, each) for each in said["changes"]]) for said in kept]
    return sorted(found, key=lambda each: each[0].version)


def following(schema: Schema, **changed: Any) -> Schema:
    """The next version."""
    return replace(schema, version=schema.version + 1, **changed)
