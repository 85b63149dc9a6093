"""Construct: what `Forget` needs beyond data. The queues that messages may lie in, further regions' buckets, and the state machine that it
waits for and starts."""

import json
from collections.abc import Mapping, Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.copies import Copied

_LOOKS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")


class Erasure(Construct):
    """Made last: it knows of queues that others make."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        forget: lambda_.Function,
        machine: sfn.StateMachine,
        queues: Mapping[str, sqs.Queue],
        copies: Sequence[Copied],
    ) -> None:
        super().__init__(scope, construct_id)
        addresses = {name: queue.queue_url for name, queue in queues.items()}
        forget.add_environment(
            "HOLDFAST_QUEUES", Stack.of(self).to_json_string(addresses) if addresses else json.dumps({})
        )
        forget.add_environment("HOLDFAST_STATE_MACHINE", machine.state_machine_arn)
        if copies:
            buckets = {each.region: each.artifacts.bucket_name for each in copies}
            forget.add_environment("HOLDFAST_COPIES", Stack.of(self).to_json_string(buckets))
        arns = [queue.queue_arn for queue in queues.values()]
        allowed = [
            iam.PolicyStatement(actions=list(_LOOKS), resources=arns),
            iam.PolicyStatement(
                actions=["states:ListExecutions", "states:StartExecution"], resources=[machine.state_machine_arn]
            ),
        ]
        role = forget.role
        assert isinstance(role, iam.Role), "functions of this stack have roles of their own"
        role.attach_inline_policy(iam.Policy(self, "Looks", statements=allowed))
