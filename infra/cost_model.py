"""What a month costs before it is there: what each state uses by customers and events, as it was measured, at the prices of the runs."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from holdfast.costs import cost_of, prices
from holdfast.settings import Settings
from holdfast.usage import Used
from holdfast.vendors import APIS, NOTIFIERS
from infra.catalogue import FUNCTIONS, TRAINING_CPU, TRAINING_MEMORY
from infra.starts import HOURS, starts_a_month

PATH = Path(__file__).with_name("cost_model.toml")
_COUNTED = Path(__file__).with_name("standing.toml")
API, JOB = "Api", "Train job"
_GIGABYTE = 1e9
_WRITE_UNIT = 1024
_TAGGED_DAYS = 7
"""A run's tag may stand in for those of the week behind it (`holdfast.runs`)."""

Rate = Mapping[str, float]
"""An amount by what it grows with: each `night`, and in it by `customer`, by `event` that comes in, by event `held` in the lake."""


@dataclass(frozen=True)
class Volume:
    """What is to be paid for."""

    customers: int
    events: int
    """That come in, a night."""
    days: int
    """For which there have been nights: of so many the lake holds the events."""
    calls: int = 0
    """Of the scoring API, a month."""

    @property
    def held(self) -> int:
        """Events in the lake."""
        return self.events * self.days

    def amount(self, rate: Rate) -> float:
        """What one night comes to."""
        grows = {"night": 1, "customer": self.customers, "event": self.events, "held": self.held}
        return sum(each * grows[name] for name, each in rate.items())


@lru_cache
def model() -> dict[str, Any]:
    """What was measured (`make bench-cost`), and what is counted in the stack."""
    return tomllib.loads(PATH.read_text()) | tomllib.loads(_COUNTED.read_text())


def month(volume: Volume, settings: Settings) -> dict[str, dict[str, float]]:
    """USD of a month, by what is paid for and within that by part."""
    nights = starts_a_month(settings.schedule)
    return {
        "states": _states(volume, settings),
        "storage": _storage(volume, settings),
        "calls": _calls(volume),
        "standing": _standing(settings),
        "logs": {"logs": nights * volume.amount(model()["logs"]["bytes"]) / _GIGABYTE * prices().logs.total},
    }


def night(volume: Volume) -> float:
    """USD of one night as its own record tells them: what it writes is paid for one month, and what runs beside it is not its."""
    used = [each for name in model()["states"] if name not in _BESIDE for each in expected(name, volume)]
    return cost_of(used, round(volume.amount(model()["machine"]["transitions"]))).total


def expected(state: str, volume: Volume) -> list[Used]:
    """What the invocations of a state in one night use; of the memory that the function has."""
    rates = model()["states"][state]
    times = max(1, round(volume.amount(rates["times"])))
    seconds, puts, bytes_, writes = (
        volume.amount(rates.get(name, {})) / times for name in ("seconds", "puts", "bytes", "writes")
    )
    gigabytes, vcpu, spot = _size(state)
    return [
        Used(state, seconds, gigabytes, vcpu, spot, puts=round(puts), bytes=round(bytes_), writes=round(writes))
    ] * times


def too_long(volume: Volume) -> dict[str, float]:
    """Seconds of one invocation by state, of those that would run longer than their function may."""
    found = {state: expected(state, volume)[0].seconds for state in model()["states"] if state in FUNCTIONS}
    return {state: seconds for state, seconds in found.items() if seconds > FUNCTIONS[state].timeout_s}


def _size(state: str) -> tuple[float, float, bool]:
    """GiB, processors of its own, and whether it is a machine that may be taken away."""
    if state == JOB:
        return TRAINING_MEMORY / 1024, TRAINING_CPU / 1024, True
    return FUNCTIONS[state].memory_mb / 1024, 0.0, False


_BESIDE: dict[str, Callable[[Settings], str]] = {
    "Drift": lambda settings: settings.drift.schedule,
    "Maintain": lambda settings: settings.lake.schedule,
    "Forget": lambda settings: settings.privacy.schedule,
}
"""What the state machine does not start, and its schedule."""


_CALLED = frozenset({API, "Webhook"})
"""Functions that others call, at any hour."""


def _starts(state: str, settings: Settings) -> float:
    return starts_a_month(_BESIDE[state](settings) if state in _BESIDE else settings.schedule)


def _states(volume: Volume, settings: Settings) -> dict[str, float]:
    """Each state of all nights, the dearest first, and the transitions between them."""
    found = {}
    for state in model()["states"]:
        used = [replace(each, bytes=0) for each in expected(state, volume)]
        found[state] = _starts(state, settings) * cost_of(used, 0).total
    transitions = volume.amount(model()["machine"]["transitions"]) * prices().machine.transition
    found["transitions"] = starts_a_month(settings.schedule) * transitions
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _storage(volume: Volume, settings: Settings) -> dict[str, float]:
    """What is held at the end of so many nights. What is never deleted grows by the same every night."""
    kept = model()["kept_days"]
    entered, renewed_days = (
        model()["states"]["Transform"]["bytes"],
        settings.lake.keep_runs_days + _TAGGED_DAYS + kept["lake_deleted"],
    )
    bytes_ = {
        "events in the lake": ({"event": entered.get("event", 0.0)}, volume.days),
        "records in the lake, as of each night": (entered | {"event": 0.0}, renewed_days),
        "matrices and scores, of each night": (model()["storage"]["lake"], renewed_days),
        **{
            name: (model()["storage"][name], kept.get(name, volume.days))
            for name in ("landing", "quarantine", "artifacts")
        },
    }
    price = prices().objects.gigabyte_month / _GIGABYTE
    found = {name: volume.amount(rate) * min(days, volume.days) * price for name, (rate, days) in bytes_.items()}
    items = volume.amount(model()["states"]["ScoreAll"].get("writes", {})) * _WRITE_UNIT / _GIGABYTE
    return found | {"scores in DynamoDB": items * prices().items.gigabyte_month}


def _calls(volume: Volume) -> dict[str, float]:
    """Of the scoring API: the gateway, the firewall before it, the function, and one item read."""
    price, call = prices(), model()["call"]
    function = call["seconds"] * FUNCTIONS[API].memory_mb / 1024 * price.functions.gigabyte_second
    each = {
        "API Gateway": price.api.call,
        "firewall": price.standing.firewall_call,
        "function": function + price.functions.request,
        "DynamoDB": price.items.read,
        "logs": call["log_bytes"] / _GIGABYTE * price.logs.total,
    }
    return {name: volume.calls * usd for name, usd in each.items()}


def _standing(settings: Settings) -> dict[str, float]:
    """What costs whether anything runs or not; metrics for the hours in which they are told."""
    price, counted = prices().standing, model()["standing"]
    secrets = sum((source.kind in APIS) + (source.kind in NOTIFIERS) for source in settings.sources.values())
    hours = {
        state: 1.0 if state in _CALLED else min(1.0, _starts(state, settings) / HOURS) for state in model()["metrics"]
    }
    return {
        "keys": counted["keys"] * price.key,
        "secrets": (counted["secrets"] + secrets) * price.secret,
        "alarms": counted["alarms"] * price.alarm,
        "dashboards": counted["dashboards"] * price.dashboard,
        "metrics": sum(number * hours[state] for state, number in model()["metrics"].items()) * price.metric,
        "firewall": counted["firewalls"] * price.firewall + counted["firewall_rules"] * price.firewall_rule,
        "NAT gateways": counted["nat_gateways"] * price.gateway,
    }
