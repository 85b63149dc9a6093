"""What the API takes and gives: requests are checked by these models, answers are made of them, and OpenAPI says what they are."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

MOST_AT_ONCE = 1000
MOST_REASONS = 20
VERSION = r"^[0-9a-f]{12}$"

Customer = Annotated[
    str,
    Field(
        min_length=1,
        max_length=256,
        description="The product's own id; a record of a source as `<source>:<its id>`, such as hubspot:100045; an email address; or a pseudonym.",
    ),
]
Probability = Annotated[float, Field(ge=0, le=1)]


class Taken(BaseModel):
    """Something that a caller says: nothing in it is ignored in silence."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)


class Given(BaseModel):
    """Something that is answered. `model` is a word of ours here."""

    model_config = ConfigDict(protected_namespaces=(), defer_build=True)


class Reason(Given):
    """What one feature adds to one customer's risk, by SHAP values of the model's trees."""

    feature: str
    sentence: str = Field(description="What the feature says, for people.")
    value: float | None = Field(description="Its value for this customer; null when it is not known.")
    unit: str
    contribution_log_odds: float
    contribution_points: float = Field(description="The same as part of the probability: 0.1 is ten percentage points.")
    direction: Literal["raises", "lowers"]
    actionable: bool = Field(description="Whether somebody could act on it.")


class Others(Given):
    """All contributions that are not among the reasons."""

    features: int = Field(ge=0, description="How many of them contribute anything.")
    contribution_log_odds: float
    contribution_points: float


class Lever(Given):
    """Something that can be acted on, raises the risk now, and has a value to aim at."""

    feature: str
    sentence: str
    value: float | None
    unit: str
    contribution_log_odds: float
    contribution_points: float
    aim: float = Field(description="A value to aim at: at least half of the customers are there.")
    advice: str = Field(
        description="What to aim at, for people. The model sees what goes together, not what causes what."
    )


class Money(Given):
    """Lifetime value within the horizon: eight of ten customers fall between low and high."""

    amount: float = Field(ge=0)
    low: float = Field(ge=0)
    high: float = Field(ge=0)
    currency: str


class Score(Given):
    """One score with its reasons. `base` + all contributions = `margin`; `base_probability` + all points = `probability`."""

    customer_id: str | None = Field(description="Pseudonym; null for a row of features.")
    company_id: str | None
    probability: Probability = Field(description="Of leaving within the horizon, calibrated.")
    band: Literal["low", "medium", "high"]
    value: Money | None
    persona: str
    persona_sentence: str
    reasons: list[Reason] = Field(description="What moves the score most, strongest first.")
    others: Others
    levers: list[Lever] = Field(description="What would lower the risk most, strongest first.")
    base: float = Field(description="Log-odds that every explanation starts from: the average training row's.")
    base_probability: Probability
    margin: float = Field(description="Log-odds before calibration.")
    model: str
    feature_set: str
    as_of: str | None = Field(description="When the features look from; null for a row of features.")


class Ranked(Given):
    """One customer of the ranking."""

    customer_id: str
    company_id: str | None
    probability: Probability
    band: Literal["low", "medium", "high"]
    value: float | None
    persona: str
    reasons: list[Reason]


class Ranking(Given):
    """The customers most at risk as of the last run, first first."""

    customers: list[Ranked]
    total: int = Field(ge=0)
    currency: str
    as_of: str
    model: str
    feature_set: str
    run: str


class Models(Given):
    """Who serves, since when, and how well it did where it was judged."""

    champion: str
    run: str
    promoted_at: str
    earlier: list[str] = Field(
        description="Versions that served before, oldest first; each still answers by its version."
    )
    feature_set: str
    features: int
    pinned_feature_set: str | None
    validation: str
    training: dict[str, Any]
    churn: dict[str, float | int]
    value: dict[str, Any] | None


class Health(Given):
    """Whether a score could be answered now, and of when the data is."""

    status: Literal["ok"]
    model: str
    as_of: str


class Wrong(Given):
    """One part of a request that is not what it has to be."""

    where: str
    what: str


class Problem(Given):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str | None = Field(description="Finds the request in the logs.")
    errors: list[Wrong] | None = None


class FeatureRow(Taken):
    """A customer as numbers: what is not named counts as not known."""

    id: str | None = Field(None, max_length=256, description="The caller's own; it is said back and nothing else.")
    features: dict[str, float | None]


def _whole(number: Any) -> Any:
    """JSON has one kind of number: 3.0 is a whole one."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


class Wanted(Taken):
    """What every request for many scores may say."""

    model: str | None = Field(None, pattern=VERSION, description="Another model than the champion.")
    reasons: Annotated[int | None, BeforeValidator(_whole)] = Field(
        None, ge=0, le=MOST_REASONS, description="How many reasons each; default: [scoring] reasons."
    )


class ByCustomers(Wanted):
    """Scores of customers that are held."""

    customers: list[Customer] = Field(min_length=1, max_length=MOST_AT_ONCE)


class ByRows(Wanted):
    """Scores of rows of features."""

    rows: list[FeatureRow] = Field(min_length=1, max_length=MOST_AT_ONCE)


def _which(body: Any) -> str:
    return "rows" if isinstance(body, dict) and "rows" in body else "customers"


ScoresWanted = Annotated[
    Annotated[ByCustomers, Tag("customers")] | Annotated[ByRows, Tag("rows")], Discriminator(_which)
]


class Failure(Given):
    """Why one item has no score."""

    status: int
    detail: str


class Item(Given):
    """What came of one id or row, in the order of the request: a score or a problem."""

    id: str | None
    score: Score | None
    problem: Failure | None


class Scores(Given):
    """Many scores; what is wrong with one is no matter of the others."""

    scored: int = Field(ge=0)
    failed: int = Field(ge=0)
    items: list[Item]
