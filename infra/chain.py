"""Construct: the state machine `Nightly` and the one state in which every failure ends."""

from typing import Any

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from holdfast.contracts import AGAIN, WAIT
from holdfast.errors import TrainingOutOfMemory, transient_names
from holdfast.settings import Settings
from infra.catalogue import FUNCTIONS
from infra.engine import Engine
from infra.functions import Functions
from infra.log_files import LogFiles
from infra.storage import Storage

RETRIED = [
    *transient_names(),
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.ClientExecutionTimeoutException",
]
"""Step Functions compares a concrete class's name: these come from the drawn family, never from a base class."""

DIED = ["Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout", "States.HeartbeatTimeout"]
"""What Lambda and Step Functions call a function or a job that ended without a word: killed, out of memory, out of time."""

LONGEST = Duration.hours(36)
"""A source may want quiet until its account's midnight, or for the day that a migration of it takes."""
HEARTBEAT = Duration.seconds(90)
CONCURRENCY = 4
"""Streams and batches at a time: more would only meet the sources' rate limits."""

AT = sfn.JsonPath.string_at
_BEGUN: Any = {"run": AT("$$.Execution.Name"), "input": sfn.JsonPath.object_at("$$.Execution.Input")}
_ENDS = {"Transform": ("WholeNight", "$.stream", "Synced"), "Train": ("ANewRun", "$.again", "MadeAgain")}
"""State -> the choice behind it, what of the document ends the run there, and the end's name."""
_AGAIN: Any = {
    "errors": RETRIED,
    "interval": Duration.seconds(2),
    "backoff_rate": 2,
    "max_attempts": 5,
    "max_delay": Duration.minutes(2),
    "jitter_strategy": sfn.JitterType.FULL,
}
_DEAD: Any = {"errors": DIED, "interval": Duration.seconds(2), "max_attempts": 2}
_EVERYTHING: Any = {"errors": ["States.ALL"], "result_path": "$.failure"}


