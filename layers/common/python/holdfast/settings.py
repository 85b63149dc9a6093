"""holdfast.toml: the one file that a user edits, as typed and checked values."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from holdfast.checked import parse_toml, text_of
from holdfast.hosts import is_private
from holdfast.privacy_settings import Privacy as Privacy
from holdfast.privacy_settings import Treatment as Treatment
from holdfast.regions import check_regions
from holdfast.row_cost import most_trees
from holdfast.source_settings import EventFields as EventFields
from holdfast.source_settings import EventsSource as EventsSource
from holdfast.source_settings import HubSpotKind as HubSpotKind
from holdfast.source_settings import HubSpotSource as HubSpotSource
from holdfast.source_settings import IntercomSource as IntercomSource
from holdfast.source_settings import RestSource as RestSource
from holdfast.source_settings import Section
from holdfast.source_settings import Source as Source
from holdfast.source_settings import TableSource as TableSource


class UsageChurn(Section):
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


class ContractChurn(Section):
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


class LabelChurn(Section):
    """Churn is a column of the customer table."""

    kind: Literal["label"]
    column: str
    positive: str = "Yes"


Churn = Annotated[UsageChurn | ContractChurn | LabelChurn, Field(discriminator="kind")]


class Value(Section):
    """Lifetime value: a measure of the events summed over the horizon, or a number column of the customer table."""

    measure: str | None = "amount"
    column: str | None = None
    currency: str = "USD"


class Run(Section):
    """When a run looks from."""

    as_of: Literal["today", "data"] = "today"
    """`today`: midnight of the day of the run. `data`: the end of the last day that has an event."""
    batches_at_once: int = Field(4, ge=1, le=1000)
    """Batches of log files that are read at the same time."""
    tolerated_failures: float = Field(0.05, ge=0, le=1)
    """Share of a night's log files that may fail for good without failing the run; a single one never does."""
    give_up_after: int = Field(3, ge=1)
    """Nights after which a log file that fails every time is put into quarantine and not tried again."""


class FeatureRules(Section):
    """Where features are made, and which are left out."""

    maximum_correlation: float = Field(0.995, gt=0, le=1)
    """Of two features that go together this closely the simpler one stays."""
    leak_auc: float = Field(0.97, gt=0.5, le=1)
    """AUC from which a feature by itself is too good to be true."""
    leak_share: float = Field(0.95, gt=0.5, le=1)
    """A field of a customer or a company that is filled for hardly anybody but this share of leavers was filled after they left …"""
    leak_customers: int = Field(20, ge=1)
    """… if there are so many of them."""
    spark_from_rows: int = Field(20_000_000, ge=1)
    """Rows of activity from which Spark (EMR Serverless) groups them before the function makes features of them."""
    keep: tuple[str, ...] = ()
    """Features that are no leak, whatever they look like."""


class Search(Section):
    """How long hyperparameters of the churn model are looked for: as long as the first of time and money lasts. Nought seconds is not at all."""

    seconds: float = Field(0.0, ge=0)
    """On two cores. Counted in work, not by the clock: a slower machine takes longer and finds the same."""
    cost_usd: float = Field(0.01, ge=0)
    """At the price of the training task."""
    trials: int = Field(50, ge=1)
    """At most so many, whatever time and money are left."""
    depth: int = Field(4, ge=2, le=6)
    """Trees are no deeper than this; with how many of them a row may take as long as `row_ms` says."""


class Training(Section):
    """How the models are trained and judged."""

    cutoffs: int = Field(6, ge=1)
    """How many training cutoffs before the holdout."""
    step_days: int = Field(23, gt=0)
    """Days between cutoffs. No multiple of seven: else all are of one weekday, and any other day looks like drift."""
    validation: Literal["time", "folds"] = "time"
    """`time`: the latest labelled cutoff is the holdout. `folds`: five stratified folds of the one cutoff there is."""
    folds: int = Field(5, ge=2)
    trees: int = Field(300, ge=1)
    depth: int = Field(4, ge=1, le=6)
    learning_rate: float = Field(0.05, gt=0, le=1)
    personas: int | None = Field(None, ge=1, le=12)
    """So many; where nothing is said, as many as are still found again in other samples of the customers."""
    slices: tuple[str, ...] = ("country", "plan", "employees")
    """Attributes of customers or companies by whose parts the churn model is judged, too."""
    row_ms: float = Field(0.4, ge=0.02)
    """Milliseconds that explaining one customer may take, by `holdfast.row_cost`, which bounds the trees."""
    features: int = Field(120, ge=1)
    """The models read at most so many features: those that a first model of the training rows gained most from."""
    search: Search = Search()
    minimum_churners: int = Field(100, ge=1)
    timeout_minutes: int = Field(60, gt=0)
    seed: int = 7

    @model_validator(mode="after")
    def _trees_are_within(self) -> "Training":
        if self.trees > (most := most_trees(self.depth, self.row_ms)):
            raise ValueError(
                f"{self.trees} trees of depth {self.depth} may take more than `row_ms` = {self.row_ms:g} for one customer: "
                f"allow more, or no more than {most} trees, or less depth"
            )
        return self


