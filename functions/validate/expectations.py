"""The lines of a suite, in Great Expectations' vocabulary: what each may say, checked as it is read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from holdfast.errors import ConfigurationInvalid
from validate import distributions, rows, wholes
from validate.checks import CHECKS
from validate.conditions import PARSERS, ConditionError, Tree, columns_of, parsed

Severity = Literal["warn", "quarantine", "halt"]
SEVERITIES: dict[str, Severity] = {
    "warn": "warn", "quarantine": "quarantine", "halt": "halt", "info": "warn", "warning": "warn", "critical": "halt",
}  # fmt: skip
"""Ours, and what Great Expectations' own mean here."""

WHOLES = wholes.ASKED | distributions.ASKED


@dataclass(frozen=True)
class Expectation:
    """One line of a suite. `mostly` is the share of rows for which it has to hold."""

    rule: str
    column: str
    """The column that is asked, several with commas between, or nothing."""
    severity: Severity
    mostly: float
    kwargs: Mapping[str, Any]
    notes: str
    condition: Tree | None = None
    if_present: bool = False
    """Whether it is passed over where the table lacks its columns."""

    @property
    def name(self) -> str:
        """What quarantine and alerts call it."""
        return f"{self.rule}({self.column})"

    @property
    def reason(self) -> str:
        """What is wrong with a row that fails, in words."""
        rule = self.rule.removeprefix("expect_").replace("_", " ")
        return self.notes or f"{self.column or 'table'}: {rule} {_told(self.kwargs)}".strip()

    @property
    def asks_rows(self) -> bool:
        """Whether single rows fail, or the table."""
        return self.rule in rows.ASKED

    @property
    def columns(self) -> list[str]:
        """All columns that have to be there for it to be judged."""
        if self.rule == "expect_column_to_exist":
            return []
        listed = self.kwargs.get("column_list", []) if self.rule in _SEVERAL else []
        pair = [self.kwargs[name] for name in ("column", "column_A", "column_B") if name in self.kwargs]
        return [*pair, *listed, *sorted(columns_of(self.condition) if self.condition else ())]


class Form(NamedTuple):
    """What kwargs a rule needs, and what others it may have."""

    needs: frozenset[str]
    may: frozenset[str] = frozenset()


def _form(needs: str = "", may: str = "") -> Form:
    return Form(frozenset(needs.split()), frozenset(may.split()))


_BOUNDS = "min_value max_value strict_min strict_max"
_IGNORED = "ignore_row_if"
_SEVERAL = {
    "expect_multicolumn_sum_to_equal",
    "expect_multicolumn_values_to_be_equal",
    "expect_select_column_values_to_be_unique_within_record",
    "expect_compound_columns_to_be_unique",
}
FORMS: dict[str, Form] = {
    "expect_column_to_exist": _form("column", "column_index"),
    "expect_table_columns_to_match_set": _form("column_set", "exact_match"),
    "expect_table_columns_to_match_ordered_list": _form("column_list"),
    "expect_table_column_count_to_be_between": _form("", _BOUNDS),
    "expect_table_column_count_to_equal": _form("value"),
    "expect_table_row_count_to_be_between": _form("", _BOUNDS),
    "expect_table_row_count_to_equal": _form("value"),
    "expect_table_row_count_to_be_near_last_runs": _form("max_change", "runs"),
    "expect_column_to_be_fresh": _form("column max_age_hours"),
    "expect_column_values_to_be_of_type": _form("column type_"),
    "expect_column_values_to_be_in_type_list": _form("column type_list"),
    "expect_column_values_to_be_between": _form("column", _BOUNDS),
    "expect_column_values_to_be_in_set": _form("column value_set"),
    "expect_column_values_to_not_be_in_set": _form("column value_set"),
    "expect_column_values_to_match_regex": _form("column regex"),
    "expect_column_values_to_not_match_regex": _form("column regex"),
    "expect_column_values_to_match_regex_list": _form("column regex_list", "match_on"),
    "expect_column_values_to_not_match_regex_list": _form("column regex_list"),
    "expect_column_value_lengths_to_be_between": _form("column", _BOUNDS),
    "expect_column_value_lengths_to_equal": _form("column value"),
    "expect_column_values_to_be_in_other_table": _form("column other_table other_column"),
    "expect_field_to_fit": _form("column field type"),
    "expect_field_to_be_declared": _form("column fields"),
    "expect_column_pair_values_a_to_be_greater_than_b": _form("column_A column_B", f"or_equal {_IGNORED}"),
    "expect_column_pair_values_to_be_equal": _form("column_A column_B", _IGNORED),
    "expect_column_pair_values_to_be_in_set": _form("column_A column_B value_pairs_set", _IGNORED),
    "expect_multicolumn_sum_to_equal": _form("column_list sum_total", _IGNORED),
    "expect_multicolumn_values_to_be_equal": _form("column_list", _IGNORED),
    "expect_select_column_values_to_be_unique_within_record": _form("column_list", _IGNORED),
    "expect_compound_columns_to_be_unique": _form("column_list", _IGNORED),
    "expect_column_quantile_values_to_be_between": _form("column quantile_ranges", "allow_relative_error"),
    "expect_column_distinct_values_to_be_in_set": _form("column value_set"),
    "expect_column_distinct_values_to_contain_set": _form("column value_set"),
    "expect_column_distinct_values_to_equal_set": _form("column value_set"),
    "expect_column_kl_divergence_to_be_less_than": _form(
        "column partition_object threshold", "tail_weight_holdout bucketize_data internal_weight_holdout"
    ),
}
for _rule in [*rows.ASKED, *WHOLES]:
    FORMS.setdefault(_rule, _form("column", _BOUNDS if _rule in WHOLES else ""))

