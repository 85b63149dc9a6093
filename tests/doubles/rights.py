"""Who may do what: every role and every kind of resource, each cell decided. What is not said here is tried and has to be denied.

A cell is `-`, or letters of what is allowed. Of objects: l list the bucket's keys, r read, w write, d delete, p read and delete old
versions for good. Of items: r get, q query, s scan, w put, u update, d delete. Of the rest see PROBES.
A role that gets a right needs a letter here first; a kind of resource that is new needs a column, in which all is denied at first.

On AWS `Launcher` is the function that starts the training job, and `Train` the job; on the embedded runtime they are one.
"""

from dataclasses import dataclass, field
from typing import Any

OBJECTS = """
           landing cells quarantine lake   uploads own-logs artifacts work used feature-sets bundles rankings reports drift replaced serves kept-out
Plan       -       -     -          -      lr      -        lr        rwd  rwd  r            r       r        r       r     r        r      r
Ingest     lrwd    rwd   lrwd       -      lr      -        lr        rwd  rwd  r            r       r        r       r     r        r      r
Reconcile  -       -     lrwd       -      -       -        lr        rwd  rwd  r            r       r        r       r     r        r      r
Scrub      lrwdp   rwdp  lrwdp      -      lrwdp   -        lr        rwd  rwd  r            r       r        r       r     r        r      rwd
Validate   lrwd    rwd   lrwd       lr     -       -        lr        rwd  rwd  r            r       r        r       r     r        r      r
Transform  lr      r     -          lrwd   -       -        lr        rwd  rwd  r            r       r        r       r     r        r      r
Group      l       rwd   -          lr     -       -        lr        r    rw   r            r       r        r       r     r        r      r
Spark      l       rwd   -          lr     -       -        -         -    -    -            -       -        -       -     -        -      -
Features   l       r     -          lrwd   -       -        lr        rwd  rwd  rwd          r       r        r       r     r        r      r
Launcher   -       -     -          -      -       -        -         -    -    -            -       -        -       -     -        -      -
Train      -       -     -          lr     -       -        lr        rwd  rwd  r            rwd     r        r       r     r        r      r
Promote    -       -     -          lr     -       -        lr        r    rw   r            r       r        r       r     rwd      rwd    r
ScoreAll   -       -     -          lrwd   -       -        lr        rwd  rwd  r            r       rwd      r       r     r        r      r
Report     -       -     -          lrwd   -       -        lr        rwd  rwd  r            r       r        rwd     r     r        r      r
Failed     -       -     -          -      -       -        -         -    -    -            -       -        -       -     -        -      -
Drift      -       -     -          lr     -       -        lr        rwd  rwd  r            r       r        r       rwd   r        r      r
Maintain   -       -     -          lrwd   -       -        -         -    -    -            -       -        -       -     -        -      -
Forget     lrwdp   rwdp  lrwdp      lrwdp  lrwdp   -        lrwdp     rwdp rwdp rwdp         rwdp    rwdp     rwdp    rwdp  rwdp     rwdp   rwdp
Api        -       -     -          -      -       -        l         -    -    -            r       r        -       -     -        -      -
Webhook    -       -     -          -      -       -        -         -    -    -            -       -        -       -     -        -      -
"""

