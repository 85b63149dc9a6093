"""Names on a report: asked of the CRM, put into the file that stays here."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from holdfast.keyring import keyring
from holdfast.settings import Settings, parse_settings
from holdfast.source_secrets import MemorySecret
from infra.cli.names import names, with_names
from infra.cli.report import wanted, written
from infra.trouble import Trouble
from tests.doubles.served import Answering, served

RING = keyring("k" * 64, "key")
CONTACTS = [
    {"firstname": "Ada", "lastname": "Lovelace", "email": "ada@example.com", "external_id": "u-1"},
    {"firstname": None, "lastname": None, "email": "no.name@example.com", "external_id": None},
    {"firstname": "Eve", "lastname": "</script>", "email": None, "external_id": "u-3"},
]
PAGE = '<p>x</p><script type="application/json" id="json-names">{}</script>'


class Crm(Answering):
    """Contacts, one a page, for whoever has the token."""

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        place = int(query.get("after", ["0"])[0])
        well = self.headers["Authorization"] == "Bearer right"
        body = {"results": [{"id": place, "properties": CONTACTS[place]}]} if well else {}
        if well and place + 1 < len(CONTACTS):
            body["paging"] = {"next": {"after": str(place + 1)}}
        self.say(200 if well else 401, json.dumps(body).encode())


@pytest.fixture
def settings() -> Iterator[Settings]:
    with served(Crm) as place:
        yield parse_settings(f"""
            [sources.crm]
            kind = "hubspot"
            base_url = "http://{place}"
            customer_property = "external_id"
            [churn]
            kind = "usage"
        """)


def asked(settings: Settings, people: set[str], token: str = "right") -> dict[str, str]:
    found: dict[str, str] = {}
    for _, some in names(settings, lambda _: MemorySecret(json.dumps({"token": token})), RING, people):
        found |= some
    return found


def test_a_person_is_known_by_the_products_id_or_by_the_address(settings: Settings) -> None:
    one, two, three = (RING.pseudonyms(each)[0] for each in ("u-1", "no.name@example.com", "u-3"))

    assert asked(settings, {one, two, three}) == {
        one: "Ada Lovelace",
        two: "no.name@example.com",
        three: "Eve </script>",
    }


def test_nobody_else_is_named(settings: Settings) -> None:
    assert asked(settings, {RING.pseudonyms("u-2")[0]}) == {}


def test_without_the_right_nothing_is_told(settings: Settings) -> None:
    with pytest.raises(Trouble, match="HTTP 401"):
        asked(settings, set(), token="wrong")


def test_without_a_crm_there_are_no_names() -> None:
    with pytest.raises(Trouble, match="no source of that kind"):
        asked(
            parse_settings(
                '[sources.a]\nkind = "events"\nprefix = "a/"\nfields = { customer = "u", time = "t" }\n[churn]\nkind = "usage"'
            ),
            set(),
        )


def test_names_are_text_in_the_page_and_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    page = with_names(PAGE, {"k1_a": "Eve </script>"})
    out = tmp_path / "new" / "report.html"
    written(page, out, private=True)

    assert page.count("</script>") == 1
    assert out.read_text() == page
    assert out.stat().st_mode & 0o077 == 0


def test_a_report_without_a_place_for_names_is_made_anew() -> None:
    with pytest.raises(Trouble, match="--rebuild"):
        with_names("<p>old</p>", {})


def test_a_page_is_made_anew_from_what_the_run_made() -> None:
    document = {
        "promoted": {"champion": "abc"},
        "scored": {"scores_snapshot": 7},
        "transformed": {"as_of": "2026-11-01T00:00:00+00:00"},
    }

    assert wanted("night", document) == {
        "run": "night",
        "champion": "abc",
        "scores_snapshot": 7,
        "as_of": "2026-11-01T00:00:00+00:00",
        "again": True,
    }
