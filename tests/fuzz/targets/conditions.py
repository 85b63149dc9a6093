"""Row conditions and regular expressions of a suite: what is read can be written as SQL, and DuckDB runs it."""

from validate.conditions import ConditionError, columns_of, compiled, parsed
from validate.patterns import UnsupportedError, translated
from validate.sql import UnjudgeableError

ALLOWED = (ConditionError, UnsupportedError, UnjudgeableError)


def seeds() -> list[bytes]:
    said = [
        'plan == "pro" and seats > 5',
        'col("plan") != "pro"',
        "not (a.isnull() or `b c` in [1, 2.5, 'x'])",
        "1 < a <= 2",
    ]
    return [
        each.encode() for each in [*said, r"^[\w\.-]+@[\w\.-]+\.\w{2,}$", r"[^\]\d]{,3}|(?i:x)\Z", r"(?P<n>a)\s+\x41"]
    ]


def once(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    if data[:1] in b"^[(\\":
        translated(text)
    else:
        tree = parsed(text)
        compiled(tree, dict.fromkeys(columns_of(tree), "VARCHAR"))
