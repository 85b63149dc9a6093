"""Where activity is grouped before features are made of it: in the function itself, or on EMR Serverless where there is too much."""

from pathlib import Path
from typing import Any, Protocol

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_emrserverless as emr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.access import grant
from infra.storage import Storage

JOB = "cells_on_spark.py"
LONGEST = Duration.hours(6)
_RELEASE = "emr-7.5.0"
"""Spark 3.5, which the tests run."""
_VCPU, _MEMORY = "100 vCPU", "400 GB"
"""The most that one run may use at a time, so that a mistake has a price that is known."""


class Engine(Protocol):
    """What the state machine needs to know of it."""

    unused: frozenset[str]
    """Functions of the catalogue that this engine has no use for."""

    def group(self, scope: Construct) -> sfn.CustomState | None:
        """The state that groups what `$.grouped.request` says; None where a function reads activity as it is."""
        ...

    def allow(self, machine: sfn.StateMachine) -> None:
        """Let the state machine start the job and wait for it."""
        ...


class OneFunction:
    """Activity is read as it is, by the function that makes features of it."""

    unused = frozenset({"Group"})

    def group(self, scope: Construct) -> sfn.CustomState | None:
        return None

    def allow(self, machine: sfn.StateMachine) -> None:
        """Nothing."""


class EmrServerless(Construct):
    """A Spark application that costs nothing between jobs: no capacity is kept ready, and it stops by itself."""

    unused: frozenset[str] = frozenset()

    def __init__(self, scope: Construct, construct_id: str, *, job: Path, storage: Storage) -> None:
        super().__init__(scope, construct_id)
        self._script = assets.Asset(self, "Job", path=str(job))
        self._role = iam.Role(
            self,
            "JobRole",
            assumed_by=iam.ServicePrincipal("emr-serverless.amazonaws.com"),
            description="Holdfast: groups activity into cells",
        )
        grant("GroupOnSpark", self._role, storage)
        script = self._script.bucket.arn_for_objects(self._script.s3_object_key)
        self._role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=[script]))
        self._log = logs.LogGroup(
            self, "Log", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        self._may_log()
        self.application = emr.CfnApplication(
            self,
            "Application",
            type="SPARK",
            release_label=_RELEASE,
            architecture="ARM64",
            maximum_capacity=emr.CfnApplication.MaximumAllowedResourcesProperty(cpu=_VCPU, memory=_MEMORY),
            auto_start_configuration=emr.CfnApplication.AutoStartConfigurationProperty(enabled=True),
            auto_stop_configuration=emr.CfnApplication.AutoStopConfigurationProperty(
                enabled=True, idle_timeout_minutes=5
            ),
        )

    def group(self, scope: Construct) -> sfn.CustomState | None:
        return sfn.CustomState(
            scope,
            "GroupOnSpark",
            state_json={
                "Type": "Task",
                "Resource": f"arn:{Stack.of(self).partition}:states:::emr-serverless:startJobRun.sync",
                "Parameters": self._parameters(),
                "TimeoutSeconds": LONGEST.to_seconds(),
                # What comes back is a whole description of the job: none of it is anybody's input.
                "ResultSelector": {"by": "Spark"},
                "ResultPath": "$.spark",
            },
        )

    def allow(self, machine: sfn.StateMachine) -> None:
        for statement in self._statements():
            machine.add_to_role_policy(statement)

    def _parameters(self) -> dict[str, Any]:
        return {
            "ApplicationId": self.application.attr_application_id,
            "ExecutionRoleArn": self._role.role_arn,
            "Name.$": "$.plan.run",
            "ExecutionTimeoutMinutes": LONGEST.to_minutes(),
            "JobDriver": {
                "SparkSubmit": {
                    "EntryPoint": self._script.s3_object_url,
                    "EntryPointArguments.$": "States.Array($.grouped.request)",
                    "SparkSubmitParameters": "--conf spark.sql.session.timeZone=UTC",
                }
            },
            "ConfigurationOverrides": {
                "MonitoringConfiguration": {
                    "CloudWatchLoggingConfiguration": {"Enabled": True, "LogGroupName": self._log.log_group_name}
                }
            },
        }

    def _statements(self) -> list[iam.PolicyStatement]:
        """As Step Functions documents them for `startJobRun.sync`."""
        arn, stack = self.application.attr_arn, Stack.of(self)
        rule = stack.format_arn(
            service="events", resource="rule", resource_name="StepFunctionsGetEventsForEMRServerlessJobRule"
        )
        passed = {"StringEquals": {"iam:PassedToService": "emr-serverless.amazonaws.com"}}
        return [
            iam.PolicyStatement(actions=["emr-serverless:StartJobRun"], resources=[arn]),
            iam.PolicyStatement(
                actions=["emr-serverless:GetJobRun", "emr-serverless:CancelJobRun"], resources=[f"{arn}/jobruns/*"]
            ),
            iam.PolicyStatement(actions=["iam:PassRole"], resources=[self._role.role_arn], conditions=passed),
            iam.PolicyStatement(
                actions=["events:PutTargets", "events:PutRule", "events:DescribeRule"], resources=[rule]
            ),
        ]

    def _may_log(self) -> None:
        self._log.grant(self._role, "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams")
        self._role.add_to_policy(iam.PolicyStatement(actions=["logs:DescribeLogGroups"], resources=["*"]))
