"""Every right of every role, as the synthesised policies give it, against the table in which each is decided."""

import re
from typing import Any

import pytest
from aws_cdk.assertions import Template
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from infra.access import ACCESS
from tests.doubles.rights import Probe, cells, filled, probes, table

PLACES = {
    **{name: f"Storage{name.capitalize()}" for name in ("landing", "quarantine", "lake", "uploads", "artifacts", "state", "scores", "key")},
    "own-logs": "StorageAccessLogs", "pseudonym": "StoragePseudonymKey", "hubspot": "StorageHubspotToken",
    "intercom": "StorageIntercomToken", "hubspot signing": "StorageHubspotWebhook", "intercom signing": "StorageIntercomWebhook", "arrivals": "StorageArrivalsQueue", "dead letters": "FunctionsDeadLetters",
    "inbox": "AlertsInbox", "alerts": "AlertsTopic", "machine": "ChainNightly", "api": "FunctionsApi",
}  # fmt: skip
"""Place -> how the logical id of the resource begins."""
KINDS = ("AWS::S3::Bucket", "AWS::DynamoDB::GlobalTable", "AWS::SecretsManager::Secret", "AWS::SQS::Queue", "AWS::SNS::Topic",
         "AWS::KMS::Key", "AWS::StepFunctions::StateMachine", "AWS::Lambda::Function")  # fmt: skip
SERVICES = {
    "ChainNightlyRole": "Step Functions, which runs the chain",
    "ChainNightlyEventsRole": "EventBridge, which starts it when there is drift",
    "SchedulerRoleForTarget": "EventBridge Scheduler, which starts one thing each",
    "ApiLogRole": "API Gateway, which writes its logs",
    "ReleaseDeploymentServiceRole": "CodeDeploy, which moves the alias",
    "FunctionsTrainingNetworkFlowLogIAMRole": "the network, which writes its flow log",
    "FunctionsTrainingTaskExecutionRole": "Fargate, which fetches the image and writes the log",
}
"""Roles that no code of ours runs under."""


def role_of(name: str, target: str) -> str:
    """How the logical id of its role begins: `Train` is who the training job runs as."""
    jobs = {"Spark": "SparkJobRole", "Launcher": "FunctionsTrainRole"}
    jobs |= {"Train": "FunctionsTrainingTaskTaskRole"} if target == "aws" else {}
    return jobs.get(name, f"Functions{name}Role")


class Policies:
    """A template's roles with what their policies say, references turned into names."""

    def __init__(self, template: Template, target: str) -> None:
        self.target, self._resources = target, template.to_json()["Resources"]
        self.places = self._found() | {
            "region": "us-east-1",
            "account": "000000000000",
            "database": "holdfast",
            "another": "another",
        }
        self.places |= {"arn of another": "arn:aws:secretsmanager:us-east-1:000000000000:secret:another"}

    def _found(self) -> dict[str, str]:
        found = {}
        for place, beginning in PLACES.items():
            (name,) = [
                n
                for n, r in self._resources.items()
                if n.startswith(beginning) and r["Type"] in KINDS and len(n) == len(beginning) + 8
            ]
            found |= {place: f"<{name}>", f"arn of {place}": f"<{name}>"}
        return found

    def roles(self) -> list[str]:
        return [name for name, resource in self._resources.items() if resource["Type"] == "AWS::IAM::Role"]

    def statements(self, beginning: str) -> list[dict[str, Any]]:
        (role,) = [name for name in self.roles() if name.startswith(beginning)]
        attached = [
            resource["Properties"]["PolicyDocument"]["Statement"]
            for resource in self._resources.values()
            if resource["Type"] == "AWS::IAM::Policy" and {"Ref": role} in resource["Properties"]["Roles"]
        ]
        return [self._named(statement) for policy in attached for statement in policy]

    def allow(self, beginning: str, probe: Probe) -> bool:
        policy = parse_policy_document({"Statement": self.statements(beginning)})
        context = {key.lower(): value for key, value in probe.context.items()}
        asked = EvalContext(
            principal_arn="arn:aws:sts::000000000000:assumed-role/role/session", principal_type="AssumedRole",
            principal_account="000000000000", action=probe.action, resource_arn=filled(probe.resource, self.places),
            region="us-east-1", service_context=context,
        )  # fmt: skip
        return evaluate(asked, [policy]).decision == "Allow"

    def _named(self, value: Any) -> Any:
        """References and joins as text: `<logical id>` for whatever a resource is known by."""
        if isinstance(value, list):
            return [self._named(each) for each in value]
        if not isinstance(value, dict):
            return value
        if "Ref" in value:
            return {"AWS::Region": "us-east-1", "AWS::AccountId": "000000000000", "AWS::Partition": "aws"}.get(
                value["Ref"], f"<{value['Ref']}>"
            )
        if "Fn::GetAtt" in value:
            return f"<{value['Fn::GetAtt'][0]}>"
        if "Fn::Join" in value:
            return value["Fn::Join"][0].join(map(str, map(self._named, value["Fn::Join"][1])))
        return {key: self._named(each) for key, each in value.items()}


