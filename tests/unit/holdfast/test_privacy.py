"""The declared list: complete for every stream that the product can pull, and what a user may say beside it."""

import pytest

from holdfast.connector import connector
from holdfast.connector import shipped as connectors
from holdfast.errors import ConfigurationInvalid
from holdfast.privacy import declared, identifiers, shipped
from holdfast.settings import parse_settings
from ingest.declared import declared as streams_declared
from ingest.hubspot import hubspot
from ingest.intercom import intercom

SOURCES = """
[sources.crm]
kind = "hubspot"
[sources.desk]
kind = "intercom"
[sources.billing]
kind = "rest"
connector = "subscriptions"
[sources.logs]
kind = "events"
prefix = "logs/"
fields = { customer = "user", time = "ts" }
[sources.file]
kind = "table"
prefix = "file/"
key = "id"
"""


def settings(more: str = "", churn: str = 'kind = "usage"'):
    return parse_settings(f"{SOURCES}\n[churn]\n{churn}\n{more}")


def landing() -> dict[str, set[str]]:
    """Columns by relation that the product's own streams land."""
    made = settings()
    found = {f"hubspot_{name}": each for name, each in hubspot(made.sources["crm"], made).items()}
    found |= {f"intercom_{name}": each for name, each in intercom(made.sources["desk"]).items()}
    for name in connectors():
        found |= {f"{name}_{stream}": each for stream, each in streams_declared(connector(name), {}).items()}
    return {name: {column.name for column in each.columns} for name, each in found.items()}


@pytest.mark.parametrize("relation", sorted(landing()))
def test_every_column_that_a_stream_lands_is_declared_and_no_other(relation: str) -> None:
    assert set(shipped()[relation]) == landing()[relation]


def test_every_list_belongs_to_a_stream() -> None:
    assert set(shipped()) - set(landing()) == {"events", "customers"}


def test_whoever_is_named_is_a_pseudonym_everywhere() -> None:
    assert identifiers("hubspot_contacts") == ("external_id", "email")
    for relation, columns in shipped().items():
        for column in columns:
            if column.endswith(("email", "recipient", "phone", "external_id")):
                assert columns[column] == "pseudonymise", f"{relation}.{column}"


def test_a_user_adds_columns_and_tightens_others() -> None:
    more = '[privacy.columns.crm_contacts]\njobtitle = "keep"\ncountry = "drop"\nbirthday = "age_band"'
    crm = declared(settings(more))["crm", "contacts"]
    assert [crm.of(name) for name in ("jobtitle", "country", "birthday", "email", "nobody_said")] == [
        "keep", "drop", "age_band", "pseudonymise", None]  # fmt: skip


def test_what_the_user_names_as_the_outcome_enters() -> None:
    label = declared(settings(churn='kind = "label"\ncolumn = "Gone"'))["file", "customers"]
    assert label.of("Gone") == "keep"
    assert label.of("Other") is None


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[privacy.columns.crm_contact]\nx = "keep"', "there is no such stream; there are billing_customers"),
        ('[privacy.columns.crm_contacts]\nemail = "keep"', "it names somebody: pseudonymise or drop it"),
        ('[privacy.columns.crm_contacts]\nid = "drop"', "records are merged by it"),
        ('[privacy.columns.logs_events]\nip = "network"', "declared under sources.logs.columns"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(more: str, said: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=said):
        declared(settings(more))


def test_a_treatment_that_there_is_not_is_refused_by_the_configuration() -> None:
    with pytest.raises(ConfigurationInvalid, match="'key', 'pseudonymise', 'drop'"):
        settings('[privacy.columns.crm_contacts]\nx = "hash"')
