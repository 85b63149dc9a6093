"""How often a schedule of EventBridge Scheduler's starts something in a month."""

import re

from infra.trouble import Trouble

DAYS, HOURS = 30.4375, 730.5
"""Of a month, on average."""
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
_WEEK = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_YEAR = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_NAMES = {name: number for names in (_WEEK, _YEAR) for number, name in enumerate(names, 1)}


def starts_a_month(expression: str) -> float:
    """Starts in a month of average length, of `rate(…)` or `cron(…)`.

    Raises:
        Trouble: it is neither.
    """
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if rate:
        return DAYS * _SECONDS["day"] / (int(rate[1]) * _SECONDS[rate[2]])
    cron = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) \S+\)", expression)
    if not cron:
        raise Trouble(f"schedule {expression!r}: how often that is in a month is known of rate(…) and cron(…)")
    minutes, hours, day, month, weekday = cron.groups()
    return _times(minutes, 60) * _times(hours, 24) * _days(day, weekday) * _times(month, 12) / 12


def _days(day: str, weekday: str) -> float:
    if weekday in ("?", "*"):
        return DAYS if day in ("?", "*") else _times(day, 31)
    return 1.0 if "#" in weekday or "L" in weekday else DAYS * _times(weekday, 7) / 7


def _times(field: str, of: int) -> int:
    return sum(_one(part, of) for part in field.split(","))


def _one(part: str, of: int) -> int:
    """How many values a part of a field stands for: all, every so many, from one to another, or one."""
    numbered = re.sub(r"[A-Z]{3}", lambda name: str(_NAMES[name[0]]), part)
    begin, _, step = numbered.partition("/")
    first, _, last = begin.partition("-")
    if first in ("*", "?"):
        span = of
    elif last:
        span = (int(last) - int(first)) % of + 1
    else:
        span = of - int(first) if step and first.isdecimal() else 1
    return -(-span // int(step or 1))
