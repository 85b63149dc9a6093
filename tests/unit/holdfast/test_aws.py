"""What passes by itself is told from what does not, whoever asked the service."""

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from holdfast.aws import translated
from holdfast.errors import StorageUnavailable

ARROW = (
    "When reading information for key 'x' in bucket 'b': AWS Error {} during HeadObject operation: No response body."
)


def refusal(code: str, status: int) -> ClientError:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetSecretValue")  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [
    refusal("ProvisionedThroughputExceededException", 400),
    refusal("InternalServiceError", 500),
    refusal("503", 503),
    refusal("Whatever", 429),
    ConnectionClosedError(endpoint_url="https://s3"),
    OSError(ARROW.format("UNKNOWN (HTTP status 503)")),
    OSError(ARROW.format("SLOW_DOWN")),
    OSError(ARROW.format("NETWORK_CONNECTION")),
])  # fmt: skip
def test_throttling_and_trouble_of_theirs_pass(error: Exception) -> None:
    with pytest.raises(StorageUnavailable, match=r"^reading a table: "), translated("reading a table"):
        raise error


@pytest.mark.parametrize("error", [
    refusal("AccessDenied", 403),
    refusal("NoSuchKey", 404),
    OSError(ARROW.format("ACCESS_DENIED (HTTP status 403)")),
    OSError(28, "No space left on device"),
])  # fmt: skip
def test_what_trying_again_does_not_mend_goes_through(error: Exception) -> None:
    with pytest.raises(type(error)), translated("reading a table"):
        raise error
