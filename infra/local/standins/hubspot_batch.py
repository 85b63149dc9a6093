"""HubSpot's batch endpoints: objects by id, associations by object, both with 207 for what could not be read."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from infra.local.standins import hubspot_records as records
from infra.local.standins.hubspot_http import BadRequestError, body_of, cursor, inputs_of, limit_of, open_cursor
from infra.local.standins.hubspot_links import targets, types
from infra.local.standins.hubspot_schema import SINGULAR, kind_of
from infra.local.standins.moving import MovingWorld

OBJECTS_AT_MOST, WITH_HISTORY_AT_MOST, ASSOCIATIONS_AT_MOST = 100, 50, 1000
LINKS_LIMIT = 500
Read = tuple[list[dict[str, Any]], list[dict[str, Any]]]


class Batches:
    """The endpoints, over the tables of a moving world."""

    def __init__(self, world: MovingWorld) -> None:
        self.world = world

    async def objects(self, request: Request) -> Response:
        """Missing and archived objects are errors of a 207, never a 404."""
        kind, body = _kind(request, "kind"), await body_of(request)
        history = [str(name) for name in body.get("propertiesWithHistory") or []]
        inputs = inputs_of(body, WITH_HISTORY_AT_MOST if history else OBJECTS_AT_MOST)
        wanted, id_property = [str(name) for name in body.get("properties") or []], body.get("idProperty")
        found, missing = [], []
        for each in _unharmed(request, inputs):
            row = self._row(kind, each["id"], id_property)
            if row is None:
                missing.append(each["id"])
            else:
                more = records.history(kind, row, history, self.world.past) if history else {}
                found.append(records.render(kind, row, wanted) | more)
        return self._answer(request, inputs, (found, _not_there(kind, missing)))

    async def associations(self, request: Request) -> Response:
        """Objects without an association are errors of a 207; each input is paged on its own."""
        kind, to = _kind(request, "kind"), _kind(request, "to")
        inputs = inputs_of(await body_of(request), ASSOCIATIONS_AT_MOST)
        size = request.state.faults.association_page
        found, missing = [], []
        for each in _unharmed(request, inputs):
            row = self.world.tables[kind].find(each["id"])
            ids = targets(self.world.tables, kind, row, to) if row else []
            if ids:
                found.append({"from": {"id": each["id"]}} | _page(kind, to, ids, each.get("after"), size))
            else:
                missing.append(_unassociated(kind, to, each["id"]))
        return self._answer(request, inputs, (found, missing))

    async def of_one(self, request: Request) -> Response:
        """All associations of one object, by pages."""
        kind, to = _kind(request, "kind"), _kind(request, "to")
        row = self.world.tables[kind].find(request.path_params["id"])
        ids = targets(self.world.tables, kind, row, to) if row else []
        page = _page(kind, to, ids, request.query_params.get("after"), limit_of(request, LINKS_LIMIT, LINKS_LIMIT))
        return JSONResponse({"results": page.pop("to")} | page)

    def _row(self, kind: str, record_id: str, id_property: str | None) -> dict[str, Any] | None:
        table = self.world.tables[kind]
        if id_property in (None, "hs_object_id"):
            return table.find(record_id)
        if id_property not in table.data.column_names:
            raise BadRequestError(f"Property {id_property} is not a unique property")
        return next((table.find(each) for each in table.by(str(id_property)).get(record_id, [])), None)

    def _answer(self, request: Request, inputs: list[dict[str, Any]], read: Read) -> Response:
        found, errors = read
        lost = [each["id"] for each in inputs if each not in _unharmed(request, inputs)]
        if lost:
            request.state.befell = True
            errors = [
                *errors,
                _error("INTERNAL_ERROR", "Some objects could not be read now; try again.", {"ids": lost}),
            ]
        at = records.iso(self.world.now_ms)
        body: dict[str, Any] = {"status": "COMPLETE", "results": found, "startedAt": at, "completedAt": at}
        return JSONResponse(body | {"numErrors": len(errors), "errors": errors}, 207) if errors else JSONResponse(body)


def _unharmed(request: Request, inputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All inputs, or every other one while the fault `partial_207` befalls the request."""
    return inputs[1::2] if request.state.fault == "partial_207" else inputs


def _page(kind: str, to: str, ids: list[str], after: str | None, size: int) -> dict[str, Any]:
    start, place = open_cursor("links", after), types(kind, to)
    spec = [{"category": "HUBSPOT_DEFINED", "typeId": each.type_id, "label": each.label} for each in place]
    # The live service gives numbers here, whatever its description says.
    page: dict[str, Any] = {
        "to": [{"toObjectId": int(each), "associationTypes": spec} for each in ids[start : start + size]]
    }
    more = start + size < len(ids)
    return page | ({"paging": {"next": {"after": cursor("links", start + size)}}} if more else {})


def _kind(request: Request, name: str) -> str:
    kind = kind_of(request.path_params[name])
    if kind is None:
        raise BadRequestError(f"Unable to infer object type from: {request.path_params[name]}")
    return kind


def _not_there(kind: str, ids: list[str]) -> list[dict[str, Any]]:
    if not ids:
        return []
    message = f"Could not get some {SINGULAR[kind].upper()} objects, they may be deleted or not exist. Check that ids are valid."
    return [_error("OBJECT_NOT_FOUND", message, {"ids": ids})]


def _unassociated(kind: str, to: str, record_id: str) -> dict[str, Any]:
    message = f"No {SINGULAR[to]} is associated with {SINGULAR[kind]} {record_id}."
    context = {"fromObjectId": [record_id], "fromObjectType": [SINGULAR[kind]], "toObjectType": [SINGULAR[to]]}
    return _error("OBJECT_NOT_FOUND", message, context) | {"subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"}


def _error(category: str, message: str, context: dict[str, list[str]]) -> dict[str, Any]:
    return {"status": "error", "category": category, "message": message, "context": context, "errors": [], "links": {}}
