"""How often a schedule starts something is what a calendar says."""

import pytest

from infra.starts import DAYS, starts_a_month
from infra.trouble import Trouble


@pytest.mark.parametrize(
    ("expression", "a_day"),
    [
        ("cron(0 3 * * ? *)", 1),
        ("cron(30 * * * ? *)", 24),
        ("cron(0/15 8-17 ? * MON-FRI *)", 4 * 10 * 5 / 7),
        ("cron(0 6,18 ? * SAT,SUN *)", 2 * 2 / 7),
        ("cron(0 3 1 * ? *)", 1 / DAYS),
        ("cron(0 3 L JAN-JUN ? *)", 0.5 / DAYS),
        ("cron(0 3 ? * 2#1 *)", 1 / DAYS),
        ("cron(0 22-1 * * ? *)", 4),
        ("rate(1 hour)", 24),
        ("rate(2 days)", 0.5),
        ("rate(10 minutes)", 144),
    ],
)
def test_rates_and_crons_are_counted(expression: str, a_day: float) -> None:
    assert starts_a_month(expression) == pytest.approx(a_day * DAYS)


def test_another_kind_of_schedule_is_not_guessed_at() -> None:
    with pytest.raises(Trouble, match="at\\(2026"):
        starts_a_month("at(2026-11-28T03:00:00)")
