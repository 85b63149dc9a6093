"""Parquet in S3 and the catalog beside it, through awswrangler."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import awswrangler as wr
import pandas as pd
import pyarrow as pa

from holdfast.aws import translated

_WRITTEN = {"coerce_timestamps": "us", "flavor": None}
"""Microseconds, and types as Parquet has them: awswrangler's own defaults are Spark's."""


def read(paths: Sequence[str], columns: Sequence[str] | None = None) -> pa.Table:
    """Rows of Parquet files, in the order of the paths."""
    with translated(f"reading {paths[0]} and {len(paths) - 1} more"):
        frame = wr.s3.read_parquet(
            path=list(paths), columns=list(columns) if columns else None, dtype_backend="pyarrow"
        )
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)


def write(rows: pa.Table, path: str) -> None:
    """Rows as one file."""
    with translated(f"writing {path}"):
        wr.s3.to_parquet(_frame(rows), path, index=False, compression="zstd", pyarrow_additional_kwargs=dict(_WRITTEN))


def put(files: Sequence[Path], path: str) -> list[str]:
    """Bring local files to a place; their addresses."""
    with translated(f"writing {path}"):
        for file in files:
            wr.s3.upload(str(file), f"{path}{file.name}")
    return [f"{path}{file.name}" for file in files]


def older(path: str, before: datetime) -> list[str]:
    """Addresses of all files under a path that were written before a moment."""
    with translated(f"listing {path}"):
        return list(wr.s3.list_objects(path, last_modified_end=before))


def remove(paths: Sequence[str]) -> None:
    """Delete files; one that is not there is none."""
    with translated(f"deleting {len(paths)} files"):
        wr.s3.delete_objects(list(paths))


def cataloged(database: str, table: str) -> bool:
    """Whether the Glue catalog knows a table."""
    with translated(f"looking for table {table}"):
        return bool(wr.catalog.does_table_exist(database=database, table=table))


def metadata_location(database: str, table: str) -> str:
    """Where the catalog says that an Iceberg table's metadata lies: what every other engine will read."""
    with translated(f"reading the catalog's entry of {table}"):
        return str((wr.catalog.get_table_parameters(database=database, table=table) or {}).get("metadata_location", ""))


def _frame(rows: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = rows.to_pandas(types_mapper=pd.ArrowDtype, split_blocks=True)
    return frame
