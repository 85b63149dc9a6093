"""What both targets promise of their resources."""

from pathlib import Path
from typing import Any

import pytest
from aws_cdk.assertions import Template

from infra.access import ACCESS
from infra.catalogue import FUNCTIONS
from infra.packaging import ROOT
from tests.infra.conftest import synthesised


def resources(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    return {name: r["Properties"] for name, r in template.find_resources(kind).items()}


def test_every_bucket_with_data_is_encrypted_versioned_and_private(template: Template) -> None:
    buckets = {n: b for n, b in resources(template, "AWS::S3::Bucket").items() if "AccessLogs" not in n}

    assert len(buckets) == 5
    for name, bucket in buckets.items():
        rule = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"]
        assert rule["SSEAlgorithm"] == "aws:kms", name
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}, name
        assert all(bucket["PublicAccessBlockConfiguration"].values()), name


def test_every_bucket_refuses_plain_http(template: Template) -> None:
    policies = resources(template, "AWS::S3::BucketPolicy")

    assert len(policies) == 6
    for name, policy in policies.items():
        denied = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert any(s["Condition"] == {"Bool": {"aws:SecureTransport": "false"}} for s in denied), name


def test_no_policy_allows_every_action(template: Template) -> None:
    for name, policy in resources(template, "AWS::IAM::Policy").items():
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not [action for action in actions if action == "*" or action.endswith(":*")], name


def test_every_function_has_a_role_of_its_own_and_a_row_of_rights(template: Template) -> None:
    functions = [
        f
        for f in resources(template, "AWS::Lambda::Function").values()
        if "HOLDFAST_STATE_TABLE" in str(f.get("Environment"))
    ]
    roles = {str(function["Role"]) for function in functions}

    assert len(functions) == len(roles)
    assert set(ACCESS) == set(FUNCTIONS) | {"GroupOnSpark", "ModelOperator"}


def test_every_function_logs_under_its_states_name_and_is_traced(template: Template) -> None:
    functions = [
        f
        for f in resources(template, "AWS::Lambda::Function").values()
        if "HOLDFAST_STATE_TABLE" in str(f.get("Environment"))
    ]
    names = {function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] for function in functions}

    assert set(FUNCTIONS) - {"Group", "Authorize"} <= names <= set(FUNCTIONS)
    assert all(function["TracingConfig"] == {"Mode": "Active"} for function in functions)


def test_no_secret_is_in_an_environment_variable(template: Template) -> None:
    for name, function in resources(template, "AWS::Lambda::Function").items():
        assert "resolve:secretsmanager" not in str(function.get("Environment", {})), name


def test_the_alarms_that_operations_needs_are_there_and_tell_people(template: Template) -> None:
    alarms = {a["AlarmName"]: a for a in resources(template, "AWS::CloudWatch::Alarm").values()}

    names = (
        "RunFailed",
        "RunThrottled",
        "NoSuccessIn26Hours",
        "Freshness",
        "QuarantineRate",
        "Cost",
        "DeadLetters",
        "MissedStarts",
        "LostAlerts",
        "LostArrivals",
        "ApiThrottled",
        "ApiErrors",
        "ApiSlow",
        "Drift",
        "SourceGap",
        "RowGap",
        "NotificationsRefused",
        "UpkeepFailed",
        "ErasureFailed",
    )
    assert {name for name in alarms if "Canary" not in name} == {f"holdfast-{name}" for name in names}
    assert all(alarm["AlarmActions"] for alarm in alarms.values())


def test_a_missing_night_is_an_alarm_even_when_nothing_is_reported(template: Template) -> None:
    template.has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {
            "AlarmName": "holdfast-NoSuccessIn26Hours",
            "TreatMissingData": "breaching",
            "EvaluationPeriods": 26,
            "Period": 3600,
        },
    )


def test_the_sync_of_one_stream_does_not_count_as_a_night(template: Template) -> None:
    alarms = {a["AlarmName"]: a for a in resources(template, "AWS::CloudWatch::Alarm").values()}
    counted = alarms["holdfast-NoSuccessIn26Hours"]

    assert (counted["MetricName"], counted["Dimensions"]) == ("Succeeded", [{"Name": "service", "Value": "Report"}])


def test_the_night_the_upkeep_and_the_drift_check_are_scheduled(template: Template) -> None:
    schedules = {s["ScheduleExpression"]: s for s in resources(template, "AWS::Scheduler::Schedule").values()}

    assert set(schedules) == {"cron(0 3 * * ? *)", "cron(0 5 * * ? *)", "cron(0 6 * * ? *)", "cron(30 * * * ? *)"}
    assert "Forget" in str(schedules["cron(30 * * * ? *)"]["Target"]["Arn"])
    assert "Maintain" in str(schedules["cron(0 5 * * ? *)"]["Target"]["Arn"])


