"""Great Expectations' own verdicts and counts on tables with every nastiness, expectation by expectation."""

import os
import re
import warnings
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from validate.expectations import expectation
from validate.scan import asked, outcomes, types_of
from validate.wholes import Around

os.environ["GX_ANALYTICS_ENABLED"] = "false"
gx = pytest.importorskip("great_expectations", reason="dependency group quality is not installed")

EXAMPLES = int(os.environ.get("HOLDFAST_EXAMPLES", "25"))
NOW = datetime(2026, 11, 23, tzinfo=UTC)
NASTY = ["", " ", "a", "A", "ab1", "é", "日本", "a\n", "\n", "it's", '"', "a@b.co", "a.b-c@d-e.org", "😀", "١٢", "\u00a0", "NULL", "1", "-2", "nan", "a\tb",
         "\u2028", "x" * 300, "%_", "\\", "Straße", "ǅ", "½", "e\u0301"]  # fmt: skip
COLUMNS = {
    "number": (pa.int64(), st.integers(-4, 6) | st.sampled_from([2**53, -(2**40)])),
    "real": (
        pa.float64(),
        st.sampled_from([0.0, -0.0, 1.0, 2.5, -3.25, 5.0, 1e300, float("nan"), float("inf"), float("-inf")]),
    ),
    "finite": (pa.float64(), st.integers(-8, 12).map(lambda n: n / 2)),
    "text": (pa.string(), st.sampled_from(NASTY)),
    "word": (pa.string(), st.sampled_from(["a", "b", "c", "é"])),
    "flag": (pa.bool_(), st.booleans()),
    "moment": (pa.timestamp("us"), st.integers(-3, 3).map(lambda n: datetime(2026, 1, 1) + timedelta(days=n))),
}
NUMBERS, TEXTS = ["number", "real", "finite"], ["text", "word"]
ANY = sorted(COLUMNS)


@st.composite
def tables(draw: Any, kinds: dict[str, list[str]], most: int = 12) -> pa.Table:
    """Columns of the kinds named, empty, of one row, all null, or with nulls and repetitions."""
    size = draw(st.sampled_from([0, 1, 2, 3, 5, most]))
    made = {}
    for name, allowed in kinds.items():
        arrow, values = COLUMNS[draw(st.sampled_from(allowed))]
        null = draw(st.sampled_from([0.0, 0.0, 0.3, 1.0]))
        several = st.lists(st.floats(0, 1), min_size=size, max_size=size)
        rows = draw(st.lists(values, min_size=size, max_size=size))
        made[name] = pa.array(
            [None if share < null else row for row, share in zip(rows, draw(several), strict=True)], arrow
        )
    return pa.table(made)


def ours(table: pa.Table, rule: str, kwargs: dict[str, Any]) -> tuple[bool, int]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("rows", table)
    line = expectation({"type": rule, "kwargs": kwargs}, "t.yml")
    _, (found,) = outcomes(connection, asked([line], types_of(connection), Around(NOW), "t"))
    return found.holds, found.unexpected


CONTEXT = gx.get_context(mode="ephemeral")
CONTEXT.variables.progress_bars = {"globally": False}
BATCHES = CONTEXT.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")


