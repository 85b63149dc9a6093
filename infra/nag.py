"""cdk-nag: both packs on, and each rule that we do not follow with a sentence that someone can dispute."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aws_cdk import Acknowledgment, App, CfnElement, Stack, Validations
from aws_cdk import aws_s3 as s3
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from infra.access import CELLS, OWN, SHARED, USED, catalogue_arns, foreign_bucket_arns
from infra.copies import BUNDLES
from infra.engine import EmrServerless
from infra.outputs import ARTIFACTS_BUCKET, output_of

if TYPE_CHECKING:
    from infra.regions import CopiesStack, ScoringStack
    from infra.stack import HoldfastStack

_EVERYWHERE = {
    "AwsSolutions-L1": "Python 3.13 is the newest that the lock is resolved and tested for; 3.14 follows when every wheel exists for it.",
    "AwsSolutions-COG4": "Callers are programs of the same company: they sign with IAM (SigV4) and need no user pool.",
    "AwsSolutions-ECS2": "The variables are names of buckets and tables; tokens and keys are read from Secrets Manager at run time.",
    "AwsSolutions-SMG4": "HubSpot's and Intercom's tokens cannot be rotated by a program, and a new pseudonym key unlinks all history: both are a person's act.",
    "AwsSolutions-SQS3": "These queues are themselves the dead-letter queues.",
    "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]": "The one role that API Gateway documents for writing its logs.",
    "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]": "The role that CodeDeploy documents for moving an alias.",
    "AwsSolutions-IAM5[Resource::*]": "X-Ray, PutMetricData, PutEvents, log delivery and ECR's token take no resource; conditions narrow those that allow one.",
    "AwsSolutions-COG3": "Programs alone have tokens of the pool: no person signs in whose risk could be judged.",
    "AwsSolutions-COG8": "Threat protection looks at people who sign in; programs with a secret of their own are all who have tokens of the pool.",
    "Serverless-APIGWXrayEnabled": "X-Ray would keep the URL of each call, and with it the customer's id; the function's own traces hold none.",
    "Serverless-LambdaLatestVersion": "Python 3.13 is the newest that the lock is resolved and tested for; 3.14 follows when every wheel exists for it.",
    "Serverless-SQSRedrivePolicy": "These queues are themselves the dead-letter queues.",
}


_NOTIFIED = (
    "HubSpot and Intercom cannot sign with IAM: their own signature over the body authenticates them, in the function, before "
    "anything is read from it; what they say is only a hint of what to ask them for."
)


_SERVED = "What the API may serve: bundles get their names when they are trained."
_SNAPSHOT = "Annotation::@aws-cdk/aws-lambda:snapStartRequirePublish"
_PUBLISHED = "The API calls the function by its alias, and that leads to a published version."


def check(
    app: App, home: "HoldfastStack", copies: "Sequence[CopiesStack]" = (), scoring: "Sequence[ScoringStack]" = ()
) -> None:
    """Fail the synthesis on every finding that is not acknowledged."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
    for method in home.scoring.open:
        Validations.of(method).acknowledge(Acknowledgment(id="AwsSolutions::AwsSolutions-APIG4", reason=_NOTIFIED))
    for function in (home.functions["Api"], *(each.scorer.function for each in scoring)):
        Validations.of(function).acknowledge(Acknowledgment(id=_SNAPSHOT, reason=_PUBLISHED))
    _acknowledge(home, _wildcards(home) | _of_copies(home, copies))
    for copied in copies:
        _acknowledge(copied, {})
    for each, copied in zip(scoring, copies, strict=True):
        _acknowledge(each, _of_scorer(home, copied))


def _acknowledge(stack: Stack, wildcards: dict[str, str]) -> None:
    """What no stack follows, and wildcards of this one."""
    reasons = {f"AwsSolutions-IAM5[Resource::{resource}]": reason for resource, reason in wildcards.items()}
    for rule, reason in (_EVERYWHERE | reasons).items():
        pack = rule.split("-", 1)[0]
        Validations.of(stack).acknowledge(Acknowledgment(id=f"{pack}::{rule}", reason=reason))


def _of_copies(home: "HoldfastStack", copies: "Sequence[CopiesStack]") -> dict[str, str]:
    """Of further regions' buckets, and of what goes there."""
    if not copies:
        return {}
    own = _arn(home, home.storage.artifacts)
    places = [own, *(_bucket_in(each) for each in copies)]
    reasons = {f"{place}/{BUNDLES}*": _SERVED for place in places}
    return reasons | {
        f"{place}/*": "The keys of one further region's bucket cannot be listed in advance." for place in places[1:]
    }


