"""Signed calls to the deployed scoring API."""

import json
import os
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from infra.cli.deployment import Deployment
from infra.local import runtime
from infra.trouble import Trouble

MOST_AT_ONCE = 1000
"""Ids in one POST /scores."""


def get(deployment: Deployment, path: str) -> Any:
    """GET a path below /v1 and parse the answer.

    Raises:
        Trouble: the API cannot be reached or answers an error; the message is the API's own.
    """
    return _called(deployment, "GET", path)


def post(deployment: Deployment, path: str, body: dict[str, Any]) -> Any:
    """The same with a body. Raises Trouble likewise."""
    return _called(deployment, "POST", path, json.dumps(body))


def scores(deployment: Deployment, customers: Sequence[str], **wanted: Any) -> Iterator[dict[str, Any]]:
    """What the API answers for each customer, in their order, a thousand at a time. Raises Trouble likewise."""
    for start in range(0, len(customers), MOST_AT_ONCE):
        part = list(customers[start : start + MOST_AT_ONCE])
        yield from post(deployment, "scores", {"customers": part, **wanted})["items"]


def _called(deployment: Deployment, method: str, path: str, body: str | None = None) -> Any:
    url = f"{deployment.api_url}/v1/{path}"
    try:
        answer = httpx.request(method, url, content=body, headers=_headers(deployment, method, url, body), timeout=30)
    except httpx.HTTPError as error:
        raise Trouble(f"the scoring API does not answer at {deployment.api_url}: {error}") from error
    if answer.status_code != 200:
        raise Trouble(f"the scoring API answers {answer.status_code}: {_detail(answer)}")
    return answer.json()


def _headers(deployment: Deployment, method: str, url: str, body: str | None) -> dict[str, str]:
    """Signed with AWS credentials, or with the token and the client's key that the shell's environment holds."""
    said = {"Content-Type": "application/json"} if body is not None else {}
    if key := os.environ.get("HOLDFAST_API_KEY"):
        said["x-api-key"] = key
    if token := os.environ.get("HOLDFAST_API_TOKEN"):
        return said | {"Authorization": f"Bearer {token}"}
    request = AWSRequest(method, url, headers=said, data=body)
    SigV4Auth(deployment.credentials(), "execute-api", deployment.region).add_auth(request)
    return dict(request.headers)


def score_path(customer: str, model: str = "") -> str:
    """The path of one customer's score, by the champion or by another model."""
    path = f"customers/{quote(customer, safe='')}/score"
    return f"models/{quote(model, safe='')}/{path}" if model else path


def curl(deployment: Deployment, path: str) -> str:
    """The same call as a line for the shell."""
    keys = (
        f"{runtime.ACCESS_KEY}:{runtime.SECRET_KEY}"
        if deployment.endpoint
        else '"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"'
    )
    session = "" if deployment.endpoint else ' -H "x-amz-security-token: $AWS_SESSION_TOKEN"'
    vouched = f" --cacert {deployment.authority}" if deployment.authority else ""
    return f"curl -s{vouched} --aws-sigv4 aws:amz:{deployment.region}:execute-api --user {keys}{session} '{deployment.api_url}/v1/{path}'"


def _detail(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return answer.text[:200]
    return str(body.get("detail") or body.get("message") or body)
