"""The only place that makes AWS clients, and the one that turns their errors into ours."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Literal

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from holdfast import meter
from holdfast.errors import StorageUnavailable

Service = Literal[
    "cloudformation", "cloudwatch", "dynamodb", "ecs", "events", "glue", "lambda", "logs", "s3", "secretsmanager", "sns", "sqs",
    "stepfunctions",
]  # fmt: skip
"""What is ever called: functions that are deployed as zips carry the SDK's descriptions of these services alone."""

_RETRIES = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=5, read_timeout=60)
_ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=4)
_PASSING = {
    "InternalError",
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflictException",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "OperationTimeoutException",
}
_TOO_MANY, _THEIRS = 429, 500
_ARROW_PASSING = re.compile(
    r"AWS Error (NETWORK_CONNECTION|REQUEST_TIMEOUT|SLOW_DOWN|THROTTLING|SERVICE_UNAVAILABLE|INTERNAL_FAILURE)|HTTP status (429|5\d\d)"
)
"""What Arrow's own client of S3, by which tables are read and written, says in an OSError after its three tries."""


@lru_cache
def client(service: Service, region: str = "", *, patient: bool = True) -> Any:
    """A cached client of `service` ("s3", "dynamodb", …); region, unless one is named, and endpoint come from the environment.

    One that is not patient asks once and waits for seconds: for whoever can do without the answer.
    """
    # Lambda and Fargate say AWS_REGION; the SDK by itself reads AWS_DEFAULT_REGION only.
    region = region or os.environ.get("AWS_REGION", "")
    made = boto3.client(service, region_name=region or None, config=_RETRIES if patient else _ONCE)
    return meter.watch(made)


def regions_with(region: str) -> frozenset[str]:
    """All regions of the partition that a region is in; none if the SDK does not know it."""
    known = botocore.session.get_session().get_component("data_loader").load_data("partitions")["partitions"]
    own: dict[str, Any] = next((each["regions"] for each in known if region in each["regions"]), {})
    return frozenset(each for each in own if not each.endswith("-global"))


def error_code(error: ClientError) -> str:
    """The service's own name of an error, such as `NoSuchKey`."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise `StorageUnavailable` for what passes by itself (throttling, 5xx, no connection); let everything else through."""
    try:
        yield
    except ClientError as error:
        if _passes(error):
            raise StorageUnavailable(f"{doing}: {error_code(error)}") from error
        raise
    except BotoCoreError as error:
        raise StorageUnavailable(f"{doing}: {type(error).__name__}") from error
    except OSError as error:
        if said := _ARROW_PASSING.search(str(error)):
            raise StorageUnavailable(f"{doing}: {said.group()}") from error
        raise


def _passes(error: ClientError) -> bool:
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return error_code(error) in _PASSING or status == _TOO_MANY or status >= _THEIRS
