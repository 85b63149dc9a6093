"""The rate limits of the stand-ins, on a clock of our own."""

from infra.local.standins.limits import FixedWindow, RollingWindow


def test_rolling_window_grants_no_more_than_its_limit_in_any_ten_seconds() -> None:
    limit = RollingWindow(limit=3, seconds=10)

    granted = [limit.take(now).granted for now in (0.0, 4.0, 8.0, 9.9, 10.0, 10.1, 14.0)]

    assert granted == [True, True, True, False, True, False, True]


def test_rolling_window_tells_what_is_left_and_when_the_next_call_may_come() -> None:
    limit = RollingWindow(limit=1, seconds=10)
    first, second = limit.take(100.0), limit.take(103.5)

    assert (first.granted, first.remaining) == (True, 0)
    assert (second.granted, second.remaining, second.reset) == (False, 0, 110)


def test_fixed_window_starts_anew_at_the_reset_that_it_told() -> None:
    limit = FixedWindow(limit=1, seconds=10)
    limit.take(101.0)
    refused = limit.take(109.0)

    assert (refused.granted, refused.remaining, refused.reset) == (False, 0, 110)
    assert limit.take(float(refused.reset)).granted