ITEMS = """
           files cursors budget pulls schemas tables hints suppressed erasures registry noted state scores catalogue other-catalogue
Plan       rqw   rqw     -      -     -       -      -     -          -        -        -     -     -      -         -
Ingest     -     rw      u      wd    -       -      q     -          -        -        -     -     -      -         -
Reconcile  rqw   rqw     -      -     wd      -      -     -          -        -        -     -     -      -         -
Scrub      rqw   rqw     -      -     -       -      -     qw         q        -        -     -     -      -         -
Validate   -     -       -      -     -       -      -     -          -        -        -     -     -      r         -
Transform  rqw   rqw     -      -     -       wd     -     -          -        -        -     -     -      rwud      -
Group      -     -       -      -     -       -      -     -          -        r        -     -     -      r         -
Spark      -     -       -      -     -       -      -     -          -        -        -     -     -      -         -
Features   -     -       -      -     -       wd     -     -          -        r        -     -     -      rwud      -
Launcher   -     -       -      -     -       -      -     -          -        -        -     -     -      -         -
Train      -     -       -      -     -       -      -     -          -        -        -     -     -      r         -
Promote    -     -       -      -     -       -      -     -          -        ru       -     -     -      r         -
ScoreAll   -     -       -      -     -       wd     -     -          -        -        rw    -     rqwud  rwud      -
Report     -     -       -      -     -       wd     -     -          -        -        -     -     -      rwud      -
Failed     -     -       -      -     -       -      -     -          -        -        -     -     -      -         -
Drift      -     -       -      -     -       -      -     -          -        r        -     -     -      r         -
Maintain   -     -       -      -     -       wd     -     -          -        -        -     -     wds    rwud      -
Forget     rqwud rqwud   rqwud  rqwud rqwud   rqwud  rqwud rqwud      rqwud    rqwud    rqwud s     rqwuds rwud      -
Api        -     -       -      -     -       -      -     -          -        r        -     -     r      -         -
Webhook    -     -       -      -     -       -      rw    -          -        -        -     -     -      -         -
"""

REST = """
           pseudonym tokens apps signing others key arrivals parked inbox alerts run execution answer metrics other-metrics events other-events functions roles
Plan       -         -      -    -       -      dg  rd       w      -     -      -   -         -      -       -             -      -            -         -
Ingest     -         r      rw   -       -      dg  -        w      -     -      -   -         -      -       -             -      -            -         -
Reconcile  -         -      -    -       -      dg  -        w      -     w      -   -         -      w       -             -      -            -         -
Scrub      r         -      -    -       -      dg  -        w      -     -      -   -         -      -       -             -      -            -         -
Validate   -         -      -    -       -      dg  -        w      -     -      -   -         -      -       -             -      -            -         -
Transform  r         -      -    -       -      dg  -        w      -     -      -   -         -      w       -             -      -            -         -
Group      -         -      -    -       -      dg  -        w      -     -      -   -         -      -       -             -      -            -         -
Spark      -         -      -    -       -      dg  -        -      -     -      -   -         -      -       -             -      -            -         -
Features   -         -      -    -       -      dg  -        w      -     -      -   -         -      -       -             -      -            -         -
Launcher   -         -      -    -       -      -   -        w      -     -      -   -         -      -       -             -      -            -         -
Train      -         -      -    -       -      dg  -        -      -     -      -   -         w      -       -             -      -            -         -
Promote    -         -      -    -       -      dg  -        w      -     -      -   -         -      -       -             -      -            -         -
ScoreAll   -         -      -    -       -      dg  -        w      -     -      -   -         -      -       -             -      -            -         -
Report     -         -      -    -       -      dg  -        w      -     -      -   r         -      w       -             -      -            -         -
Failed     -         -      -    -       -      dg  -        w      -     w      -   r         -      -       -             -      -            -         -
Drift      -         -      -    -       -      dg  -        w      -     w      -   -         -      w       -             w      -            -         -
Maintain   r         -      -    -       -      dg  -        w      -     -      -   -         -      -       -             -      -            -         -
Forget     r         -      -    -       -      dg  rd       rwd    rd    -      lx  -         -      -       -             -      -            -         -
Api        r         -      -    -       -      d   -        w      -     -      -   -         -      -       -             -      -            -         -
Webhook    -         -      -    r       -      dg  -        w      -     -      -   -         -      -       -             -      -            -         -
"""


@dataclass(frozen=True)
class Probe:
    """One thing to try: as a policy sees it, and as it is called. `{…}` are places of the deployment."""

    action: str
    resource: str
    call: tuple[str, str]
    arguments: dict[str, Any]
    context: dict[str, Any] = field(default_factory=dict)


