"""The same twenty rules by each engine, as its manual says; each gives the rows that fail per rule, in the suite's order."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

SUITE = Path(__file__).with_name("quality.yml")
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
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    batches = context.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")
    batch = batches.get_batch(batch_parameters={"dataframe": pd.read_parquet(path)})
    suite = gx.ExpectationSuite(name="quality")
    for rule in rules():
        name = "".join(part.capitalize() for part in rule["type"].split("_"))
        suite.add_expectation(getattr(gx.expectations, name)(**rule["kwargs"]))
    found = batch.validate(suite, result_format={"result_format": "BASIC", "partial_unexpected_count": 0})
    by_rule = {
        _key(r.expectation_config.type, r.expectation_config.kwargs): r.result["unexpected_count"]
        for r in found.results
    }
    return [int(by_rule[_key(rule["type"], rule["kwargs"])]) for rule in rules()]


def pandera(path: str) -> list[int]:
    """Pandera on Ibis and DuckDB: one lazy schema. It counts by collecting the values that fail."""
    import ibis
    import pandera.ibis as pa

    rows = ibis.duckdb.connect().read_parquet(path)
    checks: dict[str, list[Any]] = {}
    facts: dict[str, dict[str, Any]] = {}
    whole = []
    for number, rule in enumerate(rules()):
        kwargs, kind = rule["kwargs"], rule["type"].removeprefix("expect_column_")
        column = kwargs.get("column", "")
        options = {"name": f"rule {number}"}
        if kind == "values_to_be_unique":
            facts.setdefault(column, {})["unique"] = True
        elif kind == "values_to_not_be_null":
            facts.setdefault(column, {})["nullable"] = False
        elif kind == "values_to_match_regex":
            checks.setdefault(column, []).append(pa.Check.str_matches(kwargs["regex"], **options))
        elif kind == "values_to_be_between":
            low, high = (_moment(kwargs[bound]) for bound in ("min_value", "max_value"))
            checks.setdefault(column, []).append(pa.Check.in_range(low, high, **options))
        elif kind == "values_to_be_in_set":
            checks.setdefault(column, []).append(pa.Check.isin(kwargs["value_set"], **options))
        elif kind == "values_to_not_be_in_set":
            checks.setdefault(column, []).append(pa.Check.notin(kwargs["value_set"], **options))
        else:
            whole.append(pa.Check(lambda data: data.table.updated_at >= data.table.created_at, **options))
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
    for rule in rules():
        kwargs, kind = rule["kwargs"], rule["type"].removeprefix("expect_column_")
        column = kwargs.get("column", "")
        if kind == "values_to_be_unique":
            plan = plan.rows_distinct(columns_subset=column)
        elif kind == "values_to_not_be_null":
            plan = plan.col_vals_not_null(column)
        elif kind == "values_to_match_regex":
            plan = plan.col_vals_regex(column, kwargs["regex"], na_pass=True)
        elif kind == "values_to_be_between":
            low, high = (_moment(kwargs[bound]) for bound in ("min_value", "max_value"))
            plan = plan.col_vals_between(column, low, high, na_pass=True)
        elif kind == "values_to_be_in_set":
            plan = plan.col_vals_in_set(column, kwargs["value_set"])
        elif kind == "values_to_not_be_in_set":
            plan = plan.col_vals_not_in_set(column, kwargs["value_set"])
        else:
            plan = plan.col_vals_ge("updated_at", pb.col("created_at"), na_pass=True)
    failed = plan.interrogate(collect_extracts=False).n_failed()
    return [int(failed[number]) for number in sorted(failed)]


def _of_pandera(error: Any) -> list[int]:
    """Failing values by rule: `rule 7` by name, missing ones and repeated ones by column."""
    cases = error.failure_cases
    frame = cases if hasattr(cases, "groupby") else cases.to_pandas()
    by_check = frame.groupby(["column", "check"], dropna=False).size().to_dict()
    named: dict[str, int] = {}
    for (column, check), count in by_check.items():
        named[f"{check}"] = named.get(f"{check}", 0) + count
        named[f"{column} {check}"] = count
    counts = []
    for number, rule in enumerate(rules()):
        column, kind = rule["kwargs"].get("column", ""), rule["type"]
        if "unique" in kind or "null" in kind:
            sign = "field_uniqueness" if "unique" in kind else "not_nullable"
            counts.append(named.get(f"{column} {sign}", 0))
        else:
            counts.append(sum(n for name, n in named.items() if name == f"rule {number}"))
    return counts


def _moment(value: Any) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _key(kind: str, kwargs: dict[str, Any]) -> str:
    asked = {name: value for name, value in kwargs.items() if name in ("column", "column_A")}
    return f"{kind} {asked}"


ENGINES: dict[str, Callable[[str], list[int]]] = {
    "holdfast": holdfast,
    "holdfast gate": holdfast_gate,
    "great_expectations": great_expectations,
    "pandera": pandera,
    "pointblank": pointblank,
}

if __name__ == "__main__":
    print(json.dumps(ENGINES[sys.argv[1]](sys.argv[2])))
