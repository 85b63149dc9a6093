"""A connector's file is checked before anything is asked of its API."""

from pathlib import Path

import pytest

from holdfast.connector import FOLDER, Connector, connector, shipped
from holdfast.errors import ConfigurationInvalid
from holdfast.settings import RestSource, parse_settings
from holdfast.vendors import base_url_of, streams_of, vendor_of
from infra.packaging import ROOT, Packager

FILE = """
hosts = ["api.acme.test", "eu.acme.test"]
options = {{ key = "uid" }}
[paging]
{paging}
[feed]
path = "/events"
records = "data"
kinds_parameter = "types[{{}}]"
since = {{ parameter = "from" }}
object = "of"
at = "at"
days = 30
[streams.people]
path = "/people"
records = "data"
updated = ["changed"]
{stream}
columns = [{column}]
"""
PAGING = 'kind = "none"'
COLUMN = '{ name = "who", path = "fields.{key}" }'


def written(folder: Path, paging: str = PAGING, stream: str = "", column: str = COLUMN) -> Connector:
    (folder / "acme.toml").write_text(FILE.format(paging=paging, stream=stream, column=column))
    return connector("acme", folder)


def source(more: str = "") -> RestSource:
    made = parse_settings(
        f'[sources.billing]\nkind = "rest"\nconnector = "subscriptions"\n{more}\n[churn]\nkind = "usage"'
    ).sources["billing"]
    assert isinstance(made, RestSource)
    return made


@pytest.mark.parametrize("name", shipped())
def test_every_connector_that_is_shipped_can_be_read_and_lands_no_name_address_or_free_text(name: str) -> None:
    for stream in connector(name).streams.values():
        steps = {step for column in stream.columns for step in column.path.split(".")}
        assert not steps & {"name", "address", "description", "shipping", "phone"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"stream": 'pth = "/x"'}, ": streams.people.pth: there is no such key; there are "),
        ({"paging": 'kind = "cursor"'}, "paging.kind: Input should be 'last_id', 'token', 'page', 'offset' or 'none'"),
        ({"paging": 'kind = "last_id"'}, "paging of kind last_id needs parameter, more"),
        ({"column": '{ name = "x", path = "{nobody}" }'}, "no option is called nobody; there are key"),
        ({"column": f"{COLUMN}, {COLUMN}"}, "stream people: columns who are there already"),
        ({"stream": 'changed = ["people.changed"]\nrefresh_days = 60'}, "the feed reaches back 30 days only"),
        ({"stream": "updated = 3"}, "connectors/acme.toml: not TOML"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_its_place(tmp_path: Path, wrong: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationInvalid) as problem:
        written(tmp_path, **wrong)

    assert said in str(problem.value)


def test_the_token_goes_to_the_connectors_own_hosts_and_never_in_clear(tmp_path: Path) -> None:
    made = written(tmp_path)

    assert made.base_url(None) == "https://api.acme.test"
    assert made.base_url("https://eu.acme.test") == "https://eu.acme.test"
    assert made.base_url("http://127.0.0.1:8000") == "http://127.0.0.1:8000"
    assert made.base_url("https://proxy.test", ["proxy.test"]) == "https://proxy.test"
    for url in ("https://evil.test", "https://api.acme.test.evil.test", "http://api.acme.test", "api.acme.test"):
        with pytest.raises(ValueError, match="base_url"):
            made.base_url(url)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('base_url = "https://evil.test"', "'evil.test' is no host of this vendor"),
        ('options = { key = "x" }', "key mean nothing here; there are customer_key"),
    ],
)
def test_a_configuration_that_does_not_fit_its_connector_is_refused(more: str, said: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=said):
        source(more)


def test_a_connector_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(ConfigurationInvalid, match=r"sources\.b.*there is no 'strype'; there are .*subscriptions"):
        parse_settings('[sources.b]\nkind = "rest"\nconnector = "strype"\n[churn]\nkind = "usage"')


def test_a_source_of_kind_rest_has_its_connectors_streams_and_names() -> None:
    made = source()

    assert streams_of(made) == ("customers", "subscriptions", "invoices")
    assert base_url_of(made) == "https://api.stripe.com"
    assert vendor_of(made) == "subscriptions"


def test_a_probe_asks_for_one_record_of_each_stream() -> None:
    assert connector("subscriptions").probes()["subscriptions"] == "/v1/subscriptions?status=all&limit=1"


def test_every_bundle_brings_the_connectors_files(tmp_path: Path) -> None:
    configuration = tmp_path / "holdfast.toml"
    configuration.write_text('[sources.b]\nkind = "rest"\nconnector = "subscriptions"\n[churn]\nkind = "usage"')
    packager = Packager(tmp_path / "build", configuration)

    folders = [packager.local("ingest") / "holdfast", packager.layer("common") / "python" / "holdfast"]

    for folder in folders:
        assert sorted(path.stem for path in (folder / "connectors").glob("*.toml")) == shipped()
    assert FOLDER.name == "connectors"


def test_the_example_in_the_documentation_is_a_connector(tmp_path: Path) -> None:
    example = (ROOT / "docs/connectors.md").read_text().split("```toml\n")[1].split("```")[0]
    (tmp_path / "acme.toml").write_text(example)

    made = connector("acme", tmp_path)

    assert made.filled(made.streams["accounts"].columns[0].path, {"customer_key": "uid"}) == "fields.uid"
