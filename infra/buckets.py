"""Buckets: encrypted, private, TLS only, and for data versioned, with every access written down."""

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct


def log_bucket(scope: Construct, removal: RemovalPolicy) -> s3.Bucket:
    """Where the accesses to other buckets are written down, for three months."""
    return s3.Bucket(
        scope,
        "AccessLogs",
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        removal_policy=removal,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(90))],
    )


def data_bucket(
    scope: Construct,
    name: str,
    *,
    key: kms.IKey,
    logs: s3.IBucket,
    removal: RemovalPolicy,
    rules: Sequence[s3.LifecycleRule],
    copied: Sequence[s3.ReplicationRule] = (),
    copier: iam.IRole | None = None,
) -> s3.Bucket:
    """A bucket whose objects go, or older versions of them, as `rules` say, and are copied as `copied` says, by `copier`."""
    return s3.Bucket(
        scope,
        name,
        encryption=s3.BucketEncryption.KMS,
        encryption_key=key,
        bucket_key_enabled=True,
        enforce_ssl=True,
        versioned=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        removal_policy=removal,
        lifecycle_rules=list(rules),
        replication_rules=list(copied) or None,
        replication_role=copier,
        server_access_logs_bucket=logs,
        server_access_logs_prefix=f"{name.lower()}/",
    )


def taken_over(scope: Construct, name: str, *, bucket: str, key: kms.IKey | None = None) -> s3.IBucket:
    """A bucket that an earlier stack has left, with its encryption, versions and rules. Its policy went with that stack: it is made anew."""
    there = s3.Bucket.from_bucket_attributes(scope, name, bucket_name=bucket, encryption_key=key)
    policy = s3.BucketPolicy(scope, f"{name}Policy", bucket=there)
    policy.document.add_statements(
        iam.PolicyStatement(
            effect=iam.Effect.DENY,
            principals=[iam.AnyPrincipal()],
            actions=["s3:*"],
            resources=[there.bucket_arn, there.arn_for_objects("*")],
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        )
    )
    return there


def logs_taken_over(scope: Construct, *, bucket: str, of: Sequence[s3.IBucket]) -> None:
    """Let S3 go on writing down accesses to buckets in the bucket where it did."""
    there = taken_over(scope, "AccessLogs", bucket=bucket)
    policy = scope.node.find_child("AccessLogsPolicy")
    assert isinstance(policy, s3.BucketPolicy), "a bucket that is taken over has a policy"
    policy.document.add_statements(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("logging.s3.amazonaws.com")],
            actions=["s3:PutObject"],
            resources=[there.arn_for_objects("*")],
            conditions={
                "ArnLike": {"aws:SourceArn": [each.bucket_arn for each in of]},
                "StringEquals": {"aws:SourceAccount": Stack.of(scope).account},
            },
        )
    )
