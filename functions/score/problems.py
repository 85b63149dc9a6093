"""Errors as the API tells them: application/problem+json (RFC 9457) with the request's id, and never a stack."""

import traceback
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from pydantic import ValidationError

from holdfast.errors import HoldfastError, NoData, StorageUnavailable, Terminal, UnknownCustomer
from holdfast.observe import logger
from score.routes import allowed, listed
from score.serving import ModelReadsOther, UnknownModel
from score.shapes import Problem, Wrong

TYPE = "application/problem+json"
_NOT_NOW = {"Retry-After": "30"}


class RequestInvalid(Terminal):
    """When a caller asks for something that no route answers."""


class RowInvalid(Terminal):
    """When a row of features is not what the model reads."""


class TooLarge(Terminal):
    """When a request, or the answer to it, is larger than may be."""


class NotJson(Terminal):
    """When a body is said to be something else than JSON."""


class Told(NamedTuple):
    """What an error says to its caller."""

    status: HTTPStatus
    detail: str
    headers: dict[str, str] | None = None
    errors: list[Wrong] | None = None


def install(app: APIGatewayRestResolver) -> None:
    """Let `app` answer each error with its problem."""

    def answering(tell: Callable[[Exception], Told]) -> Callable[[Exception], Response[str]]:
        return lambda error: problem(tell(error), app.current_event.request_context.request_id)

    def no_route(_: Exception) -> Response[str]:
        told = _no_route(app.current_event.http_method, app.current_event.path)
        return problem(told, app.current_event.request_context.request_id)

    for kind, tell in _TOLD.items():
        app.exception_handler(kind)(answering(tell))
    app.exception_handler(NotFoundError)(no_route)


def problem(told: Told, request_id: str | None) -> Response[str]:
    """One problem document."""
    said = Problem(
        type="about:blank",
        title=told.status.phrase,
        status=int(told.status),
        detail=told.detail,
        request_id=request_id,
        errors=told.errors,
    )
    headers = {"Cache-Control": "no-store"} | (told.headers or {})
    return Response(int(told.status), TYPE, said.model_dump_json(exclude_none=True), headers=headers)


def status_of(error: HoldfastError) -> tuple[HTTPStatus, str]:
    """What one item's error says, among others that are well."""
    tell = next((tell for kind, tell in _TOLD.items() if isinstance(error, kind)), _unforeseen)
    told = tell(error)
    return told.status, told.detail


def _no_route(method: str, path: str) -> Told:
    methods = allowed(path)
    if not methods:
        return Told(HTTPStatus.NOT_FOUND, f"there is no such route; there are {listed()}")
    said = ", ".join(methods)
    return Told(HTTPStatus.METHOD_NOT_ALLOWED, f"{method} is not answered here, but {said}", {"Allow": said})


def _storage(error: Exception) -> Told:
    logger.warning("storage did not answer", reason=str(error))
    return Told(HTTPStatus.SERVICE_UNAVAILABLE, "storage does not answer right now; try again", _NOT_NOW)


def _not_as_said(error: Exception) -> Told:
    """Where a body differs from its schema. What it reads there is not repeated: it may name a person."""
    assert isinstance(error, ValidationError), "registered for it alone"
    found = error.errors(include_input=False, include_context=False, include_url=False)
    if found[0]["type"] == "json_invalid":
        return Told(HTTPStatus.BAD_REQUEST, "the body is not JSON")
    wrong = [Wrong(where=".".join(map(_part, each["loc"])) or "body", what=each["msg"]) for each in found[:20]]
    return Told(HTTPStatus.UNPROCESSABLE_ENTITY, f"{wrong[0].where}: {wrong[0].what}", errors=wrong)


def _part(part: int | str) -> str:
    """A part of a place: of a key that the caller chose, no more than a word."""
    return str(part) if isinstance(part, int) or part.isidentifier() else "…"


def _unforeseen(error: Exception) -> Told:
    """Logged without its message, which may name whom was asked for."""
    where = [f"{each.filename}:{each.lineno}" for each in traceback.extract_tb(error.__traceback__)][-5:]
    logger.error("request failed", error=type(error).__name__, where=where)
    return Told(HTTPStatus.INTERNAL_SERVER_ERROR, "something went wrong here; the request id finds it in the log")


def _as(status: HTTPStatus, headers: dict[str, str] | None = None) -> Callable[[Exception], Told]:
    return lambda error: Told(status, str(error), headers)


_TOLD: dict[type[Exception], Callable[[Exception], Told]] = {
    RequestInvalid: _as(HTTPStatus.BAD_REQUEST),
    UnknownCustomer: _as(HTTPStatus.NOT_FOUND),
    UnknownModel: _as(HTTPStatus.NOT_FOUND),
    ModelReadsOther: _as(HTTPStatus.CONFLICT),
    TooLarge: _as(HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    NotJson: _as(HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    RowInvalid: _as(HTTPStatus.UNPROCESSABLE_ENTITY),
    ValidationError: _not_as_said,
    NoData: _as(HTTPStatus.SERVICE_UNAVAILABLE, _NOT_NOW),
    StorageUnavailable: _storage,
    Exception: _unforeseen,
}
