"""How the kinds of records of each source change when the world moves on."""

from collections.abc import Callable
from dataclasses import dataclass

from infra.local.standins.tables import Row
from infra.local.world import people


@dataclass(frozen=True)
class Move:
    """One kind: its columns of birth and last change, the milliseconds in a unit of its instants, and its ways to end.

    An update gives `column` another one of `values`; without a column records of this kind are only added.
    """

    created: str
    updated: str
    unit: int
    column: str = ""
    values: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    also: Callable[[Row], Row] = lambda row: row


def hubspot() -> dict[str, Move]:
    """Kinds of HubSpot; instants are milliseconds."""
    return {
        "companies": _object("industry", people.INDUSTRIES, "archived", "merged"),
        "contacts": _object("jobtitle", people.JOBS, "archived", "deleted", "merged", "reassociated"),
        "deals": _object(
            "dealstage", ("appointmentscheduled", "qualifiedtobuy", "closedwon", "closedlost"), "archived"
        ),
        "tickets": _object("hs_pipeline_stage", ("1", "2", "3", "4"), "archived"),
        "calls": _object("hs_call_title", ("Check-in", "Renewal", "Escalation"), "archived"),
        "emails": _object("hs_email_subject", ("Your plan", "Re: question", "Offer"), "archived"),
        "meetings": _object("hs_meeting_outcome", ("COMPLETED", "NO_SHOW", "RESCHEDULED"), "archived"),
        "notes": _object("hs_note_body", ("<p>Called back.</p>", "<p>No answer.</p>"), "archived"),
        "tasks": _object("hs_task_status", ("NOT_STARTED", "IN_PROGRESS", "COMPLETED"), "archived"),
        "email_events": Move("created", "created", 1),
    }


def intercom() -> dict[str, Move]:
    """Kinds of Intercom; instants are seconds."""
    return {
        "companies": _record("plan", ("starter", "team", "business", "enterprise"), ("deleted",)),
        "contacts": _record(
            "name", ("Robin Renamed", "Kim Marriage", "Sam New"), ("deleted", "merged", "reassociated")
        ),
        "conversations": _record("state", ("open", "closed", "snoozed"), ("deleted",), _answered),
        "tickets": _record("ticket_state", ("submitted", "in_progress", "resolved"), (), _opened),
        "events": Move("created_at", "created_at", 1000),
    }


def _object(column: str, values: tuple[str, ...], *ends: str) -> Move:
    return Move("createdate", "lastmodified", 1, column, values, ends)


def _record(
    column: str, values: tuple[str, ...], ends: tuple[str, ...], also: Callable[[Row], Row] = lambda row: row
) -> Move:
    return Move("created_at", "updated_at", 1000, column, values, ends, also)


def _answered(row: Row) -> Row:
    return row | {"parts": row["parts"] + 1}


def _opened(row: Row) -> Row:
    return row | {"open": row["ticket_state"] != "resolved"}
