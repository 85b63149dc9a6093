"""The places of one deployment, as the functions of this stage see them."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import awswrangler as wr

from holdfast.aws import client, translated
from holdfast.ledger import DynamoLedger
from holdfast.registry import DynamoRegistry
from holdfast.resources import artifacts, environment, keyring, lake, settings
from holdfast.settings import EventsSource, Settings, TableSource
from privacy import tables
from privacy.bodies import Reading
from privacy.buckets import S3Bucket, Version
from privacy.items import DynamoTable
from privacy.objects import Zone
from privacy.places import House
from privacy.register import DynamoRegister
from privacy.whose import ANYBODYS, NAMING, customer_in, whose_objects

_BOOKED = "forgotten"
"""What a log file that was written anew is booked under: as read already."""


class LakeFiles:
    """Files of the lake in S3."""

    def put(self, file: Path, path: str) -> str:
        with translated(f"writing {path}"):
            wr.s3.upload(str(file), path)
        return path


def house(in_time: Callable[[], bool] = lambda: True) -> House:
    """Everything of this deployment."""
    environment_, known = environment(), settings()
    return House(
        place(),
        zones(),
        DynamoTable(environment_.scores_table, ("customer_id",)),
        DynamoTable(environment_.state_table, ("pk", "sk")),
        dict(json.loads(environment_.queues)),
        artifacts(),
        DynamoRegister(environment_.state_table),
        known,
        keyring(),
        _champion,
        _run_under_way,
        lambda: datetime.now(UTC),
        in_time,
    )


def place() -> tables.Place:
    """The lake."""
    return tables.Place(lake(), S3Bucket(environment().lake_bucket), LakeFiles(), settings())


def zones() -> dict[str, Zone]:
    """Buckets without tables. Those of the company's own that the configuration names are read and never written: not here."""
    names, known = environment(), settings()
    landed = lambda key: Reading(whose_objects(key, known))  # noqa: E731
    kept = lambda key: Reading(whose_objects(key, known), customer_in(key, known), written_down=True)  # noqa: E731
    uploads = S3Bucket(names.uploads_bucket)
    return {
        "landing": Zone("landing", S3Bucket(names.landing_bucket), landed),
        "quarantine": Zone("quarantine", S3Bucket(names.quarantine_bucket), kept),
        "uploads": Zone("uploads", uploads, lambda key: _uploaded(key, known), _booking(names.uploads_bucket, known)),
        "artifacts": Zone("artifacts", S3Bucket(names.artifacts_bucket), lambda _key: Reading()),
        # After what they are copied from. S3 copies no deletion of a version, so each is gone through by itself.
        **copies(),
    }


def copies() -> dict[str, Zone]:
    """What was copied to further regions."""
    buckets = {
        region: S3Bucket(name, client("s3", region)) for region, name in json.loads(environment().copies).items()
    }
    zones = (Zone(f"copies in {region}", bucket, lambda _key: Reading()) for region, bucket in buckets.items())
    return {zone.name: zone for zone in zones}


def _uploaded(key: str, known: Settings) -> Reading:
    """How a file of the company's own is read: as the source of its prefix says."""
    for source in known.sources.values():
        if isinstance(source, EventsSource) and key.startswith(source.prefix.lstrip("/")):
            return Reading(ANYBODYS, source.fields.customer)
        if isinstance(source, TableSource) and key.startswith(source.prefix.lstrip("/")):
            return Reading(replace(ANYBODYS, naming=(source.key, *NAMING)), table=True)
    return Reading()


def _booking(bucket: str, known: Settings) -> Callable[[Version, str, str], None]:
    """A file that was in the lake already still is when it was written anew: its lines are not read twice."""
    ledger = DynamoLedger(environment().state_table)

    def book(before: Version, key: str, etag: str) -> None:
        for name, source in known.of_kind("events").items():
            inside = key.startswith(source.prefix.lstrip("/"))
            if inside and ledger.booked(name).get(f"{bucket}/{before.key}") == before.etag:
                ledger.book(name, {f"{bucket}/{key}": etag}, _BOOKED)

    return book


def _champion() -> str:
    held = DynamoRegistry(environment().state_table).champion()
    return held.version if held else ""


def _run_under_way() -> str:
    with translated("looking for runs"):
        running = client("stepfunctions").list_executions(
            stateMachineArn=environment().state_machine, statusFilter="RUNNING"
        )
    return next((str(each["name"]) for each in running["executions"]), "")
