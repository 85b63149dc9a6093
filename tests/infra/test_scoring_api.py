"""What stands before the scoring function: who may call, how often, and what is said to who may not."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

from holdfast.settings import Api
from infra.packaging import ROOT
from infra.scoring_api import ROUTES
from score.examples import EXAMPLES
from score.problems import TYPE
from score.routes import BASE
from score.routes import ROUTES as ANSWERED
from score.shapes import Problem
from tests.infra.conftest import synthesised

SCORING = ("GET", "POST", "ANY")


def resources(template: Template, kind: str) -> list[dict[str, Any]]:
    return [found["Properties"] for found in template.find_resources(kind).values()]


def scoring_methods(template: Template) -> list[dict[str, Any]]:
    """All but the webhook's."""
    methods = resources(template, "AWS::ApiGateway::Method")
    return [method for method in methods if "FunctionsWebhook" not in str(method) and method["HttpMethod"] in SCORING]


@pytest.fixture(scope="module")
def cognito(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("cognito")
    return synthesised(
        "aws", folder / "build", configured(folder, 'authorization = "cognito"\nclients = ["crm", "app"]')
    )


def configured(folder: Path, api: str) -> Path:
    path = folder / "holdfast.toml"
    path.write_text((ROOT / "holdfast.toml").read_text() + f"\n[api]\n{api}\n")
    return path


def test_the_gateway_has_the_routes_that_the_function_answers() -> None:
    assert {(f"/{path}", method) for path, method in ROUTES.items()} == {(r.path, r.method) for r in ANSWERED}
    assert BASE == "/v1"


def test_every_call_for_a_score_is_signed_and_validated(template: Template) -> None:
    methods = scoring_methods(template)

    assert len(methods) == len(ROUTES) + 1
    assert all(method["AuthorizationType"] == "AWS_IAM" and method["RequestValidatorId"] for method in methods)


def test_the_function_is_called_by_its_alias(template: Template) -> None:
    for method in scoring_methods(template):
        assert re.search(r"(Release|Canary)\w*Alias|Release[0-9A-F]{8}", str(method["Integration"]["Uri"])), method


def test_bodies_that_are_no_object_of_lists_do_not_reach_the_function(template: Template) -> None:
    (model,) = resources(template, "AWS::ApiGateway::Model")
    posts = [method for method in scoring_methods(template) if method["HttpMethod"] == "POST"]

    assert [list(method["RequestModels"]) for method in posts] == [["application/json"]]
    assert model["Schema"]["type"] == "object"
    for example in EXAMPLES["wanted"].values():
        assert all(model["Schema"]["properties"].get(k, {}).get("type") in (None, "array") for k in example["value"])


def test_what_the_gateway_refuses_is_a_problem_with_a_request_id_and_nothing_of_the_request(template: Template) -> None:
    told = {found["ResponseType"]: found for found in resources(template, "AWS::ApiGateway::GatewayResponse")}

    assert {
        "ACCESS_DENIED",
        "MISSING_AUTHENTICATION_TOKEN",
        "REQUEST_TOO_LARGE",
        "THROTTLED",
        "DEFAULT_4XX",
        "DEFAULT_5XX",
    } <= set(told)
    for kind, found in told.items():
        (body,) = found["ResponseTemplates"].values()
        said = Problem.model_validate(json.loads(body))
        assert (said.request_id, str(said.status)) == ("$context.requestId", found["StatusCode"]), kind
        assert re.findall(r"\$[\w.]+", body) == ["$context.requestId"], kind
        assert found["ResponseParameters"]["gatewayresponse.header.Content-Type"] == f"'{TYPE}'"


def test_who_is_throttled_is_told_when_to_come_back(template: Template) -> None:
    template.has_resource_properties(
        "AWS::ApiGateway::GatewayResponse",
        {"ResponseType": "THROTTLED", "StatusCode": "429", "ResponseParameters": Match.object_like({"gatewayresponse.header.Retry-After": "'1'"})},
    )  # fmt: skip


def test_access_logs_and_traces_hold_no_path_and_so_no_id(template: Template) -> None:
    (stage,) = resources(template, "AWS::ApiGateway::Stage")
    logged = json.loads(stage["AccessLogSetting"]["Format"])

    kept = {"requestId", "requestTime", "httpMethod", "resourcePath", "status", "responseLatency", "responseLength"}
    assert {value.removeprefix("$context.") for value in logged.values()} == kept
    assert stage.get("TracingEnabled", False) is False
    assert all(
        each["DataTraceEnabled"] is False and each["LoggingLevel"] == "ERROR" for each in stage["MethodSettings"]
    )


def test_calls_are_throttled_for_all_and_by_client(template: Template, cognito: Template) -> None:
    (stage,) = resources(template, "AWS::ApiGateway::Stage")
    (plan,) = resources(cognito, "AWS::ApiGateway::UsagePlan")

    everywhere = next(each for each in stage["MethodSettings"] if each["ResourcePath"] == "/*")
    assert (everywhere["ThrottlingRateLimit"], everywhere["ThrottlingBurstLimit"]) == (200, 400)
    assert (plan["Throttle"]["RateLimit"], plan["Quota"]) == (50, {"Limit": 1_000_000, "Period": "DAY"})
    assert {key["Name"] for key in resources(cognito, "AWS::ApiGateway::ApiKey")} == {"holdfast-crm", "holdfast-app"}
    assert all(method["ApiKeyRequired"] for method in scoring_methods(cognito))
    assert not any(method["ApiKeyRequired"] for method in scoring_methods(template))


def test_by_option_callers_have_a_token_of_a_user_pool_with_a_scope(cognito: Template) -> None:
    methods = scoring_methods(cognito)

    assert {method["AuthorizationType"] for method in methods} == {"COGNITO_USER_POOLS"}
    assert all(method["AuthorizationScopes"] == ["scores/read"] and method["AuthorizerId"] for method in methods)
    cognito.has_resource_properties(
        "AWS::Cognito::UserPoolClient", {"AllowedOAuthFlows": ["client_credentials"], "GenerateSecret": True}
    )
    cognito.has_resource_properties("AWS::Cognito::UserPoolResourceServer", {"Identifier": "scores"})


@pytest.fixture(scope="module", params=["aws", "local"])
def bearers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("jwt")
    said = 'authorization = "jwt"\nissuer = "https://company.eu.auth0.com/"\naudience = "https://scores"'
    return synthesised(request.param, folder / "build", configured(folder, said))


def test_by_option_callers_have_a_token_of_an_issuer_that_a_function_of_its_own_verifies(bearers: Template) -> None:
    methods = scoring_methods(bearers)
    (authorizer,) = resources(bearers, "AWS::ApiGateway::Authorizer")

    assert {method["AuthorizationType"] for method in methods} == {"CUSTOM"}
    assert all(method["AuthorizerId"] for method in methods)
    assert (authorizer["Type"], authorizer["AuthorizerResultTtlInSeconds"]) == ("TOKEN", 60)
    assert "FunctionsAuthorize" in str(authorizer["AuthorizerUri"])
    bearers.has_resource_properties("AWS::Lambda::Function", {"Handler": "score.authorize.handler"})


def test_the_function_that_verifies_tokens_reads_nothing_and_is_nowhere_where_no_issuer_is(
    bearers: Template, template: Template
) -> None:
    policies = bearers.find_resources("AWS::IAM::Policy")
    (policy,) = [p["Properties"]["PolicyDocument"] for name, p in policies.items() if "AuthorizeRoleDefault" in name]

    may = {
        action.split(":")[0]
        for s in policy["Statement"]
        for action in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])
    }
    assert may <= {"logs", "xray", "sqs"}
    assert not [f for f in resources(template, "AWS::Lambda::Function") if "authorize" in str(f.get("Handler"))]


