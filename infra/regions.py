"""The stacks of further regions. Like the home stack they compose, and have no resources of their own.

Each region has two: copies have to be there before the home stack copies to them, and the scorer reads what the home stack has made.
"""

from typing import Any

from aws_cdk import CfnOutput, Stack, Tags
from constructs import Construct

from holdfast.settings import Api, Settings
from infra.alarms import Alarms, Alerts
from infra.copies import Copies
from infra.domain import Domain
from infra.outputs import ARTIFACTS_BUCKET, KEY_ARN, POOL_ARN, output_of
from infra.packaging import Packager
from infra.scorer import Scorer
from infra.scoring_api import ScoringApi
from infra.stack import HoldfastStack
from infra.targets import target_named


class CopiesStack(Stack):
    """Where a further region's copies lie."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self.copies = Copies(self, "Copies", name=settings.name)
        Tags.of(self).add("application", settings.name)
        CfnOutput(self, ARTIFACTS_BUCKET, value=self.copies.artifacts.bucket_name)
        CfnOutput(self, KEY_ARN, value=self.copies.key.key_arn)


class ScoringStack(Stack):
    """The scoring API of a further region, by the hands that made the home region's."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        home: HoldfastStack,
        copies: CopiesStack,
        target: str,
        settings: Settings,
        packager: Packager,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        chosen = target_named(target, self, packager, settings.images)
        self.alerts = Alerts(self, "Alerts", email=settings.alert_email)
        rules = _with_pool_of(home, settings.api)
        self.scorer = Scorer(self, "Scorer", target=chosen, home=home, copies=copies, rules=rules)
        self.scoring = ScoringApi(
            self,
            "Api",
            function=chosen.release(self, self.scorer.function, settings, self.alerts.topic),
            webhook=None,
            authorize=self.scorer.authorize,
            name=settings.name,
            rules=rules,
        )
        chosen.shield(self, self.scoring.api.deployment_stage, settings)
        alarms = Alarms(self, "Alarms", name=settings.name, alerts=self.alerts, limits=settings.alarms)
        errors = alarms.watch_api(self.scoring.api, self.scorer.function)
        alarms.watch_queues({"DeadLetters": self.scorer.dead_letters, "LostAlerts": self.alerts.lost})
        if settings.api.domain:
            Domain(self, "Domain", api=self.scoring.api, errors=errors, rules=settings.api)
        Tags.of(self).add("application", settings.name)
        self._say_where_things_are()

    def _say_where_things_are(self) -> None:
        outputs = {
            "ApiId": self.scoring.api.rest_api_id,
            "ApiUrl": self.scoring.api.url,
            "AlertsInbox": self.alerts.inbox.queue_url,
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)


def _with_pool_of(home: HoldfastStack, rules: Api) -> Api:
    """The same rules: where the home stack made a user pool, tokens of it are good here as well."""
    if rules.authorization != "cognito" or rules.user_pool:
        return rules
    return rules.model_copy(update={"user_pool": output_of(home, POOL_ARN)})
