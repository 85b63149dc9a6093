"""Errors as the API tells them: application/problem+json (RFC 9457) with the request's id, and never a stack."""

import json
from collections.abc import Callable
from http import HTTPStatus

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from holdfast.errors import NoData, StorageUnavailable, Terminal, UnknownCustomer
from holdfast.observe import logger

_ROUTES = "/v1/health, /v1/customers, /v1/customers/{id}/score and /v1/models"
_NOT_NOW = {"Retry-After": "30"}


class RequestInvalid(Terminal):
    """When a caller asks for something that no route answers."""


Answer = tuple[HTTPStatus, str, dict[str, str] | None]


def install(app: APIGatewayRestResolver) -> None:
    """Let `app` answer each error with its problem."""

    def answering(tell: Callable[[Exception], Answer]) -> Callable[[Exception], Response[str]]:
        def answer(error: Exception) -> Response[str]:
            status, detail, headers = tell(error)
            return problem(status, detail, app.current_event.request_context.request_id, headers)

        return answer

    for kind, tell in _TOLD.items():
        app.exception_handler(kind)(answering(tell))


def problem(status: HTTPStatus, detail: str, request_id: str | None, headers: dict[str, str] | None) -> Response[str]:
    """One problem document."""
    told = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "request_id": request_id,
    }
    return Response(int(status), "application/problem+json", json.dumps(told), headers=headers)


def _storage(error: Exception) -> Answer:
    logger.warning("storage did not answer", reason=str(error))
    return HTTPStatus.SERVICE_UNAVAILABLE, "storage does not answer right now; try again", _NOT_NOW


def _unforeseen(error: Exception) -> Answer:
    logger.error("request failed", exc_info=error)
    return HTTPStatus.INTERNAL_SERVER_ERROR, "something went wrong here; the request id finds it in the log", None


_TOLD: dict[type[Exception], Callable[[Exception], Answer]] = {
    RequestInvalid: lambda error: (HTTPStatus.BAD_REQUEST, str(error), None),
    UnknownCustomer: lambda error: (HTTPStatus.NOT_FOUND, str(error), None),
    NotFoundError: lambda _: (HTTPStatus.NOT_FOUND, f"there is no such route; there are {_ROUTES}", None),
    NoData: lambda error: (HTTPStatus.SERVICE_UNAVAILABLE, str(error), _NOT_NOW),
    StorageUnavailable: _storage,
    Exception: _unforeseen,
}