@pytest.mark.parametrize(("name", "keys"), [("Maintain", ["lock#table#*"]), ("Features", ["lock#table#*", "registry"])])
def test_of_the_state_a_function_that_only_writes_tables_may_touch_little(
    template: Template, name: str, keys: list[str]
) -> None:
    policies = resources(template, "AWS::IAM::Policy")
    (policy,) = [p for n, p in policies.items() if f"{name}RoleDefaultPolicy" in n]
    statements = [s for s in policy["PolicyDocument"]["Statement"] if "dynamodb:" in str(s["Action"])]
    said = [s for s in statements if "StorageState" in str(s["Resource"])]

    assert [s["Condition"] for s in said] == [
        {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [key]}} for key in keys
    ]


def test_the_webhook_alone_is_open_to_callers_that_cannot_sign_with_iam(template: Template) -> None:
    methods = resources(template, "AWS::ApiGateway::Method").values()
    open_ = {method["HttpMethod"]: method for method in methods if method["AuthorizationType"] == "NONE"}

    assert set(open_) == {"POST", "HEAD"}
    assert all(method["RequestValidatorId"] for method in open_.values())
    assert "FunctionsWebhook" in str(open_["POST"]["Integration"])
    assert open_["HEAD"]["Integration"]["Type"] == "MOCK"


def test_a_flood_of_notifications_is_throttled_before_the_scores_are(template: Template) -> None:
    (stage,) = resources(template, "AWS::ApiGateway::Stage").values()
    settings = {(each["ResourcePath"], each["HttpMethod"]): each for each in stage["MethodSettings"]}

    all_of, webhook = settings["/*", "*"], settings["/~1v1~1webhooks~1{source}", "POST"]

    assert webhook["ThrottlingRateLimit"] < all_of["ThrottlingRateLimit"]
    assert all(each["LoggingLevel"] == "ERROR" and each["DataTraceEnabled"] is False for each in settings.values())


def test_what_anybody_may_call_writes_hints_and_nothing_else(template: Template) -> None:
    (policy,) = [p for n, p in resources(template, "AWS::IAM::Policy").items() if "WebhookRole" in n]
    of_state = [s for s in policy["PolicyDocument"]["Statement"] if "dynamodb:PutItem" in s["Action"]]

    assert [s["Condition"] for s in of_state] == [{"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["hints#*"]}}]
    assert "s3:" not in str(policy)


def test_hints_expire_in_the_state_table(template: Template) -> None:
    tables = resources(template, "AWS::DynamoDB::GlobalTable")
    (state,) = [table for name, table in tables.items() if "StorageState" in name]

    assert state["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


def test_access_logs_leave_out_whom_was_asked_for(template: Template) -> None:
    (stage,) = resources(template, "AWS::ApiGateway::Stage").values()

    assert "$context.resourcePath" in stage["AccessLogSetting"]["Format"]
    assert '$context.path"' not in stage["AccessLogSetting"]["Format"]


def test_the_dashboard_is_named_after_the_deployment(template: Template) -> None:
    template.has_resource_properties("AWS::CloudWatch::Dashboard", {"DashboardName": "holdfast"})


def test_every_output_that_programs_read_is_there(template: Template) -> None:
    outputs = template.find_outputs("*")

    assert {"ApiUrl", "StateMachineArn", "LakeBucket", "ScoresTable", "AlertsTopic"} <= set(outputs)


def test_a_bucket_of_the_companys_own_may_be_read_by_those_who_pull_and_nobody_else(tmp_path: Path) -> None:
    config = tmp_path / "holdfast.toml"
    config.write_text((ROOT / "holdfast.toml").read_text().replace('"usage/"', '"s3://company-logs/app/"'))

    template = synthesised("local", tmp_path / "build", config)

    readers = {n for n, p in resources(template, "AWS::IAM::Policy").items() if "company-logs/*" in str(p)}
    assert len(readers) == 2
    assert all("PlanRole" in name or "IngestRole" in name for name in readers)


def test_on_a_real_account_the_launcher_of_training_reads_no_data_and_the_job_does(aws: Template) -> None:
    policies = resources(aws, "AWS::IAM::Policy")
    (launcher,) = [p for n, p in policies.items() if "TrainRole" in n and "TaskRole" not in n and "Training" not in n]
    (job,) = [p for n, p in policies.items() if "TaskTaskRoleDefaultPolicy" in n]

    assert "s3:GetObject" not in str(launcher)
    assert "s3:GetObject" in str(job)


def test_only_who_forgets_may_delete_old_versions_and_ingest_never_reads_the_pseudonym_key(template: Template) -> None:
    policies = resources(template, "AWS::IAM::Policy")
    purging = {name for name, policy in policies.items() if "s3:DeleteObjectVersion" in str(policy)}
    reading = {name for name, policy in policies.items() if "PseudonymKey" in str(policy)}

    assert {name.removeprefix("Functions").partition("Role")[0] for name in purging} == {"Forget", "Scrub"}
    assert not [name for name in reading if "Ingest" in name or "Validate" in name or "Plan" in name]


def test_no_right_is_to_a_folder_instead_of_what_lies_in_it(template: Template) -> None:
    for name, policy in resources(template, "AWS::IAM::Policy").items():
        for statement in policy["PolicyDocument"]["Statement"]:
            assert "/']]" not in str(statement.get("Resource")), name
