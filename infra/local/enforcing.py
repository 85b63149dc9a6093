"""The embedded runtime with IAM enforced as AWS does it: `python -m infra.local.enforcing`.

Where it names the right that a request needs otherwise than AWS, or leaves out what a condition asks for, that is put right here:
policies stay those of a real account, and none is widened for the emulator. A test holds that each correction is still needed.
"""

import json
import re
from typing import Any

from ministack import app
from ministack.core import iam_actions
from ministack.services import dynamodb, secretsmanager, stepfunctions

from infra.local.checksums import quicken

SAME_RIGHT = {
    f"sqs:{action}Batch": f"sqs:{action}" for action in ("SendMessage", "DeleteMessage", "ChangeMessageVisibility")
}
"""Rights that the emulator asks for -> those that AWS asks for: SQS has none for its batches."""


def correct() -> None:
    """Put right how requests are named, what they are about and what conditions see of them."""
    named, about, seen = (
        iam_actions.extract_iam_action,
        iam_actions.extract_resource_arn,
        iam_actions.request_tag_context,
    )

    def named_as_on_aws(*request: Any) -> str | None:
        action: str | None = named(*request)
        return SAME_RIGHT.get(action or "", action)

    def about_as_on_aws(service: str, *request: Any) -> str:
        arn: str = about(service, *request)
        if service == "states" and "taskToken" in _parsed(request[3]):
            return _only_machine() or arn
        if service == "glue":
            return _of_catalogue(arn, _parsed(request[3]), str(request[2].get("x-amz-target", "")))
        return _as_referred_to(arn) if service == "secretsmanager" else arn

    def seen_as_on_aws(service: str, action: str, body: bytes, parameters: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = seen(service, action, body, parameters)
        return found | conditions(service, _parsed(body), parameters)

    iam_actions.extract_iam_action = named_as_on_aws
    iam_actions.extract_resource_arn = about_as_on_aws
    iam_actions.request_tag_context = seen_as_on_aws


def conditions(service: str, body: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """What our policies' conditions ask for, of a request: the partition key of an item, a metric's namespace, an event's source.

    Of DynamoDB's requests those for one item and queries: the others are granted to nobody under a condition.
    """
    found = {
        "dynamodb:LeadingKeys": _leading_keys(body) if service == "dynamodb" else [],
        "cloudwatch:namespace": (body | parameters).get("Namespace") if service == "monitoring" else "",
        "events:source": next((each.get("Source") for each in body.get("Entries", [])), "")
        if service == "events"
        else "",
    }
    return {key: value for key, value in found.items() if value}


def _leading_keys(body: dict[str, Any]) -> list[str]:
    table = dynamodb._tables.get(str(body.get("TableName", "")).rpartition("/")[2])
    asked = re.match(r"(\w+) = (:\w+)", body.get("KeyConditionExpression", ""))
    queried = {asked[1]: body.get("ExpressionAttributeValues", {}).get(asked[2], {})} if asked else {}
    named = body.get("Key") or body.get("Item") or queried
    return [str(value) for value in named.get(table["pk_name"], {}).values()] if table else []


def _only_machine() -> str:
    """AWS asks for the right to answer a task on the machine that the token is of. Tokens say nothing of it here: it is the only one."""
    machines = list(stepfunctions._state_machines.values())
    return str(machines[0]["stateMachineArn"]) if len(machines) == 1 else ""


def _of_catalogue(arn: str, body: dict[str, Any], operation: str) -> str:
    """AWS asks for the right to the catalogue, to the database and to the table; here one is asked for, so it is the last that is named."""
    catalogue, database = arn.rpartition(":")[0], body.get("DatabaseName")
    name = body.get("Name") or body.get("TableInput", {}).get("Name")
    if database:
        return f"{catalogue}:table/{database}/{name}" if name else f"{catalogue}:database/{database}"
    return f"{catalogue}:database/{name}" if operation.endswith("Database") else arn


def _as_referred_to(secret: str) -> str:
    """What `Ref` says of a secret is its ARN on AWS and its name here: so policies that are made of it speak of the name."""
    names = {each["ARN"]: str(each["Name"]) for each in secretsmanager._secrets.values()}
    return names.get(secret, secret)


def _parsed(body: bytes) -> dict[str, Any]:
    """A request in JSON; nothing of one in another form."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


if __name__ == "__main__":
    correct()
    quicken()
    app.main()
