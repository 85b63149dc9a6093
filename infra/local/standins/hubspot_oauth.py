"""HubSpot's token endpoint: an access token for who has an app's id, its secret and a refresh token."""

from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.standins.gate import Gate
from infra.local.standins.hubspot_http import CORRELATION

APP = {"client_id": "standin-app", "client_secret": "standin-secret", "refresh_token": "standin-refresh"}
"""What the one app of this account holds."""
MINUTES = 30
_FORM = "application/x-www-form-urlencoded"


class OAuth:
    """Gives out the token that the gate wants at the moment."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    def routes(self) -> list[Route]:
        return [Route(f"/oauth/{version}/token", self.token, methods=["POST"]) for version in ("2026-09", "v1")]

    async def token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if not request.headers.get("content-type", "").startswith(_FORM) or form.get("grant_type") != "refresh_token":
            return _refused("BAD_GRANT_TYPE", "missing or unknown grant type")
        for name, value in APP.items():
            if form.get(name) != value:
                return _refused(f"BAD_{name.upper()}", f"missing or invalid {name.replace('_', ' ')}")
        given: dict[str, Any] = {"token_type": "bearer", "expires_in": MINUTES * 60}
        return JSONResponse(given | {"access_token": self.gate.tokens[-1], "refresh_token": APP["refresh_token"]})


def _refused(status: str, message: str) -> Response:
    return JSONResponse({"status": status, "message": message, "correlationId": CORRELATION}, 400)