class Promotion(Section):
    """When a challenger replaces the champion."""

    minimum_auc: float = Field(0.55, ge=0, le=1)
    minimum_gain: float = 0.0
    """AUC that a challenger must gain over the champion on the same holdout …"""
    confidence: float = Field(0.95, ge=0.5, lt=1)
    """… and how sure that has to be, by a paired test. Of 0.5, any gain will do."""
    refresh_days: int = Field(28, ge=1)
    """A champion that has served so long also makes way for a challenger that is not worse: its data is fresher …"""
    refresh_loss: float = Field(0.01, ge=0)
    """… by more than this AUC, with the same confidence."""


_THRESHOLD = 0.35


class Scoring(Section):
    """What the scores say."""

    threshold: float | None = Field(None, gt=0, lt=1)
    """Churn probability from which a customer is `high` risk; half of it makes `medium`. 0.35, if no costs are said."""
    cost_of_contact: float | None = Field(None, gt=0)
    """What it costs to look after one customer …"""
    value_saved: float | None = Field(None, gt=0)
    """… and what that saves, on average, of one who would have left. Both together choose the threshold."""
    reasons: int = Field(5, ge=1)

    @model_validator(mode="after")
    def _one_way(self) -> "Scoring":
        if (self.cost_of_contact is None) != (self.value_saved is None):
            raise ValueError("`cost_of_contact` and `value_saved` go together")
        if self.threshold is not None and self.cost_of_contact is not None:
            raise ValueError("name either `threshold` or the costs that choose it")
        if self.cost_of_contact and self.value_saved and self.cost_of_contact >= self.value_saved:
            raise ValueError("a contact that costs as much as it saves is never worth it: `value_saved` must be larger")
        return self

    @property
    def risk_threshold(self) -> float:
        """From which probability on a contact is worth its cost: cost / value saved (Elkan, 2001, for calibrated probabilities)."""
        return self.costs[0] / self.costs[1] if self.costs else self.threshold or _THRESHOLD

    @property
    def costs(self) -> tuple[float, float] | None:
        """Cost of a contact and value saved; None where they are not said."""
        return (self.cost_of_contact, self.value_saved) if self.cost_of_contact and self.value_saved else None