def test_a_user_pool_that_is_there_is_taken(tmp_path: Path) -> None:
    pool = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_abc"
    template = synthesised(
        "aws", tmp_path / "build", configured(tmp_path, f'authorization = "cognito"\nuser_pool = "{pool}"')
    )

    template.resource_count_is("AWS::Cognito::UserPool", 0)
    template.has_resource_properties("AWS::ApiGateway::Authorizer", {"ProviderARNs": [pool]})


def test_on_aws_new_code_takes_a_tenth_of_the_calls_first_and_goes_back_when_an_alarm_rings(aws: Template) -> None:
    (group,) = resources(aws, "AWS::CodeDeploy::DeploymentGroup")

    assert group["DeploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    assert group["AutoRollbackConfiguration"] == {
        "Enabled": True, "Events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST", "DEPLOYMENT_STOP_ON_ALARM"],
    }  # fmt: skip
    assert group["AlarmConfiguration"]["Enabled"] is True
    watched = {
        alarm["AlarmName"]: alarm
        for alarm in resources(aws, "AWS::CloudWatch::Alarm")
        if "Canary" in alarm["AlarmName"]
    }
    assert len(group["AlarmConfiguration"]["Alarms"]) == len(watched) == 3
    assert watched["holdfast-CanaryErrors"]["Dimensions"] == [
        {"Name": "ApiName", "Value": "holdfast-scores"}, {"Name": "Stage", "Value": "live"},
    ]  # fmt: skip
    (alias,) = [each for each in aws.find_resources("AWS::Lambda::Alias").values() if "UpdatePolicy" in each]
    assert "CodeDeployLambdaAliasUpdate" in alias["UpdatePolicy"]
    assert alias["Properties"]["FunctionName"]["Ref"].startswith("FunctionsApi")