def theirs(table: pa.Table, rule: str, kwargs: dict[str, Any]) -> tuple[bool, int | None, str]:
    made = getattr(gx.expectations, "".join(part.capitalize() for part in rule.split("_")).replace("Kl", "KL"))(
        **kwargs
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # By itself pandas makes integers beside nulls floats, and as a text 0 is "0.0" then.
        whole = {pa.int64(): pd.Int64Dtype()}.get if "regex" in rule else None
        frame = table.to_pandas(types_mapper=whole)
        found = BATCHES.get_batch(batch_parameters={"dataframe": frame}).validate(made)
    told = str(found.exception_info)
    raised = told if re.search("raised_exception[\"']: [tT]rue", told) else ""
    return bool(found.success), found.result.get("unexpected_count"), raised


def agree(table: pa.Table, rule: str, kwargs: dict[str, Any]) -> None:
    holds, unexpected = ours(table, rule, kwargs)
    success, count, raised = theirs(table, rule, kwargs)
    if raised:
        assert not holds or not unexpected, (rule, kwargs, table.to_pydict(), raised)
        return
    assert holds == success, (rule, kwargs, table.to_pydict(), table.schema.types)
    if rule in CASES or rule in SEVERAL:
        assert unexpected == (count or 0), (rule, kwargs, table.to_pydict())


def optional(**strategies: Any) -> Any:
    return st.fixed_dictionaries({}, optional=strategies)


MOSTLY = {"mostly": st.sampled_from([1.0, 0.9, 0.5, 0.25])}
STRICT = {"strict_min": st.booleans(), "strict_max": st.booleans()}
SETS = st.lists(
    st.sampled_from([0, 1, 2, 5, 2.5, -3.25, "a", "b", "é", "it's", "NULL", "1"]),
    min_size=1,
    max_size=4,
    unique_by=repr,
)
CONDITIONS = st.sampled_from(
    ['w == "a"', 'w != "a"', 'w in ["a", "b"]', 'w not in ["a"]', 'w == "a" or w == "b"', 'not (w == "a")', "w.isnull()", "w.notnull()",
     'w == "a" and n > 0', "n >= 1", "0 < n <= 3", "~(n > 1)", '(w == "a") | (n < 0)', "`n` < 2"]
)  # fmt: skip
REGEXES = [r"^[\w\.-]+@[\w\.-]+\.\w{2,}$", r"\d", r"^\w+$", r"\s", r"^\S*$", r"[^\w]", r"^.$", "a$", r"(?i)A", r"^\D+$", "^$", r"[\s\d]", "é|日",
           r"^[^@\s]+@[^@\s]+$", r"^.{2,5}$", "x{300}", r"\.", r"[]a]", r"^(a|b)?c?$", r"\Aa\Z"]  # fmt: skip


@st.composite
def bounds(draw: Any, low: int = -6, high: int = 8, *, half: bool = True) -> dict[str, float]:
    a, b = sorted(draw(st.tuples(st.integers(2 * low, 2 * high), st.integers(2 * low, 2 * high))))
    shift = 2 if half else 1
    pair = {"min_value": a / shift if half else a // 2, "max_value": b / shift if half else b // 2}
    return draw(st.sampled_from([pair, {"min_value": pair["min_value"]}, {"max_value": pair["max_value"]}]))


def case(columns: dict[str, list[str]], *parts: Any) -> Any:
    return columns, parts


ONE = {"x": ANY}
CASES: dict[str, Any] = {
    "expect_column_values_to_not_be_null": case(ONE, optional(**MOSTLY)),
    "expect_column_values_to_be_null": case(ONE, optional(**MOSTLY)),
    "expect_column_values_to_be_unique": case(ONE, optional(**MOSTLY)),
    "expect_column_values_to_be_between": case({"x": [*NUMBERS, "text", "flag"]}, bounds(), optional(**MOSTLY, **STRICT)),
    "expect_column_values_to_be_in_set": case(ONE, st.fixed_dictionaries({"value_set": SETS}), optional(**MOSTLY)),
    "expect_column_values_to_not_be_in_set": case(ONE, st.fixed_dictionaries({"value_set": SETS}), optional(**MOSTLY)),
    "expect_column_values_to_match_regex": case({"x": [*TEXTS, "number"]}, st.fixed_dictionaries({"regex": st.sampled_from(REGEXES)}), optional(**MOSTLY)),
    "expect_column_values_to_not_match_regex": case({"x": TEXTS}, st.fixed_dictionaries({"regex": st.sampled_from(REGEXES)}), optional(**MOSTLY)),
    "expect_column_values_to_match_regex_list": case(
        {"x": TEXTS}, st.fixed_dictionaries({"regex_list": st.lists(st.sampled_from(REGEXES), min_size=1, max_size=3)}),
        optional(match_on=st.sampled_from(["any", "all"]), **MOSTLY)),
    "expect_column_values_to_not_match_regex_list": case(
        {"x": TEXTS}, st.fixed_dictionaries({"regex_list": st.lists(st.sampled_from(REGEXES), min_size=1, max_size=3)}), optional(**MOSTLY)),
    "expect_column_value_lengths_to_be_between": case({"x": TEXTS}, bounds(0, 6, half=False), optional(**MOSTLY, **STRICT)),
    "expect_column_value_lengths_to_equal": case({"x": TEXTS}, st.fixed_dictionaries({"value": st.integers(0, 4)}), optional(**MOSTLY)),
}  # fmt: skip
_PAIR_IGNORED = {"ignore_row_if": st.sampled_from(["both_values_are_missing", "either_value_is_missing", "neither"])}
_IGNORED = {"ignore_row_if": st.sampled_from(["all_values_are_missing", "any_value_is_missing", "never"])}
_LIST = st.just({"column_list": ["x", "y", "z"]})
_PAIR = st.just({"column_A": "x", "column_B": "y"})
_PAIRS = st.lists(
    st.sampled_from([["a", "b"], ["a", "a"], [None, "a"], ["b", None], ["é", "c"]]), min_size=1, max_size=3
)
SEVERAL: dict[str, Any] = {
    "expect_column_pair_values_a_to_be_greater_than_b": case({"x": NUMBERS, "y": NUMBERS}, _PAIR, optional(or_equal=st.booleans(), **_PAIR_IGNORED, **MOSTLY)),
    "expect_column_pair_values_to_be_equal": case({"x": NUMBERS, "y": NUMBERS}, _PAIR, optional(**_PAIR_IGNORED, **MOSTLY)),
    "expect_column_pair_values_to_be_in_set": case({"x": ["word"], "y": ["word"]}, _PAIR, st.fixed_dictionaries({"value_pairs_set": _PAIRS}), optional(**_PAIR_IGNORED, **MOSTLY)),
    "expect_multicolumn_sum_to_equal": case({"x": ["finite"], "y": ["finite"], "z": ["finite"]}, _LIST, st.fixed_dictionaries({"sum_total": st.integers(-4, 4)}), optional(**_IGNORED, **MOSTLY)),
    "expect_multicolumn_values_to_be_equal": case({"x": ["word"], "y": ["word"], "z": ["word"]}, _LIST, optional(**_IGNORED, **MOSTLY)),
    "expect_select_column_values_to_be_unique_within_record": case({"x": ["word"], "y": ["word"], "z": ["word"]}, _LIST, optional(**_IGNORED, **MOSTLY)),
    "expect_compound_columns_to_be_unique": case({"x": ["word"], "y": ["word", "flag"], "z": ["flag"]}, _LIST, optional(**_IGNORED, **MOSTLY)),
}  # fmt: skip
_QUANTILES = st.tuples(
    st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]), min_size=1, max_size=3), st.data()
)
WHOLES: dict[str, Any] = {
    "expect_column_mean_to_be_between": case({"x": [*NUMBERS, "text"]}, bounds(), optional(**STRICT)),
    "expect_column_median_to_be_between": case({"x": [*NUMBERS, "text"]}, bounds(), optional(**STRICT)),
    "expect_column_stdev_to_be_between": case({"x": [*NUMBERS, "text"]}, bounds(0, 6), optional(**STRICT)),
    "expect_column_sum_to_be_between": case({"x": NUMBERS}, bounds(), optional(**STRICT)),
    "expect_column_min_to_be_between": case({"x": NUMBERS}, bounds(), optional(**STRICT)),
    "expect_column_max_to_be_between": case({"x": [*NUMBERS, "text"]}, bounds(), optional(**STRICT)),
    "expect_column_unique_value_count_to_be_between": case(ONE, bounds(0, 8, half=False), optional(**STRICT)),
    "expect_column_proportion_of_unique_values_to_be_between": case(ONE, bounds(0, 1), optional(**STRICT)),
    "expect_column_proportion_of_non_null_values_to_be_between": case(ONE, bounds(0, 1), optional(**STRICT)),
    "expect_column_distinct_values_to_be_in_set": case(ONE, st.fixed_dictionaries({"value_set": SETS})),
    "expect_column_distinct_values_to_contain_set": case(ONE, st.fixed_dictionaries({"value_set": SETS})),
    "expect_column_distinct_values_to_equal_set": case({"x": ["word"]}, st.fixed_dictionaries({"value_set": SETS})),
    "expect_column_kl_divergence_to_be_less_than": case(
        {"x": ["word"]}, st.fixed_dictionaries({"threshold": st.sampled_from([0.05, 0.3, 1.0]), "tail_weight_holdout": st.sampled_from([0, 0.1]),
        "partition_object": st.sampled_from([{"values": ["a", "b"], "weights": [0.5, 0.5]}, {"values": ["a", "b", "c"], "weights": [0.6, 0.3, 0.1]}])})),
    "expect_column_quantile_values_to_be_between": case(
        {"x": NUMBERS}, st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]), bounds()), min_size=1, max_size=3).map(
            lambda pairs: {"quantile_ranges": {"quantiles": [q for q, _ in pairs], "value_ranges": [[b.get("min_value"), b.get("max_value")] for _, b in pairs]}}),
        optional(allow_relative_error=st.sampled_from(["nearest", "lower", "higher"]))),
    "expect_column_to_exist": case(ONE),
    "expect_table_row_count_to_be_between": case(ONE, bounds(0, 6, half=False)),
    "expect_table_row_count_to_equal": case(ONE, st.fixed_dictionaries({"value": st.integers(0, 3)})),
    "expect_table_column_count_to_be_between": case({"x": ANY, "y": ANY}, bounds(0, 3, half=False)),
    "expect_table_column_count_to_equal": case({"x": ANY, "y": ANY}, st.fixed_dictionaries({"value": st.integers(1, 3)})),
    "expect_table_columns_to_match_set": case({"x": ANY, "y": ANY}, st.fixed_dictionaries({"column_set": st.sampled_from([["x"], ["y", "x"], ["x", "z"]])}), optional(exact_match=st.booleans())),
    "expect_table_columns_to_match_ordered_list": case({"x": ANY, "y": ANY}, st.fixed_dictionaries({"column_list": st.sampled_from([["x", "y"], ["y", "x"], ["x"]])})),
}  # fmt: skip
TABLE_RULES = {rule for rule in WHOLES if rule.startswith("expect_table")}
# Its metric for this one leaves the row condition out while its row count does not: one row asked, two unexpected.
LEAVE_CONDITIONS_OUT = {"expect_column_pair_values_to_be_in_set", "expect_column_to_exist"}
CONDITIONED = sorted({*CASES, *SEVERAL, *WHOLES} - TABLE_RULES - LEAVE_CONDITIONS_OUT)
trying = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


