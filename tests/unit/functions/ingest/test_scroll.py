"""Intercom's scroll, which gives each page once."""

import httpx
import pytest

from holdfast.contracts import DONE, WAIT
from holdfast.ledger import MemoryLedger
from ingest.intercom_reference import companies
from ingest.pull import land_stream
from tests.doubles.crm import T0, client, place

PAGES = ["1", "2", "3"]


class Scrolling:
    """A scroll of three pages; the answer to one request is lost on its way."""

    def __init__(self, lost: int) -> None:
        self.lost, self.asked, self.position = lost, 0, 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        self.position = self.position + 1 if "scroll_param" in request.url.params else 1
        if self.asked == self.lost:
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")
        page = [{"id": each} for each in PAGES[self.position - 1 : self.position]]
        return httpx.Response(200, json={"type": "list", "data": page, "scroll_param": "s"})


@pytest.mark.parametrize("lost", [2, 3, 4])
def test_with_a_page_that_did_not_arrive_the_scroll_is_given_up_and_walked_again_later(lost):
    server, ledger, there = Scrolling(lost), MemoryLedger(), place("companies")

    def invoked():
        return land_stream(there, companies(), client(server), ledger, lambda: T0 / 1000)

    first, asked, second = invoked(), server.asked, invoked()

    assert (first.next, asked) == (WAIT, lost)
    assert (second.next, second.rows) == (DONE, 3)
