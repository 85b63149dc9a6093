"""Rows without one person: theirs go, and of other rows what refers to them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from privacy import texts
from privacy.sought import FORM, Sought
from privacy.whose import LISTS, Whose


@dataclass(frozen=True)
class Cleaned:
    """What is left of some rows."""

    rows: pa.Table
    dropped: int
    """Rows of the person."""
    mended: int
    """Values of other rows that referred to them."""

    def __bool__(self) -> bool:
        return bool(self.dropped or self.mended)


def theirs(rows: pa.Table, whose: Whose, sought: Sought) -> pa.Array:
    """Which rows are the person's, true or false for each."""
    mask = pa.array([False] * len(rows), pa.bool_())
    if not whose.owned:
        return mask
    written = _texts(rows)
    for name in (each for each in whose.naming if each in written):
        mask = pc.or_(mask, _among(rows[name], sought.named(_distinct(rows[name]))))
    for name, place in whose.records:
        if name in written:
            mask = pc.or_(mask, _among(rows[name], _records(rows[name], place, sought)))
    return pc.and_not(mask, _shared(rows, written, whose, sought))


def without(rows: pa.Table, whose: Whose, sought: Sought) -> Cleaned:
    """Take a person out of some rows."""
    mask = theirs(rows, whose, sought)
    dropped = int(pc.sum(mask).as_py() or 0)
    kept = rows.filter(pc.invert(mask)) if dropped else rows
    mended = 0
    for number, field in enumerate(kept.schema):
        if _is_text(field):
            column, changed = _mended(kept, field.name, whose, sought)
            kept = kept.set_column(number, field.with_nullable(True), column) if changed else kept
            mended += changed
    return Cleaned(kept, dropped, mended)


def linked(rows: pa.Table, whose: Whose, sought: Sought) -> bool:
    """Seek all identifiers of the people whom some rows are, as far as one of these is sought already; whether any is new."""
    found = rows.filter(theirs(rows, whose, sought)).to_pylist()
    new = [sought.learn(str(row[name])) for row in found for name in whose.naming if row.get(name)]
    new += [
        sought.learn_record(place, str(row[name])) for row in found for name, place in whose.records if row.get(name)
    ]
    # Whoever is known by a record alone has a pseudonym of its id.
    alone = [row for row in found if whose.people and row.get("id") and not any(row.get(name) for name in whose.naming)]
    new += [sought.learn(pseudonym) for row in alone for pseudonym in sought.pseudonyms(str(row["id"]))]
    return any(new)


def followed(rows: pa.Table, whose: Whose, sought: Sought) -> None:
    """Seek the person's records on which those of other tables hang."""
    for record in rows.filter(theirs(rows, whose, sought))["id"].to_pylist():
        sought.learn_record(whose.followed, str(record))


def _shared(rows: pa.Table, written: set[str], whose: Whose, sought: Sought) -> pa.Array:
    """Rows that are others' as well: their list names more records than the person's."""
    mask = pa.array([False] * len(rows), pa.bool_())
    for name, (first, _) in LISTS.items():
        place = next((place for column, place in whose.records if column == first), "")
        if place and name in written:
            others = {text for text in _distinct(rows[name]) if _others(text, place, sought)}
            mask = pc.or_(mask, _among(rows[name], others))
    return mask


def _others(text: str, place: str, sought: Sought) -> list[Any]:
    """Of a list of records in JSON those that are not the person's, if it names the person at all."""
    listed = _parsed(text)
    ids = [str(each.get("id")) for each in listed if isinstance(each, dict)]
    gone = sought.records(place, ids)
    return [each for each in listed if str(each.get("id")) not in gone] if gone else []


def _mended(rows: pa.Table, name: str, whose: Whose, sought: Sought) -> tuple[pa.Array, int]:
    """A column without what names the person, and how many values were changed."""
    column, records = rows[name], dict(whose.records)
    known = {each: _mend(name, each, whose, sought) for each in _suspects(column, name, whose, sought)}
    if name in records and name != "id":
        known |= dict.fromkeys(_records(column, records[name], sought))
    if not known:
        return column, 0
    values = column.to_pylist()
    changed = [known.get(value, value) for value in values]
    return pa.array(changed, column.type), sum(value in known for value in values)


def _suspects(column: pa.ChunkedArray, name: str, whose: Whose, sought: Sought) -> set[str]:
    """Distinct values that name the person. Ids of events are many and name nobody."""
    if name == "event_id":
        return set()
    distinct = _distinct(column)
    if name in LISTS:
        return {text for text in distinct if _in_list(text, name, whose, sought)}
    return {text for text in distinct if sought.words(text) or (FORM.fullmatch(text) and sought.named([text]))}


def _in_list(text: str, name: str, whose: Whose, sought: Sought) -> bool:
    """Whether a list of records in JSON names one of the person's."""
    place = dict(whose.records).get(LISTS[name][0], "")
    ids = [str(each.get("id")) for each in _parsed(text) if isinstance(each, dict)]
    return bool(place and sought.records(place, ids))


def _mend(name: str, text: str, whose: Whose, sought: Sought) -> str | None:
    if name in LISTS:
        others = _others(text, dict(whose.records)[LISTS[name][0]], sought)
        return json.dumps(others) if others else None
    return texts.value_without(text, sought)


def _records(column: pa.ChunkedArray, place: str, sought: Sought) -> set[str]:
    distinct = _distinct(column)
    return sought.records(place, distinct) | sought.named(each for each in distinct if FORM.fullmatch(each))


def _parsed(text: str) -> list[Any]:
    try:
        said = json.loads(text)
    except ValueError:
        return []
    return said if isinstance(said, list) else []


def _among(column: pa.ChunkedArray, values: Iterable[str]) -> pa.Array:
    chosen = pa.array(list(values), pa.string())
    found = pc.is_in(column.combine_chunks().cast(pa.string()), value_set=chosen)
    return pc.fill_null(found, fill_value=False)


def _distinct(column: pa.ChunkedArray) -> list[str]:
    return [value for value in pc.unique(column).to_pylist() if value]


def _texts(rows: pa.Table) -> set[str]:
    """Columns of text, found in one pass: a table of features has thousands of columns, and to ask for each by its name is quadratic."""
    return {field.name for field in rows.schema if _is_text(field)}


def _is_text(field: pa.Field) -> bool:
    return bool(pa.types.is_string(field.type) or pa.types.is_large_string(field.type))
