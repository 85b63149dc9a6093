"""Usage events as they arrive from landing: file by file, typed as the schema says, staged."""

from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from holdfast.schema import Schema
from holdfast.settings import Settings
from holdfast.sql import connect
from holdfast.store import Store
from holdfast.work import Passed
from validate import unmapped, usage
from validate.staging import Part

_BATCH_ROWS = 1 << 17


def staged(
    tables: Iterable[Passed], landing: Store, settings: Settings, schemas: Mapping[str, Schema], folder: Path
) -> Part:
    """Stage what landed under `folder`: memory holds one file at a time, and whoever did anything."""
    stage = usage.opened(folder / "part", settings, unmapped.columns(schemas.values()))
    connection = connect()
    for table in tables:
        source, schema = settings.of_kind("events")[table.source], schemas[table.source]
        for key in table.files:
            for batch in pq.ParquetFile(BytesIO(landing.read(key))).iter_batches(_BATCH_ROWS):
                connection.register("arrived", pa.Table.from_batches([batch]))
                query = unmapped.selected("arrived", batch.schema.names, schema, source)
                usage.take(stage, connection.sql(query).to_arrow_table(), table.source)
    return stage.close()
