"""The feature definitions as typed and checked values."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from holdfast.checked import parse_toml
from holdfast.tables import ACTIVITIES

_FILE = Path(__file__).with_name("definitions.toml")

Days = Annotated[int, Field(gt=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Trend(_Part):
    """Two neighbouring spans, in days, that end at the cutoff."""

    recent: Days
    before: Days


class Activity(_Part):
    """How one activity table is called in sentences, and what is made of it."""

    many: str
    primitives: tuple[str, ...]


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


class Company(_Part):
    """Spans of the company's own features."""

    days: Days
    tickets_days: Days


class Deals(_Part):
    """Which stages mean won, and which past counts as recent."""

    won: tuple[str, ...]
    recent_days: Days


class Never(_Part):
    """Columns that never become features."""

    customers: tuple[str, ...]
    companies: tuple[str, ...]


class Definitions(_Part):
    """The whole file."""

    windows_days: tuple[Days, ...] = Field(min_length=1)
    long_windows_days: tuple[Days, ...]
    split_windows_days: tuple[Days, ...] = Field(min_length=1)
    half_lives_days: tuple[Days, ...]
    weeks: int = Field(ge=2)
    kinds: int = Field(ge=0)
    modules: int = Field(ge=0)
    categories: int = Field(ge=2)
    trends: tuple[Trend, ...]
    tables: dict[str, Activity]
    rates: tuple[Rate, ...]
    named: Named
    company: Company
    deals: Deals
    never: Never

    @field_validator("windows_days", "long_windows_days", "split_windows_days")
    @classmethod
    def _ascending(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if list(days) != sorted(set(days)):
            raise ValueError("windows must ascend")
        return days

    @field_validator("tables")
    @classmethod
    def _known(cls, tables: dict[str, Activity]) -> dict[str, Activity]:
        if unknown := set(tables) - set(ACTIVITIES):
            raise ValueError(
                f"no activity table is called {', '.join(sorted(unknown))}: there are {', '.join(ACTIVITIES)}"
            )
        return tables

    def windows(self, horizon_days: int) -> tuple[int, ...]:
        """Window lengths in days for a prediction horizon: a longer look ahead needs a longer look back."""
        longer = horizon_days > self.windows_days[-1]
        return tuple(sorted({*self.windows_days, *(self.long_windows_days if longer else ())}))

    def declared_kinds(self, table: str) -> set[str]:
        """Kinds (lower case) that a definition names, and that are therefore kept however rare they are."""
        named = {kind for rate in self.rates if rate.table == table for kind in (*rate.part, *rate.whole)}
        return named | (set(self.named.login) if table == "events" else set())


@lru_cache
def shipped() -> Definitions:
    """The definitions deployed with this function."""
    return parse(_FILE.read_text())


def parse(text: str) -> Definitions:
    """Read definitions from TOML.

    Raises:
        ConfigurationInvalid: naming the key and what is allowed there.
    """
    return parse_toml(Definitions, text, _FILE.name)
