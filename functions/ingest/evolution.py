"""How a source's schema goes on when its log lines have fields that it does not know, or values that no longer fit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from holdfast.fields import KINDS, Type
from holdfast.schema import Change, Column, Schema, following
from holdfast.settings import EventsSource
from ingest.naming import LONGEST, column_name, free
from ingest.personal import suspected
from ingest.unmapped import Seen

_NAMED = 20
"""Fields that one change names."""


@dataclass(frozen=True)
class Refusal:
    """A field of which some values do not enter: those that are no `type`, or all where that is empty. Where `whole`, nor do their rows."""

    field: str
    type: str
    whole: bool


@dataclass
class Decision:
    """What holds for one run: the schema, what changed, and what is refused."""

    schema: Schema
    changes: list[Change] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


@dataclass
class _Draft:
    """A schema that is being changed."""

    run: str
    source: EventsSource
    before: Schema
    taken: Mapping[str, Column | None]
    columns: list[Column]
    withheld: dict[str, str]
    retired: list[str]
    folded: int
    changes: list[Change] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def tell(self, action: str, field: str, column: str = "", before: str = "", after: str = "", why: str = "") -> None:
        self.changes.append(Change(self.run, self.before.source, field, column, before, after, action, why))

    def names(self) -> set[str]:
        return {each.column for each in self.columns} | set(self.retired) | set(self.taken)


def decided(
    run: str, source: EventsSource, before: Schema, seen: Iterable[Seen], taken: Mapping[str, Column | None]
) -> Decision:
    """The schema after a run whose lines have these fields, under the source's contract.

    `taken` are the other columns of the table: of another source a column, or none where it is the table's own. The same
    fields in another order, or cut into other batches, give the same; and a second time they change nothing.
    """
    fields = [each for each in together(seen) if not _ignored(each.field, source.ignore)]
    draft = _Draft(
        run, source, before, taken, list(before.columns), dict(before.withheld), list(before.retired), before.folded
    )
    _declare(draft)
    known = {each.field for each in draft.columns}
    new = []
    for each in fields:
        if each.field in known:
            _fit(draft, each)
        elif source.contract == "strict" and each.field not in source.columns.values():
            draft.refused.append(Refusal(each.field, "", whole=True))
        elif _enters(draft, each):
            new.append(each)
    _add(draft, new)
    _tell_refused(draft)
    return _decision(draft)


def together(seen: Iterable[Seen]) -> list[Seen]:
    """What several batches know of each field, by name."""
    found: dict[str, Seen] = {}
    for each in seen:
        held = found.setdefault(each.field, Seen(each.field, {}, {}))
        for mine, its in ((held.kinds, each.kinds), (held.evidence, each.evidence)):
            for name, count in its.items():
                mine[name] = mine.get(name, 0) + count
    return [found[name] for name in sorted(found)]


def type_of(kinds: Mapping[str, int]) -> Type:
    """The narrowest type that all values fit."""
    return next(type_ for type_, fitting in KINDS.items() if set(kinds) <= set(fitting))


def _declare(draft: _Draft) -> None:
    """Heed what the configuration says of fields that are known already."""
    said = {path: name for name, path in draft.source.columns.items()}
    for each in list(draft.columns):
        otherwise = not each.beside and said.get(each.field, each.column) != each.column
        if otherwise or _ignored(each.field, draft.source.ignore):
            draft.columns.remove(each)
            draft.retired.append(each.column)
            draft.tell("retired", each.field, each.column)
    for name in [name for name in draft.withheld if name in said or _ignored(name, draft.source.ignore)]:
        del draft.withheld[name]


def _fit(draft: _Draft, seen: Seen) -> None:
    """Look whether the values of a field with a column still fit, and do what the contract says where they do not."""
    first, *beside = (each for each in draft.columns if each.field == seen.field)
    kinds = set(seen.kinds)
    contract = draft.source.contract
    if first.type == "integer" and "number" in kinds and contract != "strict":
        wider = Column(first.field, first.column, "number", first.since)
        draft.columns[draft.columns.index(first)] = wider
        draft.tell("widened", first.field, first.column, "integer", "number")
        first = wider
    if kinds <= set(KINDS[first.type]) or beside:
        return
    if contract == "permissive":
        name = free(f"{first.column[: LONGEST - 5]}_text", draft.names())
        draft.columns.append(Column(first.field, name, "text", draft.run, first.type))
        draft.tell("widened", first.field, name, first.type, "text")
    else:
        draft.refused.append(Refusal(first.field, first.type, whole=contract == "strict"))


def _enters(draft: _Draft, seen: Seen) -> bool:
    """Whether a new field may have a column, as far as personal data goes."""
    if seen.field in draft.source.columns.values():
        return True
    why = draft.withheld.get(seen.field) or suspected(seen.field, seen.kinds, seen.evidence)
    if why and seen.field not in draft.withheld:
        draft.withheld[seen.field] = why
        draft.tell("withheld", seen.field, why=why)
    return not why


def _add(draft: _Draft, new: Sequence[Seen]) -> None:
    """Give new fields their columns, or none of them where there would be too many; those that are declared always."""
    said = {path: name for name, path in draft.source.columns.items()}
    declared = [each for each in new if each.field in said]
    others = [each for each in new if each.field not in said]
    room = draft.source.max_columns - len(draft.names()) - len(declared)
    if others and (draft.folded >= draft.source.max_columns or len(others) > room):
        if draft.folded < draft.source.max_columns:
            draft.folded = draft.source.max_columns
            named = ", ".join(each.field for each in others[:_NAMED])
            draft.tell(
                "folded",
                named,
                "more",
                why=f"{len(others)} more fields would be over {draft.source.max_columns} columns",
            )
        others = []
    for each in sorted([*declared, *others]):
        type_ = type_of(each.kinds)
        name = said.get(each.field) or _fresh(draft, each.field, type_)
        draft.columns.append(Column(each.field, name, type_, draft.run))
        draft.tell("new", each.field, name, "", type_)


def _fresh(draft: _Draft, field: str, type_: Type) -> str:
    """A new column's name; that of another source's column for the same field where it holds the same."""
    name = column_name(field)
    others = draft.taken.get(name)
    own = {each.column for each in draft.columns} | set(draft.retired)
    if others and others.field == field and _alike(others, type_) and name not in own:
        return name
    if others:
        name = f"{name}_{draft.before.source}"
    return free(name, draft.names())


def _alike(column: Column, type_: Type) -> bool:
    """Whether a column holds this type as well: whole numbers and others are the same in the table."""
    return not column.beside and (column.type == type_ or {column.type, type_} <= set(KINDS["number"]))


def _tell_refused(draft: _Draft) -> None:
    for each in draft.refused:
        if each.type:
            why = "rule expect_field_to_fit" if not each.whole else "with their rows"
            draft.tell("misfit", each.field, before=each.type, why=why)
        else:
            draft.tell("undeclared", each.field)


def concluded(before: Schema, changes: list[Change], refused: list[Refusal], **now: Any) -> Decision:
    """A new version where something changed that is remembered."""
    same = now == {name: getattr(before, name) for name in now}
    return Decision(before if same and before.version else following(before, **now), changes, refused)


def _decision(draft: _Draft) -> Decision:
    return concluded(
        draft.before,
        draft.changes,
        draft.refused,
        columns=tuple(draft.columns),
        withheld=draft.withheld,
        retired=tuple(draft.retired),
        folded=draft.folded,
    )


def _ignored(field: str, ignored: Iterable[str]) -> bool:
    return any(field == each or field.startswith(f"{each}.") for each in ignored)
