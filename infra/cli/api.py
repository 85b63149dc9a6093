"""Signed calls to the deployed scoring API."""

from typing import Any
from urllib.parse import quote

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from infra.cli.deployment import Deployment
from infra.local import runtime
from infra.trouble import Trouble


def get(deployment: Deployment, path: str) -> Any:
    """GET a path below /v1 and parse the answer.

    Raises:
        Trouble: the API cannot be reached or answers an error; the message is the API's own.
    """
    url = f"{deployment.api_url}/v1/{path}"
    request = AWSRequest("GET", url)
    SigV4Auth(deployment.credentials(), "execute-api", deployment.region).add_auth(request)
    try:
        answer = httpx.get(url, headers=dict(request.headers), timeout=30)
    except httpx.HTTPError as error:
        raise Trouble(f"the scoring API does not answer at {deployment.api_url}: {error}") from error
    if answer.status_code != 200:
        raise Trouble(f"the scoring API answers {answer.status_code}: {_detail(answer)}")
    return answer.json()


def score_path(customer: str) -> str:
    """The path of one customer's score."""
    return f"customers/{quote(customer, safe='')}/score"


def curl(deployment: Deployment, path: str) -> str:
    """The same call as a line for the shell."""
    keys = (
        f"{runtime.ACCESS_KEY}:{runtime.SECRET_KEY}"
        if deployment.endpoint
        else '"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"'
    )
    session = "" if deployment.endpoint else ' -H "x-amz-security-token: $AWS_SESSION_TOKEN"'
    return f"curl -s --aws-sigv4 aws:amz:{deployment.region}:execute-api --user {keys}{session} '{deployment.api_url}/v1/{path}'"


def _detail(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return answer.text[:200]
    return str(body.get("detail") or body.get("message") or body)
