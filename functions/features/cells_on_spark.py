"""The job that Spark runs on EMR Serverless: groups activity as it is asked to, and knows nothing of features.

One file, for `spark-submit` with Spark's own Python and without any package: what is grouped, and by what, is in the request.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession, functions


def main(address: str) -> None:
    """Do what the request at an address asks for; done once more, the same files are there."""
    spark = SparkSession.builder.appName("holdfast-cells").getOrCreate()
    request = json.loads(spark.read.text(address, wholetext=True).collect()[0][0])
    for table in request["tables"]:
        rows = few_texts(read(spark, table), table, request["before_us"])
        rows.createOrReplaceTempView("activity")
        spark.sql(table["statement"]).write.mode("overwrite").parquet(table["cells"])


def read(spark: SparkSession, table: dict[str, Any]) -> DataFrame:
    """The table's files under the names that the statement reads; rows from before there was a column have none of it."""
    rows = spark.read.option("mergeSchema", "true").parquet(*table["files"])
    named = [named_so(rows, **said).alias(alias) for alias, said in table["columns"].items()]
    moments = [
        functions.expr(f"unix_micros({moment})").alias(alias)
        for alias, moment in (("us", "event_time"), ("known_us", "known_at"))
    ]
    return rows.select(*named, *moments)


def named_so(rows: DataFrame, names: list[str], kind: str) -> Column:
    """A column that files may call by several names, or not have."""
    there = [functions.col(quoted(name)) for name in names if name in rows.columns]
    return functions.coalesce(*there) if there else functions.lit(None).cast(kind)


def few_texts(rows: DataFrame, table: dict[str, Any], before_us: int) -> DataFrame:
    """Empties columns of more texts than are told apart, as far as training can know: they would make a group of every row."""
    known = functions.coalesce("known_us", "us") <= before_us
    for name in table["few"]:
        seen = rows.where((functions.col("us") < before_us) & known & functions.col(name).isNotNull())
        if seen.select(name).distinct().limit(table["most"] + 1).count() > table["most"]:
            rows = rows.withColumn(name, functions.lit(None).cast("string"))
    return rows


def quoted(column: str) -> str:
    """A column's name as Spark takes any name."""
    return "`" + column.replace("`", "``") + "`"


if __name__ == "__main__":
    main(sys.argv[1])
