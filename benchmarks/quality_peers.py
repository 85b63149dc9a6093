"""The same twenty rules by each engine, as its manual says; each gives the rows that fail per rule, in the suite's order."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

SUITE = Path(__file__).with_name("quality.yml")
_BOUNDS = ("min_value", "max_value")
Rules = list[dict[str, Any]]


def rules() -> Rules:
    """The suite's entries: type and kwargs."""
    return list(yaml.safe_load(SUITE.read_text())["expectations"])


def holdfast(path: str) -> list[int]:
    """Holdfast: one scan by DuckDB."""
    from datetime import UTC, datetime

    import duckdb

    from validate.scan import asked, outcomes, types_of
    from validate.suites import parse
    from validate.wholes import Around

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"CREATE VIEW rows AS FROM read_parquet('{path}')")
    suite = parse(SUITE.read_text(), SUITE.name)
    questions = asked(suite.expectations, types_of(connection), Around(datetime.now(UTC)), suite.name)
    _, found = outcomes(connection, questions)
    return [each.unexpected for each in found]


def holdfast_gate(path: str) -> list[int]:
    """The whole of what Validate does: the scan, quarantine of all failing rows, the cleaned file, the profile of each column."""
    from datetime import UTC, datetime

    from holdfast.store import MemoryStore, read_json
    from validate.judgement import Subject, Zones, verdict
    from validate.suites import parse

    landing, artifacts = MemoryStore("landing"), MemoryStore("artifacts")
    landing.write("landing/run=r/b_rows/00000.parquet", Path(path).read_bytes())
    zones = Zones(landing, MemoryStore("quarantine"), artifacts)
    verdict(Subject("r", "b_rows", "b", "events"), parse(SUITE.read_text(), SUITE.name), zones, datetime.now(UTC))
    return [each["unexpected"] for each in read_json(artifacts, "quality/run=r/b_rows.json")["expectations"]]


def great_expectations(path: str) -> list[int]:
    """Great Expectations on a pandas frame: one suite, one validation."""
    import os

    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    import pandas as pd

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    batches = context.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")
    batch = batches.get_batch(batch_parameters={"dataframe": pd.read_parquet(path)})
    suite = gx.ExpectationSuite(name="quality")
    for rule in rules():
        name = "".join(part.capitalize() for part in rule["type"].split("_"))
        kwargs = dict(zip(_BOUNDS, _moments(rule["kwargs"]), strict=True)) if "min_value" in rule["kwargs"] else {}
        suite.add_expectation(getattr(gx.expectations, name)(**(rule["kwargs"] | kwargs)))
    found = batch.validate(suite, result_format={"result_format": "BASIC", "partial_unexpected_count": 0})
    by_rule = {
        _key(r.expectation_config.type, r.expectation_config.kwargs): r.result["unexpected_count"]
        for r in found.results
    }
    return [int(by_rule[_key(rule["type"], rule["kwargs"])]) for rule in rules()]


def pandera(path: str) -> Sequence[int | None]:
    """Pandera on Ibis and DuckDB: one lazy schema. It counts by collecting the values that fail."""
    import ibis
    import pandera.ibis as pa

    rows = ibis.duckdb.connect().read_parquet(path)
    checks: dict[str, list[Any]] = {}
    facts: dict[str, dict[str, Any]] = {}
    whole = []
    made = {
        "values_to_match_regex": lambda kwargs, name: pa.Check.str_matches(kwargs["regex"], error=name),
        "values_to_be_between": lambda kwargs, name: pa.Check.in_range(*_moments(kwargs), error=name),
        "values_to_be_in_set": lambda kwargs, name: pa.Check.isin(kwargs["value_set"], error=name),
        "values_to_not_be_in_set": lambda kwargs, name: pa.Check.notin(kwargs["value_set"], error=name),
    }
    declared = {"values_to_be_unique": {"unique": True}, "values_to_not_be_null": {"nullable": False}}
    for number, rule in enumerate(rules()):
        kwargs, kind = rule["kwargs"], rule["type"].removeprefix("expect_column_")
        column = kwargs.get("column", "")
        if kind in declared:
            facts.setdefault(column, {}).update(declared[kind])
        elif kind in made:
            checks.setdefault(column, []).append(made[kind](kwargs, f"rule {number}"))
        else:
            whole.append(pa.Check(lambda data: data.table.updated_at >= data.table.created_at, error=f"rule {number}"))
    columns = {
        name: pa.Column(checks=checks.get(name, []), **({"nullable": True} | facts.get(name, {})))
        for name in {*checks, *facts}
    }
    try:
        pa.DataFrameSchema(columns, checks=whole).validate(rows, lazy=True)
    except pa.errors.SchemaErrors as error:
        return _of_pandera(error)
    return [0] * len(rules())


def pointblank(path: str) -> list[int]:
    """Pointblank on Ibis and DuckDB: one plan of steps, without extracts of the failing rows."""
    import ibis
    import pointblank as pb

    plan = pb.Validate(ibis.duckdb.connect().read_parquet(path))
    steps: dict[str, Callable[[Any, str, dict[str, Any]], Any]] = {
        "values_to_be_unique": lambda plan, column, _: plan.rows_distinct(columns_subset=column),
        "values_to_not_be_null": lambda plan, column, _: plan.col_vals_not_null(column),
        "values_to_match_regex": lambda plan, column, kwargs: plan.col_vals_regex(
            column, kwargs["regex"], na_pass=True
        ),
        "values_to_be_between": lambda plan, column, kwargs: plan.col_vals_between(
            column, *_moments(kwargs), na_pass=True
        ),
        "values_to_be_in_set": lambda plan, column, kwargs: plan.col_vals_in_set(column, kwargs["value_set"]),
        "values_to_not_be_in_set": lambda plan, column, kwargs: plan.col_vals_not_in_set(column, kwargs["value_set"]),
        "pair_values_a_to_be_greater_than_b": lambda plan, _, kwargs: plan.col_vals_ge(
            kwargs["column_A"], pb.col(kwargs["column_B"]), na_pass=True
        ),
    }
    for rule in rules():
        kind = rule["type"].removeprefix("expect_column_")
        plan = steps[kind](plan, rule["kwargs"].get("column", ""), rule["kwargs"])
    failed = plan.interrogate(collect_extracts=False).n_failed()
    return [int(failed[number]) for number in sorted(failed)]


def _of_pandera(error: Any) -> list[int | None]:
    """Failing values by rule. It says that values are missing but not how many, and on Ibis it leaves `unique` out."""
    counts = error.failure_cases.groupby("check").size().to_dict()
    kinds = [rule["type"] for rule in rules()]
    return [None if "unique" in kind or "null" in kind else int(counts.get(f"rule {number}", 0))
            for number, kind in enumerate(kinds)]  # fmt: skip


def _moments(kwargs: dict[str, Any]) -> list[Any]:
    from datetime import datetime

    bounds = [kwargs[bound] for bound in _BOUNDS]
    return [datetime.fromisoformat(bound) if isinstance(bound, str) else bound for bound in bounds]


def _key(kind: str, kwargs: dict[str, Any]) -> str:
    asked = {name: value for name, value in kwargs.items() if name in ("column", "column_A")}
    return f"{kind} {asked}"


ENGINES: dict[str, Callable[[str], Sequence[int | None]]] = {
    "holdfast": holdfast,
    "holdfast gate": holdfast_gate,
    "great_expectations": great_expectations,
    "pandera": pandera,
    "pointblank": pointblank,
}

if __name__ == "__main__":
    print(json.dumps(ENGINES[sys.argv[1]](sys.argv[2])))
