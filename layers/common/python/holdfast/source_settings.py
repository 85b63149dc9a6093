"""What holdfast.toml says of one source: which API or which files, and how it is read."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from holdfast.connector import fitting
from holdfast.fields import EVENT_COLUMNS, LANDED_COLUMNS, MORE
from holdfast.hosts import check_host


class Section(BaseModel):
    """A part of a file that knows its words and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class _VendorSource(Section):
    base_url: str
    allowed_hosts: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+$")]] = []
    """Hosts beside the vendor's own that get the token, such as a proxy of the company."""
    _vendor_hosts: ClassVar[str]

    @model_validator(mode="after")
    def _known_host(self) -> Self:
        check_host(self.base_url, self._vendor_hosts, self.allowed_hosts)
        return self


HubSpotKind = Literal["contacts", "companies", "deals", "tickets", "calls", "emails", "meetings", "notes", "tasks"]
"""HubSpot's kinds of objects."""


class HubSpotSource(_VendorSource):
    """HubSpot CRM: its objects, and marketing email events."""

    _vendor_hosts: ClassVar[str] = r"api(-(na|eu|ap)\d)?\.hubapi\.com"
    kind: Literal["hubspot"]
    base_url: str = "https://api.hubapi.com"
    api_version: Literal["2026-09", "v3"] = "2026-09"
    """Numbered versions end in September 2027."""
    customer_property: str = "external_id"
    """Contact property that holds the product's own user id."""
    properties: dict[HubSpotKind, list[str]] = {}
    """Further properties by kind of object: `contacts = ["mrr"]`. They land typed as the account declares them."""
    history: list[str] = ["lifecyclestage"]
    """Contact properties whose every past value is pulled."""
    requests_per_10s: int = Field(100, ge=5)
    """What the account allows one app; all functions share it."""
    searches_per_s: int = Field(5, ge=2)
    timezone: str | None = None
    """The account's, at whose midnight its daily limit begins anew. Default: the deployment's."""
    webhook_url: str | None = None
    """Address of the webhook as HubSpot was told it, where a proxy stands before API Gateway: HubSpot signs it."""


class IntercomSource(_VendorSource):
    """Intercom: contacts, conversations, tickets."""

    _vendor_hosts: ClassVar[str] = r"api(\.eu|\.au)?\.intercom\.io"
    kind: Literal["intercom"]
    base_url: str = "https://api.intercom.io"
    requests_per_10s: int = Field(1666, ge=5)
    """At most so many; fewer where its headers allow fewer. All functions share it."""
    attributes: list[Annotated[str, Field(pattern=r"^[^.:]+(:(text|number|flag|time))?$")]] = []
    """Custom attributes of contacts: `attributes = ["seats:number", "tier"]`. What follows the colon is what they are; default: text."""
    conversation_parts: bool = True
    """One request per conversation that changed."""
    data_events: bool = True
    """One request per contact that changed; Intercom forgets events after 90 days."""


class RestSource(Section):
    """Any other REST API, as a file of `holdfast/connectors` describes it."""

    kind: Literal["rest"]
    connector: str
    """Name of the file, without `.toml`."""
    base_url: str | None = None
    """Where the connector allows more than one host."""
    allowed_hosts: list[str] = []
    options: dict[str, str] = {}
    """Words that the connector leaves open, such as which field holds the product's own user id."""
    requests_per_10s: int | None = Field(None, ge=1)
    """What the account allows, where that differs from the connector's own limit."""

    @model_validator(mode="after")
    def _fits(self) -> "RestSource":
        fitting(self.connector, self.base_url, self.allowed_hosts, self.options)
        return self


Contract = Literal["strict", "evolve", "permissive"]
"""What becomes of fields of log lines that nothing maps, and of values that do not fit their columns."""


class EventFields(Section):
    """Which field of a log line says what; a dot reaches into nested objects."""

    customer: str
    time: str
    id: str | None = None
    """Without one, a line is the same event as another when all its mapped fields are equal."""
    arrival: str | None = None
    kind: str | None = None
    module: str | None = None
    account: str | None = None
    """Whom the customer acts for; a pseudonym in the lake."""


class EventsSource(Section):
    """Product usage: NDJSON in S3, plain, gzip or Zstandard, any field names."""

    kind: Literal["events"]
    prefix: str
    """Where the files are: a prefix in the uploads bucket, or s3://bucket/prefix."""
    fields: EventFields
    measures: dict[str, str] = {}
    """Numbers to add up: measure name -> field of the log line."""
    contract: Contract = Field("evolve", alias="schema")
    """What happens to fields that nothing maps. `evolve`: each becomes a column. `strict`: their rows stay behind, in quarantine.
    `permissive`: as `evolve`, and what does not fit a column's type goes to a column of text beside it."""
    columns: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")], str] = {}
    """Fields to keep whatever they hold: column -> field."""
    ignore: list[str] = []
    """Fields to leave out; of an object, all that is in it."""
    max_columns: int = Field(500, ge=1)
    """Of the table `events`, with those of all sources: beyond, new fields are kept together in one column of JSON text."""

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        own = {*EVENT_COLUMNS, *LANDED_COLUMNS, *self.measures, MORE}
        if taken := sorted(own & set(self.columns)):
            raise ValueError(f"columns: {taken[0]} is a column of events already; name it otherwise")
        mapped = {path for path in (*self.fields.model_dump().values(), *self.measures.values()) if path}
        if twice := sorted(
            (mapped & {*self.columns.values(), *self.ignore}) | ({*self.columns.values()} & {*self.ignore})
        ):
            raise ValueError(f"{twice[0]} is said twice: fields, measures, columns and ignore exclude each other")
        return self


class TableSource(Section):
    """A snapshot of customers: CSV or Parquet in S3, one row each, typed by looking at it."""

    kind: Literal["table"]
    prefix: str
    key: str
    """Column that identifies the customer."""
    drop: list[str] = []
    """Columns never to read."""


Source = Annotated[
    HubSpotSource | IntercomSource | RestSource | EventsSource | TableSource, Field(discriminator="kind")
]


def location(prefix: str, uploads: str) -> tuple[str, str]:
    """Bucket and prefix of a source: `s3://bucket/prefix`, or a prefix in the uploads bucket."""
    if prefix.startswith("s3://"):
        bucket, _, inside = prefix.removeprefix("s3://").partition("/")
        return bucket, inside
    return uploads, prefix.lstrip("/")
