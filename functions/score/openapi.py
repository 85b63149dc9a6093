"""The OpenAPI document: from the routes and from the models that requests are checked by and answers are made of."""

from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from score.examples import EXAMPLES
from score.routes import BASE, ROUTES, Route
from score.shapes import Problem, ScoresWanted

REVISION = "1.0"
"""Of the API: what an answer looks like. It is part of every ETag."""
_REF = "#/components/schemas/{model}"
_TAG = {
    "ETag": {
        "required": True,
        "description": "Strong: equal tags are equal bytes.",
        "schema": {"type": "string", "pattern": '^"[0-9a-f]{32}"$'},
    }
}
_SCHEMES: dict[str, dict[str, Any]] = {
    "iam": {
        "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4",
        "description": "AWS Signature Version 4, service execute-api.",
    },
    "cognito": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An access token of the user pool."},
    "jwt": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An access token of the issuer, for this API."},
}  # fmt: skip


def document(stage: str, authorization: str) -> dict[str, Any]:
    """OpenAPI 3.1 for one stage of API Gateway, or none under a name of the company's own, and one way to authorise (`iam`, `cognito` or `jwt`)."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(BASE + route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Holdfast scores", "version": REVISION,
            "description": "Churn, lifetime value and persona of a customer, with the reasons. Errors are application/problem+json "
            "(RFC 9457). Contributions are SHAP values: what goes together with leaving, not what causes it.",
        },
        "servers": [{"url": f"/{stage}"}],
        "security": [{authorization: []}],
        "paths": paths,
        "components": {"schemas": _schemas(), "securitySchemes": {authorization: _SCHEMES[authorization]}},
    }  # fmt: skip


def _operation(route: Route) -> dict[str, Any]:
    said: dict[str, Any] = {"operationId": route.operation, "summary": route.summary, "responses": _responses(route)}
    if route.parameters:
        said["parameters"] = list(route.parameters)
    if route.method == "POST":
        content = {"schema": {"$ref": _REF.format(model="ScoresWanted")}, "examples": EXAMPLES["wanted"]}
        said["requestBody"] = {"required": True, "content": {"application/json": content}}
    return said


def _responses(route: Route) -> dict[str, Any]:
    tag = _TAG if route.tagged else {}
    schema = {"$ref": _REF.format(model=route.gives.__name__)} if route.gives else {"type": "object"}
    content = {"schema": schema} | ({"example": EXAMPLES[route.operation]} if route.operation in EXAMPLES else {})
    found = {"200": {"description": route.summary, "headers": tag, "content": {"application/json": content}}}
    if route.tagged:
        found["304"] = {
            "description": "Nothing changed since the answer with the tag of If-None-Match.",
            "headers": tag,
        }
    return found | {str(int(status)): _problem(status) for status in route.may_answer}


def _problem(status: HTTPStatus) -> dict[str, Any]:
    example = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": status.description or status.phrase,
               "request_id": "3e9e1b6c-6ff0-4c0d-9c9c-0a6f5a4b9a10"}  # fmt: skip
    schema = {"$ref": _REF.format(model="Problem")}
    return {
        "description": status.phrase,
        "content": {"application/problem+json": {"schema": schema, "example": example}},
    }


def _schemas() -> dict[str, Any]:
    given = [(route.gives, "serialization") for route in ROUTES if route.gives]
    models: Any = dict.fromkeys([*given, (Problem, "serialization")])
    answers = models_json_schema(list(models), ref_template=_REF)[1]["$defs"]
    wanted = TypeAdapter(ScoresWanted).json_schema(ref_template=_REF)
    return {**answers, **wanted.pop("$defs"), "ScoresWanted": wanted}
