"""Constructs: the alerts topic with its inbox, and the alarms that every region with a scoring API has."""

from collections.abc import Mapping

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from holdfast.settings import Alarms as Limits
from infra.queues import dead_letters


class Alerts(Construct):
    """One topic for people, and an inbox that keeps two weeks of it for `holdfast alerts`; under a key of its own, where none is given."""

    def __init__(self, scope: Construct, construct_id: str, *, email: str | None, key: kms.Key | None = None) -> None:
        super().__init__(scope, construct_id)
        key = key or kms.Key(self, "Key", enable_key_rotation=True, removal_policy=RemovalPolicy.DESTROY)
        self.topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True, display_name="Holdfast alerts")
        self.lost = lost = dead_letters(self, "Lost")
        self.inbox = sqs.Queue(
            self,
            "Inbox",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            dead_letter_queue=sqs.DeadLetterQueue(queue=lost, max_receive_count=100),
        )
        self.topic.add_subscription(
            subscriptions.SqsSubscription(self.inbox, raw_message_delivery=True, dead_letter_queue=lost)
        )
        if email:
            self.topic.add_subscription(subscriptions.EmailSubscription(email, dead_letter_queue=lost))
        for service in ("cloudwatch", "events"):
            self.topic.grant_publish(iam.ServicePrincipal(f"{service}.amazonaws.com"))
            key.grant(iam.ServicePrincipal(f"{service}.amazonaws.com"), "kms:Decrypt", "kms:GenerateDataKey*")


class Alarms(Construct):
    """Alarms that tell people when they go off and when they clear."""

    def __init__(self, scope: Construct, construct_id: str, *, name: str, alerts: Alerts, limits: Limits) -> None:
        super().__init__(scope, construct_id)
        self._alerts = alerts
        self._name = name
        self._limits = limits

    def watch_queues(self, lost: Mapping[str, sqs.Queue]) -> None:
        """Whatever lies in a queue for what could not be delivered."""
        for name, queue in lost.items():
            waiting = queue.metric_approximate_number_of_messages_visible(period=_FIVE_MINUTES, statistic="Maximum")
            meaning = f"Messages could not be delivered: look into the queue of {_words(name)}."
            self._alarm(name, waiting, 1, meaning)

    def watch_api(self, api: apigateway.RestApi, function: lambda_.IFunction) -> cloudwatch.Alarm:
        """Errors, latency and throttling of a scoring API; returns the alarm of its errors."""
        limits = self._limits
        errors = self._alarm(
            "ApiErrors",
            api.metric_server_error(period=_FIVE_MINUTES, statistic="Sum"),
            limits.api_errors,
            "The scoring API answers 5xx. `holdfast logs Api` says why.",
        )
        slow = api.metric_latency(period=_FIVE_MINUTES, statistic="p99")
        meaning = f"One scoring call in a hundred takes over {limits.api_milliseconds} ms."
        self._alarm("ApiSlow", slow, limits.api_milliseconds, meaning, periods=3)
        throttled = function.metric_throttles(period=_FIVE_MINUTES, statistic="Sum")
        self._alarm(
            "ApiThrottled",
            throttled,
            1,
            "Scoring calls are refused for want of concurrency: raise the account's quota.",
        )
        return errors

    def _alarm(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        threshold: float,
        meaning: str,
        *,
        periods: int = 1,
        operator: cloudwatch.ComparisonOperator = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            comparison_operator=operator,
            treat_missing_data=missing,
            alarm_description=meaning,
            alarm_name=f"{self._name}-{name}",
        )
        alarm.add_alarm_action(actions.SnsAction(self._alerts.topic))
        alarm.add_ok_action(actions.SnsAction(self._alerts.topic))
        return alarm


def _words(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


_FIVE_MINUTES = Duration.minutes(5)
