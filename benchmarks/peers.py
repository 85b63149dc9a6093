"""The same work by other engines, as their manuals and our own trials say that it is quickest: Parquet by day, uncommitted."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from holdfast.pseudonym import Pseudonymiser

_COLUMNS = {
    "event_id": "VARCHAR", "user_id": "VARCHAR", "account_id": "VARCHAR", "event": "VARCHAR", "module": "VARCHAR",
    "ts": "TIMESTAMP", "received_at": "TIMESTAMP", "duration_min": "DOUBLE", "amount": "DOUBLE",
}  # fmt: skip
_DOMAINS = {"user_id": "customer", "account_id": "account"}

_REPEATED = """
DELETE FROM events WHERE rowid IN (
    SELECT rowid
    FROM (
        SELECT rowid, row_number() OVER (PARTITION BY event_id ORDER BY received_at, ts, rowid) AS turn
        FROM events
        WHERE event_id IN (SELECT event_id FROM events GROUP BY event_id HAVING count(*) > 1))
    WHERE turn > 1)"""


def duckdb_tuned(files: Sequence[Path], out: Path, key: Pseudonymiser) -> int:
    """DuckDB: duplicate rowids deleted, HMAC in SQL of distinct identifiers, joined."""
    import duckdb

    connection = duckdb.connect(config={"temp_directory": str(out / "spilled")})
    listed = ", ".join(f"'{path}'" for path in files)
    connection.execute(
        f"CREATE TABLE events AS FROM read_json([{listed}], format = 'newline_delimited', columns = {_COLUMNS})"
    )
    connection.execute(_REPEATED)
    for column, domain in _DOMAINS.items():
        connection.execute(
            f"CREATE TABLE {domain} AS SELECT raw, {_hmac(key, domain)} AS made FROM (SELECT DISTINCT {column} AS raw FROM events)"
        )
    copied = connection.execute(f"""
COPY (
    SELECT c.made AS customer_id, event_id, ts AS event_time, received_at AS known_at, event AS kind, module,
        a.made AS account_id, amount, duration_min, ts::DATE AS day
    FROM events JOIN customer c ON c.raw = user_id JOIN account a ON a.raw = account_id)
TO '{out / "rows"}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day))""").fetchall()
    return int(copied[0][0])


def _hmac(key: Pseudonymiser, domain: str) -> str:
    """HMAC-SHA256 as SQL, which DuckDB has no function for, of the message that `Pseudonymiser` makes of ASCII identifiers."""
    block = key.key.ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block).hex() for pad in (0x36, 0x5C))
    message = f"('{len(domain)}:{domain}' || length(raw) || ':' || raw)::BLOB"
    digest = f"sha256(unhex('{outer}') || unhex(sha256(unhex('{inner}') || {message})))"
    return f"'{key.key_id}_' || left({digest}, 32)"


def polars_lazy(files: Sequence[Path], out: Path, key: Pseudonymiser) -> int:
    """Polars: eager read, unique by id after a sort of the repeated ones only, identifiers replaced by a join."""
    import polars as pl

    kinds = {"VARCHAR": pl.String, "TIMESTAMP": pl.String, "DOUBLE": pl.Float64}
    schema = {name: kinds[kind] for name, kind in _COLUMNS.items()}
    rows = pl.concat([pl.scan_ndjson(path, schema=schema) for path in files]).collect()
    rows = rows.with_columns(
        pl.col("ts", "received_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ", time_unit="us"),
    ).with_row_index("row", 0)
    twice = rows["event_id"].is_duplicated()
    first = rows.filter(twice).sort("received_at", "ts", "row").unique("event_id", keep="first", maintain_order=True)
    rows = pl.concat([rows.filter(~twice), first])
    for column, domain in _DOMAINS.items():
        made = key.distinct(rows[column].unique(), domain)
        rows = rows.join(pl.DataFrame({column: list(made), f"made_{domain}": list(made.values())}), on=column)
    rows = rows.select(
        pl.col("made_customer").alias("customer_id"), "event_id", pl.col("ts").alias("event_time"), pl.col("received_at").alias("known_at"),
        pl.col("event").alias("kind"), "module", pl.col("made_account").alias("account_id"),
        "amount", "duration_min",
    )  # fmt: skip
    for (day,), part in rows.group_by(pl.col("event_time").dt.date()):
        path = out / "rows" / f"day={day}"
        path.mkdir(parents=True)
        part.write_parquet(path / "rows.parquet", compression="zstd", compression_level=1)
    return rows.height


