"""What is left of Intercom's merged contacts: an answer that says where they went, and a list of whom a contact has swallowed."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from infra.local.standins.intercom_http import error, not_found, version_of
from infra.local.standins.moving import MovingWorld

WITHOUT = ("2.11", "2.12", "2.13", "2.14", "2.15")
"""Versions in which a merged contact is simply not found."""


def absent(request: Request, world: MovingWorld, name: str, record_id: str) -> Response:
    """The answer for a record that is not there."""
    merged = world.ends["contacts"].merged if name == "contacts" and version_of(request) not in WITHOUT else {}
    if record_id not in merged:
        return not_found()
    left = merged[record_id]
    while left in merged:
        left = merged[left]
    gone = error(
        410, "contact_merged", "This contact has been merged. See the 'Link' header for the canonical contact."
    )
    gone.headers["Link"] = f'</contacts/{left}>; rel="canonical"'
    return gone


def history(request: Request, world: MovingWorld, name: str, record_id: str) -> dict[str, Any]:
    """The merges into a contact, for who asks for them."""
    asked = name == "contacts" and request.query_params.get("include_merge_history") == "true"
    if not asked or version_of(request) in WITHOUT:
        return {}
    losers = [loser for loser, winner in world.ends["contacts"].merged.items() if winner == record_id]
    merges = [{"type": "merge_history", "source_contact_id": loser, "source_contact_role": "lead"} for loser in losers]
    return {"merge_history": [each | {"merged_at": world.now_ms // 1000} for each in merges]}
