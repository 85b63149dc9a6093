"""Texts without one person: lines of logs, JSON, pages and tables of text, each read as what it is."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from privacy.sought import Sought

_ADDRESS = re.compile(r"[^\s\"'\\,;:<>(){}\[\]=|`/]+@[^\s\"'\\,;:<>(){}\[\]=|`/]+")
_BLOCK = re.compile(r"<(tr|li|dl|section)\b(?:(?!<\1\b).)*?</\1>", re.DOTALL)
"""The innermost row or entry of a page."""
_LINE = re.compile(r"^\[.*\],\n", re.MULTILINE)
"""What a page carries of one customer for its script."""
_WORDS = re.compile(r"[\w.+@-]{5,}")

Lines = tuple[str, int]
"""A text, and how many entries of it went."""


def logs_without(text: str, customer: str, sought: Sought) -> Lines:
    """Lines of JSON without the person's; `customer` is the field that says whose a line is. What other lines say of the person is
    taken out of them."""
    said = _saying(customer, sought.named(field_values(text, [customer])))
    kept, gone = [], 0
    for line in text.splitlines(keepends=True):
        if not (said.search(line) or any(raw in line for raw in sought.raws) or _escaped(line, sought)):
            kept.append(line)
            continue
        left = _line_without(line, customer, sought)
        gone += left != line
        kept.append(left)
    return "".join(kept), gone


def customers_in(text: str, customer: str) -> Iterator[str]:
    """Values of the field that says whose a line is, and addresses wherever they are."""
    yield from field_values(text, [customer])
    yield from set(_ADDRESS.findall(text))


def field_values(text: str, fields: Iterable[str]) -> set[str]:
    """What fields of JSON say, in a text that need not be whole: `user_id` of `{"user_id": 12, "ts`."""
    names = "|".join(re.escape(field.rpartition(".")[2]) for field in fields if field)
    found = re.findall(rf'"(?:{names})"\s*:\s*("(?:[^"\\]|\\.)*"|[-\d.]+)', text) if names else []
    return {str(_scalar(said)) for said in set(found)}


def _saying(field: str, values: Iterable[str]) -> re.Pattern[str]:
    """Finds lines in which a field has one of some values, as text or as a number."""
    some = "|".join(re.escape(json.dumps(each)[1:-1]) + "|" + re.escape(each) for each in values)
    name = re.escape(field.rpartition(".")[2])
    return re.compile(rf'"{name}"\s*:\s*"?(?:{some})(?![\w.])' if some else r"(?!)")


def releases_without(text: str, theirs: Callable[[Any], bool], sought: Sought) -> Lines:
    """Lines of releases without those whose row is the person's."""
    lines = text.splitlines(keepends=True)
    kept = [line for line in lines if not _released(line, theirs, sought)]
    return "".join(kept), len(lines) - len(kept)


def lines_without(text: str, sought: Sought) -> Lines:
    """Any other text without the lines that name the person."""
    lines = text.splitlines(keepends=True)
    kept = [line for line in lines if not sought.words(line)]
    return "".join(kept), len(lines) - len(kept)


def json_without(value: Any, sought: Sought, place: str = "") -> tuple[Any, int]:
    """A document without what names the person: the entry of a list goes, or else the value. `place` is that of the records whose
    ids it may name."""
    left, gone, named = _without(value, sought, place)
    return (None if named and not isinstance(left, dict | list) else left), gone


def entries(value: Any, sought: Sought) -> Iterator[Any]:
    """What of a document names the person: the entries of its lists, or else the values."""
    if isinstance(value, dict):
        for each in value.values():
            yield from entries(each, sought)
    elif isinstance(value, list):
        for each in value:
            if _without(each, sought, "")[2]:
                yield each
            else:
                yield from entries(each, sought)
    elif isinstance(value, str) and sought.names(value):
        yield value


def lost(before: str, after: str) -> list[str]:
    """Lines of a text that another one lacks."""
    kept = set(after.splitlines())
    return [line for line in before.splitlines() if line not in kept]


