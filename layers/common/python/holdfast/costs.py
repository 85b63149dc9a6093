"""What a run costs: what it used, priced by one table."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from holdfast.checked import parse_toml
from holdfast.usage import Used

_FILE = Path(__file__).with_name("prices.toml")
_Price = Annotated[float, Field(ge=0)]
_GIGABYTE = 1e9
_HOUR = 3600


@dataclass(frozen=True)
class Cost:
    """USD, by what it is paid for."""

    functions: float = 0.0
    containers: float = 0.0
    transitions: float = 0.0
    objects: float = 0.0
    items: float = 0.0

    @property
    def total(self) -> float:
        return self.functions + self.containers + self.transitions + self.objects + self.items

    def to_json(self) -> dict[str, float]:
        return {name: round(value, 6) for name, value in {"total": self.total, **asdict(self)}.items()}


class _Prices(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Functions(_Prices):
    gigabyte_second: _Price
    request: _Price


class _Containers(_Prices):
    vcpu_hour: _Price
    gigabyte_hour: _Price
    spot: float = Field(gt=0, le=1)
    least_seconds: _Price


class _Machine(_Prices):
    transition: _Price


class _Objects(_Prices):
    put: _Price
    gigabyte_month: _Price


class _Items(_Prices):
    write: _Price
    read: _Price
    gigabyte_month: _Price


class _Api(_Prices):
    call: _Price


class _Standing(_Prices):
    key: _Price
    secret: _Price
    alarm: _Price
    dashboard: _Price
    metric: _Price
    firewall: _Price
    firewall_rule: _Price
    firewall_call: _Price
    gateway: _Price


class _Logs(_Prices):
    gigabyte: _Price
    gigabyte_month: _Price

    @property
    def total(self) -> float:
        """Of a gigabyte that is taken in and kept for a month."""
        return self.gigabyte + self.gigabyte_month


class Prices(_Prices):
    """The whole table: what a run uses, and what a month costs beside its runs."""

    functions: _Functions
    containers: _Containers
    machine: _Machine
    objects: _Objects
    items: _Items
    api: _Api
    standing: _Standing
    logs: _Logs


@lru_cache
def prices() -> Prices:
    """The table of prices.

    Raises:
        ConfigurationInvalid: naming the line, the key and what is allowed there.
    """
    return parse(_FILE.read_text())


def parse(text: str) -> Prices:
    """The same from text."""
    return parse_toml(Prices, text, _FILE.name)


def cost_of(used: Sequence[Used], transitions: int) -> Cost:
    """Price what was used and how many states were entered.

    Functions and containers are told apart by whether they have processors of their own.
    """
    price = prices()
    return Cost(
        functions=sum(_function(each, price.functions) for each in used if not each.vcpu),
        containers=sum(_container(each, price.containers) for each in used if each.vcpu),
        transitions=transitions * price.machine.transition,
        objects=sum(
            each.puts * price.objects.put + each.bytes / _GIGABYTE * price.objects.gigabyte_month for each in used
        ),
        items=sum(each.writes for each in used) * price.items.write,
    )


def by_state(used: Sequence[Used]) -> dict[str, dict[str, Any]]:
    """Of each state, and of each job in a container: how often it ran, what it used, USD without transitions; the dearest first.

    `longest` are the seconds of processors of the one invocation that worked most.
    """
    found: dict[str, list[Used]] = {}
    for each in used:
        found.setdefault(f"{each.state} job" if each.vcpu else each.state, []).append(each)
    told = {state: _told(notes) for state, notes in found.items()}
    return dict(sorted(told.items(), key=lambda item: (-item[1]["usd"], item[0])))


def transitions_of(entered: Sequence[str], used: Sequence[Used]) -> int:
    """State transitions that are paid for: states entered, the start, and what the execution's own history does not show: tries after
    the first, and the executions of a Distributed Map, each with its start."""
    invoked = [each.state for each in used if not each.vcpu]
    unseen = sum(max(0, invoked.count(state) - entered.count(state)) for state in set(invoked))
    return len(entered) + 1 + 2 * unseen


def _function(used: Used, price: _Functions) -> float:
    return used.seconds * used.gigabytes * price.gigabyte_second + price.request


def _container(used: Used, price: _Containers) -> float:
    hours = max(used.seconds, price.least_seconds) / _HOUR
    full = hours * (used.vcpu * price.vcpu_hour + used.gigabytes * price.gigabyte_hour)
    return full * (price.spot if used.spot else 1.0)


def _told(notes: Sequence[Used]) -> dict[str, Any]:
    return {
        "times": len(notes),
        "seconds": round(sum(each.seconds for each in notes), 1),
        "cpu": round(sum(each.cpu for each in notes), 1),
        "longest": round(max(each.cpu for each in notes), 1),
        "gigabyte_seconds": round(sum(each.seconds * each.gigabytes for each in notes), 1),
        "gigabytes": max(each.gigabytes for each in notes),
        "peak": max(each.peak for each in notes),
        "puts": sum(each.puts for each in notes),
        "bytes": sum(each.bytes for each in notes),
        "writes": sum(each.writes for each in notes),
        "usd": round(cost_of(notes, 0).total, 6),
    }
