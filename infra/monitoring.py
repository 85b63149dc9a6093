"""Construct: the alarms and the dashboard over everything."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from holdfast.settings import Alarms as Limits
from infra.alarms import Alarms, Alerts
from infra.functions import Functions


class Monitoring(Alarms):
    """Alarms that mean something, and one dashboard."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        alerts: Alerts,
        machine: sfn.StateMachine,
        functions: Functions,
        api: apigateway.RestApi,
        lost: Mapping[str, sqs.Queue],
        limits: Limits,
    ) -> None:
        super().__init__(scope, construct_id, name=name, alerts=alerts, limits=limits)
        self._watch_runs(machine)
        self._watch_nights()
        self.api_errors = self.watch_api(api, functions["Api"])
        self.watch_queues(lost)
        self._watch_drift()
        self._watch_sources()
        self._watch_upkeep(functions["Maintain"])
        self._watch_erasures(functions["Forget"])
        self._tell_of_failures(machine)
        self._build_dashboard(machine, functions, api)

    def _watch_runs(self, machine: sfn.StateMachine) -> None:
        self._alarm(
            "RunFailed",
            machine.metric_failed(period=_HOUR, statistic="Sum"),
            1,
            "A nightly run failed. `holdfast status` says where and why.",
        )
        self._alarm(
            "RunThrottled",
            machine.metric_throttled(period=_HOUR, statistic="Sum"),
            1,
            "Step Functions holds a run back: other state machines of the account use up the quota of transitions.",
        )
        self._alarm(
            "NoSuccessIn26Hours",
            _hourly("Succeeded", "Report", "Sum"),  # the last state: a sync of one stream succeeds too, and is no night
            1,
            "No whole night has succeeded for 26 hours. `holdfast status` says how the last ones ended.",
            operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            periods=26,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )

    def _watch_nights(self) -> None:
        """What the last state says of the whole night."""
        limits = self._limits
        self._beyond("Freshness", "FreshnessHours", limits.freshness_hours, "hours from pulling to report. `holdfast status` says "
                     "which state took them.")  # fmt: skip
        self._beyond("QuarantineRate", "QuarantinedPercent", limits.quarantined_percent, "percent of a night's rows were kept back. "
                     "`holdfast quarantine list` says why.")  # fmt: skip
        self._beyond("Cost", "RunCost", limits.run_cost, "USD for one night. `holdfast runs show` says what for.")

    def _beyond(self, name: str, metric: str, limit: float, meaning: str) -> None:
        watched = cloudwatch.Metric(namespace="Holdfast", metric_name=metric, period=_HOUR, statistic="Maximum")
        above = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
        self._alarm(name, watched, limit, f"Over {limit:g} {meaning}", operator=above)

    def _watch_drift(self) -> None:
        drifted = cloudwatch.Metric(
            namespace="Holdfast", metric_name="DriftedFeatures", period=Duration.days(1), statistic="Maximum"
        )
        self._alarm("Drift", drifted, 1, "What is scored no longer looks like what was trained on.")
        self._drifted = drifted

    def _watch_sources(self) -> None:
        missing = _hourly("SourceGap", "Ingest", "Maximum")
        self._alarm("SourceGap", missing, 1, "A source says that it has more records than it gave.")
        lost = cloudwatch.Metric(namespace="Holdfast", metric_name="RowGap", period=_HOUR, statistic="Maximum")
        self._alarm(
            "RowGap",
            lost,
            1,
            "Rows were lost between log files and table: see reconciliation/ in the artifacts bucket.",
        )
        self._refused = _hourly("NotificationsRefused", "Webhook", "Sum")
        self._alarm(
            "NotificationsRefused",
            self._refused,
            20,
            "Notifications are refused: a source's webhook secret is not the one it signs with, or somebody else calls.",
            periods=3,
        )

    def _watch_upkeep(self, maintain: lambda_.Function) -> None:
        failed = maintain.metric_errors(period=_HOUR, statistic="Sum")
        self._alarm("UpkeepFailed", failed, 1, "The upkeep of the lake failed. `holdfast logs Maintain` says why.")

    def _watch_erasures(self, forget: lambda_.Function) -> None:
        failed = forget.metric_errors(period=_HOUR, statistic="Sum")
        self._alarm("ErasureFailed", failed, 1, "Forgetting somebody was cut short. `holdfast privacy resume` goes on.")

    def _tell_of_failures(self, machine: sfn.StateMachine) -> None:
        """What no Catch sees (an execution that timed out, was stopped or outgrew a limit) is told by the service's own event."""
        unseen = events.EventPattern(
            source=["aws.states"],
            detail_type=["Step Functions Execution Status Change"],
            detail={
                "status": ["TIMED_OUT", "ABORTED"],
                "stateMachineArn": [machine.state_machine_arn],
            },
        )
        said = events.RuleTargetInput.from_text(
            f"Run {events.EventField.from_path('$.detail.name')} ended: {events.EventField.from_path('$.detail.status')}"
        )
        events.Rule(
            self,
            "RunEndedUnseen",
            event_pattern=unseen,
            targets=[targets.SnsTopic(self._alerts.topic, message=said, dead_letter_queue=self._alerts.lost)],
        )

    def _build_dashboard(self, machine: sfn.StateMachine, functions: Functions, api: apigateway.RestApi) -> None:
        self.dashboard = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=self._name)
        rows = [_of_service("RowsOut", name) for name in ("Ingest", "Validate", "Transform", "Features", "ScoreAll")]
        bad = [_of_service("RowsQuarantined", "Validate"), _of_service("RowsRejected", "Ingest")]
        self.dashboard.add_widgets(
            cloudwatch.GraphWidget(title="Runs", width=8, left=[machine.metric_succeeded(), machine.metric_failed()]),
            cloudwatch.GraphWidget(title="Rows out", width=8, left=rows),
            cloudwatch.GraphWidget(title="Rows quarantined or rejected", width=8, left=bad),
        )
        limits = self._limits
        self.dashboard.add_widgets(
            _nightly("Hours from pulling to report", "FreshnessHours", limits.freshness_hours),
            _nightly("Cost of a night, USD", "RunCost", limits.run_cost),
            _nightly("Rows kept back, percent", "QuarantinedPercent", limits.quarantined_percent),
        )
        kept_up = [
            _of_service(metric, "Maintain", metric)
            for metric in ("FilesCompacted", "SnapshotsExpired", "OrphansDeleted", "TablesLeft")
        ]
        seconds = [_of_service("Seconds", name) for name in functions.all if name not in ("Api", "Webhook")]
        self.dashboard.add_widgets(
            cloudwatch.GraphWidget(title="Seconds per state", width=8, left=seconds),
            cloudwatch.GraphWidget(
                title="API latency",
                width=8,
                left=[api.metric_latency(statistic="p50"), api.metric_latency(statistic="p99")],
            ),
            cloudwatch.GraphWidget(
                title="API calls and errors",
                width=8,
                left=[api.metric_count(), api.metric_client_error(), api.metric_server_error()],
            ),
            cloudwatch.GraphWidget(
                title="Notifications", width=8, left=[_of_service("HintsTaken", "Webhook"), self._refused]
            ),
            cloudwatch.GraphWidget(title="Upkeep of the lake", width=8, left=kept_up),
            cloudwatch.GraphWidget(title="Drift", width=8, left=[self._drifted]),
        )


def _nightly(title: str, metric: str, limit: float) -> cloudwatch.GraphWidget:
    """One of a night's own figures, with the line from which it is an alarm."""
    shown = cloudwatch.Metric(namespace="Holdfast", metric_name=metric, period=_HOUR, statistic="Maximum")
    line = cloudwatch.HorizontalAnnotation(value=limit, label="alarm")
    return cloudwatch.GraphWidget(title=title, width=8, left=[shown], left_annotations=[line])


_HOUR = Duration.hours(1)


def _of_service(metric: str, service: str, label: str = "") -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="Holdfast",
        metric_name=metric,
        dimensions_map={"service": service},
        statistic="Sum",
        label=label or service,
    )


def _hourly(metric: str, service: str, statistic: str) -> cloudwatch.Metric:
    """For alarms, which the embedded runtime takes only without a label."""
    return cloudwatch.Metric(
        namespace="Holdfast",
        metric_name=metric,
        dimensions_map={"service": service},
        period=_HOUR,
        statistic=statistic,
    )