def test_on_aws_a_firewall_stands_before_the_stage_and_keeps_no_sample(aws: Template) -> None:
    (acl,) = resources(aws, "AWS::WAFv2::WebACL")
    (association,) = resources(aws, "AWS::WAFv2::WebACLAssociation")

    assert [rule["Name"] for rule in acl["Rules"]][-2:] == ["AWSManagedRulesCommonRuleSet", "Rate"]
    visible = [acl["VisibilityConfig"], *(rule["VisibilityConfig"] for rule in acl["Rules"])]
    assert not any(each["SampledRequestsEnabled"] for each in visible)
    assert "ApiRest" in str(association["ResourceArn"])


def test_on_aws_an_address_that_calls_too_often_is_told_when_to_come_back(aws: Template) -> None:
    (acl,) = resources(aws, "AWS::WAFv2::WebACL")
    rate = acl["Rules"][-1]
    answer = rate["Action"]["Block"]["CustomResponse"]
    said = json.loads(acl["CustomResponseBodies"][answer["CustomResponseBodyKey"]]["Content"])

    assert rate["Statement"]["RateBasedStatement"] == {
        "AggregateKeyType": "IP", "EvaluationWindowSec": 300, "Limit": Api().calls_per_5_minutes,
    }  # fmt: skip
    assert (answer["ResponseCode"], answer["ResponseHeaders"]) == (429, [{"Name": "Retry-After", "Value": "300"}])
    assert (said["status"], said["title"]) == (429, "Too Many Requests")


def test_at_home_the_alias_leads_to_the_newest_code_at_once(local: Template) -> None:
    (alias,) = local.find_resources("AWS::Lambda::Alias").values()

    assert alias["Properties"]["Name"] == "live"
    assert "UpdatePolicy" not in alias
    local.resource_count_is("AWS::CodeDeploy::DeploymentGroup", 0)
    local.resource_count_is("AWS::WAFv2::WebACL", 0)


def test_the_scoring_function_reads_bundles_two_tables_and_the_key_and_nothing_else(template: Template) -> None:
    policies = template.find_resources("AWS::IAM::Policy")
    (policy,) = [p["Properties"]["PolicyDocument"] for name, p in policies.items() if "ApiRoleDefaultPolicy" in name]
    said = [s for s in policy["Statement"] if not re.search(r"logs:|xray:|sqs:SendMessage", str(s["Action"]))]

    (objects,) = [str(s["Resource"]) for s in said if "s3:" in str(s["Action"])]
    items = [(s["Action"], str(s["Resource"]), s.get("Condition")) for s in said if "dynamodb:" in str(s["Action"])]
    (of_state,), (of_scores,) = (
        [each for each in items if table in each[1]] for table in ("StorageState", "StorageScores")
    )
    assert "StorageArtifacts" in objects
    assert re.findall(r"/[a-z][\w/.*]+", objects) == ["/bundles/*", "/rankings/latest.json"]
    assert (of_state[0], of_state[2]) == (
        "dynamodb:GetItem",
        {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["registry"]}},
    )
    assert (of_scores[0], of_scores[2]) == (["dynamodb:GetItem", "dynamodb:BatchGetItem"], None)
    assert len(items) == 2
    rest = {action for s in said for action in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])}
    assert rest == {
        "s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation", "dynamodb:GetItem", "dynamodb:BatchGetItem", "kms:Decrypt",
        "secretsmanager:GetSecretValue",
    }  # fmt: skip
