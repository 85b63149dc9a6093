"""The expectations there are, in Great Expectations' vocabulary, and what each compiles to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from holdfast.errors import ConfigurationInvalid

Severity = Literal["warn", "quarantine", "halt"]
SEVERITIES: tuple[Severity, ...] = ("warn", "quarantine", "halt")


@dataclass(frozen=True)
class Expectation:
    """One line of a suite. `mostly` is the share of rows for which it has to hold."""

    rule: str
    column: str
    severity: Severity
    mostly: float
    kwargs: Mapping[str, Any]
    notes: str

    @property
    def reason(self) -> str:
        """What is wrong with a row that fails, in words."""
        rule = self.rule.removeprefix("expect_").replace("_", " ")
        return self.notes or f"{self.column or 'table'}: {rule} {_told(self.kwargs)}".strip()


@dataclass(frozen=True)
class Rule:
    """What an expectation may say, and its meaning.

    `fails` makes the SQL that is true for a failing row; `refuses` says of a whole table, by its columns and row count,
    whether it fails.
    """

    needs: frozenset[str]
    may: frozenset[str] = frozenset()
    fails: Callable[[str, Mapping[str, Any]], str] | None = None
    refuses: Callable[[Sequence[str], int, Mapping[str, Any]], bool] | None = None
    nulls_count: bool = False


def _between(column: str, kwargs: Mapping[str, Any]) -> str:
    signs = (
        ("min_value", "<=" if kwargs.get("strict_min") else "<"),
        ("max_value", ">=" if kwargs.get("strict_max") else ">"),
    )
    return (
        " OR ".join(f"{column} {sign} {_value(kwargs[b])}" for b, sign in signs if kwargs.get(b) is not None) or "false"
    )


def _too_many_or_few(columns: Sequence[str], rows: int, kwargs: Mapping[str, Any]) -> bool:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    return (low is not None and rows < low) or (high is not None and rows > high)


_BOUNDS = frozenset({"min_value", "max_value"})
_COLUMN = frozenset({"column"})

RULES: dict[str, Rule] = {
    "expect_column_to_exist": Rule(
        _COLUMN, refuses=lambda columns, rows, kwargs: rows > 0 and kwargs["column"] not in columns
    ),
    "expect_column_values_to_not_be_null": Rule(_COLUMN, fails=lambda column, _: f"{column} IS NULL", nulls_count=True),
    "expect_column_values_to_be_unique": Rule(
        _COLUMN, fails=lambda column, kwargs: f"{column} IN (SELECT {column} FROM {repeated(kwargs['column'])})"
    ),
    "expect_column_values_to_be_between": Rule(_COLUMN, _BOUNDS | {"strict_min", "strict_max"}, fails=_between),
    "expect_column_values_to_match_regex": Rule(
        _COLUMN | {"regex"},
        fails=lambda column, kwargs: f"NOT regexp_matches({column}::VARCHAR, {_value('^(?:' + kwargs['regex'] + ')')})",
    ),
    "expect_column_values_to_be_in_set": Rule(
        _COLUMN | {"value_set"},
        fails=lambda column, kwargs: f"{column} NOT IN ({', '.join(map(_value, kwargs['value_set']))})",
    ),
    "expect_table_row_count_to_be_between": Rule(frozenset(), _BOUNDS, refuses=_too_many_or_few),
}
_UNIQUE = "expect_column_values_to_be_unique"


def expectation(entry: Any, where: str) -> Expectation:
    """One entry of a suite, checked.

    Raises:
        ConfigurationInvalid: naming the file, what is wrong and what is allowed.
    """
    if not isinstance(entry, Mapping) or not isinstance(kwargs := entry.get("kwargs", {}), Mapping):
        raise ConfigurationInvalid(
            f"{where}: an expectation is a mapping with expectation_type, kwargs, severity and meta"
        )
    rule = _one_of(entry.get("expectation_type"), RULES, f"{where}: expectation_type")
    severity = _one_of(entry.get("severity", "quarantine"), SEVERITIES, f"{where}: {rule}: severity")
    allowed = RULES[rule].needs | RULES[rule].may | ({"mostly"} if RULES[rule].fails else set())
    if wrong := (RULES[rule].needs - set(kwargs)) or (set(kwargs) - allowed):
        raise ConfigurationInvalid(f"{where}: {rule}: {', '.join(sorted(wrong))} in kwargs; "
                                   f"needed: {_names(RULES[rule].needs)}; allowed: {_names(allowed)}")  # fmt: skip
    mostly = kwargs.get("mostly", 1.0)
    if not isinstance(mostly, int | float) or not 0 < mostly <= 1:
        raise ConfigurationInvalid(f"{where}: {rule}: mostly is {mostly!r}; it is a share above 0 and up to 1")
    notes = (entry.get("meta") or {}).get("notes") or ""
    return Expectation(rule, str(kwargs.get("column", "")), severity, float(mostly), dict(kwargs), str(notes).strip())


def failing(expected: Expectation) -> str:
    """SQL that is true for a row that fails, and never null."""
    make = RULES[expected.rule].fails
    return f"coalesce({make(quoted(expected.column), expected.kwargs)}, false)" if make else "false"


def judged(expected: Expectation) -> str:
    """SQL that is true for a row that counts for `mostly`: nulls count only where null is the question."""
    return (
        "true" if RULES[expected.rule].nulls_count or not expected.column else f"{quoted(expected.column)} IS NOT NULL"
    )


def unique_columns(expectations: Sequence[Expectation]) -> list[str]:
    """Columns whose values must not repeat."""
    return sorted({each.column for each in expectations if each.rule == _UNIQUE})


def repeated(column: str) -> str:
    """Name of the relation that holds a column's repeated values."""
    return quoted(f"repeated {column}")


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def _value(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "'" + str(value).replace("'", "''") + "'"
    return repr(value)


def _told(kwargs: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in kwargs.items() if name not in {"column", "mostly"})


def _one_of(value: Any, allowed: Any, where: str) -> Any:
    if value not in allowed:
        raise ConfigurationInvalid(f"{where} {value!r} is unknown; there are {_names(allowed)}")
    return value


def _names(names: Any) -> str:
    return ", ".join(sorted(names)) or "none"
