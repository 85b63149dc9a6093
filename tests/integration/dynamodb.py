"""Tables of DynamoDB on the embedded runtime."""

import uuid

import boto3

STATE = ("pk", "sk")


def new_table(name: str = "", keys: tuple[str, ...] = STATE) -> str:
    """An empty table, by its name; without one it gets one that no other test has. `keys` are the hash key and the range key."""
    name = name or f"state-{uuid.uuid4().hex[:8]}"
    boto3.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": each, "KeyType": kind} for each, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ],
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in keys],
    )
    return name