def drawn(data: Any, rule: str, columns: dict[str, list[str]], parts: Any) -> tuple[pa.Table, dict[str, Any]]:
    table = data.draw(tables(columns))
    kwargs = (
        {}
        if rule in TABLE_RULES or "x" not in columns or "column_A" in str(parts) or "column_list" in str(parts)
        else {"column": "x"}
    )
    for part in parts:
        kwargs |= data.draw(part)
    return table, kwargs


@pytest.mark.parametrize("rule", sorted({**CASES, **SEVERAL, **WHOLES}))
def test_each_expectation_has_the_same_verdict_and_the_same_count(rule: str) -> None:
    columns, parts = {**CASES, **SEVERAL, **WHOLES}[rule]

    @trying
    @given(st.data())
    def holds(data: Any) -> None:
        table, kwargs = drawn(data, rule, columns, parts)
        agree(table, rule, kwargs)

    holds()


@pytest.mark.parametrize("rule", CONDITIONED)
def test_a_row_condition_leaves_the_same_rows(rule: str) -> None:
    columns, parts = {**CASES, **SEVERAL, **WHOLES}[rule]

    @trying
    @given(st.data(), CONDITIONS)
    def holds(data: Any, condition: str) -> None:
        table, kwargs = drawn(data, rule, {**columns, "w": ["word"], "n": ["finite"]}, parts)
        agree(table, rule, kwargs | {"row_condition": condition, "condition_parser": "pandas"})

    holds()
