"""Construct: what starts by itself. The night, the upkeep of the lake, erasures that are open, the daily look for drift, and the night that drift asks for."""

from aws_cdk import TimeZone
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as scheduler_targets
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from holdfast.settings import Settings
from infra.queues import dead_letters


class Schedules(Construct):
    """Starts that could not be delivered are kept in a queue."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        machine: sfn.StateMachine,
        drift: lambda_.Function,
        maintain: lambda_.Function,
        forget: lambda_.Function,
        settings: Settings,
    ) -> None:
        super().__init__(scope, construct_id)
        self._timezone = TimeZone.of(settings.timezone)
        self.missed = dead_letters(self, "MissedStarts")
        self._every_night(machine, settings.schedule)
        self._invoked("EveryDay", drift, settings.drift.schedule, "Looks for drift.")
        self._invoked("OpenErasures", forget, settings.privacy.schedule, "Goes on with requests for erasure.")
        self._invoked("Upkeep", maintain, settings.lake.schedule, "Keeps the lake up.")
        self._on_drift(machine)

    def _every_night(self, machine: sfn.StateMachine, when: str) -> None:
        start = scheduler_targets.StepFunctionsStartExecution(
            machine,
            input=scheduler.ScheduleTargetInput.from_object({"reason": "schedule"}),
            dead_letter_queue=self.missed,
        )
        self._schedule("EveryNight", when, start, "Starts Nightly.")

    def _invoked(self, name: str, function: lambda_.Function, when: str, description: str) -> None:
        invoked = scheduler_targets.LambdaInvoke(function, dead_letter_queue=self.missed)
        self._schedule(name, when, invoked, description)

    def _schedule(self, name: str, when: str, target: scheduler.IScheduleTarget, description: str) -> None:
        expression = scheduler.ScheduleExpression.expression(when, self._timezone)
        scheduler.Schedule(self, name, schedule=expression, target=target, description=description)

    def _on_drift(self, machine: sfn.StateMachine) -> None:
        why = events.RuleTargetInput.from_object({"reason": events.EventField.from_path("$.detail.reason")})
        again = targets.SfnStateMachine(machine, input=why, dead_letter_queue=self.missed)
        pattern = events.EventPattern(source=["holdfast"], detail_type=["drift detected"])
        events.Rule(
            self,
            "OnDrift",
            event_pattern=pattern,
            targets=[again],
            description="Drift was detected: the chain retrains.",
        )
