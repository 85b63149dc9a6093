"""Streams of the REST APIs that connectors' files describe: paging, increments by a moment, and a feed of what changed."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from holdfast.connector import MOMENT, Connector, Feed, Paging, Since
from holdfast.connector import Stream as Declared
from holdfast.errors import SourceRefused
from ingest.http import Request
from ingest.streams import Column, Cursor, Fetch, Page, Pass, Stream, UnexpectedShapeError, Window, inside

Params = dict[str, str | int]
Read = Callable[[Fetch, Window, Cursor], Page]
MISSING = 404


def declared(connector: Connector, options: Mapping[str, str]) -> dict[str, Stream]:
    """A connector's streams by name; `options` replace its own."""
    return {name: _stream(connector, each, options) for name, each in connector.streams.items()}


def _stream(connector: Connector, said: Declared, options: Mapping[str, str]) -> Stream:
    paging = said.paging or connector.paging
    changed = [Pass(_listed(said, paging, said.since))] if said.since else []
    if connector.feed and said.changed:
        changed.append(Pass(_read_again(said, connector.feed, connector.paging)))
    if connector.feed and said.gone:
        changed.append(Pass(_gone(said, connector.feed, connector.paging), removes=True))
    columns = [Column(each.name, connector.filled(each.path, options), each.kind) for each in said.columns]
    return Stream(
        (Column("id", "id"), *columns),
        MOMENT,
        everything=(Pass(_listed(said, paging, None)),),
        changed=tuple(changed) if said.incremental else (),
        lookback=said.lookback_minutes * 60_000,
        refresh=said.refresh_days * 86_400_000,
        headers=connector.headers,
        optional=said.optional,
    )


def _listed(said: Declared, paging: Paging, since: Since | None) -> Read:
    """Pages of the list: all of it, or with `since` what is in the window."""

    def read(fetch: Fetch, window: Window, cursor: Cursor) -> Page:
        asked = said.params | _from(since, window) | _paged(paging, cursor)
        answer = fetch(Request("GET", said.path, asked))
        records = _records(answer, said.records, said.path)
        total = _at(answer, said.total) if said.total and since is None else None
        following = _following(paging, answer, records, cursor, said.id)
        return Page([_dated(one, said) for one in records], following, total if isinstance(total, int) else None)

    return read


def _read_again(said: Declared, feed: Feed, paging: Paging) -> Read:
    """Pages of the feed; of each the records that it names, as they are by now: the feed may show them in another version."""

    def read(fetch: Fetch, window: Window, cursor: Cursor) -> Page:
        named, following = _happened(fetch, feed, paging, said.changed, window, cursor)
        again = ((_one(fetch, said, each), moment) for each, moment in named.items())
        return Page([_dated(one, said, moment) for one, moment in again if one is not None], following)

    return read


def _gone(said: Declared, feed: Feed, paging: Paging) -> Read:
    """Pages of the feed as records that are no more."""

    def read(fetch: Fetch, window: Window, cursor: Cursor) -> Page:
        named, following = _happened(fetch, feed, paging, said.gone, window, cursor)
        return Page([{"id": each, MOMENT: moment} for each, moment in named.items()], following)

    return read


def _happened(
    fetch: Fetch, feed: Feed, paging: Paging, kinds: Iterable[str], window: Window, cursor: Cursor
) -> tuple[dict[str, Any], Cursor | None]:
    """One page of the feed: ids of what it names, each with the newest moment, and where the next page begins."""
    wanted: Params = {feed.kinds_parameter.format(number): kind for number, kind in enumerate(kinds)}
    answer = fetch(Request("GET", feed.path, wanted | _from(feed.since, window) | _paged(paging, cursor)))
    entries = _records(answer, feed.records, feed.path)
    moments: dict[str, list[Any]] = {}
    for entry in entries:
        if (named := _at(entry, feed.object)) is not None:
            moments.setdefault(str(named), []).append(_at(entry, feed.at))
    return {each: _newest(all_) for each, all_ in moments.items()}, _following(paging, answer, entries, cursor, "id")


def _one(fetch: Fetch, said: Declared, number: str) -> dict[str, Any] | None:
    """A record by its id; None when it is no more."""
    try:
        found = fetch(Request("GET", f"{said.path}/{quote(number, safe='')}"))
    except SourceRefused as error:
        if error.status == MISSING:
            return None
        raise
    return None if said.gone_flag and _at(found, said.gone_flag) else found


def _dated(record: Any, said: Declared, moment: Any = None) -> Any:
    """A record with its id and its newest moment where every record has them; what is no object stays for quarantine."""
    if not isinstance(record, Mapping):
        return record
    own = (_at(record, path) for path in said.updated)
    return dict(record) | {"id": _at(record, said.id), MOMENT: _newest([*own, moment])}


def _newest(moments: Iterable[Any]) -> Any:
    """The latest of moments that an API writes alike: numbers, or text that sorts by time."""
    there = [one for one in moments if one is not None]
    numbers = [one for one in there if isinstance(one, int | float)]
    return max(numbers) if numbers else max(map(str, there), default=None)


def _from(since: Since | None, window: Window) -> Params:
    if since is None or window.start is None:
        return {}
    if since.unit == "iso":
        moment = datetime.fromtimestamp(window.start / 1000, UTC)
        return {since.parameter: moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
    return {since.parameter: window.start if since.unit == "milliseconds" else window.start // 1000}


def _paged(paging: Paging, cursor: Cursor) -> Params:
    asked: Params = {paging.size_parameter: paging.size} if paging.size_parameter else {}
    if paging.kind in ("page", "offset"):
        return asked | {paging.parameter: int(cursor.get("after", paging.first))}
    return asked | ({paging.parameter: str(cursor["after"])} if "after" in cursor else {})


def _following(
    paging: Paging, answer: Mapping[str, Any], records: list[Any], cursor: Cursor, number: str
) -> Cursor | None:
    """Where the next page begins; None after the last one.

    Raises:
        UnexpectedShapeError: there is said to be more after nothing.
    """
    if paging.kind == "token":
        token = _at(answer, paging.next)
        return {"after": str(token)} if token not in (None, "") else None
    if paging.kind == "last_id":
        if _at(answer, paging.more) is not True:
            return None
        last = _at(records[-1], number) if records else None
        if last is None:
            raise UnexpectedShapeError("a page that is not the last one has no last record with an id")
        return {"after": str(last)}
    if paging.kind == "none" or len(records) < paging.size:
        return None
    return {"after": int(cursor.get("after", paging.first)) + (1 if paging.kind == "page" else paging.size)}


def _records(answer: Mapping[str, Any], where: str, path: str) -> list[Any]:
    found = _at(answer, where)
    if not isinstance(found, list):
        raise UnexpectedShapeError(f"{path} has no list `{where}`")
    return found


def _at(value: Any, path: str) -> Any:
    return inside(value, *path.split("."))
