"""The declared list: what becomes of every column of every stream, as the product ships it and as a user adds to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from pydantic import RootModel

from holdfast.checked import parse_toml
from holdfast.errors import ConfigurationInvalid
from holdfast.settings import ContractChurn, EventsSource, LabelChurn, Settings, TableSource, Treatment
from holdfast.vendors import ApiSource, streams_of, vendor_of

FILE = Path(__file__).with_name("privacy.toml")
LOOSE = ("keep", "domain", "region", "year", "age_band", "network", "text")
"""What leaves something of a value readable."""

Columns = Mapping[str, Treatment]
NONE: Columns = MappingProxyType({})


class _File(RootModel[dict[str, dict[str, Treatment]]]):
    """The whole file: relation -> column -> treatment."""


@lru_cache
def shipped() -> Mapping[str, Columns]:
    """Columns by relation (`<vendor>_<stream>`, `events`, `customers`), as the product declares them.

    Raises:
        ConfigurationInvalid: a word that is no treatment, with its line.
    """
    return parse(FILE.read_text())


def parse(text: str) -> Mapping[str, Columns]:
    """The same from text."""
    return parse_toml(_File, text, FILE.name).root


def identifiers(relation: str) -> tuple[str, ...]:
    """Columns of a relation that name somebody."""
    return tuple(name for name, treatment in shipped().get(relation, NONE).items() if treatment == "pseudonymise")


@dataclass(frozen=True)
class Declared:
    """The columns of one stream of one source. `own` were declared by the user, and come before the shipped ones."""

    source: str
    stream: str
    relation: str
    own: Columns
    said: Columns
    """All of them."""

    @property
    def name(self) -> str:
        """Under which decisions on its other columns are remembered: no source is called so."""
        return f"{self.source}.{self.stream}"

    def of(self, column: str) -> Treatment | None:
        """What was declared of a column, whatever its case; None where nothing was."""
        return self.said.get(column) or self.said.get(column.casefold())

    def writing(self, column: str) -> bool:
        """Whether the product knows the column as what somebody wrote."""
        return shipped().get(self.relation, NONE).get(column) == "text"

    def structural(self, column: str) -> bool:
        """Whether the lake's statements need the column, with or without values."""
        return column.casefold() in shipped().get(self.relation, NONE)


def declared(settings: Settings) -> dict[tuple[str, str], Declared]:
    """What is declared of every stream of every source, by source and stream.

    Raises:
        ConfigurationInvalid: `[privacy.columns]` names what there is not, or would let through who somebody is.
    """
    streams = {
        (source, stream): relation for source in settings.sources for stream, relation in _streams(settings, source)
    }
    named = {f"{source}_{stream}" for source, stream in streams}
    if unknown := sorted(set(settings.privacy.columns) - named):
        raise ConfigurationInvalid(
            f"privacy.columns.{unknown[0]}: there is no such stream; there are {', '.join(sorted(named))}",
            ("privacy", "columns", unknown[0]),
        )
    return {key: _declared(settings, *key, relation) for key, relation in streams.items()}


def _declared(settings: Settings, source: str, stream: str, relation: str) -> Declared:
    key = ("privacy", "columns", f"{source}_{stream}")
    own = settings.privacy.columns.get(key[-1], NONE)
    for column, treatment in own.items():
        before = shipped().get(relation, NONE).get(column)
        if before == "key" or (before == "pseudonymise" and treatment in LOOSE):
            raise ConfigurationInvalid(
                f"{'.'.join(key)}.{column}: {treatment} is not allowed: "
                + ("records are merged by it" if before == "key" else "it names somebody: pseudonymise or drop it"),
                (*key, column),
            )
        if relation == "events":
            raise ConfigurationInvalid(
                f"{'.'.join(key)}: fields of usage logs are declared under sources.{source}.columns and .ignore",
                key,
            )
    outcome: Columns = dict.fromkeys(_outcome(settings), "keep") if relation in _PEOPLE else NONE
    return Declared(source, stream, relation, own, {**outcome, **shipped().get(relation, {}), **own})


_PEOPLE = ("customers", "hubspot_contacts")


def _outcome(settings: Settings) -> list[str]:
    """Columns that the user names as what is predicted: they have to enter."""
    churn = settings.churn
    named = [settings.value.column]
    if isinstance(churn, LabelChurn):
        named.append(churn.column)
    if isinstance(churn, ContractChurn) and churn.stage:
        named += [churn.stage_column, churn.date_column]
    return [name for name in named if name]


def _streams(settings: Settings, name: str) -> list[tuple[str, str]]:
    """Streams of a source, and the relations that they are parts of."""
    source = settings.sources[name]
    if isinstance(source, EventsSource):
        return [("events", "events")]
    if isinstance(source, TableSource):
        return [("customers", "customers")]
    assert isinstance(source, ApiSource)
    return [(stream, f"{vendor_of(source)}_{stream}") for stream in streams_of(source)]
