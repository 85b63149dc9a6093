"""The one scroll of an Intercom app, on a clock of our own."""

import pyarrow as pa
import pytest

from infra.local.standins.intercom_scroll import Scroll, ScrollExistsError, ScrollLostError
from infra.local.standins.tables import Table

COMPANIES = Table(pa.table({"id": ["1", "2", "3"]}))


class Clock:
    """Seconds that pass when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_scroll_gives_pages_until_an_empty_one_closes_it() -> None:
    scroll = Scroll(Clock())
    parameter = scroll.open(COMPANIES, idle=60)

    pages = [len(scroll.page(parameter, 2, idle=60)) for _ in range(3)]

    assert pages == [2, 1, 0]
    assert scroll.open(COMPANIES, idle=60) != parameter


def test_a_second_scroll_waits_for_sixty_idle_seconds() -> None:
    clock = Clock()
    scroll = Scroll(clock)
    parameter = scroll.open(COMPANIES, idle=60)
    clock.now = 59.0
    scroll.page(parameter, 1, idle=60)
    clock.now = 118.0

    with pytest.raises(ScrollExistsError):
        scroll.open(COMPANIES, idle=60)

    clock.now = 119.0
    assert scroll.open(COMPANIES, idle=60)
    with pytest.raises(ScrollLostError):
        scroll.page(parameter, 1, idle=60)


def test_a_scroll_is_lost_after_a_minute_of_silence() -> None:
    clock = Clock()
    scroll = Scroll(clock)
    parameter = scroll.open(COMPANIES, idle=60)
    clock.now = 60.0

    with pytest.raises(ScrollLostError):
        scroll.page(parameter, 1, idle=60)