def _of_scorer(home: "HoldfastStack", copies: "CopiesStack") -> dict[str, str]:
    return {f"{_bucket_in(each)}/{BUNDLES}*": _SERVED for each in (home, copies)}


def _bucket_in(stack: Stack) -> str:
    """The ARN of another stack's artifacts, as findings say it."""
    named = json.dumps(stack.resolve(output_of(stack, ARTIFACTS_BUCKET)), separators=(",", ":"))
    return f"arn:aws:s3:::{named}"


def _wildcards(stack: "HoldfastStack") -> dict[str, str]:
    """IAM5, wildcard by wildcard: a new one is a new finding."""
    reasons = _of_objects(stack) | _of_executions(stack)
    for function in stack.functions.all.values():
        reasons[f"<{_id(stack, function)}.Arn>:*"] = "The versions and aliases of one own function."
    if isinstance(stack.engine, EmrServerless):
        application = stack.resolve(stack.engine.application.logical_id)
        reasons[f"<{application}.Arn>/jobruns/*"] = (
            "The jobs of the one own Spark application, which get their names when they start."
        )
    tables = catalogue_arns(stack.storage)[-1].split(":glue:", 1)[1].split(":table/", 1)[1]
    reasons[f"arn:aws:glue:{stack.region}:<AWS::AccountId>:table/{tables}"] = (
        "The tables of the one own database; streams make new ones."
    )
    for route in stack.operators.routes:
        reasons[_said(stack.resolve(route))] = "One route of the own API, for whichever customer or model."
    return reasons


def _of_objects(stack: "HoldfastStack") -> dict[str, str]:
    reasons = {
        f"{_arn(stack, bucket)}/*": "The keys of one own bucket cannot be listed in advance."
        for bucket in stack.storage.buckets
    }
    artifacts = _arn(stack, stack.storage.artifacts)
    reasons[f"arn:<AWS::Partition>:s3:::{_name(stack, stack.storage.artifacts)}/*"] = (
        "The lists that Plan writes for the Distributed Map and what it writes of its executions: keys with a run's name."
    )
    for keys in (*SHARED, *OWN.values()):
        reasons[f"{artifacts}/{keys}"] = "One kind of artifact: its keys hold runs, days and versions."
    reasons[f"{artifacts}/{USED}"] = "What each run used, under the run's own name."
    reasons[f"{artifacts}/{BUNDLES}*"] = _SERVED
    reasons[f"{_arn(stack, stack.storage.landing)}/{CELLS}*"] = "What Spark writes: it names its files itself."
    for arn in foreign_bucket_arns(stack.storage):
        reasons[f"{stack.resolve(arn)}/*"] = "The log files of a bucket that the configuration names."
    return reasons


def _of_executions(stack: "HoldfastStack") -> dict[str, str]:
    machine, place = _id(stack, stack.chain.machine), f"arn:aws:states:{stack.region}:<AWS::AccountId>:execution"
    named = f'{{"Fn::Select":[6,{{"Fn::Split":[":",{{"Ref":"{machine}"}}]}}]}}'
    children = "The Distributed Map's executions of the one own state machine."
    return {
        f"{place}:<{machine}.Name>:*": "The executions of the one own state machine.",
        f"{place}:{named}:*": children,
        f"{place}:{named}/*:*": children,
    }


def _said(arn: Any) -> str:
    """A resolved ARN as cdk-nag writes it."""
    parts = arn["Fn::Join"][1] if isinstance(arn, dict) else [arn]
    return "".join(f"<{part['Ref']}>" if isinstance(part, dict) else part for part in parts)


def _arn(stack: "HoldfastStack", bucket: s3.IBucket) -> str:
    """A bucket's ARN as cdk-nag writes it."""
    own = isinstance(bucket, s3.Bucket)
    return f"<{_id(stack, bucket)}.Arn>" if own else f"arn:aws:s3:::{bucket.bucket_name}"


def _name(stack: "HoldfastStack", bucket: s3.IBucket) -> str:
    return f"<{_id(stack, bucket)}>" if isinstance(bucket, s3.Bucket) else bucket.bucket_name


def _id(stack: "HoldfastStack", construct: object) -> str:
    child = construct.node.default_child  # type: ignore[attr-defined]
    assert isinstance(child, CfnElement), "an L2 construct has its resource as default child"
    return str(stack.resolve(child.logical_id))