class Api(Section):
    """Who may ask for scores, and how often."""

    authorization: Literal["iam", "cognito", "jwt"] = "iam"
    """`iam`: callers sign with AWS credentials (SigV4). `cognito`: they send an access token of a user pool (a JWT). `jwt`: one of
    another issuer."""
    user_pool: str | None = Field(None, pattern=r"^arn:[a-z-]+:cognito-idp:[a-z0-9-]+:\d{12}:userpool/\S+$")
    """ARN of a user pool that there is; without one, the stack makes one."""
    issuer: str = ""
    """Of tokens that are no user pool's, as their claim `iss` says it. Its keys are where its OpenID Connect description says."""
    audience: str = ""
    """Which those tokens have to be for: claim `aud`."""
    scopes: tuple[str, ...] = ("scores/read",)
    """OAuth scopes of which a token needs one. Those of a pool of the stack's own are made with it."""
    clients: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")], ...] = ()
    """Each gets an API key, which it then has to send beside its authorisation, and a share of its own …"""
    client_rate: float = Field(50, gt=0)
    """… of so many requests a second …"""
    client_daily: int = Field(1_000_000, ge=1)
    """… and so many a day."""
    rate: float = Field(200, gt=0)
    """Requests a second that are answered in all; more get 429."""
    burst: int = Field(400, ge=1)
    calls_per_5_minutes: int = Field(20_000, ge=10)
    """Of one address; beyond that the web application firewall answers 429 (on AWS)."""
    regions: tuple[str, ...] = ()
    """Regions beside the deployment's own in which the scorer answers as well, from copies (on AWS): `eu-west-1`."""
    domain: str | None = Field(None, pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$")
    """Under this name the region that is nearest to the caller answers (on AWS): `scores.your-company.com`."""
    hosted_zone: str | None = Field(None, pattern=r"^Z[A-Z0-9]{1,31}$")
    """Id of the Route 53 zone that the name is in."""

    @model_validator(mode="after")
    def _pools_are_cognito(self) -> "Api":
        if self.user_pool and self.authorization != "cognito":
            raise ValueError('a `user_pool` goes with authorization = "cognito"')
        return self

    @model_validator(mode="after")
    def _names_have_a_zone(self) -> "Api":
        if (self.domain is None) != (self.hosted_zone is None):
            raise ValueError(
                "`domain` and `hosted_zone` go together: the name, and the id of the Route 53 zone that it is in"
            )
        return self

    @model_validator(mode="after")
    def _keys_are_of_one_region(self) -> "Api":
        if self.regions and self.clients:
            raise ValueError("`clients` and `regions` exclude each other: API Gateway makes other keys in each region")
        return self

    @model_validator(mode="after")
    def _issuers_are_jwt(self) -> "Api":
        if (self.issuer or self.audience) and self.authorization != "jwt":
            raise ValueError('`issuer` and `audience` go with authorization = "jwt"')
        if self.authorization == "jwt" and not (self.issuer and self.audience):
            raise ValueError('authorization = "jwt" needs an `issuer` and an `audience`')
        if self.issuer and not is_private(self.issuer):
            raise ValueError(f"issuer {self.issuer!r} must begin with https://: its keys decide who may call")
        return self


class Drift(Section):
    """When a shift is an alert: all of these have to hold."""

    maximum_shift: float = Field(0.05, ge=0)
    """KL divergence above the baseline's own level, as a share of that level …"""
    minimum_effect: float = Field(0.04, gt=0)
    """… by at least so many standard deviations more than the baseline moves by itself …"""
    minimum_model_effect: float = Field(0.07, gt=0)
    """… or so many, for what the model says and whether it comes true: those move with its own error as well …"""
    false_discovery: float = Field(0.001, gt=0, lt=1)
    """… that is no chance: the share of false ones among all columns called drifted (Benjamini and Yekutieli) …"""
    windows: int = Field(2, ge=1, le=7)
    """… in so many checks in a row, each of another day …"""
    minimum_rows: int = Field(200, ge=1)
    """… of so many customers."""
    cooldown_days: int = Field(14, ge=0)
    """So long after an alert nothing is said again and no run is started, whatever drifts."""
    schedule: str = "cron(0 6 * * ? *)"


class Alarms(Section):
    """From where on people are told."""

    freshness_hours: float = Field(4.0, gt=0)
    """From the start of a night to its report."""
    quarantined_percent: float = Field(5.0, gt=0, lt=100)
    """Of the rows of a night."""
    run_cost: float = Field(10.0, gt=0)
    """USD for one night."""
    api_errors: int = Field(5, ge=1)
    """Answers of 5xx within five minutes."""
    api_milliseconds: int = Field(1000, ge=1)
    """For one call in a hundred."""


class LakeUpkeep(Section):
    """How long the lake's tables remember, and how large their files become."""

    schedule: str = "cron(0 5 * * ? *)"
    keep_snapshots_days: int = Field(30, ge=15)
    """A failed run may be redriven for 14 days, and reads the snapshots that it began with."""
    keep_runs_days: int = Field(90, ge=1)
    """So long what a run read stays, so that the run can be made again."""
    target_file_mb: int = Field(128, ge=1, le=1024)
    small_files: int = Field(8, ge=2)
    """So many files of a partition that are smaller are written as one."""
    orphan_days: int = Field(3, ge=2)
    """Files that no snapshot refers to are deleted when they are older: a run may take a day and a half."""


_Pinned = Annotated[str, Field(pattern=r"^[^@\s]+@sha256:[0-9a-f]{64}$")]


class Images(Section):
    """Base images of what is deployed as containers, pinned by their digests; the newest of Python 3.13 where nothing is said."""

    train: _Pinned | None = None
    """Of the training job: any with Python 3.13, such as public.ecr.aws/docker/library/python."""
    function: _Pinned | None = None
    """Of the functions that are too large for a zip: public.ecr.aws/lambda/python of Python 3.13."""


_Bucket = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]


class Buckets(Section):
    """Buckets of a stack that is gone, which this one takes over as they are: `holdfast recover --find` says their names."""

    landing: _Bucket
    quarantine: _Bucket
    lake: _Bucket
    artifacts: _Bucket
    uploads: _Bucket
    access_logs: _Bucket
    key: str = Field(pattern=r"^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$")
    """ARN of the key that they are encrypted under; what is new comes under it, too."""


class Settings(Section):
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
    features: FeatureRules = FeatureRules()
    training: Training = Training()
    promotion: Promotion = Promotion()
    scoring: Scoring = Scoring()
    api: Api = Api()
    drift: Drift = Drift()
    alarms: Alarms = Alarms()
    lake: LakeUpkeep = LakeUpkeep()
    images: Images = Images()
    privacy: Privacy = Privacy()
    buckets: Buckets | None = None

    @field_validator("api")
    @classmethod
    def _further_regions_are_further(cls, api: Api, info: ValidationInfo) -> Api:
        if api.regions and "region" in info.data:
            check_regions(api.regions, info.data["region"])
        return api

    @model_validator(mode="after")
    def _copies_are_of_own_buckets(self) -> "Settings":
        if self.buckets and self.api.regions:
            raise ValueError(
                "`[buckets]` and `api.regions` exclude each other: S3 copies by rules of a bucket that the stack has made itself"
            )
        return self

    def of_kind(self, kind: str) -> dict[str, Any]:
        """The sources of one kind, by name."""
        return {name: source for name, source in self.sources.items() if source.kind == kind}


def load_settings(path: str | Path) -> Settings:
    """Read and check a configuration file.

    Raises:
        ConfigurationInvalid: naming the file, the line, the key and what is allowed there.
    """
    return parse_settings(text_of(Path(path)), str(path))


def parse_settings(text: str, name: str = "holdfast.toml") -> Settings:
    """The same from text; `name` is what errors call the file."""
    return parse_toml(Settings, text, name)
