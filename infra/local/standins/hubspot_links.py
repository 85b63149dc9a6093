"""Which HubSpot objects are associated, and by which types: read off the columns that point at another object."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.local.standins.hubspot_schema import SINGULAR
from infra.local.standins.tables import Row, Table

POINTERS = {"contacts": "contact_id", "companies": "company_id"}
ENGAGEMENTS = ("calls", "emails", "meetings", "notes", "tasks")


@dataclass(frozen=True)
class LinkType:
    """One type of an association; `name` is what v3 calls it."""

    type_id: int
    label: str | None
    name: str


# The unlabelled type and, where the vendor has one, the one labelled "Primary": (unlabelled, primary or 0).
_TYPE_IDS = {
    ("contacts", "companies"): (279, 1), ("companies", "contacts"): (280, 2),
    ("deals", "companies"): (341, 5), ("companies", "deals"): (342, 6),
    ("deals", "contacts"): (3, 0), ("contacts", "deals"): (4, 0),
    ("tickets", "contacts"): (16, 0), ("contacts", "tickets"): (15, 0),
    ("tickets", "companies"): (339, 26), ("companies", "tickets"): (340, 25),
    ("calls", "contacts"): (194, 0), ("contacts", "calls"): (193, 0),
    ("calls", "companies"): (182, 0), ("companies", "calls"): (181, 0),
    ("emails", "contacts"): (198, 0), ("contacts", "emails"): (197, 0),
    ("emails", "companies"): (186, 0), ("companies", "emails"): (185, 0),
    ("meetings", "contacts"): (200, 0), ("contacts", "meetings"): (199, 0),
    ("meetings", "companies"): (188, 0), ("companies", "meetings"): (187, 0),
    ("notes", "contacts"): (202, 0), ("contacts", "notes"): (201, 0),
    ("notes", "companies"): (190, 0), ("companies", "notes"): (189, 0),
    ("tasks", "contacts"): (204, 0), ("contacts", "tasks"): (203, 0),
    ("tasks", "companies"): (192, 0), ("companies", "tasks"): (191, 0),
}  # fmt: skip


def types(kind: str, to: str) -> list[LinkType]:
    """Types of the associations between two kinds, the labelled one first; none where the world has no such pair."""
    if (kind, to) not in _TYPE_IDS:
        return []
    plain, primary = _TYPE_IDS[kind, to]
    name = f"{SINGULAR[kind]}_to_{SINGULAR[to]}"
    if not primary:
        return [LinkType(plain, None, name)]
    return [LinkType(primary, "Primary", name), LinkType(plain, None, f"{name}_unlabeled")]


def targets(tables: Mapping[str, Table], kind: str, row: Row, to: str) -> list[str]:
    """Ids of the live objects of one kind that an object is associated with."""
    if (kind, to) not in _TYPE_IDS:
        return []
    column = POINTERS.get(to)
    if column in row:
        return [row[column]] if row[column] in tables[to].row_of else []
    return tables[to].by(POINTERS[kind]).get(row["id"], [])