def value_without(text: str, sought: Sought) -> str | None:
    """A value of another one's row: JSON keeps what else it says, and any other text is no longer there."""
    try:
        said = json.loads(text)
    except ValueError:
        return None
    return json.dumps(json_without(said, sought)[0], ensure_ascii=False) if isinstance(said, dict | list) else None


def page_without(text: str, sought: Sought) -> Lines:
    """A page without the rows and entries that name the person; elsewhere their name becomes a dash."""
    named = sought.named(set(_WORDS.findall(text)))
    if not named:
        return text, 0
    gone = 0

    def without(found: re.Match[str]) -> str:
        nonlocal gone
        hit = any(name in found[0] for name in named)
        gone += hit
        return "" if hit else found[0]

    text = _BLOCK.sub(without, _LINE.sub(without, text))
    for name in named:
        gone += text.count(name)
        text = text.replace(name, "–")
    return text, gone


def table_without(text: str, naming: Iterable[str], sought: Sought) -> Lines:
    """CSV without the records that name the person: by a column that names people, or in a text. The others stay as they were written."""
    records = list(_records(text))
    header = next(csv.reader(io.StringIO(records[0]), delimiter=_delimiter(records[0])), []) if records else []
    places = [number for number, name in enumerate(header) if name in set(naming)]
    kept = [record for record in records if not _cells_name(record, _delimiter(records[0]), places, sought)]
    return "".join(kept), len(records) - len(kept)


def _without(value: Any, sought: Sought, place: str) -> tuple[Any, int, bool]:
    """What is left, how many entries went, and whether what is left was named outside of any list of its own."""
    if isinstance(value, list):
        parts = [_without(each, sought, place) for each in value]
        return [left for left, _, named in parts if not named], sum(gone for _, gone, _ in parts), False
    if isinstance(value, dict):
        kept = {name: _without(each, sought, place) for name, each in value.items() if not sought.names(name)}
        gone = sum(gone for _, gone, _ in kept.values()) + len(value) - len(kept)
        return {name: left for name, (left, *_) in kept.items()}, gone, any(named for *_, named in kept.values())
    hit = isinstance(value, str) and (sought.names(value) or bool(place and sought.records(place, [value])))
    return (None if hit else value), int(hit), hit


def _line_without(line: str, customer: str, sought: Sought) -> str:
    try:
        said = json.loads(line)
    except ValueError:
        return ""  # whose it is cannot be told, and it names the person
    if not isinstance(said, dict) or sought.named([str(_at(said, customer))]):
        return ""
    left, gone = json_without(said, sought)
    return json.dumps(left, ensure_ascii=False, separators=(",", ":")) + "\n" if gone else line


def _at(said: dict[str, Any], path: str) -> Any:
    if path in said:
        return said[path]
    value: Any = said
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _escaped(line: str, sought: Sought) -> bool:
    """A line whose writer wrote characters as escapes may name the person all the same."""
    if "\\" not in line:
        return False
    try:
        said = json.dumps(json.loads(line), ensure_ascii=False)
    except ValueError:
        return False
    return any(raw in said for raw in sought.raws)


def _scalar(said: str) -> Any:
    try:
        return json.loads(said)
    except ValueError:
        return said.strip('"')


def _released(line: str, theirs: Callable[[Any], bool], sought: Sought) -> bool:
    said = json.loads(line)
    rows = [json.loads(said[name]) for name in ("original", "fixed")]
    return any(map(theirs, rows)) or sought.names(line)


def _records(text: str) -> Iterator[str]:
    """Records of CSV as they are written: one goes on while a quote is open."""
    held = ""
    for line in text.splitlines(keepends=True):
        held += line
        if held.count('"') % 2 == 0:
            yield held
            held = ""
    if held:
        yield held


def _delimiter(header: str) -> str:
    return max(",;\t|", key=header.count)


def _cells_name(record: str, delimiter: str, places: list[int], sought: Sought) -> bool:
    cells = [cell for row in csv.reader(io.StringIO(record), delimiter=delimiter) for cell in row]
    return bool(sought.named(cells[place] for place in places if place < len(cells))) or any(map(sought.names, cells))
