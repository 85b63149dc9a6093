"""What a handler works with, made once per cold start from its environment and its configuration."""

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from holdfast.aws import client, translated
from holdfast.environment import Environment
from holdfast.keyring import Keyring
from holdfast.keyring import keyring as read_keyring
from holdfast.ledger import DynamoLedger
from holdfast.locks import Locks
from holdfast.settings import Settings, load_settings
from holdfast.store import NearestStore, Readable, S3Store

if TYPE_CHECKING:
    from holdfast.lake import Lake


@lru_cache
def environment() -> Environment:
    """This function's environment."""
    return Environment.from_env(os.environ)


@lru_cache
def settings() -> Settings:
    """holdfast.toml as it was deployed."""
    return load_settings(environment().config_path)


def landing() -> S3Store:
    """Rows as pulled, for days."""
    return S3Store(environment().landing_bucket)


def quarantine() -> S3Store:
    """Rows that failed, with the reason."""
    return S3Store(environment().quarantine_bucket)


def artifacts() -> S3Store:
    """Work lists, feature sets, bundles, reports."""
    return S3Store(environment().artifacts_bucket)


def served() -> Readable:
    """Artifacts as the scorer reads them: in a further region a copy, and what has not come there yet from where it comes from."""
    names = environment()
    if not names.home_bucket:
        return artifacts()
    return NearestStore(artifacts(), S3Store(names.home_bucket, client("s3", names.home_region, patient=False)))


def uploads() -> S3Store:
    """Usage logs and tables that the company puts there."""
    return S3Store(environment().uploads_bucket)


@lru_cache
def lake() -> "Lake":
    """The Iceberg tables."""
    from holdfast.lake import glue_lake  # heavy: only the functions that touch tables pay for it

    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    locks = Locks(DynamoLedger(environment().state_table), os.environ.get("POWERTOOLS_SERVICE_NAME", "holdfast"))
    return glue_lake(environment().database, environment().lake_bucket, os.environ["AWS_REGION"], locks, endpoint)


def secret(secret_id: str) -> str:
    """The current value of a secret. Not cached here: a rotated token must be seen by the next invocation."""
    with translated(f"reading secret {secret_id}"):
        return str(client("secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"])


def keyring() -> Keyring:
    """The keys of the pseudonyms. Not cached here: what is written after a rotation is written under the new key."""
    held = secret(environment().pseudonym_secret)
    return read_keyring(held, environment().pseudonym_secret, untagged=settings().privacy.drop_address_tags)
