"""Construct: the API. Scores for signed callers, and a way in for what the sources notify of. REST, versioned paths."""

from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from holdfast.settings import Api
from infra.callers import Callers
from infra.refusals import tell_problems
from infra.release import ALIAS

ROUTES = {
    "health": "GET",
    "customers": "GET",
    "customers/{id}/score": "GET",
    "scores": "POST",
    "models": "GET",
    "models/{version}/customers/{id}/score": "GET",
    "openapi.json": "GET",
}
WEBHOOKS = "webhooks/{source}"


class ScoringApi(Construct):
    """`/v1/…` for each of ROUTES, for callers that are known; `POST /v1/webhooks/{source}`, signed by the source in its own way.

    What no route matches goes to the function too, from callers that are known: it tells 404 from 405. Without a `webhook`, as in further
    regions, nothing is open.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.IFunction,
        webhook: lambda_.Function | None,
        authorize: lambda_.IFunction | None = None,
        name: str,
        rules: Api,
    ) -> None:
        super().__init__(scope, construct_id)
        self.open: list[apigateway.Method] = []
        self._allow_logging()
        self.api = apigateway.RestApi(
            self,
            "Rest",
            rest_api_name=api_name(name),
            description="Churn, lifetime value, persona and reasons of a customer.",
            deploy_options=self._stage_options(rules, _SLOWER if webhook else {}),
            cloud_watch_role=False,
            endpoint_configuration=apigateway.EndpointConfiguration(types=[apigateway.EndpointType.REGIONAL]),
        )
        self._validator = self.api.add_request_validator(
            "Validator", validate_request_parameters=True, validate_request_body=True
        )
        self.callers = Callers(self, "Callers", rules=rules, name=name, authorize=authorize)
        self._wanted = self._model_of_bodies()
        integration = apigateway.LambdaIntegration(function)
        for route, method in ROUTES.items():
            self._answer(self.api.root.resource_for_path(f"v1/{route}"), method, integration, parameters_of(route))
        self._answer(self.api.root.resource_for_path("{proxy+}"), "ANY", integration, {})
        if webhook:
            self.open = self._take_notifications(self.api.root.resource_for_path(f"v1/{WEBHOOKS}"), webhook)
        tell_problems(self.api)
        self.callers.share(self.api)

    def _answer(
        self,
        resource: apigateway.Resource,
        method: str,
        integration: apigateway.LambdaIntegration,
        parameters: dict[str, bool],
    ) -> None:
        resource.add_method(
            method,
            integration,
            request_validator=self._validator,
            request_parameters=parameters,
            request_models={"application/json": self._wanted} if method == "POST" else None,
            **self.callers.asked_for,
        )

    def _model_of_bodies(self) -> apigateway.Model:
        """The outline of a body: what does not even look like one costs no invocation. The function looks at the rest, and
        says more of it than API Gateway could."""
        several = apigateway.JsonSchema(type=apigateway.JsonSchemaType.ARRAY)
        return self.api.add_model(
            "ScoresWanted",
            content_type="application/json",
            schema=apigateway.JsonSchema(
                schema=apigateway.JsonSchemaVersion.DRAFT4,
                title="ScoresWanted",
                type=apigateway.JsonSchemaType.OBJECT,
                properties={"customers": several, "rows": several},
            ),
        )

    def _take_notifications(self, resource: apigateway.Resource, webhook: lambda_.IFunction) -> list[apigateway.Method]:
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

    def _stage_options(self, rules: Api, slower: dict[str, dict[str, Any]]) -> apigateway.StageOptions:
        group = logs.LogGroup(
            self, "AccessLog", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        logged: dict[str, Any] = {
            "metrics_enabled": True,
            "logging_level": apigateway.MethodLoggingLevel.ERROR,
            "data_trace_enabled": False,
        }
        return apigateway.StageOptions(
            stage_name=ALIAS,
            # X-Ray would keep each URL, and with it the ids in it; the function's own traces hold none.
            tracing_enabled=False,
            throttling_rate_limit=rules.rate,
            throttling_burst_limit=rules.burst,
            method_options={
                method: apigateway.MethodDeploymentOptions(**limits, **logged) for method, limits in slower.items()
            }
            or None,
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


def api_name(name: str) -> str:
    """What metrics know the API by."""
    return f"{name}-scores"


def parameters_of(route: str) -> dict[str, bool]:
    """The parameters in a path, all of them required."""
    return {f"method.request.path.{part[1:-1]}": True for part in route.split("/") if part.startswith("{")}


# A flood of unsigned calls must not take from the scores what is theirs.
_SLOWER: dict[str, dict[str, Any]] = {
    f"/v1/{WEBHOOKS}/{method}": {"throttling_rate_limit": 50, "throttling_burst_limit": 100}
    for method in ("POST", "HEAD")
}
# The path that was called would hold a customer's id: the resource that matched it does not.
_WITHOUT_IDS = apigateway.AccessLogFormat.custom(
    '{"request_id":"$context.requestId","time":"$context.requestTime","method":"$context.httpMethod","resource":"$context.resourcePath",'
    '"status":"$context.status","latency_ms":"$context.responseLatency","bytes":"$context.responseLength"}'
)
