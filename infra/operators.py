"""Construct: what people and programs outside are given, as policies to attach. Who asks for scores cannot choose the model that gives them."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.access import grant
from infra.release import ALIAS
from infra.scoring_api import ROUTES
from infra.storage import Storage


class Operators(Construct):
    """Two managed policies that are attached to nobody yet."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        api: apigateway.RestApi,
        score_all: lambda_.Function,
        machine: sfn.StateMachine,
        storage: Storage,
    ) -> None:
        super().__init__(scope, construct_id)
        self.routes = [_route(api, route, method) for route, method in ROUTES.items()]
        self._policy("ScoreCaller", "may ask for scores, and nothing else").add_statements(
            iam.PolicyStatement(actions=["execute-api:Invoke"], resources=self.routes)
        )
        serving = self._policy("ModelOperator", "may let a model serve, and go back to another; no scores by the API")
        grant("ModelOperator", serving, storage)
        serving.add_statements(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[score_all.function_arn]),
            iam.PolicyStatement(actions=["states:ListExecutions"], resources=[machine.state_machine_arn]),
            iam.PolicyStatement(actions=["cloudformation:DescribeStacks"], resources=[Stack.of(self).stack_id]),
        )

    def _policy(self, name: str, meaning: str) -> iam.ManagedPolicy:
        policy = iam.ManagedPolicy(self, name, description=f"Holdfast: {meaning}")
        CfnOutput(Stack.of(self), f"{name}Policy", value=policy.managed_policy_arn)
        return policy


def _route(api: apigateway.RestApi, route: str, method: str) -> str:
    """The ARN of one route; what stands for an id is any."""
    path = "/".join("*" if part.startswith("{") else part for part in route.split("/"))
    return api.arn_for_execute_api(method, f"/v1/{path}", ALIAS)