_KEYS = {"cells": ("landing", "cells/probe")} | {
    name: ("artifacts", key)
    for name, key in {
        "work": "work/probe/plan.json", "used": "work/probe/used/Probe.json", "feature-sets": "feature_sets/probe.json",
        "bundles": "bundles/probe/manifest.json", "rankings": "rankings/latest.json", "reports": "reports/probe.html",
        "drift": "drift/probe.html", "replaced": "receipts/models.json", "serves": "recovery/champion.json", "kept-out": "recovery/forgotten.json",
    }.items()
}  # fmt: skip
_OF_OBJECTS = {
    "r": [("s3:GetObject", "get_object", {})],
    "w": [("s3:PutObject", "put_object", {"Body": b"probe"})],
    "d": [("s3:DeleteObject", "delete_object", {})],
    "p": [("s3:GetObjectVersion", "get_object", {"VersionId": "none"}), ("s3:DeleteObjectVersion", "delete_object", {"VersionId": "none"})],
}  # fmt: skip
_NEVER = {"ConditionExpression": "attribute_exists(nowhere)"}
"""What is allowed is refused by a condition instead, so that nothing changes."""
_PARTITIONS = {
    "files": "files#probe",
    "cursors": "cursor#hubspot#probe",
    "budget": "budget#hubspot",
    "pulls": "lock#hubspot#probe",
    "schemas": "lock#schemas",
    "tables": "lock#table#probe",
    "hints": "hints#hubspot#probe",
    "suppressed": "suppressed",
    "erasures": "erasures",
    "registry": "registry",
    "noted": "scores",
    "scores": "probe",
}


def probes(column: str) -> dict[str, list[Probe]]:
    """What is tried in a column, by letter."""
    if column in _PARTITIONS:
        return _of_items(column)
    if column == "state":
        return {"s": [_scan("state")]}
    if column in ("catalogue", "other-catalogue"):
        return _of_catalogue("{database}" if column == "catalogue" else "another")
    return _REST[column] if column in _REST else _of_objects(column)


def _of_objects(column: str) -> dict[str, list[Probe]]:
    bucket, key = _KEYS.get(column, (column, "probe"))
    name, arn = f"{{{bucket}}}", f"{{arn of {bucket}}}"
    found = {
        letter: [
            Probe(action, f"{arn}/{key}", ("s3", call), {"Bucket": name, "Key": key} | more) for action, call, more in tries
        ]
        for letter, tries in _OF_OBJECTS.items()
    }  # fmt: skip
    if column not in _KEYS:
        found["l"] = [Probe("s3:ListBucket", arn, ("s3", "list_objects_v2"), {"Bucket": name, "Prefix": "probe"})]
    return found


def _of_items(column: str) -> dict[str, list[Probe]]:
    table, leading = "scores" if column == "scores" else "state", _PARTITIONS[column]
    names = ["customer_id"] if table == "scores" else ["pk", "sk"]
    key = {name: {"S": leading if name == names[0] else "probe"} for name in names}
    value = {"ExpressionAttributeValues": {":v": {"S": leading}}}
    asked = {
        "r": ("GetItem", "get_item", {"Key": key}),
        "q": ("Query", "query", {"KeyConditionExpression": f"{names[0]} = :v"} | value),
        "w": ("PutItem", "put_item", {"Item": key} | _NEVER),
        "u": ("UpdateItem", "update_item", {"Key": key, "UpdateExpression": "SET probe = :v"} | value | _NEVER),
        "d": ("DeleteItem", "delete_item", {"Key": key} | _NEVER),
    }
    seen = {"dynamodb:LeadingKeys": [leading]}
    found = {
        letter: [Probe(f"dynamodb:{action}", f"{{arn of {table}}}", ("dynamodb", call), {"TableName": f"{{{table}}}"} | more, seen)]
        for letter, (action, call, more) in asked.items()
    }  # fmt: skip
    return found | ({"s": [_scan(table)]} if table == "scores" else {})


def _scan(table: str) -> Probe:
    return Probe(
        "dynamodb:Scan", f"{{arn of {table}}}", ("dynamodb", "scan"), {"TableName": f"{{{table}}}", "Limit": 1}
    )


