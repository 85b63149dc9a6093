"""Constructs: how new code of a function takes over from old, behind one alias."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

ALIAS = "live"


def at_once(scope: Construct, construct_id: str, function: lambda_.Function) -> lambda_.Alias:
    """An alias that leads to the newest version from the moment it is there."""
    return lambda_.Alias(scope, construct_id, alias_name=ALIAS, version=function.current_version)


class Canary(Construct):
    """An alias that gives a new version one call in ten for five minutes, and goes back by itself when an alarm rings.

    The function answers its own errors, so that 5xx of the API say more than failed invocations; both are watched.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.Function,
        api_name: str,
        name: str,
        tell: sns.Topic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._name, self._tell = name, tell
        self.alias = at_once(self, "Alias", function)
        refused = cloudwatch.Metric(
            namespace="AWS/ApiGateway",
            metric_name="5XXError",
            dimensions_map={"ApiName": api_name, "Stage": ALIAS},
            period=_MINUTE,
            statistic="Sum",
        )
        alarms = [
            self._alarm("CanaryErrors", refused, 3, "The API answers 5xx while new code takes over."),
            self._alarm("CanaryFailed", self.alias.metric_errors(period=_MINUTE), 1, "The scoring function fails."),
            self._alarm("CanarySlow", self.alias.metric_duration(period=_MINUTE, statistic="p99"), 1000,
                        "One scoring call in a hundred takes over a second while new code takes over."),
        ]  # fmt: skip
        codedeploy.LambdaDeploymentGroup(
            self,
            "Deployment",
            alias=self.alias,
            alarms=alarms,
            deployment_config=codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES,
            auto_rollback=codedeploy.AutoRollbackConfig(
                deployment_in_alarm=True, failed_deployment=True, stopped_deployment=True
            ),
        )

    def _alarm(self, name: str, metric: cloudwatch.IMetric, threshold: float, meaning: str) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=f"{meaning} A deployment under way goes back to the code before.",
            alarm_name=f"{self._name}-{name}",
        )
        alarm.add_alarm_action(actions.SnsAction(self._tell))
        return alarm


_MINUTE = Duration.minutes(1)
