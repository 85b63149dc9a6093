"""What has to be asked for record by record: a search says of which ones, and between any two of them a pull can be taken up again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from aws_lambda_powertools.metrics import MetricUnit

from holdfast.errors import SourceRefused, SourceThrottled
from holdfast.observe import logger, metrics
from ingest.http import Request
from ingest.streams import Cursor, Fetch, Page, Record, UnexpectedShapeError, Window

AT_ONCE = 25
"""Requests that make one page."""
GONE = (404, 410)
"""What a source answers for an object that is not there, and Intercom for one that was merged into another."""


class Asked(NamedTuple):
    """What a request for one record gave, where the next one for it begins (None: there is none), and what the source kept back."""

    records: list[Record]
    following: Cursor | None = None
    lacking: int = 0


@dataclass(frozen=True)
class Each:
    """A walk over what each record of a search has. `metric` counts the records of which the source keeps something back."""

    search: Callable[[Fetch, Window, Cursor], Page]
    wanted: Callable[[Any, Window], bool]
    ask: Callable[[Fetch, Window, str, Cursor], Asked]
    metric: str = ""

    def read(self, fetch: Fetch, window: Window, cursor: Cursor) -> Page:
        """A page of the search, which only says of whom to ask; or what the next ones of them have. The cursor names those that are left:
        a search that is asked again might give others.

        Raises:
            UnexpectedShapeError: the search does not move on.
        """
        if "ids" in cursor:
            return self._asked(fetch, window, cursor)
        page = self.search(fetch, window, cursor)
        if page.following is not None and dict(page.following) == dict(cursor):
            raise UnexpectedShapeError("a search gives the same cursor twice")
        found = [record for record in page.records if isinstance(record, Mapping) and record.get("id")]
        ids = [*dict.fromkeys(str(record["id"]) for record in found if self.wanted(record, window))]
        return Page([], _cursor(ids, {}, page.following))

    def _asked(self, fetch: Fetch, window: Window, cursor: Cursor) -> Page:
        ids, place = list(cursor["ids"]), dict(cursor.get("place", {}))
        answers: list[Asked] = []
        while ids and len(answers) < AT_ONCE:
            try:
                answers.append(self.ask(fetch, window, ids[0], place))
            except SourceThrottled:
                # What came before counts. Whoever asks next is told again.
                if not answers:
                    raise
                break
            place = dict(answers[-1].following or {})
            ids = ids if place else ids[1:]
        self._tell([answer.lacking for answer in answers if answer.lacking > 0])
        return Page([record for answer in answers for record in answer.records], _cursor(ids, place, cursor["after"]))

    def _tell(self, lacking: list[int]) -> None:
        if lacking:
            logger.warning(
                "the source keeps something back", of=len(lacking), missing=sum(lacking), counted=self.metric
            )
            metrics.add_metric(self.metric, MetricUnit.Count, len(lacking))


def asked_for(fetch: Fetch, path: str, params: Mapping[str, str | int] | None = None) -> dict[str, Any] | None:
    """An answer about one record; None if the record has gone since the search gave it."""
    try:
        return fetch(Request("GET", path, params or {}))
    except SourceRefused as error:
        if error.status in GONE:
            return None
        raise


def _cursor(ids: list[str], place: Cursor, after: Cursor | None) -> Cursor | None:
    """Of whom there is still to ask, where to go on with the first of them, and where the search goes on."""
    if ids:
        return {"ids": ids, "place": dict(place), "after": after}
    return after