_NOT_OURS = {"batch_id", "result_format", "catch_exceptions", "include_config", "suite_parameter_options"}
"""What Great Expectations keeps in kwargs for itself."""
_ENTRY = {"name", "type", "expectation_type", "kwargs", "severity", "meta", "mostly"}
_ENTRY_NOT_OURS = {"id", "notes", "description", "rendered_content", "expectation_context", "ge_cloud_id"}


def expectation(entry: Any, where: str) -> Expectation:
    """One entry of a suite, in either spelling, checked.

    Raises:
        ConfigurationInvalid: naming the file, what is wrong and what is allowed.
    """
    if not isinstance(entry, Mapping) or not isinstance(entry.get("kwargs", {}), Mapping):
        raise ConfigurationInvalid(
            f"{where}: an expectation is a mapping with expectation_type (or type), kwargs, severity and meta"
        )
    rule = _one_of(entry.get("type", entry.get("expectation_type")), FORMS, f"{where}: expectation_type")
    place = f"{where}: {rule}"
    kwargs = _kwargs(entry, rule, place)
    severity = _one_of(entry.get("severity") or "quarantine", SEVERITIES, f"{place}: severity")
    meta = entry.get("meta") or {}
    if not isinstance(meta, Mapping):
        raise ConfigurationInvalid(f"{place}: meta is {meta!r}; it is a mapping, with `notes` for people")
    condition = _condition(kwargs, place)
    mostly = kwargs.pop("mostly", 1.0)
    if isinstance(mostly, bool) or not isinstance(mostly, int | float) or not 0 < mostly <= 1:
        raise ConfigurationInvalid(f"{place}: mostly is {mostly!r}; it is a share above 0 and up to 1")
    notes = meta.get("notes") or entry.get("notes") or ""
    told = " ".join(map(str, notes)) if isinstance(notes, list) else str(notes)
    return Expectation(rule, _asked(kwargs), SEVERITIES[severity], float(mostly), kwargs, told.strip(), condition,
                       bool(meta.get("if_present")))  # fmt: skip


def _kwargs(entry: Mapping[str, Any], rule: str, place: str) -> dict[str, Any]:
    """The kwargs of either spelling: under `kwargs`, or beside `name`, which is the column then.

    Raises:
        ConfigurationInvalid: some are missing, unknown or impossible.
    """
    kwargs = dict(entry.get("kwargs", {}))
    beside = {key: value for key, value in entry.items() if key not in _ENTRY | _ENTRY_NOT_OURS}
    if "kwargs" in entry and beside:
        raise ConfigurationInvalid(f"{place}: {_names(beside)} beside kwargs; allowed there: {_names(_ENTRY)}")
    form = FORMS[rule]
    kwargs |= beside | {key: entry[key] for key in ("mostly",) if key in entry}
    if "name" in entry and "column" in form.needs:
        kwargs.setdefault("column", entry["name"])
    kwargs = {key: value for key, value in kwargs.items() if value is not None and key not in _NOT_OURS}
    if rule not in ("expect_column_to_exist", "expect_table_columns_to_match_set"):
        form = Form(form.needs, form.may | {"row_condition", "condition_parser"})
    allowed = form.needs | form.may | ({"mostly"} if rule in rows.ASKED or "type" in rule else set())
    if wrong := (form.needs - set(kwargs)) or (set(kwargs) - allowed):
        what = "missing" if form.needs - set(kwargs) else "not allowed"
        raise ConfigurationInvalid(f"{place}: {_names(wrong)} in kwargs {what}; "
                                   f"needed: {_names(form.needs)}; allowed: {_names(allowed)}")  # fmt: skip
    for name, value in kwargs.items():
        if name in CHECKS and (problem := CHECKS[name](value, kwargs)):
            raise ConfigurationInvalid(f"{place}: {name} is {value!r}; {problem}")
    if set(_BOUNDS.split()) <= allowed and not {"min_value", "max_value"} & set(kwargs) and rule in rows.ASKED:
        raise ConfigurationInvalid(f"{place}: min_value or max_value is needed")
    return kwargs


def _condition(kwargs: dict[str, Any], place: str) -> Tree | None:
    parser, condition = kwargs.pop("condition_parser", None), kwargs.pop("row_condition", None)
    if parser is not None:
        _one_of(parser, PARSERS, f"{place}: condition_parser")
    try:
        return None if condition is None else parsed(condition)
    except ConditionError as error:
        raise ConfigurationInvalid(f"{place}: {error}") from error


def _asked(kwargs: Mapping[str, Any]) -> str:
    names = [kwargs[name] for name in ("column", "column_A", "column_B") if name in kwargs]
    return ",".join(map(str, names or kwargs.get("column_list", [])))


def _told(kwargs: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in kwargs.items() if not name.startswith("column"))


def _one_of(value: Any, allowed: Collection[str], where: str) -> Any:
    if not isinstance(value, str) or value not in allowed:
        raise ConfigurationInvalid(f"{where} {value!r} is unknown; there are {_names(allowed)}")
    return value


def _names(names: Collection[Any]) -> str:
    return ", ".join(sorted(map(str, names))) or "none"


__all__ = ["FORMS", "SEVERITIES", "WHOLES", "Expectation", "Sequence", "expectation"]