@pytest.fixture(scope="module", params=["aws", "local"])
def policies(request: pytest.FixtureRequest) -> Policies:
    return Policies(request.getfixturevalue(request.param), request.param)


def test_every_function_and_job_has_a_row() -> None:
    """But `Authorize`, which is there by option alone: `test_scoring_api` tries that it may nothing."""
    elsewhere = {"GroupOnSpark", "ModelOperator", "Authorize"}
    assert {role for role, _ in table()} == set(ACCESS) - elsewhere | {"Spark", "Launcher"}


def test_every_role_is_a_functions_a_jobs_or_a_services(policies: Policies) -> None:
    ours = tuple(role_of(role, policies.target) for role, _ in table())

    assert not [name for name in policies.roles() if not name.startswith((*ours, *SERVICES))]


def test_each_role_may_do_what_the_table_says_and_nothing_else(policies: Policies) -> None:
    wrong = [
        (role, column, probe.action, "is allowed" if not wanted else "is denied")
        for role, column, letter, wanted in cells(policies.target)
        for probe in probes(column)[letter]
        if policies.allow(role_of(role, policies.target), probe) is not wanted
    ]

    assert not wrong, "\n".join(map(str, wrong))


def test_what_starts_by_itself_may_start_one_thing_and_keep_what_was_missed(policies: Policies) -> None:
    starters = [name for name in policies.roles() if name.startswith(("SchedulerRole", "ChainNightlyEvents"))]

    assert len(starters) == 5
    for name in starters:
        said = {
            (action, str(each["Resource"])) for each in policies.statements(name) for action in many(each["Action"])
        }
        started = {(action, resource) for action, resource in said if action != "sqs:SendMessage"}
        assert {action for action, _ in started} <= {"lambda:InvokeFunction", "states:StartExecution"}, (name, said)
        assert len({action for action, _ in started}) == 1, (name, said)
        assert "'*'" not in str(said), (name, said)


def test_the_state_machine_may_call_functions_of_the_chain_and_no_others(policies: Policies) -> None:
    said = [each for each in policies.statements("ChainNightlyRole") if "lambda:InvokeFunction" in many(each["Action"])]
    named = {found for each in said for found in re.findall(r"<Functions(\w+?)[0-9A-F]{8}>", str(each["Resource"]))}
    called = {name.removesuffix("Live") for name in named}  # the alias, and the function that it is of
    chain = set(ACCESS) - {
        "GroupOnSpark",
        "ModelOperator",
        "Api",
        "Authorize",
        "Webhook",
        "Maintain",
        "Forget",
        "Drift",
    }

    assert called == chain - (set() if policies.target == "aws" else {"Group"})


def many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
