"""Construct: the API. Scores for signed callers, and a way in for what the sources notify of. REST, versioned paths."""

from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

ROUTES = ("health", "customers", "customers/{id}/score", "models")
WEBHOOKS = "webhooks/{source}"


class ScoringApi(Construct):
    """`GET /v1/…` for each of ROUTES, signed by IAM; `POST /v1/webhooks/{source}`, signed by the source in its own way."""

    def __init__(
        self, scope: Construct, construct_id: str, *, function: lambda_.Function, webhook: lambda_.Function, name: str
    ) -> None:
        super().__init__(scope, construct_id)
        self._allow_logging()
        self.api = apigateway.RestApi(
            self,
            "Rest",
            rest_api_name=f"{name}-scores",
            description="Churn, lifetime value, persona and reasons of a customer.",
            deploy_options=self._stage_options(),
            cloud_watch_role=False,
            endpoint_configuration=apigateway.EndpointConfiguration(types=[apigateway.EndpointType.REGIONAL]),
        )
        self._validator = self.api.add_request_validator(
            "Validator", validate_request_parameters=True, validate_request_body=True
        )
        integration = apigateway.LambdaIntegration(function)
        for route in ROUTES:
            self._get(self.api.root.resource_for_path(f"v1/{route}"), integration, "{id}" in route)
        self.open = self._take_notifications(self.api.root.resource_for_path(f"v1/{WEBHOOKS}"), webhook)

    def _get(self, resource: apigateway.Resource, integration: apigateway.LambdaIntegration, takes_id: bool) -> None:
        resource.add_method(
            "GET",
            integration,
            authorization_type=apigateway.AuthorizationType.IAM,
            request_validator=self._validator,
            request_parameters={"method.request.path.id": True} if takes_id else {},
        )

    def _take_notifications(self, resource: apigateway.Resource, webhook: lambda_.Function) -> list[apigateway.Method]:
        """The methods that anybody may call. Intercom looks with HEAD whether there is somebody at all."""
        common: dict[str, Any] = {
            "authorization_type": apigateway.AuthorizationType.NONE,
            "request_validator": self._validator,
            "request_parameters": {"method.request.path.source": True},
        }
        here = apigateway.MockIntegration(
            request_templates={"application/json": '{"statusCode": 200}'},
            integration_responses=[apigateway.IntegrationResponse(status_code="200")],
        )
        return [
            resource.add_method("POST", apigateway.LambdaIntegration(webhook), **common),
            resource.add_method(
                "HEAD", here, method_responses=[apigateway.MethodResponse(status_code="200")], **common
            ),
        ]

    def _stage_options(self) -> apigateway.StageOptions:
        group = logs.LogGroup(
            self, "AccessLog", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        logged: dict[str, Any] = {
            "metrics_enabled": True,
            "logging_level": apigateway.MethodLoggingLevel.ERROR,
            "data_trace_enabled": False,
        }
        # A flood of unsigned calls must not take from the scores what is theirs.
        slower = apigateway.MethodDeploymentOptions(throttling_rate_limit=50, throttling_burst_limit=100, **logged)
        return apigateway.StageOptions(
            stage_name="live",
            tracing_enabled=True,
            throttling_rate_limit=200,
            throttling_burst_limit=400,
            method_options={f"/v1/{WEBHOOKS}/{method}": slower for method in ("POST", "HEAD")},
            **logged,
            access_log_destination=apigateway.LogGroupLogDestination(group),
            access_log_format=_WITHOUT_IDS,
        )

    def _allow_logging(self) -> None:
        """API Gateway writes its logs through one role per account and region."""
        role = iam.Role(
            self,
            "LogRole",
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AmazonAPIGatewayPushToCloudWatchLogs"),
            ],
        )
        apigateway.CfnAccount(self, "Account", cloud_watch_role_arn=role.role_arn)


# The path that was called would hold a customer's id: the resource that matched it does not.
_WITHOUT_IDS = apigateway.AccessLogFormat.custom(
    '{"request_id":"$context.requestId","time":"$context.requestTime","method":"$context.httpMethod","resource":"$context.resourcePath",'
    '"status":"$context.status","latency_ms":"$context.responseLatency","bytes":"$context.responseLength"}'
)
