"""The stack: it composes the constructs and says what a program needs to find them. No resources of its own."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import CfnOutput, Fn, Stack, Tags
from constructs import Construct

from holdfast.settings import Settings
from infra.alarms import Alerts
from infra.analysts import Analysts
from infra.callers import AUTHORIZE, without
from infra.chain import Chain
from infra.domain import Domain
from infra.erasure import Erasure
from infra.functions import Functions
from infra.monitoring import Monitoring
from infra.operators import Operators
from infra.outputs import KEY_ARN, POOL_ARN, SECRET_RESOURCE
from infra.packaging import Packager
from infra.schedules import Schedules
from infra.scoring_api import ScoringApi
from infra.storage import Storage
from infra.targets import Target, target_named


class HoldfastStack(Stack):
    """One deployment of Holdfast."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        target: str,
        settings: Settings,
        packager: Packager,
        copies: Sequence[Stack] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        chosen = target_named(target, self, packager, settings.images)
        self.storage = Storage(self, "Storage", settings=settings, removal=chosen.removal, copies=copies)
        Analysts(self, "Analysts", storage=self.storage)
        self.alerts = Alerts(self, "Alerts", key=self.storage.own_key, email=settings.alert_email)
        self._run_nightly(chosen, settings)
        schedules = Schedules(
            self,
            "Schedules",
            machine=self.chain.machine,
            drift=self.functions["Drift"],
            maintain=self.functions["Maintain"],
            forget=self.functions["Forget"],
            settings=settings,
        )
        self._answer(chosen, settings)
        self._watch(settings, schedules)
        self._allow_erasure(schedules)
        Tags.of(self).add("application", settings.name)
        self._say_where_things_are()
        if copies:
            self._tell_further_regions()

    def _run_nightly(self, target: Target, settings: Settings) -> None:
        storage, alerts = self.storage, self.alerts.topic
        self.engine = engine = target.engine(self, storage)
        self.functions = Functions(
            self,
            "Functions",
            target=target,
            storage=storage,
            alerts=alerts,
            unused=engine.unused | without(settings.api),
        )
        self.chain = Chain(self, "Chain", functions=self.functions, storage=storage, settings=settings, engine=engine)

    def _answer(self, target: Target, settings: Settings) -> None:
        self.scoring = ScoringApi(
            self,
            "Api",
            function=target.release(self, self.functions["Api"], settings, self.alerts.topic),
            webhook=self.functions["Webhook"],
            authorize=self.functions.all.get(AUTHORIZE),
            name=settings.name,
            rules=settings.api,
        )
        self.operators = Operators(
            self,
            "Operators",
            api=self.scoring.api,
            score_all=self.functions["ScoreAll"],
            machine=self.chain.machine,
            storage=self.storage,
        )
        target.shield(self, self.scoring.api.deployment_stage, settings)

    def _watch(self, settings: Settings, schedules: Schedules) -> None:
        self.monitoring = Monitoring(
            self,
            "Monitoring",
            name=settings.name,
            alerts=self.alerts,
            machine=self.chain.machine,
            functions=self.functions,
            api=self.scoring.api,
            lost={
                "DeadLetters": self.functions.dead_letters,
                "MissedStarts": schedules.missed,
                "LostAlerts": self.alerts.lost,
                "LostArrivals": self.storage.lost_arrivals,
            },
            limits=settings.alarms,
        )
        if settings.api.domain:
            Domain(self, "Domain", api=self.scoring.api, errors=self.monitoring.api_errors, rules=settings.api)

    def _allow_erasure(self, schedules: Schedules) -> None:
        Erasure(
            self,
            "Erasure",
            forget=self.functions["Forget"],
            machine=self.chain.machine,
            queues={
                "arrivals": self.storage.arrivals,
                "lost arrivals": self.storage.lost_arrivals,
                "dead letters": self.functions.dead_letters,
                "missed starts": schedules.missed,
                "alerts": self.alerts.inbox,
                "lost alerts": self.alerts.lost,
            },
            copies=self.storage.copies,
        )

    def _say_where_things_are(self) -> None:
        storage = self.storage
        outputs = {
            "StateMachineArn": self.chain.machine.state_machine_arn,
            "ApiId": self.scoring.api.rest_api_id,
            "ApiUrl": self.scoring.api.url,
            "LandingBucket": storage.landing.bucket_name,
            "QuarantineBucket": storage.quarantine.bucket_name,
            "LakeBucket": storage.lake.bucket_name,
            "ArtifactsBucket": storage.artifacts.bucket_name,
            "UploadsBucket": storage.uploads.bucket_name,
            "Database": storage.database,
            "StateTable": storage.state.table_name,
            "ScoresTable": storage.scores.table_name,
            "AlertsTopic": self.alerts.topic.topic_arn,
            "AlertsInbox": self.alerts.inbox.queue_url,
            "Dashboard": self.monitoring.dashboard.dashboard_name,
            "DriftFunction": self.functions["Drift"].function_name,
            "ForgetFunction": self.functions["Forget"].function_name,
            "MaintainFunction": self.functions["Maintain"].function_name,
            "ReportFunction": self.functions["Report"].function_name,
            "PseudonymSecret": storage.pseudonym_key.secret_arn,
            "ScoreAllFunction": self.functions["ScoreAll"].function_name,
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)

    def _tell_further_regions(self) -> None:
        storage, pool = self.storage, self.scoring.callers.pool
        CfnOutput(self, KEY_ARN, value=storage.key.key_arn)
        CfnOutput(self, SECRET_RESOURCE, value=Fn.select(6, Fn.split(":", storage.pseudonym_key.secret_arn)))
        if pool:
            CfnOutput(self, POOL_ARN, value=pool.user_pool_arn)
