"""SQL that turns text into typed values: moments, numbers, flags. What cannot be read becomes null."""


def text(expression: str) -> str:
    """Blank is null."""
    return f"nullif(trim({expression}), '')"


def moment(expression: str) -> str:
    """ISO 8601, YYYYMMDD, or a Unix time in seconds, milli-, micro- or nanoseconds (told apart by size), in UTC."""
    day = f"try_strptime({expression}, '%Y%m%d')::TIMESTAMPTZ"
    unix = f"make_timestamptz(try_cast({_microseconds(f'try_cast({expression} AS DOUBLE)')} AS BIGINT))"
    digits = f"CASE WHEN regexp_full_match({expression}, '[12]\\d{{7}}') THEN {day} ELSE {unix} END"
    value = f"coalesce(try_cast({expression} AS TIMESTAMPTZ), {digits})"
    return f"nullif(nullif({value}, 'infinity'), '-infinity')"


def _microseconds(number: str) -> str:
    small = f"CASE WHEN abs({number}) < 1e11 THEN {number} * 1e6 ELSE {number} * 1e3 END"
    return (
        f"CASE WHEN abs({number}) < 1e14 THEN {small} WHEN abs({number}) < 1e17 THEN {number} ELSE {number} / 1e3 END"
    )


def number(expression: str) -> str:
    """A finite number; commas may set off its thousands."""
    said = f"{expression}::VARCHAR"
    grouped = rf"regexp_full_match({said}, '[+-]?\d{{1,3}}(,\d{{3}})+(\.\d+)?')"
    without = f"try_cast(CASE WHEN {grouped} THEN replace({said}, ',', '') END AS DOUBLE)"
    return f"nullif(nullif(nullif(coalesce(try_cast({expression} AS DOUBLE), {without}), 'inf'), '-inf'), 'nan')"


def flag(expression: str) -> str:
    """true or false."""
    return f"try_cast({expression} AS BOOLEAN)"


TYPED = {"text": text, "time": moment, "number": number, "flag": flag}
