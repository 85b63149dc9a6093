"""holdfast.toml: the one file that a user edits, as typed and checked values."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from holdfast.errors import ConfigurationInvalid

_Model = TypeVar("_Model", bound=BaseModel)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HubSpotSource(_Section):
    """HubSpot CRM: its objects, and marketing email events."""

    kind: Literal["hubspot"]
    base_url: str = "https://api.hubapi.com"
    api_version: Literal["2026-09", "v3"] = "2026-09"
    """Numbered versions end in September 2027."""
    customer_property: str = "external_id"
    """Contact property that holds the product's own user id."""
    properties: dict[str, list[str]] = {}
    """Further properties by kind of object: `contacts = ["mrr"]`. They land typed as the account declares them."""
    history: list[str] = ["lifecyclestage"]
    """Contact properties whose every past value is pulled."""
    requests_per_10s: int = Field(100, ge=5)
    """What the account allows one app; all functions share it."""
    searches_per_s: int = Field(5, ge=2)


class IntercomSource(_Section):
    """Intercom: contacts, conversations, tickets."""

    kind: Literal["intercom"]
    base_url: str = "https://api.intercom.io"
    conversation_parts: bool = True
    """One request per conversation that changed."""
    data_events: bool = True
    """One request per contact that changed; Intercom forgets events after 90 days."""


class EventFields(_Section):
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


class EventsSource(_Section):
    """Product usage: NDJSON in S3, plain, gzip or Zstandard, any field names."""

    kind: Literal["events"]
    prefix: str
    """Where the files are: a prefix in the uploads bucket, or s3://bucket/prefix."""
    fields: EventFields
    measures: dict[str, str] = {}
    """Numbers to add up: measure name -> field of the log line."""


class TableSource(_Section):
    """A snapshot of customers: CSV or Parquet in S3, one row each, typed by looking at it."""

    kind: Literal["table"]
    prefix: str
    key: str
    """Column that identifies the customer."""
    drop: list[str] = []
    """Columns never to read."""


Source = Annotated[HubSpotSource | IntercomSource | EventsSource | TableSource, Field(discriminator="kind")]


class UsageChurn(_Section):
    """Churn is silence: active in the `active_days` before the cutoff, and without any event in the last `inactive_days` of the horizon."""

    kind: Literal["usage"]
    horizon_days: int = Field(56, gt=0)
    inactive_days: int = Field(28, gt=0)
    active_days: int = Field(28, gt=0)

    @model_validator(mode="after")
    def _silence_fits(self) -> "UsageChurn":
        if self.inactive_days > self.horizon_days:
            raise ValueError(f"inactive_days ({self.inactive_days}) must not exceed horizon_days ({self.horizon_days})")
        return self


class ContractChurn(_Section):
    """Churn is a contract's end within the horizon: an event kind, or a lifecycle stage with the column that dates it."""

    kind: Literal["contract"]
    horizon_days: int = Field(56, gt=0)
    event: str | None = None
    """Event kind that ends a contract, such as `subscription_cancelled`."""
    stage: str | None = None
    """Lifecycle stage of the customers table that means "left" …"""
    stage_column: str = "lifecyclestage"
    date_column: str | None = None
    """… and the column that says since when."""

    @model_validator(mode="after")
    def _one_way(self) -> "ContractChurn":
        if (self.event is None) == (self.stage is None):
            raise ValueError("name either `event` or `stage`")
        if self.stage and not self.date_column:
            raise ValueError("a churn `stage` needs `date_column`, the column that says since when")
        return self


class LabelChurn(_Section):
    """Churn is a column of the customer table."""

    kind: Literal["label"]
    column: str
    positive: str = "Yes"


Churn = Annotated[UsageChurn | ContractChurn | LabelChurn, Field(discriminator="kind")]


class Value(_Section):
    """Lifetime value: a measure of the events summed over the horizon, or a number column of the customer table."""

    measure: str | None = "amount"
    column: str | None = None
    currency: str = "USD"


class Run(_Section):
    """When a run looks from."""

    as_of: Literal["today", "data"] = "today"
    """`today`: midnight of the day of the run. `data`: the end of the last day that has an event."""


class Training(_Section):
    """How the models are trained and judged."""

    cutoffs: int = Field(6, ge=1)
    """How many training cutoffs before the holdout."""
    step_days: int = Field(28, gt=0)
    validation: Literal["time", "folds"] = "time"
    """`time`: the latest labelled cutoff is the holdout. `folds`: five stratified folds of the one cutoff there is."""
    folds: int = Field(5, ge=2)
    trees: int = Field(300, ge=1)
    depth: int = Field(4, ge=1, le=6)
    learning_rate: float = Field(0.05, gt=0, le=1)
    personas: int = Field(4, ge=1, le=12)
    minimum_churners: int = Field(50, ge=1)
    timeout_minutes: int = Field(60, gt=0)
    seed: int = 7


class Promotion(_Section):
    """When a challenger replaces the champion."""

    minimum_auc: float = Field(0.55, ge=0, le=1)
    minimum_gain: float = 0.0
    """AUC that a challenger must gain over the champion on the same holdout."""


class Scoring(_Section):
    """What the scores say."""

    threshold: float = Field(0.35, gt=0, lt=1)
    """Churn probability from which a customer is `high` risk; half of it makes `medium`."""
    reasons: int = Field(5, ge=1)


class Drift(_Section):
    """When a shift is an alert."""

    maximum_shift: float = Field(0.05, gt=0)
    """KL divergence over the reference's own sampling level."""
    minimum_rows: int = Field(200, ge=1)
    schedule: str = "cron(0 6 * * ? *)"


class Settings(_Section):
    """The whole file."""

    name: str = Field("holdfast", pattern=r"^[a-z][a-z0-9-]{1,30}$")
    region: str = "us-east-1"
    schedule: str = "cron(0 3 * * ? *)"
    timezone: str = "UTC"
    alert_email: str | None = None
    sources: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")], Source] = Field(min_length=1)
    churn: Churn
    value: Value = Value()
    run: Run = Run()
    training: Training = Training()
    promotion: Promotion = Promotion()
    scoring: Scoring = Scoring()
    drift: Drift = Drift()

    def of_kind(self, kind: str) -> dict[str, Any]:
        """The sources of one kind, by name."""
        return {name: source for name, source in self.sources.items() if source.kind == kind}


def load_settings(path: str | Path) -> Settings:
    """Read and check a configuration file.

    Raises:
        ConfigurationInvalid: naming the file, the key and what is allowed there.
    """
    try:
        text = Path(path).read_text()
    except OSError as error:
        raise ConfigurationInvalid(f"{path}: cannot be read ({error.strerror})") from error
    return parse_settings(text, str(path))


def parse_settings(text: str, name: str = "holdfast.toml") -> Settings:
    """The same from text; `name` is what errors call the file."""
    return parse_toml(Settings, text, name)


def parse_toml(model: type[_Model], text: str, name: str) -> _Model:
    """Any checked file that people edit, read from TOML.

    Raises:
        ConfigurationInvalid: naming the file, the key and what is allowed there.
    """
    try:
        return model.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationInvalid(f"{name}: not TOML: {error}") from error
    except ValidationError as error:
        raise ConfigurationInvalid(
            "\n".join(f"{name}: {_where(e['loc'])}: {e['msg']}" for e in error.errors())
        ) from error


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "file"
