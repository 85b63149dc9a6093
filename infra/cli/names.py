"""Names of people, asked of the CRM now and kept nowhere: for whoever may read its token and the keys of the pseudonyms."""

import json
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import urlencode

import httpx

from holdfast.keyring import Keyring
from holdfast.settings import HubSpotSource, Settings
from holdfast.source_secrets import Secret
from holdfast.vendors import base_url_of, hubspot_path
from infra.cli.check import SecretOf, answer_of, signed_in
from infra.cli.probes import Probe, headers_of
from infra.trouble import Trouble

_PAGE = 100
"""The most that HubSpot gives at once."""
_PLACE = '<script type="application/json" id="json-names">{}</script>'


def names(
    settings: Settings, secret_of: SecretOf, ring: Keyring, wanted: Collection[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Names by pseudonym of those wanted, page after page of the CRM's contacts; with how many contacts were looked at so far.

    Raises:
        Trouble: there is no CRM, or it does not let us read its contacts.
    """
    sources = [(name, source) for name, source in settings.sources.items() if isinstance(source, HubSpotSource)]
    if not sources:
        raise Trouble("names come from HubSpot, and no source of that kind is configured")
    looked = 0
    for name, source in sources:
        for contacts in _contacts(source, secret_of(name)):
            looked += len(contacts)
            yield looked, _named(contacts, source, ring, wanted)


def with_names(page: str, found: dict[str, str]) -> str:
    """A report that shows names in place of pseudonyms.

    Raises:
        Trouble: it was made by a version that had no place for them.
    """
    if _PLACE not in page:
        raise Trouble("this report has no place for names: `holdfast report --rebuild --names` makes it anew")
    said = json.dumps(found, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return page.replace(_PLACE, _PLACE.replace("{}", said), 1)


def _contacts(source: HubSpotSource, secret: Secret) -> Iterator[list[dict[str, Any]]]:
    asked = ["firstname", "lastname", "email", *filter(None, [source.customer_property])]
    after = ""
    with httpx.Client(base_url=base_url_of(source), headers=headers_of(source), timeout=20, trust_env=False) as http:
        if problem := signed_in(http, source, secret):
            raise Trouble(problem)
        while after is not None:
            query = {"limit": _PAGE, "properties": ",".join(asked)} | ({"after": after} if after else {})
            answer = _asked(http, f"{hubspot_path(source.api_version, 'objects', 'contacts')}?{urlencode(query)}")
            yield [each.get("properties") or {} for each in answer.get("results", [])]
            after = answer.get("paging", {}).get("next", {}).get("after")


def _asked(http: httpx.Client, path: str) -> dict[str, Any]:
    try:
        answer = answer_of(http, Probe(path))
    except httpx.TransportError as error:
        raise Trouble(f"{http.base_url} cannot be reached ({type(error).__name__})") from error
    if not answer.is_success:
        raise Trouble(f"HubSpot answers HTTP {answer.status_code}: `holdfast sources check` says what is missing")
    return dict(answer.json())


def _named(
    contacts: list[dict[str, Any]], source: HubSpotSource, ring: Keyring, wanted: Collection[str]
) -> dict[str, str]:
    """A contact is known by the product's own id, or else by the address."""
    found: dict[str, str] = {}
    for said in contacts:
        name = " ".join(filter(None, [said.get("firstname"), said.get("lastname")])) or said.get("email")
        for identifier in filter(None, [said.get("email"), said.get(source.customer_property or "")]):
            found |= {each: str(name) for each in ring.pseudonyms(identifier) if each in wanted and name}
    return found
