"""Constructs: what is copied to a further region, as that region has it and as the home region sees it."""

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.buckets import data_bucket, log_bucket
from infra.outputs import ARTIFACTS_BUCKET, KEY_ARN, output_of

COPIED = (BUNDLES, RANKING) = ("bundles/", "rankings/latest.json")
"""What a scorer reads of the artifacts: nothing else is copied."""


class Copies(Construct):
    """The key that a region's copies are under, and the bucket for the artifacts among them.

    They can be made again at any time, and go with their stack. Versions that another took the place of go within a day: erasing an old
    version is nothing that S3 copies, so `Forget` deletes here itself, and this is the net below it.
    """

    def __init__(self, scope: Construct, construct_id: str, *, name: str) -> None:
        super().__init__(scope, construct_id)
        gone, region = RemovalPolicy.DESTROY, Stack.of(self).region
        self.key = kms.Key(
            self, "Key", enable_key_rotation=True, removal_policy=gone, description=f"{name}: copies in {region}"
        )
        tidy = s3.LifecycleRule(
            abort_incomplete_multipart_upload_after=Duration.days(2), noncurrent_version_expiration=Duration.days(1)
        )
        logs = log_bucket(self, gone)
        self.artifacts = data_bucket(self, "Artifacts", key=self.key, logs=logs, removal=gone, rules=[tidy])


class Copied(Construct):
    """The same as a stack in another region sees it: nothing here changes policies there."""

    def __init__(self, scope: Construct, construct_id: str, *, copies: Stack) -> None:
        super().__init__(scope, construct_id)
        Stack.of(self).add_stack_dependency(copies, "it copies there")
        self.region = copies.region
        self.key = kms.Key.from_key_arn(self, "Key", output_of(copies, KEY_ARN))
        self.artifacts = s3.Bucket.from_bucket_name(self, "Artifacts", output_of(copies, ARTIFACTS_BUCKET))

    def rules(self, first: int) -> list[s3.ReplicationRule]:
        """What S3 copies there, with priorities from `first` on; marks of deletion too."""
        return [
            s3.ReplicationRule(
                destination=self.artifacts,
                kms_key=self.key,
                sse_kms_encrypted_objects=True,
                delete_marker_replication=True,
                filter=s3.Filter(prefix=prefix),
                priority=first + number,
                id=f"{self.region}-{number}",
            )
            for number, prefix in enumerate(COPIED)
        ]

    def take(self, role: iam.Role) -> None:
        """Let `role` write copies here."""
        objects = _copied_of(self.artifacts)
        written = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"]
        iam.Grant.add_to_principal(grantee=role, actions=written, resource_arns=objects)
        self.key.grant(role, "kms:Encrypt", "kms:GenerateDataKey")

    @property
    def table(self) -> dynamodb.ReplicaTableProps:
        """A replica of a global table: taking a region out of the list takes it away."""
        return dynamodb.ReplicaTableProps(region=self.region, deletion_protection=False)

    @property
    def secret(self) -> secretsmanager.ReplicaRegion:
        """A replica of a secret."""
        return secretsmanager.ReplicaRegion(region=self.region, encryption_key=self.key)


def copier(scope: Construct, copied: Sequence[Copied]) -> iam.Role | None:
    """Who copies; nobody, where nothing is."""
    if not copied:
        return None
    role = iam.Role(
        scope,
        "Copier",
        assumed_by=iam.ServicePrincipal("s3.amazonaws.com"),
        description="Holdfast: copies what scorers read to further regions",
    )
    for each in copied:
        each.take(role)
    return role


def let_copy(role: iam.Role, source: s3.IBucket, key: kms.IKey) -> None:
    """Let who copies read what is copied."""
    versions = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"]
    whole = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
    iam.Grant.add_to_principal(grantee=role, actions=whole, resource_arns=[source.bucket_arn])
    iam.Grant.add_to_principal(grantee=role, actions=versions, resource_arns=_copied_of(source))
    key.grant(role, "kms:Decrypt")


def _copied_of(bucket: s3.IBucket) -> list[str]:
    return [bucket.arn_for_objects(key + "*" if key.endswith("/") else key) for key in COPIED]
