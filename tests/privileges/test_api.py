"""Calls of the scoring API that are refused: not signed, signed wrongly, too late, too large, by who may not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import boto3
import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.privileges.conftest import Enforced

BODY = '{"customers": ["u-000001"]}'
Attached = Callable[..., boto3.Session]


class At(SigV4Auth):
    """Signs as if it were another time."""

    def __init__(self, credentials: Credentials, away: timedelta) -> None:
        super().__init__(credentials, "execute-api", "us-east-1")
        self._moment = datetime.now(UTC) + away

    def add_auth(self, request: AWSRequest) -> None:
        request.context["timestamp"] = f"{self._moment:%Y%m%dT%H%M%SZ}"
        self._modify_request_before_signing(request)
        canonical = self.canonical_request(request)
        self._inject_signature_to_request(request, self.signature(self.string_to_sign(request, canonical), request))


def signed(
    credentials: Credentials, url: str, body: str | None = None, away: timedelta = timedelta()
) -> dict[str, str]:
    """Headers of a call that is signed."""
    said = {"Content-Type": "application/json"} if body else {}
    request = AWSRequest("POST" if body else "GET", url, headers=said, data=body)
    At(credentials, away).add_auth(request)
    return dict(request.headers)


@pytest.fixture
def url(enforced: Enforced) -> str:
    assert enforced.deployment.client("sts")  # who vouches for the runtime is known from here on
    return f"{enforced.outputs['api_url']}/v1"


@pytest.fixture
def caller(attached: Attached) -> Credentials:
    """Of a role: signatures with the runtime's own root keys are not verified."""
    return attached("ScoreCaller").get_credentials()


def test_a_call_that_is_signed_rightly_is_answered(url: str, caller: Credentials) -> None:
    assert httpx.get(f"{url}/health", headers=signed(caller, f"{url}/health")).status_code == 200
    assert httpx.post(f"{url}/scores", content=BODY, headers=signed(caller, f"{url}/scores", BODY)).status_code == 200


def test_a_call_that_is_not_signed_is_refused(url: str) -> None:
    assert httpx.get(f"{url}/health").status_code == 401


def test_a_call_that_is_signed_with_another_secret_is_refused(url: str, caller: Credentials) -> None:
    other = Credentials(caller.access_key, "another", caller.token)

    assert httpx.get(f"{url}/health", headers=signed(other, f"{url}/health")).status_code == 403


def test_a_session_without_its_token_is_refused(url: str, caller: Credentials) -> None:
    bare = Credentials(caller.access_key, caller.secret_key)

    # AWS answers 403 to an unknown key; the emulator 400.
    assert httpx.get(f"{url}/health", headers=signed(bare, f"{url}/health")).status_code in (400, 403)


def test_a_signature_is_for_one_body_and_one_path(url: str, caller: Credentials) -> None:
    headers = signed(caller, f"{url}/scores", BODY)

    altered = httpx.post(f"{url}/scores", content=BODY.replace("u-000001", "u-000002"), headers=headers)
    elsewhere = httpx.get(f"{url}/models", headers=signed(caller, f"{url}/health"))

    assert (altered.status_code, elsewhere.status_code) == (403, 403)


@pytest.mark.parametrize("away", [timedelta(minutes=-6), timedelta(minutes=6)], ids=["replayed", "not yet"])
def test_a_call_that_was_signed_at_another_time_is_refused(url: str, caller: Credentials, away: timedelta) -> None:
    assert httpx.get(f"{url}/health", headers=signed(caller, f"{url}/health", away=away)).status_code == 403


def test_a_body_over_the_limit_is_refused(url: str, caller: Credentials) -> None:
    large = '{"customers": ["' + "u" * (4 * 1024 * 1024) + '"]}'

    answer = httpx.post(f"{url}/scores", content=large, headers=signed(caller, f"{url}/scores", large), timeout=60)

    assert answer.status_code == 413


def test_who_has_no_right_to_the_api_is_refused(url: str, attached: Attached) -> None:
    keys = attached().get_credentials()

    assert httpx.get(f"{url}/health", headers=signed(keys, f"{url}/health")).status_code == 403


def test_who_may_ask_for_scores_may_not_choose_the_model(enforced: Enforced, url: str, attached: Attached) -> None:
    caller = attached("ScoreCaller")
    answer = httpx.get(f"{url}/customers", headers=signed(caller.get_credentials(), f"{url}/customers"))

    assert answer.status_code == 200
    for wanted in (lambda: served(enforced, caller), lambda: scored(enforced, caller)):
        with pytest.raises(ClientError, match="AccessDenied"):
            wanted()


def test_who_may_choose_the_model_may_not_ask_for_scores(enforced: Enforced, url: str, attached: Attached) -> None:
    operator = attached("ModelOperator")
    answer = httpx.get(f"{url}/customers", headers=signed(operator.get_credentials(), f"{url}/customers"))

    assert answer.status_code == 403
    served(enforced, operator)
    scored(enforced, operator)
    for key in ("files#usage", "lock#table#scores", "suppressed"):
        with pytest.raises(ClientError, match="AccessDenied"):
            served(enforced, operator, key)


def served(enforced: Enforced, session: boto3.Session, key: str = "registry") -> None:
    """The write that lets a model serve, with nothing changed."""
    enforced.ask(session, "dynamodb").update_item(
        TableName=enforced.outputs["state_table"], Key={"pk": {"S": key}, "sk": {"S": "champion"}},
        UpdateExpression="REMOVE nothing",
    )  # fmt: skip


def scored(enforced: Enforced, session: boto3.Session) -> None:
    """Whether the function that scores everybody could be called."""
    enforced.ask(session, "lambda").invoke(FunctionName=enforced.outputs["score_all_function"], InvocationType="DryRun")
