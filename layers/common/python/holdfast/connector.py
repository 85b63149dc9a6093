"""Connectors that are files: a REST API's hosts, paging, streams and columns, checked before anything is asked of it."""

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, model_validator

from holdfast.checked import parse_toml
from holdfast.hosts import check_host

FOLDER = Path(__file__).with_name("connectors")
MOMENT = "_changed"
"""Path, in every record, of the newest moment that the source told of it: of its own, or of the feed's."""
_OPTION = re.compile(r"\{(\w+)\}")

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Path_ = Annotated[str, Field(pattern=r"^/")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Column(_Section):
    """One column that lands. Dots in `path` go down, digits into lists, `{word}` is an option's value. What becomes of it then
    is said in `privacy.toml`.
    """

    name: Name
    path: str
    kind: Literal["text", "time", "number", "flag"] = "text"


class Paging(_Section):
    """How pages follow each other, by a parameter of the next request. `size` records are asked for at a time.

    `last_id`: the last record's id, while the answer's `more` is true. `token`: what lies at the answer's `next`. `page`, `offset`:
    numbers from `first` on, until a page is not full. `none`: one answer holds all.
    """

    kind: Literal["last_id", "token", "page", "offset", "none"]
    parameter: str = ""
    more: str = ""
    next: str = ""
    first: int = 0
    size: int = Field(100, ge=1)
    size_parameter: str = ""

    @model_validator(mode="after")
    def _complete(self) -> "Paging":
        needed = {"last_id": ("parameter", "more"), "token": ("parameter", "next"), "page": ("parameter", "size_parameter"),
                  "offset": ("parameter", "size_parameter"), "none": ()}[self.kind]  # fmt: skip
        if missing := [key for key in needed if not getattr(self, key)]:
            raise ValueError(f"paging of kind {self.kind} needs {', '.join(missing)}")
        return self


class Since(_Section):
    """The parameter that asks for records from a moment on, and how the API writes moments."""

    parameter: str
    unit: Literal["seconds", "milliseconds", "iso"] = "seconds"


class Limit(_Section):
    """Requests that the API allows in so many seconds."""

    requests: int = Field(ge=1)
    seconds: float = Field(gt=0)


class Feed(_Section):
    """A stream of what happened to objects, for APIs whose lists know the moment of creation only.

    `kinds_parameter` is repeated for each kind that is asked for, with its number in place of `{}`.
    """

    path: Path_
    records: str
    kinds_parameter: str
    since: Since
    object: str
    """Path of the id of what it happened to."""
    at: str
    """Path of the moment at which it happened."""
    days: int = Field(ge=1)
    """How far back it reaches: a stream that lives on it is pulled whole at least as often."""


class Stream(_Section):
    """One kind of record. Without `since` and `changed`, all of it is pulled each time."""

    path: Path_
    params: dict[str, str | int] = {}
    records: str
    """Path of the list of records in an answer."""
    total: str = ""
    """Path of how many there are, where the API says so: what is missing raises an alarm."""
    id: str = "id"
    updated: list[str] = Field(min_length=1)
    """Paths of moments; the newest of them tells two versions of a record apart."""
    columns: list[Column] = Field(min_length=1)
    since: Since | None = None
    changed: list[str] = []
    """Kinds of the feed after which a record is read again, one by one."""
    gone: list[str] = []
    """Kinds of the feed that say that a record is no more."""
    gone_flag: str = ""
    """Path of what is true in a record that is read one by one and is no more."""
    paging: Paging | None = None
    lookback_minutes: int = Field(60, ge=0)
    refresh_days: int = Field(7, ge=1)
    """Days after which all is pulled again: what the increments cannot see is found then."""
    optional: bool = False
    """No table of the lake needs it: a token that may not read it loses nothing else."""

    @property
    def incremental(self) -> bool:
        """Whether less than everything can be asked for."""
        return bool(self.since or self.changed)


class Connector(_Section):
    """The whole file. The first of `hosts` is asked unless the configuration names another of them."""

    hosts: list[str] = Field(min_length=1)
    headers: dict[str, str] = {}
    """Sent with each request, beside the bearer token."""
    options: dict[str, str] = {}
    """Words that the configuration may replace."""
    limits: dict[Literal["general", "search"], Limit] = {}
    """By bucket; searches are what ends in `/search`. All functions share them."""
    paging: Paging
    feed: Feed | None = None
    streams: dict[Name, Stream] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> "Connector":
        for name, stream in self.streams.items():
            if problem := next(self._problems(stream), None):
                raise ValueError(f"stream {name}: {problem}")
        return self

    def _problems(self, stream: Stream) -> Iterator[str]:
        names = [column.name for column in stream.columns]
        if repeated := sorted({name for name in names if names.count(name) > 1 or name == "id"}):
            yield f"columns {', '.join(repeated)} are there already"
        words = {word for column in stream.columns for word in _OPTION.findall(column.path)}
        if unknown := sorted(words - set(self.options)):
            yield f"no option is called {', '.join(unknown)}; there are {', '.join(self.options) or 'none'}"
        if (stream.changed or stream.gone) and not self.feed:
            yield "`changed` and `gone` need a [feed]"
        if (stream.changed or stream.gone) and self.feed and stream.refresh_days > self.feed.days:
            yield f"refresh_days is {stream.refresh_days}, and the feed reaches back {self.feed.days} days only"

    def base_url(self, wanted: str | None, allowed: Collection[str] = ()) -> str:
        """Where requests go.

        Raises:
            ValueError: the token would go in clear, or to a host that neither the connector nor the user names.
        """
        url = wanted or f"https://{self.hosts[0]}"
        check_host(url, "|".join(map(re.escape, self.hosts)), allowed)
        return url

    def probes(self) -> dict[str, str]:
        """One small request per stream that shows whether the token may read it: path and query."""
        return {name: f"{each.path}?{urlencode(self._small(each))}" for name, each in self.streams.items()}

    def feed_probe(self, stream: str) -> str:
        """The same for the feed; nothing for a stream that does not live on it."""
        lives = self.streams[stream].changed or self.streams[stream].gone
        if not (self.feed and lives):
            return ""
        return self.feed.path + (f"?{self.paging.size_parameter}=1" if self.paging.size_parameter else "")

    def _small(self, stream: Stream) -> dict[str, str | int]:
        paging = stream.paging or self.paging
        return stream.params | ({paging.size_parameter: 1} if paging.size_parameter else {})

    def filled(self, path: str, options: Mapping[str, str]) -> str:
        """A column's path with the options' values in it."""
        return _OPTION.sub(lambda word: (self.options | dict(options))[word[1]], path)


def shipped() -> list[str]:
    """Names of the connectors that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@lru_cache
def connector(name: str, folder: Path = FOLDER) -> Connector:
    """A connector that is there.

    Raises:
        ConfigurationInvalid: naming the file, the key and what is allowed there.
    """
    return parse_toml(Connector, (folder / f"{name}.toml").read_text(), f"connectors/{name}.toml")


def fitting(name: str, base_url: str | None, allowed: Collection[str], options: Mapping[str, str]) -> None:
    """Check what a configuration says of a connector.

    Raises:
        ValueError: there is no such connector, host or option; names those that there are.
    """
    if name not in shipped():
        raise ValueError(f"connector: there is no {name!r}; there are {', '.join(shipped())}")
    made = connector(name)
    made.base_url(base_url, allowed)
    if unknown := sorted(set(options) - set(made.options)):
        raise ValueError(f"options: {', '.join(unknown)} mean nothing here; there are {', '.join(made.options)}")
