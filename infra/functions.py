"""Construct: the functions, each with its own role, log group and exactly the environment and rights that it needs."""

import json
from collections.abc import Mapping

from aws_cdk import Duration, RemovalPolicy, Size, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.access import grant
from infra.catalogue import EVERYWHERE, FUNCTIONS, FunctionSpec
from infra.queues import dead_letters
from infra.storage import Storage
from infra.targets import Target


class Functions(Construct):
    """All functions of the catalogue, by name, but those that the deployment has no use for."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        target: Target,
        storage: Storage,
        alerts: sns.Topic,
        unused: frozenset[str],
    ) -> None:
        super().__init__(scope, construct_id)
        self._target = target
        self._invoked: dict[str, lambda_.IFunction] = {}
        environment = target.environment | environment_of(storage, alerts)
        self.dead_letters = letters = dead_letters(self, "DeadLetters")
        self.all = {
            name: function_of(
                self, spec, target=target, name=storage.name, environment=environment, dead_letters=letters
            )
            for name, spec in FUNCTIONS.items()
            if name not in unused
        }
        self.job = target.training(self).configure(
            self.all["Train"], environment | {"POWERTOOLS_SERVICE_NAME": "Train"}
        )
        for name, function in self.all.items():
            grant(name, self.job if name == "Train" else function, storage)
        for name in ("Failed", "Drift", "Reconcile"):
            iam.Grant.add_to_principal(
                grantee=self.all[name], actions=["sns:Publish"], resource_arns=[alerts.topic_arn]
            )
            storage.key.grant(self.all[name], "kms:Decrypt", "kms:GenerateDataKey")

    def __getitem__(self, name: str) -> lambda_.Function:
        return self.all[name]

    def invoked(self, name: str) -> lambda_.IFunction:
        """A function as a run invokes it."""
        if name not in self._invoked:
            self._invoked[name] = self._target.invoked(self.all[name])
        return self._invoked[name]

    def let_older_runs(self, machine: sfn.StateMachine) -> None:
        """A run that is under way keeps its definition, which may be of a time when functions were invoked by their names."""
        for name in self._invoked:
            self.all[name].grant_invoke(machine)


def function_of(
    scope: Construct,
    spec: FunctionSpec,
    *,
    target: Target,
    name: str,
    environment: Mapping[str, str],
    dead_letters: sqs.Queue,
) -> lambda_.Function:
    """One function of the deployment `name`, with a role and a log group that nobody else has."""
    role = iam.Role(
        scope,
        f"{spec.name}Role",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        description=f"Holdfast: {spec.purpose}",
    )
    group = _log_group(scope, spec, name)
    group.grant_write(role)
    return target.function(
        scope,
        spec,
        role=role,
        log_group=group,
        memory_size=spec.memory_mb,
        timeout=Duration.seconds(spec.timeout_s),
        description=spec.purpose,
        tracing=lambda_.Tracing.ACTIVE,
        environment={
            **environment,
            **EVERYWHERE,
            "POWERTOOLS_SERVICE_NAME": spec.name,
            "POWERTOOLS_LOG_LEVEL": "INFO",
        },
        dead_letter_queue=dead_letters,
        ephemeral_storage_size=Size.gibibytes(spec.disk_gb) if spec.disk_gb else None,
    )


def _log_group(scope: Construct, spec: FunctionSpec, name: str) -> logs.LogGroup:
    return logs.LogGroup(
        scope,
        f"{spec.name}Log",
        log_group_name=f"/{name}/{spec.name}",
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=RemovalPolicy.DESTROY,
    )


def environment_of(storage: Storage, alerts: sns.Topic) -> dict[str, str]:
    """The resource names that `holdfast.environment` reads."""
    return {
        "HOLDFAST_LANDING_BUCKET": storage.landing.bucket_name,
        "HOLDFAST_QUARANTINE_BUCKET": storage.quarantine.bucket_name,
        "HOLDFAST_LAKE_BUCKET": storage.lake.bucket_name,
        "HOLDFAST_ARTIFACTS_BUCKET": storage.artifacts.bucket_name,
        "HOLDFAST_UPLOADS_BUCKET": storage.uploads.bucket_name,
        "HOLDFAST_DATABASE": storage.database,
        "HOLDFAST_STATE_TABLE": storage.state.table_name,
        "HOLDFAST_SCORES_TABLE": storage.scores.table_name,
        "HOLDFAST_PSEUDONYM_SECRET": storage.pseudonym_key.secret_arn,
        "HOLDFAST_ALERTS_TOPIC": alerts.topic_arn,
        "HOLDFAST_ARRIVALS_QUEUE": storage.arrivals.queue_url,
        "HOLDFAST_SOURCE_SECRETS": _by_source(storage, storage.source_secrets),
        "HOLDFAST_WEBHOOK_SECRETS": _by_source(storage, storage.webhook_secrets),
    }


def _by_source(storage: Storage, secrets: Mapping[str, secretsmanager.ISecret]) -> str:
    arns = {name: secret.secret_arn for name, secret in secrets.items()}
    return Stack.of(storage).to_json_string(arns) if arns else json.dumps({})
