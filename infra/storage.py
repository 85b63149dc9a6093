"""Construct: where data lives. Buckets, tables, the Glue database, secrets, and the key that encrypts them."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_glue as glue
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from holdfast.settings import EventsSource, Settings, TableSource
from holdfast.source_secrets import webhook_secret_id
from holdfast.vendors import NOTIFIERS, ApiSource, token_path_of
from infra.arrivals import Arrivals
from infra.buckets import data_bucket, log_bucket, logs_taken_over, taken_over
from infra.copies import COPIED, Copied, copier, let_copy

ATHENA_RESULTS = "athena/"
"""Where in the artifacts bucket the results of queries lie, for a month."""


class Storage(Construct):
    """All state of a deployment. Names of buckets are CloudFormation's, so that two deployments never collide, or those that an earlier stack has left."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        removal: RemovalPolicy,
        copies: Sequence[Stack] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        self.copies = [Copied(self, each.region, copies=each) for each in copies]
        self._removal = removal
        self.name = settings.name
        prefixes = [
            source.prefix for source in settings.sources.values() if isinstance(source, EventsSource | TableSource)
        ]
        self.foreign_buckets = sorted({urlsplit(p).netloc for p in prefixes if p.startswith("s3://")})
        self.database = settings.name.replace("-", "_")
        left = self._left = settings.buckets
        """What an earlier stack has left; nothing, as a rule."""
        self.key: kms.IKey = kms.Key.from_key_arn(self, "Key", left.key) if left else self._build_key(settings.name)
        self._access_logs = None if left else log_bucket(self, removal)
        self.landing = self._bucket("Landing", days=30)
        self.quarantine = self._bucket("Quarantine", days=90)
        self.lake = self._bucket("Lake")
        self.artifacts = self._build_artifacts()
        self.uploads = self._bucket("Uploads")
        if left:
            logs_taken_over(self, bucket=left.access_logs, of=self.buckets)
        told = Arrivals(self, "Arrivals", uploads=self.uploads, settings=settings)
        self.arrivals, self.lost_arrivals = told.queue, told.lost
        self.state = self._table("State", "pk", "sk", expiry="expires")
        self.scores = self._table("Scores", "customer_id")
        self.pseudonym_key = self._build_pseudonym_key(settings.name)
        self._build_source_secrets(settings)
        self.catalogue = self._build_catalogue()

    @property
    def buckets(self) -> list[s3.IBucket]:
        """All that hold data."""
        return [self.landing, self.quarantine, self.lake, self.artifacts, self.uploads]

    @property
    def own_key(self) -> kms.Key | None:
        """The key, where it is the stack's: only then can services be let use it."""
        return self.key if isinstance(self.key, kms.Key) else None

    def _build_key(self, name: str) -> kms.Key:
        return kms.Key(
            self, "Key", enable_key_rotation=True, removal_policy=self._removal, description=f"{name}: data at rest"
        )

    def _build_artifacts(self) -> s3.IBucket:
        role = copier(self, self.copies)
        copied = [rule for at, each in enumerate(self.copies) for rule in each.rules(1 + at * len(COPIED))]
        bucket = self._bucket("Artifacts", copied=copied, copier=role)
        if not isinstance(bucket, s3.Bucket):
            return bucket
        bucket.add_lifecycle_rule(
            prefix=ATHENA_RESULTS, expiration=Duration.days(30), noncurrent_version_expiration=Duration.days(1)
        )
        if role:
            let_copy(role, bucket, self.key)
        return bucket

    def _bucket(self, name: str, days: int | None = None, **more: Any) -> s3.IBucket:
        if self._left:
            return taken_over(self, name, bucket=getattr(self._left, name.lower()), key=self.key)
        expiry = (
            [s3.LifecycleRule(expiration=Duration.days(days), noncurrent_version_expiration=Duration.days(7))]
            if days
            else []
        )
        tidy = s3.LifecycleRule(
            abort_incomplete_multipart_upload_after=Duration.days(2), noncurrent_version_expiration=Duration.days(30)
        )
        rules = expiry or [tidy]
        assert self._access_logs, "buckets of its own have one for their accesses"
        return data_bucket(self, name, key=self.key, logs=self._access_logs, removal=self._removal, rules=rules, **more)

    def _table(self, name: str, partition: str, sort: str | None = None, expiry: str | None = None) -> dynamodb.TableV2:
        return dynamodb.TableV2(
            self,
            name,
            partition_key=dynamodb.Attribute(name=partition, type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name=sort, type=dynamodb.AttributeType.STRING) if sort else None,
            billing=dynamodb.Billing.on_demand(),
            time_to_live_attribute=expiry,
            encryption=dynamodb.TableEncryptionV2.customer_managed_key(
                self.key, {each.region: each.key.key_arn for each in self.copies}
            ),
            replicas=[each.table for each in self.copies],
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=self._removal,
            # The embedded runtime makes a table anew, without its items, for any property that changes: there none is said.
            deletion_protection=True if self._removal == RemovalPolicy.RETAIN else None,
        )

    def _build_pseudonym_key(self, name: str) -> secretsmanager.Secret:
        return secretsmanager.Secret(
            self,
            "PseudonymKey",
            description=f"{name}: key of the pseudonyms. Losing it unlinks all history.",
            encryption_key=self.key,
            generate_secret_string=secretsmanager.SecretStringGenerator(password_length=64, exclude_punctuation=True),
            replica_regions=[each.secret for each in self.copies],
            removal_policy=self._removal,
        )

    def _build_source_secrets(self, settings: Settings) -> None:
        """For each API its token, and apart from it what it signs notifications with. `apps` may have credentials that are exchanged."""
        apis = {name: each for name, each in settings.sources.items() if isinstance(each, ApiSource)}
        notifiers = [name for name, each in apis.items() if each.kind in NOTIFIERS]
        self.apps = [name for name, each in apis.items() if token_path_of(each)]
        self.source_secrets = {
            name: self._source_secret(f"{name.capitalize()}Token", f"{settings.name}/{name}", "token") for name in apis
        }
        self.webhook_secrets = {
            name: self._source_secret(
                f"{name.capitalize()}Webhook", webhook_secret_id(settings.name, name), "webhook_secret"
            )
            for name in notifiers
        }

    def _source_secret(self, construct: str, name: str, holds: str) -> secretsmanager.Secret:
        return secretsmanager.Secret(
            self,
            construct,
            secret_name=name,
            encryption_key=self.key,
            removal_policy=self._removal,
            description=f'{name}: {{"{holds}": "…"}}',
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template="{}",  # noqa: S106 - an empty object, not a secret
                generate_string_key="unset",
            ),
        )

    def _build_catalogue(self) -> glue.CfnDatabase:
        database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=Stack.of(self).account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=self.database, location_uri=f"s3://{self.lake.bucket_name}/{self.database}"
            ),
        )
        database.apply_removal_policy(self._removal)  # it alone says which files are the tables
        return database
