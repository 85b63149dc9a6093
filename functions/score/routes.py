"""The routes of the API: what each takes, gives and may answer instead. From here OpenAPI is made, and 405 is told from 404."""

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from score.shapes import MOST_AT_ONCE, VERSION, Health, Models, Ranking, Score, Scores

BASE = "/v1"
_ANYWHERE = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND,
             HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE,
             HTTPStatus.GATEWAY_TIMEOUT)  # fmt: skip
_OF_BODIES = (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY)

CUSTOMER = {
    "name": "id", "in": "path", "required": True, "description": "The product's own id; a record of a source as `<source>:<its id>`, "
    "such as hubspot:100045; or a pseudonym. An email address is refused: URLs are written down in many places; ask for it by POST /scores.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 256, "pattern": "^[^@/?#%\\\\]+$"}, "example": "u-000042",
}  # fmt: skip
_VERSION = {
    "name": "version",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": VERSION},
    "example": "5b5b26454856",
}
_LIMIT = {
    "name": "limit", "in": "query", "required": False, "description": "How many.",
    "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10},
}  # fmt: skip


@dataclass(frozen=True)
class Route:
    """One operation. `gives` is a model of `score.shapes`; None is a document."""

    path: str
    """Below `BASE`, with parameters in braces."""
    operation: str
    summary: str
    gives: type[Any] | None
    method: str = "GET"
    parameters: tuple[dict[str, Any], ...] = ()
    problems: tuple[HTTPStatus, ...] = ()
    tagged: bool = True
    """Whether the answer has an ETag that may be asked with."""

    @property
    def may_answer(self) -> tuple[HTTPStatus, ...]:
        """Every problem that may be answered."""
        return tuple(sorted({*_ANYWHERE, *self.problems, *(_OF_BODIES if self.method == "POST" else ())}))


ROUTES = (
    Route("/health", "health", "Whether a score could be answered now, and of when the data is.", Health, tagged=False),
    Route("/customers", "ranking", "The customers most at risk as of the last run.", Ranking, parameters=(_LIMIT,)),
    Route("/customers/{id}/score", "score", "One customer's score with its reasons.", Score, parameters=(CUSTOMER,)),
    Route(
        "/scores", "scores", f"Scores of up to {MOST_AT_ONCE:,} ids or rows of features, each with its own result.", Scores,
        method="POST", tagged=False,
    ),
    Route("/models", "models", "Who serves, who served before, and how good it is.", Models),
    Route(
        "/models/{version}/customers/{id}/score", "scoreByModel", "The same score by another model that is there.", Score,
        parameters=(_VERSION, CUSTOMER), problems=(HTTPStatus.CONFLICT,),
    ),
    Route("/openapi.json", "openapi", "This document.", None),
)  # fmt: skip


def allowed(path: str) -> list[str]:
    """The methods that are answered at a path; none where there is no route."""
    return [route.method for route in ROUTES if _pattern(route).fullmatch(path)]


def listed() -> str:
    """All routes, for people."""
    paths = [BASE + route.path for route in ROUTES]
    return f"{', '.join(paths[:-1])} and {paths[-1]}"


def _pattern(route: Route) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(BASE + route.path)))
