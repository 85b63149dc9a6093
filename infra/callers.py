"""Construct: who may ask for scores. Callers that sign with AWS credentials, or that have a token of a user pool or of another issuer."""

from typing import Any

from aws_cdk import Aws, CfnOutput, Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from holdfast.settings import Api

AUTHORIZE = "Authorize"
"""The function that says whose a token is: of an issuer's own, since API Gateway's REST APIs know those of user pools alone."""
_BEARER = r"^[Bb]earer [\w-]+\.[\w-]+\.[\w-]+$"
"""What does not look like a token costs no invocation."""
_KEPT = Duration.minutes(1)
"""So long API Gateway does not ask again of the same token, even if it has expired since."""


def without(rules: Api) -> frozenset[str]:
    """Functions that this way of knowing callers has no use for."""
    return frozenset() if rules.authorization == "jwt" else frozenset({AUTHORIZE})


class Callers(Construct):
    """What every method of the API asks of its caller: authorisation, and the key of a client where there are clients."""

    def __init__(
        self, scope: Construct, construct_id: str, *, rules: Api, name: str, authorize: lambda_.IFunction | None
    ) -> None:
        super().__init__(scope, construct_id)
        self._rules, self._name = rules, name
        self.asked_for: dict[str, Any] = {
            "authorization_type": apigateway.AuthorizationType.IAM,
            "api_key_required": bool(rules.clients),
        }
        self.pool: cognito.IUserPool | None = None
        if rules.authorization == "cognito":
            self.pool = pool = self._pool()
            authorizer = apigateway.CognitoUserPoolsAuthorizer(self, "Tokens", cognito_user_pools=[pool])
            self.asked_for |= {
                "authorization_type": apigateway.AuthorizationType.COGNITO,
                "authorizer": authorizer,
                "authorization_scopes": list(rules.scopes),
            }
        if authorize:
            self.asked_for |= {
                "authorization_type": apigateway.AuthorizationType.CUSTOM,
                "authorizer": apigateway.TokenAuthorizer(
                    self, "Bearers", handler=authorize, validation_regex=_BEARER, results_cache_ttl=_KEPT
                ),
            }

    def share(self, api: apigateway.RestApi) -> None:
        """Give each client a key and its share of the calls."""
        plan = api.add_usage_plan(
            "Clients",
            name=f"{self._name}-clients",
            throttle=apigateway.ThrottleSettings(rate_limit=self._rules.client_rate, burst_limit=self._rules.burst),
            quota=apigateway.QuotaSettings(limit=self._rules.client_daily, period=apigateway.Period.DAY),
        )
        plan.add_api_stage(stage=api.deployment_stage)
        for client in self._rules.clients:
            plan.add_api_key(api.add_api_key(f"Key{client}", api_key_name=f"{self._name}-{client}"))

    def _pool(self) -> cognito.IUserPool:
        if self._rules.user_pool:
            return cognito.UserPool.from_user_pool_arn(self, "Pool", self._rules.user_pool)
        pool = cognito.UserPool(
            self,
            "Pool",
            self_sign_up_enabled=False,
            mfa=cognito.Mfa.REQUIRED,
            mfa_second_factor=cognito.MfaSecondFactor(sms=False, otp=True),
            password_policy=cognito.PasswordPolicy(
                min_length=14, require_digits=True, require_lowercase=True, require_symbols=True, require_uppercase=True
            ),
        )
        pool.add_domain(
            "Domain", cognito_domain=cognito.CognitoDomainOptions(domain_prefix=f"{self._name}-{Aws.ACCOUNT_ID}")
        )
        client = pool.add_client(
            "Programs",
            generate_secret=True,
            o_auth=cognito.OAuthSettings(flows=cognito.OAuthFlows(client_credentials=True), scopes=self._scopes(pool)),
        )
        CfnOutput(self, "UserPoolId", value=pool.user_pool_id)
        CfnOutput(self, "UserPoolClientId", value=client.user_pool_client_id)
        return pool

    def _scopes(self, pool: cognito.UserPool) -> list[cognito.OAuthScope]:
        """`server/scope` for each scope; a server is made for each prefix."""
        servers: dict[str, list[cognito.ResourceServerScope]] = {}
        for scope in self._rules.scopes:
            server, _, what = scope.rpartition("/")
            servers.setdefault(server, []).append(
                cognito.ResourceServerScope(scope_name=what, scope_description=f"{self._name}: {scope}")
            )
        made = {
            server: pool.add_resource_server(f"Server{server}", identifier=server, scopes=each)
            for server, each in servers.items()
        }
        return [
            cognito.OAuthScope.resource_server(made[server], each)
            for server, scopes in servers.items()
            for each in scopes
        ]
