"""What a pull does with hints: it asks the source for each object by its id, and takes those for gone that are not there."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from holdfast.contracts import Extract
from holdfast.hints import CHANGED, MERGED, Hint, Hints
from holdfast.settings import HubSpotSource, IntercomSource
from holdfast.vendors import OBJECTS, ApiSource, hubspot_path
from ingest.each import asked_for
from ingest.hubspot_batch import batch_read
from ingest.streams import Cursor, Fetch, Page, Pass, Stream, Window

BATCH = 100
"""Ids in one batch read of HubSpot, with room for no more."""
SINGLE = 50
"""Hints that make one page where each object is asked for alone."""

Lost = Iterator[tuple[str, int]]
"""Ids of objects that are gone, each with the moment of the hint that led to it."""
Ask = Callable[[Fetch, Sequence[Hint]], Lost]


def with_hints(stream: Stream, extract: Extract, source: ApiSource, hints: Hints, *, by_data: bool) -> Stream:
    """The stream with one more pass over its changes, if its source can be asked for single objects. `by_data` says that the data has
    a time of its own, in which the moments of the hints are."""
    if isinstance(source, HubSpotSource) and extract.stream in OBJECTS:
        asking = Asking(hints, extract, hubspot_lost(source.api_version, extract.stream), BATCH, by_data)
    elif isinstance(source, IntercomSource) and extract.stream in ("contacts", "conversations"):
        asking = Asking(hints, extract, intercom_lost(extract.stream), SINGLE, by_data)
    else:
        return stream
    return asking.added(stream)


@dataclass(frozen=True)
class Asking:
    """The hints of one stream, how its source is asked, and for how many objects at a time."""

    hints: Hints
    extract: Extract
    ask: Ask
    most: int
    by_data: bool

    def added(self, stream: Stream) -> Stream:
        """The stream with a pass that removes what hints led to and is gone; as well the stream that a discovery makes of it."""
        whole = replace(stream, changed=(*stream.changed, Pass(self._reader(stream.updated), removes=True)))
        if stream.discovery is None:
            return whole
        made = stream.discovery.stream
        return replace(whole, discovery=stream.discovery._replace(stream=lambda answer: self.added(made(answer))))

    def _reader(self, updated: str) -> Callable[[Fetch, Window, Cursor], Page]:
        def read(fetch: Fetch, window: Window, cursor: Cursor) -> Page:
            since, after = window.start or 0, str(cursor.get("above", ""))
            hints = self.hints.between(self.extract.source, self.extract.stream, since, window.end, after, self.most)
            # Gone as of this pull, whatever the hint says: its moment may be older than the newest version that is held.
            gone = [{"id": one, updated: at if self.by_data else window.end} for one, at in self.ask(fetch, hints)]
            return Page(gone, {"above": hints[-1].id} if len(hints) == self.most else None)

        return read


def hubspot_lost(version: str, kind: str) -> Ask:
    """Asks by batches, and once more alone for what a batch lacks: of those it does not always say why."""

    def ask(fetch: Fetch, hints: Sequence[Hint]) -> Lost:
        path, ids = hubspot_path(version, "objects", kind), [hint.id for hint in hints]
        found = batch_read(fetch, f"{path}/batch/read", ids, BATCH, properties=["hs_object_id"]) if ids else ()
        there = {str(each.get("id")) for each in found}
        for hint in hints:
            if hint.id not in there and _answer(fetch, f"{path}/{hint.id}", hint.id) is None:
                yield hint.id, hint.at

    return ask


def intercom_lost(kind: str) -> Ask:
    """Asks for each object alone; not for those that are only said to have changed, which the search finds for less. A contact that
    others were merged into knows their ids."""

    def ask(fetch: Fetch, hints: Sequence[Hint]) -> Lost:
        for hint in (each for each in hints if each.kind != CHANGED):
            told = {"include_merge_history": "true"} if kind == "contacts" and hint.kind == MERGED else {}
            answer = _answer(fetch, f"/{kind}/{hint.id}", hint.id, told)
            if answer is None:
                yield hint.id, hint.at
            else:
                yield from ((one, hint.at) for one in _swallowed(answer))

    return ask


def _answer(fetch: Fetch, path: str, object_id: str, params: Mapping[str, str] | None = None) -> dict[str, Any] | None:
    """An object as its source has it; None if it is gone, or is another one by now."""
    answer = asked_for(fetch, path, params)
    return answer if answer is not None and str(answer.get("id")) == object_id else None


def _swallowed(contact: dict[str, Any]) -> list[str]:
    history = contact.get("merge_history") or []
    return [str(one["source_contact_id"]) for one in history if isinstance(one, dict) and one.get("source_contact_id")]