def pyarrow_json(files: Sequence[Path], out: Path, key: Pseudonymiser) -> int:
    """pyarrow: its JSON reader file by file, the first of each id by grouping, dictionaries for identifiers."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.dataset as ds
    import pyarrow.json as pj

    kinds = {"VARCHAR": pa.string(), "TIMESTAMP": pa.timestamp("us"), "DOUBLE": pa.float64()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in _COLUMNS.items()])
    parse = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    pieces = []
    for path in files:
        with pa.input_stream(path) as stream:
            pieces.append(pj.read_json(stream, pj.ReadOptions(block_size=1 << 22), parse))
    rows = pa.concat_tables(pieces)
    rows = rows.append_column("row", pa.array(range(len(rows)), pa.int64()))
    counts = rows.group_by("event_id").aggregate([([], "count_all")])
    many = counts.filter(pc.greater(counts["count_all"], 1))["event_id"]
    twice = pc.is_in(rows["event_id"], value_set=many)
    repeated = rows.filter(twice).sort_by([("received_at", "ascending"), ("ts", "ascending"), ("row", "ascending")])
    first = repeated.group_by("event_id", use_threads=False).aggregate([("row", "first")])["row_first"]
    rows = pa.concat_tables([rows.filter(pc.invert(twice)), rows.take(first)])
    made = {}
    for column, domain in _DOMAINS.items():
        coded = rows[column].dictionary_encode().combine_chunks()
        coded = coded.chunk(0) if isinstance(coded, pa.ChunkedArray) else coded
        texts = [key.one(text, domain) for text in coded.dictionary.to_pylist()]
        made[f"{domain}_id"] = pa.DictionaryArray.from_arrays(coded.indices, pa.array(texts))
    told = pa.table({
        "customer_id": made["customer_id"], "event_id": rows["event_id"], "event_time": rows["ts"],
        "known_at": rows["received_at"], "kind": rows["event"], "module": rows["module"],
        "account_id": made["account_id"], "amount": rows["amount"], "duration_min": rows["duration_min"],
        "day": pc.strftime(rows["ts"].cast(pa.date32()), "%Y-%m-%d"),
    })  # fmt: skip
    form = ds.ParquetFileFormat()
    ds.write_dataset(
        told, out / "rows", format=form, partitioning=ds.partitioning(pa.schema([("day", pa.string())]), flavor="hive"),
        file_options=form.make_write_options(compression="zstd", compression_level=1), max_partitions=1024,
    )  # fmt: skip
    return len(told)


def dlt_filesystem(files: Sequence[Path], out: Path, key: Pseudonymiser) -> int:
    """dlt: rows one by one into its normaliser and Parquet files; no dedupe by itself, identifiers hashed in a map."""
    import gzip
    import json

    import dlt
    import zstandard

    openers: dict[str, Any] = {".gz": gzip.open, ".zst": zstandard.open}

    @dlt.resource(name="events", write_disposition="append")
    def logs() -> Iterable[dict[str, Any]]:
        for path in files:
            with openers.get(path.suffix, open)(path, "rt") as lines:
                for line in lines:
                    row = json.loads(line)
                    yield row | {name: key.one(row[name], domain) for name, domain in _DOMAINS.items()}

    target = dlt.destinations.filesystem(bucket_url=(out / "rows").resolve().as_uri())
    pipeline = dlt.pipeline("bench", destination=target, dataset_name="events", pipelines_dir=str(out / "state"))
    pipeline.run(logs(), loader_file_format="parquet")
    return int(pipeline.last_trace.last_normalize_info.row_counts["events"])


ENGINES: dict[str, Callable[[Sequence[Path], Path, Pseudonymiser], int]] = {
    "duckdb": duckdb_tuned, "polars": polars_lazy, "pyarrow": pyarrow_json, "dlt": dlt_filesystem,
}  # fmt: skip
"""Where each leaves its Parquet: below `rows` in the folder given."""
