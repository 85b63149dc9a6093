"""A full disk is told in one way, whichever library met it."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holdfast.disk import told_if_full
from holdfast.errors import DiskFull, RunFailed


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    mounted = ["/bin/mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(tmp_path)]
    if os.getuid() or subprocess.run(mounted, capture_output=True, check=False).returncode:
        pytest.skip("only root may bound a disk")
    yield tmp_path
    subprocess.run(["/bin/umount", "--lazy", str(tmp_path)], check=True)


def _bytes(path: Path) -> None:
    path.write_bytes(bytes(3 << 20))


def _parquet(path: Path) -> None:
    pq.write_table(pa.table({"a": np.random.default_rng(0).random(1_000_000)}), path)


def _numbers(path: Path) -> None:
    np.ones(1_000_000).tofile(path)


def _numbers_on_what_was_full_before(path: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        _bytes(path.with_suffix(".ballast"))
    np.ones(1_000).tofile(path)


@pytest.mark.parametrize("write", [_bytes, _parquet, _numbers, _numbers_on_what_was_full_before])
def test_a_library_that_cannot_write(small: Path, write: Callable[[Path], None]) -> None:
    full = r"the disk of Transform \(.* GB\) is full; redrive the run"
    with pytest.raises(DiskFull, match=full) as told, told_if_full("Transform"):
        write(small / "written")
    assert told.value.__cause__ is not None


def test_a_query_that_fits_neither_into_memory_nor_onto_the_disk(small: Path) -> None:
    connection = duckdb.connect(
        config={"temp_directory": str(small / "beyond"), "memory_limit": "40MB", "threads": "1"}
    )
    with pytest.raises(DiskFull), told_if_full("Ingest"):
        connection.sql(
            "SELECT range, random() AS turn, md5(range::VARCHAR) FROM range(1000000) ORDER BY turn"
        ).fetchall()


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(2, "no such file"),
        ValueError("5 rows requested"),
        KeyError("a"),
        RunFailed("IngestAll: OSError: [Errno 28] No space left on device"),
    ],
)
def test_other_errors_stay_as_they_are(error: Exception) -> None:
    with pytest.raises(type(error)) as told, told_if_full("Ingest"):
        raise error
    assert told.value is error
