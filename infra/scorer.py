"""Construct: the scoring function in a further region, over that region's copies."""

from functools import partial

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from holdfast.settings import Api
from infra.access import grant_scorer
from infra.callers import AUTHORIZE, without
from infra.catalogue import FUNCTIONS
from infra.copies import Copied
from infra.functions import function_of
from infra.outputs import ARTIFACTS_BUCKET, KEY_ARN, SCORES_TABLE, SECRET_RESOURCE, STATE_TABLE, output_of
from infra.queues import dead_letters
from infra.targets import Target


class Near(Construct):
    """What the scorer reads where it is: replicas have the names of what they are replicas of."""

    def __init__(self, scope: Construct, construct_id: str, *, home: Stack, copies: Stack) -> None:
        super().__init__(scope, construct_id)
        copied = Copied(self, "Copied", copies=copies)
        self.key, self.artifacts = copied.key, copied.artifacts
        self.state = dynamodb.TableV2.from_table_name(self, "State", output_of(home, STATE_TABLE))
        self.scores = dynamodb.TableV2.from_table_name(self, "Scores", output_of(home, SCORES_TABLE))
        arn = Stack.of(self).format_arn(
            service="secretsmanager",
            resource="secret",
            resource_name=output_of(home, SECRET_RESOURCE),
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        self.pseudonym_key = secretsmanager.Secret.from_secret_complete_arn(self, "PseudonymKey", arn)


class Home(Construct):
    """What it reads in the home region as long as a copy has not come."""

    def __init__(self, scope: Construct, construct_id: str, *, home: Stack) -> None:
        super().__init__(scope, construct_id)
        Stack.of(self).add_stack_dependency(home, "it reads what is made there")
        self.key = kms.Key.from_key_arn(self, "Key", output_of(home, KEY_ARN))
        self.artifacts = s3.Bucket.from_bucket_name(self, "Artifacts", output_of(home, ARTIFACTS_BUCKET))
        self.region = home.region


class Scorer(Construct):
    """The function `Api` with the rights of its row in `infra.access`, and reading rights to bundles and ranking at home; and who says
    whose a token is, where callers have tokens of an issuer's own."""

    def __init__(
        self, scope: Construct, construct_id: str, *, target: Target, home: Stack, copies: Stack, rules: Api
    ) -> None:
        super().__init__(scope, construct_id)
        near, far = Near(self, "Near", home=home, copies=copies), Home(self, "Home", home=home)
        self.near, self.home = near, far
        self.dead_letters = dead_letters(self, "DeadLetters")
        environment = {
            "HOLDFAST_ARTIFACTS_BUCKET": near.artifacts.bucket_name,
            "HOLDFAST_STATE_TABLE": near.state.table_name,
            "HOLDFAST_SCORES_TABLE": near.scores.table_name,
            "HOLDFAST_PSEUDONYM_SECRET": near.pseudonym_key.secret_arn,
            "HOLDFAST_HOME_BUCKET": far.artifacts.bucket_name,
            "HOLDFAST_HOME_REGION": far.region,
        }
        made = partial(function_of, self, target=target, name=home.stack_name, dead_letters=self.dead_letters)
        self.function = made(FUNCTIONS["Api"], environment=target.environment | environment)
        grant_scorer(self.function, near, far)
        asked = AUTHORIZE not in without(rules)
        self.authorize = made(FUNCTIONS[AUTHORIZE], environment=target.environment) if asked else None
