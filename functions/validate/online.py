"""Brings the customers that the API answers for under the current key of the pseudonyms."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

from holdfast.aws import client, error_code, translated
from holdfast.observe import logger
from holdfast.pseudonym import FORM, Pseudonymiser
from holdfast.records import LEADS_TO

_THREADS = 8
_NAME = "customer_id"
_IN_ORDER = (f"attribute_not_exists({LEADS_TO})", f"attribute_exists({LEADS_TO})")


def online_rekeyed(table: str, key: Pseudonymiser) -> int:
    """Give every item that is held under an earlier key the name that it has under this one; how many there were.

    The new item is there before the old one goes; one that was scored under the new key meanwhile stays as it is. Customers
    first, then what leads to them: an earlier name of a customer leads to the later one, and no later one to the earlier.
    """
    moved = sum(_all_moved(table, key, which) for which in _IN_ORDER)
    logger.info("customers held under another key", moved=moved, key=key.key_id)
    return moved


def _all_moved(table: str, key: Pseudonymiser, which: str) -> int:
    dynamodb, moved = client("dynamodb"), 0
    with translated("reading the customers that are held"), ThreadPoolExecutor(_THREADS) as threads:
        for page in dynamodb.get_paginator("scan").paginate(TableName=table, FilterExpression=which):
            old = [item for item in page["Items"] if _is_earlier(item[_NAME]["S"], key)]
            new = [item | _renamed(item, key) for item in old]
            list(threads.map(lambda item, other: _moved(dynamodb, table, item, other), old, new))
            moved += len(old)
    return moved


def _renamed(item: dict[str, Any], key: Pseudonymiser) -> dict[str, Any]:
    naming = [name for name in (_NAME, LEADS_TO) if name in item]
    return {
        name: {"S": made} for name, made in zip(naming, key.lifted(item[name]["S"] for name in naming), strict=True)
    }


def _is_earlier(name: str, key: Pseudonymiser) -> bool:
    return bool(FORM.fullmatch(name)) and not key.is_pseudonym(name)


def _moved(dynamodb: Any, table: str, item: dict[str, Any], new: dict[str, Any]) -> None:
    missing = f"attribute_not_exists({_NAME})"
    try:
        dynamodb.put_item(TableName=table, Item=new, ConditionExpression=missing)
    except ClientError as error:
        if error_code(error) != "ConditionalCheckFailedException":
            raise
    dynamodb.delete_item(TableName=table, Key={_NAME: item[_NAME]})
