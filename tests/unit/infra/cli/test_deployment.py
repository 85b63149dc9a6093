"""What boto3 raises as a sentence with what to do, whoever translated it on its way."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from holdfast.aws import translated
from holdfast.errors import StorageUnavailable
from infra.cli.deployment import explained
from infra.trouble import Trouble

THROTTLED = ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, "PutItem")


@pytest.mark.parametrize("raised", [EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), THROTTLED])
def test_what_the_functions_own_code_calls_storage_is_told_as_what_it_was(raised: Exception) -> None:
    said = "run `make demo` again" if raised is not THROTTLED else "AWS refused PutItem: Rate exceeded"

    with pytest.raises(Trouble, match=said), explained("http://127.0.0.1:1"), translated("writing lock"):
        raise raised


def test_storage_that_nothing_else_is_behind_is_told_as_it_is() -> None:
    with pytest.raises(StorageUnavailable, match="fought over"), explained(None):
        raise StorageUnavailable("the budget is fought over")
