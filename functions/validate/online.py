"""Brings the customers that the API answers for under the current key of the pseudonyms."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

from holdfast.aws import client, error_code, translated
from holdfast.observe import logger
from holdfast.pseudonym import FORM, Pseudonymiser

_THREADS = 8
_NAME = "customer_id"


def online_rekeyed(table: str, key: Pseudonymiser) -> int:
    """Give every item that is held under an earlier key the name that it has under this one; how many there were.

    The new item is there before the old one goes; one that was scored under the new key meanwhile stays as it is.
    """
    dynamodb, moved = client("dynamodb"), 0
    with translated("reading the customers that are held"), ThreadPoolExecutor(_THREADS) as threads:
        for page in dynamodb.get_paginator("scan").paginate(TableName=table):
            old = [item for item in page["Items"] if _is_earlier(item[_NAME]["S"], key)]
            new = key.lifted(item[_NAME]["S"] for item in old)
            list(threads.map(lambda item, name: _moved(dynamodb, table, item, name), old, new))
            moved += len(old)
    logger.info("customers held under another key", moved=moved, key=key.key_id)
    return moved


def _is_earlier(name: str, key: Pseudonymiser) -> bool:
    return bool(FORM.fullmatch(name)) and not key.is_pseudonym(name)


def _moved(dynamodb: Any, table: str, item: dict[str, Any], name: str) -> None:
    missing = f"attribute_not_exists({_NAME})"
    try:
        dynamodb.put_item(TableName=table, Item=item | {_NAME: {"S": name}}, ConditionExpression=missing)
    except ClientError as error:
        if error_code(error) != "ConditionalCheckFailedException":
            raise
    dynamodb.delete_item(TableName=table, Key={_NAME: item[_NAME]})
