"""What lies in the lake after a night: only what was declared or found harmless, and nobody in clear."""

from pathlib import Path

import pytest

from holdfast import resources
from holdfast.privacy import declared
from holdfast.schema import remembered
from tests.integration.house import House
from validate import text
from validate.state import OWN

NAMED = 'kind = "hubspot"\nproperties.contacts = ["jobtitle", "firstname"]'


def configured(*changes: tuple[str, str]) -> None:
    path = Path(resources.environment().config_path)
    said = path.read_text()
    for before, after in changes:
        said = said.replace(before, after)
    path.write_text(said)
    resources.settings.cache_clear()


@pytest.fixture
def night(house: House) -> House:
    configured(('kind = "hubspot"', NAMED))
    house.upload("usage/2026/01/**/*.gz")
    house.night("first")
    return house


def test_a_property_that_names_people_waits_for_its_declaration_and_another_enters(night: House) -> None:
    first = resources.lake().columns("raw_crm_contacts")
    alerts = [each for each in night.alerts() if "crm.contacts" in each]
    configured(("[churn]", '[privacy.columns.crm_contacts]\nfirstname = "pseudonymise"\n\n[churn]'))
    night.night("second", "crm/contacts")
    second = resources.lake().read("raw_crm_contacts")

    assert "jobtitle" in first
    assert "jobtitle" in resources.lake().columns("customers")
    assert "firstname" not in first
    assert len(alerts) == 1
    assert "it is called firstname" in alerts[0]
    assert remembered(resources.artifacts(), "crm.contacts").withheld == {"firstname": "it is called firstname"}
    assert "firstname" in second.column_names


def test_every_column_that_the_lake_holds_of_a_stream_was_declared_or_found_harmless(night: House) -> None:
    lake, streams = resources.lake(), declared(resources.settings())
    raw = [name for name in lake.names() if name.startswith("raw_")]
    for source, stream in streams:
        name = f"raw_{source}_{stream}"
        said = streams[source, stream]
        texts = set(text.names()) if "text" in said.said.values() else set()
        clear = {each.field for each in remembered(resources.artifacts(), said.name).columns}
        for column in lake.columns(name):
            assert said.of(column) or column in {*clear, *texts, *OWN}, f"{name}.{column}"
        raw.remove(name) if name in raw else None
    assert raw == []
