"""Pulls one stream of an API: pages land in parts of typed columns, and each part is a place to go on from."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from aws_lambda_powertools.metrics import MetricUnit

from holdfast.contracts import AGAIN, DONE, WAIT, Landed
from holdfast.errors import SourceGarbled, SourceRefused, SourceThrottled
from holdfast.ledger import Ledger
from holdfast.observe import logger, metrics
from ingest.http import ApiClient
from ingest.landing import Landing
from ingest.parts import Group, land_part
from ingest.progress import Progress, begun
from ingest.streams import Pass, Stream, UnexpectedShapeError


@dataclass(frozen=True)
class Limits:
    """How much is pulled at once; times are seconds."""

    pages: int = 20
    """Pages that make one part."""
    invocation: float = 720.0
    """How long one invocation pulls before it hands over to the next: a function may run for 900 s."""
    locked: float = 900.0
    """For how long one run alone may walk over what has room for one: as long as a function may run."""
    busy: float = 60.0
    """Until it is worth asking again whether there is room, or how many records there are."""
    counts: int = 2
    """How often a source is asked for its number of records before a gap is believed: its index may lag behind."""


USUAL = Limits()


def land_stream(
    place: Landing,
    stream: Stream,
    client: ApiClient,
    ledger: Ledger,
    clock: Callable[[], float],
    *,
    by_data: bool = False,
    limits: Limits = USUAL,
) -> Landed:
    """Land what a stream has to give, from where the run's last part ended. A record without an id goes to quarantine; a value of
    the wrong type becomes null, and is kept in quarantine too. The answer says whether the chain has to come again, and when.

    Raises:
        SourceGarbled: an answer is not what the API promises, or a cursor does not move.
        SourceUnavailable: the source does not answer; everything up to the last part is kept.
    """
    began = clock()
    try:
        progress, settled = begun(place.extract, stream, ledger, int(began * 1000), client.fetch)
        return Walk(place, settled, client, ledger, clock, limits, progress, by_data, began).go_on()
    except SourceThrottled as error:
        return _answer(place, None, WAIT, clock() + error.retry_after)
    except UnexpectedShapeError as error:
        raise SourceGarbled(client.source, str(error)) from error
    except SourceRefused as error:
        if not stream.optional or error.status != HTTPStatus.FORBIDDEN:
            raise
        logger.warning("skipped: the token may not read it", table=place.extract.table)
        place.conclude({"full": False, "complete": False, "cursor": None})
        return _answer(place, None, DONE)


@dataclass
class Walk:
    """One invocation's share of a pull."""

    place: Landing
    stream: Stream
    client: ApiClient
    ledger: Ledger
    clock: Callable[[], float]
    limits: Limits
    progress: Progress
    by_data: bool
    began: float

    def go_on(self) -> Landed:
        """Part after part, each of them noted, until all is done or something else has to happen first."""
        while not self.progress.done:
            passes = self.progress.passes(self.stream)
            if self.progress.number == len(passes):
                halt = self._concluded()
            elif self._late():
                halt = self._answer(AGAIN)
            else:
                halt = self._part(passes[self.progress.number])
            self.progress.keep(self.place.extract, self.ledger)
            if halt:
                return halt
        return self._answer(DONE)

    def _part(self, walk: Pass) -> Landed | None:
        lock, owner = f"{self.place.extract.source}#{self.place.extract.stream}", self.place.extract.run
        now = self.clock()
        if walk.whole and not self.ledger.lock(lock, owner, now, now + self.limits.locked):
            return self._answer(WAIT, now + self.limits.busy)
        try:
            group = self._group(walk)
        finally:
            if walk.whole:
                self.ledger.unlock(lock, owner)
        land_part(self.place, self.stream, walk, group, self.progress)
        return self._answer(WAIT, self.clock() + group.throttled.retry_after) if group.throttled else None

    def _group(self, walk: Pass) -> Group:
        """Some pages, and what has to be asked for beside them. Where that is not to be had, the pages are given up."""
        group = self._pages(walk, 1 if self.progress.careful else self.limits.pages)
        try:
            walk.adds(self.client.fetch, group.records)
        except SourceThrottled as error:
            self.progress.careful = True
            return Group(cursor=self.progress.cursor, throttled=error)
        self.progress.careful = False
        return group

    def _pages(self, walk: Pass, most: int) -> Group:
        group, pages = Group(cursor=self.progress.cursor), 0
        while group.cursor is not None and (walk.whole or (pages < most and not (pages and self._late()))):
            try:
                page = walk.read(self.client.fetch, self.progress.span, group.cursor)
            except SourceThrottled as error:
                group.throttled = error
                return Group(cursor={}, throttled=error) if walk.whole else group
            if page.following is not None and dict(page.following) == dict(group.cursor):
                raise SourceGarbled(self.client.source, f"the same cursor came twice: {json.dumps(dict(group.cursor))}")
            group.take(page, walk, self.progress.span)
            pages += 1
        return group

    def _late(self) -> bool:
        return self.clock() - self.began > self.limits.invocation

    def _concluded(self) -> Landed | None:
        """Say what landed, once it is known how many records there are."""
        landed = self.place.distinct() if self.progress.total is not None or self.stream.count else 0
        if self.stream.count and not self._counted(self.stream.count, landed):
            return self._answer(WAIT, self.clock() + self.limits.busy)
        gap = self.progress.gap(landed)
        self._report(gap)
        self.place.conclude(self.progress.manifest(self.stream, gap, by_data=self.by_data))
        self.progress.done = True
        return None

    def _counted(self, count: Callable[..., int | None], landed: int) -> bool:
        """Whether a number of records is known that leaves no gap, or was asked for so often that it is believed.

        What changed since the window ended no longer counts, and an index that lags behind catches up.
        """
        progress = self.progress
        if progress.counts < self.limits.counts and (progress.total is None or progress.gap(landed)):
            progress.total = count(self.client.fetch, progress.span)
            progress.counts += 1
        return not progress.gap(landed) or progress.counts >= self.limits.counts

    def _report(self, gap: int) -> None:
        progress, table = self.progress, self.place.extract.table
        if gap:
            logger.warning("the source has more than it gave", table=table, missing=gap, total=progress.total)
        metrics.add_metric("SourceGap", MetricUnit.Count, gap)
        metrics.add_metric("UncastValues", MetricUnit.Count, progress.uncast)
        logger.info("pulled", table=table, rows=progress.rows, rejected=progress.rejected, uncast=progress.uncast,
                    refusals=self.client.refused, removed=progress.removed, full=progress.full)  # fmt: skip

    def _answer(self, following: str, until: float = 0) -> Landed:
        return _answer(self.place, self.progress, following, until)


def _answer(place: Landing, progress: Progress | None, following: str, until: float = 0) -> Landed:
    waits = f"{datetime.fromtimestamp(until + 1, UTC):%Y-%m-%dT%H:%M:%SZ}" if following == WAIT else ""
    rows_, rejected = (progress.rows, progress.rejected) if progress else (0, 0)
    return Landed(place.extract.table, rows_, rejected, following, waits)
