"""The feature definitions as typed and checked values."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from holdfast.checked import parse_toml
from holdfast.tables import ACTIVITIES

_FILE = Path(__file__).with_name("definitions.toml")
_STATES = {"customer": "customers", "company": "companies", "deal": "deals"}
ANY = "*"
"""In `by`: every column of texts that is not listed."""

Days = Annotated[int, Field(gt=0)]
Hours = tuple[Annotated[int, Field(ge=0, le=24)], Annotated[int, Field(ge=0, le=24)]]
Whole = Literal[
    "count", "active_days", "recency", "lifetime", "gaps", "decay", "weeks", "trend", "dayparts", "measures"
]
"""Primitives that look at all rows of an entity."""
Split = Literal["count", "share", "recency", "trend", "decay", "active_days", "measures", "used", "entropy"]
"""Primitives that look at the rows of each text of a column."""
Statistic = Literal["mean", "min", "max", "std", "sum"]
"""Primitives over the features of an entity's members."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Trend(_Part):
    """Two neighbouring spans, in days, that end at the cutoff."""

    recent: Days
    before: Days


class Entity(_Part):
    """What is looked at: its table, its owner, how it is called in sentences, and what is made of it."""

    table: str
    many: str
    of: str | None = None
    primitives: tuple[Whole, ...] = ()
    by: dict[str, tuple[Split, ...]] = {}
    never: tuple[str, ...] = ()

    def splits(self, column: str) -> tuple[Split, ...]:
        """What is made of a column's texts."""
        return self.by.get(column, self.by.get(ANY, ()))


class Rate(_Part):
    """A share of one kind of activity among another."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    sentence: str
    table: str
    part: tuple[str, ...]
    whole: tuple[str, ...]
    windows_days: tuple[Days, ...]
    half_lives_days: tuple[Days, ...] = ()


class Named(_Part):
    """What the named features are made of."""

    minutes: tuple[str, ...]
    login: tuple[str, ...]
    adoption_days: Days
    module_weights: dict[str, float] = {}


class Across(_Part):
    """What is made of a company's customers together: spans of its own features, and statistics of theirs, by name."""

    days: Days
    tickets_days: Days
    statistics: tuple[Statistic, ...] = ()
    of: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


class Deals(_Part):
    """Which stages mean won, and which past counts as recent."""

    won: tuple[str, ...]
    recent_days: Days


class Definitions(_Part):
    """The whole file."""

    windows_days: tuple[Days, ...] = Field(min_length=1)
    long_windows_days: tuple[Days, ...]
    split_windows_days: tuple[Days, ...] = Field(min_length=1)
    half_lives_days: tuple[Days, ...]
    weeks: int = Field(ge=2)
    texts: dict[str, Annotated[int, Field(ge=0)]] = {}
    categories: int = Field(ge=2)
    distinct_of_none: Literal["zero", "missing"] = "zero"
    leave_out: tuple[str, ...] = ()
    units: dict[str, str] = {}
    dayparts: dict[str, Hours] = {}
    trends: tuple[Trend, ...]
    entities: dict[str, Entity]
    company: Across
    deals: Deals
    rates: tuple[Rate, ...]
    named: Named

    @field_validator("windows_days", "long_windows_days", "split_windows_days")
    @classmethod
    def _ascending(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if list(days) != sorted(set(days)):
            raise ValueError("windows must ascend")
        return days

    @field_validator("entities")
    @classmethod
    def _related(cls, entities: dict[str, Entity]) -> dict[str, Entity]:
        for name, entity in entities.items():
            _known(f"{name}.table", entity.table, (*_STATES.values(), *ACTIVITIES))
            if entity.of is not None:
                _known(f"{name}.of", entity.of, tuple(entities))
            if entity.table in ACTIVITIES and entity.of != "customer":
                raise ValueError(f"{name}.of: rows of {entity.table} belong to a customer")
            if (entity.primitives or entity.by) and entity.table not in ACTIVITIES:
                raise ValueError(
                    f"{name}.primitives: {entity.table} is no activity table: there are {', '.join(ACTIVITIES)}"
                )
        return entities

    @model_validator(mode="after")
    def _measured(self) -> "Definitions":
        for rate in self.rates:
            _known(f"rates.{rate.name}.table", rate.table, ACTIVITIES)
        return self

    def windows(self, horizon_days: int) -> tuple[int, ...]:
        """Window lengths in days for a prediction horizon: a longer look ahead needs a longer look back."""
        longer = horizon_days > self.windows_days[-1]
        return tuple(sorted({*self.windows_days, *(self.long_windows_days if longer else ())}))

    def edges(self, windows: tuple[int, ...]) -> tuple[int, ...]:
        """The ends, in days before a cutoff, of every span that a definition asks for."""
        trends = {days for trend in self.trends for days in (trend.recent, trend.recent + trend.before)}
        rates = {days for rate in self.rates for days in rate.windows_days}
        weeks = {7 * week for week in range(1, self.weeks + 1)}
        named = {
            1,
            30,
            90,
            self.named.adoption_days,
            self.company.days,
            2 * self.company.days,
            self.company.tickets_days,
        }
        return tuple(sorted({*windows, *self.split_windows_days} | trends | rates | weeks | named))

    def activities(self) -> dict[str, Entity]:
        """Entities whose rows are things that customers did, by table."""
        return {entity.table: entity for entity in self.entities.values() if entity.table in ACTIVITIES}

    def never(self, table: str) -> set[str]:
        """Columns (lower case) of a table that become no features."""
        return {name.lower() for entity in self.entities.values() if entity.table == table for name in entity.never}

    def most(self, column: str) -> int | None:
        """How many texts of a column of an activity table are told apart; None: all, if they are few enough."""
        return self.texts.get(column)

    def declared_kinds(self, table: str) -> set[str]:
        """Kinds (lower case) that a definition names, and that are therefore kept however rare they are."""
        named = {kind for rate in self.rates if rate.table == table for kind in (*rate.part, *rate.whole)}
        return named | (set(self.named.login) if table == "events" else set())


@lru_cache
def shipped() -> Definitions:
    """The definitions deployed with this function."""
    return parse(_FILE.read_text())


def as_recorded(recipe: Mapping[str, Any]) -> Definitions | None:
    """The definitions of a feature set's recipe; None if they are written for other code."""
    try:
        return Definitions.model_validate(recipe["definitions"])
    except (KeyError, ValidationError):
        return None


def parse(text: str) -> Definitions:
    """Read definitions from TOML.

    Raises:
        ConfigurationInvalid: naming the key and what is allowed there.
    """
    return parse_toml(Definitions, text, _FILE.name)


def _known(where: str, name: str, allowed: tuple[str, ...]) -> None:
    if name not in allowed:
        raise ValueError(f"{where}: there is no {name}: there are {', '.join(allowed)}")
