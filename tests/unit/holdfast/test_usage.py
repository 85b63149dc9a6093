"""Every invocation of a run notes what it used, whether it went well or not."""

import subprocess
import sys
import threading

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from holdfast import meter
from holdfast.errors import StorageUnavailable
from holdfast.store import MemoryStore
from holdfast.usage import Used, noted, used_by, used_prefix

PLAN = Used("Plan", seconds=0.5, gigabytes=1.0)


def test_what_is_put_meanwhile_is_noted_with_the_seconds_of_a_cold_start() -> None:
    store = MemoryStore()

    with noted(store, "run", PLAN):
        meter.put(70, 2)
        meter.put(30)

    (found,) = used_by(store, "run")
    assert (found.state, found.puts, found.bytes) == ("Plan", 3, 100)
    assert 0.5 <= found.seconds < 5


def test_a_try_that_fails_is_noted_too_and_both_count() -> None:
    store = MemoryStore()

    with pytest.raises(ValueError, match="broken"), noted(store, "run", PLAN):
        raise ValueError("broken")
    with noted(store, "run", PLAN):
        pass

    assert len(used_by(store, "run")) == 2


def test_what_was_put_before_is_not_noted_again() -> None:
    store = MemoryStore()
    meter.put(1000)

    with noted(store, "run", PLAN):
        pass

    assert used_by(store, "run")[0].bytes == 0


def test_outside_a_run_nothing_is_noted() -> None:
    store = MemoryStore()

    with noted(store, None, PLAN), noted(None, "run", PLAN):
        pass

    assert store.objects == {}


def test_work_is_not_lost_with_its_note() -> None:
    class Away(MemoryStore):
        def write(self, key: str, body: bytes, content_type: str = "") -> None:
            raise StorageUnavailable("S3 is away")

    with noted(Away(), "run", PLAN):
        done = True

    assert done


def test_the_sdks_own_requests_are_metered() -> None:
    nobody = {"endpoint_url": "http://127.0.0.1:9", "config": Config(retries={"total_max_attempts": 1})}
    keys = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}

    with meter.metered() as found:
        with pytest.raises(EndpointConnectionError):
            meter.watch(boto3.client("s3", **keys, **nobody)).put_object(Bucket="b", Key="k", Body=b"12345")
        row = {"id": {"S": "x" * 1500}}
        with pytest.raises(EndpointConnectionError):
            meter.watch(boto3.client("dynamodb", **keys, **nobody)).put_item(TableName="t", Item=row)

    assert (found["puts"], found["writes"]) == (1, 2)
    assert found["bytes"] >= 5


def test_a_note_of_a_newer_version_is_read_as_far_as_it_is_known() -> None:
    store = MemoryStore(
        objects={f"{used_prefix('run')}a.json": b'{"state":"Plan","seconds":1,"gigabytes":2,"colour":3}'}
    )

    assert used_by(store, "run") == [Used("Plan", 1, 2)]


def test_what_a_processor_did_is_noted_and_what_was_waited_for_is_not_with_that_of_a_cold_start() -> None:
    store, work = MemoryStore(), 0.2

    with noted(store, "run", Used("Plan", 0.5, 1.0, cpu=7.0)):
        begun = meter.processors()
        while meter.processors() < begun + work:
            sum(range(1000))
    with noted(store, "run", PLAN):
        threading.Event().wait(0.3)

    worked, waited = sorted(used_by(store, "run"), key=lambda each: -each.cpu)
    assert 7 + work <= worked.cpu < 8
    assert waited.cpu < 0.2 < 0.3 <= waited.seconds


def test_the_processors_of_a_job_that_ended_are_known_where_they_are_asked_for() -> None:
    own, both = alone(
        "import subprocess, sys; from holdfast import meter; before = meter.processors(), meter.processors(children=True)",
        "subprocess.run([sys.executable, '-c', 'import time\\nwhile time.process_time() < 1: pass'], check=True)",
        "print(meter.processors() - before[0], meter.processors(children=True) - before[1])",
    ).split()

    assert float(own) < 0.9 < 1 <= float(both)


def test_this_process_knows_how_long_it_has_been_here() -> None:
    assert 0 < meter.since_start() < 10**6


def alone(*lines: str) -> str:
    """What is printed in a process whose memory no other test has used."""
    return subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True, capture_output=True, text=True).stdout


def test_memory_that_was_let_go_again_is_known_and_that_of_a_child_that_ended_where_it_is_asked_for() -> None:
    inside, own, both = alone(
        "import subprocess, sys; from holdfast import meter",
        "with meter.metered() as found: bytearray(b'x') * (256 << 20)",
        "subprocess.run([sys.executable, '-c', 'bytearray(1) * (768 << 20)'], check=True)",
        "print(found['peak'], meter.peak(), meter.peak(children=True))",
    ).split()

    assert 0.25 < float(inside) == float(f"{float(own):.3f}") < 0.5
    assert 0.75 < float(both) < 1


def test_the_memory_of_the_program_that_started_this_one_is_not_its_own() -> None:
    """The kernel hands the figure of `getrusage` on to what a process starts."""
    said = alone(
        "import subprocess, sys; held = bytearray(b'x') * (512 << 20)",
        "subprocess.run([sys.executable, '-c', 'from holdfast import meter; print(meter.peak())'], check=True)",
    )

    assert 0 < float(said) < 0.3


def test_a_job_is_its_process_and_who_only_starts_one_is_not() -> None:
    started, watched = alone(
        "import subprocess, sys; from holdfast.store import MemoryStore; from holdfast.usage import Used, noted, used_by",
        "for vcpu in (0.0, 4.0):",
        "    store = MemoryStore()",
        "    with noted(store, 'run', Used('Train', 0.0, 16.0, vcpu)):",
        "        subprocess.run([sys.executable, '-c', 'bytearray(1) * (768 << 20)'], check=True)",
        "    print(used_by(store, 'run')[0].peak)",
    ).split()

    assert float(started) < 0.5 < 0.75 < float(watched)
