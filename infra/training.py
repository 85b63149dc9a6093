"""How the training job is launched: on Fargate, or as a process beside the function that asks for it."""

import json
from pathlib import Path
from typing import Protocol

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.catalogue import TRAINING_CPU, TRAINING_MEMORY

CONTAINER = "train"
_SIZE = {"HOLDFAST_TRAIN_SIZE": json.dumps({"vcpu": TRAINING_CPU / 1024, "gigabytes": TRAINING_MEMORY / 1024})}
"""What the job notes as used; a process is told the same, so that a run on one machine says what it would cost on AWS."""
_LARGER = {"cpu": "8192", "memory": "61440"}
"""What a further try gets: twice the processors, nearly four times the memory."""


class Training(Protocol):
    """What the launching function needs to know and may do."""

    def configure(self, launcher: lambda_.Function, environment: dict[str, str]) -> iam.IGrantable:
        """Tell `launcher` how to start the job; returns who the job runs as."""
        ...


class ProcessTraining:
    """The job runs as a detached process with the launcher's own identity."""

    def configure(self, launcher: lambda_.Function, environment: dict[str, str]) -> iam.IGrantable:
        launcher.add_environment("HOLDFAST_TRAIN_LAUNCHER", "process")
        for name, value in _SIZE.items():
            launcher.add_environment(name, value)
        return launcher


class FargateTraining(Construct):
    """The job runs as a Fargate task: public subnets without inbound rules, so that no NAT gateway costs money between two nights."""

    def __init__(self, scope: Construct, construct_id: str, *, image: Path, build_args: dict[str, str]) -> None:
        super().__init__(scope, construct_id)
        self._vpc = self._build_network()
        self._group = ec2.SecurityGroup(
            self, "NoInbound", vpc=self._vpc, description="The training job only calls out."
        )
        self._cluster = ecs.Cluster(
            self, "Cluster", vpc=self._vpc, container_insights_v2=ecs.ContainerInsights.ENABLED,
            enable_fargate_capacity_providers=True,
        )  # fmt: skip
        self._task = ecs.FargateTaskDefinition(
            self,
            "Task",
            cpu=TRAINING_CPU,
            memory_limit_mib=TRAINING_MEMORY,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64, operating_system_family=ecs.OperatingSystemFamily.LINUX
            ),
        )
        self._image = ecs.ContainerImage.from_asset(
            str(image), platform=ecr_assets.Platform.LINUX_ARM64, build_args=build_args
        )

    def configure(self, launcher: lambda_.Function, environment: dict[str, str]) -> iam.IGrantable:
        self._add_container(environment | _SIZE)
        launcher.add_environment("HOLDFAST_TRAIN_LAUNCHER", "ecs")
        launcher.add_environment("HOLDFAST_TRAIN_TARGET", self._described())
        self._task.grant_run(launcher)
        return self._task.task_role

    def _described(self) -> str:
        subnets = [subnet.subnet_id for subnet in self._vpc.public_subnets]
        return json.dumps(
            {
                "cluster": self._cluster.cluster_arn,
                "task_definition": self._task.family,
                "container": CONTAINER,
                "subnets": subnets,
                "security_groups": [self._group.security_group_id],
                "larger": _LARGER,
            }
        )

    def _add_container(self, environment: dict[str, str]) -> None:
        group = logs.LogGroup(self, "Log", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY)
        self._task.add_volume(name="scratch")
        container = self._task.add_container(
            CONTAINER,
            image=self._image,
            logging=ecs.LogDrivers.aws_logs(stream_prefix="train", log_group=group),
            environment=environment,
            readonly_root_filesystem=True,
        )
        container.add_mount_points(ecs.MountPoint(container_path="/tmp", source_volume="scratch", read_only=False))  # noqa: S108 - in the container

    def _build_network(self) -> ec2.Vpc:
        vpc = ec2.Vpc(
            self,
            "Network",
            max_azs=2,
            nat_gateways=0,
            subnet_configuration=[ec2.SubnetConfiguration(name="public", subnet_type=ec2.SubnetType.PUBLIC)],
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
                "DynamoDb": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.DYNAMODB),
            },
        )
        vpc.add_flow_log("FlowLog", traffic_type=ec2.FlowLogTrafficType.REJECT)
        return vpc
