"""What API Gateway answers by itself, as problem documents (RFC 9457) with the request's id, like the function's own.

None repeats what was asked: API Gateway's own messages hold paths, and those hold ids.
"""

import json
from http import HTTPStatus

from aws_cdk import aws_apigateway as apigateway

_UNSIGNED = "the request is not signed, or not as this API asks for: AWS Signature Version 4 for service execute-api, or a token"
_OVERLOADED = "too many requests: try again after the seconds that Retry-After says"
_BROKEN = "something went wrong here; the request id finds it in the log"

_TOLD: dict[str, tuple[HTTPStatus, str]] = {
    "DEFAULT_4XX": (HTTPStatus.BAD_REQUEST, "the request cannot be answered as it is"),
    "DEFAULT_5XX": (HTTPStatus.INTERNAL_SERVER_ERROR, _BROKEN),
    "ACCESS_DENIED": (HTTPStatus.FORBIDDEN, "this caller may not ask that"),
    "API_CONFIGURATION_ERROR": (HTTPStatus.INTERNAL_SERVER_ERROR, _BROKEN),
    "AUTHORIZER_CONFIGURATION_ERROR": (HTTPStatus.INTERNAL_SERVER_ERROR, _BROKEN),
    "AUTHORIZER_FAILURE": (HTTPStatus.INTERNAL_SERVER_ERROR, _BROKEN),
    "BAD_REQUEST_BODY": (HTTPStatus.BAD_REQUEST, "the body is not what /v1/openapi.json says"),
    "BAD_REQUEST_PARAMETERS": (HTTPStatus.BAD_REQUEST, "the parameters are not what /v1/openapi.json says"),
    "EXPIRED_TOKEN": (HTTPStatus.FORBIDDEN, "the credentials have expired"),
    "INTEGRATION_FAILURE": (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "the scoring function does not answer right now; try again",
    ),
    "INTEGRATION_TIMEOUT": (HTTPStatus.GATEWAY_TIMEOUT, "the scoring function took too long: ask for fewer at once"),
    "INVALID_API_KEY": (HTTPStatus.FORBIDDEN, "x-api-key does not hold the key of a client"),
    "INVALID_SIGNATURE": (HTTPStatus.FORBIDDEN, "the signature is not right, or its time is too far from now"),
    "MISSING_AUTHENTICATION_TOKEN": (HTTPStatus.UNAUTHORIZED, _UNSIGNED),
    "QUOTA_EXCEEDED": (HTTPStatus.TOO_MANY_REQUESTS, "this client's requests of today are used up"),
    "REQUEST_TOO_LARGE": (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the request is too large: send it in several"),
    "RESOURCE_NOT_FOUND": (HTTPStatus.NOT_FOUND, "there is no such route: /v1/openapi.json lists them"),
    "THROTTLED": (HTTPStatus.TOO_MANY_REQUESTS, _OVERLOADED),
    "UNAUTHORIZED": (HTTPStatus.UNAUTHORIZED, "the token is missing, expired or not of this API"),
    "UNSUPPORTED_MEDIA_TYPE": (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json"),
    "WAF_FILTERED": (HTTPStatus.FORBIDDEN, "the firewall refused the request"),
}
_CHALLENGED = {"MISSING_AUTHENTICATION_TOKEN": "AWS4-HMAC-SHA256", "UNAUTHORIZED": "Bearer"}
_LATER = {"THROTTLED": "1", "QUOTA_EXCEEDED": "3600", "INTEGRATION_FAILURE": "5"}


def tell_problems(api: apigateway.RestApi) -> list[apigateway.GatewayResponse]:
    """Let the gateway refuse in the words of this API."""
    return [_response(api, kind, status, detail) for kind, (status, detail) in _TOLD.items()]


def _response(api: apigateway.RestApi, kind: str, status: HTTPStatus, detail: str) -> apigateway.GatewayResponse:
    said = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "request_id": "$context.requestId",
    }
    headers = {"Content-Type": "'application/problem+json'", "Cache-Control": "'no-store'"}
    if kind in _LATER:
        headers["Retry-After"] = f"'{_LATER[kind]}'"
    if kind in _CHALLENGED:
        headers["WWW-Authenticate"] = f"'{_CHALLENGED[kind]}'"
    return api.add_gateway_response(
        "".join(word.capitalize() for word in kind.split("_")),
        type=apigateway.ResponseType.of(kind),
        status_code=str(int(status)),
        response_headers=headers,
        templates={"application/json": json.dumps(said)},
    )