def _of_catalogue(database: str) -> dict[str, list[Probe]]:
    table = f"arn:aws:glue:{{region}}:{{account}}:table/{database}/probe"
    written = {"DatabaseName": database, "TableInput": {"Name": "probe"}}
    named = {"DatabaseName": database, "Name": "probe"}
    asked = {"r": ("GetTable", "get_table", named), "w": ("CreateTable", "create_table", written),
             "u": ("UpdateTable", "update_table", written), "d": ("DeleteTable", "delete_table", named)}  # fmt: skip
    return {letter: [Probe(f"glue:{action}", table, ("glue", call), more)] for letter, (action, call, more) in asked.items()}  # fmt: skip


def _of_secrets(*names: str) -> dict[str, list[Probe]]:
    asked = {"r": ("GetSecretValue", "get_secret_value", {}), "w": ("PutSecretValue", "put_secret_value", {"SecretString": "{}", "VersionStages": ["probe"]}),
             "d": ("DeleteSecret", "delete_secret", {})}  # fmt: skip
    return {
        letter: [
            Probe(f"secretsmanager:{action}", f"{{arn of {name}}}", ("secretsmanager", call), {"SecretId": f"{{{name}}}"} | more)
            for name in names
        ]
        for letter, (action, call, more) in asked.items()
    }  # fmt: skip


def _of_queues(*names: str) -> dict[str, list[Probe]]:
    asked = {"r": ("ReceiveMessage", "receive_message", {}), "w": ("SendMessage", "send_message", {"MessageBody": "probe"}),
             "d": ("DeleteMessage", "delete_message", {"ReceiptHandle": "probe"})}  # fmt: skip
    return {
        letter: [
            Probe(f"sqs:{action}", f"{{arn of {name}}}", ("sqs", call), {"QueueUrl": f"{{{name}}}"} | more) for name in names
        ]
        for letter, (action, call, more) in asked.items()
    }  # fmt: skip


def _of_metrics(namespace: str) -> dict[str, list[Probe]]:
    data = {"Namespace": namespace, "MetricData": [{"MetricName": "Probe", "Value": 0.0}]}
    context = {"cloudwatch:namespace": namespace}
    return {"w": [Probe("cloudwatch:PutMetricData", "*", ("cloudwatch", "put_metric_data"), data, context)]}


def _of_events(source: str) -> dict[str, list[Probe]]:
    entry = {"Source": source, "DetailType": "probe", "Detail": "{}"}
    bus = "arn:aws:events:{region}:{account}:event-bus/default"
    return {
        "w": [Probe("events:PutEvents", bus, ("events", "put_events"), {"Entries": [entry]}, {"events:source": source})]
    }


