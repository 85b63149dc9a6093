"""Associations of HubSpot's objects: which objects of which kinds go with each, by which types and labels."""

from dataclasses import dataclass
from typing import Any

from holdfast.vendors import hubspot_path
from ingest.hubspot_batch import batch_read, owner
from ingest.streams import Column, Fetch, Record

INPUTS = 1000
"""More ids in a request are refused."""
PRIMARY = "primary"
_SINGULAR = {"companies": "company_id", "contacts": "contact_id"}


@dataclass(frozen=True)
class Links:
    """The associations of one kind of object with objects of the kinds `to`."""

    version: str
    kind: str
    to: tuple[str, ...]

    def columns(self) -> tuple[Column, ...]:
        """All of them per kind as JSON text, and the id of the one that is labelled primary, or comes first."""
        all_of = (Column(to, f"associations.{to}") for to in self.to)
        first_of = (Column(_SINGULAR[to], f"associations.{to}.0.id") for to in self.to)
        return (*first_of, *all_of)

    def add(self, fetch: Fetch, records: list[Any]) -> None:
        """Write into each record all its associations as they are now; where it has none, nothing."""
        whole = [each for each in records if isinstance(each, dict) and each.get("id")]
        ids = [*dict.fromkeys(str(each["id"]) for each in whole)]
        found = {to: self._read(fetch, to, ids) for to in self.to}
        for record in whole:
            links = {to: _told(found[to].get(str(record["id"]), {})) for to in self.to}
            record["associations"] = {to: told for to, told in links.items() if told}

    def _read(self, fetch: Fetch, to: str, ids: list[str]) -> dict[str, dict[str, list[Record]]]:
        """By object and by the id of the other one: the types of their association."""
        found: dict[str, dict[str, list[Record]]] = {}
        for result in batch_read(
            fetch, hubspot_path(self.version, "associations", self.kind, to, "batch", "read"), ids, INPUTS
        ):
            others = found.setdefault(owner(result), {})
            for each in result.get("to", []):
                types = [_type(one) for one in each.get("associationTypes", [])]
                known = others.setdefault(str(each["toObjectId"]), [])
                known += [one for one in types if one not in known]
        return found


def _type(said: Record) -> Record:
    return {name: said.get(name) for name in ("category", "typeId", "label")}


def _told(others: dict[str, list[Record]]) -> list[Record]:
    links = [{"id": other, "types": types} for other, types in others.items()]
    return sorted(links, key=lambda link: not any(str(one["label"]).lower() == PRIMARY for one in link["types"]))