class Chain(Construct):
    """Reads as the table of contents: Plan, Ingest, Reconcile, Scrub, Validate, Transform, Features, Train, Promote, ScoreAll, Report."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        functions: Functions,
        storage: Storage,
        settings: Settings,
        engine: Engine,
    ) -> None:
        super().__init__(scope, construct_id)
        self.node.set_context("@aws-cdk/aws-stepfunctions:useDistributedMapResultWriterV2", True)
        self._functions = functions
        self._settings = settings
        self._log_files = LogFiles(self, self._task, storage.artifacts, settings.run)
        self._failed = self._build_failed()
        self._grouping = engine.group(self)
        self._steps = self._build_steps()
        self.machine = self._build_machine(self._build_entrance())
        functions.let_older_runs(self.machine)
        storage.key.grant(self.machine, "kms:Decrypt", "kms:GenerateDataKey")
        self._allow_callbacks()
        engine.allow(self.machine)

    def _build_steps(self) -> list[sfn.TaskStateBase | sfn.Map | sfn.Parallel]:
        run = AT("$.plan.run")
        streams = self._each("Streams", "$.plan.extracts", self._until_done(self._task("Ingest")))
        ingest = sfn.Parallel(
            self,
            "IngestAll",
            state_name="IngestAll",
            result_selector={"streams": AT("$[0]")},
            result_path="$.ingested",
        ).branch(streams, self._log_files.entrance)
        validate = self._each(
            "ValidateAll",
            "$.plan.tables",
            self._task("Validate"),
            "$.validated",
            {"run": run, "table": AT("$$.Map.Item.Value")},
        )
        return [
            self._caught(self._task("Plan", _BEGUN, "$.plan")),
            self._caught(ingest),
            self._caught(self._task("Reconcile", {"run": run}, "$.reconciled")),
            self._caught(self._task("Scrub", {"run": run}, "$.scrubbed")),
            self._caught(validate),
            self._caught(self._task("Transform", {"run": run}, "$.transformed")),
            self._caught(self._task("Features", self._featured(run), "$.features")),
            self._caught(self._training(run)),
            self._caught(
                self._task(
                    "Promote",
                    {
                        "run": run,
                        "bundle": AT("$.trained.bundle"),
                        "examples_snapshot": AT("$.features.examples_snapshot"),
                    },
                    "$.promoted",
                )
            ),
            self._caught(self._task("ScoreAll", self._scoring(run, "features", "features_snapshot"), "$.scored")),
            self._caught(self._task("Report", self._reporting(run), "$.reported")),
        ]

    def _featured(self, run: str) -> dict[str, Any]:
        entered: Any = {
            "as_of": AT("$.transformed.as_of"),
            "snapshots": sfn.JsonPath.object_at("$.transformed.snapshots"),
        }
        cells = {"cells": AT("$.grouped.cells")} if self._grouping else {}
        return {"run": run, **entered, "input": _BEGUN["input"], **cells}

    def _scoring(self, run: str, entry: str, snapshot: str) -> dict[str, Any]:
        return {
            "run": run,
            "champion": AT("$.promoted.champion"),
            snapshot: AT(f"$.{entry}.{snapshot}"),
            "as_of": AT("$.transformed.as_of"),
        }

    def _reporting(self, run: str) -> dict[str, Any]:
        return self._scoring(run, "scored", "scores_snapshot") | {"execution": AT("$$.Execution.Id")}

    def _task(
        self, name: str, payload: dict[str, Any] | None = None, result_path: str = "$", function: str = ""
    ) -> tasks.LambdaInvoke:
        """A state that invokes the function of its name, or another one."""
        task = tasks.LambdaInvoke(
            self,
            name,
            state_name=name,
            lambda_function=self._functions.invoked(function or name),
            payload_response_only=True,
            retry_on_service_exceptions=False,
            payload=sfn.TaskInput.from_object(payload) if payload else None,
            result_path=result_path,
            task_timeout=sfn.Timeout.duration(Duration.seconds(FUNCTIONS[function or name].timeout_s + 30)),
        )
        return self._retried(task)

    def _until_done(self, ingest: tasks.LambdaInvoke) -> sfn.IChainable:
        """Ingest comes again for a stream that takes longer than one function may run, and where the source wants quiet for longer
        than a function should sleep, the state machine waits in its place."""
        wait = sfn.Wait(
            self,
            "SourceWantsQuiet",
            state_name="SourceWantsQuiet",
            time=sfn.WaitTime.timestamp_path("$.wait_until"),
        )
        done = sfn.Pass(
            self,
            "Landed",
            state_name="Landed",
            parameters={name: AT(f"$.{name}") for name in ("table", "rows", "rejected")},
        )
        choice = sfn.Choice(self, "AllPulled", state_name="AllPulled")
        choice.when(sfn.Condition.string_equals("$.next", WAIT), wait.next(ingest))
        choice.when(sfn.Condition.string_equals("$.next", AGAIN), ingest)
        return ingest.next(choice.otherwise(done))

    def _training(self, run: str) -> tasks.LambdaInvoke:
        payload = {
            "run": run,
            "feature_set": AT("$.features.feature_set"),
            "examples_snapshot": AT("$.features.examples_snapshot"),
            "as_of": AT("$.transformed.as_of"),
            "task_token": sfn.JsonPath.task_token,
            "attempt": sfn.JsonPath.number_at("$$.State.RetryCount"),
        }
        task = tasks.LambdaInvoke(
            self,
            "Train",
            state_name="Train",
            lambda_function=self._functions.invoked("Train"),
            integration_pattern=sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
            payload=sfn.TaskInput.from_object(payload),
            result_path="$.trained",
            retry_on_service_exceptions=False,
            heartbeat_timeout=sfn.Timeout.duration(HEARTBEAT),
            task_timeout=sfn.Timeout.duration(Duration.minutes(self._settings.training.timeout_minutes)),
        )
        task.add_retry(errors=[TrainingOutOfMemory.__name__], max_attempts=1)
        return self._retried(task)

    def _retried(self, task: tasks.LambdaInvoke) -> tasks.LambdaInvoke:
        task.add_retry(**_DEAD)
        task.add_retry(**_AGAIN)
        return task

    def _each(
        self,
        name: str,
        items: str,
        task: sfn.IChainable,
        result_path: str = "$",
        selector: dict[str, Any] | None = None,
    ) -> sfn.Map:
        each = sfn.Map(
            self,
            name,
            state_name=name,
            items_path=items,
            item_selector=selector,
            max_concurrency=CONCURRENCY,
            result_path=result_path,
        )
        each.item_processor(task)
        return each

    def _caught(self, step: sfn.TaskStateBase | sfn.Map | sfn.Parallel) -> sfn.TaskStateBase | sfn.Map | sfn.Parallel:
        return step.add_catch(self._failed, **_EVERYTHING)

    def _build_failed(self) -> tasks.LambdaInvoke:
        """A Task that alerts and then fails itself, not a Fail state: redriven, a Fail state would only fail again, while this one
        sees that it was redriven and says where to go on."""
        payload = {
            "execution": AT("$$.Execution.Id"),
            "document": sfn.JsonPath.object_at("$"),
            "attempt": sfn.JsonPath.number_at("$$.State.RetryCount"),
            "attempts": _AGAIN["max_attempts"],
        }
        return self._task("Failed", payload, "$.resumed")

    def _build_entrance(self) -> sfn.Choice:
        """Where a run begins, and where it goes on after a redrive: at the state that `$.resumed` names."""
        resume = sfn.Choice(self, "Resume", state_name="Resume")
        entrances = [self._ahead_of(step) for step in self._steps]
        for step, entrance, following in zip(self._steps, entrances, [*entrances[1:], None], strict=True):
            if following:
                step.next(self._unless_ended(step.state_id, following))
            named = sfn.Condition.and_(
                sfn.Condition.is_present("$.resumed.state"),
                sfn.Condition.string_equals("$.resumed.state", step.state_id),
            )
            resume.when(named, entrance)
        self._failed.next(resume)
        return resume.otherwise(entrances[0])

    def _ahead_of(self, step: sfn.TaskStateBase | sfn.Map | sfn.Parallel) -> sfn.IChainable:
        """Before features are made of very much activity, another engine groups it, if there is one."""
        if step.state_id != "Features" or self._grouping is None:
            return step
        payload = self._featured(AT("$.plan.run"))
        asked = self._caught(self._task("Group", {k: v for k, v in payload.items() if k != "cells"}, "$.grouped"))
        self._grouping.add_retry(**_AGAIN)
        self._grouping.add_catch(self._failed, **_EVERYTHING)
        as_it_is = sfn.Pass(
            self, "AsItIs", state_name="AsItIs", result=sfn.Result.from_object({"cells": ""}), result_path="$.grouped"
        )
        rows = "$.transformed.activity_rows"
        many = sfn.Condition.and_(
            sfn.Condition.is_present(rows),
            sfn.Condition.number_greater_than_equals(rows, self._settings.features.spark_from_rows),
        )
        choice = sfn.Choice(self, "TooMuchForOne", state_name="TooMuchForOne")
        choice.when(many, asked.next(self._grouping).next(step))
        return choice.otherwise(as_it_is.next(step))

    def _unless_ended(self, state: str, following: sfn.IChainable) -> sfn.IChainable:
        """A run that was started for one stream ends when that is in the lake; one that makes a past run again ends with the bundle."""
        if state not in _ENDS:
            return following
        asks, given, end = _ENDS[state]
        choice = sfn.Choice(self, asks, state_name=asks)
        choice.when(sfn.Condition.is_present(given), sfn.Succeed(self, end, state_name=end))
        return choice.otherwise(following)

    def _build_machine(self, entrance: sfn.Choice) -> sfn.StateMachine:
        group = logs.LogGroup(self, "Log", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY)
        return sfn.StateMachine(
            self,
            "Nightly",
            definition_body=sfn.DefinitionBody.from_chainable(entrance),
            state_machine_type=sfn.StateMachineType.STANDARD,
            tracing_enabled=True,
            timeout=LONGEST,
            comment="From the sources to an explained score for every customer.",
            logs=sfn.LogOptions(destination=group, level=sfn.LogLevel.ALL, include_execution_data=False),
        )

    def _allow_callbacks(self) -> None:
        """A policy of its own: as part of a function's role it would make functions and machine wait for each other."""
        answering = iam.PolicyStatement(
            actions=["states:SendTaskSuccess", "states:SendTaskFailure", "states:SendTaskHeartbeat"],
            resources=[self.machine.state_machine_arn],
        )
        executions = Stack.of(self).format_arn(
            service="states",
            resource="execution",
            resource_name=f"{self.machine.state_machine_name}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        looking = iam.PolicyStatement(
            actions=["states:DescribeExecution", "states:GetExecutionHistory"], resources=[executions]
        )
        _attach(self, "JobAnswers", self._functions.job, answering)
        for name in ("Failed", "Report"):
            _attach(self, f"{name}Looks", self._functions[name], looking)


def _attach(scope: Construct, name: str, grantee: iam.IGrantable, statement: iam.PolicyStatement) -> None:
    principal = grantee.grant_principal
    assert isinstance(principal, iam.Role), "functions and jobs of this stack have roles of their own"
    principal.attach_inline_policy(iam.Policy(scope, name, statements=[statement]))