_EXECUTION = "arn:aws:states:{region}:{account}:execution:{machine}:probe"
_ROLE = "arn:aws:iam::{account}:role/probe"
_REST: dict[str, dict[str, list[Probe]]] = {
    "pseudonym": _of_secrets("pseudonym"),
    # An app's credentials are exchanged with HubSpot alone.
    "tokens": _of_secrets("intercom"),
    "apps": _of_secrets("hubspot"),
    "signing": _of_secrets("hubspot signing", "intercom signing"),
    "others": _of_secrets("another"),
    "key": {
        # The emulator knows the key of a ciphertext from what it wrote itself.
        "d": [Probe("kms:Decrypt", "{arn of key}", ("kms", "decrypt"), {"CiphertextBlob": "{ciphertext}"})],
        "g": [Probe("kms:GenerateDataKey", "{arn of key}", ("kms", "generate_data_key"), {"KeyId": "{key}", "KeySpec": "AES_256"})],
        "w": [Probe("kms:PutKeyPolicy", "{arn of key}", ("kms", "put_key_policy"), {"KeyId": "{key}", "PolicyName": "default", "Policy": "{}"}),
              Probe("kms:ScheduleKeyDeletion", "{arn of key}", ("kms", "schedule_key_deletion"), {"KeyId": "{key}"})],
    },
    "arrivals": _of_queues("arrivals"),
    "parked": _of_queues("dead letters"),
    "inbox": _of_queues("inbox"),
    "alerts": {"w": [Probe("sns:Publish", "{arn of alerts}", ("sns", "publish"), {"TopicArn": "{arn of alerts}", "Message": "probe"})]},
    "run": {
        "l": [Probe("states:ListExecutions", "{arn of machine}", ("stepfunctions", "list_executions"), {"stateMachineArn": "{arn of machine}"})],
        # Allowed, it is refused for its input.
        "x": [Probe("states:StartExecution", "{arn of machine}", ("stepfunctions", "start_execution"), {"stateMachineArn": "{arn of machine}", "input": "{"})],
        "w": [Probe("states:UpdateStateMachine", "{arn of machine}", ("stepfunctions", "update_state_machine"), {"stateMachineArn": "{arn of machine}", "definition": "{"}),
              Probe("states:DeleteStateMachine", "{arn of machine}", ("stepfunctions", "delete_state_machine"), {"stateMachineArn": "{arn of machine}"})],
    },
    "execution": {
        "r": [Probe("states:DescribeExecution", _EXECUTION, ("stepfunctions", "describe_execution"), {"executionArn": _EXECUTION})],
        "w": [Probe("states:StopExecution", _EXECUTION, ("stepfunctions", "stop_execution"), {"executionArn": _EXECUTION})],
    },
    "answer": {
        "w": [Probe("states:SendTaskSuccess", "{arn of machine}", ("stepfunctions", "send_task_success"), {"taskToken": "probe", "output": "{}"})],
    },
    "metrics": _of_metrics("Holdfast"),
    "other-metrics": _of_metrics("AWS/Lambda"),
    "events": _of_events("holdfast"),
    "other-events": _of_events("company.billing"),
    "roles": {
        "w": [Probe("iam:PutRolePolicy", _ROLE, ("iam", "put_role_policy"), {"RoleName": "probe", "PolicyName": "probe", "PolicyDocument": "{}"}),
              Probe("iam:UpdateAssumeRolePolicy", _ROLE, ("iam", "update_assume_role_policy"), {"RoleName": "probe", "PolicyDocument": "{}"}),
              Probe("sts:AssumeRole", _ROLE, ("sts", "assume_role"), {"RoleArn": _ROLE, "RoleSessionName": "probe"})],
    },
    "functions": {
        "x": [Probe("lambda:InvokeFunction", "{arn of api}", ("lambda", "invoke"), {"FunctionName": "{arn of api}", "InvocationType": "DryRun"})],
        "w": [Probe("lambda:UpdateFunctionCode", "{arn of api}", ("lambda", "update_function_code"), {"FunctionName": "{arn of api}", "ZipFile": b""})],
    },
}  # fmt: skip


def table() -> dict[tuple[str, str], str]:
    """(role, column) -> the letters that are allowed."""
    found = {}
    for text in (OBJECTS, ITEMS, REST):
        head, *rows = text.strip().splitlines()
        for row in rows:
            role, *cells = row.split()
            found |= {(role, column): cell.strip("-") for column, cell in zip(head.split(), cells, strict=True)}
    return found


def cells(target: str) -> list[tuple[str, str, str, bool]]:
    """Role, column, letter, whether it is allowed: each that a target has."""
    decided = table() if target == "aws" else _of_one_machine(table())
    return [
        (role, column, letter, letter in allowed)
        for (role, column), allowed in decided.items()
        for letter in probes(column)
    ]


def _of_one_machine(decided: dict[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """The job runs as its launcher, and there is no Spark."""
    launcher = {column: allowed for (role, column), allowed in decided.items() if role == "Launcher"}
    return {
        (role, column): allowed + (launcher[column] if role == "Train" else "")
        for (role, column), allowed in decided.items()
        if role not in ("Group", "Spark", "Launcher")
    }


def filled(value: Any, places: dict[str, Any]) -> Any:
    """The same with the deployment's places in it."""
    if isinstance(value, dict):
        return {key: filled(each, places) for key, each in value.items()}
    if not isinstance(value, str) or value in ("{", "{}"):
        return value
    if value[1:-1] in places:
        return places[value[1:-1]]
    for name, place in places.items():
        value = value.replace(f"{{{name}}}", str(place))
    return value
