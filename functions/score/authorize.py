"""`Authorize`, called by API Gateway before the scoring function: whether the bearer of a token may ask for scores.

API Gateway keeps the answer for a minute. A token that is not right is 401, one without the scope 403, both in the gateway's words.
"""

from functools import lru_cache, partial
from typing import Any

from jwt import PyJWKClient

from holdfast.errors import Terminal
from holdfast.observe import logger, traced
from holdfast.resources import settings
from score.tokens import ScopeMissing, TokenRefused, Wanted, keys_of, whose


class Unauthorized(Terminal):
    """When a token is refused: API Gateway makes 401 of an error with exactly this message."""


@partial(traced, capture_error=False)
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A policy for the bearer of `authorizationToken`."""
    token = event["authorizationToken"].partition(" ")[2].strip()
    try:
        return policy("Allow", whose(token, wanted(), keys()), event["methodArn"])
    except ScopeMissing:
        return policy("Deny", "caller", event["methodArn"])
    except TokenRefused as refused:
        logger.info("token refused", extra={"reason": str(refused)})
        raise Unauthorized("Unauthorized") from None


def policy(effect: str, principal: str, method: str) -> dict[str, Any]:
    """For all methods of the stage that `method` is of: the answer is kept for the token, whatever it is sent to next."""
    api, stage = method.split("/")[:2]
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": f"{api}/{stage}/*"}
    return {"principalId": principal, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


@lru_cache
def wanted() -> Wanted:
    """What `[api]` asks of a token."""
    rules = settings().api
    return Wanted(rules.issuer, rules.audience, rules.scopes)


@lru_cache
def keys() -> PyJWKClient:
    """The issuer's keys, kept by a warm function; an error is not kept."""
    return keys_of(wanted().issuer)
